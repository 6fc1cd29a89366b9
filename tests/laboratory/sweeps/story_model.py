"""The story, planned and written through a scripted Messages API, which dies with the process."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bot.settings import Settings
from integrations.scripted_model import serve_scripted
from integrations.scripted_model.office import office_script
from tests.laboratory.sweeps.story import Story

OF_THE_MODEL = (
    "model.",
    "state.SaveDraft",
    "state.SavePlan",
    "state.ReserveSpend",
    "state.SettleSpend",
    "state.SaveCheck",
)
"""How points begin that only a story with a model passes, or passes otherwise."""


class ModelStory(Story):
    """Killed at the points that the offline story does not have."""

    name = "story_model"
    least = 30

    def prepare(self) -> None:
        """Load the model's client once, instead of in every process."""
        importlib.import_module("anthropic")

    async def equipped(self, settings: Settings, stack: AsyncExitStack) -> Settings:
        """See the story."""
        server = await stack.enter_async_context(serve_scripted(office_script()))
        return settings.model_copy(update={"anthropic_base_url": server.url})

    def visited(self, passed: Sequence[str]) -> list[str]:
        """See the scenario."""
        return [point for point in passed if point.startswith(OF_THE_MODEL)]


SCENARIO = ModelStory()
