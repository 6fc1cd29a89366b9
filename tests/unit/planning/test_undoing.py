"""What can be taken back is what was recorded as done, thing by thing, and for ten minutes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.domain.artifact import Agenda, Artifact, Meeting, dump
from engine.domain.effect import Effect, Intent, IntentStatus
from engine.domain.execution import Execution, ExecutionOutcome, ExecutionStatus
from engine.domain.ids import DEFAULT_TENANT, ExecutionId, PrincipalId, StepId, effect_key
from engine.domain.request import Derivation, Origin, Request
from engine.domain.snapshot import ExecutionSnapshot, Undo
from engine.errors import ConflictError, PlanError
from engine.planning.undoing import UNDO_WINDOW, Staying, must_be_undoable, undo_plan, undo_until, undoing

NAME = ExecutionId("e1")
ENDED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
UNDONE_BY = {
    "schedule_meeting": "take_back_meeting",
    "change_meeting": "take_back_meeting",
    "save_agenda": "remove_agenda",
}
MEETING = Meeting(id="m1", title="Strategy", starts=ENDED, ends=ENDED + timedelta(hours=1))
AGENDA = Agenda(title="Agenda", text="# א\n", path="agendas/a.md")


def done(step: str, tool: str, artifact: Artifact, effect: Effect = Effect.KEYED) -> Intent:
    return Intent(
        key=effect_key(DEFAULT_TENANT, NAME, StepId(step), 1),
        execution_id=NAME,
        step_id=StepId(step),
        tool=tool,
        effect=effect,
        call_hash="h",
        title=f"Step {step}",
        status=IntentStatus.DONE,
        result=dump(artifact),
    )


MADE, SAVED = done("s1", "schedule_meeting", MEETING), done("s2", "save_agenda", AGENDA)
MOVED = done("s3", "change_meeting", replace(MEETING, title="Moved"))


def ended(*effects: Intent, undo: Undo | None = None, **of: object) -> ExecutionSnapshot:
    request = Request(text="x", user_id=PrincipalId("owner"))
    execution = Execution(
        id=NAME,
        request=request,
        status=ExecutionStatus.DONE,
        outcome=ExecutionOutcome.PARTIAL,
        created_at=ENDED - timedelta(hours=3),
        updated_at=ENDED,
    )
    execution = replace(execution, **of)  # pyright: ignore[reportArgumentType] - fields of an execution
    return ExecutionSnapshot(
        execution=execution, plan=None, step_runs={}, approvals=(), artifacts={}, seq=9, effects=effects, undo=undo
    )


def test_what_was_done_last_goes_first_and_each_thing_once() -> None:
    found = undoing([MADE, SAVED, MOVED], UNDONE_BY)
    assert [(t.tool, t.effects, t.changed) for t in found.takings] == [
        ("take_back_meeting", (MADE.key, MOVED.key), False),
        ("remove_agenda", (SAVED.key,), False),
    ]
    assert [t.artifact for t in found.takings] == [replace(MEETING, title="Moved"), AGENDA]
    assert found.staying == ()


def test_what_was_only_changed_is_put_back() -> None:
    (taking,) = undoing([MOVED], UNDONE_BY).takings
    assert taking.changed


def test_reads_and_what_was_turned_down_are_nothing_to_take_back() -> None:
    read = replace(MADE, effect=Effect.READ)
    void = replace(MADE, status=IntentStatus.VOID, result=None)
    assert undoing([read, void], UNDONE_BY).takings == ()
    assert undoing([read, void], UNDONE_BY).staying == ()


def test_what_nothing_takes_back_and_what_may_have_happened_is_named() -> None:
    posted = done("s4", "post", AGENDA, Effect.UNKNOWN)
    begun = replace(MADE, status=IntentStatus.STARTED, result=None)
    assert undoing([posted, begun], UNDONE_BY).staying == (
        Staying(title="Step s1", sure=False),
        Staying(title="Step s4", sure=True),
    )


def test_two_things_alike_are_two_things() -> None:
    other = done("s5", "schedule_meeting", replace(MEETING, id="m2"))
    unsaved = [done(f"s{n}", "save_agenda", replace(AGENDA, path="")) for n in (6, 7)]
    assert [t.effects for t in undoing([MADE, other, *unsaved], UNDONE_BY).takings] == [
        (unsaved[1].key,),
        (unsaved[0].key,),
        (other.key,),
        (MADE.key,),
    ]


@pytest.mark.parametrize("locale", ["en", "he"])
def test_the_plan_has_a_step_for_each_thing_and_no_question(locale: str) -> None:
    posted = done("s4", "post", AGENDA, Effect.UNKNOWN)
    plan = undo_plan(ended(MADE, SAVED, posted), UNDONE_BY, locale=locale, version=1)
    assert plan.sure
    assert (plan.version, plan.planner, [step.id for step in plan.steps]) == (1, "undo", ["u1", "u2", "u3"])
    assert {step.agent for step in plan.steps} == {"UndoAgent"}
    assert all(not step.depends_on for step in plan.steps)
    agenda, meeting, staying = plan.steps
    assert agenda.inputs == {
        "tool": "remove_agenda",
        "effects": [SAVED.key],
        "title": "Agenda",
        "path": "agendas/a.md",
        "digest": hashlib.sha256("# א\n".encode()).hexdigest(),
    }
    assert meeting.inputs == {"tool": "take_back_meeting", "effects": [MADE.key]}
    assert (staying.title, staying.inputs) == ("Step s4", {"sure": True})
    assert "Strategy" in meeting.title
    assert undo_plan(ended(MADE, SAVED, posted), UNDONE_BY, locale=locale, version=1) == plan


def test_without_anything_to_take_back_there_is_no_plan() -> None:
    with pytest.raises(PlanError, match="undo_nothing"):
        undo_plan(ended(), UNDONE_BY, locale="en", version=1)


def test_the_window_is_ten_minutes_from_the_end_as_stored() -> None:
    snapshot = ended(MADE)
    assert undo_until(snapshot, UNDONE_BY) == ENDED + timedelta(minutes=10)
    must_be_undoable(snapshot, UNDONE_BY, ENDED + UNDO_WINDOW)
    with pytest.raises(ConflictError) as refused:
        must_be_undoable(snapshot, UNDONE_BY, ENDED + UNDO_WINDOW + timedelta(microseconds=1))
    assert (refused.value.code, refused.value.parameters) == ("undo_too_late", {"until": "2026-11-23T08:10:00+00:00"})


UNDOES = Origin(derivation=Derivation.UNDO, execution_id=ExecutionId("e0"))
FORKED = Origin(derivation=Derivation.FORK, execution_id=ExecutionId("e0"))


def of(origin: Origin) -> Request:
    return Request(text="x", user_id=PrincipalId("owner"), origin=origin)


@pytest.mark.parametrize(
    ("snapshot", "code"),
    [
        (ended(MADE, status=ExecutionStatus.RUNNING, outcome=None), "undo_not_yet"),
        (ended(MADE, undo=Undo(execution_id=ExecutionId("e2"), outcome=None)), "undo_done"),
        (ended(MADE, undo=Undo(execution_id=ExecutionId("e2"), outcome=ExecutionOutcome.FAILED)), "undo_done"),
        (ended(), "undo_nothing"),
        (ended(done("s4", "post", AGENDA)), "undo_nothing"),
        (ended(MADE, request=of(UNDOES)), "undo_nothing"),
    ],
)
def test_what_cannot_be_taken_back_says_why(snapshot: ExecutionSnapshot, code: str) -> None:
    with pytest.raises(ConflictError) as refused:
        must_be_undoable(snapshot, UNDONE_BY, ENDED)
    assert refused.value.code == code
    assert undo_until(snapshot, UNDONE_BY) is None


def test_what_was_done_again_from_an_earlier_one_can_be_taken_back() -> None:
    must_be_undoable(ended(MADE, request=of(FORKED)), UNDONE_BY, ENDED)
