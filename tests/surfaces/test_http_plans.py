"""A program changes a plan and looks at its versions: the real process, real sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp

from tests.scenarios.test_story import ENGLISH
from tests.surfaces.serving import demo
from tests.surfaces.test_http_story import pending, session
from tests.waiting import until
from tests.written import written


class Program:
    """One execution, as a client of the API sees it."""

    def __init__(self, http: aiohttp.ClientSession, execution: str) -> None:
        self._http = http
        self._path = f"/api/orchestrate/{execution}"
        self.id = execution

    async def get(self, path: str = "", status: int = 200) -> dict[str, Any]:
        async with self._http.get(f"{self._path}{path}") as response:
            assert response.status == status, await response.text()
            return await response.json()

    async def post(self, path: str, body: Any, status: int = 202, key: str | None = None) -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else {}
        async with self._http.post(f"{self._path}{path}", json=body, headers=headers) as response:
            assert response.status == status, await response.text()
            return await response.json()

    async def version(self, number: int) -> dict[str, Any]:
        return await until(self.get, lambda body: bool(body["plan"]) and body["plan"]["version"] == number)

    async def answer(self, kind: str, **decision: Any) -> dict[str, Any]:
        asked = await pending(self._http, self.id, kind)
        if kind == "choice":
            decision["choice"] = asked["choices"][0]["id"]
        async with self._http.post(f"/api/approvals/{asked['id']}", json=decision) as response:
            assert response.status == 200, await response.text()
        return asked


def steps(body: dict[str, Any]) -> list[str]:
    return [step["id"] for step in body["plan"]["steps"]]


async def begun(http: aiohttp.ClientSession) -> Program:
    async with http.post("/api/orchestrate", json={"request": ENGLISH}) as response:
        program = Program(http, (await response.json())["id"])
    await pending(http, program.id, "choice")
    await until(program.get, lambda body: body["status"] == "waiting")
    return program


async def test_a_plan_is_edited_compared_gone_back_in_and_done(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        async with session(process) as http:
            program = await begun(http)
            taken = await program.post("/plan", {"drop": ["s5"]}, key="once")
            assert (taken["version"], taken["next"], taken["asks"]) == (1, 2, False)
            assert [step["id"] for step in taken["difference"]["dropped"]] == ["s5"]
            assert await program.post("/plan", {"drop": ["s5"]}, key="once") == taken
            assert steps(await program.version(2)) == ["s1", "s2", "s3", "s4"]
            await program.post("/plan", {"edit": {"step": "s4", "inputs": {"title": "Coffee"}}})
            assert steps(await program.version(3)) == ["s1", "s2", "s3", "v3s4"]
            found = await program.get("/plans")
            assert [(v["version"], v["origin"], v["current"]) for v in found["items"]] == [
                (1, "request", False),
                (2, "edit", False),
                (3, "edit", True),
            ]
            assert {v["made_by"] for v in found["items"]} == {"owner"}
            assert await program.get("/plans/2") == found["items"][1]
            compared = await program.get("/plans/compare?from=1&to=3")
            assert [step["id"] for step in compared["dropped"]] == ["s5"]
            assert [(c["before"]["id"], c["after"]["id"], c["what"]) for c in compared["changed"]] == [
                ("s4", "v3s4", ["title"])
            ]
            assert compared["kept"] == compared["done"] == ["s1", "s2", "s3"]
            back = await program.post("/plan", {"go_back": 1})
            assert (back["next"], back["asks"]) == (4, True)
            await program.answer("plan", decision="approve")
            await program.answer("choice", decision="choose")
            gate = await program.answer("gate", decision="approve")
            assert gate["call"]["arguments"]["title"] != "Coffee"
            done = await until(program.get, lambda body: body["status"] == "done")
            assert (done["outcome"], steps(done)) == ("succeeded", ["s1", "s2", "s3", "v4s4", "v4s5"])
            assert [step["attempts"] for step in done["plan"]["steps"][:3]] == [1, 1, 1]
            assert {k: len(v) for k, v in written(tmp_path).items()} == {"events": 1, "mails": 1, "agendas": 1}
            forked = Program(http, (await program.post("/fork", {"step": "v4s4"}, key="f"))["id"])
            assert (await program.post("/fork", {"step": "v4s4"}, key="f"))["id"] == forked.id
            await forked.answer("plan", decision="reject")
            over = await until(forked.get, lambda body: body["status"] == "done")
            assert (over["outcome"], steps(over)) == ("rejected", ["v4s4"])
            assert [(i["execution_id"], i["step_id"]) for i in over["plan"]["imports"]] == [
                (program.id, "s3"),
                (program.id, "s2"),
            ]
            assert len(written(tmp_path)["events"]) == 1


async def test_refusals_have_their_names(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        async with session(process) as http:
            program = await begun(http)
            refused: list[tuple[Any, int, str]] = [
                ({"drop": ["zz"]}, 404, "step_unknown"),
                ({"drop": ["s1"]}, 409, "step_finished"),
                ({"retry": "s4"}, 409, "step_not_failed"),
                ({"edit": {"step": "s4", "inputs": {"nonsense": 1}}}, 400, "inputs_invalid"),
                ({"go_back": 9}, 404, "version_unknown"),
                ({"go_back": 1}, 409, "nothing_changes"),
                ({}, 400, "field_invalid"),
                ({"go_back": 1, "text": "x"}, 400, "field_invalid"),
                ({"text": " "}, 400, "request_empty"),
            ]
            for body, status, code in refused:
                assert (await program.post("/plan", body, status))["code"] == code
            assert (await program.get("/plans/compare?from=1&to=2", 404))["code"] == "version_unknown"
            assert (await program.get("/plans/x", 404))["code"] == "version_unknown"
            assert (await program.post("/fork", {"step": "s1"}, 409))["code"] == "execution_running"
            assert (await program.get())["plan"]["version"] == 1
            await program.post("/cancel", {}, 200)
            await until(program.get, lambda body: body["status"] == "done")
            ended = await program.post("/plan", {"drop": ["s5"]}, 409)
            assert ended["code"] == "execution_ended"
            assert "fork" in ended["detail"]
            assert (await program.post("/fork", {"step": "zz"}, 404))["code"] == "step_unknown"
            unknown = Program(http, "nobody")
            assert (await unknown.post("/plan", {"go_back": 1}, 404))["code"] == "execution_unknown"


async def test_words_change_the_plan_without_a_question_about_whether(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        async with session(process) as http:
            program = await begun(http)
            taken = await program.post("/plan", {"text": "and find Dana"})
            assert (taken["version"], taken["next"]) == (1, None)
            await program.answer("plan", decision="reject")
            body = await until(program.get, lambda body: body["status"] == "done")
            assert body["plan"]["version"] == 2
            assert [a["status"] for a in body["approvals"] if a["topic"] == "follow_up"] == ["chosen"]
