"""Dates, hours and lengths in both languages, from a Wednesday."""

from __future__ import annotations

from datetime import date

import pytest

from engine.planning.offline.dates import Frame, read_times

WEDNESDAY = date(2026, 1, 14)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("today", "2026-01-14", "2026-01-14"), ("מחר", "2026-01-15", "2026-01-15"), ("מחרתיים", "2026-01-16", "2026-01-16"),
        ("the day after tomorrow", "2026-01-16", "2026-01-16"), ("on Tuesday", "2026-01-20", "2026-01-20"),
        ("ביום שלישי", "2026-01-20", "2026-01-20"), ("בשלישי", "2026-01-20", "2026-01-20"), ("ביום ב'", "2026-01-19", "2026-01-19"),
        ("on Wednesday", "2026-01-21", "2026-01-21"), ("next week", "2026-01-18", "2026-01-24"), ("בשבוע הבא", "2026-01-18", "2026-01-24"),
        ("next week on Tuesday", "2026-01-20", "2026-01-20"), ("on 3.2", "2026-02-03", "2026-02-03"), ("ב-3.2.2027", "2027-02-03", "2027-02-03"),
        ("on 2026-03-04", "2026-03-04", "2026-03-04"), ("on January 20", "2026-01-20", "2026-01-20"), ("20th of January", "2026-01-20", "2026-01-20"),
        ("ב-20 בינואר", "2026-01-20", "2026-01-20"), ("in March", "2026-03-01", "2026-03-31"), ("in two weeks", "2026-01-28", "2026-01-28"),
        ("on 1.1", "2027-01-01", "2027-01-01"),
    ],
)  # fmt: skip
def test_days_to_come(text: str, since: str, until: str) -> None:
    times = read_times(f"x {text} y", Frame(today=WEDNESDAY, past=False))
    assert (str(times.since), str(times.until), times.clear) == (since, until, True)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("in December", "2025-12-01", "2025-12-31"), ("בדצמבר", "2025-12-01", "2025-12-31"), ("in January", "2026-01-01", "2026-01-31"),
        ("in February", "2025-02-01", "2025-02-28"), ("בדצמבר 2024", "2024-12-01", "2024-12-31"), ("last week", "2026-01-04", "2026-01-10"),
        ("בשבוע שעבר", "2026-01-04", "2026-01-10"), ("last month", "2025-12-01", "2025-12-31"), ("on Tuesday", "2026-01-13", "2026-01-13"),
        ("since December", "2025-12-01", "None"), ("מאז דצמבר", "2025-12-01", "None"), ("until 3.12", "None", "2025-12-03"),
        ("since 1.12 until 15.12", "2025-12-01", "2025-12-15"), ("the last two weeks", "2025-12-31", "2026-01-14"),
        ("בשבועיים האחרונים", "2025-12-31", "2026-01-14"), ("yesterday", "2026-01-13", "2026-01-13"),
    ],
)  # fmt: skip
def test_days_gone(text: str, since: str, until: str) -> None:
    times = read_times(f"x {text} y", Frame(today=WEDNESDAY, past=True))
    assert (str(times.since), str(times.until), times.clear) == (since, until, True)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("at 10", "10:00:00"), ("ב-10", "10:00:00"), ("בשעה 10:30", "10:30:00"), ("at 3", "15:00:00"), ("at 3 am", "03:00:00"),
        ("3pm", "15:00:00"), ("at noon", "12:00:00"), ("בעשר", "10:00:00"), ("בשלוש וחצי", "15:30:00"), ("at 16.45", "16:45:00"),
        ("at ten", "10:00:00"), ("בשעה 9 בבוקר", "09:00:00"), ("בשעה 8 בערב", "20:00:00"), ("at 12 am", "00:00:00"),
    ],
)  # fmt: skip
def test_hours(text: str, at: str) -> None:
    times = read_times(f"x {text} y", Frame(today=WEDNESDAY, past=False))
    assert (str(times.at), times.since, times.clear) == (at, None, True)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("for 30 minutes", 30), ("חצי שעה", 30), ("לחצי שעה", 30), ("an hour", 60), ("לשעה", 60), ("שעה וחצי", 90),
        ("for an hour and a half", 90), ("a 45 minute", 45), ("ל-45 דקות", 45), ("שעתיים", 120), ("for two hours", 120),
    ],
)  # fmt: skip
def test_lengths(text: str, minutes: int) -> None:
    times = read_times(f"x {text} y", Frame(today=WEDNESDAY, past=False))
    assert (times.minutes, times.at, times.clear) == (minutes, None, True)


@pytest.mark.parametrize(
    "text", ["at 25:00", "at 10 or at 11", "on Monday or on Tuesday", "on 31.2", "in an hour", "on 2026-13-40"]
)
def test_contradictions_and_impossible_times_are_unclear(text: str) -> None:
    assert not read_times(f"x {text} y", Frame(today=WEDNESDAY, past=False)).clear


def test_what_is_left_is_kept() -> None:
    rest = read_times("a meeting with Dana tomorrow at 10 about May", Frame(today=WEDNESDAY, past=False)).rest
    assert rest.replace("\x00", " ").split() == ["a", "meeting", "with", "Dana", "about", "May"]
