"""A meeting that was moved is put back, one that was called off takes place again, and each undo is of its own execution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from bot.app import Tizmor
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import ConflictError
from integrations.scripted_model.office import office_script
from tests.scenarios.test_model_story import OWNER, product, tell
from tests.waiting import until

OFFICE = office_script()


def ours(home: Path) -> list[Any]:
    calendar: Any = Calendar.from_ical((home / "workspace" / "calendar.ics").read_bytes())
    return [event for event in calendar.walk("VEVENT") if str(event["UID"]).endswith("@tizmor")]


def letters(home: Path) -> int:
    return len(list((home / "workspace" / "outbox").iterdir()))


async def undone(tizmor: Tizmor, first: ExecutionSnapshot) -> ExecutionSnapshot:
    begun = await tizmor.door.undo(OWNER, first.id)
    return await until(
        lambda: tizmor.orchestrator.get_execution(begun.id),
        lambda found: found.execution.status is ExecutionStatus.DONE,
    )


@pytest.mark.parametrize("words", ["make it an hour later", "cancel it"])
async def test_what_was_changed_is_what_it_was_and_what_was_made_goes(tmp_path: Path, words: str) -> None:
    async with product(tmp_path, OFFICE) as (tizmor, server):
        made = await tell(tizmor, "set up a meeting with Dana on Tuesday at 10")
        [before] = ours(tmp_path)
        changed = await tell(tizmor, words)
        assert changed.outcome is ExecutionOutcome.SUCCEEDED
        [after] = ours(tmp_path)
        assert (after["DTSTART"].dt, after.get("STATUS")) != (before["DTSTART"].dt, before.get("STATUS"))
        asked = len(server.requests)
        assert (await undone(tizmor, changed)).outcome is ExecutionOutcome.SUCCEEDED
        [back] = ours(tmp_path)
        same = ("UID", "SUMMARY", "DTSTART", "DTEND", "ATTENDEE", "ORGANIZER")
        assert [back[name] for name in same] == [before[name] for name in same]
        assert back.get("STATUS") == before.get("STATUS")
        assert letters(tmp_path) == 3, "invited, changed, and changed back"
        with pytest.raises(ConflictError, match="undo_done"):
            await tizmor.door.undo(OWNER, changed.id)
        assert (await undone(tizmor, made)).outcome is ExecutionOutcome.SUCCEEDED
        assert ours(tmp_path) == []
        assert letters(tmp_path) == 4
        assert len(server.requests) == asked, "no model is asked about it"


async def test_a_meeting_that_was_moved_since_is_not_taken_from_whoever_moved_it(tmp_path: Path) -> None:
    async with product(tmp_path, OFFICE) as (tizmor, _):
        made = await tell(tizmor, "set up a meeting with Dana on Tuesday at 10")
        await tell(tizmor, "make it an hour later")
        [moved] = ours(tmp_path)
        undo = await undone(tizmor, made)
        assert undo.outcome is ExecutionOutcome.FAILED
        [run] = undo.step_runs.values()
        assert run.error is not None
        assert run.error.code == "undo_changed"
        assert [event["DTSTART"] for event in ours(tmp_path)] == [moved["DTSTART"]]
        assert letters(tmp_path) == 2
