"""What a call costs, to the nano-dollar."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.spend import Money, Price, Usage
from integrations.anthropic import price_table

TOKENS = 100_000
"""As many as a short prompt may have: longer ones may cost more."""


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        # input, output, cache read, cache write 5 minutes, cache write 1 hour, per million tokens
        ("claude-sonnet-5-5", (2, 10, 0.10, 2.50, 4)),
        ("claude-opus-5-5", (4, 20, 0.20, 5, 8)),
        ("claude-fable-5-1", (10, 50, 0.25, 12.50, 20)),
        ("claude-haiku-5-5", (0.10, 0.50, 0.01, 0.125, 0.20)),
        ("claude-haiku-4-5-20251001", (1, 5, 0.10, 1.25, 2)),
    ],
)
def test_tokens_of_each_class_cost_their_price(model: str, dollars: tuple[float, ...]) -> None:
    used = (
        Usage(input_tokens=TOKENS),
        Usage(output_tokens=TOKENS),
        Usage(cache_read_tokens=TOKENS),
        Usage(cache_write_5m_tokens=TOKENS),
        Usage(cache_write_1h_tokens=TOKENS),
    )
    assert tuple(price_table().cost(model, usage) for usage in used) == tuple(Money.usd(each / 10) for each in dollars)


def test_one_call_costs_the_sum_of_its_classes_exactly() -> None:
    used = Usage(
        input_tokens=1_234, output_tokens=567, cache_read_tokens=8_901, cache_write_5m_tokens=23, cache_write_1h_tokens=4_501
    )  # fmt: skip
    cost = price_table().cost("claude-sonnet-5-5", used)
    assert cost == Money(1_234 * 2_000 + 567 * 10_000 + 8_901 * 100 + 23 * 2_500 + 4_501 * 4_000)


def test_an_unknown_model_is_unpriced_and_never_free() -> None:
    assert price_table().cost("claude-unheard-of", Usage(input_tokens=1)) is None
    assert price_table().cost("qwen3:8b", Usage(input_tokens=1)) is None


def test_the_table_is_dated_and_says_when_it_was_changed() -> None:
    mine = Price(input=1, output=2, cache_read=0, cache_write_5m=1, cache_write_1h=1)
    table = price_table({"claude-opus-5-5": mine, "qwen3:8b": mine})
    assert price_table().version == "2026-10-24"
    assert table.version == "2026-10-24+own"
    assert table.price("claude-opus-5-5") == table.price("qwen3:8b") == mine
    assert table.price("claude-sonnet-5-5") == price_table().price("claude-sonnet-5-5")
    assert price_table({}).version == "2026-10-24"


def test_a_call_with_a_long_prompt_costs_what_long_prompts_cost() -> None:
    table = price_table()
    short = Usage(input_tokens=90_000, cache_read_tokens=10_000, output_tokens=100)
    long = replace(short, cache_read_tokens=10_001)
    cheap, dear = table.cost("claude-haiku-5-5", short), table.cost("claude-haiku-5-5", long)
    assert cheap is not None
    assert dear is not None
    assert cheap == Money(90_000 * 100 + 10_000 * 10 + 100 * 500)
    assert dear == Money((90_000 * 100 + 10_001 * 10 + 100 * 500) * 5)
