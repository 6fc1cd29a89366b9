"""Which events concern us, under which key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.slack.address import Thread
from tests.unit.slack.inbound.payloads import (
    AVI,
    BOT,
    CHANNEL,
    DANA,
    DM,
    NOW,
    ROOT,
    SAID_AT,
    TEAM,
    TS,
    US,
    edit,
    event,
    heard,
    message,
)  # fmt: skip


def test_a_mention_is_one_delivery_with_the_words_the_time_and_the_thread() -> None:
    delivery = heard(message(f"<@{BOT}> what&apos;s on &amp; when?".replace("&apos;", "'")))
    assert delivery is not None
    assert (delivery.key, delivery.surface, delivery.kind) == (f"slack:{TEAM}:{CHANNEL}:{TS}", "slack", "message")
    assert (delivery.user_id, delivery.tenant_id) == (f"slack:{TEAM}:{DANA}", "local")
    assert delivery.text == "what's on & when?"
    assert (delivery.sent_at, delivery.received_at) == (SAID_AT, NOW)
    assert delivery.conversation_id == Thread(team=TEAM, channel=CHANNEL, ts=TS).conversation_id
    assert delivery.payload == {
        "channel": CHANNEL,
        "ts": TS,
        "thread_ts": "",
        "dm": False,
        "mentioned": True,
        "event_id": "Ev1",
        "user_team": TEAM,
        "files": [],
        "missed": False,
    }


def test_a_mention_and_the_message_that_holds_it_are_the_same_delivery() -> None:
    said = heard(message(f"<@{BOT}> hi", "Ev1"))
    mentioned = heard(event("app_mention", "Ev2", user=DANA, text=f"<@{BOT}> hi", ts=TS, channel=CHANNEL, team=TEAM))
    assert said is not None
    assert mentioned is not None
    assert mentioned.key == said.key
    assert mentioned.text == said.text
    assert {**mentioned.payload, "event_id": ""} == {**said.payload, "event_id": ""}


@pytest.mark.parametrize(
    "fields",
    [
        {"channel": DM, "channel_type": "im"},
        {"channel": DM, "channel_type": ""},
        {"thread_ts": ROOT},
        {"subtype": "file_share", "channel": DM, "channel_type": "im", "files": [{"name": "plan.pdf"}]},
        {"subtype": "thread_broadcast", "thread_ts": ROOT},
        {"subtype": "me_message", "channel": DM, "channel_type": "im"},
    ],
    ids=["direct", "direct by its id", "in a thread", "with a file", "also sent to the channel", "/me"],
)
def test_what_is_said_to_us_or_in_a_thread_is_kept(fields: dict[str, Any]) -> None:
    delivery = heard(message("hello", **fields))
    assert delivery is not None
    assert delivery.payload["mentioned"] is False
    assert delivery.payload["dm"] is (fields.get("channel") == DM)
    assert delivery.payload["thread_ts"] == fields.get("thread_ts", "")
    assert delivery.payload["files"] == [f["name"] for f in fields.get("files", [])]


@pytest.mark.parametrize(
    "body",
    [
        message("hello all"),
        message("hello group", channel="G1", channel_type="mpim"),
        message(f"<@{BOT}> from another bot", bot_id="B2"),
        message(f"<@{BOT}> hook", subtype="bot_message", user=None, bot_id="B2"),
        message("our own", user=BOT, channel=DM, channel_type="im"),
        message("reminder", user="USLACKBOT", channel=DM, channel_type="im"),
        message(f"<@{BOT}> joined", subtype="channel_join"),
        message(f"<@{BOT}>", subtype="assistant_app_thread", channel=DM, channel_type="im"),
        message("hi", subtype="message_replied", thread_ts=ROOT),
        message("no author", user=None, channel=DM, channel_type="im"),
        message("no time", ts="soon", channel=DM, channel_type="im"),
        message("odd channel", channel="C1:evil", thread_ts=ROOT),
        event("reaction_added", user=DANA, reaction="eyes", item={"channel": CHANNEL, "ts": TS}),
        event("app_home_opened", user=DANA, channel=DM, tab="home"),
        event("tokens_revoked", tokens={"oauth": ["U9"]}),
        event("app_context_changed", user=DANA, channel=DM),
        {"type": "url_verification", "challenge": "x"},
    ],
    ids=range(17),
)
def test_everything_else_is_left_alone(body: dict[str, Any]) -> None:
    assert heard(body) is None


def test_a_root_that_has_replies_is_still_a_root() -> None:
    delivery = heard(message(f"<@{BOT}> hi", thread_ts=TS))
    assert delivery is not None
    assert delivery.payload["thread_ts"] == ""
    assert delivery.conversation_id.endswith(TS)


def test_a_reply_belongs_to_the_conversation_of_its_thread() -> None:
    delivery = heard(message("and Dana too", thread_ts=ROOT))
    assert delivery is not None
    assert delivery.conversation_id == Thread(team=TEAM, channel=CHANNEL, ts=ROOT).conversation_id
    assert delivery.key.endswith(TS)


def test_a_person_of_another_workspace_is_told_apart() -> None:
    delivery = heard(message(f"<@{BOT}> hi", team=TEAM, user_team="TOTHER"))
    assert delivery is not None
    assert delivery.payload["user_team"] == "TOTHER"
    assert delivery.user_id == f"slack:{TEAM}:{DANA}"


def test_an_edit_carries_the_new_words_under_a_key_of_its_own() -> None:
    delivery = heard(edit(f"<@{BOT}> tomorrow", f"<@{BOT}> today"))
    assert delivery is not None
    assert (delivery.kind, delivery.key, delivery.text) == ("edited", "slack:event:Ev7", "tomorrow")
    assert delivery.sent_at == datetime(2026, 11, 23, 8, 1, tzinfo=UTC)
    assert delivery.payload == {
        "channel": CHANNEL, "ts": TS, "thread_ts": "", "dm": False, "mentioned": True, "user_team": TEAM,
    }  # fmt: skip


def test_an_edit_that_takes_the_mention_out_is_still_told() -> None:
    delivery = heard(edit("never mind", f"<@{BOT}> today"))
    assert delivery is not None
    assert delivery.payload["mentioned"] is False


def test_a_preview_that_appeared_and_an_edit_of_other_peoples_talk_are_no_edits() -> None:
    assert heard(edit(f"<@{BOT}> https://x.example", f"<@{BOT}> https://x.example")) is None
    assert heard(edit("lunch at one", "lunch at noon")) is None
    assert heard(edit("lunch at one", "lunch at noon", thread_ts=ROOT)) is not None


def test_our_own_card_edited_by_us_is_not_heard() -> None:
    body = edit("done", "working", thread_ts=ROOT)
    body["event"]["message"] |= {"user": BOT, "bot_id": "BBOT"}
    assert heard(body) is None


@pytest.mark.parametrize("how", ["message_deleted", "tombstone"])
def test_a_deletion_is_told_without_words(how: str) -> None:
    body = edit("gone", f"<@{BOT}> today")
    if how == "message_deleted":
        body["event"] |= {"subtype": "message_deleted", "deleted_ts": TS}
        del body["event"]["message"]
    else:
        body["event"]["message"] = {"subtype": "tombstone", "user": "USLACKBOT", "text": "deleted", "ts": TS}
    delivery = heard(body)
    assert delivery is not None
    assert (delivery.kind, delivery.text, delivery.key) == ("deleted", "", "slack:event:Ev7")
    assert delivery.user_id == f"slack:{TEAM}:{DANA}"
    assert delivery.payload["mentioned"] is True


def test_slacks_own_stop_button_names_who_pressed_it_and_where() -> None:
    delivery = heard(event("agent_session_stopped", user=AVI, channel=CHANNEL, thread_ts=ROOT, event_ts=TS))
    assert delivery is not None
    assert (delivery.kind, delivery.key) == ("stopped", "slack:event:Ev1")
    assert delivery.user_id == f"slack:{TEAM}:{AVI}"
    assert delivery.conversation_id == Thread(team=TEAM, channel=CHANNEL, ts=ROOT).conversation_id


def test_the_messages_tab_being_opened_is_told() -> None:
    delivery = heard(event("app_home_opened", user=DANA, channel=DM, tab="messages"))
    assert delivery is not None
    assert (delivery.kind, delivery.payload) == ("opened", {"channel": DM, "tab": "messages"})


@pytest.mark.parametrize("body", [event("app_uninstalled"), event("tokens_revoked", tokens={"bot": [BOT]})])
def test_our_being_removed_is_told(body: dict[str, Any]) -> None:
    delivery = heard(body)
    assert delivery is not None
    assert delivery.kind == "gone"
    assert delivery.user_id == f"slack:{TEAM}:{US.bot_user_id}"
