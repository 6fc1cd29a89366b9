"""Days and the instants they cover in a person's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import RequestError

MAX_DAYS = 366
"""Longest period looked at in the calendar: recurring events are expanded over all of it."""
FIRST_YEAR, LAST_YEAR = 2000, 2200
"""Years a calendar is asked about; outside them date arithmetic and zone tables end."""


def zone_of(name: str) -> ZoneInfo:
    """The zone with this IANA name.

    Raises:
        RequestError: ``timezone_unknown``.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        detail = f"There is no time zone {name!r}; use an IANA name such as Asia/Jerusalem."
        raise RequestError("timezone_unknown", detail, {"timezone": name}) from error


def checked(since: date | None, until: date | None) -> None:
    """Refuse a period that is reversed, too long or out of range; an open end is fine.

    Raises:
        RequestError: ``period_reversed``, ``period_too_long`` or ``date_out_of_range``.
    """
    for day in (since, until):
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            detail = f"{day.isoformat()} is out of range; use a year between {FIRST_YEAR} and {LAST_YEAR}."
            raise RequestError("date_out_of_range", detail, {"date": day.isoformat()})
    if since is None or until is None:
        return
    parameters = {"since": since.isoformat(), "until": until.isoformat()}
    if since > until:
        detail = f"The period begins ({since}) after it ends ({until}); swap the two."
        raise RequestError("period_reversed", detail, parameters)
    if (until - since).days >= MAX_DAYS:
        detail = f"{since} to {until} is too long; ask about at most {MAX_DAYS} days."
        raise RequestError("period_too_long", detail, parameters | {"limit": str(MAX_DAYS)})


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant a local day begins, in UTC; where midnight is skipped, the first instant after it."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """The instant a local day ends (exclusive), in UTC; a day lasts 23 to 25 hours."""
    return day_start(day + timedelta(days=1), zone)


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """A local wall time as an instant in its zone, or None where clocks skip it. Of a repeated hour, the first."""
    local = datetime.combine(day, at.replace(tzinfo=None, fold=0), zone)
    exists = local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
    return local if exists else None
