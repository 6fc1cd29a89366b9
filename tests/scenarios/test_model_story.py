"""The story and its follow-up through the model path, over real sockets, with every way in which a model's answer goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import Tizmor, open_tizmor
from bot.settings import Settings
from engine.domain.approval import ApprovalKind, ApprovalStatus, Decision, DecisionVerb
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.spend import Money
from integrations.local_workspace.sample import create_sample
from integrations.scripted_model import (
    CutStream,
    EndWithoutStop,
    ErrorInStream,
    HangUp,
    HttpFault,
    MaxTokens,
    Refusal,
    Reply,
    RequestView,
    SayText,
    Script,
    ScriptedServer,
    Spoken,
    Stall,
    serve_scripted,
    use_tool,
)
from integrations.scripted_model.office import EMIT_PLAN, office_script
from tests.scenarios.test_story import ENGLISH, HEBREW, OWNER
from tests.waiting import until
from tests.written import NOTHING, written

OFFICE = office_script()
STORY = ["DriveSearchAgent", "ContactSearchAgent", "WeeklyStatusAgent", "CalendarAgent", "EditorAgent"]


@asynccontextmanager
async def product(home: Path, script: Script, **settings: float) -> AsyncGenerator[tuple[Tizmor, ScriptedServer]]:
    create_sample(home / "workspace", datetime.now(UTC).date())
    async with serve_scripted(script) as server:
        options = {"tizmor_model_silence_seconds": 0.3, **settings}
        chosen = Settings.model_validate({"tizmor_home": home, "anthropic_base_url": server.url, **options})
        async with open_tizmor(chosen) as tizmor:
            yield tizmor, server


async def tell(tizmor: Tizmor, sentence: str) -> ExecutionSnapshot:
    """Say it and answer whatever is asked: the first choice, yes at a gate, until it ends or pauses."""
    execution = await tizmor.orchestrator.start(sentence, "owner")

    async def look() -> ExecutionSnapshot:
        snapshot = await tizmor.orchestrator.get_execution(execution.id)
        for approval in snapshot.approvals:
            if approval.status is not ApprovalStatus.PENDING:
                continue
            decision = Decision(verb=DecisionVerb.APPROVE)
            if approval.kind is ApprovalKind.CHOICE:
                decision = Decision(verb=DecisionVerb.CHOOSE, choice=approval.choices[0].id)
            elif approval.kind is ApprovalKind.QUESTION:
                return snapshot
            await tizmor.gates.decide(OWNER, approval.id, decision)
        return snapshot

    def rests(snapshot: ExecutionSnapshot) -> bool:
        asked = any(a.status is ApprovalStatus.PENDING and a.kind is ApprovalKind.QUESTION for a in snapshot.approvals)
        return snapshot.execution.status is ExecutionStatus.DONE or snapshot.execution.paused or asked

    return await until(look, rests, seconds=60)


def purpose(request: RequestView) -> str:
    """Which of the product's calls it is."""
    if EMIT_PLAN in request.tools:
        return "plan"
    return request.system[:40]


def once(fault: Callable[[Spoken], Reply]) -> Script:
    """The office's answers, but every call goes wrong the first time it is made, in the story and in its follow-up."""
    seen: Counter[str] = Counter()

    def script(request: RequestView, number: int) -> Reply:
        seen[purpose(request)] += 1
        good = OFFICE(request, number)
        assert isinstance(good, Spoken)
        return fault(good) if seen[purpose(request)] % 2 else good

    return script


PASSING: dict[str, Callable[[Spoken], Reply]] = {
    "busy": lambda _: HttpFault(429, retry_after=0.01),
    "overloaded": lambda _: HttpFault(529),
    "broken": lambda _: HttpFault(500),
    "error in the stream": lambda good: ErrorInStream(good, after=3),
    "cut": lambda good: CutStream(good, after=3),
    "no stop reason": EndWithoutStop,
    "stalled": lambda good: Stall(good, after=3),
    "hung up": lambda _: HangUp(),
}


@pytest.mark.parametrize("sentence", [HEBREW, ENGLISH], ids=["hebrew", "english"])
async def test_a_sentence_in_a_meeting_out_and_moved_an_hour(tmp_path: Path, sentence: str) -> None:
    async with product(tmp_path, OFFICE) as (tizmor, server):
        done = await tell(tizmor, sentence)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert done.plan is not None
        assert [step.agent for step in done.plan.steps] == STORY
        assert (done.plan.planner, done.plan.prompt) == ("model", "planner@2")
        assert done.result is not None
        assert "[1]" in str(done.result["summary"])
        assert done.result["sources"]
        assert done.spend.calls == len(server.requests) == 3
        before = done.result["meeting"]
        follow = await tell(tizmor, "תדחה את הפגישה בשעה" if sentence == HEBREW else "make it an hour later")
        assert follow.outcome is ExecutionOutcome.SUCCEEDED
        assert follow.result is not None
        after = follow.result["meeting"]
        assert isinstance(before, dict)
        assert isinstance(after, dict)
        moved = datetime.fromisoformat(str(after["starts"])) - datetime.fromisoformat(str(before["starts"]))
        assert (moved.total_seconds(), after["id"]) == (3600, before["id"])
        assert len(written(tmp_path)["events"]) == 1


@pytest.mark.parametrize("fault", PASSING.values(), ids=list(PASSING))
async def test_every_call_may_fail_once_and_nothing_is_done_twice(
    tmp_path: Path, fault: Callable[[Spoken], Reply]
) -> None:
    async with product(tmp_path, once(fault)) as (tizmor, server):
        done = await tell(tizmor, ENGLISH)
        assert done.outcome is ExecutionOutcome.SUCCEEDED, {k: r.error for k, r in done.step_runs.items()}
        assert {kind: len(found) for kind, found in written(tmp_path).items()} == {
            "events": 1,
            "mails": 1,
            "agendas": 1,
        }
        assert len(server.requests) == 6
        assert done.spend.calls == 6
        follow = await tell(tizmor, "make it an hour later")
        assert follow.outcome is ExecutionOutcome.SUCCEEDED
        assert len(server.requests) == 8
        assert len(written(tmp_path)["events"]) == 1


def wrong(steps: list[JsonObject]) -> Reply:
    marked = {"understood": "wrong", "steps": steps, "sure": True}
    return use_tool(EMIT_PLAN, marked)


def search(name: str, **more: object) -> JsonObject:
    return {"id": name, "agent": "DriveSearchAgent", "title": "WRONG", "inputs": {"terms": ["WRONG"]}, **more}  # pyright: ignore[reportReturnType]


BAD_PLANS: dict[str, Reply] = {
    "prose": SayText("I would search the documents first."),
    "a cycle": wrong([search("s1", after=["s2"]), search("s2", after=["s1"])]),
    "a thousand steps": wrong([search(f"s{n}") for n in range(1_000)]),
    "an unknown agent": wrong([search("s1"), {**search("s2"), "agent": "MoneyTransferAgent"}]),
    "the length limit": MaxTokens(use_tool(EMIT_PLAN, {"understood": "wrong", "steps": [search("s1"), search("s2")]})),
}


@pytest.mark.parametrize("bad", BAD_PLANS.values(), ids=list(BAD_PLANS))
async def test_a_plan_that_does_not_hold_is_repaired_and_leaves_nothing(tmp_path: Path, bad: Reply) -> None:
    plans: list[int] = []

    def script(request: RequestView, number: int) -> Reply:
        if EMIT_PLAN in request.tools:
            plans.append(number)
            if len(plans) == 1:
                return bad
        return OFFICE(request, number)

    async with product(tmp_path, script) as (tizmor, _):
        done = await tell(tizmor, ENGLISH)
        assert done.outcome is ExecutionOutcome.SUCCEEDED, done.execution.error
        assert len(plans) == 2
        assert "WRONG" not in str((done.plan, done.artifacts))
        assert len(written(tmp_path)["events"]) == 1


async def test_a_model_that_cannot_plan_at_all_is_asked_three_times_and_nothing_runs(tmp_path: Path) -> None:
    async with product(tmp_path, lambda _request, _number: BAD_PLANS["a cycle"]) as (tizmor, server):
        done = await tell(tizmor, ENGLISH)
        assert done.outcome is ExecutionOutcome.FAILED
        assert done.execution.error is not None
        assert done.execution.error.code == "draft_invalid"
        assert len(server.requests) == 3
        assert not done.artifacts
        assert written(tmp_path) == NOTHING


async def test_a_refused_plan_is_said_and_its_draft_is_dropped(tmp_path: Path) -> None:
    def script(request: RequestView, number: int) -> Reply:
        good = OFFICE(request, number)
        assert isinstance(good, Spoken)
        return Refusal(good)

    async with product(tmp_path, script) as (tizmor, _):
        done = await tell(tizmor, ENGLISH)
        assert done.outcome is ExecutionOutcome.FAILED
        assert done.execution.error is not None
        assert done.execution.error.code == "model_refused"
        assert not done.artifacts
        assert written(tmp_path) == NOTHING


def prose(good: Spoken) -> Reply:
    del good
    return SayText("Well…")


@pytest.mark.parametrize("discard", [Refusal, MaxTokens, prose])
async def test_agents_do_without_an_answer_they_cannot_use_and_say_so(
    tmp_path: Path, discard: Callable[[Spoken], Reply]
) -> None:
    def script(request: RequestView, number: int) -> Reply:
        good = OFFICE(request, number)
        assert isinstance(good, Spoken)
        return good if EMIT_PLAN in request.tools else discard(good)

    async with product(tmp_path, script) as (tizmor, _):
        done = await tell(tizmor, ENGLISH)
        assert done.outcome is ExecutionOutcome.SUCCEEDED, {k: r.error for k, r in done.step_runs.items()}
        summary = next(a for a in done.artifacts.values() if a["kind"] == "summary")
        assert "model_" in str(summary["problems"])
        assert summary["extracts"]


async def test_a_key_that_expires_on_the_way_costs_the_story_nothing_but_the_models_words(tmp_path: Path) -> None:
    def script(request: RequestView, number: int) -> Reply:
        return OFFICE(request, number) if EMIT_PLAN in request.tools else HttpFault(401)

    async with product(tmp_path, script) as (tizmor, server):
        done = await tell(tizmor, ENGLISH)
    assert done.outcome is ExecutionOutcome.SUCCEEDED, {k: r.error for k, r in done.step_runs.items()}
    assert done.plan is not None
    stood_in = {step.agent: done.step_runs[step.id].stand_in for step in done.plan.steps}
    assert {agent: other for agent, other in stood_in.items() if other} == {
        "WeeklyStatusAgent": "WeeklyStatusAgentWithoutModel",
        "EditorAgent": "EditorAgentWithoutModel",
    }
    written_without = [a for a in done.artifacts.values() if a["kind"] in {"summary", "agenda"}]
    assert all("model_away" in str(artifact["problems"]) for artifact in written_without)
    assert len(server.requests) == 3
    assert {kind: len(found) for kind, found in written(tmp_path).items()} == {"events": 1, "mails": 1, "agendas": 1}


async def test_a_wrong_key_is_asked_about_and_the_offline_planner_takes_over_only_on_a_yes(tmp_path: Path) -> None:
    async with product(tmp_path, lambda _request, _number: HttpFault(401)) as (tizmor, _):
        asked = await tell(tizmor, ENGLISH)
        question = asked.approvals[-1]
        assert (question.topic, question.title) == ("model_unavailable", "model_key_wrong")
        assert asked.plan is None
        await tizmor.gates.decide(OWNER, question.id, Decision(verb=DecisionVerb.CHOOSE, choice=question.choices[1].id))
        planned = await until(
            lambda: tizmor.orchestrator.get_execution(asked.id), lambda s: s.plan is not None and s.plan.version == 1
        )
        assert planned.plan is not None
        assert planned.plan.planner == "offline"


@pytest.mark.parametrize("cap", [0.02, 0.09, 0.2])
async def test_what_is_spent_never_passes_the_cap(tmp_path: Path, cap: float) -> None:
    async with product(tmp_path, OFFICE, tizmor_budget_usd_per_execution=cap) as (tizmor, server):
        told = await tell(tizmor, ENGLISH)
        assert told.spend.cost <= Money.usd(cap)
        if told.execution.paused:
            assert told.execution.pause_reason == "budget_execution"
            calls = len(server.requests)
            await tizmor.orchestrator.resume(told.id)
            again = await until(
                lambda: tizmor.orchestrator.get_execution(told.id),
                lambda s: s.execution.paused and s.seq > told.seq + 1,
            )
            assert len(server.requests) == calls
            assert again.spend.cost <= Money.usd(cap)
