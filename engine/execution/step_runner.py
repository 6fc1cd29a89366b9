"""One attempt of one step: claim, run, record. The crash barrier of a step."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.concurrency import finish
from engine.domain.approval import ApprovalKind
from engine.domain.artifact import Artifact, Contacts, Person, dump, load
from engine.domain.event import EventType
from engine.domain.execution import StepError, StepOutcome, StepRun, StepStatus
from engine.domain.ids import StepId
from engine.domain.label import Integrity, Label
from engine.domain.plan import Binding, Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import PersonalTime
from engine.errors import InternalError, RequestError
from engine.execution.error_recovery import MAX_CRASHES, recover
from engine.execution.step_context import AttemptContext
from engine.execution.suspension import Declined, Suspended, Unsettled
from engine.orchestration.state_manager import StateManager
from engine.ports.agents import Agent
from engine.ports.clock import Clock
from engine.ports.store import (
    Change,
    ClaimStep,
    Due,
    DueKind,
    ExecutionStore,
    ParkStep,
    PutArtifact,
    SetDue,
    SettleStep,
)
from engine.ports.telemetry import Span, Telemetry
from engine.ports.tools import Tool

RECORD_SECONDS = 10.0


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
    personal: PersonalTime
    fence: int


class StepAttempt:
    """One attempt; ``run`` once."""

    def __init__(self, workshop: Workshop, snapshot: ExecutionSnapshot, step: Step) -> None:
        self._workshop = workshop
        self._snapshot = snapshot
        self._step = step
        self._execution_id = snapshot.execution.id
        self._context = AttemptContext(
            snapshot=snapshot,
            step=step,
            spec=workshop.agents[step.agent].spec,
            fence=workshop.fence,
            tools=workshop.tools,
            store=workshop.store,
            state=workshop.state,
            clock=workshop.clock,
            personal=workshop.personal,
        )

    @property
    def in_effect(self) -> bool:
        """Must not be cancelled now: an effect is under way."""
        return self._context.in_effect > 0

    async def run(self) -> None:
        """Claim and perform; everything that can go wrong ends in a recorded state.

        Cancel: a read gives its step back as ready and ends at once.
        """
        attempt = self._number()
        started = self._workshop.clock.now()
        status = "ok"
        try:
            if not await self._claim(attempt):
                status = "lost"
                return
            if attempt > MAX_CRASHES:
                raise InternalError("too_many_attempts", f"Step {self._step.id} was tried {attempt - 1} times.")
            artifact = await self._perform()
            await finish(self._succeed(artifact), within=RECORD_SECONDS)
        except asyncio.CancelledError:
            status = "cancelled"
            await finish(self._park(waiting=False), within=RECORD_SECONDS)
            raise
        except Suspended as suspended:
            status = "waiting"
            await finish(self._park(*suspended.changes, waiting=True), within=RECORD_SECONDS)
        except Declined:
            status = "rejected"
            await self._settle(StepOutcome.REJECTED)
        except Unsettled:
            status = "unknown"
            await self._settle(StepOutcome.UNKNOWN)
        except Exception as error:  # noqa: BLE001 - the crash barrier of a step
            status = "error"
            await finish(self._fail(error, attempt), within=RECORD_SECONDS)
        finally:
            self._trace(started, attempt, status)

    def _number(self) -> int:
        run = self._snapshot.step_runs.get(self._step.id) or StepRun(step_id=self._step.id)
        answered = run.status is StepStatus.WAITING and run.retry_at is None
        return max(run.attempts, 1) if answered else run.attempts + 1

    async def _claim(self, attempt: int) -> bool:
        claim = ClaimStep(
            execution_id=self._execution_id,
            step_id=self._step.id,
            fence=self._workshop.fence,
            epoch=self._snapshot.execution.epoch,
            attempt=attempt,
            at=self._workshop.clock.now(),
        )
        return await self._workshop.state.commit(claim, self._event(EventType.STEP_STARTED, attempt=attempt))

    async def _perform(self) -> Artifact:
        agent = self._workshop.agents[self._step.agent]
        inputs: dict[str, Any] = dict(self._step.inputs)
        for name, binding in self._step.bindings.items():
            inputs[name] = bound_value(self._snapshot, binding)
        return await agent.run(agent.spec.inputs.model_validate(inputs), self._context)

    async def _succeed(self, artifact: Artifact) -> None:
        at = self._workshop.clock.now()
        put = PutArtifact(
            execution_id=self._execution_id,
            step_id=self._step.id,
            artifact=dump(artifact),
            label=Label(integrity=Integrity.TENANT),
            at=at,
        )
        await self._settle(StepOutcome.SUCCEEDED, put)

    async def _fail(self, error: Exception, attempt: int) -> None:
        recovery = recover(error, attempt, random.random())  # noqa: S311 - jitter, not a secret
        self._workshop.telemetry.failed(self._execution_id, self._step.id, error)
        if recovery.retry_in is None:
            await self._settle(StepOutcome.FAILED, error=recovery.error)
            return
        at = self._workshop.clock.now() + recovery.retry_in
        alarm = SetDue(due=Due(execution_id=self._execution_id, kind=DueKind.RETRY, at=at))
        park = ParkStep(
            execution_id=self._execution_id,
            step_id=self._step.id,
            fence=self._workshop.fence,
            waiting=True,
            retry_at=at,
            error=recovery.error,
        )
        await self._workshop.state.commit(
            park, alarm, self._event(EventType.STEP_WAITING, retry_at=at.isoformat(), error=recovery.error.code)
        )

    async def _settle(self, outcome: StepOutcome, *changes: Change, error: StepError | None = None) -> None:
        settle = SettleStep(
            execution_id=self._execution_id,
            step_id=self._step.id,
            fence=self._workshop.fence,
            outcome=outcome,
            at=self._workshop.clock.now(),
            error=error,
        )
        event = self._event(EventType.STEP_FINISHED, outcome=outcome.value, error=None if error is None else error.code)
        await self._workshop.state.commit(settle, *changes, event)

    async def _park(self, *changes: Change, waiting: bool) -> None:
        park = ParkStep(
            execution_id=self._execution_id, step_id=self._step.id, fence=self._workshop.fence, waiting=waiting
        )
        events = [self._event(EventType.STEP_WAITING)] if waiting else []
        await self._workshop.state.commit(park, *changes, *events)

    def _event(self, kind: EventType, **payload: Any) -> Change:
        return self._workshop.state.event(self._execution_id, kind, step=self._step.id, **payload)

    def _trace(self, started: datetime, attempt: int, status: str) -> None:
        self._workshop.telemetry.span(
            Span(
                execution_id=self._execution_id,
                step_id=self._step.id,
                name=self._step.agent,
                started_at=started,
                ended_at=self._workshop.clock.now(),
                status=status,
                attributes={"attempt": attempt},
            )
        )


def bound_value(snapshot: ExecutionSnapshot, binding: Binding) -> Artifact:
    """The artifact a binding stands for; with ``one``, the person picked or the only candidate.

    Raises:
        RequestError: ``contact_not_found``: there is nobody to pick.
    """
    artifact = load(snapshot.artifacts[binding.step_id])
    if not binding.one or not isinstance(artifact, Contacts):
        return artifact
    if len(artifact.items) == 1:
        return Person(contact=artifact.items[0])
    if not artifact.items:
        raise RequestError("contact_not_found", f"Nobody fits {artifact.query!r}.", {"name": artifact.query})
    return _picked(snapshot, binding.step_id)


def _picked(snapshot: ExecutionSnapshot, producer: StepId) -> Artifact:
    choice = snapshot.latest(ApprovalKind.CHOICE, producer)
    if choice is None:
        raise InternalError("pick_missing", f"Step {producer} has several candidates and no pick.")
    for offered in choice.choices:
        if offered.id == choice.chosen and offered.artifact is not None:
            return load(offered.artifact)
    raise InternalError("pick_missing", f"The pick of step {producer} names none of its candidates.")
