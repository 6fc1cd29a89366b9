"""Our calls to a strict local Slack, and to servers that are no Slack at all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from bot.slack.web import SlackWeb, slack_client
from tests.servers.slackd import Channel, Slackd, SlackdOptions, serve_slackd

MANIFEST = Path(__file__).parents[3] / "manifest.yml"


@asynccontextmanager
async def calling(longest: timedelta = timedelta(seconds=5)) -> AsyncGenerator[tuple[Slackd, SlackWeb]]:
    """A Slack, and our calls to it."""
    async with serve_slackd(SlackdOptions(manifest=MANIFEST)) as slack:
        async with slack_client(slack.bot_token, slack.api_url, longest) as client:
            yield slack, SlackWeb(client)
        assert slack.warnings == []


def room(slack: Slackd) -> Channel:
    return slack.add_channel("team", [slack.dana, slack.avi])


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncGenerator[str]:
    app = web.Application()
    app.router.add_route("*", "/api/{method}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        await runner.cleanup()
