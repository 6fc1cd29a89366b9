"""JSON as clients see it: pure functions from the engine's nouns to the shapes of the API, which OpenAPI documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NotRequired, cast

from typing_extensions import TypedDict

from bot.door import ChatMessage
from engine.domain.approval import Approval
from engine.domain.execution import Execution, StepError, StepRun
from engine.domain.json import JsonObject, JsonValue
from engine.domain.plan import Plan, Step
from engine.domain.snapshot import ExecutionSnapshot


class ErrorView(TypedDict):
    """Why something failed."""

    code: str
    detail: str


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


class PlanView(TypedDict):
    """A plan version."""

    version: int
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
    call: CallView | None
    choices: list[ChoiceView]
    created_at: str
    expires_at: str | None
    decided_at: str | None
    decided_by: str | None
    comment: str | None


class CostView(TypedDict):
    """What it cost so far."""

    input_tokens: int
    output_tokens: int
    usd: float


class ExecutionView(TypedDict):
    """One execution."""

    id: str
    request: str
    status: str
    outcome: str | None
    created_at: str
    updated_at: str
    plan: PlanView | None
    approvals: list[ApprovalView]
    result: dict[str, JsonValue] | None
    error: ErrorView | None
    cost: CostView


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


def execution_view(snapshot: ExecutionSnapshot) -> ExecutionView:
    """One execution, its plan merged with where each step is."""
    execution = snapshot.execution
    return {
        "id": execution.id,
        "request": execution.request.text,
        "status": execution.shown_status.value,
        "outcome": execution.outcome.value if execution.outcome else None,
        "created_at": instant(execution.created_at),
        "updated_at": instant(execution.updated_at),
        "plan": plan_view(snapshot),
        "approvals": [approval_view(approval) for approval in snapshot.approvals],
        "result": result_view(execution),
        "error": _error(execution.error),
        "cost": {"input_tokens": 0, "output_tokens": 0, "usd": 0.0},
    }


def plan_view(snapshot: ExecutionSnapshot) -> PlanView | None:
    """The current plan; None before there is one."""
    plan: Plan | None = snapshot.plan
    if plan is None:
        return None
    runs = snapshot.step_runs
    return {
        "version": plan.version,
        "steps": [_step(step, runs.get(step.id) or StepRun(step_id=step.id)) for step in plan.steps],
    }


def started_view(snapshot: ExecutionSnapshot) -> StartedView:
    """The answer to a request just accepted."""
    base = f"/api/orchestrate/{snapshot.execution.id}"
    links: LinksView = {
        "self": base,
        "stream": f"/api/orchestrate/stream/{snapshot.execution.id}",
        "pause": f"{base}/pause",
        "resume": f"{base}/resume",
        "cancel": f"{base}/cancel",
    }
    return {"id": snapshot.execution.id, "status": snapshot.execution.shown_status.value, "links": links}


def approval_view(approval: Approval) -> ApprovalView:
    """One approval."""
    call = approval.call
    return {
        "id": approval.id,
        "execution_id": approval.execution_id,
        "kind": approval.kind.value,
        "step_id": approval.step_id,
        "status": approval.status.value,
        "title": approval.title,
        "call": {"tool": call.tool, "arguments": dict(call.arguments)} if call else None,
        "choices": [{"id": choice.id, "label": choice.label} for choice in approval.choices],
        "created_at": instant(approval.created_at),
        "expires_at": _maybe(approval.expires_at),
        "decided_at": _maybe(approval.decided_at),
        "decided_by": approval.decided_by,
        "comment": approval.comment,
    }


def result_view(execution: Execution) -> dict[str, JsonValue] | None:
    """The result; the four documented parts are always there."""
    if execution.result is None:
        return None
    return {"summary": "", "meeting": None, "agenda": None, "sources": [], **execution.result}


def completion_view(snapshot: ExecutionSnapshot) -> JsonObject:
    """What ends a stream: the result, with how it ended."""
    execution = snapshot.execution
    empty: JsonObject = {"summary": "", "meeting": None, "agenda": None, "sources": []}
    error = _error(execution.error)
    return {
        **empty,
        **(execution.result or {}),
        "outcome": execution.outcome.value if execution.outcome else None,
        "error": {"code": error["code"], "detail": error["detail"]} if error else None,
    }


def chat_view(message: ChatMessage) -> ChatView:
    """One chat message."""
    return {
        "id": message.id,
        "seq": message.seq,
        "role": message.role,
        "kind": message.kind,
        "execution_id": message.execution_id,
        "at": instant(message.at),
        "body": dict(message.body),
    }


def json_object(view: Mapping[str, object]) -> JsonObject:
    """A view as plain JSON: the views' types hold nothing else."""
    return cast("JsonObject", view)


def instant(at: datetime) -> str:
    """ISO 8601 in UTC, ending in ``Z``."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _step(step: Step, run: StepRun) -> StepView:
    bound: dict[str, JsonValue] = {name: {"$from": binding.step_id} for name, binding in step.bindings.items()}
    return {
        "id": step.id,
        "agent": step.agent,
        "title": step.title,
        "effect": step.effect.value,
        "depends_on": list(step.depends_on),
        "inputs": {**step.inputs, **bound},
        "status": run.status.value,
        "outcome": run.outcome.value if run.outcome else None,
        "attempts": run.attempts,
        "started_at": _maybe(run.started_at),
        "finished_at": _maybe(run.finished_at),
        "cached": run.cached,
        "error": _error(run.error),
    }


def _error(error: StepError | None) -> ErrorView | None:
    return {"code": error.code, "detail": error.detail} if error else None


def _maybe(at: datetime | None) -> str | None:
    return instant(at) if at else None
