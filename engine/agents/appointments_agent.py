"""Tells what stands in the person's calendar."""

from __future__ import annotations

from pydantic import BaseModel

from engine.agents.inputs import AppointmentsInputs
from engine.agents.period import checked, day_end, day_start, zone_of
from engine.agents.typed_inputs import typed
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Appointments
from engine.domain.effect import Effect
from engine.ports.agents import StepContext
from engine.ports.calendar import Calendar

_SPEC = AgentSpec(
    name="AppointmentsAgent",
    version="1",
    skill="Lists what already stands in the person's calendar between two days, both included (יומן, לוח זמנים, פגישות).",
    inputs=AppointmentsInputs,
    output="appointments",
    effect=Effect.READ,
    early=True,
)


class AppointmentsAgent:
    """Reads whole local days of the request's zone."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    @property
    def spec(self) -> AgentSpec:
        """A reader; ``appointments``."""
        return _SPEC

    async def run(self, inputs: BaseModel, context: StepContext) -> Appointments:
        """From 00:00 of ``since`` to 24:00 of ``until``, in the request's zone.

        Raises:
            RequestError: a period that is reversed, too long or out of range; an unknown zone.
        """
        wanted = typed(inputs, AppointmentsInputs)
        checked(wanted.since, wanted.until)
        zone = zone_of(context.request.timezone)
        return await self._calendar.between(day_start(wanted.since, zone), day_end(wanted.until, zone))
