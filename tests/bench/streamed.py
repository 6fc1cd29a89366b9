"""How early the first read of a plan starts while a model still streams the rest."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from loguru import logger

from bot.app import open_tizmor
from bot.settings import Settings
from engine.domain.event import EventType
from integrations.local_workspace.sample import create_sample
from integrations.scripted_model import Progress, Reply, RequestView, UseTools, serve_scripted, spread
from integrations.scripted_model.office import office_script
from tests.bench.driving import Readings

STREAM_SECONDS = 2.0
"""How long the model takes to stream its plan of five steps."""
STORY = "read what we did in December at Tevuot, understand the strategy and set up a meeting with Yoav"
ROUNDS = 3


def streamed_plan() -> Readings | None:
    """``{"stream": seconds, "first_read": seconds}``, both from the first byte of the stream; medians of the rounds."""
    logger.remove()  # a table is being printed
    rounds: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as home:
            rounds.append(asyncio.run(_round(Path(home))))
    return {"stream": median(whole for whole, _ in rounds), "first_read": median(first for _, first in rounds)}


def table(found: Readings | None) -> str:
    """The figure and its verdict."""
    if found is None:
        return "not measured"
    share = found["first_read"] / found["stream"]
    verdict = "met" if share <= 1 / 3 else "MISSED"
    return (
        f"the first read starts {found['first_read']:.2f} s into a stream of {found['stream']:.2f} s, "
        f"after {share:.0%} of it (target: a third at most): {verdict}"
    )


async def _round(home: Path) -> tuple[float, float]:
    """Seconds the stream took, and until the first step was claimed, on one clock."""
    create_sample(home / "workspace", datetime.now(UTC).date())
    office, even = office_script(), spread(timedelta(seconds=STREAM_SECONDS))
    sent: list[float] = []
    loop = asyncio.get_running_loop()

    async def pace(progress: Progress) -> None:
        sent.append(progress.began if progress.index == 0 else loop.time())
        await even(progress)

    def script(request: RequestView, number: int) -> Reply:
        reply = office(request, number)
        return replace(reply, pace=pace) if isinstance(reply, UseTools) else reply

    async with serve_scripted(script) as server:
        settings = Settings.model_validate({"tizmor_home": home, "anthropic_base_url": server.url})
        async with open_tizmor(settings) as tizmor:
            if tizmor.model is not None:
                await tizmor.model.warm()
            execution = await tizmor.orchestrator.start(STORY, "owner")
            first = planned = 0.0
            async for event in tizmor.orchestrator.events(execution.id):
                if event.type is EventType.STEP_STARTED and not first:
                    first = loop.time()
                if event.type is EventType.PLAN_MADE:
                    planned = loop.time()
                    break
            return planned - sent[0], first - sent[0]
