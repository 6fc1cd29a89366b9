"""Keyboards under messages: what Telegram takes, and how a person finds a button."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from tests.servers.telegramd.calls import Call
from tests.servers.telegramd.log import Json
from tests.servers.telegramd.refusals import bad_request

MOST_BUTTONS = 100
MOST_IN_ROW = 8
DATA_BYTES = 64
_ACTIONS = [
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
]
_DRESS = ("text", "style", "icon_custom_emoji_id")
_STYLES = ("", "default", "primary", "success", "danger")
_LINK = re.compile(r"(https?|tg|ton)://[^\s]+", re.IGNORECASE)


def markup_of(call: Call) -> Json | None:
    """The parameter ``reply_markup``; None when it is missing or holds nothing.

    Raises:
        ApiError: Telegram would not take it.
    """
    given = call.structure("reply_markup", "can't parse reply keyboard markup JSON object")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise bad_request("object expected as reply markup")
    markup = cast("Json", given)
    if "inline_keyboard" in markup:
        rows = _inline(call, markup["inline_keyboard"])
        return {"inline_keyboard": rows} if rows else None
    others = ("keyboard", "remove_keyboard", "force_reply")
    if not any(name in markup for name in others) and markup:
        call.warn(f"unknown_markup:{','.join(sorted(markup))}")
    return markup or None


def inline(markup: Json | None) -> Json | None:
    """The part of a markup that stays with the message."""
    return markup if markup and "inline_keyboard" in markup else None


def labels(markup: Json | None) -> tuple[tuple[str, ...], ...]:
    """Labels, row by row."""
    rows: Any = (markup or {}).get("inline_keyboard", ())
    return tuple(tuple(str(button["text"]) for button in row) for row in rows)


def buttons(message: Json) -> Iterator[Json]:
    """Buttons under a message, in reading order."""
    for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
        yield from row


def find_button(message: Json, wanted: str) -> Json:
    """The button with this label or data.

    Raises:
        LookupError: there is none now, or the label is not the only one.
    """
    there = list(buttons(message))
    found = [each for each in there if each.get("callback_data") == wanted]
    found = found or [each for each in there if each["text"] == wanted]
    found = found or [each for each in there if _letters(each["text"]) == _letters(wanted)]
    if len(found) != 1:
        shown = [each["text"] for each in there]
        raise LookupError(f"{len(found)} buttons {wanted!r} under message {message['message_id']}: {shown}")
    return found[0]


def _letters(label: str) -> str:
    """A label without signs before and after it, such as emoji and marks of direction."""
    return re.sub(r"^\W+|\W+$", "", label)


def _inline(call: Call, given: Any) -> list[list[Json]]:
    if not isinstance(given, list):
        raise bad_request('field "inline_keyboard" must be of type Array')
    rows: list[list[Json]] = []
    for row in cast("list[Any]", given):
        if not isinstance(row, list):
            raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
        made = [_button(call, button) for button in cast("list[Any]", row)]
        if len(made) > MOST_IN_ROW:
            call.warn(f"keyboard_row:{len(made)}")
        if made:
            rows.append(made)
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    return rows


def _button(call: Call, given: Any) -> Json:
    if not isinstance(given, dict):
        raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    button = cast("Json", given)
    if "text" not in button:
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    if button.get("style", "") not in _STYLES:
        raise bad_request("can't parse inline keyboard button: invalid button style specified")
    actions = [name for name in _ACTIONS if name in button]
    if not actions or (actions[0] in ("url", "callback_data") and not button[actions[0]]):
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    unknown = set(button) - {*_ACTIONS, *_DRESS}
    if unknown or len(actions) > 1 or not str(button["text"]).strip():
        call.warn(f"button:{sorted(unknown) or actions}:{button['text']}")
    _target(button)
    return dict(button)


def _target(button: Json) -> None:
    data, url = button.get("callback_data"), button.get("url")
    if data is not None and len(str(data).encode("utf-8", "surrogatepass")) > DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if url is not None and not _LINK.fullmatch(str(url)):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
