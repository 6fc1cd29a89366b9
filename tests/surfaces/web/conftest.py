"""A real server on loopback, over a door in memory."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.access import Access, AccessOptions, token_hash
from bot.web.server import WebOptions, create_app
from engine.domain.tenant import Principal
from tests.surfaces.web.memory_door import ADMIN, DANA, GUEST, OWNER, ManualClock, MemoryAnswers, MemoryDoor

OWNER_TOKEN = "owner-token-" + "x" * 32
TOKENS = {"dana-token": DANA, "admin-token": ADMIN, "guest-token": GUEST}


async def eventually(condition: Callable[[], bool]) -> None:
    """Let everything run until the condition holds; five seconds at most."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


@dataclass
class Answer:
    """A response, read."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Served:
    """A running server and the parts behind it."""

    url: str
    door: MemoryDoor
    access: Access
    answers: MemoryAnswers
    clock: ManualClock
    client: aiohttp.ClientSession
    runner: web.AppRunner

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        token: str | None = OWNER_TOKEN,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = {"Content-Type": "application/json"} if body is not None or raw is not None else {}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        data = raw if raw is not None else (json.dumps(body).encode() if body is not None else None)
        async with self.client.request(
            method,
            self.url + path,
            data=io.BytesIO(data) if data is not None else None,
            headers={**sent, **(headers or {})},
            allow_redirects=False,
            skip_auto_headers=("Content-Type",),
        ) as response:
            return Answer(status=response.status, headers=response.headers.copy(), text=await response.text())

    async def sign_in(self) -> str:
        """A session's Cookie header."""
        answer = await self.ask("GET", f"/login?code={self.access.login_code()}", token=None)
        return answer.headers["Set-Cookie"].split(";")[0]

    @asynccontextmanager
    async def stream(self, path: str, **headers: str) -> AsyncGenerator[aiohttp.ClientResponse]:
        sent = {"Authorization": f"Bearer {OWNER_TOKEN}"}
        async with self.client.get(self.url + path, headers={**sent, **headers}) as response:
            yield response


async def frames(response: aiohttp.ClientResponse) -> AsyncGenerator[tuple[int, str, Any]]:
    """(id, event, data) of each event, as a browser would see them."""
    fields: dict[str, str] = {}
    async for raw in response.content:
        line = raw.decode().rstrip("\n")
        if not line:
            if "data" in fields:
                yield int(fields["id"]), fields["event"], json.loads(fields["data"])
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


@pytest.fixture
async def served(tmp_path: Path) -> AsyncGenerator[Served]:
    async with serve(tmp_path) as running:
        yield running


@asynccontextmanager
async def serve(folder: Path, *, public_url: str | None = None, **options: Any) -> AsyncGenerator[Served]:
    """Run the HTTP door on a free port."""
    (folder / "index.html").write_text("<!doctype html><title>Tizmor</title>", encoding="utf-8")
    (folder / "chat.js").write_text("export {};", encoding="utf-8")
    clock = ManualClock()
    door, answers = MemoryDoor(clock), MemoryAnswers()
    people = {token_hash(token): principal for token, principal in TOKENS.items()}

    async def lookup(key: str) -> Principal | None:
        return people.get(key)

    access = Access(
        owner=OWNER, token=OWNER_TOKEN, clock=clock, options=AccessOptions(public_url=public_url, lookup=lookup)
    )
    web_options = WebOptions(static=folder, page_texts=lambda locale: {"locale": locale, "title": "תזמור"}, **options)
    runner = web.AppRunner(create_app(door, access, answers, web_options), access_log=None, shutdown_timeout=5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession() as client:
        try:
            yield Served(
                url=f"http://{host}:{port}",
                door=door,
                access=access,
                answers=answers,
                clock=clock,
                client=client,
                runner=runner,
            )
        finally:
            await runner.cleanup()
