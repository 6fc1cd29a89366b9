"""What stands in a calendar file: its appointments, and what of it cannot be read. Pure; blocking for its size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from engine.domain.artifact import CalendarEntry
from integrations.local_workspace.hebrew import clean_line
from integrations.local_workspace.ics_lines import EMPTY, event_spans, framed, zone_lines

_TIMES = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
"""Properties without which nobody knows when an event is."""
_TOO_OFTEN = re.compile(r"FREQ=(SECONDLY|MINUTELY)", re.IGNORECASE)
_MOST_OCCURRENCES = 20_000
_PAD = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCalendar:
    """A calendar's readable events, and what was not readable."""

    series: tuple[Any, ...]
    """One calendar per UID: a series, its exceptions with it."""
    zone: tzinfo
    """For all-day and floating times."""
    problems: tuple[str, ...]


def parse(content: bytes, *, zone: tzinfo) -> ParsedCalendar:
    """Read every VEVENT, one by one, so that a broken one loses only itself.

    Args:
        content: the file.
        zone: the person's, where the file names none.

    Raises:
        RefusedError: ``calendar_unreadable``: it has no calendar's beginning and end.
    """
    lines = framed(content)
    problems: list[str] = []
    groups: dict[str, list[Any]] = {}
    for number, (place, found) in enumerate(_parsed_events(lines), 1):
        if isinstance(found, Exception):
            problems.append(f"{place}: it cannot be read ({type(found).__name__})")
        elif _is_usable(found, place, problems):
            groups.setdefault(str(found.get("UID") or f"no uid {number}"), []).append(found)
    return ParsedCalendar(
        series=tuple(_calendar(events) for events in groups.values()),
        zone=zone_in(content) or zone,
        problems=tuple(problems),
    )


def occurrences(
    parsed: ParsedCalendar, starts: datetime, ends: datetime, *, without: str = ""
) -> tuple[list[CalendarEntry], list[str]]:
    """Every occurrence overlapping the period in order of start, and series that cannot be expanded, by name.
    Occurrences of the event with the UID ``without`` are left out."""
    import recurring_ical_events  # noqa: PLC0415 - slow to import, and only calendars need it

    entries: list[CalendarEntry] = []
    problems: list[str] = []
    for series in parsed.series:
        if without and _uid(series.walk("VEVENT")[0]) == without.upper():
            continue
        try:
            found = recurring_ical_events.of(series).between(starts - _PAD, ends + _PAD)
            entries.extend(_entry(event, parsed.zone) for event in found if not is_cancelled(event))
        except Exception as error:  # noqa: BLE001 - foreign data: the library raises whatever its parts meet
            problems.append(f"{_name(series.walk('VEVENT')[0])}: it cannot be read ({type(error).__name__})")
        if len(entries) > _MOST_OCCURRENCES:
            problems.append(f"more than {_MOST_OCCURRENCES} appointments: the rest is not shown")
            break
    overlapping = [entry for entry in entries if _overlaps(entry, starts, ends)]
    return sorted(overlapping, key=lambda entry: (entry.starts, entry.ends, entry.title)), problems


def read_block(content: bytes, block: bytes) -> Any:
    """One of the file's events as icalendar reads it, or the exception that caused."""
    return _alone(b"".join(zone_lines(framed(content))), block)


def is_timed(event: Any) -> bool:
    """Whether it is known when the event is."""
    return "DTSTART" in event and _TIMES.isdisjoint(str(name) for name, _ in event.errors)


def is_all_day(event: Any) -> bool:
    """Whether a timed event has a day and no hour."""
    return not isinstance(_time(event, "DTSTART"), datetime)


def is_cancelled(event: Any) -> bool:
    """Whether the event was called off."""
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def aware(moment: date, zone: tzinfo) -> datetime:
    """A day or a time of the file as an instant; those without a zone are in ``zone``."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(), zone)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def zone_in(content: bytes) -> tzinfo | None:
    """The zone the file names for times without one, if it names any."""
    found = re.search(rb"^X-WR-TIMEZONE:(\S+)", content, re.MULTILINE)
    try:
        return ZoneInfo(found.group(1).decode()) if found else None
    except (ValueError, OSError, LookupError):
        return None


def _parsed_events(lines: list[bytes]) -> Iterator[tuple[str, Any]]:
    """Where each event stands, with the event or the exception it caused. All at once if possible, else one by one."""
    spans = list(event_spans(lines))
    places = [f"event {number} (line {first + 1})" for number, (first, _) in enumerate(spans, 1)]
    whole = _component(b"".join(lines))
    events: list[Any] = [] if isinstance(whole, Exception) else whole.walk("VEVENT")
    if len(events) != len(spans):
        head = b"".join(zone_lines(lines))
        events = [_alone(head, b"".join(lines[first:last])) for first, last in spans]
    yield from zip(places, events, strict=True)


def _component(content: bytes) -> Any:
    from icalendar import Calendar  # noqa: PLC0415 - slow to import, and only calendars need it

    try:
        return Calendar.from_ical(content)
    except Exception as error:  # noqa: BLE001 - foreign data: the library raises whatever its parts meet
        return error


def _alone(zones: bytes, block: bytes) -> Any:
    whole = _component(EMPTY[:-15] + zones + block + EMPTY[-15:])
    return whole if isinstance(whole, Exception) else whole.walk("VEVENT")[0]


def _is_usable(event: Any, place: str, problems: list[str]) -> bool:
    """Whether it is known when the event is; what of it is broken goes to ``problems``."""
    broken = [str(name) if name else "a line" for name, _ in event.errors]
    if broken:
        problems.append(f"{place}, {_name(event)}: {', '.join(broken)} cannot be read")
    if "DTSTART" not in event and "DTSTART" not in broken:
        problems.append(f"{place}, {_name(event)}: DTSTART is missing")
    if not is_timed(event):
        return False
    if _TOO_OFTEN.search(str(event.to_ical())):
        problems.append(f"{place}, {_name(event)}: it repeats more often than hourly and is not shown")
        return False
    return True


def _calendar(events: list[Any]) -> Any:
    from icalendar import Calendar  # noqa: PLC0415 - slow to import, and only calendars need it

    calendar = Calendar()
    for event in events:
        calendar.add_component(event)
    return calendar


def _uid(event: Any) -> str:
    return str(event.get("UID", "")).upper()


def _name(event: Any) -> str:
    return f"«{clean_line(str(event.get('SUMMARY', '')))[:80] or 'no title'}»"


def _entry(event: Any, zone: tzinfo) -> CalendarEntry:
    starts = _time(event, "DTSTART")
    ends = _time(event, "DTEND") or starts
    return CalendarEntry(
        title=clean_line(str(event.get("SUMMARY", ""))),
        starts=aware(starts, zone),
        ends=max(aware(starts, zone), aware(ends, zone)),
        location=clean_line(str(event.get("LOCATION", ""))),
        all_day=is_all_day(event),
    )


def _time(event: Any, name: str) -> Any:
    value = event.get(name)
    return None if value is None else value.dt


def _overlaps(entry: CalendarEntry, starts: datetime, ends: datetime) -> bool:
    first, last = entry.starts.astimezone(UTC), entry.ends.astimezone(UTC)
    return first < ends and (last > starts or first == last >= starts)
