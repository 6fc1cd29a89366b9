"""A server as a process: ``python -m tests.servers.slackd --port N --manifest manifest.yml [--realtime]``.

The first line it prints is JSON with its addresses, tokens and people; it runs until it is asked to end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path

from tests.servers.slackd.control import describe
from tests.servers.slackd.options import SlackdOptions
from tests.servers.slackd.server import serve_slackd


def _options() -> SlackdOptions:
    parser = argparse.ArgumentParser(prog="slackd", description="A strict local Slack.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--manifest", type=Path, default=SlackdOptions().manifest)
    parser.add_argument("--realtime", action="store_true", help="the clock follows the wall")
    parser.add_argument("--no-rates", action="store_true", help="do not limit rates")
    parser.add_argument("--ack-seconds", type=float, default=3.0)
    given = parser.parse_args()
    return SlackdOptions(
        manifest=given.manifest,
        port=given.port,
        realtime=given.realtime,
        rates=not given.no_rates,
        ack_seconds=given.ack_seconds,
    )


async def _serve(options: SlackdOptions) -> None:
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    async with serve_slackd(options) as slack:
        print(json.dumps(describe(slack)), flush=True)
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(_serve(_options()))
