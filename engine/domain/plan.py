"""A plan: an immutable, versioned DAG of steps. What a person sees, prices, edits and approves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.domain.effect import Effect
from engine.domain.ids import StepId
from engine.domain.json import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """An input taken from an earlier step's artifact."""

    step_id: StepId
    one: bool = False
    """Exactly one of several candidates is needed: more than one opens a ``choice``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One piece of work for one agent. A step id is never reused with other arguments."""

    id: StepId
    agent: str
    """Name in the agent registry, for example ``DriveSearchAgent``."""
    title: str
    """What the step does, in the request's language."""
    effect: Effect = Effect.READ
    """The strongest effect the step may have; ``unknown`` where nobody declared it."""
    inputs: JsonObject = field(default_factory=dict[str, JsonValue])
    """Literal arguments, from trusted text."""
    bindings: Mapping[str, Binding] = field(default_factory=dict[str, Binding])
    """Arguments that come from earlier steps."""
    after: tuple[StepId, ...] = ()
    """Steps to wait for whose artifact is not an input."""

    @property
    def depends_on(self) -> tuple[StepId, ...]:
        """Every step that must have succeeded first, in order of id, without repeats."""
        return tuple(sorted({b.step_id for b in self.bindings.values()} | set(self.after)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One version of a plan."""

    version: int
    steps: tuple[Step, ...]
    """In an order in which every step follows what it depends on."""
    understood: str = ""
    """What the planner took the request to mean, in the request's language."""
    sure: bool = True
    """False stops the execution at the plan: a person runs, changes or drops it."""
    planner: str = "offline"
    """Which planner made it: ``offline`` plans are limited, and cards say so."""

    def step(self, step_id: StepId) -> Step:
        """The step with this id.

        Raises:
            KeyError: no such step in this version.
        """
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)
