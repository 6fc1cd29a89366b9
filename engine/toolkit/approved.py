"""A person's consent to one exact call, before it is made."""

from __future__ import annotations

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.artifact import Artifact
from engine.domain.effect import Call, IntentStatus
from engine.domain.ids import ApprovalId
from engine.domain.json import JsonObject
from engine.execution.suspension import Declined, Suspended
from engine.orchestration.state_manager import StateManager
from engine.ports.clock import Clock, IdSource
from engine.ports.store import ExecutionStore
from engine.ports.tools import Tool, ToolCall
from engine.safety.questions import opening, timed
from engine.toolkit.decorator import ToolDecorator


class Approved(ToolDecorator):
    """Wraps a tool in its gate. What runs is what the approval holds, whatever the agent proposes afterwards."""

    def __init__(self, inner: Tool, store: ExecutionStore, state: StateManager, clock: Clock, ids: IdSource) -> None:
        super().__init__(inner)
        self._store = store
        self._state = state
        self._clock = clock
        self._ids = ids

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        """Run the approved call.

        Raises:
            Suspended: nobody has answered, or the world changed since and the person is asked again.
            Declined: the person said no, or nobody answered in time.
        """
        approval = call.gate or await self._store.gate(call.execution_id, call.step_id, call.number)
        if approval is None or approval.call is None:
            raise self._question(call, self.spec.call(arguments))
        match approval.status:
            case ApprovalStatus.PENDING:
                raise Suspended
            case ApprovalStatus.APPROVED:
                return await self._run_approved(call, approval.call, self.spec.call(arguments))
            case ApprovalStatus.MODIFIED:
                # The person chose these arguments with open eyes: another proposal of ours would only lose their edit.
                return await self._inner.run(call, approval.call.arguments)
            case _:
                raise Declined

    async def _run_approved(self, call: ToolCall, consented: Call, proposed: Call) -> Artifact:
        # What the world says matters only before the effect: one that has begun is repeated as it was consented to. One that
        # was turned down has not.
        if proposed.hash != consented.hash and await self._inner.check(consented.arguments) is not None:
            intent = await self._store.intent(call.key)
            if intent is None or intent.status is IntentStatus.VOID:
                raise self._question(call, proposed)
        return await self._inner.run(call, consented.arguments)

    def _question(self, call: ToolCall, wanted: Call) -> Suspended:
        now = self._clock.now()
        approval = timed(
            Approval(
                id=ApprovalId(self._ids.new()),
                execution_id=call.execution_id,
                kind=ApprovalKind.GATE,
                plan_version=call.plan_version,
                created_at=now,
                step_id=call.step_id,
                title=call.title,
                call=wanted,
                effect_number=call.number,
            )
        )
        return Suspended(*opening(self._state, approval))
