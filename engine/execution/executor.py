"""One execution, from wherever it stands to where only persons or timers can move it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from engine.concurrency import Wakeup
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Choice
from engine.domain.artifact import Contact, Contacts, Person, dump, load
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepError, StepOutcome, StepStatus
from engine.domain.ids import ApprovalId, ChoiceId, ExecutionId, StepId
from engine.domain.json import JsonObject
from engine.domain.plan import Plan
from engine.domain.request import dominant_locale
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import PlanError
from engine.execution.parallel_coordinator import Moves, Settlement, next_moves
from engine.execution.step_runner import StepAttempt, Workshop
from engine.orchestration.results import compose
from engine.orchestration.transitions import outcome_of
from engine.planning.revise import renumbered, without
from engine.ports.clock import IdSource
from engine.ports.planning import Planner
from engine.ports.store import Change, MoveExecution, OwnExecution, SavePlan, SettleStep, SupersedeApprovals
from engine.safety.questions import EXPIRE_AFTER, REMIND_AFTER, opening


class Executor:
    """Runs executions; keeps nothing of one between two runs."""

    def __init__(self, workshop: Workshop, planner: Planner, ids: IdSource, gated_agents: frozenset[str]) -> None:
        self._workshop = workshop
        self._planner = planner
        self._ids = ids
        self._gated_agents = gated_agents

    async def run(self, execution_id: ExecutionId, wakeup: Wakeup) -> None:
        """Own the execution and move it until it is done or only waits. ``wakeup`` rings when anything about it changed.

        Cancel (shutdown): reads stop, effects end and are recorded; everything is picked up at the next start.
        """
        own = OwnExecution(execution_id=execution_id, fence=self._workshop.fence)
        if not await self._workshop.state.commit(own):
            return
        async with asyncio.TaskGroup() as group:
            await _Run(self, execution_id, wakeup, group).until_it_rests()

    # The parts below are one decision with its effect each; ``_Run`` calls them in turn.

    async def plan(self, snapshot: ExecutionSnapshot, *, change: str | None = None) -> None:
        """Make the next plan version and commit it; a request that cannot be planned ends as failed."""
        execution = snapshot.execution
        version = execution.plan_version + 1
        try:
            plan = await self._planner.create_plan(
                execution.request,
                now=execution.created_at,
                personal=replace(self._workshop.personal, timezone=execution.request.timezone),
                version=version,
                change=change,
            )
        except PlanError as error:
            if change is not None and snapshot.plan is not None:
                await self.save(snapshot, replace(snapshot.plan, version=version, sure=False))
                return
            await self.end(snapshot, ExecutionOutcome.FAILED, error=StepError(code=error.code, detail=error.detail))
            return
        if version > 1:
            plan = replace(renumbered(plan, version), sure=False)
        await self.save(snapshot, plan)

    async def save(self, snapshot: ExecutionSnapshot, plan: Plan) -> None:
        """Commit a plan version; one that is not sure is put before the person in the same transaction."""
        execution = snapshot.execution
        state, fence = self._workshop.state, self._workshop.fence
        changes: list[Change] = [
            SavePlan(execution_id=execution.id, fence=fence, plan=plan),
            state.event(execution.id, EventType.PLAN_MADE, version=plan.version, sure=plan.sure),
        ]
        if execution.request.dry_run:
            changes.append(self._done(snapshot, ExecutionOutcome.SUCCEEDED, compose(snapshot)))
            changes.append(state.event(execution.id, EventType.EXECUTION_FINISHED, outcome="succeeded"))
        elif plan.sure:
            changes.append(self._move(execution.id, ExecutionStatus.RUNNING))
        else:
            changes += opening(
                state, self._approval(snapshot, ApprovalKind.PLAN, plan.understood, version=plan.version)
            )
            changes.append(self._move(execution.id, ExecutionStatus.WAITING))
        await state.commit(*changes)

    async def revise(self, snapshot: ExecutionSnapshot, decided: Approval) -> None:
        """Make the plan version a person asked for and put it before them again."""
        plan, edit = snapshot.plan, decided.edit or {}
        if plan is None:
            return
        drop = edit.get("drop") or []
        if isinstance(drop, list) and drop:
            try:
                revised = without(plan, [str(d) for d in drop])
            except PlanError:
                revised = replace(plan, version=plan.version + 1)
            await self.save(snapshot, replace(revised, sure=False))
        else:
            await self.plan(snapshot, change=str(edit.get("text") or ""))

    async def settle(self, snapshot: ExecutionSnapshot, settlement: Settlement) -> None:
        """End a step that will not run."""
        execution_id, error = snapshot.execution.id, settlement.error
        event = self._workshop.state.event(
            execution_id,
            EventType.STEP_FINISHED,
            step=settlement.step_id,
            outcome=settlement.outcome.value,
            error=None if error is None else error.code,
        )
        await self._workshop.state.commit(
            self._settle_step(execution_id, settlement.step_id, settlement.outcome, error), event
        )

    async def ask_choice(self, snapshot: ExecutionSnapshot, producer: StepId) -> None:
        """Open the choice among a step's candidates."""
        contacts = load(snapshot.artifacts[producer])
        if not isinstance(contacts, Contacts):
            return
        choices = tuple(
            Choice(
                id=ChoiceId(contact.id),
                label=_label(contact, snapshot.execution.request.locale),
                artifact=dump(Person(contact=contact)),
            )
            for contact in contacts.items[:10]
        )
        approval = replace(
            self._approval(snapshot, ApprovalKind.CHOICE, contacts.query, step_id=producer), choices=choices
        )
        await self._workshop.state.commit(*opening(self._workshop.state, approval))

    async def rest(self, snapshot: ExecutionSnapshot) -> bool:
        """Say that only persons or timers can move it; False when an answer came meanwhile."""
        if snapshot.execution.status is ExecutionStatus.WAITING:
            return True
        move = self._move(snapshot.execution.id, ExecutionStatus.WAITING)
        return await self._workshop.state.commit(replace(move, unless_moved_from=snapshot.execution.epoch))

    async def wake(self, snapshot: ExecutionSnapshot) -> None:
        """Say that it runs again."""
        if snapshot.execution.status is ExecutionStatus.WAITING:
            await self._workshop.state.commit(self._move(snapshot.execution.id, ExecutionStatus.RUNNING))

    async def end(self, snapshot: ExecutionSnapshot, outcome: ExecutionOutcome, error: StepError | None = None) -> None:
        """Close everything that is open and record the outcome, in one transaction."""
        execution_id = snapshot.execution.id
        state, at = self._workshop.state, self._workshop.clock.now()
        open_steps = [r.step_id for r in snapshot.step_runs.values() if r.status is not StepStatus.DONE]
        close = [self._settle_step(execution_id, step_id, StepOutcome.CANCELLED) for step_id in open_steps]
        await state.commit(
            SupersedeApprovals(execution_id=execution_id, at=at),
            *close,
            replace(self._done(snapshot, outcome, compose(snapshot)), error=error),
            state.event(execution_id, EventType.EXECUTION_FINISHED, outcome=outcome.value),
        )

    def attempt(self, snapshot: ExecutionSnapshot, step_id: StepId) -> StepAttempt | None:
        """An attempt of a step of the snapshot's plan."""
        return StepAttempt(self._workshop, snapshot, snapshot.plan.step(step_id)) if snapshot.plan else None

    def owns(self, snapshot: ExecutionSnapshot) -> bool:
        """Has no newer process taken the execution over?"""
        return snapshot.execution.fence == self._workshop.fence

    async def look(self, execution_id: ExecutionId) -> tuple[ExecutionSnapshot, Moves]:
        """The execution now, and what to do next."""
        snapshot = await self._workshop.state.snapshot(execution_id)
        return snapshot, next_moves(snapshot, self._gated_agents, self._workshop.clock.now())

    def _approval(
        self,
        snapshot: ExecutionSnapshot,
        kind: ApprovalKind,
        title: str,
        *,
        step_id: StepId | None = None,
        version: int | None = None,
    ) -> Approval:
        now = self._workshop.clock.now()
        return Approval(
            id=ApprovalId(self._ids.new()),
            execution_id=snapshot.execution.id,
            kind=kind,
            plan_version=snapshot.execution.plan_version if version is None else version,
            created_at=now,
            step_id=step_id,
            title=title,
            remind_at=now + REMIND_AFTER,
            expires_at=now + EXPIRE_AFTER,
        )

    def _move(self, execution_id: ExecutionId, status: ExecutionStatus) -> MoveExecution:
        return MoveExecution(
            execution_id=execution_id, fence=self._workshop.fence, status=status, at=self._workshop.clock.now()
        )

    def _done(self, snapshot: ExecutionSnapshot, outcome: ExecutionOutcome, result: JsonObject) -> MoveExecution:
        return replace(self._move(snapshot.execution.id, ExecutionStatus.DONE), outcome=outcome, result=result)

    def _settle_step(
        self, execution_id: ExecutionId, step_id: StepId, outcome: StepOutcome, error: StepError | None = None
    ) -> SettleStep:
        return SettleStep(
            execution_id=execution_id,
            step_id=step_id,
            fence=self._workshop.fence,
            outcome=outcome,
            at=self._workshop.clock.now(),
            error=error,
        )


class _Run:
    """The loop over one execution: look, decide, act, wait."""

    def __init__(self, executor: Executor, execution_id: ExecutionId, wakeup: Wakeup, group: asyncio.TaskGroup) -> None:
        self._executor = executor
        self._execution_id = execution_id
        self._wakeup = wakeup
        self._group = group
        self._running: dict[StepId, tuple[StepAttempt, asyncio.Task[None]]] = {}

    async def until_it_rests(self) -> None:
        while True:
            snapshot, moves = await self._executor.look(self._execution_id)
            if snapshot.execution.status is ExecutionStatus.DONE or not self._executor.owns(snapshot):
                return
            if snapshot.execution.cancelled or snapshot.execution.paused:
                if await self._stop(snapshot):
                    return
            elif await self._turn(snapshot, moves):
                return

    async def _stop(self, snapshot: ExecutionSnapshot) -> bool:
        """Let effects end, stop reads; True when the execution has come to rest."""
        for attempt, task in self._running.values():
            if not attempt.in_effect:
                task.cancel()
        if self._running:
            await self._wakeup.wait()
            return False
        if snapshot.execution.cancelled:
            await self._executor.end(snapshot, ExecutionOutcome.CANCELLED)
            return False
        return True

    async def _turn(self, snapshot: ExecutionSnapshot, moves: Moves) -> bool:
        if await self._settle_plan(snapshot):
            return False
        if snapshot.plan is None or self._plan_pending(snapshot):
            return await self._executor.rest(snapshot)
        if moves.finished:
            await self._executor.end(snapshot, outcome_of(snapshot.step_runs.values()))
            return False
        started = self._start(snapshot, moves)
        for settlement in moves.settle:
            await self._executor.settle(snapshot, settlement)
        for producer in moves.ask:
            await self._executor.ask_choice(snapshot, producer)
        if started or self._running:
            await self._executor.wake(snapshot)
            await self._wakeup.wait()
            return False
        return not (moves.settle or moves.ask) and await self._executor.rest(snapshot)

    async def _settle_plan(self, snapshot: ExecutionSnapshot) -> bool:
        """Plan, replan or drop; True when the snapshot is out of date."""
        if snapshot.plan is None:
            await self._executor.plan(snapshot)
            return True
        latest = snapshot.latest(ApprovalKind.PLAN)
        if latest is None or latest.plan_version != snapshot.plan.version:
            return False
        if latest.status is ApprovalStatus.MODIFIED:
            await self._executor.revise(snapshot, latest)
            return True
        if latest.status in {ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED}:
            await self._executor.end(snapshot, ExecutionOutcome.REJECTED)
            return True
        return False

    def _plan_pending(self, snapshot: ExecutionSnapshot) -> bool:
        latest = snapshot.latest(ApprovalKind.PLAN)
        return latest is not None and latest.status is ApprovalStatus.PENDING

    def _start(self, snapshot: ExecutionSnapshot, moves: Moves) -> bool:
        fresh = [step_id for step_id in moves.start if step_id not in self._running]
        for step_id in fresh:
            attempt = self._executor.attempt(snapshot, step_id)
            if attempt is not None:
                task = self._group.create_task(self._attempt(step_id, attempt), name=f"step {step_id}")
                self._running[step_id] = (attempt, task)
        return bool(fresh)

    async def _attempt(self, step_id: StepId, attempt: StepAttempt) -> None:
        try:
            with suppress(asyncio.CancelledError):
                await attempt.run()
        finally:
            del self._running[step_id]
            self._wakeup.ring()


def _label(contact: Contact, locale: str) -> str:
    names = (contact.name, *contact.aliases)
    name = next((n for n in names if " " in n and dominant_locale(n) == locale), contact.name)
    known = ", ".join(part for part in (contact.title, contact.organisation, contact.email) if part)
    return f"{name} ({known})" if known else name
