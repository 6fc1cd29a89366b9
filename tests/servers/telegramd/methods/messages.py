"""Messages of the bot's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from tests.servers.telegramd import access
from tests.servers.telegramd.calls import Call, method
from tests.servers.telegramd.html import parse_html
from tests.servers.telegramd.keyboards import inline, labels, markup_of
from tests.servers.telegramd.live import find_live
from tests.servers.telegramd.log import Json, State
from tests.servers.telegramd.refusals import bad_request
from tests.servers.telegramd.shapes import chat_json, public, user_json
from tests.servers.telegramd.state import Chat
from tests.servers.telegramd.texts import Formatted, prepare, units

LONGEST_TEXT, LONGEST_CAPTION = 4_096, 1_024
_RAW_BYTES = 1 << 15
PLACE = "business_connection_id chat_id message_thread_id direct_messages_topic_id"
MANNER = (
    "disable_notification protect_content allow_paid_broadcast message_effect_id reply_parameters reply_markup "
    "suggested_post_parameters reply_to_message_id allow_sending_without_reply"
)
TEXT = "text parse_mode entities link_preview_options disable_web_page_preview"
_PREVIEW = ("is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text")
_REPLY = "message_id chat_id allow_sending_without_reply quote quote_parse_mode quote_entities quote_position checklist_task_id poll_option_id"
_EFFECTS = re.compile(r"[0-9]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a message shows: the part an edit replaces."""

    content: Json
    """``text`` and ``entities``, or ``caption`` and ``caption_entities``; ``link_preview_options``."""
    text: Formatted
    keyboard: Json | None


@method("sendMessage", f"{PLACE} {TEXT} {MANNER}")
def send_message(call: Call) -> Json:
    """Write a message."""
    shown = text_of(call)
    chat = access.writable(call)
    return send(call, chat, shown)


def text_of(call: Call) -> Shown:
    """The text of a call and what goes with it.

    Raises:
        ApiError: it is empty, too long, or malformed.
    """
    if not call.text("text"):
        raise bad_request("message text is empty")
    text = formatted(call, "text", "entities", call.text("parse_mode"))
    keyboard = markup_of(call)
    if not text.text:
        raise bad_request("text must be non-empty")
    if units(text.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    content: Json = {"text": text.text}
    if text.entities:
        content["entities"] = list(text.entities)
    preview = preview_of(call)
    if preview:
        content["link_preview_options"] = preview
    return Shown(content=content, text=text, keyboard=keyboard)


def formatted(call: Call, text_name: str, entities_name: str, parse_mode: str) -> Formatted:
    """A text with its entities, given apart or as markup within it."""
    text = call.text(text_name)
    if len(text.encode("utf-8", "surrogatepass")) > _RAW_BYTES:
        raise bad_request("text is too long")
    entities = call.items(entities_name, "can't parse entities JSON object")
    mode = parse_mode.lower()
    if text and mode not in ("", "none"):
        if entities:
            call.warn(f"entities_ignored_beside_parse_mode:{call.method}")
        if mode in ("markdown", "markdownv2"):
            call.warn(f"parse_mode_not_simulated:{mode}")
            entities = []
        elif mode != "html":
            raise bad_request("unsupported parse_mode")
        else:
            text, entities = parse_html(text)
    return prepare(text, entities, call.warn)


def preview_of(call: Call) -> Json:
    """The options of link previews."""
    given = call.structure("link_preview_options", "can't parse link preview options JSON object")
    if given is not None and not isinstance(given, dict):
        raise bad_request("object expected as link preview options")
    options = cast("Json", given or {})
    for unknown in sorted(set(options) - set(_PREVIEW)):
        call.warn(f"unknown_field:link_preview_options:{unknown}")
    if call.flag("disable_web_page_preview"):
        options = {"is_disabled": True}
    return {name: value for name, value in options.items() if value}


def send(call: Call, chat: Chat, shown: Shown, **extra: Any) -> Json:
    """Put a message of the bot's into a chat: topic, reply and limits are checked, then it is there.

    Raises:
        ApiError: its topic or what it replies to is not there, or 429.
    """
    world = call.world
    topic = access.topic_of(call, chat)
    replied = replied_to(call, chat)
    if call.text("message_effect_id") and chat.type != "private":
        raise bad_request(
            "EFFECT_CHAT_INVALID" if _EFFECTS.fullmatch(call.text("message_effect_id")) else "EFFECT_ID_INVALID"
        )
    call.admit(chat)
    number = next(chat.numbers)
    message: Json = {"message_id": number}
    if chat.type == "channel":
        message["sender_chat"] = chat_json(world, chat)
    else:
        message["from"] = user_json(world.bot)
    message |= {"chat": chat_json(world, chat), "date": world.today()}
    message |= placed(call, chat, topic, replied)
    message |= shown.content | extra
    message["_own"] = True
    if inline(shown.keyboard):
        message["reply_markup"] = shown.keyboard
    elif shown.keyboard:
        message["_markup"] = shown.keyboard
    message["_silent"] = call.flag("disable_notification")
    keep(call, chat, message, shown)
    return public(message)


def placed(call: Call, chat: Chat, topic: int, replied: Json | None) -> Json:
    """Where in its chat a message stands: topic and what it replies to."""
    found: Json = {}
    if replied is not None:
        found["reply_to_message"] = {key: value for key, value in replied.items() if key != "reply_to_message"}
        quote = cast("Json", call.structure("reply_parameters", "") or {}).get("quote")
        if quote:
            found["quote"] = {"text": quote, "position": 0, "is_manual": True}
    if topic:
        found |= {"message_thread_id": topic, "is_topic_message": True}
        if replied is None and chat.type == "supergroup" and call.world.topic_replies and topic in chat.messages:
            found["reply_to_message"] = chat.messages[topic]
    elif replied is not None and replied.get("is_topic_message"):
        found |= {"message_thread_id": replied["message_thread_id"], "is_topic_message": True}
    elif replied is not None and chat.type == "supergroup" and not chat.forum:
        found["message_thread_id"] = replied.get("message_thread_id", replied["message_id"])
    return found


def replied_to(call: Call, chat: Chat) -> Json | None:
    """The message a call replies to.

    Raises:
        ApiError: it is not there, and the call does not say that it may go without.
    """
    given = call.structure("reply_parameters", "can't parse reply parameters JSON object")
    if given is not None and not isinstance(given, dict):
        raise bad_request("object expected as reply parameters")
    parameters = cast("Json", given or {})
    for unknown in sorted(set(parameters) - set(_REPLY.split())):
        call.warn(f"unknown_field:reply_parameters:{unknown}")
    if parameters and "message_id" not in parameters:
        raise bad_request("can't parse reply parameters: Can't find field \"message_id\"")
    number = int(parameters.get("message_id") or call.number("reply_to_message_id"))
    if number <= 0:
        return None
    elsewhere = parameters.get("chat_id")
    if elsewhere is not None and str(elsewhere) != str(chat.id):
        call.warn("reply_to_another_chat_not_simulated")
    found = chat.messages.get(number)
    wanted = call.number("message_thread_id")
    if found is not None and wanted and wanted != found.get("message_thread_id", wanted):
        call.warn(f"reply_in_another_topic:{chat.id}:{number}")
    without = parameters.get("allow_sending_without_reply") or call.flag("allow_sending_without_reply")
    if found is None and not without:
        raise bad_request("message to be replied not found")
    return found


def keep(call: Call, chat: Chat, message: Json, shown: Shown) -> None:
    """Store how a message stands now, and what people see of it."""
    world = call.world
    number = int(message["message_id"])
    message["_live"] = find_live(shown.text)
    state = State(
        at=world.clock.now(),
        text=shown.text.text,
        entities=shown.text.entities,
        keyboard=labels(cast("Json | None", message.get("reply_markup"))),
    )
    message.setdefault("_states", []).append(state.as_json())
    chat.messages[number] = message
    world.ledger.show(chat.id, number, state)
    call.entry.committed = True
    world.touch()
