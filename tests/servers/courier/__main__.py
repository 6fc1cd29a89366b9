"""A courier as a process: ``python -m tests.servers.courier [PORT]`` prints its address and runs until it is told to end."""

from __future__ import annotations

import asyncio
import signal
import sys

from tests.servers.courier.server import serve_courier


async def _serve(port: int) -> None:
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    async with serve_courier(port) as courier:
        print(courier.url, flush=True)
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
