from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.door import ChatMessage
from bot.web.plan_words import sheet_texts
from bot.web.site import SITE
from engine.domain.event import EventType
from engine.domain.ids import ExecutionId
from tests.surfaces.web.conftest import OWNER_TOKEN, Served, eventually, frames, serve
from tests.surfaces.web.memory_door import START

E1 = ExecutionId("e1")
STREAM = "/api/orchestrate/stream/e1"


async def begin(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": "תבואות"})


async def whole_story(served: Served) -> None:
    await begin(served)
    door = served.door
    await door.make_plan(E1)
    await door.happen(E1, EventType.STEP_STARTED, step="s1", attempt=1)
    await door.happen(E1, EventType.STEP_PROGRESSED, step="s1", message="קורא\n3 מסמכים")
    await door.happen(E1, EventType.STEP_FINISHED, step="s1", outcome="failed", error="document_unreadable")
    await door.happen(E1, EventType.MESSAGE_SENT, **{"from": "s1", "to": "EditorAgent", "text": "שלום"})
    await door.happen(E1, EventType.APPROVAL_REQUESTED, approval="a-e1", kind="gate", step="s2")
    await door.happen(E1, EventType.EXECUTION_PAUSED, by="owner")
    await door.happen(E1, EventType.STEP_WAITING, step="s2", approval="a-e1")
    await door.finish(E1)


async def collected(served: Served, path: str = STREAM, **headers: str) -> list[tuple[int, str, Any]]:
    async with served.stream(path, **headers) as response:
        assert response.status == 200
        return [frame async for frame in frames(response)]


async def test_each_event_is_shown_as_the_contract_says(served: Served) -> None:
    await whole_story(served)
    seen = await collected(served)
    assert [(seq, name) for seq, name, _ in seen] == [
        (2, "plan"),
        (3, "progress"),
        (4, "progress"),
        (5, "progress"),
        (6, "message"),
        (7, "approval"),
        (8, "status"),
        (9, "progress"),
        (10, "complete"),
    ]
    data = {seq: body for seq, _, body in seen}
    assert data[2] == (await served.ask("GET", "/api/orchestrate/e1")).json["plan"]
    assert data[3] == {"step": "s1", "status": "running", "message": ""}
    assert data[4] == {"step": "s1", "status": "running", "message": "קורא\n3 מסמכים"}
    assert data[5] == {
        "step": "s1",
        "status": "done",
        "message": "",
        "outcome": "failed",
        "error": "document_unreadable",
    }
    assert data[6] == {"from": "s1", "to": "EditorAgent", "text": "שלום"}
    assert data[7]["call"] == {"tool": "schedule_meeting", "arguments": {"title": "סטטוס"}}
    assert data[8] == {"paused": True, "reason": ""}
    assert data[9]["status"] == "waiting"
    assert data[10] == {
        "outcome": "succeeded",
        "summary": "נקבעה פגישה",
        "meeting": {"id": "m1", "link": "calendar.ics#m1"},
        "agenda": None,
        "sources": [],
        "error": None,
    }


async def test_a_plan_is_shown_while_it_is_drafted_and_a_draft_thrown_away_is_taken_back(served: Served) -> None:
    await begin(served)
    async with asyncio.timeout(5), served.stream(STREAM) as response:
        incoming = frames(response)
        await served.door.draft(E1, 1)
        one = (await anext(incoming))[2]
        await served.door.draft(E1, 2)
        two = (await anext(incoming))[2]
        await served.door.draft(E1, 0)
        none = (await anext(incoming))[2]
        assert [(d["version"], [s["id"] for s in d["steps"]]) for d in (one, two, none)] == [
            (0, ["s1"]),
            (0, ["s1", "s2"]),
            (0, []),
        ]
        assert set(none) == set(two)
        await served.door.make_plan(E1)
        assert (await anext(incoming))[2]["version"] == 1


async def test_a_pause_by_the_engine_says_why(served: Served) -> None:
    await begin(served)
    await served.door.make_plan(E1)
    await served.door.happen(E1, EventType.EXECUTION_PAUSED, by="", reason="budget_day")
    await served.door.happen(E1, EventType.EXECUTION_RESUMED, by="owner")
    await served.door.finish(E1)
    told = [body for _, name, body in await collected(served) if name == "status"]
    assert told == [{"paused": True, "reason": "budget_day"}, {"paused": False, "reason": ""}]


async def test_a_stream_is_live(served: Served) -> None:
    await begin(served)
    async with served.stream(STREAM) as response:
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store"
        incoming = frames(response)
        await served.door.make_plan(E1)
        assert (await anext(incoming))[1] == "plan"
        await served.door.happen(E1, EventType.STEP_STARTED, step="s1", attempt=1)
        assert (await anext(incoming))[2]["step"] == "s1"
        await served.door.finish(E1)
        assert (await anext(incoming))[1] == "complete"
        assert [frame async for frame in incoming] == []


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_stream_resumes_from_every_number_without_gap_or_repeat(served: Served, by_header: bool) -> None:
    await whole_story(served)
    everything = await collected(served)
    for after in range(10):
        if by_header:
            rest = await collected(served, f"{STREAM}?after=7", **{"Last-Event-ID": str(after)})
        else:
            rest = await collected(served, f"{STREAM}?after={after}")
        assert rest == [frame for frame in everything if frame[0] > after]


async def test_a_client_that_is_cut_off_again_and_again_misses_nothing(served: Served) -> None:
    await whole_story(served)
    everything = await collected(served)
    seen: list[tuple[int, str, Any]] = []
    while not seen or seen[-1][1] != "complete":
        last = str(seen[-1][0]) if seen else "0"
        async with served.stream(STREAM, **{"Last-Event-ID": last}) as response:
            seen.append(await anext(frames(response)))
    assert seen == everything


async def test_after_the_end_a_reconnect_gets_204(served: Served) -> None:
    await whole_story(served)
    for last in ("10", "11", "9007199254740992"):
        async with served.stream(STREAM, **{"Last-Event-ID": last}) as response:
            assert response.status == 204
    async with served.stream(STREAM, **{"Last-Event-ID": "9"}) as response:
        assert response.status == 200


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "٣", "9" * 17, "9007199254740993", "1 2"])
async def test_a_bad_number_is_refused(served: Served, last: str) -> None:
    await begin(served)
    answer = await served.ask("GET", STREAM, headers={"Last-Event-ID": last})
    assert (answer.status, answer.json["code"]) == (400, "after_invalid")


async def test_a_silent_stream_says_every_fifteen_seconds_that_it_lives(served: Served) -> None:
    await begin(served)
    async with served.stream(STREAM) as response:
        assert await response.content.readline() == b"retry: 2000\n"
        assert await response.content.readline() == b"\n"
        await eventually(lambda: served.clock.sleeping == 1)
        await served.clock.advance(timedelta(seconds=14))
        await served.door.make_plan(E1)
        assert (await response.content.readline()).startswith(b"id: 2")
        await response.content.readuntil(b"\n\n")
        await served.clock.advance(timedelta(seconds=15))
        assert await response.content.readline() == b": alive\n"


async def test_a_client_that_leaves_is_let_go(served: Served) -> None:
    await begin(served)
    async with served.stream(STREAM) as response:
        await response.content.readline()
        await eventually(lambda: served.door.watching == 1 and served.clock.sleeping == 1)
        server = served.runner.server
        assert server is not None
        response.close()
    await eventually(lambda: any(connection.transport is None for connection in server.connections))
    await served.clock.advance(timedelta(seconds=2))
    assert served.door.watching == 0
    assert served.clock.sleeping == 0


async def test_a_client_that_does_not_read_is_cut_off_and_costs_little(tmp_path: Path) -> None:
    async with serve(tmp_path, write_limit=timedelta(milliseconds=50)) as served:
        await begin(served)
        for _ in range(200):
            await served.door.happen(E1, EventType.STEP_PROGRESSED, step="s1", message="x" * 100_000)
        host, port = served.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        head = f"GET {STREAM} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {OWNER_TOKEN}\r\n\r\n"
        writer.write(head.encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        await eventually(lambda: served.door.watching == 0)
        writer.close()


async def test_a_shutdown_ends_open_streams_at_once(served: Served) -> None:
    await begin(served)
    async with served.stream(STREAM) as one, served.stream("/api/chat/stream") as other:
        await eventually(lambda: served.door.watching == 2)
        async with asyncio.timeout(2):
            await served.runner.cleanup()
        for response in (one, other):
            assert [frame async for frame in frames(response)] == []
    assert served.door.watching == 0


async def test_streams_are_counted(tmp_path: Path) -> None:
    async with serve(tmp_path, max_streams=1) as served:
        await begin(served)
        async with served.stream(STREAM) as response:
            await response.content.readline()
            refused = await served.ask("GET", STREAM)
            assert (refused.status, refused.json["code"]) == (503, "too_many_streams")
        await served.door.finish(E1)
        await eventually(lambda: served.runner.app[SITE].streams.open == 0)
        assert len(await collected(served)) == 1


async def test_a_stream_that_fails_is_closed_and_can_be_resumed(served: Served) -> None:
    await begin(served)
    async with served.stream(STREAM) as response:
        await response.content.readline()
        served.door.failure = ZeroDivisionError("no")
        await served.door.make_plan(E1)
        seen: list[Any] = []
        with pytest.raises(aiohttp.ClientError):
            seen.extend([frame async for frame in frames(response)])
        assert seen == []
    await served.door.finish(E1)
    assert [name for _, name, _ in await collected(served)] == ["plan", "complete"]


async def test_the_chat_is_told_and_goes_on_where_it_was(served: Served) -> None:
    said = await served.ask("POST", "/api/chat/messages", {"text": " שלום\u202e ", "client_id": "c-1"})
    assert (said.status, said.json) == (202, {"client_id": "c-1"})
    assert served.door.said == [("owner", "שלום", "c-1")]
    for seq, execution_id in enumerate([None, E1, E1], 1):
        await served.door.put(
            ChatMessage(
                id=f"m{seq}",
                seq=seq,
                role="tizmor",
                kind="card",
                execution_id=execution_id,
                at=START,
                body={"text": "היי"},
            )
        )
    async with served.stream("/api/chat/stream", **{"Last-Event-ID": "1"}) as response:
        incoming = frames(response)
        assert await anext(incoming) == (
            2,
            "message",
            {
                "id": "m2",
                "seq": 2,
                "role": "tizmor",
                "kind": "card",
                "execution_id": "e1",
                "at": "2026-11-23T08:00:00Z",
                "body": {"text": "היי"},
            },
        )
        assert (await anext(incoming))[0] == 3


async def test_an_empty_chat_message_is_refused(served: Served) -> None:
    answer = await served.ask("POST", "/api/chat/messages", {"text": "\u200b", "client_id": "c"})
    assert (answer.status, answer.json["code"], answer.json["pointer"]) == (400, "request_empty", "/text")


async def test_the_page_gets_its_words(served: Served) -> None:
    answer = await served.ask("GET", "/api/chat/texts?locale=he")
    assert answer.json == {"locale": "he", "title": "תזמור"} | sheet_texts("he")
    assert (await served.ask("GET", "/api/chat/texts?locale=xx")).json["code"] == "locale_invalid"
