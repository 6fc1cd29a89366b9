"""The story as a program lives it: the real process, real sockets, contract.md's names."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.scenarios.test_story import ENGLISH
from tests.surfaces.serving import Process, demo
from tests.waiting import until
from tests.written import NOTHING, written


def session(process: Process) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(process.url, headers={"Authorization": f"Bearer {process.token}"})


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[int, str, dict[str, Any]]]:
    seq, name, data = 0, "", ""
    async for raw in response.content:
        line = raw.decode().rstrip("\r\n")
        if line.startswith("id:"):
            seq = int(line[3:])
        elif line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
        elif not line and data:
            yield seq, name, json.loads(data)
            data = ""


async def pending(http: aiohttp.ClientSession, execution: str, kind: str) -> dict[str, Any]:
    async def look() -> dict[str, Any]:
        async with http.get(f"/api/orchestrate/{execution}") as response:
            return await response.json()

    def of_kind(body: dict[str, Any]) -> list[dict[str, Any]]:
        return [a for a in body["approvals"] if a["kind"] == kind and a["status"] == "pending"]

    return of_kind(await until(look, lambda body: bool(of_kind(body))))[0]


async def test_a_program_runs_the_story_and_resumes_its_stream(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        async with session(process) as http:
            async with http.post("/api/orchestrate", json={"request": ENGLISH}) as response:
                assert response.status == 202
                started = await response.json()
            assert started["status"] == "planning"
            choice = await pending(http, started["id"], "choice")
            async with http.post(
                f"/api/approvals/{choice['id']}", json={"decision": "choose", "choice": choice["choices"][0]["id"]}
            ) as response:
                assert response.status == 200
            gate = await pending(http, started["id"], "gate")
            assert gate["call"]["tool"] == "schedule_meeting"
            assert written(tmp_path) == NOTHING
            async with http.get(f"/api/orchestrate/stream/{started['id']}") as stream:
                before = [e async for e in _until_approval(stream, gate["id"])]
            async with http.post(f"/api/approvals/{gate['id']}", json={"decision": "approve"}) as response:
                assert response.status == 200
            async with http.post(f"/api/approvals/{gate['id']}", json={"decision": "reject"}) as response:
                assert response.status == 409
                assert (await response.json())["code"] == "already_decided"
            last = {"Last-Event-ID": str(before[-1][0])}
            async with http.get(f"/api/orchestrate/stream/{started['id']}", headers=last) as stream:
                after = [e async for e in events(stream)]
            seqs = [seq for seq, _, _ in before + after]
            assert seqs == sorted(set(seqs)), "no gap is told twice"
            assert after[-1][1] == "complete"
            again = {"Last-Event-ID": str(after[-1][0])}
            async with http.get(f"/api/orchestrate/stream/{started['id']}", headers=again) as stream:
                assert stream.status == 204
            async with http.get(f"/api/orchestrate/{started['id']}") as response:
                body = await response.json()
            assert body["status"] == "done"
            assert body["outcome"] == "succeeded"
            assert body["result"]["meeting"]["link"]
            assert body["result"]["agenda"]["text"]
            assert [s["depends_on"] for s in body["plan"]["steps"]] == [[], [], ["s1", "s2"], ["s2", "s3"], ["s3"]]


async def _until_approval(stream: aiohttp.ClientResponse, approval: str) -> AsyncIterator[tuple[int, str, Any]]:
    async for event in events(stream):
        yield event
        if event[1] == "approval" and event[2]["id"] == approval:
            return


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
async def test_signals_repeat_without_harm_and_end_in_409(tmp_path: Path, verb: str) -> None:
    with demo(tmp_path) as process:
        async with session(process) as http:
            async with http.post("/api/orchestrate", json={"request": "set up a meeting with Yoav"}) as response:
                execution = (await response.json())["id"]
            await pending(http, execution, "choice")
            for _ in range(2):
                async with http.post(f"/api/orchestrate/{execution}/{verb}", json={}) as response:
                    assert response.status == 200
            async with http.post(f"/api/orchestrate/{execution}/cancel", json={}) as response:
                assert response.status == 200
            async with http.post(f"/api/orchestrate/{execution}/pause", json={}) as response:
                assert response.status == 409


async def test_the_same_key_gives_the_same_execution_and_another_body_422(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        async with session(process) as http:
            key = {"Idempotency-Key": "one"}
            ids: list[str] = []
            for _ in range(2):
                async with http.post("/api/orchestrate", json={"request": "מה יש לי מחר?"}, headers=key) as response:
                    ids.append((await response.json())["id"])
            assert ids[0] == ids[1]
            async with http.post("/api/orchestrate", json={"request": "other"}, headers=key) as response:
                assert response.status == 422
            async with http.get("/metrics") as response:
                assert "tizmor_executions_finished" in await response.text()
            async with http.get("/openapi.json") as response:
                assert (await response.json())["openapi"].startswith("3.1")
