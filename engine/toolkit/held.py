"""An ungated write beside a gate waits for it: nothing is written before the person's first yes."""

from __future__ import annotations

from engine.domain.agent import ToolSpec
from engine.domain.approval import ApprovalKind, ApprovalStatus
from engine.domain.artifact import Artifact
from engine.domain.json import JsonObject
from engine.errors import WithheldError
from engine.execution.parallel_coordinator import gates_undecided
from engine.execution.suspension import Suspended
from engine.orchestration.state_manager import StateManager
from engine.ports.tools import Tool, ToolCall


class Held:
    """Wraps a tool in the wait for its plan's gates."""

    def __init__(self, inner: Tool, state: StateManager, gated_agents: frozenset[str]) -> None:
        self._inner = inner
        self._state = state
        self._gated_agents = gated_agents

    @property
    def spec(self) -> ToolSpec:
        """The inner tool's."""
        return self._inner.spec

    async def check(self, arguments: JsonObject) -> str | None:
        """The inner tool's."""
        return await self._inner.check(arguments)

    async def find(self, call: ToolCall) -> Artifact | None:
        """The inner tool's."""
        return await self._inner.find(call)

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        """Run once every gate of the plan has been decided.

        Raises:
            Suspended: a gate is still open.
            WithheldError: ``withheld``: a person said no at a gate, so nothing is written.
        """
        snapshot = await self._state.snapshot(call.execution_id)
        if gates_undecided(snapshot, self._gated_agents):
            raise Suspended
        no = {ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED}
        if any(a.kind is ApprovalKind.GATE and a.status in no for a in snapshot.approvals):
            raise WithheldError("withheld", f"{call.step_id} writes nothing: its plan was not approved.")
        return await self._inner.run(call, arguments)
