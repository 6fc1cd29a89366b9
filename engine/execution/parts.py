"""What runs of executions are made with: one value, put together by the composition root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.domain.request import Derivation
from engine.execution.attempt import Workshop
from engine.ports.clock import IdSource
from engine.ports.planning import Planner


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParts:
    """What runs are made with."""

    workshop: Workshop
    planner: Planner
    offline: Planner
    """Plans without a model, where there is none or the person agrees."""
    ids: IdSource
    gated_agents: frozenset[str]
    early_agents: frozenset[str]
    """Their steps may start while the plan is still being drafted."""
    derived: Mapping[Derivation, Planner] = field(default_factory=dict[Derivation, Planner])
    """Plan what comes from an earlier execution; they ask no model."""
