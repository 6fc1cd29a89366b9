"""Opens the configured language model, and refuses settings under which it could not be kept within its budget."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.settings import Settings
from engine.domain.spend import NO_CAPS
from engine.errors import RequestError
from engine.ports.language_model import ModelRole
from engine.safety.budgets import Purse
from integrations.anthropic import AnthropicModel, AnthropicOptions, RoleOptions, Timeouts, price_table

CONNECTIONS = 16
"""Model calls at once; more wait in line. Providers answer more with 429."""

LONGEST_CALL = timedelta(minutes=10)


@asynccontextmanager
async def open_model(settings: Settings) -> AsyncGenerator[AnthropicModel | None]:
    """The model in effect until the block ends; None where none is configured.

    Raises:
        RequestError: ``price_missing``: there is a cap, and a model of no known price.
    """
    if not settings.has_model:
        yield None
        return
    options = model_options(settings)
    _refuse_unpriced(settings, options)
    async with AnthropicModel(options) as model:
        yield model


def model_options(settings: Settings) -> AnthropicOptions:
    """What the adapter is told."""
    key = settings.anthropic_api_key
    return AnthropicOptions(
        planner=RoleOptions(model=settings.tizmor_planner_model, effort=settings.tizmor_planner_effort),
        agent=RoleOptions(model=settings.tizmor_agent_model, effort=settings.tizmor_agent_effort),
        timeouts=Timeouts(
            connect=timedelta(seconds=settings.tizmor_model_connect_seconds),
            first_byte=timedelta(seconds=settings.tizmor_model_first_byte_seconds),
            between_events=timedelta(seconds=settings.tizmor_model_silence_seconds),
            whole=LONGEST_CALL,
        ),
        connections=CONNECTIONS,
        api_key=None if key is None else key.get_secret_value(),
        base_url=settings.anthropic_base_url,
    )


def purse(settings: Settings) -> Purse:
    """By what spending is counted and limited."""
    return Purse(prices=price_table(settings.own_prices), zone=ZoneInfo(settings.tizmor_timezone), caps=settings.caps)


def _refuse_unpriced(settings: Settings, options: AnthropicOptions) -> None:
    if settings.caps == NO_CAPS:
        return
    prices = price_table(settings.own_prices)
    for role in ModelRole:
        name = options.of(role).model
        if prices.price(name) is None:
            raise RequestError(
                "price_missing",
                f"TIZMOR_BUDGET_USD_… sets a cap, but the model {name!r} has no price: set TIZMOR_PRICES for it, or unset "
                "the cap.",
                {"model": name},
            )
