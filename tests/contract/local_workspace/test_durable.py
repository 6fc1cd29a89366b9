"""Nothing counts as done while a name it gave could still be lost, also when an earlier call was cut short before its sync."""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Self

import pytest

from engine.errors import UnavailableError
from engine.ports.calendar import MeetingChange
from engine.ports.clock import Clock
from integrations.local_workspace import LocalCalendar, LocalDocuments
from integrations.local_workspace.atomic import remove_file
from tests.contract.local_workspace.test_calendar import KEY, MEETING

SYNCS = 12
"""More than any of the calls makes."""


class Syncs:
    """Lets one sync fail, and knows the folders whose names were changed and not synced since."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.unsynced: set[str] = set()
        self.fails_at = 0
        self.failed = False
        self._made = 0
        self._fsync = os.fsync
        put, take = Path.replace, Path.unlink

        def replaced(path: Path, target: Path) -> Path:
            put(path, target)
            self.unsynced.add(str(target.parent))
            return target

        def unlinked(path: Path, missing_ok: bool = False) -> None:
            take(path, missing_ok)
            if not path.name.endswith(".part"):
                self.unsynced.add(str(path.parent))

        def made(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
            missing = [each for each in (path, *path.parents) if not each.exists()]
            os.makedirs(path, mode, exist_ok) if parents else os.mkdir(path, mode)
            self.unsynced |= {str(each.parent) for each in missing}

        monkeypatch.setattr(os, "fsync", self._sync)
        monkeypatch.setattr(Path, "replace", replaced)
        monkeypatch.setattr(Path, "unlink", unlinked)
        monkeypatch.setattr(Path, "mkdir", made)

    def failing_at(self, nth: int) -> Self:
        self.fails_at, self._made, self.failed = nth, 0, False
        return self

    def _sync(self, descriptor: int) -> None:
        self._made += 1
        if self._made == self.fails_at:
            self.failed = True
            raise OSError(errno.EIO, "Input/output error")
        self._fsync(descriptor)
        self.unsynced.discard(os.readlink(f"/proc/self/fd/{descriptor}"))


async def until_done(work: Callable[[], Awaitable[object]]) -> None:
    """As a step's attempts do."""
    try:
        await work()
    except (UnavailableError, OSError):
        await work()


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> Syncs:
    return Syncs(monkeypatch)


@pytest.mark.parametrize("nth", range(1, SYNCS + 1))
async def test_a_meeting_is_durable_before_it_counts(tmp_path: Path, clock: Clock, syncs: Syncs, nth: int) -> None:
    calendar = LocalCalendar(tmp_path, clock)
    syncs.failing_at(nth)
    await until_done(lambda: calendar.schedule(MEETING, key=KEY))
    assert syncs.unsynced == set()
    assert syncs.failed or nth > 6


@pytest.mark.parametrize("nth", range(1, SYNCS + 1))
async def test_a_changed_meeting_is_durable_before_it_counts(
    tmp_path: Path, clock: Clock, syncs: Syncs, nth: int
) -> None:
    calendar = LocalCalendar(tmp_path, clock)
    meeting = await calendar.schedule(MEETING, key=KEY)
    change = MeetingChange(
        meeting_id=meeting.id,
        title="moved",
        starts=MEETING.starts + timedelta(days=1),
        ends=MEETING.ends + timedelta(days=1),
        attendees=(("Dana", "dana@example.com"),),
    )
    syncs.failing_at(nth)
    await until_done(lambda: calendar.change(change, key="local/e1/s5/1"))
    assert syncs.unsynced == set()
    assert syncs.failed or nth > 8
    cancelled = replace(change, cancelled=True)
    syncs.failing_at(nth)
    await until_done(lambda: calendar.change(cancelled, key="local/e1/s6/1"))
    assert syncs.unsynced == set()


@pytest.mark.parametrize("nth", range(1, SYNCS + 1))
async def test_an_agenda_is_durable_before_it_counts(docs: Path, store: LocalDocuments, syncs: Syncs, nth: int) -> None:
    syncs.failing_at(nth)
    await until_done(lambda: store.save_agenda(key=KEY, title="agenda", text="text"))
    assert syncs.unsynced == set()
    assert syncs.failed or nth > 3


def test_a_file_that_is_gone_already_is_gone_durably(tmp_path: Path, syncs: Syncs) -> None:
    (tmp_path / "a").write_bytes(b"x")
    syncs.failing_at(1)
    with pytest.raises(OSError, match="Input/output"):
        remove_file(tmp_path / "a")
    assert syncs.unsynced == {str(tmp_path)}
    assert not remove_file(tmp_path / "a")
    assert syncs.unsynced == set()
