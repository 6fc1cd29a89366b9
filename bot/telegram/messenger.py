"""Posts and edits in Telegram whatever an execution shows, and finds another way where Telegram does not take the first.

A bot cannot read what stands in a chat: what may have been sent already is sent once more, and says so. A topic that is gone
is continued in the group's General one, a group nobody can write in any more in private with whoever asked; a drawing Telegram
refuses is drawn plainer, down to its words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar, cast

from loguru import logger

from bot.messenger import MessageGoneError, Picture, Place, Urgency
from bot.render.card import Card
from bot.render.replies import FINAL
from bot.render.texts import Texts
from bot.render.view import ExecutionView
from bot.telegram.address import MessageRef, Talk, message_ref, talk_of, user_of
from bot.telegram.api import Target, TelegramApi
from bot.telegram.drawings import UNDRAWABLE, Ladder, headed
from bot.telegram.errors import CLOSED, reason_of
from bot.telegram.markup.card import card_body
from bot.telegram.markup.reply import reply_bodies
from engine.domain.json import JsonObject, JsonValue
from engine.errors import RefusedError, UnavailableError
from engine.ports.message_log import MessageKey

CARD = "card"
REMEMBERED = 10_000
"""Executions whose card is known, and messages that have a line of ours above them."""

_AGAIN, _MOVED, _MOVED_TOPIC = "telegram_out.again", "telegram_out.moved", "telegram_out.moved_topic"
_MOVING = frozenset({"planning", "running", "stopping"})
"""States of a card of which the next edit tells more."""
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """Where a message is tried to be sent, and the lines above it that say why it is there."""

    target: Target
    lines: tuple[str, ...] = ()


class TelegramMessenger:
    """``bot.messenger.Messenger`` for Telegram.

    Args:
        api: the calls; its pace counts what is sent, and says when something may be.
    """

    def __init__(self, api: TelegramApi) -> None:
        self._api = api
        self._cards: dict[str, MessageRef] = {}
        """Cards that are known to be there, by execution."""
        self._lines: dict[str, tuple[str, ...]] = {}
        """Messages with lines of ours above them, which their edits keep."""
        self._scattered: dict[str, None] = {}
        """Lanes some of whose messages are in another chat, and so in another budget."""

    def draw(self, view: ExecutionView) -> Sequence[Picture]:
        """See the protocol: the card and the replies."""
        card = view.card
        pictures = [Picture(purpose=CARD, urgency=self._card_urgency(card), body=card_body(card))]
        for reply in view.replies:
            urgency = Urgency.NOTIFY if reply.pending or reply.purpose == FINAL else Urgency.SETTLE
            drawn = reply_bodies(view, reply)
            pictures += [Picture(purpose=purpose, urgency=urgency, body=body) for purpose, body in drawn]
        return pictures

    @property
    def finds(self) -> bool:
        """See the protocol: a bot cannot read."""
        return False

    def lane(self, place: Place) -> str:
        """See the protocol: the budget of edits is the chat's."""
        return str(self._api.present(_talk(place).chat))

    def room(self, place: Place) -> str:
        """See the protocol: the chat."""
        return self.lane(place)

    def blocked(self, place: Place, *, edit: bool) -> timedelta:
        """See the protocol."""
        lane = self.lane(place)
        return timedelta(0) if edit and lane in self._scattered else self._api.pace.wait(int(lane), Urgency.NOTIFY)

    def wait(self, place: Place, ref: str | None, urgency: Urgency) -> timedelta:
        """See the protocol."""
        if ref is None:
            return self._api.pace.wait(self._api.present(_talk(place).chat), urgency)
        message = message_ref(ref)
        if str(message.chat) != self.lane(place):
            _remember(self._scattered, self.lane(place), None)
        return self._api.pace.wait(message.chat, urgency, message.message)

    async def post(self, place: Place, picture: Picture, key: MessageKey, *, again: bool = False) -> str:
        """See the protocol. Where nobody can write any more, the message named is in General, or a private one."""
        spot: _Spot | None = self._first_spot(_talk(place), picture, key)
        if again:
            spot = replace(spot, lines=(_AGAIN,))
        asked_about: int | None = None
        while True:
            chat = self._api.present(spot.target.chat)
            if chat != asked_about:  # another topic needs no room of its own: what was refused took none
                self._stay_within(chat, picture.urgency)
                asked_about = chat
            try:
                ref = await self._send(spot, picture)
                break
            except RefusedError as error:
                spot = _next_spot(spot, place, reason_of(error))
                if spot is None:
                    raise
                logger.bind(chat=_talk(place).chat, reason=reason_of(error)).warning("chat_closed_to_us")
        if spot.lines:
            _remember(self._lines, str(ref), spot.lines)
        self._remember_card(picture, key.execution_id, ref)
        return str(ref)

    async def find(self, place: Place, key: MessageKey, since: datetime | None) -> str | None:
        """See the protocol: never asked, and nothing is found."""
        del place, key, since
        return None

    async def edit(self, place: Place, ref: str, picture: Picture) -> None:
        """See the protocol. A file stays as it was sent."""
        if "file" in picture.body:
            return
        message = message_ref(ref)
        self._stay_within(message.chat, picture.urgency, message.message)
        ladder = Ladder(headed(picture.body, _said(picture.body, self._lines_above(place, message))))
        try:
            await self._show(ladder, lambda body: self._api.edit(message.chat, message.message, body))
        except RefusedError as error:
            # In a private chat there is nowhere else to go: the message stays, and is edited once we may.
            if reason_of(error) not in CLOSED or message.chat > 0:
                raise
            raise MessageGoneError(error.code, error.detail, error.parameters) from error
        self._remember_card(picture, str(picture.body.get("execution")), message)

    # What is urgent.

    def _card_urgency(self, card: Card) -> Urgency:
        if card.id not in self._cards:
            return Urgency.OPEN
        return Urgency.PROGRESS if card.status.name in _MOVING else Urgency.SETTLE

    def _remember_card(self, picture: Picture, execution: str, ref: MessageRef) -> None:
        if picture.purpose == CARD:
            _remember(self._cards, execution, ref)

    # Where it goes.

    def _first_spot(self, talk: Talk, picture: Picture, key: MessageKey) -> _Spot:
        """Below what it answers: in a group the message that began the talk, in private its card."""
        card = self._cards.get(key.execution_id)
        reply_to = talk.root
        if talk.private and card is not None and card.chat == talk.chat and picture.purpose != CARD:
            reply_to = card.message
        target = Target(
            chat=talk.chat, topic=talk.topic, reply_to=reply_to, silent=_is_quiet(picture, known=card is not None)
        )
        return _Spot(target=target)

    def _lines_above(self, place: Place, message: MessageRef) -> tuple[str, ...]:
        """What another process put above it is not known, save that it went to private from a group."""
        moved = (_MOVED,) if message.chat > 0 and not _talk(place).private else ()
        return self._lines.get(str(message), moved)

    # Sending.

    async def _send(self, spot: _Spot, picture: Picture) -> MessageRef:
        body, target = picture.body, spot.target
        told = headed(body, _said(body, spot.lines))
        if "file" in body:
            number = await self._attach(target, told)
        else:
            number = await self._show(Ladder(told), lambda drawn: self._api.send(target, drawn))
        return MessageRef(chat=self._api.present(target.chat), message=number)

    async def _attach(self, target: Target, body: JsonObject) -> int:
        """A file; where files are not taken, a message that says so."""
        file, caption = cast("Mapping[str, JsonValue]", body["file"]), str(body["text"])
        try:
            return await self._api.send_file(target, str(file["name"]), str(file["text"]), caption)
        except RefusedError as error:
            reason = reason_of(error)
            if reason in CLOSED and reason != "no_rights":
                raise
            logger.bind(reason=reason, detail=error.detail).warning("file_refused")
            words = Texts(str(body.get("locale", ""))).say("telegram_out.no_file", reason=reason)
            return await self._api.send(target, {"text": f"{caption}\n{words}"})

    async def _show(self, ladder: Ladder, send: Callable[[JsonObject], Awaitable[_Answer]]) -> _Answer:
        """Send the best drawing that Telegram takes."""
        while True:
            try:
                return await send(ladder.body)
            except RefusedError as error:
                reason = reason_of(error)
                if reason not in UNDRAWABLE or not ladder.descend(reason):
                    raise
                logger.bind(reason=reason, detail=error.detail).error("drawing_refused")

    def _stay_within(self, chat: int, urgency: Urgency, message: int = 0) -> None:
        """What the sender asked about may have changed meanwhile, and it does not know of every limit."""
        wait = self._api.pace.wait(chat, urgency, message)
        if wait > timedelta(0):
            raise UnavailableError("telegram_paced", f"{chat} may be written to in {wait}.", retry_after=wait)


def _next_spot(spot: _Spot, place: Place, reason: str) -> _Spot | None:
    """Where else to say it: in the General topic, which the same people read; else to whoever asked. None: nowhere."""
    if reason == "topic_gone" and spot.target.topic:
        general = replace(spot.target, topic=0, reply_to=0)
        return replace(spot, target=general, lines=(*spot.lines, _MOVED_TOPIC))
    user = user_of(place.user_id)
    if reason not in CLOSED or spot.target.chat > 0 or user is None:
        return None
    lines = (*(line for line in spot.lines if line != _MOVED_TOPIC), _MOVED)
    return _Spot(target=Target(chat=user, silent=spot.target.silent), lines=lines)


def _is_quiet(picture: Picture, *, known: bool) -> bool:
    """Does it notify nobody? What a person waits for does, and a card that says for the first time that a request was taken;
    what only follows does not: later parts, outcomes, and a card that was there before."""
    if picture.purpose == CARD:
        return known
    return picture.urgency is not Urgency.NOTIFY or picture.purpose.startswith(f"{FINAL}:")


def _said(body: JsonObject, lines: Sequence[str]) -> list[str]:
    texts = Texts(str(body.get("locale", "")))
    return [texts.say(line) for line in lines]


def _talk(place: Place) -> Talk:
    """Raises RefusedError for a conversation that is held elsewhere."""
    talk = talk_of(place.conversation_id)
    if talk is None:
        detail = f"{place.conversation_id} is no talk of Telegram's."
        raise RefusedError("telegram_refused", detail, {"reason": "no_talk"})
    return talk


_Value = TypeVar("_Value")


def _remember(memory: dict[str, _Value], name: str, value: _Value) -> None:
    """The latest so many."""
    memory.pop(name, None)
    memory[name] = value
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]
