"""Presses, forms, commands and shortcuts → deliveries. Pure and total."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.payloads import items, mapping, storable
from bot.presses import read_press
from bot.slack.address import PREFIX, Thread
from bot.slack.inbound.envelope import Ours, envelope, room
from bot.slack.inbound.fields import at as found_at
from bot.slack.inbound.fields import identifier, instant, stamp, text, texts, token
from bot.slack.inbound.words import plain_words
from engine.domain.json import JsonValue
from engine.ports.chat_log import Delivery

_IN_FORMS = frozenset({"page", "edit_step", "retry_step", "drop_step"})
"""What buttons in forms stand for: another page, or something done to a step."""
_ONLY_READ = frozenset({"details", "plan"})
"""Forms in which nothing is filled in."""
_ON_ANOTHER = frozenset({"edit_step"})
"""Forms that stand on one which shows what was, once they are sent."""

_CHOSEN = {
    "datetimepicker": "selected_date_time",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
}
_CHOSEN_SEVERAL = {
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
}


def interaction_delivery(body: object, ours: Ours, at: datetime) -> Delivery | None:
    """What an interaction is to us; None for what is acknowledged and forgotten, a form that is only read among it.

    Args:
        body: the whole payload, of any shape.
        ours: who we are.
        at: when it arrived.
    """
    match text(body, "type"):
        case "block_actions":
            return _click(body, ours, at)
        case "view_submission":
            return _form(body, ours, at)
        case "message_action":
            return _shortcut(body, ours, at)
        case "" if text(body, "command"):
            return _command(body, ours, at)
        case _:
            return None


def closes_all(delivery: Delivery) -> bool:
    """Is it a form with which those below it are closed too?"""
    press = read_press(str(delivery.payload.get("press", ""))) if delivery.kind == "form" else None
    return press is not None and press.action in _ON_ANOTHER


def form_values(state: object) -> dict[str, JsonValue]:
    """What was filled in, by block: a text, a choice's value, a list of them, or a moment in Unix seconds; None: nothing."""
    values: dict[str, JsonValue] = {}
    for block_id, elements in mapping(state, "values").items():
        for element in mapping(elements).values():
            values[storable(block_id)] = _filled_in(element)
            break
    return values


def _click(body: object, ours: Ours, at: datetime) -> Delivery | None:
    """A button or a menu of a message, or a button that does something in a form; what else stands in a form tells of
    itself when the form is sent."""
    action = next((a for a in items(body, "actions") if _pressed(a)), None)
    user, channel = (
        identifier(body, "user", "id"),
        identifier(body, "channel", "id") or identifier(body, "container", "channel_id"),
    )
    ts = stamp(body, "container", "message_ts") or stamp(body, "message", "ts")
    root = stamp(body, "message", "thread_ts") or stamp(body, "container", "thread_ts")
    action_ts = stamp(action, "action_ts")
    if not (action and user and action_ts):
        return None
    key = f"{PREFIX}click:{ours.team_id}:{user}:{action_ts}:{text(action, 'action_id')[:255]}"
    if not (channel and ts):
        return _in_form(body, replace(envelope(ours, user, at), key=key), _pressed(action))
    return replace(
        envelope(ours, user, at),
        key=key,
        kind="click",
        conversation_id=Thread(team=ours.team_id, channel=channel, ts=root or ts).conversation_id,
        sent_at=instant(action_ts),
        payload={
            "press": _pressed(action),
            "channel": channel,
            "message_ts": ts,
            "thread_ts": root or ts,
            "trigger_id": token(body, "trigger_id"),
            "user_team": identifier(body, "user", "team_id"),
        },
    )


def _in_form(body: object, made: Delivery, pressed: str) -> Delivery | None:
    """A button in a form that does something by itself; None for every other thing in a form."""
    press, view = read_press(pressed), mapping(body, "view")
    view_id, version = token(view, "id"), token(view, "hash")
    if press is None or press.action not in _IN_FORMS or not (view_id and version):
        return None
    payload = {
        "press": pressed,
        "view_id": view_id,
        "view_hash": version,
        "trigger_id": token(body, "trigger_id"),
        "user_team": identifier(body, "user", "team_id"),
    }
    return replace(made, kind="click", payload=payload)


def _form(body: object, ours: Ours, at: datetime) -> Delivery | None:
    view, user = mapping(body, "view"), identifier(body, "user", "id")
    view_id, version, press = token(view, "id"), token(view, "hash"), text(view, "private_metadata")
    shown = read_press(press)
    only_read = shown is not None and shown.action in _ONLY_READ
    if not (view_id and version and user) or only_read:
        return None
    return replace(
        envelope(ours, user, at),
        key=f"{PREFIX}form:{view_id}:{version}",
        kind="form",
        payload={
            "press": press,
            "callback": text(view, "callback_id"),
            "values": form_values(mapping(view, "state")),
            "trigger_id": token(body, "trigger_id"),
            "user_team": identifier(body, "user", "team_id"),
        },
    )


def _command(body: object, ours: Ours, at: datetime) -> Delivery | None:
    user, channel, trigger = identifier(body, "user_id"), identifier(body, "channel_id"), token(body, "trigger_id")
    if not (user and channel and trigger):
        return None
    return replace(
        envelope(ours, user, at),
        key=f"{PREFIX}command:{ours.team_id}:{trigger}",
        kind="command",
        text=plain_words(text(body, "text"), ours.bot_user_id),
        conversation_id=room(ours, user),
        payload={
            "channel": channel,
            "trigger_id": trigger,
            "response_url": text(body, "response_url"),
            "user_team": "",  # ``team_id`` is the workspace of the channel
        },
    )


def _shortcut(body: object, ours: Ours, at: datetime) -> Delivery | None:
    """A message's shortcut: the words are the message's, which may be another person's, so they are not the delivery's."""
    message, user, channel = mapping(body, "message"), identifier(body, "user", "id"), identifier(body, "channel", "id")
    ts, trigger = stamp(body, "message_ts") or stamp(message, "ts"), token(body, "trigger_id")
    root, happened = stamp(message, "thread_ts"), stamp(body, "action_ts")
    if not (user and channel and ts and trigger):
        return None
    return replace(
        envelope(ours, user, at),
        key=f"{PREFIX}shortcut:{ours.team_id}:{happened or ts}:{trigger}",
        kind="shortcut",
        conversation_id=Thread(team=ours.team_id, channel=channel, ts=root or ts).conversation_id,
        sent_at=instant(happened),
        payload={
            "callback": text(body, "callback_id"),
            "channel": channel,
            "ts": ts,
            "thread_ts": "" if root == ts else root,
            "author": "" if text(message, "bot_id") else identifier(message, "user"),
            "text": plain_words(text(message, "text"), ours.bot_user_id),
            "trigger_id": trigger,
            "user_team": identifier(body, "user", "team_id"),
        },
    )


def _pressed(action: object) -> str:
    """What a button or a menu stands for."""
    return text(action, "value") or text(action, "selected_option", "value")


def _filled_in(element: object) -> JsonValue:
    kind = text(element, "type")
    if kind in _CHOSEN:
        chosen = found_at(element, _CHOSEN[kind])
        return (
            chosen
            if isinstance(chosen, int) and not isinstance(chosen, bool)
            else _or_none(text(element, _CHOSEN[kind]))
        )
    if kind in _CHOSEN_SEVERAL:
        return texts(element, _CHOSEN_SEVERAL[kind])
    if isinstance(found_at(element, "selected_options"), list):
        return [text(option, "value") for option in items(element, "selected_options")]
    if mapping(element, "selected_option"):
        return text(element, "selected_option", "value")
    return _or_none(text(element, "value"))


def _or_none(words: str) -> str | None:
    return words or None
