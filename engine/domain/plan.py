"""A plan: an immutable, versioned DAG of steps. What a person sees, prices, edits and approves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.domain.effect import Effect
from engine.domain.ids import ApprovalId, ExecutionId, StepId
from engine.domain.json import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """An input taken from an earlier step's artifact."""

    step_id: StepId
    one: bool = False
    """Exactly one of several candidates is needed: more than one opens a ``choice``."""
    earlier: bool = False
    """``step_id`` names one of the plan's imports, an earlier execution's artifact, and nothing is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """An artifact of an earlier execution of the same person, brought into this one under a name bindings use."""

    name: StepId
    execution_id: ExecutionId
    step_id: StepId
    whole: bool = False
    """All candidates, where the person picked one of them; otherwise that one."""


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
        bound = {b.step_id for b in self.bindings.values() if not b.earlier}
        return tuple(sorted(bound | set(self.after)))


PLAN_EDIT_PLACE = StepId("plan-edit")
"""Stands for a step where a person's edits of a plan are kept, among the questions. No step of a plan can be called this."""


class PlanOrigin(StrEnum):
    """Why there is a version of a plan."""

    REQUEST = "request"
    """It is the first one, made of what was asked."""
    CHANGE = "change"
    """A person said in words what they want different."""
    EDIT = "edit"
    """A person dropped, changed or retried steps of the version before."""
    RETURN = "return"
    """A person went back to an older version."""
    RECOVERY = "recovery"
    """Steps of the version before failed, and the engine looked for another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One version of a plan."""

    version: int
    """1 and up; 0 is the draft that is shown, and whose safe reads run, while version 1 is being made."""
    steps: tuple[Step, ...]
    """In an order in which every step follows what it depends on."""
    understood: str = ""
    """What the planner took the request to mean, in the request's language."""
    sure: bool = True
    """False stops the execution at the plan: a person runs, changes or drops it."""
    planner: str = "offline"
    """Which planner made it: ``offline`` plans are limited, and cards say so; ``model`` otherwise."""
    prompt: str = ""
    """``name@version`` of the prompt it was made with, if a model made it."""
    model: str = ""
    """The model that made it, as its provider names it."""
    imports: tuple[Import, ...] = ()
    """What it takes from earlier executions."""
    origin: PlanOrigin = PlanOrigin.REQUEST
    repeats: frozenset[StepId] = frozenset()
    """Steps that may do again what was done already, under another id or in another execution: a person is asked first."""
    took_up: frozenset[ApprovalId] = frozenset()
    """Edits of a person that this version carries out: all those of the version before, and no version is saved without
    them."""

    def step(self, step_id: StepId) -> Step:
        """The step with this id.

        Raises:
            KeyError: no such step in this version.
        """
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)
