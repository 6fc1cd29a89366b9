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


class RuleView(TypedDict):
    """What a value must be, as far as that is known before it is sent."""

    empty: Annotated[bool, Field(description="It may be left empty.")]
    nullable: Annotated[bool, Field(description="Left empty, it is null, which takes the argument away.")]
    whole: Annotated[bool, Field(description="A number without decimals.")]
    least: Annotated[float | None, Field(description="Smallest number, or fewest characters or entries.")]
    most: Annotated[float | None, Field(description="Largest number, or most characters or entries.")]
    choices: list[JsonValue]


class ArgumentView(TypedDict):
    """An argument of a step, as a form edits it."""

    name: str
    label: str
    value: Annotated[str, Field(description="As people read it.")]
    raw: Annotated[JsonValue, Field(description="As it is.")]
    note: str
    input: Annotated[
        str,
        Field(
            description="text, multiline, number, boolean, choice, instant, lines, people, person or json; "
            "fixed is not edited."
        ),
    ]
    rule: RuleView


class StepFormView(TypedDict):
    """A step that can be edited. Its words are in the request's language."""

    step: str
    version: Annotated[int, Field(description="Of the plan.")]
    agent: str
    title: str
    subject: Annotated[str, Field(description="The step's own title.")]
    lead: str
    fields: Annotated[
        list[ArgumentView],
        Field(description="Arguments that are written out; what comes from other steps is not edited."),
    ]
    zone: Annotated[str, Field(description="IANA zone in which instants are shown and edited.")]


class PlanEditedView(TypedDict):
    """A change of a plan, taken."""

    version: Annotated[int, Field(description="Of the plan that was changed.")]
    next: Annotated[int | None, Field(description="The version that carries it out, where that is known already.")]
    asks: Annotated[bool | None, Field(description="A person is asked before that version runs; null: not known yet.")]
    difference: DifferenceView | None
