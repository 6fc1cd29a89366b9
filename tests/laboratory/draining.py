"""The product with the courier's tools, until it is told to stop: ``python -m tests.laboratory.draining HOME URL SECONDS``.

Asks for one effect at its first start, and says at any other how that ended. Prints ``serves`` once it serves.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import bot.serve
from bot.app import Tizmor
from bot.settings import Settings
from tests.lab import OWNER
from tests.laboratory.agents import courier_extension
from tests.waiting import until


async def main(home: Path, url: str) -> str:
    """Why it ended; empty: it was told to."""
    first = not (home / "tizmor.db").exists()
    settings = Settings(tizmor_home=home, tizmor_port=0)
    async with bot.serve.serve(settings, extension=courier_extension(url)) as serving:
        if first:
            await serving.tizmor.orchestrator.start("courier: a keyed letter", OWNER.id)
        else:
            print(await _ended(serving.tizmor), flush=True)
        asyncio.get_running_loop().call_soon(lambda: print("serves", flush=True))  # once it also hears signals
        return await bot.serve.until_stopped(serving.tizmor)


async def _ended(tizmor: Tizmor) -> str:
    page = await tizmor.door.executions(OWNER, limit=1, before=None)
    snapshot = await until(lambda: tizmor.orchestrator.get_execution(page.items[0].id), lambda s: s.outcome is not None)
    return str(snapshot.outcome)


if __name__ == "__main__":
    bot.serve.DRAIN_SECONDS = float(sys.argv[3])
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
