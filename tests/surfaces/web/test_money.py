"""Money and the model over HTTP: what was spent, who planned, why it is paused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from engine.domain.approval import ApprovalKind, Choice
from engine.domain.ids import ChoiceId, ExecutionId, StepId
from engine.domain.plan import Import
from engine.domain.spend import CostLine, Money, Spend, Usage
from tests.surfaces.web.conftest import Served
from tests.surfaces.web.memory_door import DANA, OWNER, gate
from tests.surfaces.web.test_executions import FREE, SENTENCE


async def test_what_was_spent_is_told_in_all_and_by_step_and_what_has_no_price_is_not_called_free(
    served: Served,
) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": SENTENCE})
    await served.door.make_plan(ExecutionId("e1"))
    planning = Spend(
        calls=1,
        usage=Usage(input_tokens=100, output_tokens=50, cache_read_tokens=900, cache_write_1h_tokens=20),
        cost=Money.usd(0.0123),
    )
    reading = Spend(calls=2, usage=Usage(input_tokens=10, output_tokens=5, estimated=True), unpriced=2)
    shot = served.door.snapshots[ExecutionId("e1")]
    served.door.snapshots[ExecutionId("e1")] = replace(shot, spends={None: planning, StepId("s1"): reading})
    shown = (await served.ask("GET", "/api/orchestrate/e1")).json
    assert shown["cost"] == {
        "input_tokens": 1030,
        "output_tokens": 55,
        "cache_read_tokens": 900,
        "cache_write_tokens": 20,
        "usd": 0.0123,
        "calls": 3,
        "unpriced_calls": 2,
        "reserved_usd": 0.0,
        "estimated": True,
    }
    steps = [step["cost"] for step in shown["plan"]["steps"]]
    assert (steps[0]["calls"], steps[0]["unpriced_calls"], steps[0]["usd"]) == (2, 2, 0.0)
    assert steps[1] == FREE


async def test_a_plan_of_a_model_names_it_and_what_it_takes_from_before(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": SENTENCE})
    await served.door.make_plan(ExecutionId("e1"))
    shot = served.door.snapshots[ExecutionId("e1")]
    assert shot.plan is not None
    earlier = Import(name=StepId("earlier_1"), execution_id=ExecutionId("e0"), step_id=StepId("s4"))
    plan = replace(shot.plan, planner="model", model="claude-sonnet-5-5", prompt="plan@1", imports=(earlier,))
    served.door.snapshots[ExecutionId("e1")] = replace(shot, plan=plan)
    shown = (await served.ask("GET", "/api/orchestrate/e1")).json["plan"]
    assert (shown["planner"], shown["model"], shown["prompt"]) == ("model", "claude-sonnet-5-5", "plan@1")
    assert shown["imports"] == [{"name": "earlier_1", "execution_id": "e0", "step_id": "s4"}]


async def test_an_execution_the_engine_paused_says_why_until_it_is_resumed(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": SENTENCE})
    shot = served.door.snapshots[ExecutionId("e1")]
    stopped = replace(shot.execution, paused=True, pause_reason="budget_execution")
    served.door.snapshots[ExecutionId("e1")] = replace(shot, execution=stopped)
    shown = (await served.ask("GET", "/api/orchestrate/e1")).json
    assert (shown["status"], shown["pause_reason"]) == ("paused", "budget_execution")
    resumed = (await served.ask("POST", "/api/orchestrate/e1/resume", {})).json
    assert (resumed["status"], resumed["pause_reason"]) == ("planning", "")


async def test_a_question_of_the_engines_tells_its_topic_and_its_numbers(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": SENTENCE})
    shot = served.door.snapshots[ExecutionId("e1")]
    asked = replace(
        gate(ExecutionId("e1"), "q1"),
        kind=ApprovalKind.QUESTION,
        step_id=None,
        title="",
        topic="budget",
        parameters={"scope": "day", "share": "84", "spent": "0.34", "cap": "0.41"},
        call=None,
        choices=(Choice(id=ChoiceId("go_on"), label="go_on"), Choice(id=ChoiceId("stop"), label="stop")),
    )
    served.door.snapshots[ExecutionId("e1")] = replace(shot, approvals=(asked,))
    shown = (await served.ask("GET", "/api/orchestrate/e1")).json["approvals"][0]
    assert (shown["topic"], shown["parameters"]["cap"]) == ("budget", "0.41")
    assert [choice["id"] for choice in shown["choices"]] == ["go_on", "stop"]
    answer = await served.ask("POST", "/api/approvals/q1", {"decision": "choose", "choice": "go_on"})
    assert (answer.status, answer.json["status"]) == (200, "chosen")


async def test_costs_are_listed_by_day_and_everybody_sees_what_they_may(served: Served) -> None:
    spend = Spend(calls=1, usage=Usage(input_tokens=10, output_tokens=5), cost=Money.usd(0.5), held=Money.usd(0.25))
    served.door.spent = [
        CostLine(day=date(2026, 11, day), user_id=user, model="claude-x", spend=spend)
        for day, user in ((24, OWNER.id), (24, DANA.id), (23, OWNER.id))
    ]
    everything = (await served.ask("GET", "/api/costs")).json["items"]
    assert [(line["day"], line["user_id"]) for line in everything] == [
        ("2026-11-24", "owner"),
        ("2026-11-24", "dana"),
        ("2026-11-23", "owner"),
    ]
    assert (everything[0]["model"], everything[0]["cost"]["usd"], everything[0]["cost"]["reserved_usd"]) == (
        "claude-x",
        0.5,
        0.25,
    )
    assert len((await served.ask("GET", "/api/costs?since=2026-11-24")).json["items"]) == 2
    own = (await served.ask("GET", "/api/costs", token="dana-token")).json["items"]
    assert [line["user_id"] for line in own] == ["dana"]


@pytest.mark.parametrize("since", ["", "x", "2026-13-01", "20261124", "2026-11-24T00:00", "%D9%A3026-11-24"])
async def test_a_day_that_is_none_is_refused(served: Served, since: str) -> None:
    answer = await served.ask("GET", f"/api/costs?since={since}")
    assert (answer.status, answer.json["code"]) == (400, "since_invalid")


async def test_the_document_says_that_unpriced_is_not_free(served: Served) -> None:
    schemas = (await served.ask("GET", "/openapi.json")).json["components"]["schemas"]
    assert "unknown, not 0" in schemas["CostView"]["properties"]["unpriced_calls"]["description"]
    assert "draft" in schemas["PlanView"]["properties"]["version"]["description"]
