"""Which messages concern us, under which key, and what is known of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.telegram.address import Talk
from tests.unit.telegram.inbound.updates import (
    ANONYMOUS,
    AVI,
    BOT,
    BOT_ID,
    BOT_NAME,
    CHANNEL,
    CHANNEL_BOT,
    DANA,
    FORUM,
    GROUP,
    MENTION,
    NOW,
    OTHER_BOT,
    PRIVATE,
    SENT,
    SENT_AT,
    SERVICE,
    SUPERGROUP,
    heard,
    message,
    ours,
    said,
    taken,
    update,
)

PHOTO = [{"file_id": "A", "file_unique_id": "a", "width": 90, "height": 51, "file_size": 1101}]
CODE = "Ab-_" + "x1" * 19 + "Z"
"""As long as those that people carry."""
GESTURES: dict[str, dict[str, Any]] = {
    "contact": {"phone_number": "+1", "first_name": "Avi"},
    "dice": {"emoji": "🎲", "value": 3},
    "location": {"latitude": 1, "longitude": 2},
    "poll": {"id": "1", "question": "?", "options": []},
    "sticker": {"file_id": "D"},
}
DOCUMENT = {"file_id": "B", "file_unique_id": "b", "file_name": "plan.pdf", "mime_type": "application/pdf"}


def test_a_private_message_is_one_delivery_with_the_words_the_time_and_who_said_it() -> None:
    delivery = taken(said("מה קורה מחר?"))
    assert (delivery.key, delivery.surface, delivery.kind) == (f"telegram:{BOT_ID}:500", "telegram", "message")
    assert (delivery.user_id, delivery.tenant_id, delivery.text) == ("telegram:101", "local", "מה קורה מחר?")
    assert (delivery.sent_at, delivery.received_at) == (SENT_AT, NOW)
    assert delivery.conversation_id == Talk(chat=101).conversation_id
    assert delivery.payload == {
        "chat": 101,
        "message": 7,
        "topic": 0,
        "type": "private",
        "addressed": True,
        "forwarded": False,
        "files": False,
        "name": "Dana Levi",
        "language": "he",
        "anonymous": False,
    }


@pytest.mark.parametrize("chat", [GROUP, SUPERGROUP, FORUM], ids=["group", "supergroup", "forum"])
def test_in_a_group_our_name_addresses_us_and_is_no_part_of_the_words(chat: dict[str, Any]) -> None:
    delivery = taken(said(f"{MENTION}, set up a meeting", chat=chat))
    assert delivery.text == "set up a meeting"
    assert delivery.payload["addressed"] is True
    assert delivery.payload["type"] == chat["type"]
    assert delivery.conversation_id == Talk(chat=chat["id"]).conversation_id


def test_what_is_said_to_nobody_in_a_group_is_not_ours_to_keep() -> None:
    assert heard(said("who has the keys?", chat=SUPERGROUP)) is None
    assert heard(said("@dana who has the keys?", chat=SUPERGROUP)) is None


@pytest.mark.parametrize(
    "body",
    [
        said(f"the code is {CODE}.", chat=SUPERGROUP),
        said(f"https://t.me/{BOT_NAME}?start={CODE}", chat=GROUP, sender=OTHER_BOT),
        said(
            None, chat=FORUM, photo=[{"file_id": "A"}], caption=f"_{CODE}_", message_thread_id=5, is_topic_message=True
        ),
        said(f"/start@WeatherBot {CODE}", chat=GROUP),
        said(f"/start {CODE}", chat=GROUP, forward_origin={"type": "user", "sender_user": AVI}),
        said(f"{MENTION} {CODE}", chat=SUPERGROUP, sender=SERVICE, sender_chat=CHANNEL, is_automatic_forward=True),
        said(f"/x@WeatherBot {CODE}", chat=GROUP, reply_to_message=ours(chat=GROUP)),
        update(edited_message=message(f"now {CODE}", chat=GROUP, edit_date=SENT)),
    ],
    ids=["alone", "a link", "under a photo", "to another bot", "forwarded", "a channel's post", "in reply", "an edit"],
)
def test_what_could_be_a_code_in_a_group_is_kept_although_it_is_said_to_nobody(body: Any) -> None:
    delivery = taken(body)
    assert delivery.kind == ("edited" if "edited_message" in body else "message")
    assert CODE in delivery.text
    assert [delivery.payload[part] for part in ("addressed", "files")] == [False] * 2
    assert "reply" not in delivery.payload


@pytest.mark.parametrize(
    "body",
    [
        said(f"the code is {CODE[1:]}", chat=SUPERGROUP),
        said(f"{CODE[:21]} {CODE[21:]}", chat=SUPERGROUP),
        said(f"/start@WeatherBot {CODE}"),
        said(CODE, chat=GROUP, sender=BOT),
        said(CODE, chat=CHANNEL),
    ],
    ids=["too short", "in two", "in private", "ours", "a channel"],
)
def test_what_is_no_code_or_nobody_else_has_seen_is_not(body: Any) -> None:
    assert heard(body) is None


@pytest.mark.parametrize("part", GESTURES)
def test_what_we_cannot_read_is_a_message_without_words_in_private_and_nothing_in_a_group(part: str) -> None:
    delivery = taken(said(None, **{part: GESTURES[part]}))
    assert (delivery.kind, delivery.text, delivery.payload["files"]) == ("message", "", True)
    for fields in ({}, {"reply_to_message": ours(chat=GROUP)}):
        assert heard(said(None, chat=GROUP, **{part: GESTURES[part]}, **fields)) is None


def test_a_reply_to_somebody_in_a_group_is_kept_because_their_thread_may_be_ours() -> None:
    question = message("when?", sender=AVI, chat=SUPERGROUP)
    delivery = taken(said("Tuesday is fine", chat=SUPERGROUP, reply_to_message=question))
    assert delivery.payload["addressed"] is False
    assert delivery.payload["reply"] == {
        "message": 7,
        "ours": False,
        "author": "Avi",
        "author_id": 102,
        "text": "when?",
    }


def test_a_reply_to_us_is_said_to_us() -> None:
    delivery = taken(said("why?", chat=GROUP, reply_to_message=ours("The card", chat=GROUP)))
    assert delivery.payload["addressed"] is True
    assert delivery.payload["reply"] == {
        "message": 3,
        "ours": True,
        "author": "Tizmor",
        "author_id": BOT_ID,
        "text": "The card",
    }


@pytest.mark.parametrize(
    ("chat", "fields", "topic"),
    [
        (FORUM, {"message_thread_id": 55, "is_topic_message": True}, 55),
        (FORUM, {}, 0),
        (FORUM, {"message_thread_id": 1, "is_topic_message": True}, 0),
        (SUPERGROUP, {"message_thread_id": 55}, 0),
        (PRIVATE, {"message_thread_id": 9, "is_topic_message": True}, 9),
        (FORUM, {"message_thread_id": -5, "is_topic_message": True}, 0),
        (FORUM, {"message_thread_id": "55", "is_topic_message": True}, 0),
        (FORUM, {"message_thread_id": 55, "is_topic_message": 1}, 0),
    ],
    ids=[
        "topic of a forum",
        "General",
        "General named",
        "thread of replies without topics",
        "topic of a private chat",
        "negative",
        "a text",
        "not quite true",
    ],
)
def test_a_topic_is_told_from_a_thread_of_replies(chat: dict[str, Any], fields: dict[str, Any], topic: int) -> None:
    delivery = taken(said(f"{MENTION} hi", chat=chat, **fields))
    assert delivery.payload["topic"] == topic


@pytest.mark.parametrize(
    "fields",
    [{"photo": PHOTO}, {"document": DOCUMENT}, {"voice": {"file_id": "C", "duration": 3}}],
    ids=["photo", "document", "voice"],
)
def test_what_stands_under_a_file_is_the_words(fields: dict[str, Any]) -> None:
    delivery = taken(said(None, caption="summarise this", **fields))
    assert (delivery.text, delivery.payload["files"]) == ("summarise this", True)
    alone = taken(said(None, **fields))
    assert (alone.text, alone.payload["files"]) == ("", True)


def test_our_name_under_a_photo_in_a_group_addresses_us() -> None:
    entities = [{"type": "mention", "offset": 0, "length": len(MENTION)}]
    delivery = taken(said(None, chat=GROUP, photo=PHOTO, caption=f"{MENTION} what is it?", caption_entities=entities))
    assert (delivery.text, delivery.payload["addressed"], delivery.payload["files"]) == ("what is it?", True, True)
    assert heard(said(None, chat=GROUP, photo=PHOTO, caption="to nobody")) is None


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"forward_origin": {"type": "user", "date": SENT, "sender_user": AVI}}, "Avi"),
        ({"forward_origin": {"type": "hidden_user", "date": SENT, "sender_user_name": "Ruth"}}, "Ruth"),
        (
            {"forward_origin": {"type": "chat", "date": SENT, "sender_chat": GROUP, "author_signature": "boss"}},
            "The team (boss)",
        ),
        ({"forward_origin": {"type": "channel", "date": SENT, "chat": CHANNEL, "message_id": 5}}, "News"),
        ({"forward_origin": {"type": "channel", "chat": CHANNEL, "author_signature": "ed"}}, "News (ed)"),
        ({"forward_origin": {"type": "of tomorrow"}}, None),
        ({"forward_origin": "odd"}, None),
        ({"forward_date": SENT}, None),
        ({"via_bot": OTHER_BOT}, "Weather"),
    ],
    ids=["user", "hidden", "chat", "channel", "signed", "unknown", "odd", "an old server", "an inline bot"],
)
def test_somebody_elses_words_say_so_and_are_not_obeyed(fields: dict[str, Any], name: str | None) -> None:
    delivery = taken(said("/cancel everything", **fields))
    assert (delivery.kind, delivery.text) == ("message", "/cancel everything")
    assert delivery.payload["forwarded"] is True
    assert delivery.payload.get("from") == name


@pytest.mark.parametrize(
    ("fields", "user", "name"),
    [
        ({"sender": ANONYMOUS, "sender_chat": GROUP}, 1087968824, "The team"),
        ({"sender": CHANNEL_BOT, "sender_chat": CHANNEL}, 136817688, "News"),
        ({"sender": AVI, "sender_chat": CHANNEL}, 102, "News"),
        ({"sender": OTHER_BOT}, 103, "Weather"),
        ({"sender": None, "sender_chat": CHANNEL}, -1009999999999, "News"),
        ({"sender": {"id": 105, "first_name": "Odd"}}, 105, "Odd"),
    ],
    ids=[
        "anonymous administrator",
        "channel",
        "for a channel",
        "another bot",
        "no sender",
        "nobody says whether it is a bot",
    ],
)
def test_whoever_does_not_say_who_they_are_is_anonymous(fields: dict[str, Any], user: int, name: str) -> None:
    delivery = taken(said(f"{MENTION} hi", chat=GROUP, **fields))
    assert (delivery.user_id, delivery.payload["anonymous"]) == (f"telegram:{user}", True)
    assert delivery.payload["name"] == name


@pytest.mark.parametrize(
    "body",
    [
        said("hi", sender=BOT),
        said("hi", sender=None),
        said(f"{MENTION} news", chat=SUPERGROUP, sender=SERVICE, sender_chat=CHANNEL, is_automatic_forward=True),
        said(f"{MENTION} hi", chat=CHANNEL),
        said(f"{MENTION} hi", chat=SUPERGROUP | {"is_direct_messages": True}),
        said("hi", chat=PRIVATE | {"id": -101}),
        said("hi", chat=GROUP | {"id": 2001}, reply_to_message=ours()),
        said("hi", message_id=0),
        said("hi", message_id="7"),
        said("hi", chat="101"),
        said(""),
        said("\u200b\u2060"),
        said(7),
        said(None, chat=GROUP, sticker={"file_id": "D"}),
        said(None, chat=GROUP, dice={"emoji": "🎲", "value": 3}),
        said(None, chat=GROUP, new_chat_members=[BOT]),
        said(None, chat=GROUP, left_chat_member=AVI),
        said(None, chat=GROUP, new_chat_title="Other"),
        said(None, chat=FORUM, forum_topic_created={"name": "Plans", "icon_color": 7322096}),
        said(None, chat=GROUP, pinned_message=ours()),
        update(channel_post=message("hi", chat=CHANNEL)),
        update(edited_channel_post=message("hi", chat=CHANNEL)),
        update(business_message=message("hi")),
        update(poll={"id": "1", "question": "?"}),
        update(message_reaction={"chat": PRIVATE, "message_id": 7}),
        update(),
        {"message": message("no number")},
        said("hi") | {"update_id": 0},
        said("hi") | {"update_id": "500"},
        said("hi") | {"update_id": True},
        said("hi") | {"update_id": 2**53},
        [],
        None,
    ],
    ids=range(33),
)
def test_everything_else_is_left_alone(body: Any) -> None:
    assert heard(body) is None


def test_an_edit_is_a_message_of_the_time_it_was_edited() -> None:
    edited = message(f"{MENTION} at ten", chat=GROUP, edit_date=SENT + 60)
    delivery = taken(update(501, edited_message=edited))
    assert (delivery.kind, delivery.text, delivery.key) == ("edited", "at ten", f"telegram:{BOT_ID}:501")
    assert delivery.sent_at == datetime(2026, 11, 23, 8, 0, 55, tzinfo=UTC)
    assert delivery.payload["message"] == 7
    assert delivery.payload["addressed"] is True


def test_the_edit_of_a_command_has_the_words_behind_it() -> None:
    delivery = taken(update(edited_message=message("/ask at ten", edit_date=SENT)))
    assert (delivery.kind, delivery.text, delivery.payload["command"]) == ("edited", "at ten", "ask")


@pytest.mark.parametrize(
    "fields",
    [{"text": None, "photo": PHOTO}, {"text": None, "location": GESTURES["location"]}, {"chat": GROUP}],
    ids=["no words", "somebody moves", "to nobody"],
)
def test_an_edit_that_says_nothing_to_us_is_left_alone(fields: dict[str, Any]) -> None:
    assert heard(update(edited_message=message(**({"text": "hi"} | fields), edit_date=SENT))) is None


@pytest.mark.parametrize("date", [None, 0, -5, "1", 1.5, 2**62, 253_402_300_800, True])
def test_a_message_without_a_readable_time_has_none(date: Any) -> None:
    assert taken(said("hi", date=date)).sent_at is None


@pytest.mark.parametrize(
    ("person", "name"),
    [
        ({"first_name": "Dana\u202e\0", "last_name": "Levi\nadmin"}, "Dana Levi admin"),
        ({"first_name": "x" * 5_000}, "x" * 128),
        ({"first_name": "", "username": "dana"}, "dana"),
        ({"first_name": 7, "last_name": None}, None),
        ({"first_name": "\ud800"}, None),
    ],
    ids=["turning and lines", "endless", "none", "numbers", "half a character"],
)
def test_a_name_is_one_clean_line(person: dict[str, Any], name: str | None) -> None:
    delivery = taken(said("hi", sender={"id": 101, "is_bot": False, **person}))
    assert delivery.payload.get("name") == name


@pytest.mark.parametrize("code", ["", "he; rm", "x" * 40, 7, None, "\u05e2\u05d1"])
def test_an_odd_language_is_none(code: Any) -> None:
    assert "language" not in taken(said("hi", sender=DANA | {"language_code": code})).payload


@pytest.mark.parametrize("code", ["he", "en-US", "pt-br", "zh-hans"])
def test_a_language_is_kept(code: str) -> None:
    assert taken(said("hi", sender=DANA | {"language_code": code})).payload["language"] == code


@pytest.mark.parametrize(
    ("fields", "chat", "payload"),
    [
        ({"migrate_to_chat_id": -1002222222222}, GROUP, {"chat": -2001, "to": -1002222222222}),
        ({"migrate_from_chat_id": -2001}, SUPERGROUP, {"chat": -2001, "to": -1001234567890}),
    ],
    ids=["in the old group", "in the new one"],
)
def test_a_group_that_got_another_id_says_so(fields: dict[str, Any], chat: Any, payload: dict[str, int]) -> None:
    delivery = taken(said(None, chat=chat, sender=ANONYMOUS, sender_chat=chat, **fields))
    assert (delivery.kind, delivery.payload, delivery.sent_at) == ("moved", payload, SENT_AT)
    assert delivery.conversation_id == Talk(chat=chat["id"]).conversation_id


def test_every_message_that_is_used_here_is_one_for_telegrams_own_library() -> None:
    from telegram import Update

    for body in (
        said("hi"),
        said(f"{MENTION}, hi", chat=FORUM, message_thread_id=55, is_topic_message=True),
        said("why?", chat=GROUP, reply_to_message=ours("The card", chat=GROUP)),
        said(None, caption="x", photo=PHOTO),
        said(None, chat=GROUP, migrate_to_chat_id=-1002222222222),
        said("hi", forward_origin={"type": "user", "date": SENT, "sender_user": AVI}),
        update(edited_message=message("hi", edit_date=SENT)),
    ):
        read = Update.de_json(body, None)
        assert read.effective_message is not None
        assert read.to_dict()["update_id"] == 500
