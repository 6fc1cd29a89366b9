"""Long polling: asks Telegram for updates, and confirms them by asking for what follows once they are committed.

PTB's own loop is not used: it confirms what still sits in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from loguru import logger

from bot.telegram.address import SURFACE
from bot.telegram.inbound.envelope import Ours
from bot.telegram.inbound.intake import Intake, Receive
from bot.telegram.inbound.updates import update_id
from bot.telegram.watermark import Watermark, read_watermark
from engine.domain.json import JsonObject
from engine.errors import AuthExpiredError, IntegrationError, UnavailableError
from engine.failpoints import failpoint
from engine.ports.chat_log import Delivery
from engine.ports.clock import Clock

Connected = Callable[[datetime], None]
"""Told whenever Telegram answers again, and when: at the start, and after every time away."""

BATCH = 100
"""Updates in one answer; as many as Telegram gives."""
TOKEN_REFUSED = "telegram_start.token_refused"
CONFLICTS: Mapping[str, str] = MappingProxyType(
    {"webhook_active": "telegram_start.webhook_active", "other_poller": "telegram_start.other_poller"}
)
"""Reasons for which others get the updates, and the sentences that say so."""


class Updates(Protocol):
    """Where updates come from (``bot.telegram.api.TelegramApi``)."""

    async def updates(self, offset: int, timeout: timedelta, limit: int) -> Sequence[JsonObject]:  # noqa: ASYNC109 - Telegram's own word
        """Updates from ``offset`` on, as they came, which confirms all before it; 0: from the first that is not confirmed.

        Args:
            offset: see above.
            timeout: how long Telegram waits for the first.
            limit: how many at most.

        Raises:
            UnavailableError: there was no answer, or not yet.
            AuthExpiredError: Telegram does not know the token.
            RefusedError: with ``reason`` ``webhook_active`` or ``other_poller`` where somebody else takes the updates.
        """
        ...


class Cursors(Protocol):
    """Keeps how far we are (part of ``engine.ports.message_log.MessageLog``)."""

    async def cursor(self, surface: str) -> str | None:
        """See there."""
        ...

    async def move_cursor(self, surface: str, cursor: str, at: datetime) -> None:
        """See there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PollingOptions:
    """How patient we are."""

    held: timedelta = timedelta(seconds=50)
    """How long Telegram holds a question while there is nothing to answer; as long as it does at most."""
    margin: timedelta = timedelta(seconds=25)
    """How much longer an answer may take to arrive before it counts as lost."""
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(seconds=60)
    """Between failed tries, doubling."""
    refused_pause: timedelta = timedelta(minutes=5)
    """Between tries with a token that Telegram refused."""
    conflict_pauses: tuple[timedelta, ...] = tuple(timedelta(seconds=s) for s in (2, 5, 10, 15, 30))
    """Between tries while somebody else takes the updates: about a minute, because what a dead process asked may still be
    held. After the last one we ask no more."""
    settled: timedelta = timedelta(minutes=2)
    """So long without a conflict, and the next one is a new one."""


class Polling:
    """Listens until cancelled. Whatever Telegram, the network or storage does, it is tried again; only where somebody else
    takes the updates for good, nothing is asked any more, and :attr:`trouble` says so.

    Two processes that ask with the same token end each other's questions, and Telegram tells so whoever asked first. Each
    counts that for itself, also across answers it gets meanwhile, and whichever is told so often enough stops: one stays.

    Cancel: the question is broken off at once, and nothing more is confirmed. A last question that only confirms would gain
    nothing: what was committed is confirmed by the next question of this loop, or by the first one of the next process,
    which knows the cursor; until then it may come again, to the same inbox, which knows its key. It would cost time in
    which the process has to end, and could end the question of a process that already took over.
    """

    def __init__(
        self,
        *,
        source: Updates,
        ours: Ours,
        receive: Receive,
        log: Cursors,
        clock: Clock,
        connected: Connected,
        options: PollingOptions | None = None,
    ) -> None:
        self._source = source
        self._ours = ours
        self._intake = Intake(receive, ours, clock)
        self._log = log
        self._clock = clock
        self._connected = connected
        self._options = options or PollingOptions()
        self._mark: Watermark | None = None
        self._remembers = False
        self._alive = False
        self._trouble = ""
        self._hasty = False
        self._failures = 0
        self._conflicts = 0
        self._conflict_at: datetime | None = None

    @property
    def alive(self) -> bool:
        """Did Telegram answer when it was last asked, and could everything be kept?"""
        return self._alive

    @property
    def trouble(self) -> str:
        """What keeps updates from coming until somebody does something, as the key of a sentence; empty: nothing."""
        return self._trouble

    async def run(self) -> None:
        """See the class."""
        while True:
            pause = await self._round()
            if pause is None:
                break
            await self._clock.sleep(pause)
        await asyncio.Event().wait()

    async def _round(self) -> timedelta | None:
        """Ask once, and keep what comes; how long to rest, or None to ask no more."""
        try:
            mark = await self._remembered()
            held, asked_at = self._options.held if self._alive else timedelta(0), self._clock.now()
            updates = await self._ask(mark, held)
        except UnavailableError as error:
            return self._away("telegram_away", error)
        except AuthExpiredError as error:
            return self._refused(error)
        except IntegrationError as error:
            return self._conflict(error)
        try:
            progress = await self._keep(updates, mark)
        except UnavailableError as error:
            return self._away("telegram_updates_not_kept", error)
        self._listens()
        was_hasty, self._hasty = self._hasty, not updates and self._is_hasty(held, self._clock.now() - asked_at)
        stuck = not progress if updates else self._hasty and was_hasty
        if stuck:  # it does not heed what we ask for; asking at once would never end
            self._failures += 1
            return self._backoff()
        self._failures = 0
        return timedelta(0)

    async def _remembered(self) -> Watermark | None:
        """How far an earlier process came, or this one."""
        if not self._remembers:
            self._mark = read_watermark(await self._log.cursor(SURFACE), self._ours.id)
            self._remembers = True
        return self._mark

    def _is_hasty(self, held: timedelta, took: timedelta) -> bool:
        """Did an answer that brings nothing come at once, although it was to be held? Once may happen."""
        return took < min(held, self._options.first_pause)

    async def _ask(self, mark: Watermark | None, held: timedelta) -> Sequence[JsonObject]:
        """The next updates. Until it is known that Telegram answers, it is asked to do so at once.

        Raises:
            IntegrationError: there are none.
        """
        offset = mark.following(self._clock.now()) if mark else 0
        try:
            async with asyncio.timeout((held + self._options.margin).total_seconds()):
                return await self._source.updates(offset, held, BATCH)
        except TimeoutError as error:
            raise UnavailableError("telegram_unavailable", "getUpdates: no answer.", {"reason": "silent"}) from error

    async def _keep(self, updates: Sequence[JsonObject], mark: Watermark | None) -> bool:
        """Commit what is new, then note how far that is: only then is it asked for what follows. Was anything new?

        Raises:
            UnavailableError: not everything was kept; all of it comes again.
        """
        deliveries, reached = self._new(updates, mark)
        if reached is None or reached == mark:
            return False
        failpoint("telegram.commit.before")
        for delivery in deliveries:
            await self._intake.commit(delivery)
        failpoint("telegram.commit.after")
        await self._log.move_cursor(SURFACE, str(reached), reached.at)
        failpoint("telegram.cursor.after")
        self._mark = reached
        return True

    def _new(self, updates: Sequence[JsonObject], mark: Watermark | None) -> tuple[list[Delivery], Watermark | None]:
        """What is to be committed, in order, and how far we are then."""
        found: list[Delivery] = []
        for update in sorted(updates, key=update_id):
            name, delivery, now = update_id(update), self._intake.read(update), self._clock.now()
            if not name:
                logger.warning("telegram_update_unnamed")
            elif mark is not None and mark.covers(name, delivery.sent_at if delivery else None, now):
                logger.bind(update=name).debug("telegram_update_known")
            else:
                mark = Watermark(bot=self._ours.id, update=name, at=now)
                found += [delivery] if delivery else []
        return found, mark

    def _listens(self) -> None:
        self._trouble = ""
        if not self._alive:
            self._alive = True
            self._connected(self._clock.now())
            logger.info("telegram_listening")

    def _away(self, event: str, error: UnavailableError) -> timedelta:
        """How long to rest until it is tried again: as long as Telegram wants at least."""
        self._alive = False
        self._failures += 1
        logger.bind(code=error.code, detail=error.detail).warning(event)
        return max(self._backoff(), error.retry_after or timedelta(0))

    def _backoff(self) -> timedelta:
        doubled = self._options.first_pause * 2 ** min(self._failures - 1, 16)
        return min(doubled, self._options.longest_pause)

    def _refused(self, error: AuthExpiredError) -> timedelta:
        """The token is no good; said once, until one is taken again."""
        self._alive = False
        if self._trouble != TOKEN_REFUSED:
            logger.bind(code=error.code, detail=error.detail).error("telegram_token_refused")
        self._trouble = TOKEN_REFUSED
        return self._options.refused_pause

    def _conflict(self, error: IntegrationError) -> timedelta | None:
        """Somebody else takes the updates; None: for good, as it seems."""
        self._alive = False
        reason, now = error.parameters.get("reason", ""), self._clock.now()
        bound = logger.bind(code=error.code, detail=error.detail, reason=reason)
        if reason not in CONFLICTS:
            bound.error("telegram_updates_refused")
            return self._options.longest_pause
        if self._conflict_at is None or now - self._conflict_at > self._options.settled:
            self._conflicts = 0
        self._conflicts, self._conflict_at = self._conflicts + 1, now
        if self._conflicts <= len(self._options.conflict_pauses):
            bound.warning("telegram_updates_taken_elsewhere")
            return self._options.conflict_pauses[self._conflicts - 1]
        bound.error("telegram_polling_stopped")
        self._trouble = CONFLICTS[reason]
        return None
