"""A person's hand on a plan: exact edits and changes in words, each one durable before it is carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.domain.agent import AgentSpec
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.event import EventType
from engine.domain.execution import ExecutionStatus
from engine.domain.ids import ExecutionId, PrincipalId
from engine.domain.plan import Plan
from engine.domain.request import clean_text
from engine.domain.snapshot import ExecutionSnapshot
from engine.orchestration.state_manager import StateManager
from engine.planning.edit_check import check_edit, must_be_open
from engine.planning.editing import Grounds, PlanEdit, Revision, edit_id, grounds_of, kept, revised, waiting_edits
from engine.planning.follow_up import agreed_in_writing, offer, offer_id
from engine.ports.changes import Change, DecideApproval, MoveExecution, OpenApproval
from engine.ports.clock import Clock
from engine.ports.store import ExecutionStore, PlanVersion

Agents = Callable[[], Mapping[str, AgentSpec]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A change that will be carried out."""

    before: Plan
    """The version that was changed."""
    revision: Revision | None
    """What the next version comes to, as far as is known now; None: it is made from words first, or has been made since."""


class PlanEditor:
    """Takes changes of plans. It authorises nothing: doors do.

    Args:
        store: for what the state manager does not read.
        state: commits.
        clock: when a change is made.
        agents: gives the agents that may be used now, by name.
        wake: told which execution can move again.
    """

    def __init__(
        self,
        store: ExecutionStore,
        state: StateManager,
        clock: Clock,
        agents: Agents,
        wake: Callable[[ExecutionId], None],
    ) -> None:
        self._store = store
        self._state = state
        self._clock = clock
        self._agents = agents
        self._wake = wake

    def agents(self) -> Mapping[str, AgentSpec]:
        """The agents that a plan may name now, by name."""
        return self._agents()

    async def versions(self, execution_id: ExecutionId) -> Sequence[PlanVersion]:
        """Every version of a plan, the first one first."""
        return await self._store.versions(execution_id)

    async def edit(self, execution_id: ExecutionId, edit: PlanEdit, by: PrincipalId, key: str) -> Edited:
        """Edit a plan. When this returns, nothing of the old version that had not begun begins any more.

        Args:
            execution_id: which.
            edit: exactly what to change.
            by: who wants it.
            key: names the delivery: the same one edits once.

        Raises:
            NotFoundError: ``execution_unknown``, ``step_unknown``, ``version_unknown``.
            ConflictError: ``execution_ended``, ``plan_not_made``, ``plan_changing``, ``plan_empty``, ``step_finished``,
                ``step_not_failed``, ``nothing_changes``; nothing was changed.
            RequestError: ``inputs_invalid``.
        """
        approval_id = edit_id(execution_id, key)
        while True:
            snapshot = await self._state.snapshot(execution_id)
            if snapshot.plan is not None and any(a.id == approval_id for a in snapshot.approvals):
                self._wake(execution_id)  # it may have been kept after its sender had given up
                return Edited(before=snapshot.plan, revision=None)
            plan, grounds = must_be_open(snapshot), await self._grounds(snapshot)
            check_edit(snapshot, edit, grounds, self._agents())
            made = kept(snapshot, approval_id, edit, by, self._clock.now())
            if await self._state.commit(*self._deciding(snapshot, made)):
                self._wake(execution_id)
                return Edited(before=plan, revision=revised(snapshot, (*waiting_edits(snapshot), made), grounds))

    async def check(self, execution_id: ExecutionId, edit: PlanEdit) -> None:
        """Would :meth:`edit` be taken, as things are now?

        Raises:
            NotFoundError, ConflictError, RequestError: as :meth:`edit`.
        """
        snapshot = await self._state.snapshot(execution_id)
        check_edit(snapshot, edit, await self._grounds(snapshot), self._agents())

    async def change(self, execution_id: ExecutionId, text: str, by: PrincipalId, key: str) -> Edited:
        """Have a plan changed by words, without being asked whether it is to be changed.

        Raises:
            NotFoundError: ``execution_unknown``.
            ConflictError: ``execution_ended``, ``plan_not_made``, ``plan_changing``; nothing was changed.
            RequestError: ``request_empty``, ``request_too_long``.
        """
        approval_id, words = offer_id(execution_id, key), clean_text(text)
        while True:
            snapshot = await self._state.snapshot(execution_id)
            if snapshot.plan is not None and any(a.id == approval_id for a in snapshot.approvals):
                self._wake(execution_id)  # it may have been kept after its sender had given up
                return Edited(before=snapshot.plan, revision=None)
            plan, now = must_be_open(snapshot), self._clock.now()
            agreed = agreed_in_writing(snapshot, offer(snapshot, approval_id, words, by, now), words)
            if await self._state.commit(*self._deciding(snapshot, agreed)):
                self._wake(execution_id)
                return Edited(before=plan, revision=None)

    async def _grounds(self, snapshot: ExecutionSnapshot) -> Grounds:
        versions, intents = await self._store.versions(snapshot.id), await self._store.intents(snapshot.id)
        return grounds_of(snapshot, versions, intents)

    def _deciding(self, snapshot: ExecutionSnapshot, decided: Approval) -> list[Change]:
        """The changes that keep what a person decided by themselves. They begin by looking at the execution again, so that one
        from before another answer is judged anew; and they close the question about the plan it changes."""
        execution, at = snapshot.execution, decided.created_at
        looked_at = MoveExecution(
            execution_id=execution.id,
            fence=execution.fence,
            status=ExecutionStatus.RUNNING,
            at=at,
            unless_moved_from=execution.epoch,
        )
        changes: list[Change] = [looked_at]
        for asked in snapshot.approvals:
            if asked.kind is ApprovalKind.PLAN and asked.status is ApprovalStatus.PENDING:
                changes += deciding(self._state, replace(asked, status=ApprovalStatus.SUPERSEDED, decided_at=at))
        return [*changes, *keeping(self._state, decided)]


def keeping(state: StateManager, decided: Approval) -> list[Change]:
    """The changes that open what a person decided by themselves and close it at once."""
    opened = replace(decided, status=ApprovalStatus.PENDING, decided_at=None, decided_by=None, chosen=None)
    return [OpenApproval(approval=opened), *deciding(state, decided)]


def deciding(state: StateManager, decided: Approval) -> list[Change]:
    """The changes that close an open question."""
    event = state.event(
        decided.execution_id,
        EventType.APPROVAL_DECIDED,
        approval=decided.id,
        status=decided.status.value,
        by=decided.decided_by,
    )
    return [DecideApproval(approval=decided), event]
