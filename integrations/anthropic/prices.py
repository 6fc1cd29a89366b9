"""Reads the dated price table, and lays an operator's own prices on top of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from engine.domain.spend import Price, PriceTable

_NANO_PER_MILLION = 1_000
"""One dollar a million tokens is this many nano-dollars a token."""
_CACHE_READ, _CACHE_WRITE_5M, _CACHE_WRITE_1H = Decimal("0.1"), Decimal("1.25"), Decimal(2)
"""Of the price of input, where a model says nothing else."""


class _Classes(BaseModel):
    """Dollars a million tokens."""

    model_config = ConfigDict(extra="forbid")

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None
    long_from: int | None = None
    long_factor: int = 1

    def to_domain(self) -> Price:
        """The same in whole nano-dollars a token."""
        return Price(
            input=_nano(self.input),
            output=_nano(self.output),
            cache_read=_nano(self.cache_read, self.input * _CACHE_READ),
            cache_write_5m=_nano(self.cache_write_5m, self.input * _CACHE_WRITE_5M),
            cache_write_1h=_nano(self.cache_write_1h, self.input * _CACHE_WRITE_1H),
            long_from=self.long_from,
            long_factor=self.long_factor,
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: str
    models: dict[str, _Classes]


def price_table(own: Mapping[str, Price] | None = None) -> PriceTable:
    """The prices in effect; a model the table does not hold is unpriced.

    Args:
        own: an operator's prices by model id; each replaces ours as a whole, and ``version`` ends in ``+own`` then.
    """
    shipped = _shipped()
    if not own:
        return shipped
    return PriceTable(version=f"{shipped.version}+own", prices={**shipped.prices, **own})


@cache
def _shipped() -> PriceTable:
    text = files(__package__ or "").joinpath("prices.toml").read_text(encoding="utf-8")
    read = _File.model_validate(tomllib.loads(text, parse_float=Decimal))
    return PriceTable(
        version=read.version, prices={model: classes.to_domain() for model, classes in read.models.items()}
    )


def _nano(dollars: Decimal | None, usual: Decimal = Decimal(0)) -> int:
    """Rounded up: a cap must not be passed because of a fraction."""
    return int(-(-(usual if dollars is None else dollars) * _NANO_PER_MILLION // 1))
