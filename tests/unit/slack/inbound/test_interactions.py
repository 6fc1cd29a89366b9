"""Presses, forms, commands and shortcuts, as they are committed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.presses import Press
from bot.slack.address import Thread
from bot.slack.inbound.interactions import closes_all, interaction_delivery
from engine.ports.chat_log import Delivery
from tests.unit.slack.inbound.payloads import AVI, CHANNEL, DANA, NOW, ROOT, TEAM, TS, US, click, form

THREAD = Thread(team=TEAM, channel=CHANNEL, ts=ROOT).conversation_id


def read(body: Any) -> Delivery | None:
    return interaction_delivery(body, US, NOW)


def test_a_press_names_who_what_and_where() -> None:
    delivery = read(click())
    assert delivery is not None
    assert (delivery.kind, delivery.key) == ("click", f"slack:click:{TEAM}:{DANA}:1795420801.5:approve.a1")
    assert (delivery.conversation_id, delivery.user_id) == (THREAD, f"slack:{TEAM}:{DANA}")
    assert delivery.sent_at == datetime(2026, 11, 23, 8, 0, 1, 500_000, tzinfo=UTC)
    assert delivery.payload == {
        "press": "approve|e1|a1||0",
        "channel": CHANNEL,
        "message_ts": TS,
        "thread_ts": ROOT,
        "trigger_id": "1.2.ab",
        "user_team": TEAM,
    }


def test_two_people_pressing_the_same_button_are_two_deliveries_and_one_press_sent_twice_is_one() -> None:
    keys = [d.key for user in (DANA, AVI, DANA) if (d := read(click(user={"id": user, "team_id": TEAM})))]
    assert len(keys) == 3
    assert len(set(keys)) == 2


def test_a_choice_from_a_menu_stands_for_its_value() -> None:
    chosen = {"action_id": "choose", "selected_option": {"value": "choose|e1|a1|c2|0"}, "action_ts": "1795420801.5"}
    delivery = read(click(actions=[chosen]))
    assert delivery is not None
    assert delivery.payload["press"] == "choose|e1|a1|c2|0"


def test_a_press_on_a_message_only_one_person_sees_has_no_message_but_a_place() -> None:
    body = click()
    del body["message"], body["channel"]
    delivery = read(body)
    assert delivery is not None
    assert (delivery.payload["channel"], delivery.conversation_id) == (CHANNEL, THREAD)


def test_a_press_on_a_root_belongs_to_the_thread_below_it() -> None:
    place = {"type": "message", "message_ts": TS, "channel_id": CHANNEL}
    delivery = read(click(container=place, message={"ts": TS}))
    assert delivery is not None
    assert delivery.conversation_id.endswith(TS)


@pytest.mark.parametrize(
    "body",
    [
        click(actions=[]),
        click(actions=[{"action_id": "open", "url": "https://x.example", "action_ts": "1.5"}]),
        click(container={"type": "view", "view_id": "V1"}, message=None, channel=None),
        click(user={}),
        form({}, private_metadata=Press(action="details", execution="e1", approval="a1").value),
        form({}, private_metadata=Press(action="plan", execution="e1").value),
        form({}, hash=""),
        form({}, id=None),
        {"type": "view_closed", "view": {"id": "V1"}, "user": {"id": DANA}},
        {"type": "block_suggestion", "action_id": "x", "user": {"id": DANA}},
        {"type": "shortcut", "callback_id": "x", "user": {"id": DANA}, "trigger_id": "1.2.ab"},
        {"command": "/tizmor", "user_id": DANA, "channel_id": CHANNEL},
        {},
    ],
    ids=range(13),
)
def test_what_says_nothing_to_us_is_left_alone(body: Any) -> None:
    assert read(body) is None


@pytest.mark.parametrize("action", ["page", "edit_step", "retry_step", "drop_step"])
def test_a_button_in_a_form_names_the_form_as_it_was(action: str) -> None:
    pressed = Press(action=action, execution="e1", approval="a1")
    actions = [{"action_id": pressed.name, "value": pressed.value, "action_ts": "1795420801.5"}]
    view = {"id": "V1", "hash": "1795.abc"}
    delivery = read(click(actions=actions, container={"type": "view"}, view=view, message=None, channel=None))
    assert delivery is not None
    assert (delivery.kind, delivery.key) == ("click", f"slack:click:{TEAM}:{DANA}:1795420801.5:{action}.a1")
    assert delivery.payload == {
        "press": pressed.value,
        "view_id": "V1",
        "view_hash": "1795.abc",
        "trigger_id": "1.2.ab",
        "user_team": TEAM,
    }


@pytest.mark.parametrize(("action", "closes"), [("edit_step", True), ("edit", False), ("", False)])
def test_the_form_of_a_step_closes_what_is_below_it(action: str, closes: bool) -> None:
    delivery = read(form({}, private_metadata=Press(action=action, execution="e1", approval="a1").value))
    assert delivery is not None
    assert closes_all(delivery) is closes


def test_a_form_carries_what_was_filled_in_by_block() -> None:
    one, two = {"value": "one"}, {"value": "two"}
    values: dict[str, Any] = {
        "text": {"type": "plain_text_input", "value": "a <b> & c"},
        "empty": {"type": "plain_text_input", "value": None},
        "number": {"type": "number_input", "value": "30"},
        "choice": {"type": "static_select", "selected_option": one},
        "none": {"type": "static_select", "selected_option": None},
        "radio": {"type": "radio_buttons", "selected_option": two},
        "several": {"type": "multi_static_select", "selected_options": [one, two]},
        "boxes": {"type": "checkboxes", "selected_options": []},
        "moment": {"type": "datetimepicker", "selected_date_time": 1795420800},
        "no_moment": {"type": "datetimepicker", "selected_date_time": None},
        "day": {"type": "datepicker", "selected_date": "2026-11-23"},
        "hour": {"type": "timepicker", "selected_time": "09:30"},
        "person": {"type": "users_select", "selected_user": DANA},
        "people": {"type": "multi_users_select", "selected_users": [DANA, AVI]},
        "odd": "nothing",
    }
    delivery = read(form(values))
    assert delivery is not None
    assert (delivery.kind, delivery.key) == ("form", "slack:form:V1:1795.abc")
    assert delivery.payload["press"] == "edit|e1|a1||0"
    assert delivery.payload["callback"] == "edit"
    assert delivery.payload["values"] == {
        "text": "a <b> & c",
        "empty": None,
        "number": "30",
        "choice": "one",
        "none": None,
        "radio": "two",
        "several": ["one", "two"],
        "boxes": [],
        "moment": 1795420800,
        "no_moment": None,
        "day": "2026-11-23",
        "hour": "09:30",
        "person": DANA,
        "people": [DANA, AVI],
        "odd": None,
    }


def test_a_command_carries_the_words_after_it() -> None:
    body = {
        "command": "/tizmor",
        "text": " ask &lt;@x&gt; with <@UAVI|avi> ",
        "user_id": DANA,
        "channel_id": CHANNEL,
        "team_id": TEAM,
        "trigger_id": "1.2.ab",
        "response_url": "https://hooks.slack.example/1",
    }
    delivery = read(body)
    assert delivery is not None
    assert (delivery.kind, delivery.key) == ("command", f"slack:command:{TEAM}:1.2.ab")
    assert delivery.text == "ask <@x> with @avi"
    assert delivery.payload["channel"] == CHANNEL
    assert delivery.payload["response_url"] == "https://hooks.slack.example/1"


def test_a_shortcut_carries_another_persons_words_apart_from_the_askers() -> None:
    body: dict[str, Any] = {
        "type": "message_action",
        "callback_id": "do_this",
        "user": {"id": DANA, "team_id": TEAM},
        "channel": {"id": CHANNEL},
        "message_ts": TS,
        "message": {"user": AVI, "text": "call <@UDANA>", "ts": TS, "thread_ts": ROOT},
        "action_ts": "1795420802.25",
        "trigger_id": "1.2.ab",
    }
    delivery = read(body)
    assert delivery is not None
    assert (delivery.kind, delivery.key) == ("shortcut", f"slack:shortcut:{TEAM}:1795420802.25:1.2.ab")
    assert (delivery.text, delivery.conversation_id) == ("", THREAD)
    assert delivery.payload == {
        "callback": "do_this",
        "channel": CHANNEL,
        "ts": TS,
        "thread_ts": ROOT,
        "author": AVI,
        "text": "call @UDANA",
        "trigger_id": "1.2.ab",
        "user_team": TEAM,
    }
    body["message"] |= {"bot_id": "B2"}
    by_a_bot = read(body)
    assert by_a_bot is not None
    assert by_a_bot.payload["author"] == ""
