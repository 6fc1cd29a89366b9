"""What a model used and what that costs: token counts by class, money as whole nano-dollars, a dated price table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime

from engine.domain.ids import ExecutionId, PrincipalId, StepId, TenantId

_DATED = re.compile(r"-\d{8}$")
_NANO = 1_000_000_000


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of US dollars, exact: a token costs hundreds of nano-dollars, and sums of them are compared with caps."""

    nano: int = 0

    @classmethod
    def usd(cls, dollars: float) -> Money:
        """From dollars, rounded to the nano-dollar."""
        return cls(round(dollars * _NANO))

    @property
    def dollars(self) -> float:
        """For people and JSON; never added up."""
        return self.nano / _NANO

    def __add__(self, other: Money) -> Money:
        return Money(self.nano + other.nano)

    def __sub__(self, other: Money) -> Money:
        return Money(self.nano - other.nano)

    def share(self, percent: int) -> Money:
        """That many hundredths of it, rounded down."""
        return Money(self.nano * percent // 100)


NOTHING = Money()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, or of several added up; the classes are disjoint and priced differently."""

    input_tokens: int = 0
    """Read afresh: neither from a cache nor into one."""
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    estimated: bool = False
    """The provider never said (the answer broke off): counted from what was sent and seen."""

    def __add__(self, other: Usage) -> Usage:
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self) if f.name != "estimated"}
        return Usage(**sums, estimated=self.estimated or other.estimated)

    @property
    def all_input_tokens(self) -> int:
        """Everything the model was given, cached or not."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_5m_tokens + self.cache_write_1h_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Nano-dollars a token, by class. One dollar a million tokens is 1,000."""

    input: int
    output: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    long_from: int | None = None
    """A call whose whole input, cached or not, is more tokens than this costs ``long_factor`` times as much, all of it."""
    long_factor: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices of one day. ``version`` (an ISO date, with ``+own`` where an operator changed it) is stored with every cost."""

    version: str
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])

    def price(self, model: str) -> Price | None:
        """The price of a model by its id or, for a dated id, by its name without the date; None: unpriced, never free."""
        return self.prices.get(model) or self.prices.get(_DATED.sub("", model))

    def cost(self, model: str, usage: Usage) -> Money | None:
        """What this usage of one call costs; None where the model has no price."""
        price = self.price(model)
        if price is None:
            return None
        is_long = price.long_from is not None and usage.all_input_tokens > price.long_from
        nano = (
            usage.input_tokens * price.input
            + usage.output_tokens * price.output
            + usage.cache_read_tokens * price.cache_read
            + usage.cache_write_5m_tokens * price.cache_write_5m
            + usage.cache_write_1h_tokens * price.cache_write_1h
        )
        return Money(nano * price.long_factor if is_long else nano)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What one step, execution, person or day has cost so far."""

    calls: int = 0
    usage: Usage = Usage()
    cost: Money = NOTHING
    """Of the priced calls; a call still under way counts with what was reserved for it."""
    held: Money = NOTHING
    """The part of ``cost`` that is only reserved."""
    unpriced: int = 0
    """Calls whose model has no price: their cost is unknown, not zero."""

    def __add__(self, other: Spend) -> Spend:
        return Spend(
            calls=self.calls + other.calls,
            usage=self.usage + other.usage,
            cost=self.cost + other.cost,
            held=self.held + other.held,
            unpriced=self.unpriced + other.unpriced,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Hard limits an operator set; None: no limit."""

    per_execution: Money | None = None
    per_day: Money | None = None
    """For everybody of one tenant together, by the calendar day of ``TIZMOR_TIMEZONE``."""


NO_CAPS = Caps()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One call of a model, from the reservation before it to the account after it."""

    id: str
    tenant_id: TenantId
    user_id: PrincipalId
    execution_id: ExecutionId | None
    """None for a preview, which belongs to no execution."""
    step_id: StepId | None
    """None while planning."""
    prompt: str
    """``name@version``."""
    model: str
    """As configured, then as the provider answered."""
    day: date
    """The calendar day it is charged to."""
    at: datetime
    cost: Money | None = None
    """Reserved, then charged; None: the model has no price."""
    price_version: str = ""
    usage: Usage = Usage()
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """What one person's calls of one model cost on one day."""

    day: date
    user_id: PrincipalId
    model: str
    spend: Spend
