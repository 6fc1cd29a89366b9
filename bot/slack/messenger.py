"""Posts and edits in Slack whatever an execution shows, and finds another way where Slack does not take the first.

A message whose posting nobody is sure of is found by its metadata. A drawing Slack refuses is drawn plainer, down to text; a
thread nobody can write in any more is continued in private with whoever asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import uuid4

from loguru import logger

from bot.messenger import MessageGoneError, Picture, Place, Urgency
from bot.render.card import Card
from bot.render.replies import FINAL
from bot.render.texts import Texts
from bot.render.view import ExecutionView
from bot.slack.address import MessageRef, Thread, message_ref, private_of, thread_of, user_of
from bot.slack.drawings import TEXT_CHARACTERS, UNDRAWABLE, Ladder, best_way, clip, drawing, moved
from bot.slack.markup.card import card_body
from bot.slack.markup.reply import reply_bodies
from bot.slack.pace import Family, Pace
from bot.slack.session import PROCESSING, SESSION, SUSPENDED, Sessions, session_picture
from bot.slack.web import SlackWeb
from engine.domain.json import JsonObject, JsonValue, content_hash
from engine.errors import RefusedError, UnavailableError
from engine.ports.message_log import MessageKey

EVENT_TYPE = "tizmor_message"
"""Of the metadata our messages carry."""
CARD = "card"
LOOKED_THROUGH = 1_000
"""Messages of a thread that are looked through for one of ours."""
LOOKED_THROUGH_IN_PRIVATE = 100
BEFORE = timedelta(minutes=5)
"""Looked through before a message can have been posted by our clock: Slack's goes differently."""
REMEMBERED = 10_000
"""Executions whose card is known to be there, people whose private channel is known, and messages that were drawn plainer."""

_CLOSED = frozenset({
    "cannot_reply_to_message", "channel_is_limited_access", "channel_not_found", "invalid_thread_ts", "is_archived",
    "messages_tab_disabled", "no_permission", "not_in_channel", "thread_not_found",
})  # fmt: skip
"""Refusals of where it is written; so is everything that begins with ``restricted_action``."""
_NEVER = frozenset({"invalid_blocks", "invalid_blocks_format"})
"""Refusals of a kind of block, which will be refused in every message; all others are of this one alone."""
_FILE = "file:"
"""How the ``ts`` of a reference begins that stands for a file."""
_Answer = TypeVar("_Answer")


class SlackMessenger:
    """``bot.messenger.Messenger`` for Slack.

    Args:
        web: the calls.
        pace: when they may be made.
    """

    def __init__(self, web: SlackWeb, pace: Pace) -> None:
        self._web = web
        self._pace = pace
        self._works = True
        """The last message was taken."""
        self._sessions = Sessions(web, pace, lambda: self._works)
        self._plain = False
        """Slack refused what rich drawings are made of: none is sent until the process ends."""
        self._ways: dict[str, str] = {}
        """Messages it did not take at their best, and the way it took: their progress is told in no better one."""
        self._carded: dict[str, None] = {}
        self._private: dict[str, str] = {}
        self._process = uuid4().hex[:8]

    def draw(self, view: ExecutionView) -> Sequence[Picture]:
        """See the protocol: the card, the replies, and the session's state, which is no message."""
        card = view.card

        def picture(purpose: str, urgency: Urgency, drawn: JsonObject, plain: JsonObject) -> Picture:
            body = drawing(drawn, plain, locale=card.locale, execution=card.id)
            return Picture(purpose=purpose, urgency=urgency, body=body)

        look = card_body(card, rich=True), card_body(card, rich=False)
        pictures = [picture(CARD, self._card_urgency(card), *look)]
        for reply in view.replies:
            urgency = Urgency.NOTIFY if reply.pending or reply.purpose == FINAL else Urgency.SETTLE
            plain = dict(reply_bodies(view, reply, rich=False))
            for purpose, drawn in reply_bodies(view, reply, rich=True):
                pictures.append(picture(purpose, urgency, drawn, plain.get(purpose, drawn)))
        session = session_picture(card, self._process)
        self._sessions.drawn(session.body)
        return (*pictures, session)

    @property
    def finds(self) -> bool:
        """See the protocol: by metadata."""
        return True

    def lane(self, place: Place) -> str:
        """See the protocol: the budget of edits is the workspace's."""
        del place
        return ""

    def room(self, place: Place) -> str:
        """See the protocol: a thread."""
        return place.conversation_id

    def blocked(self, place: Place, *, edit: bool) -> timedelta:
        """See the protocol."""
        del place
        return self._pace.wait(Family.UPDATE if edit else Family.POST)

    def wait(self, place: Place, ref: str | None, urgency: Urgency) -> timedelta:
        """See the protocol."""
        del urgency
        if ref is None:
            private = private_of(place.conversation_id)
            channel = self._private.get(private.user, "") if private is not None else _thread(place).channel
            return self._pace.wait(Family.POST, channel)
        ts = message_ref(ref).ts
        if ts == SESSION:
            return self._pace.wait(Family.SESSION)
        return timedelta(0) if ts.startswith(_FILE) else self._pace.wait(Family.UPDATE, ref)

    async def post(self, place: Place, picture: Picture, key: MessageKey, *, again: bool = False) -> str:
        """See the protocol. Where nobody can write in the thread any more, the message named is a private one."""
        del again
        private = private_of(place.conversation_id)
        if private is not None:
            return await self._send(await self._private_channel(private.user), None, picture, key)
        thread = _thread(place)
        if picture.purpose == SESSION:
            self._stay_within(Family.SESSION)
            await self._sessions.tell(thread, user_of(place.user_id), picture.body)
            return str(MessageRef(channel=thread.channel, ts=SESSION))
        try:
            ref = await self._send(thread.channel, thread.ts, picture, key)
        except RefusedError as error:
            if not _is_closed(error):
                raise
            ref = await self._send_in_private(place, picture, key, error)
        self._remember_card(picture)
        return ref

    async def find(self, place: Place, key: MessageKey, since: datetime | None) -> str | None:
        """See the protocol: in the thread, then in private. What may not be looked through holds nothing."""
        thread = thread_of(place.conversation_id)
        if thread is not None and key.purpose == SESSION:
            return str(MessageRef(channel=thread.channel, ts=SESSION))
        try:
            self._stay_within(Family.READ)
            oldest = "0" if since is None else f"{(since - BEFORE).timestamp():.6f}"
            found = None
            if thread is not None:
                call = self._web.replies(thread.channel, thread.ts, oldest, LOOKED_THROUGH, newest=since is None)
                found = await self._look(thread.channel, call, key)
            return found or await self._look_in_private(place, key, oldest)
        except UnavailableError as error:
            # Without its pause, which would tell the sender that the message was not posted.
            raise UnavailableError(error.code, error.detail, error.parameters) from error

    async def edit(self, place: Place, ref: str, picture: Picture) -> None:
        """See the protocol. A file stays as it was sent."""
        message, private = message_ref(ref), private_of(place.conversation_id)
        thread = _thread(place) if private is None else None
        if thread is not None and picture.purpose == SESSION:
            await self._sessions.tell(thread, user_of(place.user_id), picture.body)
            return
        if "file" in picture.body:
            return
        body = picture.body
        if thread is not None and message.channel != thread.channel:
            body = moved(body, thread)
        way = self._ways.get(ref, "rich") if picture.urgency is Urgency.PROGRESS else "rich"
        ladder = Ladder(body, plain=self._plain or way == "plain", bare=way == "text")
        try:
            await self._show(ladder, Family.UPDATE, ref, lambda it: self._web.update(message.channel, message.ts, it))
        except RefusedError as error:
            if not _is_closed(error):
                raise
            raise MessageGoneError(error.code, error.detail, error.parameters) from error
        self._remember_way(ref, ladder, body)
        self._remember_card(picture)

    # What is urgent.

    def _card_urgency(self, card: Card) -> Urgency:
        if card.id not in self._carded:
            return Urgency.OPEN
        over = card.status.name not in PROCESSING | SUSPENDED
        return Urgency.SETTLE if over or card.status.name == "asking" else Urgency.PROGRESS

    def _remember_card(self, picture: Picture) -> None:
        if picture.purpose == CARD:
            _remember(self._carded, str(picture.body.get("execution")), None)

    def _remember_way(self, ref: str, ladder: Ladder, body: JsonObject) -> None:
        if ladder.way == best_way(body):
            self._ways.pop(ref, None)
        else:
            _remember(self._ways, ref, ladder.way)

    # Sending.

    async def _send(self, channel: str, thread_ts: str | None, picture: Picture, key: MessageKey) -> str:
        self._stay_within(Family.POST, channel)
        if "file" in picture.body:
            return await self._attach(channel, thread_ts, picture, key)
        metadata: JsonObject = {"event_type": EVENT_TYPE, "event_payload": {"key": _opaque(key)}}
        ladder = Ladder(picture.body, plain=self._plain)
        ts = await self._show(
            ladder,
            Family.POST,
            channel,
            lambda drawing: self._web.post(channel, drawing, thread_ts=thread_ts, metadata=metadata),
        )
        ref = str(MessageRef(channel=channel, ts=ts))
        self._remember_way(ref, ladder, picture.body)
        return ref

    async def _send_in_private(self, place: Place, picture: Picture, key: MessageKey, refused: RefusedError) -> str:
        """To whoever asked, saying why it is there."""
        thread, user = _thread(place), user_of(place.user_id)
        if user is None:
            raise refused
        channel = await self._private_channel(user)
        if channel == thread.channel:
            raise refused
        logger.bind(channel=thread.channel, reason=_reason(refused)).warning("thread_closed")
        return await self._send(channel, None, replace(picture, body=moved(picture.body, thread)), key)

    async def _private_channel(self, user: str) -> str:
        if user not in self._private:
            _remember(self._private, user, await self._web.open_dm(user))
        return self._private[user]

    async def _attach(self, channel: str, thread_ts: str | None, picture: Picture, key: MessageKey) -> str:
        """A file, named so that it can be found again; where files are not taken, a message that says so."""
        self._stay_within(Family.FILE)
        body, file = picture.body, cast("Mapping[str, JsonValue]", picture.body["file"])
        name, comment = _file_name(str(file["name"]), key), clip(str(body["text"]), TEXT_CHARACTERS)
        upload = self._web.upload(channel, thread_ts, name, str(file["text"]), comment)
        try:
            file_id = await self._ask(upload, Family.FILE)
        except RefusedError as error:
            if _is_closed(error):
                raise
            logger.bind(reason=_reason(error)).warning("file_refused")
            words = Texts(str(body.get("locale", ""))).say("slack_out.no_file", reason=_reason(error))
            told: JsonObject = {"text": f"{comment}\n{words}"}
            return await self._send(channel, thread_ts, replace(picture, body=told), key)
        self._pace.take(Family.POST, channel)
        return str(MessageRef(channel=channel, ts=_FILE + file_id))

    async def _show(
        self, ladder: Ladder, family: Family, name: str, send: Callable[[JsonObject], Awaitable[_Answer]]
    ) -> _Answer:
        """Send the best drawing that Slack takes."""
        while True:
            try:
                return await self._ask(send(ladder.drawing()), family, name)
            except RefusedError as error:
                reason, way = _reason(error), ladder.way
                if reason not in UNDRAWABLE or not ladder.descend(reason):
                    raise
                logger.bind(way=way, reason=reason, detail=error.detail).error("drawing_refused")
                self._plain = self._plain or (way == "rich" and reason in _NEVER)

    async def _ask(self, call: Awaitable[_Answer], family: Family, name: str = "") -> _Answer:
        """Make a call that counts, and note a pause that Slack wants."""
        self._pace.take(family, name)
        try:
            answer = await call
        except UnavailableError as error:
            self._works = False
            if error.retry_after is not None:
                self._pace.penalise(error.parameters.get("method", ""), error.retry_after, name)
            raise
        self._works = True
        return answer

    def _stay_within(self, family: Family, name: str = "") -> None:
        """What the sender asked about may have changed meanwhile, and it does not know of every limit."""
        wait = self._pace.wait(family, name)
        if wait > timedelta(0):
            raise UnavailableError("slack_paced", f"{family.value} may be called in {wait}.", retry_after=wait)

    # Looking up.

    async def _look(self, channel: str, call: Awaitable[list[dict[str, Any]]], key: MessageKey) -> str | None:
        self._pace.take(Family.READ)
        try:
            messages = await call
        except UnavailableError as error:
            if error.retry_after is not None:
                self._pace.penalise(error.parameters.get("method", ""), error.retry_after)
            raise
        except RefusedError as error:
            logger.bind(channel=channel, reason=_reason(error)).warning("lookup_refused")
            return None
        refs = (ref for message in messages if (ref := _marked(channel, message, key)) is not None)
        return next((str(ref) for ref in refs), None)

    async def _look_in_private(self, place: Place, key: MessageKey, oldest: str) -> str | None:
        user = user_of(place.user_id)
        if user is None:
            return None
        try:
            channel = await self._private_channel(user)
        except RefusedError:
            return None
        thread = thread_of(place.conversation_id)
        if thread is not None and channel == thread.channel:
            return None
        return await self._look(channel, self._web.history(channel, oldest, LOOKED_THROUGH_IN_PRIVATE), key)


def _marked(channel: str, message: Mapping[str, Any], key: MessageKey) -> MessageRef | None:
    """The message's name if it carries the key, in its metadata or in the name of its file."""
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    payload: Mapping[str, Any] = metadata.get("event_payload") or {}
    if metadata.get("event_type") == EVENT_TYPE and payload.get("key") == _opaque(key):
        return MessageRef(channel=channel, ts=str(message.get("ts")))
    files = cast("list[Mapping[str, Any]]", message.get("files") or [])
    ids = (str(file.get("id")) for file in files if _file_mark(key) in str(file.get("name")))
    found = next(ids, None)
    return None if found is None else MessageRef(channel=channel, ts=_FILE + found)


def _opaque(key: MessageKey) -> str:
    """What stands for a key where others can read it."""
    return content_hash([key.execution_id, key.conversation_id, key.purpose])[:32]


def _file_mark(key: MessageKey) -> str:
    return f"-{_opaque(key)[:12]}"


def _file_name(name: str, key: MessageKey) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}{_file_mark(key)}.{ending}" if dot and stem else f"{name}{_file_mark(key)}"


def _thread(place: Place) -> Thread:
    """Raises RefusedError for a conversation that is held elsewhere."""
    thread = thread_of(place.conversation_id)
    if thread is None:
        raise RefusedError(
            "slack_refused", f"{place.conversation_id} is no thread of Slack's.", {"reason": "no_thread"}
        )
    return thread


def _reason(error: RefusedError) -> str:
    return error.parameters.get("reason", "")


def _is_closed(error: RefusedError) -> bool:
    return _reason(error) in _CLOSED or _reason(error).startswith("restricted_action")


def _remember(memory: dict[str, Any], name: str, value: Any) -> None:
    """The latest so many."""
    memory.pop(name, None)
    memory[name] = value
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]
