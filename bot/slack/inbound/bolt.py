"""Bolt's application with nothing in it but our intake: every payload is committed, then acknowledged.

Bolt checks signatures, answers ``url_verification`` and ``ssl_check``, and drops our own events. Its listeners are not used:
their matchers raise on payloads they do not know, and log what no listener took with its body. Our intake is its last
middleware instead: what it returns is the answer, and when it raises, Bolt answers 500, which in Socket Mode is no
acknowledgement, so that Slack delivers again. It makes no call to Slack: who we are is known from the start.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from loguru import logger
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.inbound.envelope import Ours
from bot.slack.inbound.events import event_delivery
from bot.slack.inbound.fields import text
from bot.slack.inbound.interactions import closes_all, interaction_delivery
from engine.errors import TizmorError
from engine.ports.chat_log import Delivery
from engine.ports.clock import Clock

Receive = Callable[[Delivery], Awaitable[None]]
"""Commits a delivery; durable on return. Raises when that cannot be done now."""
Check = Callable[[Delivery], Awaitable[Mapping[str, str]]]
"""What is wrong with a form that was sent, by block, in the person's words; empty: nothing."""

_LOGGER = "slack_bolt.tizmor"
_MOST_KINDS = 100


def build_app(
    *,
    client: AsyncWebClient,
    signing_secret: str | None,
    identity: Ours,
    receive: Receive,
    check: Check,
    clock: Clock,
) -> AsyncApp:
    """The application that both Socket Mode and HTTP hand their payloads to.

    Args:
        client: of the installation; it makes no calls.
        signing_secret: proves requests over HTTP; without one, every such request is refused.
        identity: who we are.
        receive: see there.
        check: see there; asked before a form is committed.
        clock: stamps deliveries.
    """
    quiet = logging.getLogger(_LOGGER)
    # While it is made, Bolt warns that it found its own settings in the environment and uses ours; later, its lower
    # levels hold whole payloads. Its loggers copy this level.
    quiet.setLevel(logging.ERROR)
    app = AsyncApp(
        logger=quiet,
        name="tizmor",  # otherwise it reads source files to find one
        process_before_response=True,
        signing_secret=signing_secret or secrets.token_hex(32),  # None would be looked up in the environment
        client=client,
        before_authorize=_Readable(),
        authorize=_Installation(client.token or "", identity),
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    intake = _Intake(identity, receive, check, clock)
    app.middleware(intake)  # pyright: ignore[reportUnknownMemberType] - Bolt leaves its parameters untyped
    app.error(_broken)
    return app


class _Readable(AsyncMiddleware):
    """Acknowledges at once what Bolt's next middlewares break on: an event that is no object."""

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse:
        """Pass on what can be read."""
        del resp
        readable = "event" not in req.body or isinstance(req.body["event"], dict)
        return await next() if readable else BoltResponse(status=200)


class _Installation(AsyncAuthorize):
    """The one installation there is; Bolt would ask ``auth.test`` about it."""

    def __init__(self, bot_token: str, ours: Ours) -> None:
        self._token = bot_token
        self._ours = ours

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        **_: Any,
    ) -> AuthorizeResult:
        del context, team_id, user_id
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=self._ours.team_id,
            bot_token=self._token,
            bot_id=self._ours.bot_id,
            bot_user_id=self._ours.bot_user_id,
        )


class _Intake(AsyncMiddleware):
    """Answers everything that Bolt lets through."""

    def __init__(self, ours: Ours, receive: Receive, check: Check, clock: Clock) -> None:
        self._ours = ours
        self._receive = receive
        self._check = check
        self._clock = clock
        self._left_alone: set[str] = set()

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse:
        """Commit, then acknowledge.

        Raises:
            Exception: of ``receive`` or ``check``: it is not acknowledged.
        """
        del resp, next
        now = self._clock.now()
        delivery = event_delivery(req.body, self._ours, now) or interaction_delivery(req.body, self._ours, now)
        if delivery is None:
            self._note(req.body)
            return BoltResponse(status=200)
        if delivery.kind == "form":
            wrong = await self._check(delivery)
            if wrong:
                return BoltResponse(status=200, body={"response_action": "errors", "errors": dict(wrong)})
        await self._receive(delivery)
        return BoltResponse(status=200, body={"response_action": "clear"} if closes_all(delivery) else "")

    def _note(self, body: object) -> None:
        """Say once of each kind that it comes and is left alone."""
        kind = ".".join(text(body, *path) for path in (("type",), ("event", "type"), ("event", "subtype")))[:100]
        if kind not in self._left_alone and len(self._left_alone) < _MOST_KINDS:
            self._left_alone.add(kind)
            logger.bind(kind=kind).debug("slack_left_alone")


async def _broken(error: Exception) -> None:
    """Bolt's barrier caught it and answers 500; without payload or traceback, whose values are people's words."""
    code = error.code if isinstance(error, TizmorError) else type(error).__name__
    logger.bind(code=code).error("slack_delivery_not_taken")
