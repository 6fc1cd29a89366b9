"""Undo as a program and a terminal see it: accepted once, refused with its reason, told to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp

from tests.scenarios.lab import written
from tests.scenarios.undoing import rename_meeting
from tests.surfaces.serving import demo
from tests.surfaces.test_cli import home, tizmor
from tests.surfaces.test_http_story import pending, session
from tests.waiting import until

__all__ = ["home"]

ASK = "set up a meeting with Dana tomorrow at 11"
TAKEN_BACK = {"events": 0, "mails": 2, "agendas": 0}


async def ended(http: aiohttp.ClientSession, execution: str) -> dict[str, Any]:
    async def look() -> dict[str, Any]:
        async with http.get(f"/api/orchestrate/{execution}") as response:
            return await response.json()

    return await until(look, lambda body: body["status"] == "done")


def answer(printed: str) -> dict[str, Any]:
    """The JSON of a command's last line, behind its prompt."""
    return json.loads(printed.splitlines()[-1].lstrip("> "))


async def test_a_program_takes_back_once_and_learns_why_not_again(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        async with session(process) as http:
            async with http.post("/api/orchestrate", json={"request": ASK}) as response:
                first = (await response.json())["id"]
            gate = await pending(http, first, "gate")
            path = f"/api/orchestrate/{first}/undo"
            async with http.post(path, json={}) as early:
                assert (early.status, (await early.json())["code"]) == (409, "undo_not_yet")
            async with http.post(f"/api/approvals/{gate['id']}", json={"decision": "approve"}):
                await ended(http, first)
            named = {"Idempotency-Key": "k1"}
            async with http.post(path, json={}, headers=named) as response:
                started = await response.json()
                assert (response.status, response.headers["Location"]) == (202, f"/api/orchestrate/{started['id']}")
            async with http.post(path, json={}, headers=named) as again:
                assert (again.status, (await again.json())["id"]) == (202, started["id"])
            undo = await ended(http, started["id"])
            assert undo["outcome"] == "succeeded"
            assert undo["origin"] == {"derivation": "undo", "execution_id": first, "step_id": None}
            assert (await ended(http, first))["undo"] == {"execution_id": started["id"], "outcome": "succeeded"}
            [undone] = [a for a in undo["result"]["artifacts"].values() if a["kind"] == "undone"]
            assert (undone["what"], len(undone["letters"])) == ("meeting_removed", 1)
            async with http.post(path, json={}) as twice:
                assert (twice.status, (await twice.json())["code"]) == (409, "undo_done")
            async with http.post(f"/api/orchestrate/{started['id']}/undo", json={}) as of_undo:
                assert (of_undo.status, (await of_undo.json())["code"]) == (409, "undo_nothing")
            async with http.post("/api/orchestrate/nobody/undo", json={}) as unknown:
                assert unknown.status == 404
            assert written(tmp_path) == TAKEN_BACK


def test_the_terminal_takes_back_what_it_asked_for(home: Path) -> None:
    asked = tizmor("ask", ASK, "--home", str(home), "--json", typed="a\n")
    execution = answer(asked.stdout)["id"]
    done = tizmor("undo", execution, "--home", str(home))
    assert done.returncode == 0, done.stderr
    assert "a cancellation was written to" in done.stdout
    assert written(home) == TAKEN_BACK
    again = tizmor("undo", execution, "--home", str(home))
    assert again.returncode == 2
    assert "is taken back by execution" in again.stderr


def test_what_somebody_changed_stays_and_the_terminal_says_so(home: Path) -> None:
    asked = tizmor("ask", ASK, "--home", str(home), "--json", typed="a\n")
    rename_meeting(home)
    execution = answer(asked.stdout)["id"]
    done = tizmor("undo", execution, "--home", str(home), "--json")
    assert done.returncode == 1
    [step] = answer(done.stdout)["plan"]["steps"]
    assert step["error"]["code"] == "undo_changed"
    assert written(home) == {"events": 1, "mails": 1, "agendas": 0}
