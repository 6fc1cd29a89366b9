"""What stands in the sample workspace's documents: Tevuot (תבואות), a small agri-food company, over one autumn and today.

Pure: the same day gives the same documents. ``sample.py`` writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from integrations.local_workspace.sample_papers import PAPERS
from integrations.local_workspace.sample_weeks import ENGLISH_WEEKS, HEBREW_WEEKS, Week

_HEBREW_MONTHS = (
    "ינואר", "פברואר", "מרץ", "אפריל", "מאי", "יוני", "יולי", "אוגוסט", "ספטמבר", "אוקטובר", "נובמבר", "דצמבר"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDocument:
    """One document to write. The path's suffix is its format."""

    path: str
    day: date
    """When it was written: its modification day."""
    text: str


def sample_documents(today: date) -> tuple[SampleDocument, ...]:
    """All documents, in order of path: October to December of the last December that has ended, and the last weeks."""
    year = today.year - 1
    weeks = [*_sundays(date(year, 10, 1), date(year, 12, 31)), *_sundays(today - timedelta(days=28), today)]
    found = [_weekly(number, day) for number, day in enumerate(dict.fromkeys(weeks))]
    for name, month, day_of_month, text in PAPERS:
        day = date(year, month, day_of_month) if month else today - timedelta(days=day_of_month)
        stem, suffix = name.rsplit(".", 1)
        body = text.strip().format(date=day.isoformat(), year=day.year, next=day.year + 1, he=hebrew_date(day))
        found.append(SampleDocument(path=f"{stem}-{day.isoformat()}.{suffix}", day=day, text=body + "\n"))
    return tuple(sorted(found, key=lambda document: document.path))


def hebrew_date(day: date) -> str:
    """For example ``7 בדצמבר 2025``."""
    return f"{day.day} ב{_HEBREW_MONTHS[day.month - 1]} {day.year}"


def _sundays(first: date, last: date) -> list[date]:
    start = first + timedelta(days=(6 - first.weekday()) % 7)
    return [start + timedelta(weeks=week) for week in range((last - start).days // 7 + 1)]


def _weekly(number: int, day: date) -> SampleDocument:
    if number % 2:
        text, name = _english(ENGLISH_WEEKS[number // 2 % len(ENGLISH_WEEKS)], day), "weekly-status"
    else:
        text, name = _hebrew(HEBREW_WEEKS[number // 2 % len(HEBREW_WEEKS)], day), "סטטוס-שבועי"
    suffix = "txt" if number % 5 == 4 else "md"
    return SampleDocument(path=f"weekly/{name}-{day.isoformat()}.{suffix}", day=day, text=text)


def _english(week: Week, day: date) -> str:
    return (
        f"# Tevuot weekly status, {day.day} {day:%B %Y}\n\n## Done\n- {week.done}\n- {week.also}\n\n"
        f"Decision: {week.decision}\nGoal: {week.goal}\nRisk: {week.risk}\nNext: {week.following}\n"
    )


def _hebrew(week: Week, day: date) -> str:
    return (
        f"# תבואות: סטטוס שבועי, {hebrew_date(day)}\n\n## מה עשינו\n- {week.done}\n- {week.also}\n\n"
        f"החלטה: {week.decision}\nיעד: {week.goal}\nסיכון: {week.risk}\nהצעד הבא: {week.following}\n"
    )
