"""Whatever there is to show, and however much of it, Telegram takes the message, and nothing of it goes missing unsaid."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.parts.measure import units
from bot.render.texts import Texts
from engine.domain.approval import ApprovalKind
from tests.unit.parts.made import block, card, field, filled, result, view
from tests.unit.telegram.markup.judge import findings, visible
from tests.unit.telegram.markup.made import buttons, details_pages, messages

PHASES = (Phase.explicit, Phase.generate, Phase.shrink)  # explaining traces every line of the judge
SLOW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, phases=PHASES
)
UNITS = (
    "א", "a", "👍", "&", "<a@b>", "\n", "\r\n", "\x00", "\u202e", "word ", "שלום ", "\u2068", "e\u0301", "👨\u200d👩\u200d👧", "\t", "`",
    "D\u0430na ", "/x ", "@ab", "a.co ", "#", "1", "א\na\n",
)  # fmt: skip


def repeated(unit: str, length: int) -> str:
    return unit * (length // len(unit))


long_texts = st.builds(repeated, st.sampled_from(UNITS), st.sampled_from((0, 1, 30, 400, 1_500)))
any_text = st.one_of(long_texts, st.text(max_size=40))
pools = st.lists(any_text, min_size=1, max_size=5)


def turns(pool: list[str]) -> Callable[[], str]:
    found = cycle(pool)
    return lambda: next(found)


@SLOW
@given(
    pools,
    st.sampled_from((0, 1, 7, 16, 60)),
    st.sampled_from(list(ApprovalKind)),
    st.sampled_from((0, 1, 2, 8, 12, 100)),
    st.sampled_from((0, 3, 60)),
)
def test_telegram_takes_every_message_of_every_size(
    pool: list[str], steps: int, kind: ApprovalKind, choices: int, arguments: int
) -> None:
    asked = block(kind, choices=choices, arguments=arguments, drops=steps)
    shown = filled(view(card("he", asked, steps=steps, rows=min(choices, 12) * 3)), turns(pool))
    made = messages(shown)
    assert len({purpose for purpose, _ in made}) == len(made)
    for purpose, body in made:
        assert findings(body) == [], purpose


@SLOW
@given(pools, st.sampled_from((0, 3, 60)))
def test_telegram_takes_every_page_of_details(pool: list[str], arguments: int) -> None:
    turn = turns(pool)
    fields = tuple(field(n, text := turn(), raw=text, input="multiline") for n in range(arguments))
    asked = replace(filled(block(ApprovalKind.GATE), turn), fields=fields)
    for body in details_pages(asked, Texts("he", "Asia/Jerusalem")):
        assert findings(body) == []


@SLOW
@given(st.integers(1, 60), st.sampled_from((10, 900, 5_000, 40_000)), st.sampled_from(("☃", "ж", "𝄞")))
def test_a_gate_counts_every_character_it_does_not_show_and_the_details_show_them_all(
    count: int, length: int, letter: str
) -> None:
    length = min(length, 40_000 // count)
    asked = replace(block(ApprovalKind.GATE), fields=tuple(field(n, letter * length) for n in range(count)))
    told = visible(dict(messages(view(card("en", asked))))[f"approval:{asked.id}"])
    more = [int(found.replace(",", "")) for found in re.findall(r"… ?([\d,]+) more character", told)]
    left_out = [int(found) for found in re.findall(r"(\d+) more field", told)]
    assert told.count(letter) + sum(more) == length * (count - sum(left_out))
    pages = details_pages(asked, Texts("en"))
    assert sum(visible(page).count(letter) for page in pages) == length * count


@pytest.mark.parametrize("locale", ["en", "he"])
@pytest.mark.parametrize(
    "text", ["👍" * 10_000, "x" * 4_097, "א" * 4_096, "👨\u200d👩\u200d👧" * 2_000, "<a@b> " * 700, "@name " * 700]
)
def test_a_text_longer_than_a_message_in_every_place(text: str, locale: str) -> None:
    for kind in (ApprovalKind.GATE, ApprovalKind.PLAN, ApprovalKind.CHOICE):
        shown = view(card(locale, block(kind, choices=4, arguments=3, drops=4), rows=1))
        for purpose, body in messages(filled(shown, lambda: text)):
            assert findings(body) == [], purpose


def test_a_result_of_ten_thousand_emoji_is_whole_in_its_pages_and_its_file() -> None:
    bodies = dict(messages(view(replace(card("en"), result=replace(result(), summary="👍" * 10_000)))))
    pages = [body for purpose, body in bodies.items() if purpose.startswith("final") and "file" not in body]
    file = cast("dict[str, str]", bodies["final:file"]["file"])
    assert len(pages) == 4
    assert file["text"].count("👍") == 10_000
    assert all(units(str(page["text"])) > 3_000 for page in pages)


def test_of_a_hundred_choices_sixty_have_a_button_and_the_rest_is_counted() -> None:
    asked = block(ApprovalKind.CHOICE, choices=100)
    body = dict(messages(view(card("en", asked))))[f"approval:{asked.id}"]
    assert findings(body) == []
    numbers = [key["text"] for key in buttons(body) if key["text"].isdecimal()]
    assert numbers == [str(n) for n in range(1, 61)]
    assert "60. c" in visible(body)
    assert "and 40 more" in visible(body)


def test_styles_go_before_words_where_there_are_too_many() -> None:
    long = tuple(field(n, f"a{n}.co b{n}.co", label=f"Name {n}") for n in range(60))
    asked = replace(block(ApprovalKind.GATE), fields=long)
    body = dict(messages(view(card("en", asked))))[f"approval:{asked.id}"]
    assert findings(body) == []
    entities: Any = body["entities"]
    assert len(entities) == 100
    assert all(f"Name {n}: a{n}.co b{n}.co" in visible(body) for n in range(60))
    assert sum(1 for one in entities if one["type"] == "code") == 60
