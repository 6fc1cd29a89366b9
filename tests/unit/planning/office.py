"""The office's agents as planners see them, and one instant to plan at."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel

from engine.agents import inputs
from engine.agents.meeting_change import MeetingChangeInputs
from engine.domain.agent import AgentSpec
from engine.domain.effect import Effect
from engine.domain.ids import PrincipalId
from engine.domain.request import Request, dominant_locale

NOW = datetime(2026, 1, 14, 8, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning in Jerusalem."""


def _spec(name: str, model: type[BaseModel], output: str, effect: Effect = Effect.READ) -> AgentSpec:
    return AgentSpec(name=name, version="1", skill=name, inputs=model, output=output, effect=effect)


OFFICE = {
    spec.name: spec
    for spec in (
        _spec("DriveSearchAgent", inputs.DriveSearchInputs, "documents"),
        _spec("ContactSearchAgent", inputs.ContactSearchInputs, "contacts"),
        _spec("WeeklyStatusAgent", inputs.WeeklyStatusInputs, "summary"),
        _spec("ThreadAgent", inputs.ThreadInputs, "summary"),
        _spec("CalendarAgent", inputs.CalendarInputs, "meeting", Effect.KEYED),
        _spec("AppointmentsAgent", inputs.AppointmentsInputs, "appointments"),
        _spec("EditorAgent", inputs.EditorInputs, "agenda", Effect.KEYED),
    )
}

WITH_MODEL = {
    **OFFICE,
    **{
        spec.name: spec
        for spec in (
            _spec("AssistantAgent", inputs.AssistantInputs, "summary"),
            _spec("MeetingChangeAgent", MeetingChangeInputs, "meeting", Effect.KEYED),
        )
    },
}
"""The office where there is a model."""


def asked(text: str) -> Request:
    """A request as a door would make it."""
    return Request(text=text, user_id=PrincipalId("dana"), locale=dominant_locale(text))
