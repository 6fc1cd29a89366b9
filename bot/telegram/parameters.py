"""The words and the keys of a message as parameters of the Bot API, in PTB's objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from telegram import ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageEntity

from bot.telegram.drawings import TEXT_UNITS, fitted
from engine.domain.json import JsonObject

MOST_ENTITIES = 100
"""Those after it Telegram leaves out."""
PLACEHOLDER_CHARACTERS = 64
"""Of what stands in an empty field. Source: Bot API, ForceReply."""


def words(body: JsonObject) -> Mapping[str, Any]:
    """Text and entities, cut where they are too long; nothing is previewed."""
    body = fitted(body, TEXT_UNITS)
    entities = cast("Sequence[Mapping[str, Any]]", body.get("entities") or ())
    drawn = [
        MessageEntity(one["type"], one["offset"], one["length"], url=one.get("url")) for one in entities[:MOST_ENTITIES]
    ]
    return {
        "text": body["text"],
        "entities": drawn or None,
        "link_preview_options": LinkPreviewOptions(is_disabled=True),
    }


def keys(body: JsonObject, *, editing: bool = False) -> InlineKeyboardMarkup | ForceReply | None:
    """The buttons below it, or the field that opens for an answer, which only a new message can have."""
    force = body.get("force_reply")
    if isinstance(force, Mapping):
        placeholder = str(force.get("placeholder") or "")[:PLACEHOLDER_CHARACTERS]
        return None if editing else ForceReply(selective=True, input_field_placeholder=placeholder or None)
    rows = cast("Sequence[Sequence[Mapping[str, str]]]", body.get("keyboard") or ())
    buttons = [[InlineKeyboardButton(key["text"], callback_data=key["data"]) for key in row] for row in rows if row]
    return InlineKeyboardMarkup(buttons) if buttons else None
