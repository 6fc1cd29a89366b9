"""Updates of the Bot API, as they came → deliveries: which of them concern us, and under which key. Pure and total."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast

from bot.payloads import at, items, mapping, storable
from bot.telegram.inbound.envelope import Arrival, Ours, chat_of, envelope, known
from bot.telegram.inbound.fields import instant, number, text, token
from bot.telegram.inbound.messages import edit_delivery, message_delivery, place_of
from bot.telegram.inbound.people import name_of, sender_of, title_of
from engine.ports.chat_log import Delivery

_LONGEST_DATA = 64
"""Bytes of ``callback_data``: characters are never more."""


def update_id(update: object) -> int:
    """What names an update; 0: nothing, and it can be neither kept nor confirmed."""
    return max(number(update, "update_id"), 0)


def delivery_of(update: object, ours: Ours, now: datetime) -> Delivery | None:
    """What an update is to us; None for what is confirmed and forgotten.

    Args:
        update: one ``Update``, of any shape.
        ours: who we are.
        now: when it arrived.
    """
    name = update_id(update)
    if not name:
        return None
    arrival = Arrival(ours=ours, update=name, at=now)
    if mapping(update, "message"):
        return message_delivery(at(update, "message"), arrival)
    if mapping(update, "edited_message"):
        return edit_delivery(at(update, "edited_message"), arrival)
    if mapping(update, "callback_query"):
        return _click(at(update, "callback_query"), arrival)
    return _member(at(update, "my_chat_member"), arrival)


def _click(query: object, arrival: Arrival) -> Delivery | None:
    """A button was pressed, on a message that may be too old for us to see: then nobody says in which topic it is, nor
    whether it has such a button."""
    message, chat, sender = mapping(query, "message"), chat_of(at(query, "message")), sender_of(query)
    callback, pressed = token(query, "id"), number(message, "message_id")
    if chat is None or not callback or sender.user == 0 or pressed <= 0:
        return None
    place = dict(place_of(message, chat))
    if instant(message, "date") is None:
        del place["topic"]
    who = known(name=sender.name, language=sender.language)
    data = text(query, "data")
    seen = {"known": _has_button(message, data)} if "topic" in place else {}
    return replace(
        envelope(arrival, chat, sender.user, None),
        kind="click",
        payload={**place, **seen, "data": storable(data)[:_LONGEST_DATA], "callback": callback, **who},
    )


def _has_button(message: object, data: str) -> bool:
    """Does a button of the message carry this? A client may send any data under any message of ours."""
    rows = items(message, "reply_markup", "inline_keyboard")
    buttons = (button for row in rows if isinstance(row, list) for button in cast("list[object]", row))
    return bool(data) and any(text(button, "callback_data") == data for button in buttons)


def _member(change: object, arrival: Arrival) -> Delivery | None:
    """What we are in a chat changed: let in, made an administrator, put out; or, in private, blocked."""
    chat, sender, status = chat_of(change), sender_of(change), token(change, "new_chat_member", "status")
    if chat is None or sender.user == 0 or not status:
        return None
    made = envelope(arrival, chat, sender.user, instant(change, "date"))
    told = known(
        status=status,
        before=token(change, "old_chat_member", "status"),
        title=title_of(mapping(change, "chat")),
        by=name_of(mapping(change, "from")),
    )
    return replace(made, kind="member", payload={**made.payload, **told})
