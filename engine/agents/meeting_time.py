"""What a person's wish for a meeting means in days and instants. Pure: the moment is an argument."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.agents.inputs import CalendarInputs
from engine.agents.period import MAX_DAYS, local_instant
from engine.agents.slots import SlotSearch, days_between
from engine.domain.tenant import PersonalTime
from engine.errors import RequestError

LEAD = timedelta(hours=2)
"""Nobody is invited to a meeting sooner than this, unless they fixed its time themselves."""
HORIZON_DAYS = 30
"""How far an open-ended search goes."""


def slot_search(wanted: CalendarInputs, personal: PersonalTime, zone: ZoneInfo, moment: datetime) -> SlotSearch | None:
    """What to search for, or None when every wanted day has passed.

    Without a wanted day the search begins tomorrow; a day the person named is taken whether they work on it or not.
    """
    days = _days(wanted, moment.astimezone(zone).date(), personal.workdays)
    if not days:
        return None
    return SlotSearch(
        zone=zone,
        days=days,
        duration=timedelta(minutes=wanted.duration_minutes),
        earliest=moment + (timedelta(minutes=1) if wanted.at else LEAD),
        opens=personal.starts,
        closes=personal.ends,
        at=wanted.at,
    )


def fixed_start(wanted: CalendarInputs, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """The exact start the person asked for, or None when they left it open.

    Raises:
        RequestError: ``slot_past`` when it has begun, ``time_skipped`` when clocks skip it.
    """
    if wanted.on is None or wanted.at is None:
        return None
    asked = f"{wanted.on.isoformat()} {wanted.at.isoformat('minutes')}"
    start = local_instant(wanted.on, wanted.at, zone)
    if start is None:
        detail = f"{asked} does not exist in {zone.key}: clocks skip it; choose another time."
        raise RequestError("time_skipped", detail, {"when": asked})
    if start.astimezone(UTC) <= moment:
        raise RequestError("slot_past", f"{asked} has already passed; ask for a later time.", {"when": asked})
    return start


def no_slot(wanted: CalendarInputs) -> RequestError:
    """``no_free_slot``: says what was looked for and how to mend it."""
    where = wanted.on or wanted.since or wanted.until
    near = f" on or after {where.isoformat()}" if where else ""
    detail = f"No free {wanted.duration_minutes} minutes{near} within working hours; name another day, time or length."
    return RequestError("no_free_slot", detail, {"minutes": str(wanted.duration_minutes)})


def _days(wanted: CalendarInputs, today: date, workdays: frozenset[int]) -> tuple[date, ...]:
    if wanted.on is not None:
        return (wanted.on,) if wanted.on >= today else ()
    tomorrow = today + timedelta(days=1)
    since = max(wanted.since or min(tomorrow, wanted.until or tomorrow), today)
    until = min(wanted.until or since + timedelta(days=HORIZON_DAYS), since + timedelta(days=MAX_DAYS))
    return days_between(since, until, workdays) if since <= until else ()
