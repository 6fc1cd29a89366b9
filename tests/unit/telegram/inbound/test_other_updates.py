"""Buttons, and what we are in a chat."""

from __future__ import annotations

from typing import Any

import pytest

from bot.telegram.address import Talk
from bot.telegram.inbound.envelope import ALLOWED_UPDATES
from tests.unit.telegram.inbound.updates import (
    BOT_ID,
    CHANNEL,
    FORUM,
    GROUP,
    NOW,
    PRIVATE,
    SENT_AT,
    SUPERGROUP,
    click,
    heard,
    member,
    ours,
    taken,
)


def test_a_press_names_its_message_and_what_the_button_carries() -> None:
    delivery = taken(click(chat=SUPERGROUP))
    assert (delivery.key, delivery.kind, delivery.user_id) == (f"telegram:{BOT_ID}:500", "click", "telegram:101")
    assert (delivery.sent_at, delivery.received_at, delivery.text) == (None, NOW, "")
    assert delivery.conversation_id == Talk(chat=SUPERGROUP["id"]).conversation_id
    assert delivery.payload == {
        "chat": SUPERGROUP["id"],
        "message": 3,
        "topic": 0,
        "type": "supergroup",
        "known": False,
        "data": "a:appr1",
        "callback": "4382bfdwdsb323b2d9",
        "name": "Dana Levi",
        "language": "he",
    }


@pytest.mark.parametrize(
    ("keyboard", "seen"),
    [
        ([[{"text": "Approve", "callback_data": "a:appr1"}]], True),
        (
            [
                [{"text": "One", "callback_data": "r:appr1"}],
                [{"text": "Two"}, {"text": "Three", "callback_data": "a:appr1"}],
            ],
            True,
        ),
        ([[{"text": "Approve", "callback_data": "a:appr2"}]], False),
        ([[{"text": "a:appr1", "url": "a:appr1"}]], False),
        ([], False),
        ("a:appr1", False),
        (["a:appr1", {"callback_data": "a:appr1"}], False),
    ],
    ids=range(7),
)
def test_a_press_says_whether_its_message_has_such_a_button(keyboard: Any, seen: bool) -> None:
    assert taken(click(ours(reply_markup={"inline_keyboard": keyboard}))).payload["known"] is seen


def test_nothing_is_no_button() -> None:
    shown = ours(reply_markup={"inline_keyboard": [[{"text": "Open", "url": "https://tizmor.example"}]]})
    assert taken(click(shown, data="")).payload["known"] is False


def test_a_press_in_a_topic_says_so() -> None:
    card = ours(chat=FORUM, message_thread_id=55, is_topic_message=True)
    assert taken(click(card)).payload["topic"] == 55


def test_a_press_on_a_message_we_may_not_see_any_more_counts_but_nobody_knows_its_topic() -> None:
    delivery = taken(click({"chat": FORUM, "message_id": 3, "date": 0}))
    assert (delivery.payload["message"], delivery.payload["data"]) == (3, "a:appr1")
    assert {"topic", "known"}.isdisjoint(delivery.payload)


@pytest.mark.parametrize("data", [None, 7, "", "x" * 9_999, "a\0\ud800", "😀" * 16])
def test_whatever_a_button_carries_the_press_is_answered(data: Any) -> None:
    found = str(taken(click(data=data)).payload["data"])
    assert len(found) <= 64
    assert "\0" not in found.encode().decode()


@pytest.mark.parametrize(
    "body",
    [
        click(message=None, inline_message_id="AgAAA"),
        click(id=None),
        click(id="x" * 500),
        click(sender="Dana"),
        click(chat=CHANNEL),
        click({"chat": GROUP, "date": 0}),
        click("card"),
        member("member", chat=CHANNEL),
        member("member", new_chat_member=None),
        member("member", sender=None),
        member("a status with spaces"),
    ],
    ids=range(11),
)
def test_what_cannot_be_placed_is_left_alone(body: Any) -> None:
    assert heard(body) is None


@pytest.mark.parametrize("status", ["member", "administrator", "restricted", "left", "kicked"])
def test_what_we_are_in_a_chat_is_told(status: str) -> None:
    delivery = taken(member(status))
    assert (delivery.kind, delivery.user_id, delivery.sent_at) == ("member", "telegram:101", SENT_AT)
    assert delivery.payload == {
        "chat": -2001,
        "type": "group",
        "status": status,
        "before": "left",
        "title": "The team",
        "by": "Dana Levi",
    }


def test_a_person_who_blocks_us_is_told_of_the_private_chat() -> None:
    delivery = taken(member("kicked", chat=PRIVATE, before="member"))
    assert (delivery.payload["chat"], delivery.payload["type"]) == (101, "private")
    assert delivery.payload["title"] == "Dana Levi"


def test_what_we_ask_telegram_for_is_what_we_read() -> None:
    from telegram.constants import UpdateType

    assert set(ALLOWED_UPDATES) <= {str(kind) for kind in UpdateType}
    assert {next(k for k in body if k != "update_id") for body in (click(), member("left"))} <= set(ALLOWED_UPDATES)


def test_the_updates_that_are_used_here_are_some_for_telegrams_own_library() -> None:
    from telegram import Update

    for body in (click(), click({"chat": FORUM, "message_id": 3, "date": 0})):
        assert Update.de_json(body, None).callback_query is not None
    assert Update.de_json(member("left", before="member"), None).my_chat_member is not None
