"""What a message is an answer to."""

from __future__ import annotations

from typing import Any

import pytest

from engine.domain.json import JsonObject
from tests.unit.telegram.inbound.updates import (
    AVI,
    BOT,
    BOT_ID,
    CHANNEL,
    DANA,
    FORUM,
    GROUP,
    MENTION,
    PRIVATE,
    SENT,
    SUPERGROUP,
    heard,
    message,
    ours,
    said,
    taken,
)


def reply(text: str = "hi", **fields: Any) -> JsonObject | None:
    found: Any = taken(said(text, **fields)).payload.get("reply")
    return found


def test_a_message_that_answers_nothing_has_no_reply() -> None:
    assert reply() is None


def test_the_quoted_part_is_told_beside_the_whole() -> None:
    found = reply(reply_to_message=ours("one two three"), quote={"text": "two", "position": 4, "is_manual": True})
    assert found is not None
    assert (found["text"], found["quote"]) == ("one two three", "two")


def test_what_stands_under_a_file_is_what_was_replied_to() -> None:
    replied = message(None, sender=AVI, message_id=4, caption="our plan", document={"file_id": "B"})
    found = reply(reply_to_message=replied)
    assert found is not None
    assert found["text"] == "our plan"


def test_whoever_forwarded_something_did_not_write_it() -> None:
    origin = {"type": "hidden_user", "date": SENT, "sender_user_name": "Ruth"}
    found = reply(reply_to_message=message("secret", sender=AVI, forward_origin=origin))
    assert found == {"message": 7, "ours": False, "author": "Ruth", "text": "secret"}


def test_a_reply_into_another_chat_tells_the_quote_and_the_author_and_is_none_to_us() -> None:
    origin = {"type": "user", "date": SENT, "sender_user": BOT}
    outside = {"origin": origin, "chat": GROUP, "message_id": 3}
    body = said("see", chat=SUPERGROUP, external_reply=outside, quote={"text": "Done.", "position": 0})
    delivery = taken(body)
    assert delivery.payload["addressed"] is False
    assert delivery.payload["reply"] == {
        "ours": False,
        "author": "Tizmor",
        "author_id": BOT_ID,
        "text": "Done.",
        "quote": "Done.",
    }


def test_a_reply_into_another_topic_of_the_same_chat_reaches_us() -> None:
    origin = {"type": "user", "date": SENT, "sender_user": BOT}
    outside = {"origin": origin, "chat": FORUM, "message_id": 3}
    delivery = taken(said("why?", chat=FORUM, external_reply=outside))
    assert delivery.payload["addressed"] is True
    assert delivery.payload["reply"] == {"message": 3, "ours": True, "author": "Tizmor", "author_id": BOT_ID}


@pytest.mark.parametrize(
    ("origin", "author"),
    [
        ({"type": "hidden_user", "date": SENT, "sender_user_name": "Ruth"}, "Ruth"),
        ({"type": "channel", "date": SENT, "chat": CHANNEL, "message_id": 5}, "News"),
        ({"type": "chat", "date": SENT, "sender_chat": GROUP}, "The team"),
        ("odd", None),
    ],
    ids=["hidden", "channel", "chat", "odd"],
)
def test_a_reply_to_something_from_outside_names_where_it_is_from(origin: Any, author: str | None) -> None:
    found = reply(external_reply={"origin": origin})
    assert found is not None
    assert (found["ours"], found.get("author")) == (False, author)


@pytest.mark.parametrize(
    "replied",
    [
        ours(None, chat=FORUM) | {"message_id": 54, "forum_topic_created": {"name": "Plans"}},
        ours(None, chat=FORUM) | {"message_id": 55},
    ],
    ids=["opened", "opened, told without it"],
)
def test_what_is_said_in_a_topic_we_opened_is_no_reply_to_us(replied: Any) -> None:
    topic = {"chat": FORUM, "message_thread_id": 55, "is_topic_message": True, "reply_to_message": replied}
    assert heard(said("hello all", **topic)) is None
    delivery = taken(said(f"{MENTION} hi", **topic))
    assert "reply" not in delivery.payload


def test_in_a_topic_a_true_reply_is_one() -> None:
    topic = {"chat": FORUM, "message_thread_id": 55, "is_topic_message": True}
    delivery = taken(said("why?", reply_to_message=ours("card", chat=FORUM), **topic))
    assert (delivery.payload["addressed"], delivery.payload["topic"]) == (True, 55)


@pytest.mark.parametrize(
    "replied",
    [
        {"from": AVI, "text": "x", "message_id": "3"},
        {"from": AVI, "text": ["x"]},
        {"from": "Avi", "text": 7},
        {"message_id": -3},
    ],
)
def test_an_odd_reply_says_what_can_be_read(replied: Any) -> None:
    found = reply(reply_to_message=replied)
    assert found is not None
    assert found["ours"] is False
    assert "message" not in found


def test_a_message_of_ours_that_says_it_is_from_another_chat_is_not_named_by_its_number() -> None:
    found = reply(reply_to_message=ours(chat=GROUP), chat=PRIVATE, sender=DANA)
    assert found is not None
    assert (found["ours"], found.get("message")) == (False, None)
