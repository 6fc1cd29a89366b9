"""How an execution that is stopped closes its open steps: by what is recorded of their effects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.domain.agent import AgentSpec
from engine.domain.artifact import dump
from engine.domain.effect import Effect, IntentStatus
from engine.domain.execution import ExecutionOutcome, StepOutcome
from engine.domain.snapshot import ExecutionSnapshot
from engine.execution.ending import Effects, ending
from engine.execution.recording import Recorder
from engine.ports.changes import Change, MoveExecution, PutArtifact, SettleStep
from tests.lab import NoteInputs
from tests.unit.render.story import NOW, artifact, snapshot
from tests.unit.render.unsuccessful import S4, intent


def agent(*, ends_with_effect: bool) -> AgentSpec:
    return AgentSpec(
        name="CalendarAgent",
        version="1",
        skill="x",
        inputs=NoteInputs,
        output="meeting",
        effect=Effect.KEYED,
        ends_with_effect=ends_with_effect,
    )


def stopped(shot: ExecutionSnapshot, status: IntentStatus, *, ends_with_effect: bool = True) -> tuple[Change, ...]:
    made = replace(intent(shot, S4, status), result=dump(artifact("en", S4)) if status is IntentStatus.DONE else None)
    effects = Effects(intents=(made,), agents={"CalendarAgent": agent(ends_with_effect=ends_with_effect)})
    recorder = Recorder(execution_id=shot.execution.id, fence=1, at=NOW)
    return ending(shot, recorder, ExecutionOutcome.CANCELLED, effects=effects)


def outcome(changes: tuple[Change, ...]) -> StepOutcome:
    return next(change.outcome for change in changes if isinstance(change, SettleStep) and change.step_id == S4)


def result(changes: tuple[Change, ...]) -> Any:
    return next(change.result for change in changes if isinstance(change, MoveExecution))


def test_a_step_whose_last_act_is_recorded_is_done_and_what_it_made_is_told() -> None:
    changes = stopped(snapshot("en", "+++r."), IntentStatus.DONE)
    assert outcome(changes) is StepOutcome.SUCCEEDED
    assert [change.step_id for change in changes if isinstance(change, PutArtifact)] == [S4]
    told = result(changes)
    assert told["meeting"]["link"] == "calendar.ics#a81f0c"
    assert [entry["step"] for entry in told["done"]] == ["s1", "s2", "s3", "s4"]
    assert [entry["step"] for entry in told["not_done"]] == ["s5"]


def test_one_of_which_more_was_to_come_is_told_as_begun() -> None:
    changes = stopped(snapshot("en", "+++r."), IntentStatus.DONE, ends_with_effect=False)
    assert outcome(changes) is StepOutcome.CANCELLED
    assert result(changes)["done"][-1] == {"step": "s4", "title": "Set up the meeting", "reason": "begun"}


@pytest.mark.parametrize(
    ("status", "wanted"), [(IntentStatus.STARTED, StepOutcome.UNKNOWN), (IntentStatus.VOID, StepOutcome.CANCELLED)]
)
def test_what_nobody_knows_is_said_to_be_unknown_and_what_was_turned_down_is_not(
    status: IntentStatus, wanted: StepOutcome
) -> None:
    changes = stopped(snapshot("en", "+++r."), status)
    assert outcome(changes) is wanted
    assert [entry["step"] for entry in result(changes)["unknown"]] == ["s4"] * (wanted is StepOutcome.UNKNOWN)
