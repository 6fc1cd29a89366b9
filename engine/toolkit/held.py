"""An ungated write beside a gate waits for it: nothing is written before the person's first yes."""

from __future__ import annotations

from engine.domain.approval import ApprovalKind, ApprovalStatus
from engine.domain.artifact import Artifact
from engine.domain.ids import StepId
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import WithheldError
from engine.execution.parallel_coordinator import gates_undecided
from engine.execution.suspension import Suspended
from engine.orchestration.state_manager import StateManager
from engine.ports.tools import Tool, ToolCall
from engine.toolkit.decorator import ToolDecorator


class Held(ToolDecorator):
    """Wraps a tool in the wait for its plan's gates."""

    def __init__(self, inner: Tool, state: StateManager, gated_agents: frozenset[str]) -> None:
        super().__init__(inner)
        self._state = state
        self._gated_agents = gated_agents

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        """Run once every gate of the plan has been decided.

        Raises:
            Suspended: a gate is still open.
            WithheldError: ``withheld``: a person said no at a gate of this plan, so nothing is written.
        """
        snapshot = await self._state.snapshot(call.execution_id)
        if gates_undecided(snapshot, self._gated_agents, call.step_id):
            raise Suspended
        if _declined(snapshot):
            raise WithheldError("withheld", f"{call.step_id} writes nothing: its plan was not approved.")
        return await self._inner.run(call, arguments)


def _declined(snapshot: ExecutionSnapshot) -> bool:
    """Did a person last say no, or nothing in time, at a gate of a step that the plan still has?"""
    steps = {step.id for step in snapshot.plan.steps} if snapshot.plan else set[StepId]()
    latest = {
        (a.step_id, a.effect_number): a.status
        for a in snapshot.approvals
        if a.kind is ApprovalKind.GATE and a.step_id in steps and a.status is not ApprovalStatus.SUPERSEDED
    }
    return not {ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED}.isdisjoint(latest.values())
