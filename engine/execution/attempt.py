"""One attempt of one step: perform it, and say how it ended. The crash barrier of a step; it records nothing itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.domain.approval import ApprovalKind
from engine.domain.artifact import Artifact, Contacts, Person, load
from engine.domain.execution import StepRun, StepStatus
from engine.domain.plan import Binding, Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import PersonalTime
from engine.errors import InternalError, NotFoundError, PlanError, RequestError, StorageAwayError
from engine.execution.begun import effects_begun
from engine.execution.fault import fault_in
from engine.execution.step_context import AttemptContext
from engine.execution.suspects import Suspects
from engine.execution.suspension import Declined, Suspended, Unsettled
from engine.orchestration.state_manager import StateManager
from engine.ports.agents import Agent
from engine.ports.changes import Change
from engine.ports.clock import Clock
from engine.ports.store import ExecutionStore
from engine.ports.telemetry import Span, Telemetry
from engine.ports.tools import Tool
from engine.safety.budgets import Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What attempts are made with."""

    agents: Mapping[str, Agent]
    tools: Mapping[str, Tool]
    """Equipped."""
    store: ExecutionStore
    state: StateManager
    clock: Clock
    telemetry: Telemetry
    spending: Spending
    personal: PersonalTime
    fence: int
    stand_ins: Mapping[str, str] = field(default_factory=dict[str, str])
    """Who takes over from an agent that was given up, by that agent's name."""
    suspects: Suspects = field(default_factory=Suspects)
    """Who moves alone; empty until the executor is prepared."""


@dataclass(frozen=True, slots=True)
class Succeeded:
    """It gave its artifact."""

    artifact: Artifact


@dataclass(frozen=True, slots=True)
class GaveWay:
    """It waits (for a person; ``changes`` open what for), or was stopped on the way and is simply ready again."""

    changes: tuple[Change, ...] = ()
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """It raised."""

    error: Exception
    attempt: int = 1
    """Which failing attempt of its step it was, from 1; those the process died of are not counted."""
    stand_in: str = ""
    """Who could take over; empty: nobody, or it was the stand-in that failed."""
    stood_in: bool = False
    """It was the stand-in that failed."""
    had_effect: bool = False
    """An effect of this step had begun, in this attempt or an earlier one."""


@dataclass(frozen=True, slots=True)
class WasDeclined:
    """A person said no."""


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """Its effect may have happened, and a person left it at that."""


AttemptEnd = Succeeded | GaveWay | Failed | WasDeclined | LeftOpen

_STATUS = {
    Succeeded: "ok",
    GaveWay: "waiting",
    Failed: "error",
    WasDeclined: "rejected",
    LeftOpen: "unknown",
}


class StepAttempt:
    """One attempt; ``run`` once, after it has been claimed."""

    def __init__(self, workshop: Workshop, snapshot: ExecutionSnapshot, step: Step, number: int) -> None:
        self._workshop = workshop
        self._snapshot = snapshot
        self.step = step
        self.number = number
        self.must_end = False
        """It brings to its end what an earlier attempt began, before the plan changes: stopped for that, it would begin again."""
        self._run = snapshot.step_runs.get(step.id) or StepRun(step_id=step.id)
        self._by = self._run.stand_in or step.agent
        self._agent = workshop.agents.get(self._by)
        self._context = AttemptContext(
            snapshot=snapshot,
            step=step,
            agent=self._by,
            declared=self._agent.spec.tools if self._agent is not None else frozenset(),
            fence=workshop.fence,
            tools=workshop.tools,
            store=workshop.store,
            state=workshop.state,
            clock=workshop.clock,
            spending=workshop.spending,
            personal=workshop.personal,
        )

    @property
    def had_effect(self) -> bool:
        """Has it begun an effect? What came of that is recorded only when it ends."""
        return self._context.had_effect

    async def run(self) -> AttemptEnd:
        """Perform. Cancel: a read gives its step back, an effect ends first; either way as :class:`GaveWay`.

        Raises:
            DamagedError: it failed, and what is recorded of this execution's effects is damaged: nothing of it can go on.
        """
        started = self._workshop.clock.now()
        end = await self._end()
        self._trace(started, end)
        return end

    async def _end(self) -> AttemptEnd:
        try:
            return Succeeded(await self._perform())
        except Suspended as suspended:
            if isinstance(cause := suspended.__cause__, Exception):  # why nobody knows what happened
                self._workshop.telemetry.failed(self._snapshot.execution.id, self.step.id, cause)
            return GaveWay(suspended.changes, suspended.waiting)
        except Declined:
            return WasDeclined()
        except Unsettled:
            return LeftOpen()
        except BaseException as error:  # noqa: BLE001 - the crash barrier of a step
            fault = fault_in(error)
            return GaveWay() if fault is None else await self._failed(fault)

    async def _failed(self, error: Exception) -> Failed | GaveWay:
        self._workshop.telemetry.failed(self._snapshot.execution.id, self.step.id, error)
        try:
            had_effect = self.step.id in await effects_begun(self._workshop.store, self._snapshot.execution.id)
        except asyncio.CancelledError:
            return GaveWay()
        except StorageAwayError:
            had_effect = True  # it may have
        stood_in = bool(self._run.stand_in)
        return Failed(
            error,
            attempt=max(self.number - self._run.crashes, 1),
            stand_in="" if stood_in else self._workshop.stand_ins.get(self.step.agent, ""),
            stood_in=stood_in,
            had_effect=had_effect,
        )

    async def _perform(self) -> Artifact:
        agent = self._agent
        if agent is None:  # an extension is gone, or calls it something else: another plan may do without
            raise PlanError("agent_not_found", f"Step {self.step.id} is {self._by}'s, and there is no such agent here.")
        inputs: dict[str, Any] = dict(self.step.inputs)
        for name, binding in self.step.bindings.items():
            inputs[name] = bound_value(self._snapshot, binding)
        return await agent.run(agent.spec.inputs.model_validate(inputs), self._context)

    def _trace(self, started: datetime, end: AttemptEnd) -> None:
        stopped = isinstance(end, GaveWay) and not end.waiting
        self._workshop.telemetry.span(
            Span(
                execution_id=self._snapshot.execution.id,
                step_id=self.step.id,
                name=self._by,
                started_at=started,
                ended_at=self._workshop.clock.now(),
                status="cancelled" if stopped else _STATUS[type(end)],
                attributes={"attempt": self.number},
            )
        )


def attempt_number(run: StepRun) -> int:
    """Number of a step's next attempt. Going on after a person's answer is the same attempt, not another."""
    answered = run.status is StepStatus.WAITING and run.retry_at is None
    return max(run.attempts, 1) if answered else run.attempts + 1


def bound_value(snapshot: ExecutionSnapshot, binding: Binding) -> Artifact:
    """The artifact a binding stands for; with ``one``, the person picked or the only candidate.

    Raises:
        RequestError: ``contact_not_found``: there is nobody to pick.
        NotFoundError: ``not_found``: it referred to an earlier execution's artifact that could not be brought in.
    """
    stored = snapshot.artifacts.get(binding.step_id)
    if stored is None:
        raise NotFoundError("not_found", f"What {binding.step_id} refers to is not there any more.")
    artifact = load(stored)
    if not binding.one or not isinstance(artifact, Contacts):
        return artifact
    if len(artifact.items) == 1:
        return Person(contact=artifact.items[0])
    if not artifact.items:
        raise RequestError("contact_not_found", f"Nobody fits {artifact.query!r}.", {"name": artifact.query})
    return _picked(snapshot, binding)


def _picked(snapshot: ExecutionSnapshot, binding: Binding) -> Artifact:
    choice = snapshot.latest(ApprovalKind.CHOICE, binding.step_id)
    if choice is None:
        raise InternalError("pick_missing", f"Step {binding.step_id} has several candidates and no pick.")
    for offered in choice.choices:
        if offered.id == choice.chosen and offered.artifact is not None:
            return load(offered.artifact)
    raise InternalError("pick_missing", f"The pick of step {binding.step_id} names none of its candidates.")
