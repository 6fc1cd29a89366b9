"""The same clicks through the HTTP door, over real sockets: each person with connections and a token of their own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import aiohttp
from aiohttp import web

from bot.access import Access, AccessOptions, token_hash
from bot.remembered_answers import RememberedAnswers
from bot.web.server import WebOptions, create_app
from engine.domain.approval import Decision
from engine.domain.ids import ApprovalId, PrincipalId
from engine.domain.tenant import Principal
from storage.access_store import AccessStore
from tests.lab import OWNER
from tests.laboratory.clicks.races import CLICKS, Click, Ring, open_ring
from tests.laboratory.interleavings.rig import ASKER, Chat
from tests.laboratory.interleavings.world import SlowChat

TOKEN = "asker-" + "x" * 40


@asynccontextmanager
async def at_the_door(ring: Ring, home: Path) -> AsyncGenerator[Click]:
    """Clicks that come over loopback to a served door."""
    lab = ring.lab
    door = Chat(ring.database, lab, lab.clock, SlowChat()).door

    async def lookup(key: str) -> Principal | None:
        return ASKER if key == token_hash(TOKEN) else None

    access = Access.open(home, lab.clock, AccessOptions(lookup=lookup))
    answers = RememberedAnswers(AccessStore(ring.database), lab.clock)
    options = WebOptions(static=Path(__file__).parent, page_texts=lambda _: {})
    runner = web.AppRunner(create_app(door, access, answers, options))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        tokens: dict[PrincipalId, str] = {OWNER.id: (home / "api_token").read_text("utf-8").strip(), ASKER.id: TOKEN}
        connector = aiohttp.TCPConnector(limit=2 * CLICKS)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}", connector=connector) as http:

            async def click(who: Principal, approval: ApprovalId, decision: Decision) -> str:
                body = {"decision": decision.verb.value, "arguments": decision.arguments}
                headers = {"Authorization": f"Bearer {tokens[who.id]}"}
                sent = {name: value for name, value in body.items() if value is not None}
                async with http.post(f"/api/approvals/{approval}", json=sent, headers=headers) as response:
                    answer = await response.json()
                    return "" if response.status == 200 else str(answer["code"])

            yield click
    finally:
        await runner.cleanup()


async def race_at_the_door(home: Path, races: int, seed: int, over: Callable[[], bool] = lambda: False) -> Ring:
    """So many races; fewer when it is ``over`` before."""
    random = Random(f"doors {seed}")
    async with open_ring(home) as ring, at_the_door(ring, home) as click:
        while len(ring.races) < races and not over():
            await ring.race(click, random)
    return ring
