"""What the scenarios of taking back have in common on every surface."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from engine.planning import undoing

UNDONE = {"events": 0, "mails": 2, "agendas": 0}
"""What is in the office when the story was taken back: the invitation and its cancellation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a person is told."""

    asked: tuple[str, ...]
    """In the question."""
    done: str
    row: str
    first: str
    """Where it was offered."""
    late: str
    twice: str
    theirs: str


WORDS = {
    "he": Words(
        asked=("תוסר מהיומן, והודעת ביטול תיכתב אל Yoav Cohen", "יימחק"),
        done="מה שנעשה בוטל: ",
        row="הוסרה מהיומן; הודעת ביטול נכתבה אל Yoav Cohen.",
        first="מה שנעשה בוטל.",
        late="עברו יותר מעשר דקות",
        twice="זה כבר בוטל",
        theirs="מישהו שינה את זה מאז",
    ),
    "en": Words(
        asked=("goes from the calendar; a cancellation is written to Yoav Cohen", "is removed"),
        done="Taken back: ",
        row="Taken out of the calendar; a cancellation was written to Yoav Cohen.",
        first="Taken back.",
        late="More than ten minutes have passed",
        twice="taken back already",
        theirs="Somebody has changed it since",
    ),
}


@contextmanager
def too_late() -> Generator[None]:
    """What ended before the block can not be taken back any more in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(undoing, "UNDO_WINDOW", timedelta(0))
        yield


def rename_meeting(home: Path) -> None:
    """Somebody gives our meeting another title, in their own calendar program."""
    path = home / "workspace" / "calendar.ics"
    before, begin, ours = path.read_bytes().rpartition(b"BEGIN:VEVENT")
    assert b"@tizmor" in ours
    path.write_bytes(before + begin + ours.replace(b"SUMMARY:", b"SUMMARY:Mine: ", 1))
