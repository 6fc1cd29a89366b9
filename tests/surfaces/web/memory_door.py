"""An honest door in memory: enough of the product to be asked anything the HTTP door can ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from bot.door import ChatMessage, OrchestrateCommand, Page, PlanHistory, Question, Remembered
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Choice, Decision, DecisionVerb
from engine.domain.effect import Call, Effect
from engine.domain.event import Event, EventType
from engine.domain.execution import (
    Execution,
    ExecutionOutcome,
    ExecutionStatus,
    Signal,
    StepOutcome,
    StepRun,
    StepStatus,
)
from engine.domain.ids import DEFAULT_TENANT, ApprovalId, ChoiceId, ExecutionId, PrincipalId, StepId
from engine.domain.json import JsonValue
from engine.domain.plan import Binding, Plan, Step
from engine.domain.request import Request, clean_text, dominant_locale
from engine.domain.snapshot import ExecutionSnapshot, Undo
from engine.domain.spend import CostLine
from engine.domain.tenant import Principal, Role
from engine.errors import ConflictError, NotFoundError
from engine.orchestration.plan_editor import Edited
from engine.planning.editing import PlanEdit
from engine.ports.store import PlanVersion

OWNER = Principal(id=PrincipalId("owner"), tenant_id=DEFAULT_TENANT, role=Role.OWNER)
DANA = Principal(id=PrincipalId("dana"), tenant_id=DEFAULT_TENANT, role=Role.MEMBER)
ADMIN = Principal(id=PrincipalId("adi"), tenant_id=DEFAULT_TENANT, role=Role.ADMIN)
GUEST = Principal(id=PrincipalId("guest"), tenant_id=DEFAULT_TENANT, role=Role.NONE)
T = TypeVar("T", Event, ChatMessage)
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

DECIDED = {
    DecisionVerb.APPROVE: ApprovalStatus.APPROVED,
    DecisionVerb.REJECT: ApprovalStatus.REJECTED,
    DecisionVerb.MODIFY: ApprovalStatus.MODIFIED,
    DecisionVerb.CHOOSE: ApprovalStatus.CHOSEN,
    DecisionVerb.ANSWER: ApprovalStatus.APPROVED,
}


class ManualClock:
    """Moves only when told."""

    def __init__(self) -> None:
        self._now = START
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep(self, duration: timedelta) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + duration, future))
        await future

    async def advance(self, by: timedelta, *, step: timedelta = timedelta(seconds=1)) -> None:
        """Pass time second by second, letting whoever woke go back to sleep in between."""
        end = self._now + by
        while self._now < end:
            self._now = min(self._now + step, end)
            due = [future for at, future in self._sleepers if at <= self._now]
            self._sleepers = [(at, future) for at, future in self._sleepers if at > self._now]
            for future in due:
                if not future.done():
                    future.set_result(None)
            for _ in range(10):
                await asyncio.sleep(0)

    @property
    def sleeping(self) -> int:
        return sum(not future.done() for _, future in self._sleepers)


class MemoryAnswers:
    """Idempotency in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[PrincipalId, str], Remembered] = {}

    async def recall(self, principal_id: PrincipalId, key: str) -> Remembered | None:
        return self.kept.get((principal_id, key))

    async def remember(self, principal_id: PrincipalId, key: str, answer: Remembered) -> None:
        self.kept.setdefault((principal_id, key), answer)


class MemoryDoor:
    """Keeps executions, approvals and chat; a test moves them along with :meth:`happen` and :meth:`put`."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.snapshots: dict[ExecutionId, ExecutionSnapshot] = {}
        self.log: dict[ExecutionId, list[Event]] = {}
        self.commands: list[OrchestrateCommand] = []
        self.said: list[tuple[PrincipalId, str, str]] = []
        self.ratings: list[tuple[PrincipalId, ExecutionId, int, str]] = []
        self.lines: list[ChatMessage] = []
        self.spent: list[CostLine] = []
        self.health: dict[str, bool] = {"database": True}
        self.failure: Exception | None = None
        """Raised by the next call of anything."""
        self.gate: asyncio.Event | None = None
        """``orchestrate`` waits for it, if set."""
        self.watching = 0
        self._changed = asyncio.Condition()

    async def orchestrate(self, principal: Principal, command: OrchestrateCommand) -> ExecutionSnapshot:
        self._fail()
        self.commands.append(command)
        if self.gate is not None:
            await self.gate.wait()
        text = clean_text(command.text)
        request = Request(
            text=text,
            user_id=command.user_id or principal.id,
            tenant_id=principal.tenant_id,
            locale=command.locale or dominant_locale(text),
            dry_run=command.dry_run,
            request_key=command.request_key,
        )
        execution_id = ExecutionId(f"e{len(self.snapshots) + 1}")
        now = self._clock.now()
        execution = Execution(
            id=execution_id, request=request, status=ExecutionStatus.PLANNING, created_at=now, updated_at=now
        )
        self.snapshots[execution_id] = ExecutionSnapshot(
            execution=execution, plan=None, step_runs={}, approvals=(), artifacts={}, seq=0
        )
        self.log[execution_id] = []
        await self.happen(execution_id, EventType.EXECUTION_STARTED)
        return self.snapshots[execution_id]

    async def execution(self, principal: Principal, execution_id: ExecutionId) -> ExecutionSnapshot:
        self._fail()
        return self._seen(principal, execution_id)

    async def executions(self, principal: Principal, *, limit: int, before: str | None) -> Page:
        self._fail()
        mine = [s for s in reversed(self.snapshots.values()) if self._may_see(principal, s)]
        if before is not None:
            ids = [s.execution.id for s in mine]
            mine = mine[ids.index(ExecutionId(before)) + 1 :] if before in ids else []
        items = tuple(mine[:limit])
        return Page(items=items, next=items[-1].execution.id if len(mine) > limit else None)

    async def signal(self, principal: Principal, execution_id: ExecutionId, signal: Signal) -> ExecutionSnapshot:
        self._fail()
        found = self._seen(principal, execution_id)
        if found.execution.status is ExecutionStatus.DONE and signal is not Signal.CANCEL:
            raise ConflictError("execution_ended", f"Execution {execution_id} is done; start a new one.")
        paused = {Signal.PAUSE: True, Signal.RESUME: False}.get(signal, found.execution.paused)
        self.snapshots[execution_id] = replace(found, execution=replace(found.execution, paused=paused))
        return self.snapshots[execution_id]

    async def undo(self, principal: Principal, execution_id: ExecutionId) -> ExecutionSnapshot:
        self._fail()
        found = self._seen(principal, execution_id)
        if found.execution.status is not ExecutionStatus.DONE:
            raise ConflictError("undo_not_yet", f"Execution {execution_id} is not done.")
        if found.undo is not None:
            raise ConflictError("undo_done", f"Execution {execution_id} is taken back already.")
        undo = await self.orchestrate(principal, OrchestrateCommand(text=f"Undo: {found.execution.request.text}"))
        self.snapshots[execution_id] = replace(found, undo=Undo(execution_id=undo.execution.id, outcome=None))
        return undo

    async def plans(self, principal: Principal, execution_id: ExecutionId) -> PlanHistory:
        snapshot = await self.execution(principal, execution_id)
        versions = (PlanVersion(plan=snapshot.plan, made_at=None),) if snapshot.plan else ()
        return PlanHistory(snapshot=snapshot, versions=versions)

    async def edit_plan(
        self, principal: Principal, execution_id: ExecutionId, edit: PlanEdit | str, key: str
    ) -> Edited:
        del edit, key
        snapshot = await self.execution(principal, execution_id)
        if snapshot.plan is None:
            raise ConflictError("plan_not_made", f"Execution {execution_id} has no plan yet; wait for it.")
        return Edited(before=snapshot.plan, revision=None)

    async def question(self, principal: Principal, approval_id: ApprovalId) -> Question:
        del principal
        raise NotFoundError("step_unknown", f"There is no step behind {approval_id}.")

    async def fork(
        self, principal: Principal, execution_id: ExecutionId, step: str | None, text: str, key: str
    ) -> ExecutionSnapshot:
        del step, text, key
        return await self.execution(principal, execution_id)

    async def approvals(self, principal: Principal, status: ApprovalStatus | None) -> tuple[Approval, ...]:
        self._fail()
        seen = [s for s in self.snapshots.values() if self._may_see(principal, s)]
        return tuple(a for s in seen for a in s.approvals if status is None or a.status is status)

    async def decide(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> Approval:
        self._fail()
        for snapshot in self.snapshots.values():
            for approval in snapshot.approvals:
                if approval.id == approval_id and self._may_see(principal, snapshot):
                    return await self._decide(principal, snapshot, approval, decision)
        raise NotFoundError("approval_unknown", f"There is no approval {approval_id}.")

    async def feedback(self, principal: Principal, execution_id: ExecutionId, rating: int, comment: str) -> None:
        self._fail()
        self._seen(principal, execution_id)
        self.ratings.append((principal.id, execution_id, rating, comment))

    async def costs(self, principal: Principal, since: date) -> tuple[CostLine, ...]:
        self._fail()
        sees_all = principal.role in (Role.OWNER, Role.ADMIN)
        return tuple(c for c in self.spent if c.day >= since and (sees_all or c.user_id == principal.id))

    async def events(self, principal: Principal, execution_id: ExecutionId, after: int) -> AsyncIterator[Event]:
        self._seen(principal, execution_id)
        self.watching += 1
        try:
            async for event in self._follow(self.log[execution_id], after):
                yield event
                if event.type is EventType.EXECUTION_FINISHED:
                    return
        finally:
            self.watching -= 1

    async def say(self, principal: Principal, text: str, client_id: str) -> None:
        self._fail()
        self.said.append((principal.id, text, client_id))

    async def chat(self, principal: Principal, after: int) -> AsyncIterator[ChatMessage]:
        self.watching += 1
        try:
            async for line in self._follow(self.lines, after):
                yield line
        finally:
            self.watching -= 1

    async def ready(self) -> Mapping[str, bool]:
        self._fail()
        return self.health

    def metrics(self) -> str:
        return "# TYPE tizmor_up gauge\ntizmor_up 1\n"

    async def happen(self, execution_id: ExecutionId, fact: EventType, /, **payload: JsonValue) -> None:
        """Append a fact and wake whoever watches."""
        seq = len(self.log[execution_id]) + 1
        event = Event(execution_id=execution_id, type=fact, at=self._clock.now(), payload=payload, seq=seq)
        self.log[execution_id].append(event)
        self.snapshots[execution_id] = replace(self.snapshots[execution_id], seq=seq)
        await self._wake()

    async def put(self, line: ChatMessage) -> None:
        """Show a state of a chat message."""
        self.lines.append(line)
        await self._wake()

    async def make_plan(self, execution_id: ExecutionId) -> None:
        """A plan with a bound step and a gate on it."""
        snapshot = self.snapshots[execution_id]
        self.snapshots[execution_id] = replace(
            snapshot,
            plan=PLAN,
            execution=replace(snapshot.execution, status=ExecutionStatus.WAITING, plan_version=1),
            step_runs={
                StepId("s1"): StepRun(
                    step_id=StepId("s1"),
                    status=StepStatus.DONE,
                    outcome=StepOutcome.SUCCEEDED,
                    attempts=1,
                    started_at=START,
                    finished_at=START + timedelta(seconds=2),
                )
            },
            approvals=(gate(execution_id, f"a-{execution_id}"),),
        )
        await self.happen(execution_id, EventType.PLAN_MADE, version=1, sure=True)

    async def draft(self, execution_id: ExecutionId, steps: int) -> None:
        """So many steps of a plan still being made; 0 takes all of them back."""
        plan = replace(PLAN, version=0, steps=PLAN.steps[:steps]) if steps else None
        self.snapshots[execution_id] = replace(self.snapshots[execution_id], plan=plan)
        await self.happen(execution_id, EventType.PLAN_DRAFTED, steps=steps)

    async def finish(self, execution_id: ExecutionId) -> None:
        """Bring it to a good end."""
        snapshot = self.snapshots[execution_id]
        execution = replace(
            snapshot.execution,
            status=ExecutionStatus.DONE,
            outcome=ExecutionOutcome.SUCCEEDED,
            result={"summary": "נקבעה פגישה", "meeting": {"id": "m1", "link": "calendar.ics#m1"}},
        )
        self.snapshots[execution_id] = replace(snapshot, execution=execution)
        await self.happen(execution_id, EventType.EXECUTION_FINISHED, outcome="succeeded")

    async def _decide(
        self, principal: Principal, snapshot: ExecutionSnapshot, approval: Approval, decision: Decision
    ) -> Approval:
        if approval.status is not ApprovalStatus.PENDING:
            raise ConflictError(
                "already_decided",
                f"Approval {approval.id} was already {approval.status.value}.",
                {
                    "who": approval.decided_by or "",
                    "when": approval.decided_at.isoformat() if approval.decided_at else "",
                },
            )
        decided = replace(
            approval,
            status=DECIDED[decision.verb],
            decided_by=principal.id,
            decided_at=self._clock.now(),
            comment=decision.comment,
            answer=decision.answer,
        )
        others = tuple(decided if a.id == approval.id else a for a in snapshot.approvals)
        self.snapshots[snapshot.execution.id] = replace(snapshot, approvals=others)
        return decided

    async def _follow(self, log: Sequence[T], after: int) -> AsyncGenerator[T]:
        while True:
            for item in [item for item in log if item.seq > after]:
                after = item.seq
                yield item
            async with self._changed:
                await self._changed.wait_for(lambda: bool(log) and log[-1].seq > after)

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _fail(self) -> None:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure

    def _seen(self, principal: Principal, execution_id: ExecutionId) -> ExecutionSnapshot:
        found = self.snapshots.get(execution_id)
        if found is None or not self._may_see(principal, found):
            raise NotFoundError("execution_unknown", f"There is no execution {execution_id}.")
        return found

    def _may_see(self, principal: Principal, snapshot: ExecutionSnapshot) -> bool:
        return principal.role in (Role.OWNER, Role.ADMIN) or snapshot.execution.request.user_id == principal.id


PLAN = Plan(
    version=1,
    steps=(
        Step(id=StepId("s1"), agent="DriveSearchAgent", title="חיפוש מסמכים", inputs={"terms": ["תבואות"]}),
        Step(
            id=StepId("s2"),
            agent="CalendarAgent",
            title="קביעת פגישה",
            effect=Effect.KEYED,
            inputs={"title": "סטטוס"},
            bindings={"summary": Binding(step_id=StepId("s1"))},
        ),
    ),
)


def gate(execution_id: ExecutionId, approval_id: str) -> Approval:
    """A pending gate."""
    return Approval(
        id=ApprovalId(approval_id),
        execution_id=execution_id,
        kind=ApprovalKind.GATE,
        plan_version=1,
        created_at=START,
        step_id=StepId("s2"),
        title="לקבוע פגישה?",
        call=Call(tool="schedule_meeting", version="1", arguments={"title": "סטטוס"}),
        choices=(Choice(id=ChoiceId("c1"), label="יואב לוי"),),
        expires_at=START + timedelta(hours=24),
    )
