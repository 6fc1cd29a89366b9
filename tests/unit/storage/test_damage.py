"""A row that is not what was written is noticed whenever it is read; its execution is put aside, and the others run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.approval import ApprovalStatus, DecisionVerb
from engine.domain.event import Event, EventType
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.ids import DEFAULT_TENANT, ExecutionId
from engine.errors import ConflictError, DamagedError, InternalError
from storage.database import DATABASE_FILE
from storage.inspection import inspect
from storage.row_sums import ROW_SUM, is_summed
from storage.tables import metadata
from tests.lab import Lab, Publish, World, open_lab, plan, step

SUMMED = [table.name for table in metadata.sorted_tables if is_summed(table)]


def world() -> World:
    return World(lambda _: plan(step("a"), step("p", "Publisher", left="a")), tools=(Publish(),))


def change(home: Path, statement: str, *values: object) -> None:
    """As a bad block, or a stray write, does: past everything that keeps sums."""
    with closing(sqlite3.connect(home / DATABASE_FILE, isolation_level=None)) as connection:
        assert connection.execute(statement, values).rowcount > 0


async def waiting_for_leave(lab: Lab) -> str:
    execution = await lab.orchestrator.start("publish it", "owner")
    await lab.asked(execution.id)
    return execution.id


def test_everything_that_decides_has_sums() -> None:
    assert set(SUMMED) == {
        "executions",
        "plans",
        "execution_steps",
        "shared_context",
        "intents",
        "pending_approvals",
    }


async def test_every_row_that_the_engine_writes_is_summed_up_rightly(tmp_path: Path) -> None:
    async with open_lab(tmp_path, world()) as lab:
        first = await waiting_for_leave(lab)
        second = await waiting_for_leave(lab)
        await lab.orchestrator.pause(first)
        await lab.orchestrator.resume(first)
        await lab.answer(await lab.asked(first), DecisionVerb.APPROVE)
        await lab.done(first)
        await lab.orchestrator.cancel(second)
        await lab.done(second)
    async with open_lab(tmp_path, world()) as lab:
        await waiting_for_leave(lab)
        found = inspect(tmp_path / DATABASE_FILE, running=True)
        assert (found.structure, found.damaged_rows) == ((), ())
    with closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as connection:
        for table in SUMMED:
            rows = connection.execute(f"SELECT count(*), count({ROW_SUM}) FROM {table}").fetchone()
            assert rows[0] == rows[1] > 0, table


@pytest.mark.parametrize("table", [table for table in SUMMED if table != "intents"])
async def test_damage_to_any_column_of_any_row_of_an_execution_is_noticed(tmp_path: Path, table: str) -> None:
    async with open_lab(tmp_path, world()) as lab:
        execution = await waiting_for_leave(lab)
    columns = [c for c in metadata.tables[table].columns if c.name not in {ROW_SUM, "id", "execution_id", "damaged"}]
    if table == "execution_steps":  # of a step that was superseded nothing is read
        columns = [c for c in columns if c.name != "superseded"]
    key = "id" if table == "executions" else "execution_id"
    for column in columns:
        with closing(sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = 1")
            before = connection.execute(f"SELECT rowid, {column.name} FROM {table} WHERE {key} = ?", (execution,))
            row, value = before.fetchone()
            damaged = value + 1 if isinstance(value, int) else f"{value or ''}\x01"
            connection.execute(f"UPDATE {table} SET {column.name} = ? WHERE rowid = ?", (damaged, row))
            found = inspect(tmp_path / DATABASE_FILE, running=False)
            assert found.damaged_rows == (f"{table} of {execution}",), column.name
            connection.execute(f"UPDATE {table} SET {column.name} = ? WHERE rowid = ?", (value, row))
    assert inspect(tmp_path / DATABASE_FILE, running=False).damaged_rows == ()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE executions SET request = 'something else' WHERE id = ?",
        "UPDATE executions SET plan_version = plan_version + 8 WHERE id = ?",
        "UPDATE executions SET request = CAST(x'70ff80' AS TEXT) WHERE id = ?",
        "UPDATE executions SET created_at = 'no time at all' WHERE id = ?",
        "UPDATE plans SET body = replace(body, 'Writer', 'Wrider') WHERE execution_id = ?",
        "UPDATE plans SET body = substr(body, 1, 40) WHERE execution_id = ?",
        "UPDATE execution_steps SET argument_hash = 'x' WHERE execution_id = ? AND step_id = 'p'",
        "UPDATE shared_context SET value = replace(value, 'note', 'note2') WHERE execution_id = ?",
        "UPDATE pending_approvals SET body = replace(body, '\"copies\":1', '\"copies\":9') WHERE execution_id = ?",
        "UPDATE pending_approvals SET body = CAST(x'ff' AS TEXT) WHERE execution_id = ?",
    ],
)
async def test_its_execution_is_put_aside_and_tells_so_and_the_others_run(tmp_path: Path, damage: str) -> None:
    async with open_lab(tmp_path, world()) as lab:
        hit, spared = await waiting_for_leave(lab), await waiting_for_leave(lab)
    change(tmp_path, damage, hit)
    heard: list[Event] = []
    async with open_lab(tmp_path, world()) as lab:
        lab.state.watch(heard.append)
        for _ in range(2):
            snapshot = await lab.orchestrator.get_execution(hit)
            assert (snapshot.status, snapshot.outcome) == (ExecutionStatus.DONE, ExecutionOutcome.FAILED)
            assert snapshot.execution.error is not None
            assert snapshot.execution.error.code == "row_corrupt"
        assert [e.type for e in heard if e.execution_id == hit] == [EventType.EXECUTION_FINISHED], "told once"
        with pytest.raises(ConflictError):
            await lab.orchestrator.cancel(hit)
        await lab.answer(await lab.asked(spared), DecisionVerb.APPROVE)
        assert (await lab.done(spared)).outcome is ExecutionOutcome.SUCCEEDED
        assert lab.world.tools[0].ledger != []
        assert [arguments["copies"] for _, arguments in lab.world.tools[0].ledger] == [1], (
            "the damaged one does nothing"
        )
        assert hit not in await lab.store.moving()
        assert all(
            a.execution_id != hit for a in await lab.store.approvals(DEFAULT_TENANT, None, ApprovalStatus.PENDING)
        )
    assert inspect(tmp_path / DATABASE_FILE, running=False).put_aside == (hit,)


async def test_of_an_execution_whose_own_row_is_damaged_no_word_is_shown(tmp_path: Path) -> None:
    async with open_lab(tmp_path, world()) as lab:
        hit = await waiting_for_leave(lab)
    change(tmp_path, "UPDATE executions SET request = 'words of nobody' WHERE id = ?", hit)
    async with open_lab(tmp_path, world()) as lab:
        snapshot = await lab.orchestrator.get_execution(hit)
        assert snapshot.execution.request.text == ""
        assert snapshot.execution.request.user_id == "owner"


async def test_an_effect_whose_record_is_damaged_is_not_made_again(tmp_path: Path) -> None:
    async with open_lab(tmp_path, world()) as lab:
        hit = await waiting_for_leave(lab)
        await lab.answer(await lab.asked(hit), DecisionVerb.APPROVE)
        await lab.done(hit)
        change(tmp_path, "UPDATE intents SET status = 'started', result = NULL WHERE execution_id = ?", hit)
        with pytest.raises(DamagedError, match="intents"):
            await lab.store.intents(ExecutionId(hit))


async def test_a_question_that_is_damaged_cannot_be_answered(tmp_path: Path) -> None:
    async with open_lab(tmp_path, world()) as lab:
        hit = await waiting_for_leave(lab)
        asked = await lab.asked(hit)
        change(tmp_path, "UPDATE pending_approvals SET body = replace(body, '\"copies\":1', '\"copies\":9')")
        with pytest.raises(InternalError, match="row_corrupt"):
            await lab.answer(asked, DecisionVerb.APPROVE)
        assert lab.world.tools[0].ledger == []


@pytest.mark.parametrize("body", ["replace(body, '\"copies\":1', '\"copies\":9')", "CAST(x'ff' AS TEXT)"])
async def test_a_question_that_is_damaged_holds_up_nobody_elses_alarm(tmp_path: Path, body: str) -> None:
    async with open_lab(tmp_path, world()) as lab:
        hit, spared = await waiting_for_leave(lab), await waiting_for_leave(lab)
        change(tmp_path, f"UPDATE pending_approvals SET body = {body} WHERE execution_id = ?", hit)
        lab.clock.advance(timedelta(days=1))
        for _ in range(2):
            await lab.alarms.ring(lab.timer)
        assert (await lab.asked(spared)).reminded_at == lab.clock.now()
        assert (await lab.orchestrator.get_execution(hit)).outcome is ExecutionOutcome.FAILED
        assert all(due.at > lab.clock.now() for due in await lab.store.due(100))


async def test_a_row_mended_by_hand_is_taken_as_it_is(tmp_path: Path) -> None:
    async with open_lab(tmp_path, world()) as lab:
        execution = await waiting_for_leave(lab)
    change(tmp_path, "UPDATE executions SET request = 'mended', row_sum = NULL WHERE id = ?", execution)
    async with open_lab(tmp_path, world()) as lab:
        assert (await lab.orchestrator.get_execution(execution)).execution.request.text == "mended"


async def test_any_flipped_bit_of_the_file_is_noticed_or_changes_nothing_that_decides(tmp_path: Path) -> None:
    """Every 4,001st bit of the whole file, one at a time: found by a sum, by SQLite, or in what decides nothing."""
    async with open_lab(tmp_path, world()) as lab:
        await waiting_for_leave(lab)
    path = tmp_path / DATABASE_FILE
    whole, before = path.read_bytes(), _decisive(path)
    noticed = unharmed = 0
    for bit in range(0, len(whole) * 8, 4_001):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        if _is_noticed(path):
            noticed += 1
        else:
            assert _decisive(path) == before, f"bit {bit} was not noticed"
            unharmed += 1
    assert noticed > 5
    assert unharmed > 0


def _is_noticed(path: Path) -> bool:
    try:
        found = inspect(path, running=False)
    except sqlite3.Error:
        return True
    return bool(found.structure or found.damaged_rows)


def _decisive(path: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return [
            sorted(connection.execute(f"SELECT * FROM {table} NOT INDEXED").fetchall(), key=str) for table in SUMMED
        ]
