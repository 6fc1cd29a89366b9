"""A message's words: our name cut out by its mark, commands told from requests, nothing broken by odd marks."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import MessageEntity, Update

from bot.telegram.inbound.words import Words, read_words
from bot.telegram.menus import IN_GROUPS, IN_PRIVATE
from engine.domain.request import MAX_REQUEST_CHARACTERS
from tests.unit.telegram.inbound.updates import (
    AVI,
    BOT,
    GROUP,
    MENTION,
    PRIVATE,
    SUPERGROUP,
    US,
    Us,
    heard,
    mark,
    message,
    ours,
    said,
    taken,
    units,
)


def words(text: Any, *entities: Any, private: bool = False) -> Words:
    return read_words({"text": text, "entities": list(entities)}, US, private=private, own=True)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{MENTION} set it up", "set it up"),
        (f"{MENTION}: set it up", "set it up"),
        (f"{MENTION}\n- one\n- two", "- one\n- two"),
        (f"  {MENTION} , hi", "hi"),
        (f"can you, {MENTION}, set it up?", "can you,, set it up?"),
        (f"set it up {MENTION}", "set it up"),
        (f"set it up {MENTION}!", "set it up!"),
        (f"ask {MENTION} now", "ask now"),
        (f"first\n{MENTION} second", "first\nsecond"),
        (f"first {MENTION}\nsecond", "first\nsecond"),
        (MENTION, ""),
        (f"🎼🎼 קבעי {MENTION} פגישה 👩‍👩‍👧", "🎼🎼 קבעי פגישה 👩‍👩‍👧"),
    ],
)
def test_our_name_is_cut_out_and_leaves_no_hole(text: str, left: str) -> None:
    found = words(text, mark(text, MENTION, "mention"))
    assert (found.text, found.ours) == (left, True)


def test_our_name_counts_in_any_case_and_as_often_as_it_stands() -> None:
    text = f"{MENTION.upper()} hi {MENTION.lower()} there"
    found = words(text, mark(text, MENTION.lower(), "mention"), mark(text, MENTION.upper(), "mention"))
    assert (found.text, found.ours) == ("hi there", True)


def test_we_may_be_mentioned_by_our_id() -> None:
    text = "Tizmor, set it up with Avi"
    found = words(text, mark(text, "Tizmor", "text_mention", user=BOT), mark(text, "Avi", "text_mention", user=AVI))
    assert (found.text, found.ours) == ("set it up with Avi", True)


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        (f"{MENTION} hi", None),
        (f"{MENTION} hi", {"type": "code", "offset": 0, "length": units(MENTION)}),
        (f"{MENTION}2 hi", {"type": "mention", "offset": 0, "length": units(MENTION) + 1}),
        (f"{MENTION}2 hi", {"type": "mention", "offset": 0, "length": units(MENTION) - 1}),
        ("Tizmor hi", {"type": "text_mention", "offset": 0, "length": 6, "user": AVI}),
        ("Tizmor hi", {"type": "text_mention", "offset": 0, "length": 6}),
        ("Tizmor hi", {"type": "text_mention", "offset": 0, "length": 6, "user": BOT | {"id": "7000000001"}}),
    ],
    ids=["no mark", "code", "a longer name", "a shorter mark", "another person", "nobody", "an odd person"],
)
def test_what_only_looks_like_our_name_stays(text: str, entity: Any) -> None:
    found = words(text, entity)
    assert (found.text, found.ours) == (text, False)


@pytest.mark.parametrize(
    "entities",
    [
        [{"type": "mention", "offset": -1, "length": 14}],
        [{"type": "mention", "offset": 0, "length": 0}],
        [{"type": "mention", "offset": 0, "length": -14}],
        [{"type": "mention", "offset": 3, "length": 9_999}],
        [{"type": "text_mention", "offset": 2**51, "length": 2**51, "user": BOT}],
        [{"type": "mention", "offset": "0", "length": 14}],
        [{"type": "mention"}],
        [{}, None, 7, "mention", []],
        "entities",
        {"type": "mention", "offset": 0, "length": 14},
    ],
)
def test_marks_that_do_not_fit_change_nothing(entities: Any) -> None:
    found = read_words({"text": f"{MENTION} hi", "entities": entities}, US, private=False, own=True)
    assert (found.text, found.ours) == (f"{MENTION} hi", False)


@pytest.mark.parametrize(
    "places",
    [[(0, 10), (7, 3), (3, 4)], [(0, 10), (3, 4)], [(0, 10), (0, 10)], [(0, 7), (5, 5)], [(5, 5), (0, 7)]],
    ids=["inside and in disorder", "inside", "twice", "overlapping", "overlapping and in disorder"],
)
def test_marks_that_overlap_are_cut_once(places: list[tuple[int, int]]) -> None:
    entities = [{"type": "text_mention", "offset": at, "length": length, "user": BOT} for at, length in places]
    assert words("Tizmor Bot hi", *entities, {"type": "bold", "offset": 0, "length": 13}).text == "hi"


def test_a_mark_that_cuts_a_character_in_two_leaves_no_half() -> None:
    found = words("a😀b", {"type": "text_mention", "offset": 1, "length": 1, "user": BOT})
    assert found.text == "a b"
    found.text.encode()


def test_ten_thousand_marks_take_no_time() -> None:
    text = f"{MENTION} " * 2_000
    entities = [{"type": "mention", "offset": n * 15, "length": 14} for n in range(2_000)] * 5
    assert words(text, *entities).ours


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        ("a\0b", "ab"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("a\ud83db", "ab"),
        ("e\u0301", "é"),
        ("a\r\nb", "a\nb"),
        ("x" * (MAX_REQUEST_CHARACTERS + 1), "x" * (MAX_REQUEST_CHARACTERS + 1)),
        ("y" * 200_000 + "\0\ud800", "y" * 200_000 + "?"),
    ],
    ids=["NUL", "direction", "half a character", "composed", "lines", "too long", "far too long"],
)
def test_words_can_be_stored_and_what_is_too_long_stays_so(raw: str, left: str) -> None:
    assert words(raw).text == left


@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("/ask what is on today?", "ask", "what is on today?"),
        ("/ASK  what\nis on?", "ask", "what\nis on?"),
        ("/start c0de-1", "start", "c0de-1"),
        ("/status", "status", ""),
        (f"/plan{MENTION} a trip", "plan", "a trip"),
        (f"/plan{MENTION.upper()} a trip", "plan", "a trip"),
        (f"/nothing{MENTION} we know", "nothing", "we know"),
        ("/cancel", "cancel", ""),
    ],
)
@pytest.mark.parametrize("chat", [PRIVATE, SUPERGROUP], ids=["private", "group"])
def test_a_command_is_told_by_its_mark_with_what_stands_behind_it(
    chat: Any, text: str, command: str, rest: str
) -> None:
    delivery = taken(said(text, chat=chat))
    assert (delivery.kind, delivery.text, delivery.payload["command"]) == ("command", rest, command)
    assert delivery.payload["addressed"] is True


def test_in_private_every_command_is_for_us_and_in_a_group_only_ours() -> None:
    assert taken(said("/weather in Haifa")).payload["command"] == "weather"
    assert heard(said("/weather in Haifa", chat=SUPERGROUP)) is None
    reply = taken(said("/weather in Haifa", chat=SUPERGROUP, reply_to_message=ours(chat=SUPERGROUP)))
    assert (reply.kind, reply.text) == ("message", "/weather in Haifa")


@pytest.mark.parametrize("chat", [PRIVATE, GROUP], ids=["private", "group"])
def test_a_command_for_another_bot_is_not_ours(chat: Any) -> None:
    assert heard(said("/ask@WeatherBot hi", chat=chat)) is None
    assert heard(said("/ask@WeatherBot hi", chat=chat, reply_to_message=ours(chat=chat))) is None


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("ask /status", [{"type": "bot_command", "offset": 4, "length": 7}]),
        ("/status", []),
        ("/sta tus", [{"type": "bot_command", "offset": 0, "length": 8}]),
        ("/", [{"type": "bot_command", "offset": 0, "length": 1}]),
        ("/סטטוס", [{"type": "bot_command", "offset": 0, "length": 6}]),
        (f"/{'x' * 40}", [{"type": "bot_command", "offset": 0, "length": 41}]),
    ],
    ids=["later", "no mark", "a space", "nothing", "other letters", "endless"],
)
def test_what_only_looks_like_a_command_is_words(text: str, entities: Any) -> None:
    delivery = taken(said(text, entities=entities))
    assert (delivery.kind, delivery.text) == ("message", text)


def test_a_command_under_a_file_counts() -> None:
    entities = [{"type": "bot_command", "offset": 0, "length": 4}]
    delivery = taken(said(None, caption="/ask to read it", caption_entities=entities, document={"file_id": "B"}))
    assert (delivery.kind, delivery.text, delivery.payload["files"]) == ("command", "to read it", True)


def test_our_name_behind_a_command_is_cut_out_too() -> None:
    text = f"/ask {MENTION} what is on?"
    entities = [{"type": "bot_command", "offset": 0, "length": 4}, mark(text, MENTION, "mention")]
    assert taken(said(text, entities=entities)).text == "what is on?"


def test_a_bot_that_does_not_know_its_name_yet_obeys_no_command_that_names_one() -> None:
    nameless = Us(username="")
    body = {"text": "/ask@ hi", "entities": [{"type": "bot_command", "offset": 0, "length": 5}]}
    assert read_words(body, nameless, private=True, own=True).command == ""
    named = {"text": "@ hi", "entities": [{"type": "mention", "offset": 0, "length": 1}]}
    assert read_words(named, nameless, private=True, own=True).ours is False


@pytest.mark.parametrize("command", [*IN_PRIVATE, *IN_GROUPS, "invite", "claim"])
def test_every_command_of_the_menus_reaches_us_in_a_group(command: str) -> None:
    assert taken(said(f"/{command} x", chat=GROUP)).payload["command"] == command


def test_places_are_counted_as_telegrams_own_library_counts_them() -> None:
    text = f"🎼 קבעי 👩‍👩‍👧 {MENTION} מחר"
    body = said(text, chat=GROUP)
    read = Update.de_json(body, None).effective_message
    assert read is not None
    assert list(read.parse_entities([MessageEntity.MENTION]).values()) == [MENTION]
    assert taken(body).text == "🎼 קבעי 👩‍👩‍👧 מחר"


def test_a_message_in_a_private_chat_needs_no_name() -> None:
    assert message()["chat"] == PRIVATE
    assert taken(said("hi")).payload["addressed"] is True
