"""Puts the decorators on a tool, in their one order: ``approved(held(locked(recorded(guarded(tool)))))``."""

from __future__ import annotations

from dataclasses import dataclass

from engine.orchestration.state_manager import StateManager
from engine.ports.clock import Clock, IdSource
from engine.ports.store import ExecutionStore
from engine.ports.tools import Tool
from engine.safety.circuits import Circuits
from engine.safety.resource_locks import ResourceLocks
from engine.toolkit.approved import Approved
from engine.toolkit.guarded import Guarded
from engine.toolkit.held import Held
from engine.toolkit.locked import Locked
from engine.toolkit.recorded import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolBelt:
    """What decorators need."""

    store: ExecutionStore
    state: StateManager
    clock: Clock
    ids: IdSource
    locks: ResourceLocks
    circuits: Circuits
    gated_agents: frozenset[str]
    """Agents with a gated tool."""

    def equip(self, tool: Tool) -> Tool:
        """The tool as agents get it."""
        guarded = Guarded(tool, self.circuits) if tool.spec.service else tool
        equipped: Tool = Locked(Recorded(guarded, self.store, self.state, self.clock, self.ids), self.locks)
        if tool.spec.held:
            equipped = Held(equipped, self.state, self.gated_agents)
        if tool.spec.gated:
            equipped = Approved(equipped, self.store, self.state, self.clock, self.ids)
        return equipped
