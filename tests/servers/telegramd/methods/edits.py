"""Changes to messages of the bot's, and answers to presses."""

from __future__ import annotations

import copy
from typing import Any, cast

from tests.servers.telegramd import access
from tests.servers.telegramd.calls import Call, method
from tests.servers.telegramd.keyboards import inline, markup_of
from tests.servers.telegramd.log import Json, State
from tests.servers.telegramd.methods.messages import LONGEST_CAPTION, TEXT, Shown, formatted, keep, text_of
from tests.servers.telegramd.refusals import NOT_MODIFIED, OLD_QUERY, bad_request
from tests.servers.telegramd.shapes import public
from tests.servers.telegramd.state import Chat
from tests.servers.telegramd.texts import Formatted, units

_WHERE = "business_connection_id chat_id message_id inline_message_id"
_TWO_DAYS = 48 * 3_600
_CONTENT = ("text", "entities", "caption", "caption_entities", "link_preview_options")


@method("editMessageText", f"{_WHERE} {TEXT} reply_markup")
def edit_message_text(call: Call) -> Json:
    """Change the text; a keyboard that is not given goes."""
    shown = text_of(call)
    chat, message = _own_message(call)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return _change(call, chat, message, shown)


@method("editMessageCaption", f"{_WHERE} caption parse_mode caption_entities show_caption_above_media reply_markup")
def edit_message_caption(call: Call) -> Json:
    """Change what stands under a file; a keyboard that is not given goes."""
    text = formatted(call, "caption", "caption_entities", call.text("parse_mode"))
    keyboard = markup_of(call)
    chat, message = _own_message(call)
    if "document" not in message:
        raise bad_request("there is no caption in the message to edit")
    if units(text.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    content: Json = {"caption": text.text} if text.text else {}
    if text.entities:
        content["caption_entities"] = list(text.entities)
    return _change(call, chat, message, Shown(content=content, text=text, keyboard=keyboard))


@method("editMessageReplyMarkup", f"{_WHERE} reply_markup")
def edit_message_reply_markup(call: Call) -> Json:
    """Change the keyboard alone; without one it goes."""
    keyboard = markup_of(call)
    chat, message = _own_message(call)
    content = {name: message[name] for name in _CONTENT if name in message}
    entities: list[Json] = message.get("entities") or message.get("caption_entities") or []
    text = Formatted(text=str(message.get("text", message.get("caption", ""))), entities=tuple(entities))
    return _change(call, chat, message, Shown(content=content, text=text, keyboard=keyboard))


@method("deleteMessage", "chat_id message_id")
def delete_message(call: Call) -> bool:
    """Take a message away: the bot's own for two days, others' where it may."""
    if not call.text("chat_id"):
        raise bad_request("chat identifier is not specified")
    if not call.number("message_id"):
        raise bad_request("message identifier is not specified")
    chat = access.editable(call)
    message = access.message_of(call, chat, "message to delete")
    world = call.world
    young = world.today() - int(message["date"]) < _TWO_DAYS
    rules = chat.is_admin(world.bot.id) and chat.type != "private"
    if not rules and (not young or (not message.get("_own") and chat.type != "private")):
        raise bad_request("message can't be deleted for everyone" if young else "message can't be deleted")
    remove(call, chat, message)
    return True


@method("answerCallbackQuery", "callback_query_id text show_alert url cache_time")
def answer_callback_query(call: Call) -> bool:
    """Answer a press: the client stops waiting and may show a text."""
    query = call.world.queries.get(call.text("callback_query_id"))
    text = call.text("text")
    if query is None or call.world.clock.now() - query.at > call.world.answer_seconds:
        raise bad_request(OLD_QUERY)
    if query.answer is not None:
        raise bad_request(OLD_QUERY)
    if units(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answer = {"text": text, "alert": call.flag("show_alert"), "at": call.world.clock.now()}
    call.entry.committed = True
    call.world.touch()
    return True


def remove(call: Call, chat: Chat, message: Json) -> None:
    """It is gone, for everybody."""
    number = int(message["message_id"])
    del chat.messages[number]
    chat.gone.add(number)
    if message.get("_own"):
        call.world.ledger.show(chat.id, number, State(at=call.world.clock.now(), text="", gone=True))
    call.entry.committed = True
    call.world.touch()


def _own_message(call: Call) -> tuple[Chat, Json]:
    if not call.text("chat_id") and call.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    chat = access.editable(call)
    message = access.message_of(call, chat, "message to edit")
    if not message.get("_own") or "forward_origin" in message:
        raise bad_request("message can't be edited")
    return chat, message


def _change(call: Call, chat: Chat, message: Json, shown: Shown) -> Json:
    keyboard = inline(shown.keyboard)
    if shown.keyboard and not keyboard:
        call.warn(f"keyboard_lost_in_edit:{call.method}")
    before: dict[str, Any] = {name: message[name] for name in (*_CONTENT, "reply_markup") if name in message}
    after = shown.content | ({"reply_markup": keyboard} if keyboard else {})
    if before == after:
        raise bad_request(NOT_MODIFIED)
    call.admit(chat)
    changed = {name: value for name, value in message.items() if name not in before} | copy.deepcopy(after)
    changed["edit_date"] = call.world.today()
    keep(call, chat, changed, shown)
    return public(cast("Json", changed))
