"""An execution's events as the API's stream shows them; what a client cannot use is left out, its number skipped."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from bot.web.shapes import PlanView
from bot.web.site import Visit
from bot.web.sse import Frame
from bot.web.views import approval_view, chat_view, completion_view, json_object, plan_view
from engine.domain.event import Event, EventType
from engine.domain.execution import StepStatus
from engine.domain.ids import ExecutionId
from engine.domain.json import JsonObject, JsonValue

T = TypeVar("T")

NO_PLAN: PlanView = {"version": 0, "planner": "", "model": "", "prompt": "", "imports": [], "steps": []}
"""Shown where a draft was thrown away, so that nobody keeps its steps."""

_STEP_STATUS = {
    EventType.STEP_STARTED: StepStatus.RUNNING,
    EventType.STEP_PROGRESSED: StepStatus.RUNNING,
    EventType.STEP_WAITING: StepStatus.WAITING,
    EventType.STEP_FINISHED: StepStatus.DONE,
}


async def execution_frames(visit: Visit, execution_id: ExecutionId, after: int) -> AsyncGenerator[Frame]:
    """Frames after a number, until the execution has finished."""
    async with _held(visit.site.door.events(visit.principal, execution_id, after)) as events:
        async for event in events:
            frame = await _frame(visit, event)
            if frame is not None:
                yield frame


async def chat_frames(visit: Visit, after: int) -> AsyncGenerator[Frame]:
    """The principal's chat after a number; never ends by itself."""
    async with _held(visit.site.door.chat(visit.principal, after)) as messages:
        async for message in messages:
            yield Frame(seq=message.seq, name="message", data=json_object(chat_view(message)))


async def _frame(visit: Visit, event: Event) -> Frame | None:
    match event.type:
        case EventType.PLAN_DRAFTED | EventType.PLAN_MADE:
            snapshot = await visit.site.door.execution(visit.principal, event.execution_id)
            return Frame(seq=event.seq, name="plan", data=json_object(plan_view(snapshot) or NO_PLAN))
        case EventType.STEP_STARTED | EventType.STEP_PROGRESSED | EventType.STEP_WAITING | EventType.STEP_FINISHED:
            return Frame(seq=event.seq, name="progress", data=_progress(event))
        case EventType.APPROVAL_REQUESTED | EventType.APPROVAL_DECIDED | EventType.APPROVAL_REMINDED:
            return Frame(seq=event.seq, name="approval", data=await _approval(visit, event))
        case EventType.EXECUTION_PAUSED | EventType.EXECUTION_RESUMED:
            return Frame(seq=event.seq, name="status", data=_status(event))
        case EventType.MESSAGE_SENT:
            return Frame(seq=event.seq, name="message", data=event.payload)
        case EventType.EXECUTION_FINISHED:
            snapshot = await visit.site.door.execution(visit.principal, event.execution_id)
            return Frame(seq=event.seq, name="complete", data=completion_view(snapshot))
        case _:
            return None


def _status(event: Event) -> JsonObject:
    return {"paused": event.type is EventType.EXECUTION_PAUSED, "reason": event.payload.get("reason", "")}


def _progress(event: Event) -> JsonObject:
    payload = event.payload
    body: dict[str, JsonValue] = {
        "step": payload.get("step"),
        "status": _STEP_STATUS[event.type].value,
        "message": payload.get("message", ""),
    }
    return {**body, **{name: payload[name] for name in ("outcome", "error", "retry_at") if name in payload}}


async def _approval(visit: Visit, event: Event) -> JsonObject:
    wanted = event.payload.get("approval")
    snapshot = await visit.site.door.execution(visit.principal, event.execution_id)
    for approval in snapshot.approvals:
        if approval.id == wanted:
            return json_object(approval_view(approval, snapshot.execution.request.locale))
    return {"id": wanted, "execution_id": event.execution_id}


@asynccontextmanager
async def _held(iterator: AsyncIterator[T]) -> AsyncGenerator[AsyncIterator[T]]:
    """The iterator, closed at the end whatever happens, so that what it listens to is let go."""
    try:
        yield iterator
    finally:
        if isinstance(iterator, AsyncGenerator):
            await iterator.aclose()
