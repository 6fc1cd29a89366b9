"""The route table: the router, the authentication and the OpenAPI document are all read from it."""

from __future__ import annotations

from bot.web import api, pages
from bot.web.bodies import ChatBody, DecisionBody, FeedbackBody, NoBody, OrchestrateBody
from bot.web.plan_routes import PLAN_ROUTES
from bot.web.shapes import (
    AcceptedView,
    AliveView,
    ApprovalsView,
    ApprovalView,
    CostsView,
    ExecutionsView,
    ExecutionView,
    FeedbackView,
    ReadyView,
    StartedView,
    TicketView,
)
from bot.web.site import Parameter, PublicRoute, Route
from engine.domain.approval import ApprovalStatus
from engine.domain.execution import Signal

_AFTER = Parameter(
    name="after",
    description="Number of the last event seen; the header Last-Event-ID wins.",
    schema={"type": "integer", "minimum": 0, "default": 0},
)
_TICKET = Parameter(
    name="ticket", description="One-use ticket, in place of a header or cookie.", schema={"type": "string"}
)
_LIMIT = Parameter(
    name="limit",
    description="How many at most.",
    schema={"type": "integer", "minimum": 1, "maximum": api.MAX_LIMIT, "default": api.DEFAULT_LIMIT},
)
_BEFORE = Parameter(name="before", description="`next` of the page before.", schema={"type": "string"})
_STATUS = Parameter(
    name="status", description="Only these.", schema={"type": "string", "enum": [s.value for s in ApprovalStatus]}
)
_SINCE = Parameter(
    name="since", description="First day to list; without it, all.", schema={"type": "string", "format": "date"}
)
_LOCALE = Parameter(
    name="locale", description="Language.", schema={"type": "string", "enum": list(api.LOCALES)}, required=True
)

EVENTS = "text/event-stream"

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/api/orchestrate",
        handler=api.start,
        summary="Start an execution",
        takes=OrchestrateBody,
        gives=StartedView,
        status=202,
        other=(503,),
    ),
    Route(
        method="GET",
        path="/api/orchestrate",
        handler=api.list_executions,
        summary="List executions, newest first",
        gives=ExecutionsView,
        parameters=(_LIMIT, _BEFORE),
    ),
    Route(
        method="GET",
        path="/api/orchestrate/stream/{id}",
        handler=api.watch,
        summary="Watch an execution: plan, progress, approval, status, message, complete",
        media=EVENTS,
        ticket=True,
        parameters=(_AFTER, _TICKET),
        other=(204, 404, 503),
    ),
    Route(
        method="GET",
        path="/api/orchestrate/{id}",
        handler=api.show,
        summary="Show an execution",
        gives=ExecutionView,
        other=(404,),
    ),
    *(
        Route(
            method="POST",
            path=f"/api/orchestrate/{{id}}/{signal.value}",
            handler=api.steer(signal),
            summary=f"{signal.value.capitalize()} an execution; repeating is harmless",
            takes=NoBody,
            gives=ExecutionView,
            other=(404, 409),
        )
        for signal in Signal
    ),
    Route(
        method="POST",
        path="/api/orchestrate/{id}/undo",
        handler=api.undo,
        summary="Take back what an execution did, within ten minutes of its end; gives the execution that does so",
        takes=NoBody,
        gives=StartedView,
        status=202,
        other=(404, 409, 503),
    ),
    *PLAN_ROUTES,
    Route(
        method="GET",
        path="/api/approvals",
        handler=api.list_approvals,
        summary="List approvals, newest first",
        gives=ApprovalsView,
        parameters=(_STATUS,),
    ),
    Route(
        method="POST",
        path="/api/approvals/{id}",
        handler=api.decide,
        summary="Answer an approval",
        takes=DecisionBody,
        gives=ApprovalView,
        other=(404, 409),
    ),
    Route(
        method="GET",
        path="/api/costs",
        handler=api.list_costs,
        summary="List what model calls cost by day, person and model, newest day first",
        gives=CostsView,
        parameters=(_SINCE,),
    ),
    Route(
        method="POST",
        path="/api/tickets",
        handler=api.issue_ticket,
        summary="Get a one-use ticket for an event stream, good for 60 seconds",
        takes=NoBody,
        gives=TicketView,
        status=201,
    ),
    Route(
        method="POST",
        path="/api/feedback",
        handler=api.rate,
        summary="Rate a result",
        takes=FeedbackBody,
        gives=FeedbackView,
        other=(404,),
    ),
    Route(
        method="POST",
        path="/api/chat/messages",
        handler=api.say,
        summary="Write in the local chat",
        takes=ChatBody,
        gives=AcceptedView,
        status=202,
        other=(503,),
    ),
    Route(
        method="GET",
        path="/api/chat/stream",
        handler=api.listen,
        summary="Watch the local chat: message",
        media=EVENTS,
        ticket=True,
        parameters=(_AFTER, _TICKET),
        other=(503,),
    ),
    Route(
        method="GET",
        path="/api/chat/texts",
        handler=api.texts,
        summary="The chat page's sentences",
        gives=dict[str, str],
        parameters=(_LOCALE,),
    ),
    Route(
        method="GET", path="/metrics", handler=api.metrics, summary="Measurements, for Prometheus", media="text/plain"
    ),
    Route(method="GET", path="/openapi.json", handler=api.document, summary="This document", gives=dict[str, object]),
)
"""Every route that demands proof of who asks. Order matters: ``stream`` stands before ``{id}``."""

PUBLIC: tuple[PublicRoute, ...] = (
    PublicRoute(path="/healthz", handler=pages.alive, summary="Does the process answer?", gives=AliveView),
    PublicRoute(path="/readyz", handler=pages.ready, summary="Can it take work?", gives=ReadyView, other=(503,)),
    PublicRoute(path="/", handler=pages.page, summary="The chat page", media="text/html", other=(401,)),
    PublicRoute(
        path="/login",
        handler=pages.login,
        summary="Use a one-time link",
        media="text/html",
        status=303,
        parameters=(Parameter(name="code", description="From the link.", schema={"type": "string"}, required=True),),
        other=(401,),
    ),
)
"""The few that do not."""
