"""Finds a free time. Pure: no calendar, no clock; compares instants, so that clock changes cannot deceive it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.agents.period import day_end, day_start, local_instant

GRID_MINUTES = 15
_PREFERRED_MINUTE = 10 * 60
_NOON_MINUTE = 12 * 60

Busy = tuple[datetime, datetime]
"""Aware start and exclusive end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSearch:
    """What a slot must be."""

    zone: ZoneInfo
    days: tuple[date, ...]
    """Local days to try, in order of preference."""
    duration: timedelta
    earliest: datetime
    """Not before this instant."""
    opens: time
    closes: time
    """The slot ends by then. Not after ``opens`` means on the next day; midnight is the day's end."""
    at: time | None = None
    """A local time the person fixed: no other is tried, and hours do not bind it."""


def find_slot(search: SlotSearch, busy: Iterable[Busy]) -> datetime | None:
    """The best free start, in the search's zone, or None.

    The first day with a free time wins; within it 10:00, then the mornings' whole and half hours nearest to it, then
    quarter hours, then the afternoon.
    """
    taken = [(starts, ends) for starts, ends in busy if starts < ends]
    for day in search.days:
        near = _near(day, search, taken)
        for start in _starts(day, search):
            if start.astimezone(UTC) >= search.earliest and is_free(start, search.duration, near):
                return start
    return None


def is_free(start: datetime, duration: timedelta, busy: Iterable[Busy]) -> bool:
    """Whether nothing busy overlaps ``[start, start + duration)``; entries without length are not busy."""
    begin = start.astimezone(UTC)
    end = begin + duration
    return not any(starts < end and begin < ends and starts < ends for starts, ends in busy)


def days_between(since: date, until: date, workdays: frozenset[int]) -> tuple[date, ...]:
    """The working days of a period, ends included; all its days when none is a working day, for a person named it."""
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    return tuple(day for day in days if day.weekday() in workdays) or tuple(days)


def _near(day: date, search: SlotSearch, busy: Sequence[Busy]) -> list[Busy]:
    begin = day_start(day, search.zone)
    end = day_end(day, search.zone) + search.duration
    return [(starts, ends) for starts, ends in busy if starts < end and begin < ends]


def _starts(day: date, search: SlotSearch) -> Iterator[datetime]:
    """Existing local starts of one day, best first, whose end stays inside the hours."""
    if search.at is not None:
        fixed = local_instant(day, search.at, search.zone)
        yield from () if fixed is None else (fixed,)
        return
    closing = _closing(day, search)
    for minute in sorted(range(0, 24 * 60, GRID_MINUTES), key=_preference):
        at = time(minute // 60, minute % 60)
        start = local_instant(day, at, search.zone) if at >= search.opens else None
        if start is not None and start.astimezone(UTC) + search.duration <= closing:
            yield start


def _closing(day: date, search: SlotSearch) -> datetime:
    if search.closes <= search.opens:
        day += timedelta(days=1)
    return datetime.combine(day, search.closes, search.zone).astimezone(UTC)


def _preference(minute: int) -> tuple[bool, bool, int, int]:
    return minute >= _NOON_MINUTE, minute % 30 != 0, abs(minute - _PREFERRED_MINUTE), -minute
