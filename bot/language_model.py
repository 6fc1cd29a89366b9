"""Opens the configured language model, and refuses settings under which it could not be kept within its budget."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.models import model_options, price_gaps, prices
from bot.render.texts import bare
from bot.settings import Settings
from engine.errors import RequestError, TizmorError
from engine.ports.language_model import LanguageModel
from engine.safety.budgets import Purse
from engine.safety.circuits import Circuits
from engine.safety.guarded_model import GuardedModel
from integrations.anthropic import AnthropicModel

SCRIPTED_SECONDS = 1.0
"""How long a scripted answer takes to come: about as long as one sees a plan grow."""


@asynccontextmanager
async def scripted(settings: Settings) -> AsyncGenerator[Settings]:
    """Serve scripted answers until the block ends, where the settings want them; the settings to go on with."""
    if not settings.tizmor_scripted_model:
        yield settings
        return
    # Lazily: only the demonstration and tests need a server.
    from integrations.scripted_model import serve_scripted  # noqa: PLC0415
    from integrations.scripted_model.office import office_script  # noqa: PLC0415

    async with serve_scripted(office_script(over=timedelta(seconds=SCRIPTED_SECONDS))) as server:
        yield settings.model_copy(update={"anthropic_base_url": server.url, "anthropic_api_key": None})


@asynccontextmanager
async def open_model(settings: Settings) -> AsyncGenerator[AnthropicModel | None]:
    """The model in effect until the block ends; None where none is configured.

    Raises:
        RequestError: ``price_missing``: there is a cap, and a model of no known price.
    """
    if not settings.has_model:
        yield None
        return
    for gap in price_gaps(settings):
        if not gap.ok:
            raise RequestError("price_missing", bare(gap.text))
    async with AnthropicModel(model_options(settings)) as model:
        yield model


async def warmed(model: AnthropicModel) -> None:
    """Load what a first call would have to wait for; whatever is wrong, the first call says."""
    with suppress(TizmorError):
        await model.warm()


def guarded(model: LanguageModel | None, circuits: Circuits) -> LanguageModel | None:
    """The model as executions get it: left alone while it keeps failing."""
    return None if model is None else GuardedModel(model, circuits)


def purse(settings: Settings) -> Purse:
    """By what spending is counted and limited."""
    return Purse(prices=prices(settings), zone=ZoneInfo(settings.tizmor_timezone), caps=settings.caps)
