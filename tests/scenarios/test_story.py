"""The story, through the product's own front door, over a real workspace, in both languages."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import Tizmor, open_tizmor
from bot.settings import Settings
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Decision, DecisionVerb
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepOutcome
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal, Role
from engine.execution.parallel_coordinator import analyze_dependencies
from integrations.local_workspace.sample import create_sample
from tests.waiting import until
from tests.written import NOTHING, written

OWNER = Principal(id=PrincipalId("owner"), tenant_id=DEFAULT_TENANT, role=Role.OWNER)
HEBREW = "תקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב"
ENGLISH = "read what we did in December at Tevuot, understand the strategy and set up a meeting with Yoav"


@asynccontextmanager
async def product(home: Path) -> AsyncGenerator[Tizmor]:
    create_sample(home / "workspace", datetime.now(UTC).date())
    async with open_tizmor(Settings(tizmor_home=home)) as tizmor:
        yield tizmor


async def asked(tizmor: Tizmor, execution_id: str, kind: ApprovalKind) -> Approval:
    def pending(s: ExecutionSnapshot) -> Approval | None:
        return next((a for a in s.approvals if a.kind is kind and a.status is ApprovalStatus.PENDING), None)

    snapshot = await until(lambda: tizmor.orchestrator.get_execution(execution_id), lambda s: pending(s) is not None)
    found = pending(snapshot)
    assert found is not None
    return found


async def finished(tizmor: Tizmor, execution_id: str) -> ExecutionSnapshot:
    return await until(
        lambda: tizmor.orchestrator.get_execution(execution_id), lambda s: s.execution.status is ExecutionStatus.DONE
    )


@pytest.mark.parametrize("sentence", [HEBREW, ENGLISH], ids=["hebrew", "english"])
async def test_a_sentence_in_and_a_meeting_out(tmp_path: Path, sentence: str) -> None:
    async with product(tmp_path) as tizmor:
        execution = await tizmor.orchestrator.start(sentence, "owner")
        choice = await asked(tizmor, execution.id, ApprovalKind.CHOICE)
        names = {"יואב כהן", "יואב לוי"} if sentence == HEBREW else {"Yoav Cohen", "Yoav Levi"}
        assert {c.label.split(" (")[0] for c in choice.choices} == names
        snapshot = await tizmor.orchestrator.get_execution(execution.id)
        assert snapshot.plan is not None
        graph = {s.id: (s.agent, s.depends_on) for s in snapshot.plan.steps}
        assert graph == {
            "s1": ("DriveSearchAgent", ()),
            "s2": ("ContactSearchAgent", ()),
            "s3": ("WeeklyStatusAgent", ("s1", "s2")),
            "s4": ("CalendarAgent", ("s2", "s3")),
            "s5": ("EditorAgent", ("s3",)),
        }
        pick = Decision(verb=DecisionVerb.CHOOSE, choice=choice.choices[0].id)
        await tizmor.gates.decide(OWNER, choice.id, pick)
        gate = await asked(tizmor, execution.id, ApprovalKind.GATE)
        assert gate.call is not None
        assert gate.call.tool == "schedule_meeting"
        assert written(tmp_path) == NOTHING
        await tizmor.gates.decide(OWNER, gate.id, Decision(verb=DecisionVerb.APPROVE))
        done = await finished(tizmor, execution.id)
        assert done.execution.outcome is ExecutionOutcome.SUCCEEDED, done.step_runs
        result = done.execution.result
        assert result is not None
        assert result["meeting"]
        assert result["agenda"]
        assert result["sources"]
        assert result["summary"]
        assert {kind: len(found) for kind, found in written(tmp_path).items()} == {
            "events": 1,
            "mails": 1,
            "agendas": 1,
        }


async def test_a_rejected_meeting_writes_nothing(tmp_path: Path) -> None:
    async with product(tmp_path) as tizmor:
        execution = await tizmor.orchestrator.start(ENGLISH, "owner")
        choice = await asked(tizmor, execution.id, ApprovalKind.CHOICE)
        pick = Decision(verb=DecisionVerb.CHOOSE, choice=choice.choices[1].id)
        await tizmor.gates.decide(OWNER, choice.id, pick)
        gate = await asked(tizmor, execution.id, ApprovalKind.GATE)
        await tizmor.gates.decide(OWNER, gate.id, Decision(verb=DecisionVerb.REJECT))
        done = await finished(tizmor, execution.id)
        assert done.execution.outcome is ExecutionOutcome.REJECTED, {
            k: (r.outcome, r.error) for k, r in done.step_runs.items()
        }
        assert written(tmp_path) == NOTHING


@pytest.mark.parametrize(
    ("sentence", "kinds"),
    [
        ("find the budget file", {"documents"}),
        ("מי זה יואב לוי?", {"contacts"}),
        ("מה יש לי מחר?", {"appointments"}),
        ("write an agenda for the product meeting", {"agenda"}),
    ],
)
async def test_requests_that_are_not_the_story(tmp_path: Path, sentence: str, kinds: set[str]) -> None:
    async with product(tmp_path) as tizmor:
        execution = await tizmor.orchestrator.start(sentence, "owner")
        done = await finished(tizmor, execution.id)
        assert done.execution.outcome is ExecutionOutcome.SUCCEEDED, {
            k: (r.outcome, r.error) for k, r in done.step_runs.items()
        }
        assert kinds <= {str(a["kind"]) for a in done.artifacts.values()}
        assert all(r.outcome is StepOutcome.SUCCEEDED for r in done.step_runs.values())


async def test_a_meeting_at_a_given_hour(tmp_path: Path) -> None:
    async with product(tmp_path) as tizmor:
        execution = await tizmor.orchestrator.start("set up a meeting with Dana on Tuesday at 10", "owner")
        gate = await asked(tizmor, execution.id, ApprovalKind.GATE)
        assert gate.call is not None
        assert "T10:00" in str(gate.call.arguments["starts"])
        await tizmor.gates.decide(OWNER, gate.id, Decision(verb=DecisionVerb.APPROVE))
        assert (await finished(tizmor, execution.id)).execution.outcome is ExecutionOutcome.SUCCEEDED


async def test_from_python_the_plan_can_be_looked_at_before_anything_runs(tmp_path: Path) -> None:
    async with product(tmp_path) as tizmor:
        preview = await tizmor.planner.create_plan(ENGLISH, "owner", {"locale": "en"})
        batches = [[step.id for step in batch] for batch in analyze_dependencies(preview.steps)]
        assert batches == [["s1", "s2"], ["s3"], ["s4", "s5"]]
        execution = await tizmor.orchestrator.start("what do I have tomorrow?", "owner")
        events = [event.seq async for event in tizmor.orchestrator.events(execution.id)]
        assert events == list(range(1, len(events) + 1))
        found = await tizmor.orchestrator.get_execution(execution.id)
        assert (found.id, found.status, found.outcome) == (execution.id, "done", "succeeded")
        assert found.result is not None


async def test_three_wishes_in_one_sentence(tmp_path: Path) -> None:
    sentence = (
        "find the budget file, write an agenda for the budget meeting and set up a meeting with Dana tomorrow at 11"
    )
    async with product(tmp_path) as tizmor:
        execution = await tizmor.orchestrator.start(sentence, "owner")
        gate = await asked(tizmor, execution.id, ApprovalKind.GATE)
        assert written(tmp_path) == NOTHING
        await tizmor.gates.decide(OWNER, gate.id, Decision(verb=DecisionVerb.APPROVE))
        done = await finished(tizmor, execution.id)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert {str(a["kind"]) for a in done.artifacts.values()} == {"documents", "contacts", "agenda", "meeting"}
        assert {kind: len(found) for kind, found in written(tmp_path).items()} == {
            "events": 1,
            "mails": 1,
            "agendas": 1,
        }


async def test_what_it_cannot_do_is_said_and_nothing_runs(tmp_path: Path) -> None:
    async with product(tmp_path) as tizmor:
        execution = await tizmor.orchestrator.start("pay the electricity bill", "owner")
        done = await finished(tizmor, execution.id)
        assert done.outcome is ExecutionOutcome.FAILED
        assert done.execution.error is not None
        assert done.execution.error.code == "request_not_understood"
        assert written(tmp_path) == NOTHING
