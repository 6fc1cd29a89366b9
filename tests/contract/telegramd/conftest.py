"""One server and a bot of PTB's on it, for each test."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from telegram import Bot

from tests.contract.telegramd.talking import ptb
from tests.servers.telegramd import Telegramd, TelegramdOptions, serve_telegramd


@pytest.fixture
def options() -> TelegramdOptions:
    """What the server is started with; a module or a test may say otherwise."""
    return TelegramdOptions(flood=None)


@pytest.fixture
async def telegram(options: TelegramdOptions) -> AsyncGenerator[Telegramd]:
    async with serve_telegramd(options) as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: Telegramd) -> AsyncGenerator[Bot]:
    async with ptb(telegram) as bot:
        yield bot
