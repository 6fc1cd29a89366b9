"""The shapes of the API's JSON. OpenAPI is made from them, so a field's description here is what clients read."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from engine.domain.json import JsonValue


class ErrorView(TypedDict):
    """Why something failed."""

    code: str
    detail: str


class CostView(TypedDict):
    """What model calls cost so far. A call under way counts with the most it may take; ``estimated`` then says so."""

    input_tokens: Annotated[int, Field(description="All the models were given, from a cache or not.")]
    output_tokens: int
    cache_read_tokens: Annotated[int, Field(description="Of input_tokens: read from the provider's cache.")]
    cache_write_tokens: Annotated[int, Field(description="Of input_tokens: written into the provider's cache.")]
    usd: Annotated[float, Field(description="US dollars for the calls that have a price; see unpriced_calls.")]
    calls: int
    unpriced_calls: Annotated[int, Field(description="Calls whose model has no price: their cost is unknown, not 0.")]
    reserved_usd: Annotated[float, Field(description="Of usd: the most that calls still under way may cost.")]
    estimated: Annotated[bool, Field(description="Some of it is an estimate on the safe side.")]


class StepView(TypedDict):
    """A step and where it is."""

    id: str
    agent: str
    title: str
    effect: str
    depends_on: list[str]
    inputs: dict[str, JsonValue]
    status: str
    outcome: str | None
    attempts: int
    started_at: str | None
    finished_at: str | None
    cached: bool
    error: ErrorView | None
    cost: CostView


class ImportView(TypedDict):
    """What a plan takes from an earlier execution."""

    name: str
    execution_id: str
    step_id: str


class PlanView(TypedDict):
    """A plan version."""

    version: Annotated[int, Field(description="0: a draft of version 1; steps may still come and go.")]
    planner: Annotated[str, Field(description="offline or model; empty for a draft.")]
    model: Annotated[str, Field(description="The model that made it; empty where none did.")]
    prompt: Annotated[str, Field(description="name@version of the prompt it was made with, or empty.")]
    imports: list[ImportView]
    steps: list[StepView]


class CallView(TypedDict):
    """Exactly what will be done."""

    tool: str
    arguments: dict[str, JsonValue]


class ChoiceView(TypedDict):
    """One thing to pick."""

    id: str
    label: str


class ApprovalView(TypedDict):
    """A question and, once given, its answer."""

    id: str
    execution_id: str
    kind: str
    step_id: str | None
    status: str
    title: str
    topic: Annotated[
        str, Field(description="budget or model_unavailable where the engine asks; title may then be an error code.")
    ]
    parameters: Annotated[
        dict[str, str],
        Field(description="Values that belong to the topic; of unknown_outcome `at`, when it was last tried."),
    ]
    call: CallView | None
    choices: list[ChoiceView]
    created_at: str
    expires_at: str | None
    decided_at: str | None
    decided_by: str | None
    comment: str | None


class OriginView(TypedDict):
    """The earlier execution that one comes from."""

    derivation: Annotated[str, Field(description="undo: it takes it back; fork: it does it again from a step on.")]
    execution_id: str
    step_id: str | None


class UndoView(TypedDict):
    """The execution that takes back what one did."""

    execution_id: str
    outcome: str | None


class ExecutionView(TypedDict):
    """One execution."""

    id: str
    request: str
    status: str
    outcome: str | None
    pause_reason: Annotated[
        str, Field(description="budget_execution or budget_day where the engine paused it at a cap; else empty.")
    ]
    created_at: str
    updated_at: str
    plan: PlanView | None
    approvals: list[ApprovalView]
    result: dict[str, JsonValue] | None
    error: ErrorView | None
    origin: OriginView | None
    undo: UndoView | None
    cost: CostView


class CostLineView(TypedDict):
    """What one person's calls of one model cost on one day."""

    day: Annotated[str, Field(description="ISO date, by the calendar of TIZMOR_TIMEZONE.")]
    user_id: str
    model: str
    cost: CostView


class CostsView(TypedDict):
    """Costs by day, person and model, the newest day first."""

    items: list[CostLineView]


class LinksView(TypedDict):
    """Where to go on."""

    self: str
    stream: str
    pause: str
    resume: str
    cancel: str


class StartedView(TypedDict):
    """An execution just accepted."""

    id: str
    status: str
    links: LinksView


class ExecutionsView(TypedDict):
    """A page of executions, newest first."""

    items: list[ExecutionView]
    next: str | None


class ApprovalsView(TypedDict):
    """Approvals, newest first."""

    items: list[ApprovalView]


class TicketView(TypedDict):
    """A one-use ticket for an event stream."""

    ticket: str
    expires_at: str


class FeedbackView(TypedDict):
    """A verdict, stored."""

    execution_id: str
    rating: int


class AcceptedView(TypedDict):
    """A chat message, committed."""

    client_id: str


class AliveView(TypedDict):
    """The process answers."""

    status: str


class ReadyView(TypedDict):
    """Can it take work?"""

    ready: bool
    checks: dict[str, bool]


class FieldErrorView(TypedDict):
    """One wrong field."""

    pointer: str
    detail: str


class ProblemView(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    pointer: NotRequired[str]
    errors: NotRequired[list[FieldErrorView]]
    decided_by: NotRequired[str]
    decided_at: NotRequired[str]
    incident: NotRequired[str]


class ChatView(TypedDict):
    """One state of one chat message."""

    id: str
    seq: int
    role: str
    kind: str
    execution_id: str | None
    at: str
    body: dict[str, JsonValue]
