"""Handlers of the API: each asks the door one thing and shows the answer."""

from __future__ import annotations

import re
from datetime import date
from typing import TypeVar

from aiohttp import web

from bot.web.bodies import Body, ChatBody, DecisionBody, FeedbackBody, OrchestrateBody
from bot.web.event_frames import chat_frames, execution_frames
from bot.web.plan_words import sheet_texts
from bot.web.site import Answer, Reply, Visit, VisitHandler
from bot.web.sse import resume_after, stream
from bot.web.views import (
    approval_view,
    cost_line_view,
    execution_view,
    instant,
    json_object,
    started_view,
)
from engine.domain.approval import ApprovalStatus
from engine.domain.execution import ExecutionStatus, Signal
from engine.domain.ids import ApprovalId, ExecutionId
from engine.errors import NotFoundError, RequestError

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
LOCALES = ("he", "en")

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

B = TypeVar("B", bound=Body)


async def start(visit: Visit) -> Answer:
    """Start an execution."""
    command = body_of(visit, OrchestrateBody).to_domain(visit.principal, visit.key)
    view = started_view(await visit.site.door.orchestrate(visit.principal, command))
    return Reply(body=json_object(view), status=202, headers={"Location": view["links"]["self"]})


async def show(visit: Visit) -> Answer:
    """One execution."""
    snapshot = await visit.site.door.execution(visit.principal, execution_id_of(visit.part("id")))
    return Reply(body=json_object(execution_view(snapshot)))


async def list_executions(visit: Visit) -> Answer:
    """Executions, newest first."""
    page = await visit.site.door.executions(visit.principal, limit=_limit(visit), before=_before(visit))
    return Reply(body={"items": [json_object(execution_view(item)) for item in page.items], "next": page.next})


def steer(signal: Signal) -> VisitHandler:
    """A handler that pauses, resumes or cancels."""

    async def handler(visit: Visit) -> Answer:
        execution_id = execution_id_of(visit.part("id"))
        return Reply(
            body=json_object(execution_view(await visit.site.door.signal(visit.principal, execution_id, signal)))
        )

    return handler


async def undo(visit: Visit) -> Answer:
    """Take back what an execution did."""
    execution_id = execution_id_of(visit.part("id"))
    view = started_view(await visit.site.door.undo(visit.principal, execution_id))
    return Reply(body=json_object(view), status=202, headers={"Location": view["links"]["self"]})


async def watch(visit: Visit) -> Answer:
    """An execution's events, live; 204 when everything was already seen."""
    after = resume_after(visit.http)
    execution_id = execution_id_of(visit.part("id"))
    snapshot = await visit.site.door.execution(visit.principal, execution_id)
    if snapshot.execution.status is ExecutionStatus.DONE and after >= snapshot.seq:
        return web.Response(status=204)
    return await stream(visit.http, visit.site, execution_frames(visit, execution_id, after))


async def list_approvals(visit: Visit) -> Answer:
    """Approvals, newest first."""
    given = visit.http.query.get("status")
    if given is not None and given not in {status.value for status in ApprovalStatus}:
        raise RequestError("status_invalid", f"?status= is one of: {', '.join(ApprovalStatus)}.")
    status = ApprovalStatus(given) if given is not None else None
    found = await visit.site.door.approvals(visit.principal, status)
    return Reply(body={"items": [json_object(approval_view(approval)) for approval in found]})


async def decide(visit: Visit) -> Answer:
    """Answer an approval."""
    decision = body_of(visit, DecisionBody).to_domain()
    approval = await visit.site.door.decide(visit.principal, _approval_id(visit.part("id")), decision)
    return Reply(body=json_object(approval_view(approval)))


async def list_costs(visit: Visit) -> Answer:
    """Costs by day, person and model, the newest day first."""
    found = await visit.site.door.costs(visit.principal, _since(visit))
    return Reply(body={"items": [json_object(cost_line_view(line)) for line in found]})


async def issue_ticket(visit: Visit) -> Answer:
    """A one-use ticket for a stream."""
    ticket, expires = visit.site.access.tickets.issue(visit.principal)
    return Reply(body={"ticket": ticket, "expires_at": instant(expires)}, status=201)


async def rate(visit: Visit) -> Answer:
    """Store a verdict."""
    body = body_of(visit, FeedbackBody)
    execution_id = execution_id_of(body.execution_id)
    await visit.site.door.feedback(visit.principal, execution_id, body.rating, body.cleaned_comment())
    return Reply(body={"execution_id": execution_id, "rating": body.rating})


async def say(visit: Visit) -> Answer:
    """Take a message of the local chat; answered once it is committed."""
    body = body_of(visit, ChatBody)
    await visit.site.door.say(visit.principal, body.cleaned_text(), body.client_id)
    return Reply(body={"client_id": body.client_id}, status=202)


async def listen(visit: Visit) -> Answer:
    """The principal's chat, live."""
    after = resume_after(visit.http)
    return await stream(visit.http, visit.site, chat_frames(visit, after))


async def texts(visit: Visit) -> Answer:
    """The chat page's sentences."""
    locale = visit.http.query.get("locale", "")
    if locale not in LOCALES:
        raise RequestError("locale_invalid", f"?locale= is one of: {', '.join(LOCALES)}.")
    return Reply(body={**visit.site.options.page_texts(locale), **sheet_texts(locale)})


async def metrics(visit: Visit) -> Answer:
    """Everything measured, for Prometheus."""
    text = visit.site.door.metrics().encode()
    return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


async def document(visit: Visit) -> Answer:
    """The OpenAPI document."""
    return Reply(body=visit.site.document)


def body_of(visit: Visit, model: type[B]) -> B:
    """The body, which the route has made one of this model."""
    if not isinstance(visit.body, model):
        raise TypeError(f"the route of {model.__name__} was given {type(visit.body).__name__}")
    return visit.body


def execution_id_of(text: str) -> ExecutionId:
    """An execution's id as it stands in a path.

    Raises:
        NotFoundError: ``execution_unknown``: none of ours looks like this.
    """
    if not _ID.fullmatch(text):
        raise NotFoundError("execution_unknown", "There is no execution with this id; list them to find yours.")
    return ExecutionId(text)


def _approval_id(text: str) -> ApprovalId:
    if not _ID.fullmatch(text):
        raise NotFoundError("approval_unknown", "There is no approval with this id; list them to find yours.")
    return ApprovalId(text)


def _limit(visit: Visit) -> int:
    given = visit.http.query.get("limit", str(DEFAULT_LIMIT))
    if not (given.isascii() and given.isdecimal() and len(given) <= 3 and 1 <= int(given) <= MAX_LIMIT):
        raise RequestError("limit_invalid", f"?limit= is a number from 1 to {MAX_LIMIT}.")
    return int(given)


def _since(visit: Visit) -> date:
    given = visit.http.query.get("since", date.min.isoformat())
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise RequestError("since_invalid", "?since= is a day such as 2026-11-24.")


def _before(visit: Visit) -> str | None:
    given = visit.http.query.get("before")
    if given is not None and not _ID.fullmatch(given):
        raise RequestError("cursor_invalid", "?before= is the value of next from an earlier page; send that.")
    return given
