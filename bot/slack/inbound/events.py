"""Events → deliveries: which of them concern us, under which key, in which words. Pure and total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.payloads import items, mapping
from bot.slack.address import PREFIX, Thread, request_key
from bot.slack.inbound.envelope import Ours, envelope, room
from bot.slack.inbound.fields import identifier, instant, stamp, text, token
from bot.slack.inbound.words import mentions, plain_words
from engine.domain.ids import ConversationId
from engine.domain.json import JsonValue
from engine.ports.chat_log import Delivery

_SAID = frozenset({"", "file_share", "thread_broadcast", "me_message"})
"""Subtypes of messages in which a person says something; all others are Slack's or a bot's."""
_SLACKBOT = "USLACKBOT"


def event_delivery(body: object, ours: Ours, at: datetime) -> Delivery | None:
    """What an event is to us; None for what is acknowledged and forgotten.

    Args:
        body: the whole payload (``event_callback``), of any shape.
        ours: who we are.
        at: when it arrived.
    """
    if text(body, "type") != "event_callback":
        return None
    event, event_id = mapping(body, "event"), token(body, "event_id")
    match text(event, "type"):
        case "message" | "app_mention":
            return message_delivery(event, ours, at, event_id=event_id)
        case "agent_session_stopped":
            return _stopped(event, ours, at, event_id)
        case "app_home_opened":
            return _opened(event, ours, at, event_id)
        case "app_uninstalled":
            return _gone(ours, at, event_id)
        case "tokens_revoked" if items(event, "tokens", "bot"):
            return _gone(ours, at, event_id)
        case _:
            return None


def message_delivery(
    event: Mapping[str, object], ours: Ours, at: datetime, *, event_id: str = "", missed: bool = False
) -> Delivery | None:
    """What a message, its edit or its deletion is to us. The same message has one key however it arrives.

    Args:
        event: a ``message`` or ``app_mention`` event; or, for ``missed``, a message of a channel's history with its
            ``channel`` and ``channel_type`` put in.
        ours: who we are.
        at: when it arrived.
        event_id: names the event, where there was one.
        missed: it was looked up afterwards, because nobody listened when it was said.
    """
    match text(event, "subtype"):
        case "message_changed":
            return _edited(event, ours, at, event_id)
        case "message_deleted":
            return _deleted(event, ours, at, event_id)
        case _:
            return _said(event, ours, at, {"event_id": event_id, "missed": missed})


def _said(event: Mapping[str, object], ours: Ours, at: datetime, known: Mapping[str, JsonValue]) -> Delivery | None:
    place, user = _place(event, event), _person(event, ours)
    if place is None or not user:
        return None
    words = text(event, "text")
    mentioned = text(event, "type") == "app_mention" or mentions(words, ours.bot_user_id)
    if not (mentioned or _is_dm(event) or place["thread_ts"]):
        return None
    return replace(
        envelope(ours, user, at),
        key=request_key(ours.team_id, place["channel"], place["ts"]),
        text=plain_words(words, ours.bot_user_id),
        conversation_id=_conversation(place, ours),
        sent_at=instant(place["ts"]),
        payload={
            **place,
            "dm": _is_dm(event),
            "mentioned": mentioned,
            "user_team": _team_of(event),
            "files": [name for file in items(event, "files") if (name := text(file, "name"))],
            **known,
        },
    )


def _edited(event: Mapping[str, object], ours: Ours, at: datetime, event_id: str) -> Delivery | None:
    """New words. Slack tells also of previews and counters that changed, which are none."""
    message, before = mapping(event, "message"), mapping(event, "previous_message")
    if text(message, "subtype") == "tombstone":
        return _deleted(event, ours, at, event_id)
    if before and text(before, "text") == text(message, "text"):
        return None
    when = stamp(message, "edited", "ts") or stamp(event, "event_ts")
    found = _about(event, message, ours, at, mentioned_before=mentions(text(before, "text"), ours.bot_user_id))
    if found is None:
        return None
    return replace(
        found,
        key=_event_key(event_id, found, f"edited:{when}"),
        kind="edited",
        text=plain_words(text(message, "text"), ours.bot_user_id),
        sent_at=instant(when),
    )


def _deleted(event: Mapping[str, object], ours: Ours, at: datetime, event_id: str) -> Delivery | None:
    found = _about(event, mapping(event, "previous_message"), ours, at)
    if found is None:
        return None
    when = stamp(event, "event_ts")
    return replace(found, key=_event_key(event_id, found, "deleted"), kind="deleted", sent_at=instant(when))


def _about(
    event: Mapping[str, object],
    message: Mapping[str, object],
    ours: Ours,
    at: datetime,
    *,
    mentioned_before: bool = False,
) -> Delivery | None:
    """What happened to a person's message that concerns us: one to us, or in a thread."""
    place, user = _place(event, message), _person(message, ours)
    if place is None or not user:
        return None
    mentioned = mentions(text(message, "text"), ours.bot_user_id)
    if not (mentioned or mentioned_before or _is_dm(event) or place["thread_ts"]):
        return None
    return replace(
        envelope(ours, user, at),
        conversation_id=_conversation(place, ours),
        payload={**place, "dm": _is_dm(event), "mentioned": mentioned, "user_team": _team_of(message)},
    )


def _stopped(event: Mapping[str, object], ours: Ours, at: datetime, event_id: str) -> Delivery | None:
    """Slack's own Stop button."""
    channel, root, user = identifier(event, "channel"), stamp(event, "thread_ts"), identifier(event, "user")
    if not (channel and root and user and event_id):
        return None
    return replace(
        envelope(ours, user, at),
        key=f"{PREFIX}event:{event_id}",
        kind="stopped",
        conversation_id=Thread(team=ours.team_id, channel=channel, ts=root).conversation_id,
        sent_at=instant(stamp(event, "event_ts")),
        payload={"channel": channel, "thread_ts": root},
    )


def _opened(event: Mapping[str, object], ours: Ours, at: datetime, event_id: str) -> Delivery | None:
    """Somebody looks at the messages tab."""
    channel, user, tab = identifier(event, "channel"), identifier(event, "user"), text(event, "tab")
    if not (channel and user and event_id) or tab != "messages":
        return None
    return replace(
        envelope(ours, user, at),
        key=f"{PREFIX}event:{event_id}",
        kind="opened",
        conversation_id=room(ours, channel),
        payload={"channel": channel, "tab": tab},
    )


def _gone(ours: Ours, at: datetime, event_id: str) -> Delivery | None:
    """We were removed from the workspace, or our token was revoked."""
    if not event_id:
        return None
    return replace(envelope(ours, ours.bot_user_id, at), key=f"{PREFIX}event:{event_id}", kind="gone")


def _place(event: Mapping[str, object], message: Mapping[str, object]) -> dict[str, str] | None:
    """Where a message stands; a root has no ``thread_ts`` here, although Slack gives it one once it has replies."""
    channel, ts, root = identifier(event, "channel"), stamp(message, "ts"), stamp(message, "thread_ts")
    if not (channel and ts):
        return None
    return {"channel": channel, "ts": ts, "thread_ts": "" if root == ts else root}


def _conversation(place: Mapping[str, str], ours: Ours) -> ConversationId:
    root = place["thread_ts"] or place["ts"]
    return Thread(team=ours.team_id, channel=place["channel"], ts=root).conversation_id


def _person(message: Mapping[str, object], ours: Ours) -> str:
    """Who said it; empty unless it was a person."""
    user = identifier(message, "user")
    said = text(message, "subtype") in _SAID and not text(message, "bot_id")
    return user if said and user not in {ours.bot_user_id, _SLACKBOT} else ""


def _is_dm(event: Mapping[str, object]) -> bool:
    kind = text(event, "channel_type")
    return kind == "im" if kind else identifier(event, "channel").startswith("D")


def _team_of(message: Mapping[str, object]) -> str:
    """The workspace of whoever said it: people of a shared channel may be of another."""
    return identifier(message, "user_team") or identifier(message, "source_team") or identifier(message, "team")


def _event_key(event_id: str, about: Delivery, otherwise: str) -> str:
    name = event_id or f"{about.conversation_id}:{about.payload['ts']}:{otherwise}"
    return f"{PREFIX}event:{name}"
