"""A message as it is sent: cut without harm, with lines above it, and ever plainer with all its words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.parts.measure import units
from bot.render.texts import FIRST_STRONG_ISOLATE, POP_ISOLATE
from bot.telegram.drawings import Ladder, clip, fitted, headed
from engine.domain.json import JsonObject

KEYS: JsonObject = {"keyboard": [[{"text": "Approve", "data": "a:1"}]]}
BOLD: JsonObject = {"entities": [{"type": "bold", "offset": 0, "length": 2}]}


@given(st.text(st.sampled_from(["a", "א", "😀", " ", "\n", FIRST_STRONG_ISOLATE, POP_ISOLATE, "\ud83d"]), max_size=80))
def test_a_text_is_cut_within_its_limit_and_can_always_be_sent(text: str) -> None:
    cut = clip(text, 30)
    assert units(cut) <= 30
    cut.encode()
    if units(text) <= 30:
        assert cut == text.replace("\ud83d", "\ufffd")
    else:
        assert cut.endswith("…")


def test_a_cut_leaves_no_isolate_open() -> None:
    text = f"{FIRST_STRONG_ISOLATE}{FIRST_STRONG_ISOLATE}{'x' * 100}{POP_ISOLATE}{POP_ISOLATE}"
    cut = clip(text, 40)
    assert cut.endswith(f"x{POP_ISOLATE}{POP_ISOLATE}…")
    assert cut.count(FIRST_STRONG_ISOLATE) == cut.count(POP_ISOLATE)


def test_entities_end_where_the_text_does() -> None:
    body: JsonObject = {
        "text": "😀" * 50,
        "entities": [
            {"type": "bold", "offset": 0, "length": 100},
            {"type": "code", "offset": 4, "length": 2},
            {"type": "italic", "offset": 60, "length": 2},
        ],
    }
    cut = fitted(body, 40)
    end = units(str(cut["text"]))
    assert cut["entities"] == [
        {"type": "bold", "offset": 0, "length": end},
        {"type": "code", "offset": 4, "length": 2},
    ]
    assert fitted(body, 100) is body


def test_lines_above_a_text_move_its_entities_by_what_telegram_counts() -> None:
    body: JsonObject = {"text": "ab", **BOLD}
    assert headed(body, []) is body
    told = headed(body, ["😀", "x"])
    assert told == {"text": "😀\nx\n\nab", "entities": [{"type": "bold", "offset": 6, "length": 2}]}


def descent(body: JsonObject, reason: str) -> list[tuple[bool, bool, bool]]:
    """Is it whole, has it entities, has it keys: of every way, the best first."""
    ladder, seen = Ladder(body), list[tuple[bool, bool, bool]]()
    while True:
        now = ladder.body
        seen.append((now["text"] == body["text"], bool(now.get("entities")), bool(now.get("keyboard"))))
        if not ladder.descend(reason):
            return seen


def test_what_is_refused_goes_first_and_words_stay_to_the_last() -> None:
    body: JsonObject = {"text": "ab", **BOLD, **KEYS}
    assert descent(body, "entities") == [(True, True, True), (True, False, True), (True, False, False)]
    assert descent(body, "keyboard") == [(True, True, True), (True, True, False), (True, False, False)]
    assert descent(body, "other") == descent(body, "entities")
    assert descent({"text": "ab"}, "other") == [(True, False, False)]
    assert descent({"text": "ab", "force_reply": {"placeholder": ""}}, "keyboard") == [(True, False, False)] * 2


def test_a_text_that_is_too_long_is_shortened_before_anything_is_left_out() -> None:
    body: JsonObject = {"text": "x" * 2_000, **BOLD, **KEYS}
    assert descent(body, "too_long") == [
        (True, True, True),
        (False, True, True),
        (False, False, True),
        (False, False, False),
    ]
