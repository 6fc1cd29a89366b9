"""The Bot API as the product calls it: each call once, and every failure an error of ours that says what to do.

Whether to call again is for whoever knows whether it may. What goes to a chat is counted against its limits here, whoever sends
it, and paused where Telegram says so; waiting is for whoever can wait. Texts go with entities and never with a ``parse_mode``,
so that nothing in anybody's words is markup.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

from telegram import BotCommand, BotCommandScope, InputFile, ReplyParameters
from telegram.error import TelegramError

from bot.messenger import MessageGoneError
from bot.telegram.drawings import CAPTION_UNITS, clip
from bot.telegram.errors import is_unreachable, moved_to, reason_of, translated
from bot.telegram.inbound.envelope import ALLOWED_UPDATES
from bot.telegram.pace import Pace
from bot.telegram.parameters import keys, words
from bot.telegram.wire import ANSWER, CONNECT, UPDATES, RawBot, Wire, raw_bot
from engine.domain.json import JsonObject
from engine.errors import IntegrationError, RefusedError, UnavailableError

MOST_UPDATES = 100
"""Of one answer. Source: Bot API, getUpdates."""
ANSWER_CHARACTERS = 200
"""Of what answers a press. Source: Bot API, answerCallbackQuery."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=20)
"""Between two tries while Telegram cannot be reached: a quarter of the time it has been so, within these."""
REMEMBERED = 1_000
"""Groups that have another id now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who our token is."""

    id: int
    username: str
    name: str
    reads_all_groups: bool
    """Its privacy mode is off: in groups it gets every message."""
    joins_groups: bool
    """It may be added to groups."""
    has_topics: bool
    """Private chats with it have topics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a message goes."""

    chat: int
    topic: int = 0
    """0: there are none, or it is the General one."""
    reply_to: int = 0
    """The message it answers; 0: none. Where that is gone, it is sent all the same."""
    silent: bool = False
    """It notifies nobody."""


@asynccontextmanager
async def telegram_api(
    token: str, root: str, *, pace: Pace | None = None, proxy: str | None = None
) -> AsyncGenerator[TelegramApi]:
    """The calls, over connections of their own that are closed at the end. Asks Telegram nothing by itself.

    Args:
        token: the bot's.
        root: ``https://api.telegram.org``, or that of another Bot API server.
        pace: counts what is sent; shared by whoever waits for it.
        proxy: through which to call; proxies of the environment are not used.
    """
    async with raw_bot(token, Wire(root=root, proxy=proxy)) as bot:
        yield TelegramApi(bot, pace or Pace(time.monotonic))


class TelegramApi:
    """The calls we make.

    Every one raises:
        UnavailableError: nobody knows whether it was done (``telegram_unavailable``); with ``retry_after`` it surely was not:
            Telegram wants to be left alone for so long (``rate_limited``), or nothing reaches it (``unreachable``).
        AuthExpiredError: ``telegram_token_refused``.
        RefusedError: ``telegram_refused``, with a stable ``reason`` of ours; see :mod:`bot.telegram.errors`.

    All name the ``method`` in their parameters. Cancel: as when nobody knows whether it was done.
    """

    def __init__(self, bot: RawBot, pace: Pace) -> None:
        self._bot = bot
        self._pace = pace
        self._known = False
        """Telegram took our token."""
        self._lost_at: float | None = None
        """Since when nothing reaches it."""
        self._moved: dict[int, int] = {}

    @property
    def pace(self) -> Pace:
        """What everything sent here is counted by."""
        return self._pace

    # Who we are, and what reaches us.

    async def identity(self) -> Identity:
        """Who we are."""
        me = _object(await self._ask("getMe"))
        return Identity(
            id=int(me.get("id") or 0),
            username=str(me.get("username") or ""),
            name=str(me.get("first_name") or ""),
            reads_all_groups=me.get("can_read_all_group_messages") is True,
            joins_groups=me.get("can_join_groups") is True,
            has_topics=me.get("has_topics_enabled") is True,
        )

    async def updates(
        self,
        offset: int | None,
        timeout: timedelta,  # noqa: ASYNC109 - it is Telegram that waits
        limit: int = MOST_UPDATES,
    ) -> list[JsonObject]:
        """What happened, oldest first, as Telegram tells it.

        Args:
            offset: the first that is wanted; those before it are forgotten there. None: the first there is.
            timeout: how long Telegram waits for one before it answers that there is none.
            limit: at most so many.
        """
        parameters = {
            "offset": offset,
            "timeout": int(timeout.total_seconds()),
            "limit": limit,
            "allowed_updates": list(ALLOWED_UPDATES),
        }
        found = await self._ask(UPDATES, parameters, longest=timeout + ANSWER)
        if not isinstance(found, list):
            raise _senseless(UPDATES)
        return [update for update in map(_object, cast("list[object]", found)) if update]

    async def set_webhook(self, url: str, secret: str, *, connections: int = 10) -> None:
        """Have updates delivered to an address; what waits is kept.

        Args:
            url: where to.
            secret: comes with each, in ``X-Telegram-Bot-Api-Secret-Token``.
            connections: at most so many deliveries at a time.
        """
        parameters = {"url": url, "secret_token": secret, "max_connections": connections}
        await self._ask("setWebhook", {**parameters, "allowed_updates": list(ALLOWED_UPDATES)})

    async def delete_webhook(self) -> None:
        """Have updates wait until they are asked for; what waits is kept."""
        await self._ask("deleteWebhook")

    async def webhook(self) -> Mapping[str, Any]:
        """``WebhookInfo``; its ``url`` is empty where there is none."""
        return _object(await self._ask("getWebhookInfo"))

    async def set_commands(
        self, commands: Sequence[tuple[str, str]], *, scope: str = "default", language: str = ""
    ) -> None:
        """What the menu offers, with a description each; none: the menu of this scope and language is taken away.

        Args:
            commands: names and descriptions.
            scope: type of a ``BotCommandScope`` that names no chat.
            language: two letters; empty: of everybody without a menu in their own.
        """
        named = [BotCommand(name, about) for name, about in commands]
        parameters: dict[str, Any] = {"scope": BotCommandScope(scope), "language_code": language or None}
        await (
            self._ask("setMyCommands", {**parameters, "commands": named})
            if named
            else self._ask("deleteMyCommands", parameters)
        )

    async def commands(self, *, scope: str = "default", language: str = "") -> list[tuple[str, str]]:
        """What the menu of exactly this scope and language offers."""
        parameters = {"scope": BotCommandScope(scope), "language_code": language or None}
        found = await self._ask("getMyCommands", parameters)
        listed = map(_object, cast("list[object]", found) if isinstance(found, list) else [])
        return [(str(one.get("command")), str(one.get("description"))) for one in listed]

    # Chats.

    def present(self, chat: int) -> int:
        """The id a group has now: another one after it became a supergroup, as far as this process heard of it."""
        return self._moved.get(chat, chat)

    def moved(self, chat: int, to: int) -> None:
        """A group has another id now. The numbers of its messages mean others there, and old ones cannot be edited."""
        self._moved[chat] = to
        self._moved |= {old: to for old, new in self._moved.items() if new == chat}
        while len(self._moved) > REMEMBERED:
            del self._moved[next(iter(self._moved))]

    async def chat(self, chat: int) -> Mapping[str, Any]:
        """``ChatFullInfo``."""
        return _object(await self._ask("getChat", {"chat_id": self.present(chat)}))

    async def member(self, chat: int, user: int) -> Mapping[str, Any]:
        """``ChatMember``."""
        return _object(await self._ask("getChatMember", {"chat_id": self.present(chat), "user_id": user}))

    # Messages.

    async def send(self, target: Target, body: JsonObject) -> int:
        """Send a message; nothing in it is previewed, nor made a link or a mention that we did not make.

        Args:
            target: where to.
            body: ``text``, perhaps ``entities``, and ``keyboard`` or ``force_reply``; cut where it is too long.

        Returns:
            Its number in the chat, or in the one the chat has become (:meth:`present`).
        """
        return await self._deliver("sendMessage", target, {**words(body), "reply_markup": keys(body)})

    async def send_file(self, target: Target, name: str, text: str, caption: str = "") -> int:
        """Send a text as a file. Returns as :meth:`send`."""
        content = text.encode(errors="replace") or b"\n"  # an empty file is refused
        document = InputFile(content, filename=name, attach=False)
        parameters = {"document": document, "caption": clip(caption, CAPTION_UNITS) or None}
        return await self._deliver("sendDocument", target, parameters)

    async def edit(self, chat: int, message: int, body: JsonObject) -> None:
        """Show another state in a message of ours; the same one is fine. Without a ``keyboard`` it has none any more.

        Raises:
            MessageGoneError: it is not there any more, or may not be edited. Otherwise as every call.
        """
        if chat in self._moved:
            raise _left_behind(chat, message)
        parameters = {"chat_id": chat, "message_id": message, **words(body), "reply_markup": keys(body, editing=True)}
        try:
            await self._ask("editMessageText", parameters, chat=chat, message=message)
        except RefusedError as error:
            to = moved_to(error)
            if to is not None:
                self.moved(chat, to)
                raise _left_behind(chat, message) from error
            if reason_of(error) != "not_modified":
                raise

    async def answer(self, callback: str, text: str = "", *, alert: bool = False) -> None:
        """Answer a press, which until then shows that it waits. One that is too old needs no answer any more.

        Args:
            callback: the press.
            text: shown to whoever pressed; cut to what Telegram takes.
            alert: in a window, rather than for a moment.
        """
        parameters = {"callback_query_id": callback, "text": text[:ANSWER_CHARACTERS] or None, "show_alert": alert}
        try:
            await self._ask("answerCallbackQuery", parameters)
        except RefusedError as error:
            if reason_of(error) != "too_old":
                raise

    async def _deliver(self, method: str, target: Target, parameters: Mapping[str, Any]) -> int:
        """To where the chat is now, and without what it replies to where that is gone; each found out once."""
        target = self._found(target)
        for _ in range(2):
            try:
                return await self._post(method, target, parameters)
            except RefusedError as error:
                to = moved_to(error)
                if to is not None:
                    self.moved(target.chat, to)
                    target = self._found(target)
                elif reason_of(error) == "reply_gone" and target.reply_to:
                    target = replace(target, reply_to=0)
                else:
                    raise
        return await self._post(method, target, parameters)

    def _found(self, target: Target) -> Target:
        chat = self.present(target.chat)
        return target if chat == target.chat else replace(target, chat=chat, topic=0, reply_to=0)

    async def _post(self, method: str, target: Target, parameters: Mapping[str, Any]) -> int:
        reply = ReplyParameters(target.reply_to, allow_sending_without_reply=True) if target.reply_to else None
        where = {
            "chat_id": target.chat,
            "message_thread_id": target.topic or None,
            "reply_parameters": reply,
            "disable_notification": target.silent or None,
        }
        number = _object(await self._ask(method, {**where, **parameters}, chat=target.chat)).get("message_id")
        if not isinstance(number, int):
            raise _senseless(method)
        return number

    async def _ask(
        self,
        method: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        chat: int = 0,
        message: int = 0,
        longest: timedelta = ANSWER,
    ) -> Any:
        """The result, or an error of ours; counted where it shows something in a chat."""
        if chat:
            self._pace.take(chat, message)
        try:
            async with asyncio.timeout((longest + CONNECT).total_seconds()):
                answer = await self._bot.call(method, parameters or {}, longest)
        except (TelegramError, TimeoutError) as error:
            raise self._failed(method, error, chat) from error
        self._reached()
        self._known = True
        return answer

    def _failed(self, method: str, error: Exception, chat: int) -> IntegrationError:
        pause = self._unreached() if is_unreachable(error) else FIRST_PAUSE
        failure = translated(method, error, pause, known=self._known)
        if isinstance(failure, RefusedError):
            self._reached()
        elif isinstance(failure, UnavailableError) and failure.code == "rate_limited":
            self._reached()
            if chat and failure.retry_after is not None:
                self._pace.penalise(chat, failure.retry_after)
        return failure

    def _unreached(self) -> timedelta:
        """Nothing is sent for a while."""
        now = self._pace.now()
        self._lost_at = now if self._lost_at is None else self._lost_at
        pause = min(max(timedelta(seconds=(now - self._lost_at) / 4), FIRST_PAUSE), LONGEST_PAUSE)
        self._pace.hold(pause)
        return pause

    def _reached(self) -> None:
        if self._lost_at is not None:
            self._lost_at = None
            self._pace.release()


def _object(value: object) -> Mapping[str, Any]:
    """An object of an answer; empty where there is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _senseless(method: str) -> UnavailableError:
    parameters = {"method": method, "reason": "senseless_answer"}
    return UnavailableError("telegram_unavailable", f"{method}: senseless_answer.", parameters)


def _left_behind(chat: int, message: int) -> MessageGoneError:
    parameters = {"method": "editMessageText", "reason": "message_gone"}
    return MessageGoneError(
        "telegram_message_gone", f"{chat}/{message} stayed behind in a group that moved.", parameters
    )
