"""Slack as one surface of a running product: connects, listens, sends, catches up; started once, kept running."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

from aiohttp import web
from loguru import logger
from slack_sdk.web.async_client import AsyncWebClient

from bot.access import OneTimeCodes
from bot.claims import CLAIM_LIFETIME
from bot.conversing import Conversing
from bot.mirror import Mirror, MirrorParts
from bot.refusals import Refusals
from bot.remote_chat import RemoteChat, RemoteChatParts
from bot.render.texts import Texts
from bot.settings import revealed
from bot.slack.address import PREFIX, SURFACE, Thread, thread_of, user_of
from bot.slack.desk import Desk
from bot.slack.handling import SlackHandler
from bot.slack.http import PATH, slack_events
from bot.slack.inbound.bolt import build_app
from bot.slack.markup.escape import escape
from bot.slack.messenger import SlackMessenger
from bot.slack.mirror import mirrored, place_of
from bot.slack.missed import Missed
from bot.slack.pace import Pace
from bot.slack.people import SlackPeople
from bot.slack.responses import Responses
from bot.slack.socket import SocketMode
from bot.slack.web import Identity, SlackWeb, slack_client
from bot.surface_parts import SurfaceParts
from engine.concurrency import Wakeup
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.tenant import Principal, Role
from engine.errors import AuthExpiredError, IntegrationError
from engine.ports.message_log import EVERY_SURFACE

Job = Callable[[], Coroutine[Any, Any, None]]

CALL_LIMIT = timedelta(seconds=20)
"""Longest a call to Slack may take."""
OWNER_LIMIT = timedelta(seconds=5)
"""Longest it may take to ask whether the owner is still there; the start waits for it."""
HEARD_EVERY = timedelta(seconds=30)
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=60)
"""Between tries to learn who we are."""
MOST_THREADS = 50
"""Threads that are looked at for what was said while we were away."""
LOOK_BACK = timedelta(hours=24)
"""How far back that goes."""


class SlackSurface:
    """One workspace's Slack, from its first connection to the end of the process.

    Nothing here can stop the product: while Slack is away or refuses our token, it is tried again, and :attr:`ready` says no.
    """

    def __init__(self, parts: SurfaceParts) -> None:
        self._parts = parts
        self._codes = OneTimeCodes(parts.clock, CLAIM_LIFETIME)
        self._events: Callable[[web.Request], Awaitable[web.Response]] | None = None
        self._listening: Callable[[], bool] = lambda: False
        self._known_to_slack = False
        self._connected = Wakeup()
        self._calls: SlackWeb | None = None

    @property
    def over_sockets(self) -> bool:
        """Do messages come over Socket Mode? Otherwise Slack posts them to ``/slack/events``."""
        return self._parts.settings.slack_app_token is not None

    @property
    def posted_to(self) -> Mapping[str, Callable[[web.Request], Awaitable[web.Response]]]:
        """Where Slack posts to, and who answers there."""
        return {} if self.over_sockets else {PATH: self.events}

    @property
    def trouble(self) -> str:
        """What keeps Slack from working whatever Slack says, as the key of a sentence; empty: nothing."""
        settings = self._parts.settings
        hears = settings.slack_app_token is not None or settings.slack_signing_secret is not None
        return "" if hears else "slack_start.no_delivery"

    @property
    def ready(self) -> bool:
        """Does Slack know us, and can messages come in?"""
        return self._known_to_slack and self._listening()

    async def claim_code(self) -> str | None:
        """A code with which somebody in Slack becomes the owner; None where there is one already.

        An owner who left the workspace is none, as far as Slack can be asked; that takes :data:`OWNER_LIMIT` at most.
        """
        parts = self._parts
        owners = await parts.people.owners(DEFAULT_TENANT, PREFIX) or await parts.linking.linked_owners(PREFIX)
        if owners and await self._owner_stands():
            return None
        nobody = Principal(id=PrincipalId(PREFIX), tenant_id=DEFAULT_TENANT, role=Role.NONE)
        return self._codes.issue(nobody)[0]

    async def tell_owners(self, key: str) -> bool:
        """Say something about this installation to whoever owns it, in private. Its failing is no failure of anything.

        Returns:
            Whether somebody was told. Nobody is until we know who we are, and where no owner is known here.
        """
        if self._calls is None:
            return False
        told = False
        words = escape(Texts(self._parts.settings.tizmor_locale).say(key))
        try:
            async with asyncio.timeout(OWNER_LIMIT.total_seconds()):
                for owner in await self._parts.people.owners(DEFAULT_TENANT, PREFIX):
                    await self._calls.post(await self._calls.open_dm(user_of(owner) or ""), {"text": words})
                    told = True
        except (IntegrationError, TimeoutError) as error:
            logger.bind(reason=str(error)).info("owners_not_told")
        return told

    async def events(self, request: web.Request) -> web.Response:
        """What Slack posts to us, where it does. Until we know who we are it is told to come again."""
        if self._events is None or self.over_sockets:
            return web.Response(status=503, headers={"Retry-After": "5"})
        return await self._events(request)

    async def run(self) -> None:
        """Serve until cancelled (``bot.services`` starts it again when it breaks)."""
        if self.trouble:
            logger.error("slack_no_delivery")
        started_at = self._parts.clock.now()
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(self._client())
            calls = SlackWeb(client)
            identity = await self._identity(calls)
            jobs = await self._open_line(client, calls, identity, started_at)
            self._known_to_slack, self._calls = True, calls
            logger.bind(team=identity.team_name, bot=identity.bot_user_id).info("slack_known")
            try:
                async with asyncio.TaskGroup() as group:
                    for job in jobs:
                        group.create_task(job())
            finally:
                self._events, self._listening = None, lambda: False
                self._known_to_slack, self._calls = False, None

    def _client(self) -> AbstractAsyncContextManager[AsyncWebClient]:
        settings = self._parts.settings
        return slack_client(revealed(settings.slack_bot_token), settings.slack_api_url, CALL_LIMIT)

    async def _identity(self, calls: SlackWeb) -> Identity:
        pause = FIRST_PAUSE
        while True:
            try:
                return await calls.identity()
            except IntegrationError as error:
                refused = isinstance(error, AuthExpiredError)
                logger.bind(code=error.code, detail=error.detail).log("ERROR" if refused else "WARNING", "slack_away")
                pause = LONGEST_PAUSE if refused else pause
            await self._parts.clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _owner_stands(self) -> bool:
        parts = self._parts
        try:
            async with asyncio.timeout(OWNER_LIMIT.total_seconds()), self._client() as client:
                calls = SlackWeb(client)
                team = (await calls.identity()).team_id
                return await SlackPeople(calls, parts.people, parts.clock, team, self._codes, parts.linking).has_owner()
        except (IntegrationError, TimeoutError) as error:
            logger.bind(reason=str(error)).warning("slack_owner_unknown")
            return True

    async def _open_line(
        self, client: AsyncWebClient, calls: SlackWeb, identity: Identity, started_at: datetime
    ) -> list[Job]:
        """Join everything that listens and sends; the jobs that keep it going."""
        parts, settings = self._parts, self._parts.settings
        seconds = int(CALL_LIMIT.total_seconds())
        responses = Responses(client.session, settings.slack_api_url, seconds)
        pace = Pace(monotonic)
        handler = SlackHandler(self._desk(calls, identity, responses, pace, started_at), self._gone)
        shown = parts.shown(SlackMessenger(calls, pace), PREFIX)
        remote = RemoteChat(shown, parts.outbox.mark, self._sent)
        mirror = self._mirror(shown, identity)
        heard, restored = await parts.log.last_heard(SURFACE), await parts.log.last_heard(EVERY_SURFACE)
        missed = Missed(calls, identity, parts.inbox.receive, parts.clock, self._threads, heard, restored)
        app = build_app(
            client=client,
            signing_secret=revealed(settings.slack_signing_secret) or None,
            identity=identity,
            receive=missed.receive,
            check=handler.check,
            clock=parts.clock,
        )
        parts.inbox.add(SURFACE, handler)
        await parts.outbox.add(SURFACE, remote)
        await parts.outbox.add_mirror(SURFACE, mirror)
        jobs: list[Job] = [remote.run, mirror.run, missed.run, partial(self._note_heard, missed)]
        if self.over_sockets:
            token = revealed(settings.slack_app_token)

            def connected(at: datetime, silent_since: datetime | None) -> None:
                missed.connected(at, silent_since)
                self._connected.ring()

            socket = SocketMode(app, token, settings.slack_api_url, parts.clock, connected)
            self._listening = lambda: socket.alive
            return [*jobs, socket.run]
        if self.trouble:
            return jobs  # what still runs is shown to its end, and nothing new is heard
        self._events, self._listening = slack_events(app), lambda: True
        missed.connected(parts.clock.now(), None)
        return jobs

    def _desk(
        self, calls: SlackWeb, identity: Identity, responses: Responses, pace: Pace, started_at: datetime
    ) -> Desk:
        parts, settings = self._parts, self._parts.settings
        people = SlackPeople(calls, parts.people, parts.clock, identity.team_id, self._codes, parts.linking)
        parts.linking.vouch(PREFIX, people.standing)
        return Desk(
            team=identity.team_id,
            door=parts.door,
            conversing=Conversing(parts.door, settings.tizmor_timezone),
            people=people,
            refusals=Refusals(parts.people),
            linking=parts.linking,
            remarks=parts.remarks,
            web=calls,
            responses=responses,
            pace=pace,
            clock=parts.clock,
            timezone=settings.tizmor_timezone,
            locale=settings.tizmor_locale,
            started_at=started_at,
        )

    def _mirror(self, shown: RemoteChatParts, identity: Identity) -> Mirror:
        place = partial(place_of, identity.team_id)
        parts = MirrorParts(chat=shown, linking=self._parts.linking, place=place, mirrored=mirrored)
        return Mirror(parts, self._parts.outbox.mark)

    def _sent(self, *, ok: bool) -> None:
        self._known_to_slack = ok

    def _gone(self) -> None:
        """The app was taken out of the workspace."""
        self._known_to_slack = False

    async def _threads(self) -> Sequence[Thread]:
        since = self._parts.clock.now() - LOOK_BACK
        found = await self._parts.store.recent_threads(DEFAULT_TENANT, since, limit=4 * MOST_THREADS)
        threads = [thread for conversation in found if (thread := thread_of(conversation)) is not None]
        return threads[:MOST_THREADS]

    async def _note_heard(self, missed: Missed) -> None:
        """Keep until when everything was heard: what the next process looks back to. Noted at each connection, every half
        minute, and when we stop."""
        parts = self._parts
        try:
            while True:
                if self._listening():
                    await parts.log.heard(SURFACE, missed.behind_since or parts.clock.now())
                with suppress(TimeoutError):
                    async with asyncio.timeout(HEARD_EVERY.total_seconds()):
                        await self._connected.wait()
        finally:
            if self._listening():
                await parts.log.heard(SURFACE, missed.behind_since or parts.clock.now())
