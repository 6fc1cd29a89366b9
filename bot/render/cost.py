"""What model calls cost, in words: money that stays readable when it is little, tokens, what came from a cache.

An unknown price is said to be unknown, never shown as nothing; a sum with a call still under way is a bound.
"""

from __future__ import annotations

from bot.render.texts import Phrase, Texts, isolate
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.spend import NOTHING, Money, Spend, Usage

SMALLEST = Money.usd(0.001)
"""Less than this is told as less than this."""

_THOUSAND = 1_000


def cost_line(snapshot: ExecutionSnapshot, texts: Texts) -> str:
    """The line on every card: see :func:`spend_line`."""
    model = snapshot.plan.model if snapshot.plan else ""
    return spend_line(snapshot.spend, texts, model=model, over=snapshot.execution.outcome is not None)


def spend_line(spend: Spend, texts: Texts, *, model: str, over: bool) -> str:
    """Money, tokens, what came from a cache; empty without a call, until it is over and nothing was spent.

    Args:
        spend: of a whole execution.
        texts: the language.
        model: the one to name where no call has a price; empty where it is not known.
        over: nothing more will be spent.
    """
    if not spend.calls:
        return texts.say("card.no_cost") if over else ""
    if spend.held > NOTHING and not over:
        # A call is under way, and counts with the most it may take: its tokens are no news.
        return _paid(spend, model, texts, bound=True)
    parts = [_paid(spend, model, texts), _tokens(spend.usage, texts), _cached(spend.usage, texts)]
    return " · ".join(part for part in parts if part)


def step_cost(spend: Spend, texts: Texts) -> str:
    """What one step cost, in a word or two; empty where it called no model."""
    if not spend.calls:
        return ""
    if spend.unpriced == spend.calls:
        return texts.say("cost.step_unknown")
    if spend.unpriced:
        return texts.say("cost.over", usd=money(spend.cost, texts))
    return _hedged("cost.up_to" if spend.held > NOTHING else "cost.about", spend, texts)


def money(amount: Money, texts: Texts) -> Phrase:
    """``$1.25``, ``$0.0123``, ``under $0.001``: to the cent from a dollar up, to a hundredth of a cent below."""
    if NOTHING < amount < SMALLEST:
        return texts.say("cost.under", usd=_dollars(SMALLEST.dollars, 3))
    if amount >= Money.usd(1):
        return _dollars(amount.dollars, 2)
    shown = f"{amount.dollars:.4f}".rstrip("0")
    return _dollars(amount.dollars, max(len(shown.partition(".")[2]), 2))


def dollars_told(value: str, texts: Texts) -> Phrase:
    """An amount that was given as text, such as ``0.41``; text that is no amount stays as it is."""
    try:
        return money(Money.usd(float(value)), texts)
    except (ValueError, OverflowError):
        return Phrase(isolate(value))


def percent(number: str) -> Phrase:
    """``84%``, isolated: the sign stays behind the number in a line of either direction."""
    return Phrase(isolate(f"{number}%"))


def tokens(number: int, texts: Texts) -> Phrase:
    """``512``, ``12.4k``, ``1.2M``."""
    for word, size in (("cost.millions", _THOUSAND**2), ("cost.thousands", _THOUSAND)):
        if number >= size - size // 20_000:  # 999,960 is a million, not 1,000 thousands
            return texts.say(word, amount=texts.number(round(number / size, 1)))
    return texts.number(number)


def _paid(spend: Spend, model: str, texts: Texts, *, bound: bool = False) -> Phrase:
    if spend.unpriced == spend.calls:
        if model:
            return texts.say("cost.no_price", model=model)
        return texts.say("cost.no_prices", n=spend.unpriced)
    paid = _hedged("cost.so_far" if bound else "cost.about", spend, texts)
    if not spend.unpriced:
        return paid
    return Phrase(f"{paid} · {texts.say('cost.and_unpriced', n=spend.unpriced)}")


def _hedged(word: str, spend: Spend, texts: Texts) -> Phrase:
    """The sum; where the provider never said what a call took, it is called what it is."""
    paid = money(spend.cost, texts)
    unsure = spend.usage.estimated or spend.held > NOTHING
    return texts.say(word, usd=paid) if unsure and spend.cost >= SMALLEST else paid


def _tokens(usage: Usage, texts: Texts) -> str:
    if not usage.all_input_tokens and not usage.output_tokens:
        return ""
    read, written = tokens(usage.all_input_tokens, texts), tokens(usage.output_tokens, texts)
    return texts.say("cost.tokens", read=read, written=written)


def _cached(usage: Usage, texts: Texts) -> str:
    if not usage.cache_read_tokens:
        return ""
    share = max(100 * usage.cache_read_tokens // usage.all_input_tokens, 1)
    return texts.say("cost.cached", share=percent(str(share)))


def _dollars(amount: float, decimals: int) -> Phrase:
    """Isolated, so that the sign stays before the number in a line of either direction."""
    return Phrase(isolate(f"${amount:,.{decimals}f}"))
