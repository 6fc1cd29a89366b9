"""What tests of follow-ups share: a world whose plan changes with what is written, and the person's part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.event import EventType
from engine.domain.execution import StepStatus
from engine.domain.ids import StepId
from engine.domain.plan import Plan
from engine.domain.snapshot import ExecutionSnapshot
from engine.planning.follow_up import CHANGE, FOLLOW_UP, LEAVE
from engine.ports.agents import StepContext
from tests.lab import OWNER, Lab, NoteInputs, note

__all__ = [
    "CHANGE",
    "LEAVE",
    "Blocked",
    "changing",
    "click",
    "kinds",
    "last",
    "offer",
    "plan_asked",
    "run_of",
    "running",
]


class Blocked:
    """A read that goes on until it is let go."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.runs = 0
        self.stopped = 0

    async def __call__(self, inputs: NoteInputs, context: StepContext) -> Artifact:
        self.runs += 1
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        return note(inputs.text)


def changing(plans: Mapping[str | None, Plan]) -> Callable[[str | None], Plan]:
    """The plan for what was written; anything unforeseen is a KeyError."""
    return lambda change: plans[change]


async def offer(lab: Lab, execution_id: str, text: str, key: str = "m1") -> Approval:
    return await lab.orchestrator.offer_change(execution_id, text, OWNER.id, key)


async def click(lab: Lab, asked: Approval, choice: str = CHANGE) -> Approval:
    return await lab.answer(asked, DecisionVerb.CHOOSE, choice=choice)


async def plan_asked(lab: Lab, execution_id: str, version: int) -> Approval:
    """The question about this version of the plan, once it is open."""

    def wanted(snapshot: ExecutionSnapshot) -> list[Approval]:
        return [
            a
            for a in snapshot.approvals
            if (a.kind, a.plan_version, a.status) == (ApprovalKind.PLAN, version, ApprovalStatus.PENDING)
        ]

    return wanted(await lab.until(execution_id, lambda s: bool(wanted(s))))[0]


async def running(lab: Lab, execution_id: str, step_id: str) -> ExecutionSnapshot:
    return await lab.until(
        execution_id,
        lambda s: (run := s.step_runs.get(StepId(step_id))) is not None and run.status is StepStatus.RUNNING,
    )


def run_of(snapshot: ExecutionSnapshot, step_id: str) -> tuple[str, str | None, int]:
    """Status, outcome and attempts of a step."""
    run = snapshot.step_runs[StepId(step_id)]
    return run.status.value, run.outcome.value if run.outcome else None, run.attempts


def last(snapshot: ExecutionSnapshot) -> Approval:
    """The latest offer."""
    return [a for a in snapshot.approvals if a.topic == FOLLOW_UP][-1]


async def kinds(lab: Lab, execution_id: str) -> list[EventType]:
    """Events of an execution that is done."""
    return [event.type async for event in lab.orchestrator.events(execution_id)]
