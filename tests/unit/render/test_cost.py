"""What a model cost is told so that it can be read, in both languages, and never as less than it was."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.render.card import render_card
from bot.render.cost import money, step_cost, tokens
from bot.render.texts import Texts
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.ids import StepId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.spend import Money, Spend
from tests.unit.render.model_story import AGENDA, IN_FLIGHT, MODEL, PLANNING, SUMMARY, UNPRICED, by_model, model_states
from tests.unit.render.story import NOW, snapshot

_MARKS = re.compile("[\u2068\u2069]")


def _cost(shot: ExecutionSnapshot) -> str:
    return _MARKS.sub("", render_card(shot, now=NOW).cost)


def _spent(locale: str, *spends: Spend, model: str = MODEL, over: bool = True) -> str:
    ended = {"status": ExecutionStatus.DONE, "outcome": ExecutionOutcome.SUCCEEDED} if over else {}
    shot = by_model(snapshot(locale, "+++++", **ended))  # pyright: ignore[reportArgumentType] - as the keys say
    assert shot.plan is not None
    found = {StepId(f"s{n}"): spend for n, spend in enumerate(spends, 1)}
    return _cost(replace(shot, plan=replace(shot.plan, model=model), spends=found))


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        (0.0, "$0.00"),
        (0.000_000_1, "under $0.001"),
        (0.000_999, "under $0.001"),
        (0.001, "$0.001"),
        (0.0123, "$0.0123"),
        (0.012_345, "$0.0123"),
        (0.05, "$0.05"),
        (0.41, "$0.41"),
        (0.999_99, "$1.00"),
        (1.0, "$1.00"),
        (12.345_6, "$12.35"),
        (1234.5, "$1,234.50"),
    ],
)
def test_money_stays_readable_when_it_is_little(dollars: float, text: str) -> None:
    assert _MARKS.sub("", money(Money.usd(dollars), Texts("en"))) == text


@pytest.mark.parametrize(
    ("number", "english", "hebrew"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (1_000, "1k", "1 אלף"),
        (12_440, "12.4k", "12.4 אלף"),
        (999_949, "999.9k", "999.9 אלף"),
        (999_960, "1M", "1 מיליון"),
        (1_250_000, "1.2M", "1.2 מיליון"),
    ],
)
def test_tokens_are_told_in_three_digits(number: int, english: str, hebrew: str) -> None:
    assert (tokens(number, Texts("en")), tokens(number, Texts("he"))) == (english, hebrew)


def test_a_done_card_tells_money_tokens_and_what_came_from_the_cache() -> None:
    assert _cost(model_states("en")["paid"]) == "$0.0125 · 15.8k tokens in, 1.3k out · 60% from the cache"
    assert _cost(model_states("he")["paid"]) == "$0.0125 · 15.8 אלף טוקנים בקלט, 1.3 אלף בפלט · 60% מהמטמון"


def test_without_a_cache_nothing_is_said_of_one() -> None:
    assert _spent("en", AGENDA) == "under $0.001 · 900 tokens in, 210 out"
    assert _spent("he", AGENDA) == "פחות מ־$0.001 · 900 טוקנים בקלט, 210 בפלט"


def test_while_a_call_is_under_way_the_sum_is_called_a_bound() -> None:
    assert _cost(model_states("en")["thinking"]) == "Cost so far: $0.176 at most"
    assert _cost(model_states("he")["thinking"]) == "העלות עד כה: $0.176 לכל היותר"
    assert _cost(model_states("en")["running-model"]) == "Cost so far: $0.186 at most"


def test_a_call_that_broke_off_does_not_hide_what_the_others_took() -> None:
    lost = replace(SUMMARY, usage=replace(SUMMARY.usage, estimated=True))
    assert _spent("en", lost, over=False) == "about $0.0023 · 7.3k tokens in, 460 out · 43% from the cache"
    assert _MARKS.sub("", step_cost(lost, Texts("en"))) == "about $0.0023"


def test_what_the_provider_never_told_is_about() -> None:
    assert _spent("en", IN_FLIGHT) == "about $0.176 · 8k tokens in, 16k out"
    assert _spent("he", IN_FLIGHT) == "בערך $0.176 · 8 אלף טוקנים בקלט, 16 אלף בפלט"


def test_an_unknown_price_is_never_told_as_nothing() -> None:
    assert _spent("en", UNPRICED) == f"Cost unknown: no price for {MODEL} · 3k tokens in, 90 out"
    assert _spent("he", UNPRICED) == f"העלות אינה ידועה: אין מחיר למודל {MODEL} · 3 אלף טוקנים בקלט, 90 בפלט"
    assert _spent("en", UNPRICED, model="").startswith("Cost unknown: 2 calls without a price · ")
    assert _spent("he", UNPRICED, model="").startswith("העלות אינה ידועה: שתי קריאות למודל בלי מחיר · ")


def test_calls_without_a_price_stand_beside_what_the_others_cost() -> None:
    assert _spent("en", PLANNING, UNPRICED).startswith("$0.01 · and 2 calls of unknown cost · 10.6k tokens in")
    assert _spent("he", PLANNING, UNPRICED).startswith("$0.01 · ועוד שתי קריאות שעלותן אינה ידועה · 10.6 אלף")


def test_a_step_tells_what_it_cost_and_one_that_asked_no_model_tells_nothing() -> None:
    lines = render_card(model_states("en")["paid"], now=NOW).steps
    assert [_MARKS.sub("", line.cost) for line in lines] == ["", "", "$0.0023", "", "under $0.001"]
    half = replace(SUMMARY, unpriced=1)
    assert [_MARKS.sub("", step_cost(spend, Texts("en"))) for spend in (UNPRICED, half, IN_FLIGHT, Spend())] == [
        "cost unknown",
        "over $0.0023",
        "up to $0.176",
        "",
    ]
    assert [_MARKS.sub("", step_cost(spend, Texts("he"))) for spend in (UNPRICED, half, IN_FLIGHT)] == [
        "עלות לא ידועה",
        "יותר מ־$0.0023",
        "עד $0.176",
    ]


def test_nothing_spent_is_said_at_the_end_only() -> None:
    assert _cost(snapshot("en", "+r...")) == ""
    done = snapshot("he", "+++++", status=ExecutionStatus.DONE, outcome=ExecutionOutcome.SUCCEEDED)
    assert _cost(done) == "ללא עלות: לא נעשה שימוש במודל."
