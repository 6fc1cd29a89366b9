"""JSON as clients see it: pure functions from the engine's nouns to the shapes of the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from bot.door import ChatMessage
from bot.render.approvals import choice_label
from bot.render.texts import Texts
from bot.web.shapes import (
    ApprovalView,
    ChatView,
    CostLineView,
    CostView,
    ErrorView,
    ExecutionView,
    LinksView,
    OriginView,
    PlanView,
    StartedView,
    StepView,
    UndoView,
)
from engine.domain.approval import Approval, ApprovalKind
from engine.domain.execution import Execution, StepError, StepRun
from engine.domain.json import JsonObject, JsonValue
from engine.domain.plan import Plan, Step
from engine.domain.request import Origin
from engine.domain.snapshot import ExecutionSnapshot, Undo
from engine.domain.spend import CostLine, Spend


def execution_view(snapshot: ExecutionSnapshot) -> ExecutionView:
    """One execution, its plan merged with where each step is."""
    execution = snapshot.execution
    return {
        "id": execution.id,
        "request": execution.request.text,
        "status": execution.shown_status.value,
        "outcome": execution.outcome.value if execution.outcome else None,
        "pause_reason": execution.pause_reason if execution.paused else "",
        "created_at": instant(execution.created_at),
        "updated_at": instant(execution.updated_at),
        "plan": plan_view(snapshot),
        "approvals": [approval_view(approval, execution.request.locale) for approval in snapshot.approvals],
        "result": result_view(execution),
        "error": _error(execution.error),
        "origin": _origin(execution.request.origin),
        "undo": _undo(snapshot.undo),
        "cost": cost_view(snapshot.spend),
    }


def cost_view(spend: Spend) -> CostView:
    """What was spent, in dollars and tokens."""
    usage = spend.usage
    return {
        "input_tokens": usage.all_input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_5m_tokens + usage.cache_write_1h_tokens,
        "usd": spend.cost.dollars,
        "calls": spend.calls,
        "unpriced_calls": spend.unpriced,
        "reserved_usd": spend.held.dollars,
        "estimated": usage.estimated,
    }


def cost_line_view(line: CostLine) -> CostLineView:
    """A day of one person's with one model."""
    return {"day": line.day.isoformat(), "user_id": line.user_id, "model": line.model, "cost": cost_view(line.spend)}


def plan_view(snapshot: ExecutionSnapshot) -> PlanView | None:
    """The current plan, or the draft of one; None before there is either."""
    plan: Plan | None = snapshot.plan
    if plan is None:
        return None
    return {
        "version": plan.version,
        "planner": plan.planner if plan.version else "",
        "model": plan.model,
        "prompt": plan.prompt,
        "imports": [{"name": i.name, "execution_id": i.execution_id, "step_id": i.step_id} for i in plan.imports],
        "steps": [_step(step, snapshot) for step in plan.steps],
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


def approval_view(approval: Approval, locale: str = "en") -> ApprovalView:
    """One approval; what the engine itself offers to answer is called by its words in the locale."""
    call, texts = approval.call, Texts(locale)
    ours = approval.kind is ApprovalKind.UNKNOWN_OUTCOME
    return {
        "id": approval.id,
        "execution_id": approval.execution_id,
        "kind": approval.kind.value,
        "step_id": approval.step_id,
        "status": approval.status.value,
        "title": approval.title,
        "topic": approval.topic,
        "parameters": dict(approval.parameters),
        "call": {"tool": call.tool, "arguments": dict(call.arguments)} if call else None,
        "choices": [
            {"id": choice.id, "label": choice_label(approval, choice.id, texts) if ours else choice.label}
            for choice in approval.choices
        ],
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


def _step(step: Step, snapshot: ExecutionSnapshot) -> StepView:
    run = snapshot.step_runs.get(step.id) or StepRun(step_id=step.id)
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
        "cost": cost_view(snapshot.spends.get(step.id, Spend())),
    }


def _origin(origin: Origin | None) -> OriginView | None:
    if origin is None:
        return None
    return {"derivation": origin.derivation.value, "execution_id": origin.execution_id, "step_id": origin.step_id}


def _undo(undo: Undo | None) -> UndoView | None:
    if undo is None:
        return None
    return {"execution_id": undo.execution_id, "outcome": undo.outcome.value if undo.outcome else None}


def _error(error: StepError | None) -> ErrorView | None:
    return {"code": error.code, "detail": error.detail} if error else None


def _maybe(at: datetime | None) -> str | None:
    return instant(at) if at else None
