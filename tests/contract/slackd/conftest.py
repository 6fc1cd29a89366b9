"""A server, a client of Slack's own SDK, and a Bolt app: nothing here knows how the server works inside."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.contract.slackd.listening import Sdk, sdk
from tests.servers.slackd import Slackd, SlackdOptions, serve_slackd
from tests.servers.slackd.sample import sample_manifest


@pytest.fixture
async def slack() -> AsyncGenerator[Slackd]:
    """A strict server whose clock stands still."""
    async with serve_slackd(SlackdOptions(manifest=sample_manifest())) as server:
        yield server


@pytest.fixture
def web(slack: Slackd) -> Sdk:
    """The SDK's client, with the retries it comes with."""
    return sdk(slack, slack.bot_token)
