from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from engine.domain.ids import ExecutionId
from engine.errors import RequestError, UnavailableError
from tests.surfaces.web.conftest import OWNER_TOKEN, Served
from tests.surfaces.web.memory_door import START

FREE = {
    "input_tokens": 0,
    "output_tokens": 0,
    "cache_read_tokens": 0,
    "cache_write_tokens": 0,
    "usd": 0.0,
    "calls": 0,
    "unpriced_calls": 0,
    "reserved_usd": 0.0,
    "estimated": False,
}
SENTENCE = "תמצא את המסמכים על תבואות ותקבע פגישה עם יואב"


async def test_a_request_is_accepted_with_links_to_go_on(served: Served) -> None:
    answer = await served.ask("POST", "/api/orchestrate", {"request": SENTENCE, "timezone": "Asia/Jerusalem"})
    assert answer.status == 202
    assert answer.headers["Location"] == "/api/orchestrate/e1"
    assert answer.json == {
        "id": "e1",
        "status": "planning",
        "links": {
            "self": "/api/orchestrate/e1",
            "stream": "/api/orchestrate/stream/e1",
            "pause": "/api/orchestrate/e1/pause",
            "resume": "/api/orchestrate/e1/resume",
            "cancel": "/api/orchestrate/e1/cancel",
        },
    }
    assert served.door.commands[0].text == SENTENCE


async def test_an_execution_is_shown_as_the_contract_says(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": SENTENCE})
    assert (await served.ask("GET", "/api/orchestrate/e1")).json["plan"] is None
    await served.door.make_plan(ExecutionId("e1"))
    answer = await served.ask("GET", "/api/orchestrate/e1")
    assert answer.headers["Cache-Control"] == "no-store"
    assert SENTENCE in answer.text
    assert answer.json == {
        "id": "e1",
        "request": SENTENCE,
        "status": "waiting",
        "outcome": None,
        "pause_reason": "",
        "created_at": "2026-11-23T08:00:00Z",
        "updated_at": "2026-11-23T08:00:00Z",
        "plan": {
            "version": 1,
            "planner": "offline",
            "model": "",
            "prompt": "",
            "imports": [],
            "steps": [
                {
                    "id": "s1",
                    "agent": "DriveSearchAgent",
                    "title": "חיפוש מסמכים",
                    "effect": "read",
                    "depends_on": [],
                    "inputs": {"terms": ["תבואות"]},
                    "status": "done",
                    "outcome": "succeeded",
                    "attempts": 1,
                    "started_at": "2026-11-23T08:00:00Z",
                    "finished_at": "2026-11-23T08:00:02Z",
                    "cached": False,
                    "error": None,
                    "cost": FREE,
                },
                {
                    "id": "s2",
                    "agent": "CalendarAgent",
                    "title": "קביעת פגישה",
                    "effect": "keyed",
                    "depends_on": ["s1"],
                    "inputs": {"title": "סטטוס", "summary": {"$from": "s1"}},
                    "status": "pending",
                    "outcome": None,
                    "attempts": 0,
                    "started_at": None,
                    "finished_at": None,
                    "cached": False,
                    "error": None,
                    "cost": FREE,
                },
            ],
        },
        "approvals": [
            {
                "id": "a-e1",
                "execution_id": "e1",
                "kind": "gate",
                "step_id": "s2",
                "status": "pending",
                "title": "לקבוע פגישה?",
                "topic": "",
                "parameters": {},
                "call": {"tool": "schedule_meeting", "arguments": {"title": "סטטוס"}},
                "choices": [{"id": "c1", "label": "יואב לוי"}],
                "created_at": "2026-11-23T08:00:00Z",
                "expires_at": "2026-11-24T08:00:00Z",
                "decided_at": None,
                "decided_by": None,
                "comment": None,
            }
        ],
        "result": None,
        "origin": None,
        "undo": None,
        "error": None,
        "cost": FREE,
    }


async def test_a_result_always_has_its_four_parts(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": "x"})
    await served.door.finish(ExecutionId("e1"))
    shown = (await served.ask("GET", "/api/orchestrate/e1")).json
    assert shown["status"] == "done"
    assert shown["outcome"] == "succeeded"
    assert shown["result"] == {
        "summary": "נקבעה פגישה",
        "meeting": {"id": "m1", "link": "calendar.ics#m1"},
        "agenda": None,
        "sources": [],
    }


async def test_the_list_is_newest_first_and_pages_to_its_end(served: Served) -> None:
    for _ in range(5):
        await served.ask("POST", "/api/orchestrate", {"request": "x"})
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await served.ask("GET", f"/api/orchestrate?limit=2{cursor}")).json
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&before={page['next']}"
    assert seen == ["e5", "e4", "e3", "e2", "e1"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=-1", "limit=٣", "before=%00", "before="])
async def test_a_bad_page_is_refused(served: Served, query: str) -> None:
    answer = await served.ask("GET", f"/api/orchestrate?{query}")
    assert answer.status == 400
    assert answer.json["code"] in {"limit_invalid", "cursor_invalid"}


async def test_pause_resume_and_cancel_may_be_repeated(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": "x"})
    for verb, status in [("pause", "paused"), ("pause", "paused"), ("resume", "planning"), ("cancel", "planning")]:
        answer = await served.ask("POST", f"/api/orchestrate/e1/{verb}")
        assert (answer.status, answer.json["status"]) == (200, status)


async def test_a_signal_takes_an_empty_object_and_nothing_else(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": "x"})
    assert (await served.ask("POST", "/api/orchestrate/e1/pause", {})).status == 200
    answer = await served.ask("POST", "/api/orchestrate/e1/pause", {"now": True})
    assert (answer.status, answer.json["pointer"]) == (400, "/now")


async def test_an_impossible_signal_is_a_conflict(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": "x"})
    await served.door.finish(ExecutionId("e1"))
    answer = await served.ask("POST", "/api/orchestrate/e1/pause")
    assert (answer.status, answer.json["code"]) == (409, "execution_ended")


@pytest.mark.parametrize("name", ["nope", "%00", "a" * 5000, "%F0%9F%98%80", "..%2F..%2Fetc", "%ed%a0%80"])
async def test_an_unknown_execution_is_not_found(served: Served, name: str) -> None:
    for method, path in [
        ("GET", f"/api/orchestrate/{name}"),
        ("GET", f"/api/orchestrate/stream/{name}"),
        ("POST", f"/api/orchestrate/{name}/pause"),
        ("POST", f"/api/approvals/{name}"),
    ]:
        body = {"decision": "approve"} if "approvals" in path else None
        answer = await served.ask(method, path, body)
        assert answer.status == 404
        assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_another_persons_execution_does_not_exist(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": "x"})
    await served.door.make_plan(ExecutionId("e1"))
    for method, path, body in [
        ("GET", "/api/orchestrate/e1", None),
        ("GET", "/api/orchestrate/stream/e1", None),
        ("POST", "/api/orchestrate/e1/cancel", None),
        ("POST", "/api/approvals/a-e1", {"decision": "approve"}),
        ("POST", "/api/feedback", {"execution_id": "e1", "rating": 1}),
    ]:
        assert (await served.ask(method, path, body, token="dana-token")).status == 404
    assert (await served.ask("GET", "/api/orchestrate", token="dana-token")).json["items"] == []


async def test_only_owner_and_admin_ask_for_another_person(served: Served) -> None:
    body = {"request": "x", "user_id": "dana"}
    refused = await served.ask("POST", "/api/orchestrate", {**body, "user_id": "owner"}, token="dana-token")
    assert (refused.status, refused.json["code"]) == (403, "user_not_allowed")
    assert served.door.commands == []
    for token in ("admin-token", OWNER_TOKEN):
        answer = await served.ask("POST", "/api/orchestrate", body, token=token)
        assert answer.status == 202
    assert (await served.ask("POST", "/api/orchestrate", body, token="dana-token")).status == 202
    assert [command.user_id for command in served.door.commands] == ["dana", "dana", None]


async def test_an_answer_is_taken_once_and_the_second_hears_who_was_first(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": "x"})
    await served.door.make_plan(ExecutionId("e1"))
    assert len((await served.ask("GET", "/api/approvals?status=pending")).json["items"]) == 1
    first = await served.ask("POST", "/api/approvals/a-e1", {"decision": "approve", "comment": "  "})
    assert (first.status, first.json["status"], first.json["comment"]) == (200, "approved", None)
    second = await served.ask("POST", "/api/approvals/a-e1", {"decision": "reject"})
    assert second.status == 409
    assert second.json["decided_by"] == "owner"
    assert second.json["decided_at"] == "2026-11-23T08:00:00Z"
    assert (await served.ask("GET", "/api/approvals?status=pending")).json["items"] == []
    assert len((await served.ask("GET", "/api/approvals")).json["items"]) == 1


async def test_an_unknown_approval_status_is_refused(served: Served) -> None:
    assert (await served.ask("GET", "/api/approvals?status=open")).json["code"] == "status_invalid"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"decision": "modify"}, "/arguments"),
        ({"decision": "choose"}, "/choice"),
        ({"decision": "answer"}, "/answer"),
        ({"decision": "approve", "arguments": {}}, "/arguments"),
        ({"decision": "reject", "choice": "c1"}, "/choice"),
        ({"decision": "answer", "answer": " \u202e "}, "/answer"),
        ({"decision": "maybe"}, "/decision"),
        ({}, "/decision"),
    ],
)
async def test_a_decision_takes_only_what_belongs_to_it(served: Served, body: object, pointer: str) -> None:
    answer = await served.ask("POST", "/api/approvals/a1", body)
    assert answer.status == 400
    assert answer.json["pointer"] == pointer


async def test_a_verdict_is_stored(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": "x"})
    answer = await served.ask(
        "POST", "/api/feedback", {"execution_id": "e1", "rating": -1, "comment": "לא\u202eטוב\u0000"}
    )
    assert answer.status == 200
    assert served.door.ratings == [("owner", "e1", -1, "לאטוב")]
    assert (await served.ask("POST", "/api/feedback", {"execution_id": "e1", "rating": 5})).json["pointer"] == "/rating"


async def test_the_same_key_and_body_is_answered_once(served: Served) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await served.ask("POST", "/api/orchestrate", raw=b'{"request": "x"}', headers=key)
    again = await served.ask("POST", "/api/orchestrate", raw=b'{ "request":"x" }', headers=key)
    assert (again.status, again.json) == (first.status, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [command.request_key for command in served.door.commands] == ["k1"]


async def test_the_same_key_with_another_body_or_route_is_refused(served: Served) -> None:
    key = {"Idempotency-Key": "k1"}
    await served.ask("POST", "/api/orchestrate", {"request": "x"}, headers=key)
    for path, body in [("/api/orchestrate", {"request": "y"}), ("/api/tickets", {}), ("/api/orchestrate/e1/pause", {})]:
        answer = await served.ask("POST", path, body, headers=key)
        assert (answer.status, answer.json["code"]) == (422, "idempotency_mismatch")


async def test_the_same_key_with_the_same_body_elsewhere_is_refused(served: Served) -> None:
    key = {"Idempotency-Key": "k1"}
    assert (await served.ask("POST", "/api/tickets", {}, headers=key)).status == 201
    answer = await served.ask("POST", "/api/orchestrate/e1/pause", {}, headers=key)
    assert (answer.status, answer.json["code"]) == (422, "idempotency_mismatch")


async def test_a_key_belongs_to_one_principal(served: Served) -> None:
    for token in ("dana-token", "admin-token"):
        headers = {"Idempotency-Key": "k1"}
        assert (
            await served.ask("POST", "/api/orchestrate", {"request": token}, token=token, headers=headers)
        ).status == 202
    assert len(served.door.commands) == 2


async def test_two_at_the_same_moment_start_one_execution(served: Served) -> None:
    served.door.gate = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        asks = [
            group.create_task(
                served.ask("POST", "/api/orchestrate", {"request": "x"}, headers={"Idempotency-Key": "k1"})
            )
            for _ in range(5)
        ]
        while not served.door.commands:
            await asyncio.sleep(0)
        served.door.gate.set()
    assert {ask.result().json["id"] for ask in asks} == {"e1"}
    assert len(served.door.commands) == 1


async def test_a_failure_is_not_remembered(served: Served) -> None:
    served.door.failure = UnavailableError("storage_unavailable", "The disk is away.")
    key = {"Idempotency-Key": "k1"}
    failed = await served.ask("POST", "/api/orchestrate", {"request": "x"}, headers=key)
    assert (failed.status, failed.json["code"]) == (503, "storage_unavailable")
    assert int(failed.headers["Retry-After"]) > 0
    assert (await served.ask("POST", "/api/orchestrate", {"request": "x"}, headers=key)).status == 202


@pytest.mark.parametrize("key", ["", "a b", "k" * 256, "מפתח"])
async def test_a_bad_key_is_refused(served: Served, key: str) -> None:
    answer = await served.ask("POST", "/api/orchestrate", {"request": "x"}, headers={"Idempotency-Key": key})
    assert (answer.status, answer.json["code"]) == (400, "idempotency_key_invalid")


async def test_a_ticket_tells_when_it_dies(served: Served) -> None:
    answer = await served.ask("POST", "/api/tickets")
    assert answer.status == 201
    assert answer.json["expires_at"] == (START + timedelta(seconds=60)).isoformat().replace("+00:00", "Z")


async def test_an_unexpected_failure_is_an_incident_and_no_stack(served: Served) -> None:
    served.door.failure = KeyError("secret path /home")
    answer = await served.ask("GET", "/api/orchestrate/e1")
    assert answer.status == 500
    assert answer.json["code"] == "internal"
    assert len(answer.json["incident"]) == 16
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_refusal_of_the_engine_keeps_its_code(served: Served) -> None:
    served.door.failure = RequestError("request_odd", "Say it otherwise.")
    answer = await served.ask("POST", "/api/orchestrate", {"request": "x"})
    assert (answer.status, answer.json["code"], answer.json["detail"]) == (400, "request_odd", "Say it otherwise.")
    assert answer.json["title"] == "Bad Request"
