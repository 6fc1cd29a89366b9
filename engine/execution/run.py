"""The loop over one execution: take what ended, decide, commit all of it in one transaction, start what was claimed, wait.

Decisions are made on a copy in memory; every write is conditional, so a copy that something from outside overtook loses,
changes nothing, and is read again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from engine.concurrency import Wakeup, finish
from engine.domain.approval import Approval
from engine.domain.execution import Execution, ExecutionOutcome, ExecutionStatus, StepOutcome, StepStatus
from engine.domain.ids import ExecutionId, StepId
from engine.domain.plan import Plan, Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.execution.attempt import StepAttempt, attempt_number
from engine.execution.begun import left_begun
from engine.execution.choices import choice_among
from engine.execution.ending import ending, recorded_effects
from engine.execution.ownership import own
from engine.execution.parallel_coordinator import Moves, Retry, engine_asks, lies_ahead, next_moves, retries
from engine.execution.parts import RunParts
from engine.execution.plan_making import PlanMaking, PlanStep
from engine.execution.plan_standing import IsAsked, IsOver, IsRun, ToBeMade, ToBeRevised, astray, standing
from engine.execution.recording import Record, Recorder
from engine.execution.suspects import apart, is_suspect
from engine.execution.under_way import UnderWay
from engine.execution.unit import Unit
from engine.execution.working_copy import WorkingCopy
from engine.orchestration.transitions import outcome_of
from engine.planning.deliberation import deliberate
from engine.ports.changes import LeaveExecution
from engine.safety.questions import opening

RECORD_SECONDS = 10.0
"""How long recording what ended may take while the process stops."""


class ExecutionRun:
    """One run of one execution, from wherever it stands to where only persons or timers can move it."""

    def __init__(
        self, parts: RunParts, execution_id: ExecutionId, wakeup: Wakeup, snapshot: ExecutionSnapshot | None
    ) -> None:
        self._parts = parts
        self._workshop = parts.workshop
        self._execution_id = execution_id
        self._wakeup = wakeup
        self._given = snapshot
        self._running = UnderWay(self._spawn, wakeup.nudge)
        self._look_at: dict[StepId, Step] | None = None
        """Steps that what ended may have made ready; None: all."""
        self._making = PlanMaking(parts, self._spawn)
        self._put_off: frozenset[Retry] = frozenset()
        """What waited for an instant when this was last woken from outside: by its alarm, perhaps."""
        self._begin_turn()
        self._unit = Unit()
        """Of this turn, or of the one before until another begins."""

    async def until_it_rests(self) -> None:
        """Run. Cancel (shutdown): reads stop, effects end; what ended is recorded, the rest is picked up at the next start."""
        snapshot = await own(self._workshop, self._execution_id, self._given)
        if snapshot is None:
            return
        self._take_news(snapshot)
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                try:
                    await self._loop()
                finally:
                    self._stop_everything()
        except asyncio.CancelledError:
            await finish(self._leave(), within=RECORD_SECONDS)
            raise
        except ExceptionGroup:
            with suppress(Exception):  # why it broke matters more
                await finish(self._record_what_ended(), within=RECORD_SECONDS)
            raise

    async def _load(self) -> None:
        self._take(await self._workshop.state.snapshot(self._execution_id))

    def _take_news(self, snapshot: ExecutionSnapshot) -> None:
        self._take(snapshot)
        self._put_off = retries(snapshot)

    def _take(self, snapshot: ExecutionSnapshot) -> None:
        self._copy = WorkingCopy(snapshot)
        self._look_at = None
        # Then it is not only what follows what ended that may start.
        self._look_at_all = any(r.status is StepStatus.WAITING or is_suspect(r) for r in snapshot.step_runs.values())

    async def _loop(self) -> None:
        while self._copy.snapshot.execution.status is not ExecutionStatus.DONE:
            if self._wakeup.take_news():
                self._take_news(await self._workshop.state.snapshot(self._execution_id))
            if self._copy.snapshot.execution.fence != self._workshop.fence or await self._turn():
                return

    async def _turn(self) -> bool:
        """One turn; True when the execution rests."""
        execution = self._copy.snapshot.execution
        self._begin_turn()
        unit = self._unit = Unit()
        await self._gather(unit)
        if execution.paused or execution.cancelled:
            self._stop_reads(execution)
        elif not (unit.stale or unit.done):
            await self._advance(unit)
        if unit.records or unit.planned or unit.changes or unit.done:
            await self._commit(unit)
            if not (unit.complete and self._running and self._look_at == {}):
                return False
        elif unit.stale:
            await self._load()
            return False
        if self._running or self._making.busy:
            await self._wakeup.wait()
            return False
        return await self._rest()

    # What ended.

    async def _gather(self, unit: Unit) -> None:
        """Take what planning and attempts came to. A draft or plan first: what ended for a step it drops means nothing."""
        draft = self._making.take_draft(self._copy, self._workshop.fence)
        if draft is not None:
            unit.planned.append(draft.changes)
            self._running.void_except(draft.adopted)
            self._look_at = None
        made = self._making.made(self._copy.snapshot) if self._copy.planned else None
        held = made is not None and not self._running.clear_except(frozenset(s.id for s in made.steps))
        step = None if held else await self._making.take_end(self._copy.snapshot)
        if step is not None and step.plan is not None:
            self._adopt(step, step.plan, unit)
        self._take_ends(unit)
        if step is not None and step.plan is None:
            self._do_without(step, unit)

    def _take_ends(self, unit: Unit) -> None:
        for attempt, end in self._running.take_ended():
            record = self._recorder.ended(attempt.step.id, end, random.random())  # noqa: S311 - jitter
            self._note(record, unit)

    def _note(self, record: Record, unit: Unit) -> None:
        unit.records.append(record)
        if record.outcome is None:
            unit.stale = True
            return
        self._copy.settled(record.step_id, record.outcome, self._recorder.at, record.artifact)
        if self._look_at is not None and not self._look_at_all:
            self._look_at.update((step.id, step) for step in self._copy.followers(record.step_id))
        else:
            self._look_at = None

    def _adopt(self, step: PlanStep, plan: Plan, unit: Unit) -> None:
        unit.planned.append(step.changes)
        if not self._copy.planned:
            self._running.void_except(step.adopted)
        self._copy.planned_as(plan, step.adopted)
        self._look_at = None
        unit.stale = unit.stale or not plan.sure or bool(plan.imports)

    def _do_without(self, step: PlanStep, unit: Unit) -> None:
        """No plan yet, or no other: something is asked, or the execution ends."""
        if step.ends is not None:
            outcome, error = step.ends
            if self._copy.planned:
                self._end(unit, outcome)
                return
            unit.planned.append(ending(self._copy.snapshot, self._recorder, outcome, error))
            unit.done = True
            return
        if step.changes:
            unit.planned.append(step.changes)
        unit.stale = True

    # What to do next.

    async def _advance(self, unit: Unit) -> None:
        snapshot = self._copy.snapshot
        if self._making.busy:
            self._go_on_planning(unit)
            return
        if beside_the_point := astray(snapshot):
            self._close(beside_the_point, unit)
            return
        stands = standing(snapshot, self._making.settled)
        if not isinstance(stands, IsRun) and await self._finish_begun(unit):
            return
        match stands:
            case ToBeMade():
                self._plan(unit, stands)
            case ToBeRevised():
                await self._revise(unit, stands)
            case IsOver(outcome=outcome):
                if self._running.clear_except():
                    self._end(unit, outcome)
            case IsAsked():
                return
            case IsRun():
                self._decide(unit)
                unit.complete = True
                await self._conclude(unit)

    def _go_on_planning(self, unit: Unit) -> None:
        """Begin anew where a change was agreed to since; else let the safe reads of a first draft run."""
        if self._making.overtaken(self._copy.snapshot):
            self._making.stop()
        elif not self._copy.planned and not self._making.changes:
            self._decide(unit)

    def _plan(self, unit: Unit, wanted: ToBeMade) -> None:
        snapshot = self._copy.snapshot
        if wanted.overtaken:
            self._close(wanted.overtaken, unit)
            return
        deliberation = deliberate(snapshot, snapshot.execution.plan_version + 1)
        if deliberation.waits or engine_asks(snapshot):
            return
        if deliberation.dropped:
            self._apply(self._making.dropped(snapshot, wanted), unit)
            return
        self._making.begin(snapshot, self._wakeup.nudge, wanted)
        self._move(unit, ExecutionStatus.RUNNING if self._copy.planned else ExecutionStatus.PLANNING)

    async def _revise(self, unit: Unit, wanted: ToBeRevised) -> None:
        snapshot = self._copy.snapshot
        if wanted.overtaken:
            self._close(wanted.overtaken, unit)
        elif snapshot.plan is not None:
            step = await self._making.revised(snapshot, snapshot.plan, wanted)
            if step.plan is not None and self._running.clear_except(frozenset(s.id for s in step.plan.steps)):
                self._apply(step, unit)
                unit.stale = True  # a step that comes back has a run of its own

    def _close(self, asked: Sequence[Approval], unit: Unit) -> None:
        """Close questions that are beside the point now. One answered in this moment makes all of it lose, and is seen."""
        unit.changes += self._recorder.closed(asked)
        unit.stale = True

    async def _finish_begun(self, unit: Unit) -> bool:
        """Let effects that an earlier process had begun end, while nothing new starts; False when there are none."""
        begun = await left_begun(self._workshop.store, self._copy.snapshot)
        self._claim(begun, unit)
        for attempt in unit.claims:
            attempt.must_end = True
        return bool(begun)

    def _apply(self, step: PlanStep, unit: Unit) -> None:
        if step.plan is not None:
            self._adopt(step, step.plan, unit)
        else:
            self._do_without(step, unit)

    def _decide(self, unit: Unit) -> None:
        """Settle, ask, claim: everything the copy shows to be next, in one go."""
        plan = self._copy.plan
        if plan is None:
            return
        while self._look_at is None or self._look_at:
            steps = plan.steps if self._look_at is None else tuple(self._look_at.values())
            self._look_at = {}
            moves = next_moves(self._copy.snapshot, self._parts.gated_agents, self._recorder.at, steps)
            self._claim(moves.start, unit)
            if not self._copy.planned:
                return
            for settlement in moves.settle:
                record = self._recorder.settled(settlement.step_id, settlement.outcome, settlement.error)
                self._note(record, unit)
            self._ask(moves, unit)
        if self._look_at_all:
            self._look_at = None

    async def _conclude(self, unit: Unit) -> None:
        """With its last step the execution ends, unless another plan may get round what failed."""
        plan = self._copy.plan
        if plan is None or self._copy.open_steps:
            return
        runs = [self._copy.run(step.id) for step in plan.steps]
        if any(run.outcome is StepOutcome.FAILED for run in runs):
            if unit.records or unit.changes:  # how they failed is read once it is recorded
                unit.stale = True
                return
            if wanted := await self._making.mending(self._copy.snapshot):
                self._plan(unit, wanted)
                return
        self._end(unit, outcome_of(runs))

    def _ask(self, moves: Moves, unit: Unit) -> None:
        for producer in moves.ask:
            approval = choice_among(self._copy.snapshot, producer, self._parts.ids, self._recorder.at)
            unit.changes += opening(self._workshop.state, approval)
            unit.stale = True

    def _claim(self, start: Sequence[StepId], unit: Unit) -> None:
        execution = self._copy.snapshot.execution
        draft = not self._copy.planned
        if draft and execution.request.dry_run:
            return
        for step_id in apart(start, self._copy.snapshot.step_runs) if self._look_at_all else start:
            step = self._copy.step(step_id)
            if draft and step.agent not in self._parts.early_agents:
                continue
            number = attempt_number(self._copy.run(step_id))
            unit.changes += self._recorder.claimed(step_id, number, execution.epoch)
            self._copy.claimed(step_id, number, self._recorder.at)
            unit.claims.append(StepAttempt(self._workshop, self._copy.snapshot, step, number))
        if unit.claims and not draft:
            self._move(unit, ExecutionStatus.RUNNING)

    def _move(self, unit: Unit, status: ExecutionStatus) -> None:
        if self._copy.snapshot.execution.status is not status:
            unit.changes.append(self._recorder.moved(status))
            self._copy.moved(status)

    def _end(self, unit: Unit, outcome: ExecutionOutcome) -> None:
        unit.ends, unit.done = outcome, True

    async def _rest(self) -> bool:
        """Say that only persons or timers can move it; False when that is not so after all."""
        execution = self._copy.snapshot.execution
        if execution.cancelled:
            unit = Unit()
            self._end(unit, ExecutionOutcome.CANCELLED)
            await self._commit(unit)
            return False
        if execution.paused or execution.status is ExecutionStatus.WAITING:
            return True
        move = self._recorder.moved(ExecutionStatus.WAITING, unless_moved_from=execution.epoch)
        # An alarm that rang too soon, by a clock that has been put back since, is used up: who waits for it gets another.
        put_off = sorted(self._put_off & retries(self._copy.snapshot))
        again = [(step_id, at) for step_id, at in put_off if lies_ahead(at, self._recorder.at)]
        if await self._workshop.state.commit(move, *self._recorder.woken_at(again)):
            return True
        await self._load()
        return False

    # Effects of decisions.

    async def _commit(self, unit: Unit) -> None:
        if unit.ends is not None:
            effects = await recorded_effects(self._workshop, self._copy.snapshot, unit.ends)
            unit.changes += ending(self._copy.snapshot, self._recorder, unit.ends, effects=effects)
        if await self._workshop.state.commit(*unit.together()):
            for attempt in unit.claims:
                self._running.start(attempt)
            if unit.done:
                self._copy.moved(ExecutionStatus.DONE)
            elif unit.stale:
                await self._load()
            return
        await self._record(unit)
        await self._load()

    async def _record(self, unit: Unit) -> None:
        """Record one by one what planning and attempts came to: one that loses does not take the others with it."""
        for changes in unit.planned:
            await self._workshop.state.commit(*changes)
        for record in unit.records:
            if not await self._workshop.state.commit(*record.changes) and record.alone:
                await self._workshop.state.commit(*record.alone)

    async def _record_what_ended(self) -> None:
        """What had been committed already loses, and changes nothing."""
        self._begin_turn()
        unit = Unit()
        await self._gather(unit)
        await self._record(self._unit)
        await self._record(unit)

    async def _leave(self) -> None:
        await self._record_what_ended()
        await self._workshop.state.commit(LeaveExecution(execution_id=self._execution_id, fence=self._workshop.fence))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._group.create_task(work)

    def _stop_reads(self, execution: Execution) -> None:
        """Stop what can be redone; with a budget used up, what has been paid for is let finish."""
        if execution.pause_reason and not execution.cancelled:
            return
        self._making.stop()
        self._running.stop_reads()

    def _stop_everything(self) -> None:
        self._making.stop()
        self._running.stop()

    def _begin_turn(self) -> None:
        """One instant for all of a turn: nothing that waits for one is due by one reading of the clock and not by another."""
        at = self._workshop.clock.now()
        self._recorder = Recorder(execution_id=self._execution_id, fence=self._workshop.fence, at=at)
