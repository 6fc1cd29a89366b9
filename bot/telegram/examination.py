"""What stands between Telegram and a working bot: each thing with its mend, in words.

Asks only what changes nothing: who the bot is, where its updates go, and what it may do in groups. It never asks for updates:
of two that ask, Telegram turns the earlier one away, so looking for another process would take messages from it.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.render.texts import Texts
from bot.seen import Seen
from bot.settings import Settings
from bot.telegram.api import Identity, TelegramApi, telegram_api
from bot.telegram.errors import moved_to, reason_of
from bot.telegram.webhook import PATH
from engine.errors import AuthExpiredError, IntegrationError, RefusedError, UnavailableError

WEBHOOK_PORTS = (443, 80, 88, 8443)
"""Ports Telegram delivers to. Source: Bot API, setWebhook."""

PATIENCE = timedelta(seconds=10)
"""Longest wait for an answer of Telegram's while somebody sits at the terminal."""

WORST_SKEW = timedelta(minutes=1)
"""A clock this far off shows in the deadlines people are told."""

HARMLESS = frozenset({
    "absent", "group_gone", "groups_off", "pending", "privacy_off", "privacy_on", "ready", "ready_http", "topics",
    "webhook_left", "webhook_to_be_set",
})  # fmt: skip
"""Findings with which the bot works."""

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]{30,}")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known without asking Telegram."""

    running: bool = False
    """Another process works with this home."""
    groups: tuple[int, ...] = ()
    """Groups in which something was asked lately."""


def is_token(text: str) -> bool:
    """Does it look like a bot's token? Whether it is one, only Telegram knows."""
    return _TOKEN.fullmatch(text) is not None


def webhook_url(settings: Settings) -> str:
    """Where Telegram delivers to, if it does; meaningful where :func:`wrong_address` finds nothing."""
    return (settings.tizmor_public_url or "").rstrip("/") + PATH


def wrong_address(settings: Settings) -> tuple[str, Mapping[str, str]] | None:
    """Code and values of why Telegram cannot deliver to the public address; None where it can."""
    url = settings.tizmor_public_url
    if url is None:
        return "public_url_missing", {}
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return "public_url_plain", {"url": url}
    port = _port(url)
    return None if port in WEBHOOK_PORTS else ("public_url_port", {"port": str(port or "")})


def words_of(error: IntegrationError | TimeoutError, settings: Settings) -> tuple[str, Mapping[str, str]]:
    """Code and values of the sentence for what went wrong in a call."""
    host = urlsplit(settings.telegram_api_url).netloc
    if isinstance(error, TimeoutError):
        return "unreachable", {"host": host}
    method = error.parameters.get("method", "")
    if isinstance(error, AuthExpiredError):
        return "rejected", {}
    if not isinstance(error, UnavailableError):
        return "refused", {"method": method, "reason": reason_of(error) or error.code}
    if error.code == "rate_limited" and error.retry_after is not None:
        seconds = max(1, math.ceil(error.retry_after.total_seconds()))
        return "rate_limited", {"method": method, "seconds": str(seconds)}
    return ("unreachable" if error.code == "unreachable" else "broken"), {"host": host, "method": method}


async def examine_telegram(
    settings: Settings, now: Callable[[], datetime], around: Surroundings | None = None
) -> tuple[Seen, ...]:
    """Look at everything; a few questions to Telegram, of ten seconds each at most. Never raises for what it looks at.

    Cancel: stops at once.
    """
    return await _Examination(settings, now, around or Surroundings()).run()


@dataclass(slots=True)
class _Examination:
    settings: Settings
    now: Callable[[], datetime]
    around: Surroundings
    seen: list[Seen] = field(default_factory=list[Seen])

    async def run(self) -> tuple[Seen, ...]:
        """From what needs no network to what needs everything before it."""
        token = self._token()
        if token is None:
            return tuple(self.seen)
        if self._over_http and (found := wrong_address(self.settings)) is not None:
            self._say(found[0], **found[1])
        async with telegram_api(token, self.settings.telegram_api_url) as api:
            identity = await self._ask(api.identity())
            if identity is None:
                return tuple(self.seen)
            await self._look_at_webhook(api)
            self._look_at_bot(identity)
            for chat in self.around.groups:
                await self._look_at_group(api, chat, identity)
        await self._look_at_clock()
        if all(seen.ok for seen in self.seen):
            self.seen.insert(0, self._ready(identity))
        return tuple(self.seen)

    @property
    def _over_http(self) -> bool:
        return self.settings.telegram_webhook_secret is not None

    def _token(self) -> str | None:
        given = self.settings.telegram_bot_token
        if given is None:
            self._say("token_missing" if self._over_http else "absent")
            return None
        token = given.get_secret_value()
        if not is_token(token):
            self._say("token_shape")
            return None
        return token

    async def _look_at_webhook(self, api: TelegramApi) -> None:
        info = await self._ask(api.webhook())
        if info is None:
            return
        url, waiting = str(info.get("url") or ""), _whole(info.get("pending_update_count"))
        if self._over_http:
            self._look_at_ours(url, waiting, str(info.get("last_error_message") or ""))
        elif url:
            left = url == webhook_url(self.settings) and not self.around.running
            self._say("webhook_left" if left else "webhook_elsewhere", url=url)
        if waiting and not self.around.running:
            self._say("pending", n=waiting)

    def _look_at_ours(self, url: str, waiting: int, error: str) -> None:
        ours = webhook_url(self.settings)
        if wrong_address(self.settings) is not None:
            return
        if not self.around.running:
            if url and url != ours:
                self._say("webhook_other", url=url, ours=ours)
            elif not url:
                self._say("webhook_to_be_set")
        elif url != ours:
            self._say("webhook_other" if url else "webhook_missing", url=url, ours=ours)
        elif waiting and error:  # an error is kept after deliveries succeed again
            self._say("webhook_failing", url=url, error=error)

    def _look_at_bot(self, identity: Identity) -> None:
        if not identity.joins_groups:
            self._say("groups_off")
        else:
            self._say("privacy_off" if identity.reads_all_groups else "privacy_on", bot=identity.username)
        if identity.has_topics:
            self._say("topics")

    async def _look_at_group(self, api: TelegramApi, chat: int, identity: Identity) -> None:
        """What its rights there leave out; a group that cannot be looked at any more is one it is not in."""
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                found, member = await api.chat(chat), await api.member(chat, identity.id)
        except (RefusedError, UnavailableError, TimeoutError) as error:
            if isinstance(error, RefusedError) and moved_to(error) is None:  # it goes on under its new number
                self._say("group_gone", group=str(chat))
            return
        group, status = str(found.get("title") or chat), member.get("status")
        rights = _rights(found, member)
        if status in {"left", "kicked"} or member.get("is_member") is False:
            self._say("group_gone", group=group)
        elif rights.get("can_send_messages") is False:
            self._say("group_silent", group=group)
        elif rights.get("can_send_documents") is False:
            self._say("group_no_files", group=group)

    async def _look_at_clock(self) -> None:
        """Off by more than the question took, and a minute beside it."""
        before = self.now()
        says = await _clock_of(self.settings.telegram_api_url)
        if says is None:
            return
        skew = max(before - says, says - self.now(), timedelta())
        if skew > WORST_SKEW:
            self._say("clock", skew=Texts(self.settings.tizmor_locale).elapsed(skew))

    def _ready(self, identity: Identity) -> Seen:
        code = "ready_http" if self._over_http else "ready"
        words = self._words(code, bot=identity.username, url=webhook_url(self.settings))
        return Seen(code=code, ok=True, text=words)

    async def _ask(self, question: Awaitable[_Answer]) -> _Answer | None:
        """The answer; None, and a finding, where there is none."""
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                return await question
        except (IntegrationError, TimeoutError) as error:
            code, values = words_of(error, self.settings)
            self._say(code, **values)
            return None

    def _say(self, code: str, **values: str | int) -> None:
        self.seen.append(Seen(code=code, ok=code in HARMLESS, text=self._words(code, **values)))

    def _words(self, code: str, **values: str | int) -> str:
        return Texts(self.settings.tizmor_locale).say(f"doctor_telegram.{code}", **values)


async def _clock_of(root: str) -> datetime | None:
    """What time the server says it is; None where it does not say. Sends no token."""
    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=PATIENCE.total_seconds())) as session,
            session.get(root, allow_redirects=False) as answer,
        ):
            found = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ClientError, TimeoutError, OSError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _rights(chat: Mapping[str, Any], member: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the bot may do: as administrator everything here, restricted what it was left, else what every member may."""
    match member.get("status"):
        case "creator" | "administrator":
            return {}
        case "restricted":
            return member
        case _:
            return chat.get("permissions") or {}


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port or 443
    except ValueError:
        return None


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
