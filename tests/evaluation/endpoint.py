"""Whom to ask: the configured model, the scripted server's office, or a recording; opened for one evaluation."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.models import model_options, prices
from bot.settings import load_settings
from engine.domain.spend import PriceTable
from engine.errors import RequestError
from integrations.anthropic import AnthropicModel, AnthropicOptions, RoleOptions, Timeouts, price_table
from integrations.scripted_model import Script, ServedModel, ServerOptions, serve_scripted
from tests.evaluation.recording import read_recording, replaying

SCRIPTED = "scripted"
"""The model id a scripted server answers under: nobody's real one, and without a price."""

_PATIENCE = timedelta(seconds=30)
NOTHING_TO_ASK = (
    "There is no model to evaluate. Set ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL (or --base-url) for a server that speaks the "
    "Messages API; or replay recorded answers with --replay tests/evaluation/recorded.json."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An open model and what a report says of it."""

    model: AnthropicModel
    where: str
    prices: PriceTable
    recorded_from: str
    """What a recording of it calls itself."""
    notes: tuple[str, ...] = ()


@asynccontextmanager
async def configured(base_url: str | None, planner_model: str | None) -> AsyncGenerator[Endpoint]:
    """The model the settings name, with these two in front.

    Raises:
        RequestError: ``evaluation_no_model``; or the settings contradict themselves.
    """
    settings = load_settings(anthropic_base_url=base_url, tizmor_planner_model=planner_model)
    if not settings.has_model:
        raise RequestError("evaluation_no_model", NOTHING_TO_ASK)
    options = model_options(settings)
    async with AnthropicModel(options) as model:
        yield Endpoint(
            model=model,
            where=options.host,
            prices=prices(settings),
            recorded_from=f"{options.planner.model} at {options.host}",
        )


@asynccontextmanager
async def scripted(script: Script) -> AsyncGenerator[Endpoint]:
    """A scripted server on loopback."""
    note = "NO MODEL: the answers come from a script; these figures say nothing about any model."
    async with _served(script) as model:
        yield Endpoint(
            model=model, where="the scripted server", prices=price_table(), recorded_from=SCRIPTED, notes=(note,)
        )


@asynccontextmanager
async def recorded(path: Path) -> AsyncGenerator[Endpoint]:
    """A recording, given by a scripted server on loopback."""
    recording = read_recording(path)
    note = f"REPLAY: the answers were recorded from {recording.recorded_from}; times and tokens are the replay's."
    async with _served(replaying(recording)) as model:
        yield Endpoint(
            model=model,
            where=f"the recording {path.name}",
            prices=price_table(),
            recorded_from=recording.recorded_from,
            notes=(note,),
        )


@asynccontextmanager
async def _served(script: Script) -> AsyncGenerator[AnthropicModel]:
    served = ServerOptions(models=(ServedModel(id=SCRIPTED, display_name="A script"),))
    role = RoleOptions(model=SCRIPTED)
    async with serve_scripted(script, served) as server:
        timeouts = Timeouts(connect=_PATIENCE, first_byte=_PATIENCE, between_events=_PATIENCE, whole=2 * _PATIENCE)
        options = AnthropicOptions(
            planner=role, agent=role, timeouts=timeouts, connections=1, api_key=None, base_url=server.url
        )
        async with AnthropicModel(options) as model:
            yield model
