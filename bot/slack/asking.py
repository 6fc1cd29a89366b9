"""Requests that do not come as a message of their own: after a slash command, and about somebody's message."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from loguru import logger

from bot.door import OrchestrateCommand
from bot.presses import Press
from bot.slack.address import MessageRef, Thread, request_key, user_of
from bot.slack.desk import Desk
from bot.slack.markup.escape import escape
from bot.slack.markup.forms import do_this_view
from bot.slack.pace import Family
from bot.slack.remembering import Remembering
from engine.domain.ids import opaque
from engine.domain.json import JsonObject
from engine.domain.request import clean_text, dominant_locale
from engine.domain.tenant import Principal, Role
from engine.errors import IntegrationError, RefusedError, TizmorError
from engine.failpoints import failpoint
from engine.ports.chat_log import Delivery

LOOK_BACK = timedelta(minutes=5)
"""How long before its delivery a request's own message may have been posted."""
MOST_LOOKED_AT = 1_000
"""Messages of a channel that are looked through for it."""
REMEMBERED = 2_000
"""Requests whose thread is known without looking."""


class Asking:
    """Starts such requests."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._remembering = Remembering(desk)
        self._roots: OrderedDict[str, MessageRef | None] = OrderedDict()
        """The message that opened a request's thread, by the request's key; None: it may have been posted."""

    async def in_channel(self, delivery: Delivery, principal: Principal, text: str) -> str:
        """Start what was asked with a command: a command has no message, so one of ours opens its thread.

        Returns:
            Words for the person alone, or nothing.
        """
        text = clean_text(text)
        texts = self._desk.texts(dominant_locale(text))
        if spoilt := self._desk.people.spoil(text):
            return texts.say(spoilt)
        said = texts.say("conversation.asked_with_command", who=principal.name or "?", request=text[:2_000])
        root = await self._opened(delivery, principal, {"text": escape(said)})
        if root is None:
            return texts.say("conversation.cannot_post")
        thread = Thread(team=self._desk.team, channel=root.channel, ts=root.ts)
        await self._start(principal, thread, text, delivery.key)
        return "" if root.channel == delivery.payload.get("channel") else texts.say("conversation.not_in_channel")

    async def about_message(self, delivery: Delivery, principal: Principal) -> None:
        """Somebody chose "Do this" on a message: on their own it is done; on another's they are asked what to do, because
        only the asker's own words are a request."""
        payload = delivery.payload
        channel, ts = str(payload.get("channel", "")), str(payload.get("ts", ""))
        root = str(payload.get("thread_ts") or ts)
        user, text = user_of(principal.id) or "", str(payload.get("text", ""))
        texts = self._desk.texts(dominant_locale(text))
        if principal.role is Role.NONE:
            await self._desk.whisper(channel, user, texts.say("conversation.not_for_you"), root)
            return
        if payload.get("author") == user and text.strip():
            thread = Thread(team=self._desk.team, channel=channel, ts=root)
            await self._started(principal, thread, text, request_key(self._desk.team, channel, ts))
            return
        press = Press(action="do_this", choice=f"{channel}/{root}")
        try:
            await self._desk.web.open_view(str(payload.get("trigger_id")), do_this_view(text, press, texts))
        except IntegrationError:
            await self._desk.whisper(channel, user, texts.say("conversation.form_too_old"), root)

    async def as_told(self, delivery: Delivery, principal: Principal, press: Press, text: str) -> None:
        """The form of :meth:`about_message` was sent."""
        channel, _, root = press.choice.partition("/")
        await self._started(principal, Thread(team=self._desk.team, channel=channel, ts=root), text, delivery.key)

    async def _started(self, principal: Principal, thread: Thread, text: str, key: str) -> None:
        texts, user = self._desk.texts(dominant_locale(text)), user_of(principal.id) or ""
        if spoilt := self._desk.people.spoil(text):
            await self._desk.whisper(thread.channel, user, texts.say(spoilt), thread.ts)
            return
        try:
            await self._start(principal, thread, text, key)
        except IntegrationError:
            raise
        except TizmorError as error:
            words = await self._desk.refusals.words(error, texts)
            await self._desk.whisper(thread.channel, user, words, thread.ts)

    async def _start(self, principal: Principal, thread: Thread, text: str, key: str) -> None:
        if not await self._desk.remarks.read(principal.tenant_id, thread.conversation_id, limit=1):
            await self._remembering.read_before(thread)
        command = OrchestrateCommand(text=clean_text(text), conversation_id=thread.conversation_id, request_key=key)
        await self._desk.door.orchestrate(principal, command)

    async def _opened(self, delivery: Delivery, principal: Principal, body: JsonObject) -> MessageRef | None:
        """The message that opens the thread, in private where we cannot write in the channel; None: there neither."""
        known = self._roots.get(delivery.key)
        if known is not None:
            return known
        try:
            root = await self._root(delivery, str(delivery.payload.get("channel", "")), body)
        except RefusedError:
            try:
                root = await self._root(delivery, await self._desk.web.open_dm(user_of(principal.id) or ""), body)
            except RefusedError as error:
                logger.bind(code=error.code, detail=error.detail).warning("command_unanswerable")
                return None
        self._remember(delivery.key, root)
        return root

    async def _root(self, delivery: Delivery, channel: str, body: JsonObject) -> MessageRef:
        """Post it, once: it is looked for first where an earlier try, or an earlier run of the surface, may have done so."""
        key = opaque(delivery.key)
        if delivery.received_at < self._desk.started_at or delivery.key in self._roots:
            oldest = str((delivery.received_at - LOOK_BACK).timestamp())
            for message in await self._desk.web.history(channel, oldest, MOST_LOOKED_AT):
                if _mark(message) == key:
                    return MessageRef(channel=channel, ts=str(message["ts"]))
        self._remember(delivery.key, None)
        metadata = {"event_type": "tizmor_request", "event_payload": {"key": key}}
        self._desk.pace.take(Family.POST, channel)
        failpoint("slack.root.before")
        ts = await self._desk.web.post(channel, body, metadata=metadata)
        failpoint("slack.root.after")
        return MessageRef(channel=channel, ts=ts)

    def _remember(self, key: str, root: MessageRef | None) -> None:
        self._roots[key] = root
        self._roots.move_to_end(key)
        while len(self._roots) > REMEMBERED:
            self._roots.popitem(last=False)


def _mark(message: Mapping[str, Any]) -> str:
    """The key a message of ours carries; empty for others."""
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    payload: Mapping[str, Any] = metadata.get("event_payload") or {}
    return str(payload.get("key", ""))
