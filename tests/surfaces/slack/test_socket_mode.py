"""Socket Mode against a strict Slack: nothing is acknowledged before it is committed, and no line stays dead."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from bot.slack.socket import SocketMode, SocketOptions
from integrations.scheduling.clock import SystemClock
from tests.servers.slackd import Fault
from tests.surfaces.slack.intake import (
    WORDS,
    Intake,
    Links,
    Waits,
    logged,
    over_socket,
    room,
    say_everything,
    slack_and_app,
    soon,
)  # fmt: skip

SHORT = timedelta(milliseconds=200)
LONG = timedelta(minutes=5)


async def test_everything_a_person_can_do_is_committed_and_acknowledged_and_nothing_of_it_is_logged() -> None:
    intake = Intake()
    async with logged() as lines, over_socket(intake) as (slack, _):
        expected = await say_everything(slack, room(slack))
        assert all(entry.ok for entry in slack.log.deliveries())
        assert sorted(intake.kinds) == expected
        assert slack.log.calls("auth.test") == []
    told = "\n".join(lines)
    assert "slack_listening" in told
    assert "slack_left_alone" in told
    for secret in (WORDS, slack.bot_token, slack.app_token, "ticket"):
        assert secret not in told


async def test_it_is_acknowledged_only_once_it_is_committed() -> None:
    intake = Intake()
    intake.open.clear()
    async with over_socket(intake) as (slack, _):
        await slack.say(slack.dana, slack.im(slack.dana), WORDS)
        await soon(lambda: intake.arrived)
        assert not slack.log.deliveries("message")[0].ok
        intake.open.set()
        await slack.settled()
        assert slack.log.deliveries("message")[0].ok
        assert intake.texts == [WORDS]


async def test_what_cannot_be_committed_is_not_acknowledged_and_comes_again() -> None:
    intake = Intake(failures=1)
    async with logged() as lines, over_socket(intake) as (slack, _):
        await slack.say(slack.dana, slack.im(slack.dana), WORDS)
        await soon(lambda: any("slack_delivery_not_taken" in line for line in lines))
        slack.clock.advance(3)
        await slack.settled()
        tries = slack.log.deliveries("message")
        assert [entry.ok for entry in tries] == [False, True]
        assert tries[0].params["event_id"] == tries[1].params["event_id"]
        assert intake.texts == [WORDS]
    assert not any(WORDS in line for line in lines)
    assert any("storage_unavailable" in line for line in lines)


async def test_a_message_of_which_only_the_retry_arrives_is_taken() -> None:
    intake = Intake()
    async with over_socket(intake) as (slack, _):
        slack.deliveries.next("app_mention", drop_first=True)
        slack.deliveries.next("message", drop_first=True)
        await slack.say(slack.dana, room(slack), f"{slack.mention} {WORDS}")
        await slack.settled()
        assert intake.texts == [WORDS]


async def test_copies_are_all_acknowledged_and_have_one_key() -> None:
    intake = Intake()
    async with over_socket(intake) as (slack, _):
        slack.deliveries.next("*", copies=5, times=2)
        await slack.say(slack.dana, room(slack), f"{slack.mention} {WORDS}")
        await slack.settled()
        assert len(intake.taken) == 10
        assert len({delivery.key for delivery in intake.taken}) == 1


async def test_a_form_that_is_wrong_stays_open_with_what_is_wrong() -> None:
    intake = Intake(wrong={"title": "Too long"})
    async with over_socket(intake) as (slack, _):
        payload: dict[str, Any] = {
            "type": "view_submission",
            "user": {"id": slack.dana.id, "team_id": slack.team_id},
            "view": {"id": "V1", "hash": "1.a", "private_metadata": "edit|e1|a1||0", "state": {"values": {}}},
        }
        ack = await slack.send_raw("interactive", payload)
        assert (ack.action, ack.errors) == ("errors", {"title": "Too long"})
        assert intake.taken == []
        intake.wrong = {}
        ack = await slack.send_raw("interactive", payload)
        assert (ack.ok, ack.action) == (True, None)
        assert intake.kinds == ["form"]


ODD: list[dict[str, Any]] = [
    {"type": "event_callback", "event_id": "Ev1", "event": {"type": "star_added"}},
    {"type": "event_callback", "event_id": "Ev1", "event": {}},
    {"type": "event_callback", "event_id": "Ev1", "authorizations": [1], "event": {"type": "message"}},
    {"type": "event_callback", "event_id": "Ev1", "event": ["message"]},
    {"type": "block_actions", "actions": [{}], "user": {"id": "U1"}},
    {"type": "view_submission", "view": {}},
    {"type": "something_new"},
    {},
]


@pytest.mark.parametrize("payload", ODD, ids=range(len(ODD)))
async def test_what_we_do_not_know_or_cannot_read_is_acknowledged_and_left_alone(payload: dict[str, Any]) -> None:
    intake = Intake()
    async with over_socket(intake) as (slack, _):
        assert (await slack.send_raw("events_api", payload)).ok
        assert intake.taken == []


async def test_settings_of_bolts_own_in_the_environment_change_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("BOT_TOKEN", "SIGNING_SECRET", "CLIENT_ID", "CLIENT_SECRET", "VERIFICATION_TOKEN", "APP_TOKEN"):
        monkeypatch.setenv(f"SLACK_{name}", "xoxb-of-another-app")
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    intake = Intake()
    async with over_socket(intake) as (slack, _):
        await slack.say(slack.dana, room(slack), f"{slack.mention} {WORDS}")
        await slack.settled()
        assert intake.texts == [WORDS]
        assert slack.log.calls("auth.test") == []
    assert [record.getMessage() for record in caplog.records if record.levelname in {"WARNING", "ERROR"}] == []


# The line.


async def test_asked_to_connect_anew_it_does_so_before_it_lets_go_and_loses_nothing() -> None:
    intake, links = Intake(), Links()
    async with over_socket(intake, links) as (slack, socket):
        await slack.disconnect_all("warning")
        await soon(lambda: len(links.told) >= 2)
        for number in range(4):  # Slack uses both
            await slack.say(slack.dana, slack.im(slack.dana), f"{WORDS} {number}")
        await slack.settled()
        assert len(intake.texts) == 4
        assert slack.connections == 2
        assert socket.alive
        first, second = links.told
        assert first[1] is None
        assert second[1] == second[0]  # nobody was deaf in between


async def test_once_the_next_line_stands_the_old_one_is_let_go() -> None:
    intake, links = Intake(), Links()
    async with over_socket(intake, links, linger=SHORT) as (slack, socket):
        await slack.disconnect_all("warning")
        await slack.eventually(lambda: slack.connections == 2)
        await slack.eventually(lambda: slack.connections == 1)
        assert socket.alive
        await slack.say(slack.dana, slack.im(slack.dana), WORDS)
        await slack.settled()
        assert intake.texts == [WORDS]
        assert len(links.told) == 2


async def test_a_line_that_breaks_is_opened_again_and_the_gap_is_told() -> None:
    intake, links = Intake(), Links()
    async with over_socket(intake, links) as (slack, socket):
        slack.kill_sockets()
        await soon(lambda: len(links.told) >= 2)
        assert socket.alive
        at, since = links.told[1]
        assert since is not None
        assert links.told[0][0] - timedelta(seconds=60) < since < at
        await slack.say(slack.dana, slack.im(slack.dana), WORDS)
        await slack.settled()
        assert intake.texts == [WORDS]


async def test_a_line_that_died_without_a_word_is_noticed() -> None:
    intake, links = Intake(), Links()
    async with over_socket(intake, links, silence=timedelta(milliseconds=400)) as (slack, socket):
        slack.freeze_sockets()
        await soon(lambda: len(links.told) >= 2)
        await slack.eventually(lambda: slack.connections == 1)
        assert socket.alive
        await slack.say(slack.dana, slack.im(slack.dana), WORDS)
        await slack.settled()
        assert intake.texts == [WORDS]


async def test_a_line_that_is_quiet_but_answers_pings_is_kept() -> None:
    links, pings = Links(), asyncio.Queue[int]()
    async with slack_and_app(Intake()) as (_, app), silent(asyncio.Queue(), pings) as url:
        options = SocketOptions(silence=timedelta(milliseconds=400), greeted_within=timedelta(milliseconds=900))
        socket = SocketMode(app, "xapp-1", url, SystemClock(), links.connected, options)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(socket.run())
            for _ in range(3):
                await pings.get()
            assert socket.alive
            assert len(links.told) == 1
            running.cancel()


async def test_a_slack_that_takes_the_line_but_does_not_greet_is_left() -> None:
    opened = asyncio.Queue[int]()
    async with slack_and_app(Intake()) as (_, app), silent(opened) as url:
        clock = Waits()
        options = SocketOptions(greeted_within=timedelta(milliseconds=50), first_pause=timedelta(seconds=1))
        socket = SocketMode(app, "xapp-1", url, clock, Links().connected, options)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(socket.run())
            for _ in range(4):
                await opened.get()
            assert not socket.alive
            running.cancel()
    assert clock.waited[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]


async def test_tries_are_further_and_further_apart_up_to_a_bound() -> None:
    clock = Waits()
    async with over_socket(Intake(), Links(), clock, first_pause=timedelta(seconds=1)) as (slack, socket):
        slack.faults.next("apps.connections.open", Fault.server_error(503), times=9)
        slack.kill_sockets()
        await slack.eventually(lambda: len(slack.log.calls("apps.connections.open")) == 11)
        await soon(lambda: socket.alive)
    seconds = [wait.total_seconds() for wait in clock.waited]
    assert all(after == min(before * 2, 60) for before, after in pairwise(seconds))
    assert seconds[-1] == 60


async def test_slack_is_left_alone_for_as_long_as_it_asks() -> None:
    clock = Waits()
    async with over_socket(Intake(), Links(), clock) as (slack, socket):
        slack.faults.next("apps.connections.open", Fault.rate_limited(12))
        slack.kill_sockets()
        await slack.eventually(lambda: len(slack.log.calls("apps.connections.open")) == 3)
        await soon(lambda: socket.alive)
    assert timedelta(seconds=12) in clock.waited


async def test_a_token_that_is_refused_is_said_once_and_tried_seldom_until_it_is_taken() -> None:
    clock = Waits()
    async with logged() as lines, over_socket(Intake(), Links(), clock, refused_pause=LONG) as (slack, socket):
        slack.faults.next("apps.connections.open", Fault.error("invalid_auth"), times=3)
        slack.kill_sockets()
        await slack.eventually(lambda: len(slack.log.calls("apps.connections.open")) == 5)
        await soon(lambda: socket.alive)
        slack.faults.next("apps.connections.open", Fault.error("invalid_auth"))
        slack.kill_sockets()
        await slack.eventually(lambda: len(slack.log.calls("apps.connections.open")) == 7)
        await soon(lambda: socket.alive)
    assert clock.waited.count(LONG) == 4
    assert sum("slack_app_token_refused" in line for line in lines) == 2  # once, and once after it was good again


# The end.


async def test_at_the_end_what_is_being_committed_is_finished_and_acknowledged() -> None:
    intake = Intake()
    intake.open.clear()
    async with slack_and_app(intake) as (slack, app):
        socket = SocketMode(app, slack.app_token, slack.api_url, SystemClock(), Links().connected)
        running = asyncio.get_running_loop().create_task(socket.run())
        await soon(lambda: socket.alive)
        await slack.say(slack.dana, slack.im(slack.dana), WORDS)
        await soon(lambda: intake.arrived)
        running.cancel()
        await slack.say(slack.dana, slack.im(slack.dana), "too late")
        await asyncio.sleep(0)
        intake.open.set()
        await asyncio.wait([running])
        assert running.cancelled()
        assert not socket.alive
        assert intake.texts == [WORDS]
        assert slack.log.deliveries("message")[0].ok
        await slack.eventually(lambda: slack.connections == 0)
        slack.clock.advance(1_000)


async def test_at_the_end_nobody_waits_long_for_what_does_not_finish() -> None:
    intake = Intake()
    intake.open.clear()
    async with slack_and_app(intake) as (slack, app):
        options = SocketOptions(answered_within=timedelta(milliseconds=300), closed_within=SHORT)
        socket = SocketMode(app, slack.app_token, slack.api_url, SystemClock(), Links().connected, options)
        running = asyncio.get_running_loop().create_task(socket.run())
        await soon(lambda: socket.alive)
        await slack.say(slack.dana, slack.im(slack.dana), WORDS)
        await soon(lambda: intake.arrived)
        running.cancel()
        async with asyncio.timeout(3):
            await asyncio.wait([running])
        assert running.cancelled()
        assert intake.taken == []
        slack.clock.advance(1_000)


@asynccontextmanager
async def silent(opened: asyncio.Queue[int], pings: asyncio.Queue[int] | None = None) -> AsyncGenerator[str]:
    """A server that gives addresses, takes connections, and sends nothing; or a hello and pongs, where it counts pings."""

    async def address(request: web.Request) -> web.Response:
        opened.put_nowait(1)
        body = {"ok": True, "url": f"ws://{request.host}/link"}
        return web.Response(text=json.dumps(body), content_type="application/json")

    async def link(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if pings is not None:
            await socket.send_json({"type": "hello"})
        async for message in socket:
            if pings is not None and message.type is WSMsgType.PING:
                await socket.pong(message.data)
                pings.put_nowait(1)
        return socket

    server = web.Application()
    server.router.add_post("/api/apps.connections.open", address)
    server.router.add_get("/link", link)
    runner = web.AppRunner(server, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        await runner.cleanup()
