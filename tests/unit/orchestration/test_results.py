"""What an execution comes to when its plan changed on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.domain.artifact import Agenda, Artifact, Contacts, Meeting, dump
from engine.domain.execution import Execution, ExecutionStatus
from engine.domain.ids import ExecutionId, PrincipalId, StepId
from engine.domain.plan import Plan, Step
from engine.domain.request import Request
from engine.domain.snapshot import ExecutionSnapshot
from engine.orchestration.results import compose

AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def meeting(name: str) -> Meeting:
    return Meeting(id=name, title=name, starts=AT, ends=AT + timedelta(hours=1))


def after(version: int, *steps: str, **given: Artifact) -> ExecutionSnapshot:
    request = Request(text="x", user_id=PrincipalId("owner"))
    execution = Execution(
        id=ExecutionId("e"),
        request=request,
        status=ExecutionStatus.DONE,
        created_at=AT,
        updated_at=AT,
        plan_version=version,
    )
    planned = tuple(Step(id=StepId(name), agent="Writer", title=name) for name in steps)
    artifacts = {StepId(name): dump(artifact) for name, artifact in given.items()}
    plan = Plan(version=version, steps=planned)
    return ExecutionSnapshot(execution=execution, plan=plan, step_runs={}, approvals=(), artifacts=artifacts, seq=1)


def test_a_meeting_made_before_the_plan_left_it_out_is_still_told() -> None:
    result = compose(after(2, "a", a=Contacts(query="yoav"), s4=meeting("made")))
    assert isinstance(result["meeting"], dict)
    assert result["meeting"]["id"] == "made"
    assert isinstance(result["artifacts"], dict)
    assert list(result["artifacts"]) == ["s4", "a"]


def test_what_the_plan_itself_made_comes_before_what_stands_outside_it() -> None:
    old, new = Agenda(title="old", text="", path="agendas/old.md"), Agenda(title="new", text="", path="agendas/new.md")
    result = compose(after(2, "m", "n", m=meeting("new"), n=new, s4=meeting("old"), s5=old))
    assert isinstance(result["meeting"], dict)
    assert isinstance(result["agenda"], dict)
    assert (result["meeting"]["id"], result["agenda"]["title"]) == ("new", "new")


def test_what_was_only_read_drafted_or_brought_from_elsewhere_is_not_told() -> None:
    draft = Agenda(title="draft", text="")
    result = compose(after(2, "a", a=Contacts(query=""), s1=Contacts(query=""), s5=draft, earlier_1=meeting("theirs")))
    assert (result["meeting"], result["agenda"]) == (None, None)
    assert isinstance(result["artifacts"], dict)
    assert list(result["artifacts"]) == ["a"]
