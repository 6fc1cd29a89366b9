"""Payloads as Slack sends them, and who we are in these tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.slack.inbound.events import event_delivery
from engine.ports.chat_log import Delivery

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TEAM, BOT, DANA, AVI, CHANNEL, DM = "T1", "UBOT", "UDANA", "UAVI", "C1", "D1"
TS, ROOT = "1795420800.000200", "1795420700.000100"
SAID_AT = datetime(2026, 11, 23, 8, 0, 0, 200, tzinfo=UTC)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Us:
    team_id: str = TEAM
    bot_user_id: str = BOT
    bot_id: str = "BBOT"


US = Us()


def event(kind: str, event_id: str = "Ev1", **fields: Any) -> Json:
    return {"type": "event_callback", "team_id": TEAM, "event_id": event_id, "event": {"type": kind, **fields}}


def message(text: str, event_id: str = "Ev1", **fields: Any) -> Json:
    said = {"user": DANA, "text": text, "ts": TS, "event_ts": TS, "channel": CHANNEL, "channel_type": "channel"}
    return event("message", event_id, **(said | {"team": TEAM} | fields))


def edit(text: str, before: str, *, thread_ts: str | None = None, **fields: Any) -> Json:
    old: Json = {"type": "message", "user": DANA, "text": before, "ts": TS, "team": TEAM}
    if thread_ts:
        old["thread_ts"] = thread_ts
    new = old | {"text": text, "edited": {"user": DANA, "ts": "1795420860.000000"}}
    about = {"message": new, "previous_message": old, "channel": CHANNEL, "channel_type": "channel", "hidden": True}
    return event("message", "Ev7", subtype="message_changed", ts="1795420860.000300", **(about | fields))


def click(**fields: Any) -> Json:
    return {
        "type": "block_actions",
        "user": {"id": DANA, "team_id": TEAM},
        "team": {"id": "TOTHER"},
        "channel": {"id": CHANNEL},
        "container": {"type": "message", "message_ts": TS, "channel_id": CHANNEL, "thread_ts": ROOT},
        "message": {"ts": TS, "thread_ts": ROOT, "text": "…"},
        "trigger_id": "1.2.ab",
        "actions": [
            {"type": "button", "action_id": "approve.a1", "value": "approve|e1|a1||0", "action_ts": "1795420801.5"}
        ],
    } | fields


def form(values: Json, **view: Any) -> Json:
    shown = {"id": "V1", "hash": "1795.abc", "callback_id": "edit", "private_metadata": "edit|e1|a1||0"}
    state = {"values": {block: {"any": element} for block, element in values.items()}}
    return {
        "type": "view_submission",
        "user": {"id": DANA, "team_id": TEAM},
        "trigger_id": "1.2.ab",
        "view": shown | {"state": state} | view,
    }


def heard(body: Any) -> Delivery | None:
    return event_delivery(body, US, NOW)
