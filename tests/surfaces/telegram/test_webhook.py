"""Telegram over HTTP: proved by a secret, committed before it is answered, and closed to everybody else."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.telegram.api import telegram_api
from bot.telegram.webhook import LARGEST, PATH, SECRET_HEADER, telegram_updates
from engine.errors import InternalError, UnavailableError
from engine.failpoints import arm
from integrations.scheduling.clock import SystemClock
from tests.servers.telegramd import Telegramd, TelegramdOptions, serve_telegramd
from tests.surfaces.telegram.listening import WORDS, Clock, Kept, do_everything, logged, name_at, soon
from tests.unit.telegram.inbound.updates import BOT_ID, SENT, US, click, message, said, update

SECRET = "a-secret_of_Ours-0123456789"
PROOF = {SECRET_HEADER: SECRET}
STORAGE = UnavailableError("storage_unavailable", "the database is away.")


@asynccontextmanager
async def served(kept: Kept, secret: str = SECRET, clock: Any = None, ours: Any = US) -> AsyncGenerator[str]:
    """Our address, at which updates are taken while the block runs."""
    app = web.Application()
    app.router.add_post(PATH, telegram_updates(kept.receive, ours, secret, clock or Clock()))
    # what a peer that was refused sends after all is read for a while: nobody here sends any
    runner = web.AppRunner(app, lingering_time=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
    finally:
        await runner.cleanup()


async def post(address: str, body: Any, headers: Mapping[str, str] = PROOF) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with aiohttp.ClientSession() as session, session.post(address, data=io.BytesIO(raw), headers=headers) as got:
        assert await got.text() == ""
        return got.status


async def test_an_update_is_answered_once_it_is_committed() -> None:
    kept = Kept()
    kept.open.clear()
    async with served(kept) as address, asyncio.TaskGroup() as group:
        asked = group.create_task(post(address, said(WORDS)))
        for _ in range(20):
            await asyncio.to_thread(lambda: None)
        assert not asked.done()
        kept.open.set()
        assert await asked == 200
    (delivery,) = kept.taken.values()
    assert (delivery.key, delivery.text) == (f"telegram:{BOT_ID}:500", WORDS)


async def test_what_cannot_be_committed_now_is_asked_for_again() -> None:
    kept = Kept(fails=[STORAGE])
    async with logged() as lines, served(kept) as address:
        assert await post(address, said(WORDS)) == 503
        assert kept.taken == {}
        assert await post(address, said(WORDS)) == 200
    assert kept.texts == [WORDS]
    assert any("WARNING telegram_updates_not_kept" in line for line in lines)
    assert not any(WORDS in line or SECRET in line for line in lines)


async def test_what_can_never_be_kept_is_taken_and_told() -> None:
    kept = Kept(fails=[InternalError("write_invalid", "a value")])
    async with logged() as lines, served(kept) as address:
        assert await post(address, said(WORDS)) == 200
    assert kept.taken == {}
    assert any("ERROR telegram_update_not_kept" in line for line in lines)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SECRET_HEADER: ""},
        {SECRET_HEADER: SECRET[:-1]},
        {SECRET_HEADER: SECRET + "0"},
        {SECRET_HEADER: SECRET.lower()},
        {SECRET_HEADER: "סוד"},
        {"Authorization": f"Bearer {SECRET}"},
    ],
    ids=["nothing", "empty", "shorter", "longer", "another case", "other letters", "elsewhere"],
)
async def test_whoever_does_not_know_the_secret_is_refused(headers: dict[str, str]) -> None:
    kept = Kept()
    async with served(kept) as address:
        assert await post(address, said(WORDS), headers) == 401
    assert kept.taken == {}


async def raw(address: str, lines: bytes) -> int:
    """Status of a request that is never sent to its end."""
    host, port = address.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\n".encode() + lines + b"\r\n\r\n")
    status = (await reader.readline()).split()[1]
    writer.close()
    await writer.wait_closed()
    await soon(lambda: len(asyncio.all_tasks()) == 1)
    return int(status)


async def test_bytes_that_are_no_text_are_no_secret() -> None:
    async with served(Kept()) as address:
        assert await raw(address, b"Content-Length: 2\r\n" + SECRET_HEADER.encode() + b": \xff\xfe") == 401


async def test_a_stranger_is_refused_before_anything_is_read() -> None:
    async with served(Kept()) as address:
        assert await raw(address, b"Content-Length: 900000") == 401


async def test_what_does_not_arrive_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.telegram.webhook.READ_WITHIN", timedelta(milliseconds=5))
    async with served(Kept()) as address:
        assert await raw(address, f"Content-Length: 900\r\n{SECRET_HEADER}: {SECRET}".encode()) == 408


@pytest.mark.parametrize("secret", ["", " "])
async def test_without_a_secret_nobody_is_let_in(secret: str) -> None:
    kept = Kept()
    async with served(kept, "") as address:
        for headers in ({}, {SECRET_HEADER: secret}, PROOF):
            assert await post(address, said(WORDS), headers) == 401
    assert kept.taken == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b"x" * (LARGEST + 1),
        b'{"update_id": 1, "update_id": 2}',
        b'{"update_id": NaN}',
        b'{"update_id": 500, "message": {"text": "\\ud800"}}',
        [],
        7,
        None,
        "an update",
        {},
        {"update_id": "x"},
        {"message": {"text": WORDS}},
        update(poll={"id": "1"}),
    ],
    ids=range(16),
)
async def test_what_cannot_be_read_is_taken_or_it_would_come_for_ever(body: Any) -> None:
    kept = Kept()
    async with logged() as lines, served(kept) as address:
        assert await post(address, body) == 200
        assert await post(address, said(WORDS)) == 200
    assert kept.texts == [WORDS]
    assert not any(WORDS in line for line in lines)


async def test_what_is_too_large_is_told_whether_it_says_so_or_not() -> None:
    async def endless() -> AsyncGenerator[bytes]:
        for _ in range(LARGEST // 1024 + 2):
            yield b" " * 1024

    async with logged() as lines, served(Kept()) as address, aiohttp.ClientSession() as session:
        assert await post(address, b"x" * (LARGEST + 1)) == 200
        async with session.post(address, data=endless(), headers=PROOF) as got:
            assert got.status == 200
    assert sum("ERROR telegram_update_too_large" in line for line in lines) == 2


async def test_what_only_a_replay_can_be_is_taken_told_and_not_committed() -> None:
    kept = Kept()
    async with logged() as lines, served(kept) as address:
        assert await post(address, update(message=message(WORDS, date=SENT - 3 * 86_400))) == 200
        assert await post(address, update(501, message=message("in time", date=SENT - 86_400))) == 200
    assert kept.texts == ["in time"]
    assert any("WARNING telegram_update_too_old" in line for line in lines)


async def test_updates_come_in_any_order_and_again_and_the_inbox_knows_them_by_their_key() -> None:
    kept = Kept()
    async with served(kept) as address:
        for number in (505, 501, 503, 501, 505, 17):
            assert await post(address, click() | {"update_id": number}) == 200
    assert kept.happened == ["commit 505", "commit 501", "commit 503", "known 501", "known 505", "commit 17"]
    assert kept.kept == {}


async def test_an_old_button_may_be_pressed() -> None:
    kept, clock = Kept(), Clock()
    clock.advance(timedelta(days=30))
    async with served(kept, clock=clock) as address:
        assert await post(address, click()) == 200
    assert kept.kinds == ["click"]


async def test_a_test_may_stop_the_process_before_and_after_the_commit() -> None:
    points: list[str] = []
    arm(None, points.append)
    try:
        async with served(Kept()) as address:
            await post(address, update(poll={"id": "1"}))
            await post(address, said(WORDS))
    finally:
        arm(None)
    assert points == ["telegram.webhook.before#1", "telegram.webhook.after#1"]


@asynccontextmanager
async def hooked(kept: Kept) -> AsyncGenerator[Telegramd]:
    """A local Telegram that delivers to us."""
    async with serve_telegramd(TelegramdOptions(flood=None, webhook_retry=(0.0,))) as telegram:
        address_of_ours = served(kept, clock=SystemClock(), ours=name_at(telegram))
        async with address_of_ours as address, telegram_api(telegram.token, telegram.api_url) as api:
            await api.set_webhook(address, SECRET)
            yield telegram
            await api.delete_webhook()
        assert telegram.warnings == []


async def test_everything_a_person_can_do_is_committed_and_not_logged() -> None:
    kept = Kept()
    async with logged() as lines, hooked(kept) as telegram:
        async with telegram_api(telegram.token, telegram.api_url) as api:
            expected = await do_everything(telegram, api)
        await soon(lambda: len(kept.taken) >= len(expected))
        await telegram.settled()
        assert kept.kinds == expected
        secrets = (WORDS, SECRET, telegram.token)
    assert not any(secret in line for line in lines for secret in secrets)


async def test_storage_that_is_away_loses_nothing_and_a_replay_is_taken_by_nobody_twice() -> None:
    kept = Kept(fails=[STORAGE, STORAGE])
    async with hooked(kept) as telegram:
        for n in range(3):
            await telegram.say(telegram.dana, telegram.dana, f"{n}")
        await telegram.settled()
        telegram.updates.replay()
        await telegram.settled()
    assert kept.texts == ["0", "1", "2"]
    assert sum(step.startswith("known") for step in kept.happened) == 3
