"""Due rows: reminders, expiries and retries, each claimed once, at their time or at the next start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.domain.approval import Approval, ApprovalStatus
from engine.domain.event import EventType
from engine.domain.ids import ExecutionId
from engine.domain.waiting import left
from engine.errors import DamagedError
from engine.execution.error_recovery import LONGEST_RETRY_AFTER
from engine.orchestration.state_manager import StateManager
from engine.ports.changes import ClaimDue, Due, DueKind, RemindApproval
from engine.ports.clock import Clock
from engine.ports.store import ExecutionStore
from engine.ports.timer import Timer
from engine.safety.hitl_gates import HitlGates

BATCH = 100


class Alarms:
    """Call ``ring`` when the timer rings, at start, and after anything that may have set an alarm."""

    def __init__(
        self,
        store: ExecutionStore,
        state: StateManager,
        clock: Clock,
        gates: HitlGates,
        wake: Callable[[ExecutionId], None],
    ) -> None:
        self._store = store
        self._state = state
        self._clock = clock
        self._gates = gates
        self._wake = wake

    async def ring(self, timer: Timer) -> None:
        """Do everything that is due and arm the timer for what comes next. Repeating it is harmless."""
        while True:
            waiting = await self._store.due(BATCH)
            due = [alarm for alarm in waiting if self._is_due(alarm)]
            for alarm in due:
                await self._do(alarm)
            if len(due) < BATCH:
                later = [alarm.at for alarm in waiting if alarm not in due]
                timer.arm(later[0] if later else None)
                return

    def _is_due(self, alarm: Due) -> bool:
        """A retry is never meant for long after: one that is, was set before the clock was put back."""
        if alarm.kind is DueKind.RETRY:
            return not left(alarm.at, self._clock.now(), LONGEST_RETRY_AFTER)
        return alarm.at <= self._clock.now()

    async def _do(self, alarm: Due) -> None:
        approval = await self._asked(alarm)
        pending = approval is not None and approval.status is ApprovalStatus.PENDING
        if approval is not None and pending and alarm.kind is DueKind.EXPIRE:
            await self._gates.expire(approval)
        if approval is not None and pending and alarm.kind is DueKind.REMIND:
            reminded = RemindApproval(approval=replace(approval, reminded_at=self._clock.now()))
            event = self._state.event(alarm.execution_id, EventType.APPROVAL_REMINDED, approval=approval.id)
            if await self._state.commit(ClaimDue(due_id=alarm.id), reminded, event):
                return
        wakes = alarm.execution_id if alarm.kind is DueKind.RETRY else None
        await self._state.commit(ClaimDue(due_id=alarm.id, wakes=wakes))
        if alarm.kind is DueKind.RETRY:
            self._wake(alarm.execution_id)

    async def _asked(self, alarm: Due) -> Approval | None:
        """What the alarm is about. Where that cannot be read its execution is put aside, and every other alarm rings."""
        if alarm.approval_id is None:
            return None
        try:
            return await self._store.approval(alarm.approval_id)
        except DamagedError as damage:
            await self._state.put_aside(alarm.execution_id, damage)
            return None
