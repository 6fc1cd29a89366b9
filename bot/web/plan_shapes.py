"""The shapes of what the API says of versions of a plan; see :mod:`bot.web.shapes`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from bot.web.shapes import ImportView
from engine.domain.json import JsonValue


class PlannedStepView(TypedDict):
    """A step of one version, as it was planned."""

    id: str
    agent: str
    title: str
    effect: str
    depends_on: list[str]
    inputs: dict[str, JsonValue]


class ChangedStepView(TypedDict):
    """A step that stands in both versions, with something about it different."""

    what: Annotated[list[str], Field(description="Names of inputs; agent; order: what it waits for.")]
    before: PlannedStepView
    after: PlannedStepView


class DifferenceView(TypedDict):
    """What the later of two versions makes different."""

    before: Annotated[int, Field(description="Number of the version compared with.")]
    after: int
    added: list[PlannedStepView]
    dropped: list[PlannedStepView]
    changed: list[ChangedStepView]
    again: Annotated[list[PlannedStepView], Field(description="The same work, to be done once more under a new id.")]
    kept: Annotated[list[str], Field(description="Ids of steps that stand in both as they are.")]
    done: Annotated[
        list[str], Field(description="Of the kept ones: those that have succeeded, and are not done again.")
    ]


class PlanVersionView(TypedDict):
    """One version of a plan."""

    version: int
    origin: Annotated[str, Field(description="request, change (in words), edit, return (to an older one) or recovery.")]
    made_at: str | None
    made_by: Annotated[str | None, Field(description="Who it goes back to; null: the engine itself.")]
    current: bool
    planner: str
    model: str
    imports: list[ImportView]
    repeats: Annotated[list[str], Field(description="Ids of steps that may do again what was done already.")]
    steps: list[PlannedStepView]
    difference: Annotated[DifferenceView | None, Field(description="From the version before; null with the first.")]


class PlanVersionsView(TypedDict):
    """Every version, the first one first."""

    items: list[PlanVersionView]


class PlanEditedView(TypedDict):
    """A change of a plan, taken."""

    version: Annotated[int, Field(description="Of the plan that was changed.")]
    next: Annotated[int | None, Field(description="The version that carries it out, where that is known already.")]
    asks: Annotated[bool | None, Field(description="A person is asked before that version runs; null: not known yet.")]
    difference: DifferenceView | None
