"""The language model as the settings say: what the adapter is told, its prices, and what stands in its way, in words.

Used by the composition root at start and by ``tizmor doctor``, so that both say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from bot.render.model_words import finding_words, setting_of
from bot.render.texts import Texts
from bot.settings import Settings
from engine.domain.spend import NO_CAPS, PriceTable
from engine.ports.language_model import ModelRole
from integrations.anthropic import AnthropicModel, AnthropicOptions, RoleOptions, Timeouts, examine, price_table

HARMLESS = frozenset({"model_retiring", "model_not_listed", "model_unchecked"})
"""Findings after which calls may still succeed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing about the model, in words."""

    code: str
    """Stable; ``ready``, ``absent``, ``compatible``, ``unpriced``, ``unpriced_capped``, or a code of the adapter's."""
    ok: bool
    """False: no call of a model will do, or two settings contradict each other."""
    text: str
    """A sentence in the locale of the settings."""


def model_options(settings: Settings) -> AnthropicOptions:
    """What the adapter is told. Meaningful where :attr:`Settings.has_model`."""
    key = settings.anthropic_api_key
    return AnthropicOptions(
        planner=RoleOptions(model=settings.tizmor_planner_model, effort=settings.tizmor_planner_effort),
        agent=RoleOptions(model=settings.tizmor_agent_model, effort=settings.tizmor_agent_effort),
        timeouts=Timeouts(
            connect=timedelta(seconds=settings.tizmor_model_connect_seconds),
            first_byte=timedelta(seconds=settings.tizmor_model_first_byte_seconds),
            between_events=timedelta(seconds=settings.tizmor_model_silence_seconds),
            whole=timedelta(seconds=settings.tizmor_model_call_seconds),
        ),
        connections=settings.tizmor_model_connections,
        api_key=key.get_secret_value() if key else None,
        base_url=settings.anthropic_base_url,
    )


def prices(settings: Settings) -> PriceTable:
    """The prices in effect: the shipped ones, and the operator's on top."""
    return price_table(settings.own_prices)


def price_gaps(settings: Settings) -> tuple[Said, ...]:
    """Configured models that have no price: with a cap a contradiction that names both sides, else a word of warning."""
    if not settings.has_model:
        return ()
    texts, table = Texts(settings.tizmor_locale), prices(settings)
    names = {role: model_options(settings).of(role).model for role in ModelRole}
    missing = [(name, setting_of(role)) for role, name in names.items() if table.price(name) is None]
    if settings.caps == NO_CAPS:
        return tuple(
            Said(code="unpriced", ok=True, text=texts.say("model.unpriced", model=name, setting=setting))
            for name, setting in missing
        )
    cap = texts.all_of([f"TIZMOR_BUDGET_USD_PER_{scope}" for scope in _capped(settings)])
    return tuple(
        Said(
            code="unpriced_capped",
            ok=False,
            text=texts.say("model.unpriced_capped", cap=cap, model=name, setting=setting),
        )
        for name, setting in missing
    )


async def look_at_model(settings: Settings, today: date) -> tuple[Said, ...]:
    """Everything there is to say about the model: one question to its server, which costs nothing.

    Cancel: stops at once.
    """
    texts = Texts(settings.tizmor_locale)
    if not settings.has_model:
        return (Said(code="absent", ok=True, text=texts.say("model.absent")),)
    options = model_options(settings)
    said: list[Said] = []
    if not options.official:
        said.append(Said(code="compatible", ok=True, text=texts.say("model.compatible", host=options.host)))
    async with AnthropicModel(options) as model:
        found = await examine(model, today)
    said += [Said(code=f.code, ok=f.code in HARMLESS, text=finding_words(f.code, f.parameters, texts)) for f in found]
    said += price_gaps(settings)
    if not all(one.ok for one in said):
        return tuple(said)
    ready = texts.say("model.ready", planner=options.planner.model, agent=options.agent.model, host=options.host)
    return (Said(code="ready", ok=True, text=ready), *said)


def _capped(settings: Settings) -> list[str]:
    caps = settings.caps
    return [name for name, cap in (("EXECUTION", caps.per_execution), ("DAY", caps.per_day)) if cap is not None]
