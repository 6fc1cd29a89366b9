"""A question that was asked for elsewhere says so above it, and everything in it stays where it was."""

from __future__ import annotations

from typing import cast

from bot.parts.measure import units
from bot.telegram.address import Talk, principal_id
from bot.telegram.drawings import TEXT_UNITS
from bot.telegram.mirror import mirrored, place_of
from engine.domain.ids import PrincipalId
from engine.domain.json import JsonObject

BODY: JsonObject = {
    "text": "😀 Approve?",
    "entities": [{"type": "bold", "offset": 3, "length": 7}],
    "keyboard": [[{"text": "Approve", "data": "a:1"}]],
    "locale": "en",
    "execution": "x",
}


def test_the_line_is_above_and_the_entities_move_with_the_text() -> None:
    told = mirrored(BODY, "call @all on 😀 https://evil.example", "en")
    text = str(told["text"])
    assert text.endswith("\n\n😀 Approve?")
    assert text.startswith("About what you asked for elsewhere:")
    (entity,) = cast("list[dict[str, int]]", told["entities"])
    start = entity["offset"]
    cut = text.encode("utf-16-le")[2 * start : 2 * (start + 7)].decode("utf-16-le")
    assert cut == "Approve"
    assert told["keyboard"] == BODY["keyboard"]
    assert "@all" not in text
    assert "https://" not in text


def test_it_is_said_in_the_language_of_the_request_and_the_same_every_time() -> None:
    told = mirrored(BODY, "לקבוע פגישה", "he")
    assert str(told["text"]).startswith("לגבי מה שביקשת במקום אחר")
    assert told == mirrored(BODY, "לקבוע פגישה", "he")


def test_a_long_title_is_cut_and_a_full_message_left_as_it_is() -> None:
    assert units(str(mirrored(BODY, "word " * 2_000, "en")["text"])) < 250
    full: JsonObject = {**BODY, "text": "x" * TEXT_UNITS}
    assert mirrored(full, "title", "en") is full


def test_only_people_have_a_private_chat() -> None:
    assert place_of(principal_id(42)) == Talk(chat=42).conversation_id
    for other in (principal_id(-100), principal_id(0), PrincipalId("slack:T:U"), PrincipalId("telegram:x")):
        assert place_of(other) is None
