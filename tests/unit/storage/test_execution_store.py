"""Conditional changes over real SQLite: what no longer holds loses, and nothing of its transaction stays."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.effect import Effect, Intent, IntentStatus
from engine.domain.event import Event, EventType
from engine.domain.execution import Execution, ExecutionOutcome, ExecutionStatus, StepOutcome, StepStatus
from engine.domain.ids import ApprovalId, EffectKey, ExecutionId, PrincipalId, StepId
from engine.domain.request import Request
from engine.ports import changes as s
from storage.codec import instant
from storage.database import DATABASE_FILE, open_database
from storage.execution_store import SqliteExecutionStore
from tests.lab import plan, step

NOW = datetime(2026, 1, 1, tzinfo=UTC)
E, A, B = ExecutionId("e"), StepId("a"), StepId("b")
FENCE = 7
CLAIM = s.ClaimStep(execution_id=E, step_id=A, fence=FENCE, epoch=1, attempt=1, at=NOW)
SETTLE = s.SettleStep(execution_id=E, step_id=A, fence=FENCE, outcome=StepOutcome.SUCCEEDED, at=NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteExecutionStore]:
    """One owned execution with a plan of two steps."""
    async with open_database(tmp_path, now=instant(NOW), durable=False) as database:
        store = SqliteExecutionStore(database)
        request = Request(text="x", user_id=PrincipalId("u"), request_key="k")
        execution = Execution(id=E, request=request, status=ExecutionStatus.PLANNING, created_at=NOW, updated_at=NOW)
        assert await store.commit(s.CreateExecution(execution=execution))
        assert await store.commit(s.OwnExecution(execution_id=E, fence=FENCE))
        assert await store.commit(s.SavePlan(execution_id=E, fence=FENCE, plan=plan(step("a"), step("b", left="a"))))
        yield store


@pytest.mark.parametrize(
    "first",
    [
        s.RaiseFlag(execution_id=E, at=NOW, paused=True),
        s.RaiseFlag(execution_id=E, at=NOW, cancelled=True),
        s.OwnExecution(execution_id=E, fence=FENCE + 1),
        CLAIM,
    ],
    ids=["paused", "cancelled", "newer owner", "already claimed"],
)
async def test_no_step_starts_after(store: SqliteExecutionStore, first: s.Change) -> None:
    assert await store.commit(first)
    assert not await store.commit(CLAIM)


async def test_no_step_starts_under_an_older_epoch(store: SqliteExecutionStore) -> None:
    assert not await store.commit(replace(CLAIM, epoch=0))
    assert await store.commit(CLAIM)


async def test_a_result_is_recorded_once_and_only_under_the_fence(store: SqliteExecutionStore) -> None:
    assert await store.commit(CLAIM)
    assert not await store.commit(replace(SETTLE, fence=FENCE - 1))
    assert await store.commit(SETTLE)
    assert not await store.commit(replace(SETTLE, outcome=StepOutcome.FAILED))
    snapshot = await store.snapshot(E)
    assert snapshot is not None
    assert snapshot.step_runs[A].outcome is StepOutcome.SUCCEEDED


async def test_an_older_owner_cannot_come_back(store: SqliteExecutionStore) -> None:
    assert await store.commit(s.OwnExecution(execution_id=E, fence=FENCE + 1))
    assert not await store.commit(s.OwnExecution(execution_id=E, fence=FENCE))


async def test_what_an_earlier_owner_left_running_is_ready_again(store: SqliteExecutionStore) -> None:
    assert await store.commit(CLAIM)
    assert await store.commit(s.OwnExecution(execution_id=E, fence=FENCE + 1))
    snapshot = await store.snapshot(E)
    assert snapshot is not None
    assert snapshot.step_runs[A].status is StepStatus.READY


async def test_a_lost_change_takes_its_event_with_it(store: SqliteExecutionStore) -> None:
    event = s.AppendEvent(event=Event(execution_id=E, type=EventType.STEP_STARTED, at=NOW))
    assert await store.commit(CLAIM, event)
    assert not await store.commit(event, CLAIM)
    assert [e.seq for e in await store.events(E, 0)] == [1]


async def test_one_open_question_per_step_decided_once(store: SqliteExecutionStore) -> None:
    question = Approval(
        id=ApprovalId("q"), execution_id=E, kind=ApprovalKind.GATE, plan_version=1, created_at=NOW, step_id=A
    )
    assert await store.commit(s.OpenApproval(approval=question))
    assert not await store.commit(s.OpenApproval(approval=replace(question, id=ApprovalId("q2"))))
    yes = replace(question, status=ApprovalStatus.APPROVED, decided_at=NOW, decided_by=PrincipalId("u"))
    assert await store.commit(s.DecideApproval(approval=yes))
    assert not await store.commit(s.DecideApproval(approval=replace(yes, status=ApprovalStatus.REJECTED)))
    assert (await store.approval(ApprovalId("q"))) == yes
    snapshot = await store.snapshot(E)
    assert snapshot is not None
    assert snapshot.execution.epoch == 2, "an answer bumps the epoch"


async def test_an_intent_is_written_once_and_completed_once(store: SqliteExecutionStore) -> None:
    key = EffectKey("local/e/a/1")
    intent = Intent(key=key, execution_id=E, step_id=A, tool="t", effect=Effect.KEYED, call_hash="h")
    assert not await store.commit(s.RecordIntent(intent=intent, fence=FENCE - 1, at=NOW))
    assert await store.commit(s.RecordIntent(intent=intent, fence=FENCE, at=NOW))
    assert not await store.commit(s.RecordIntent(intent=intent, fence=FENCE, at=NOW))
    assert await store.commit(s.CompleteIntent(key=key, result={"kind": "agenda"}, at=NOW))
    assert not await store.commit(s.CompleteIntent(key=key, result={}, at=NOW))
    found = await store.intent(key)
    assert found is not None
    assert found.result == {"kind": "agenda"}


async def test_a_done_execution_stays_done(store: SqliteExecutionStore) -> None:
    done = s.MoveExecution(
        execution_id=E, fence=FENCE, status=ExecutionStatus.DONE, at=NOW, outcome=ExecutionOutcome.SUCCEEDED
    )
    assert await store.commit(done)
    assert not await store.commit(replace(done, status=ExecutionStatus.RUNNING, outcome=None))
    assert not await store.commit(s.RaiseFlag(execution_id=E, at=NOW, cancelled=True))
    assert await store.unfinished() == 0
    assert await store.moving() == []


async def test_an_answer_is_never_overlooked_when_a_run_goes_to_rest(store: SqliteExecutionStore) -> None:
    rest = s.MoveExecution(execution_id=E, fence=FENCE, status=ExecutionStatus.WAITING, at=NOW, unless_moved_from=0)
    assert not await store.commit(rest)
    assert await store.commit(replace(rest, unless_moved_from=1))


async def test_an_effect_is_begun_again_once_per_answer_and_never_after_a_stop(store: SqliteExecutionStore) -> None:
    key, second = EffectKey("local/e/a/1"), EffectKey("local/e/a/2")
    intent = Intent(key=key, execution_id=E, step_id=A, tool="t", effect=Effect.UNKNOWN, call_hash="h", title="Send it")
    assert await store.commit(s.RecordIntent(intent=intent, fence=FENCE, at=NOW))
    assert not await store.commit(s.VoidIntent(key=key, fence=FENCE - 1, at=NOW))
    again = s.RetryIntent(key=key, execution_id=E, fence=FENCE, at=NOW, call_hash="other", answer=ApprovalId("yes"))
    assert not await store.commit(replace(again, fence=FENCE - 1))
    assert await store.commit(again)
    assert not await store.commit(again), "one answer, one try"
    assert await store.commit(replace(again, answer=ApprovalId("another")))
    assert await store.commit(s.VoidIntent(key=key, fence=FENCE, at=NOW))
    assert [(i.title, i.status, i.answer) for i in await store.intents(E)] == [
        ("Send it", IntentStatus.VOID, "another")
    ]
    assert await store.commit(replace(again, answer=None))
    for paused, reason, goes_on in ((True, "budget_day", True), (False, "", True), (True, "", False)):
        await store.commit(s.RaiseFlag(execution_id=E, at=NOW, paused=paused, reason=reason))
        assert await store.commit(replace(again, answer=None)) is goes_on
        await store.commit(s.RaiseFlag(execution_id=E, at=NOW, paused=False))
    assert await store.commit(s.RaiseFlag(execution_id=E, at=NOW, cancelled=True))
    assert not await store.commit(replace(again, answer=None))
    other = replace(intent, key=second)
    assert not await store.commit(s.RecordIntent(intent=other, fence=FENCE, at=NOW))
    assert await store.commit(s.CompleteIntent(key=key, result={"kind": "agenda"}, at=NOW)), "what happened is recorded"


async def test_a_decision_made_while_the_person_was_reminded_keeps_that_they_were(store: SqliteExecutionStore) -> None:
    asked = Approval(
        id=ApprovalId("q"), execution_id=E, kind=ApprovalKind.GATE, plan_version=1, created_at=NOW, step_id=A, title="א"
    )
    assert await store.commit(s.OpenApproval(approval=asked))
    assert await store.commit(s.RemindApproval(approval=replace(asked, reminded_at=NOW)))
    decided = replace(asked, status=ApprovalStatus.APPROVED, decided_at=NOW, decided_by=PrincipalId("u"))
    assert await store.commit(s.DecideApproval(approval=decided))
    assert await store.approval(asked.id) == replace(decided, reminded_at=NOW)


@pytest.mark.parametrize(
    "damage",
    ["at = 'no time at all'", "at = '2026-01-01'", "kind = 'dance'", "execution_id = CAST(x'65ff' AS TEXT)"],
)
async def test_alarms_that_are_damaged_keep_no_other_from_ringing(
    store: SqliteExecutionStore, tmp_path: Path, damage: str
) -> None:
    for number in range(6):
        at = NOW + timedelta(seconds=number)
        assert await store.commit(s.SetDue(due=s.Due(execution_id=E, kind=s.DueKind.RETRY, at=at)))
    with closing(sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)) as connection:
        assert connection.execute(f"UPDATE due SET {damage} WHERE id IN (1, 2, 4)").rowcount == 3
    assert [alarm.id for alarm in await store.due(100)] == [3, 5, 6]
    assert [alarm.id for alarm in await store.due(2)] == [3, 5], "as many as were asked for"
