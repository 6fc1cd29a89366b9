"""A server as a process: ``python -m tests.servers.telegramd --port N``. The page to try it by hand is ``/ui``.

The first line it prints is JSON with its addresses, its token and its people; it runs until it is asked to end. The product
joins in with ``TELEGRAM_API_URL=<api_url> TELEGRAM_BOT_TOKEN=<token>``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal

from tests.servers.telegramd.control import describe
from tests.servers.telegramd.options import Flood, TelegramdOptions
from tests.servers.telegramd.server import serve_telegramd


def _options() -> TelegramdOptions:
    parser = argparse.ArgumentParser(prog="telegramd", description="A strict local Telegram.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--still", action="store_true", help="the clock stands still until it is moved")
    parser.add_argument("--no-flood", action="store_true", help="do not limit messages")
    parser.add_argument("--topics", action="store_true", help="private chats have topics")
    parser.add_argument("--no-privacy", action="store_true", help="the bot hears everything in groups")
    given = parser.parse_args()
    return TelegramdOptions(
        port=given.port,
        realtime=not given.still,
        flood=None if given.no_flood else Flood(),
        topics=given.topics,
        privacy=not given.no_privacy,
    )


async def _serve(options: TelegramdOptions) -> None:
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    async with serve_telegramd(options) as telegram:
        people = [telegram.dana, telegram.avi]
        telegram.add_supergroup("Team", people)
        telegram.add_forum("Work", people)
        print(json.dumps(describe(telegram) | {"ui": f"{telegram.api_url}/ui"}), flush=True)
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(_serve(_options()))
