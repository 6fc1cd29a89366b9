"""Money under control: reserved before each call, accounted for after it, asked about at 80 %, stopped at 100 %."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.domain.approval import ApprovalKind, ApprovalStatus, DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepOutcome, StepStatus
from engine.domain.ids import DEFAULT_TENANT, ExecutionId, StepId
from engine.domain.plan import Plan
from engine.domain.spend import NO_CAPS, Caps, ModelCall, Money, Spend, Usage
from engine.errors import RefusedError
from engine.ports.agents import StepContext
from engine.ports.changes import ReserveSpend
from engine.ports.language_model import AnswerLostError
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from engine.safety.budgets import estimated_tokens
from tests.lab import OWNER, PRICES, Lab, NoteInputs, Publish, World, note, open_lab, plan, step
from tests.unit.execution.following import plan_asked
from tests.unit.execution.model import ScriptedModel, asking, question, said

COST = Money.usd(0.0006)
"""Of one answer of the scripted model."""
HELD = Money.usd((estimated_tokens(question("a")) + 5 * 100) / 1_000_000)
"""Set aside for one."""


def thinking(model: ScriptedModel, *names: str, caps: Caps | None = None, chain: bool = True) -> World:
    """Steps that each ask the model once, one after the other or side by side."""
    steps = [step(name, "Thinker", **({"left": names[n - 1]} if chain and n else {})) for n, name in enumerate(names)]
    world = World(plan=lambda _: plan(*steps), behaviours={"Thinker": asking()}, model=model)
    if caps is not None:
        world.caps = caps
    return world


async def run(lab: Lab) -> str:
    return (await lab.orchestrator.start("think", "owner")).id


def test_a_cost_is_exact_and_an_unknown_model_is_unpriced_never_free() -> None:
    usage = Usage(
        input_tokens=7, output_tokens=3, cache_read_tokens=11, cache_write_5m_tokens=2, cache_write_1h_tokens=1
    )
    assert PRICES.cost("scripted", usage) == Money(7_000 + 15_000 + 1_100 + 2_500 + 2_000)
    assert PRICES.cost("scripted-20261101", usage) == PRICES.cost("scripted", usage)
    assert PRICES.cost("another", usage) is None


async def test_every_call_is_accounted_to_its_step_and_day(tmp_path: Path) -> None:
    async with open_lab(tmp_path, thinking(ScriptedModel(), "a", "b")) as lab:
        done = await lab.done(await run(lab))
        assert done.spends[StepId("a")] == Spend(calls=1, usage=Usage(input_tokens=100, output_tokens=100), cost=COST)
        assert done.spend.cost == COST + COST
        assert (await lab.store.day_spend(DEFAULT_TENANT, date(2026, 11, 23))).cost == COST + COST
        assert (await lab.store.day_spend(DEFAULT_TENANT, date(2026, 11, 24))).calls == 0
        told = [e.payload async for e in lab.orchestrator.events(done.id) if e.type is EventType.MODEL_ANSWERED]
        assert told[0] == {"step": "a", "purpose": "lab@1", "model": "scripted", "usd": 0.0006}
        spans = [s for s in lab.telemetry.spans if s.name == "chat scripted"]
        assert spans[0].attributes["gen_ai.usage.input_tokens"] == 100
        assert spans[0].attributes["gen_ai.response.id"] == "r1"


async def test_the_prompt_of_every_call_is_kept_once(tmp_path: Path) -> None:
    from sqlalchemy import select

    from storage.tables.spend import model_calls, prompt_versions

    async with open_lab(tmp_path, thinking(ScriptedModel(), "a", "b")) as lab:
        await lab.done(await run(lab))
        database = lab.store._database
        prompts = await database.rows(select(prompt_versions))
        assert [(r["name"], r["version"], r["text"]) for r in prompts] == [("lab", 1, "Answer.")]
        calls = await database.rows(select(model_calls))
        assert {(r["prompt"], r["settled"], r["price_version"]) for r in calls} == {("lab@1", 1, "2026-11-24")}


async def test_at_eighty_percent_the_person_is_asked_once_and_going_on_goes_on(tmp_path: Path) -> None:
    caps = Caps(per_execution=Money.usd(0.005))
    names = [f"s{n}" for n in range(8)]
    model = ScriptedModel()
    async with open_lab(tmp_path, thinking(model, *names, caps=caps)) as lab:
        execution_id = await run(lab)
        asked = await lab.asked(execution_id)
        assert (asked.kind, asked.topic) == (ApprovalKind.QUESTION, "budget")
        assert asked.parameters == {"scope": "execution", "share": "84", "spent": "0.0042", "cap": "0.005"}
        assert len(model.requests) == 7
        await lab.answer(asked, DecisionVerb.CHOOSE, choice="go_on")
        assert len((await lab.until(execution_id, lambda s: bool(s.outcome) or s.execution.paused)).approvals) == 1


async def test_a_question_about_money_is_not_waited_for_behind_a_gate_that_waits_for_its_step(tmp_path: Path) -> None:
    dear = ScriptedModel(said("yes", tokens_in=4_000, tokens_out=400), said("yes"))
    world = thinking(dear, "a", "b", caps=Caps(per_execution=Money.usd(0.0074)))
    steps = plan(step("a", "Thinker"), step("b", "Thinker", left="a"), step("p", "Publisher", left="b"))
    world.plan = lambda _: steps
    world.tools = (Publish(),)
    async with open_lab(tmp_path, world) as lab:
        execution_id = await run(lab)
        asked = await lab.asked(execution_id)
        assert asked.topic == "budget", asked
        await lab.answer(asked, DecisionVerb.CHOOSE, choice="go_on")
        gate = await lab.asked(execution_id, 2)
        assert gate.kind is ApprovalKind.GATE
        await lab.answer(gate, DecisionVerb.APPROVE)
        assert (await lab.done(execution_id)).outcome is ExecutionOutcome.SUCCEEDED


async def test_another_plan_is_made_once_the_question_about_money_of_the_one_before_is_answered(tmp_path: Path) -> None:
    dear = ScriptedModel(said("yes", tokens_in=4_000, tokens_out=400), said("yes"))
    made: list[int] = []

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        made.append(brief.version)
        if brief.version > 1:
            await desk.ask(question("plan"))
        return replace(plan(step("a", "Thinker"), step("b", "Thinker", left="a")), version=brief.version)

    world = thinking(dear, caps=Caps(per_execution=Money.usd(0.0074)))
    world.planner = planner
    async with open_lab(tmp_path, world) as lab:
        execution_id = await run(lab)
        asked = await lab.asked(execution_id)
        assert (asked.topic, asked.plan_version) == ("budget", 1)
        await lab.editor.change(ExecutionId(execution_id), "on Tuesday", OWNER.id, "k1")
        waits = await lab.asked(execution_id)
        assert (waits.id, made) == (asked.id, [1])
        await lab.answer(asked, DecisionVerb.CHOOSE, choice="go_on")
        assert (await plan_asked(lab, execution_id, 2)).status is ApprovalStatus.PENDING
        assert made == [1, 2]


async def test_saying_stop_at_eighty_percent_declines_what_is_left(tmp_path: Path) -> None:
    caps = Caps(per_execution=Money.usd(0.003))
    async with open_lab(tmp_path, thinking(ScriptedModel(), *"abcdef", caps=caps)) as lab:
        execution_id = await run(lab)
        await lab.answer(await lab.asked(execution_id), DecisionVerb.CHOOSE, choice="stop")
        done = await lab.done(execution_id)
        assert done.outcome is ExecutionOutcome.REJECTED
        assert done.step_runs[StepId("a")].outcome is StepOutcome.SUCCEEDED


@pytest.mark.parametrize("scope", ["execution", "day"])
async def test_at_the_cap_the_execution_pauses_and_goes_on_when_there_is_room(tmp_path: Path, scope: str) -> None:
    amount = COST + COST + HELD - Money(1)
    caps = Caps(per_execution=amount) if scope == "execution" else Caps(per_day=amount)
    model = ScriptedModel()
    async with open_lab(tmp_path, thinking(model, "a", "b", "c", caps=caps)) as lab:
        execution_id = await run(lab)
        paused = await lab.until(execution_id, lambda s: s.execution.paused)
        assert paused.execution.pause_reason == f"budget_{scope}"
        assert paused.spend.cost == COST + COST
        assert len(model.requests) == 2
        await lab.orchestrator.resume(execution_id)
        again = await lab.until(execution_id, lambda s: s.execution.paused and s.seq > paused.seq + 2)
        assert len(model.requests) == 2
        assert again.step_runs[StepId("c")].status is StepStatus.READY
    async with open_lab(tmp_path, thinking(model, "a", "b", "c", caps=Caps(per_execution=Money.usd(1)))) as lab:
        await lab.orchestrator.resume(execution_id)
        assert (await lab.done(execution_id)).outcome is ExecutionOutcome.SUCCEEDED


async def test_calls_side_by_side_never_pass_the_cap_and_wait_for_each_others_room(tmp_path: Path) -> None:
    """Three find room at once; the others wait until one is accounted for, instead of stopping everybody."""
    cap = Money(HELD.nano * 3 + 100_000)
    model = ScriptedModel()
    model.may_answer.clear()
    names = [f"s{n}" for n in range(9)]
    async with open_lab(tmp_path, thinking(model, *names, caps=Caps(per_execution=cap), chain=False)) as lab:
        execution_id = await run(lab)
        held = await lab.until(execution_id, lambda s: s.spend.calls == 3)
        assert not held.execution.paused
        assert held.spend.cost <= cap
        model.may_answer.set()
        rested = await lab.until(
            execution_id,
            lambda s: (
                s.execution.status is not ExecutionStatus.PLANNING
                and all(r.status is not StepStatus.RUNNING for r in s.step_runs.values())
                and (s.execution.paused or bool(s.approvals))
            ),
        )
        assert 3 < len(model.requests) < 9
        assert rested.spend.cost == Money(COST.nano * len(model.requests))
        assert rested.spend.cost <= cap


async def test_the_day_belongs_to_everybody_of_the_tenant(tmp_path: Path) -> None:
    caps = Caps(per_day=Money(COST.nano + HELD.nano - 1))
    async with open_lab(tmp_path, thinking(ScriptedModel(), "a", caps=caps)) as lab:
        await lab.done(await run(lab))
        other = await lab.orchestrator.start("think", "somebody else")
        assert (await lab.until(other.id, lambda s: s.execution.paused)).execution.pause_reason == "budget_day"
        lab.clock.advance(timedelta(days=1))
        await lab.orchestrator.resume(other.id)
        assert (await lab.done(other.id)).outcome is ExecutionOutcome.SUCCEEDED


async def test_an_answer_that_broke_off_is_paid_for_and_asked_again(tmp_path: Path) -> None:
    lost = AnswerLostError("model_cut", "cut", Usage(input_tokens=50, output_tokens=10, estimated=True))
    async with open_lab(tmp_path, thinking(ScriptedModel(lost, said("yes")), "a")) as lab:
        execution_id = await run(lab)
        await lab.until(
            execution_id, lambda s: StepId("a") in s.step_runs and s.step_runs[StepId("a")].retry_at is not None
        )
        lab.clock.advance(timedelta(minutes=10))
        await lab.alarms.ring(lab.timer)
        done = await lab.done(execution_id)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert done.spend.cost == COST + Money.usd(0.0001)
        assert done.spend.usage.estimated


async def test_a_call_stopped_by_a_pause_costs_what_was_set_aside(tmp_path: Path) -> None:
    model = ScriptedModel()
    model.may_answer.clear()
    async with open_lab(tmp_path, thinking(model, "a")) as lab:
        execution_id = await run(lab)
        await model.asked.wait()
        await lab.orchestrator.pause(execution_id)
        stopped = await lab.until(execution_id, lambda s: s.step_runs[StepId("a")].status is StepStatus.READY)
        assert stopped.spend.cost >= COST
        assert stopped.spend.usage.estimated
        model.may_answer.set()
        await lab.orchestrator.resume(execution_id)
        assert (await lab.done(execution_id)).spend.calls == 2


async def test_a_model_without_a_price_is_counted_as_unpriced(tmp_path: Path) -> None:
    class Unpriced(ScriptedModel):
        def model(self, role: object) -> str:
            return "nobody-knows"

    model = Unpriced(replace(said("yes"), model="nobody-knows"))
    async with open_lab(tmp_path, thinking(model, "a")) as lab:
        done = await lab.done(await run(lab))
        assert (done.spend.calls, done.spend.unpriced, done.spend.cost) == (1, 1, Money())


async def test_an_answer_under_a_name_without_a_price_is_charged_as_the_model_that_was_asked(tmp_path: Path) -> None:
    model = ScriptedModel(replace(said("yes"), model="scripted-by-another-name"))
    async with open_lab(tmp_path, thinking(model, "a")) as lab:
        done = await lab.done(await run(lab))
        assert (done.spend.cost, done.spend.unpriced) == (COST, 0)


async def test_without_a_model_an_agent_that_asks_is_refused(tmp_path: Path) -> None:
    seen: list[bool] = []

    async def ask(inputs: NoteInputs, context: StepContext) -> Artifact:
        seen.append(context.has_model)
        with pytest.raises(RefusedError, match="model_absent"):
            await context.ask(question("hello"))
        return note("asked nobody")

    world = World(plan=lambda _: plan(step("a", "Thinker")), behaviours={"Thinker": ask})
    async with open_lab(tmp_path, world) as lab:
        assert (await lab.done(await run(lab))).outcome is ExecutionOutcome.SUCCEEDED
    assert seen == [False]


async def test_while_a_call_is_under_way_its_reservation_counts(tmp_path: Path) -> None:
    model = ScriptedModel()
    model.may_answer.clear()
    async with open_lab(tmp_path, thinking(model, "a")) as lab:
        execution_id = await run(lab)
        await model.asked.wait()
        assert (await lab.store.day_spend(DEFAULT_TENANT, date(2026, 11, 23))).cost == HELD
        model.may_answer.set()
        assert (await lab.done(execution_id)).spend.cost == COST


async def test_what_a_dead_process_had_reserved_is_counted_as_spent(tmp_path: Path) -> None:
    call = ModelCall(
        id="c",
        tenant_id=DEFAULT_TENANT,
        user_id=OWNER.id,
        execution_id=None,
        step_id=None,
        prompt="lab@1",
        model="scripted",
        day=date(2026, 11, 23),
        at=datetime(2026, 11, 23, 8, tzinfo=UTC),
        cost=COST,
        usage=Usage(input_tokens=600, estimated=True),
    )
    world = thinking(ScriptedModel(), "a")
    async with open_lab(tmp_path, world) as lab:
        assert await lab.store.commit(ReserveSpend(call=call, caps=NO_CAPS))
        assert (await lab.store.day_spend(DEFAULT_TENANT, call.day)).held == COST
    async with open_lab(tmp_path, world) as lab:
        spent = await lab.store.day_spend(DEFAULT_TENANT, call.day)
        assert (spent.cost, spent.held, spent.usage.estimated) == (COST, Money(), True)
