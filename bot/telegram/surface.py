"""Telegram as one surface of a running product: connects, listens, sends; started once, kept running."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from aiohttp import web
from loguru import logger

from bot.access import OneTimeCodes
from bot.claims import CLAIM_LIFETIME
from bot.conversing import Conversing
from bot.mirror import Mirror, MirrorParts
from bot.refusals import Refusals
from bot.remote_chat import RemoteChat
from bot.settings import revealed
from bot.surface_parts import SurfaceParts
from bot.telegram.address import PREFIX, SURFACE, user_of
from bot.telegram.api import Identity, Target, TelegramApi, telegram_api
from bot.telegram.calls import PacedCalls
from bot.telegram.desk import Desk
from bot.telegram.examination import wrong_address
from bot.telegram.form import Forms
from bot.telegram.handling import TelegramHandler
from bot.telegram.menus import bring_up_to_date
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.mirror import mirrored, place_of
from bot.telegram.orders import Orders
from bot.telegram.pace import Pace
from bot.telegram.people import TelegramPeople
from bot.telegram.polling import Polling
from bot.telegram.webhook import PATH, telegram_updates
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.tenant import Principal, Role
from engine.errors import AuthExpiredError, IntegrationError, RefusedError

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=60)
"""Between tries to learn who we are, or to be where Telegram delivers."""

NAME_LIMIT = timedelta(seconds=5)
"""Longest it may take to learn our name for a link; the start waits for it."""

OWNER_LIMIT = timedelta(seconds=5)
"""Longest it may take to tell owners something about the installation."""

Job = Callable[[], Coroutine[Any, Any, None]]
_Answer = TypeVar("_Answer")


class TelegramSurface:
    """One bot's Telegram, from its first connection to the end of the process.

    Nothing here can stop the product: while Telegram is away or refuses our token, it is tried again, and :attr:`ready` says
    no.
    """

    def __init__(self, parts: SurfaceParts) -> None:
        self._parts = parts
        self._codes = OneTimeCodes(parts.clock, CLAIM_LIFETIME)
        self._people = TelegramPeople(parts.people, parts.clock, self._codes, parts.linking)
        self._events: Callable[[web.Request], Awaitable[web.Response]] | None = None
        self._listening: Callable[[], bool] = lambda: False
        self._known = False
        self._polling: Polling | None = None
        self._desk_now: Desk | None = None

    @property
    def over_webhook(self) -> bool:
        """Does Telegram post updates to us? Otherwise we ask for them."""
        return self._parts.settings.telegram_webhook_secret is not None

    @property
    def posted_to(self) -> Mapping[str, Callable[[web.Request], Awaitable[web.Response]]]:
        """Where Telegram posts to, and who answers there."""
        return {PATH: self.events} if self.over_webhook else {}

    @property
    def trouble(self) -> str:
        """What keeps Telegram from working until somebody mends it, as the key of a sentence; empty: nothing."""
        if self.over_webhook and wrong_address(self._parts.settings) is not None:
            return "telegram_start.no_public_url"
        return self._polling.trouble if self._polling is not None else ""

    @property
    def ready(self) -> bool:
        """Does Telegram know us, and can messages come in?"""
        return self._known and self._listening()

    async def claim_link(self) -> str:
        """What makes somebody in Telegram the owner: a link to be opened once, or a command to be sent to the bot where
        Telegram cannot tell its name now; empty where there is an owner already."""
        if await self._people.has_owner():
            return ""
        nobody = Principal(id=PrincipalId(PREFIX), tenant_id=DEFAULT_TENANT, role=Role.NONE)
        code = self._codes.issue(nobody)[0]
        name = await self._name_at_once()
        return f"https://t.me/{name}?start={code}" if name else f"/claim {code}"

    async def tell_owners(self, key: str) -> bool:
        """Say something about this installation to whoever owns it, in private. Its failing is no failure of anything.

        Returns:
            Whether somebody was told. Nobody is until we know who we are, and where no owner is known here.
        """
        if self._desk_now is None:
            return False
        told = False
        words = self._desk_now.texts().say(key)
        try:
            async with asyncio.timeout(OWNER_LIMIT.total_seconds()):
                for owner in await self._parts.people.owners(DEFAULT_TENANT, PREFIX):
                    told = await self._desk_now.say(Target(chat=user_of(owner) or 0, silent=True), words) or told
        except (IntegrationError, TimeoutError) as error:
            logger.bind(reason=str(error)).info("owners_not_told")
        return told

    async def events(self, request: web.Request) -> web.Response:
        """What Telegram posts to us, where it does. Until we know who we are it is told to come again."""
        if self._events is None or not self.over_webhook:
            return web.Response(status=503, headers={"Retry-After": "5"})
        return await self._events(request)

    async def run(self) -> None:
        """Serve until cancelled (``bot.services`` starts it again when it breaks)."""
        settings, pace = self._parts.settings, Pace(time.monotonic)
        async with telegram_api(revealed(settings.telegram_bot_token), settings.telegram_api_url, pace=pace) as api:
            identity = await self._until_done(api.identity, "telegram_away")
            jobs = await self._open_line(api, identity)
            self._known = True
            logger.bind(bot=identity.username).info("telegram_known")
            try:
                async with asyncio.TaskGroup() as group:
                    for job in jobs:
                        group.create_task(job())
            finally:
                self._events, self._listening = None, lambda: False
                self._known, self._polling, self._desk_now = False, None, None

    async def _name_at_once(self) -> str:
        settings = self._parts.settings
        with suppress(IntegrationError, TimeoutError):
            async with (
                asyncio.timeout(NAME_LIMIT.total_seconds()),
                telegram_api(revealed(settings.telegram_bot_token), settings.telegram_api_url) as api,
            ):
                return (await api.identity()).username
        return ""

    async def _open_line(self, api: TelegramApi, identity: Identity) -> list[Job]:
        """Join everything that listens and sends; the jobs that keep it going."""
        parts = self._parts
        desk = self._desk_now = self._desk(api, identity)
        forms = Forms(
            door=parts.door,
            drafts=parts.drafts,
            messages=desk.calls,
            refusals=desk.refusals,
            clock=parts.clock,
            timezone=parts.settings.tizmor_timezone,
        )
        handler = TelegramHandler(desk, forms, Orders(desk, parts.linking))
        shown = parts.shown(TelegramMessenger(api), PREFIX)
        remote = RemoteChat(shown, parts.outbox.mark, self._sent)
        mirror = Mirror(
            MirrorParts(chat=shown, linking=parts.linking, place=place_of, mirrored=mirrored), parts.outbox.mark
        )
        parts.inbox.add(SURFACE, handler)
        await parts.outbox.add(SURFACE, remote)
        await parts.outbox.add_mirror(SURFACE, mirror)
        jobs: list[Job] = [remote.run, mirror.run, partial(self._bring_menus_up_to_date, api)]
        return [*jobs, *self._listen(api, identity)]

    def _listen(self, api: TelegramApi, identity: Identity) -> list[Job]:
        parts, settings = self._parts, self._parts.settings
        if self.over_webhook:
            secret = revealed(settings.telegram_webhook_secret)
            self._events = telegram_updates(parts.inbox.receive, identity, secret, parts.clock)
            reachable = wrong_address(settings) is None
            self._listening = lambda: reachable
            return [partial(self._be_delivered_to, api, secret)] if reachable else []
        self._polling = polling = Polling(
            source=api,
            ours=identity,
            receive=parts.inbox.receive,
            log=parts.log,
            clock=parts.clock,
            connected=lambda _: None,
        )
        self._listening = lambda: polling.alive
        return [partial(self._ask_for_updates, api, polling)]

    async def _ask_for_updates(self, api: TelegramApi, polling: Polling) -> None:
        """Ask; a webhook that this very installation set before is taken away first, anybody else's never."""
        public = (self._parts.settings.tizmor_public_url or "").rstrip("/")
        if public and str((await self._until_done(api.webhook, "telegram_away")).get("url", "")) == public + PATH:
            await self._until_done(api.delete_webhook, "telegram_webhook_stays")
        await polling.run()

    async def _be_delivered_to(self, api: TelegramApi, secret: str) -> None:
        url = (self._parts.settings.tizmor_public_url or "").rstrip("/") + PATH
        await self._until_done(partial(api.set_webhook, url, secret), "telegram_webhook_refused")
        logger.bind(url=url).info("telegram_webhook_set")

    async def _bring_menus_up_to_date(self, api: TelegramApi) -> None:
        try:
            await bring_up_to_date(api)
        except IntegrationError as error:
            logger.bind(code=error.code, detail=error.detail).info("telegram_menus_left")

    async def _until_done(self, call: Callable[[], Awaitable[_Answer]], event: str) -> _Answer:
        """Try until Telegram takes it."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await call()
            except IntegrationError as error:
                refused = isinstance(error, AuthExpiredError | RefusedError)
                logger.bind(code=error.code, detail=error.detail).log("ERROR" if refused else "WARNING", event)
                pause = LONGEST_PAUSE if refused else pause
            await self._parts.clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _desk(self, api: TelegramApi, identity: Identity) -> Desk:
        parts, settings = self._parts, self._parts.settings
        return Desk(
            bot=identity,
            door=parts.door,
            conversing=Conversing(parts.door, settings.tizmor_timezone, "telegram_talk"),
            people=self._people,
            refusals=Refusals(parts.people),
            remarks=parts.remarks,
            log=parts.log,
            calls=PacedCalls(api, parts.clock),
            present=api.present,
            clock=parts.clock,
            timezone=settings.tizmor_timezone,
            locale=settings.tizmor_locale,
        )

    def _sent(self, *, ok: bool) -> None:
        self._known = ok
