"""iCalendar bytes in and out: what stands in a file, and one event put in or taken out.

Writing splices bytes: everything else in the file, broken lines included, stays as it was. Pure; blocking for its size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from engine.domain.artifact import CalendarEntry
from engine.errors import RefusedError
from integrations.local_workspace.hebrew import clean_line

EMPTY = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Tizmor//Local workspace//EN\r\nEND:VCALENDAR\r\n"

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
    lines = _framed(content)
    problems: list[str] = []
    groups: dict[str, list[Any]] = {}
    for number, (place, found) in enumerate(_parsed_events(lines), 1):
        if isinstance(found, Exception):
            problems.append(f"{place}: it cannot be read ({type(found).__name__})")
        elif _is_usable(found, place, problems):
            groups.setdefault(str(found.get("UID") or f"no uid {number}"), []).append(found)
    return ParsedCalendar(
        series=tuple(_calendar(events) for events in groups.values()),
        zone=_declared_zone(content) or zone,
        problems=tuple(problems),
    )


def occurrences(parsed: ParsedCalendar, starts: datetime, ends: datetime) -> tuple[list[CalendarEntry], list[str]]:
    """Every occurrence overlapping the period in order of start, and series that cannot be expanded, by name."""
    import recurring_ical_events  # noqa: PLC0415 - slow to import, and only calendars need it

    entries: list[CalendarEntry] = []
    problems: list[str] = []
    for series in parsed.series:
        try:
            found = recurring_ical_events.of(series).between(starts - _PAD, ends + _PAD)
            entries.extend(_entry(event, parsed.zone) for event in found if not _cancelled(event))
        except Exception as error:  # noqa: BLE001 - foreign data: the library raises whatever its parts meet
            problems.append(f"{_name(series.walk('VEVENT')[0])}: it cannot be read ({type(error).__name__})")
        if len(entries) > _MOST_OCCURRENCES:
            problems.append(f"more than {_MOST_OCCURRENCES} appointments: the rest is not shown")
            break
    overlapping = [entry for entry in entries if _overlaps(entry, starts, ends)]
    return sorted(overlapping, key=lambda entry: (entry.starts, entry.ends, entry.title)), problems


def has_event(content: bytes, uid: str, mark: bytes) -> bool:
    """Whether the event stands in the file with this mark among its lines.

    Raises:
        RefusedError: as :func:`parse`.
    """
    lines = _framed(content)
    return any(_is(lines[a:b], uid) and mark in _unfold(lines[a:b]) for a, b in _events(lines))


def put_event(content: bytes, uid: str, event: bytes | None) -> bytes:
    """The file without any event of this UID, and with ``event`` (VEVENT lines) where one is given.

    Raises:
        RefusedError: as :func:`parse`.
    """
    lines = _framed(content)
    newline = b"\r\n" if lines[0].endswith(b"\r\n") else b"\n"
    for first, last in reversed(list(_events(lines))):
        if _is(lines[first:last], uid):
            del lines[first:last]
    if event is not None:
        end = max(number for number, line in enumerate(lines) if _says(line, b"END:VCALENDAR"))
        lines[end:end] = [line + newline for line in event.splitlines()]
    return b"".join(lines)


def _framed(content: bytes) -> list[bytes]:
    """The file's lines, once it is sure that components nest as they should."""
    lines = content.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    open_names: list[bytes] = []
    calendars = 0
    for number, line in enumerate(lines, 1):
        verb, _, name = line.rstrip().upper().partition(b":")
        if verb == b"BEGIN":
            calendars += name == b"VCALENDAR"
            open_names.append(name)
        elif line.strip() and not open_names:
            raise _unreadable(f"line {number} stands outside any calendar")
        elif verb == b"END" and open_names.pop() != name:
            raise _unreadable(f"line {number} ends {name.decode(errors='replace')[:40]}, which is not open")
    if open_names or not calendars:
        raise _unreadable("its end is missing" if open_names else "it has no VCALENDAR")
    return lines


def _unreadable(reason: str) -> RefusedError:
    detail = f"calendar.ics cannot be read: {reason}. It was left as it is; mend or move it."
    return RefusedError("calendar_unreadable", detail, {"reason": reason})


def _events(lines: list[bytes]) -> Iterator[tuple[int, int]]:
    """First line and the line after the last of each top-level VEVENT."""
    depth, first = 0, -1
    for number, line in enumerate(lines):
        if line[:6].upper() == b"BEGIN:":
            depth += 1
            if depth == 2 and _says(line, b"BEGIN:VEVENT"):
                first = number
        elif line[:4].upper() == b"END:":
            depth -= 1
            if depth == 1 and first >= 0:
                yield first, number + 1
                first = -1


def _zones(lines: list[bytes]) -> Iterator[bytes]:
    """The lines of every VTIMEZONE: events name zones by them."""
    inside = False
    for line in lines:
        inside = inside or _says(line, b"BEGIN:VTIMEZONE")
        if inside:
            yield line
        inside = inside and not _says(line, b"END:VTIMEZONE")


def _says(line: bytes, words: bytes) -> bool:
    return line.rstrip().upper() == words


def _unfold(lines: list[bytes]) -> bytes:
    return re.sub(rb"\r?\n[ \t]", b"", b"".join(lines))


def _is(lines: list[bytes], uid: str) -> bool:
    return any(line.strip().upper() == b"UID:" + uid.upper().encode() for line in _unfold(lines).splitlines())


def _parsed_events(lines: list[bytes]) -> Iterator[tuple[str, Any]]:
    """Where each event stands, with the event or the exception it caused. All at once if possible, else one by one."""
    spans = list(_events(lines))
    places = [f"event {number} (line {first + 1})" for number, (first, _) in enumerate(spans, 1)]
    whole = _component(b"".join(lines))
    events: list[Any] = [] if isinstance(whole, Exception) else whole.walk("VEVENT")
    if len(events) != len(spans):
        head = b"".join(_zones(lines))
        blocks = (b"".join(lines[first:last]) for first, last in spans)
        events = [_only_event(_component(EMPTY[:-15] + head + block + EMPTY[-15:])) for block in blocks]
    yield from zip(places, events, strict=True)


def _component(content: bytes) -> Any:
    from icalendar import Calendar  # noqa: PLC0415 - slow to import, and only calendars need it

    try:
        return Calendar.from_ical(content)
    except Exception as error:  # noqa: BLE001 - foreign data: the library raises whatever its parts meet
        return error


def _only_event(whole: Any) -> Any:
    return whole if isinstance(whole, Exception) else whole.walk("VEVENT")[0]


def _is_usable(event: Any, place: str, problems: list[str]) -> bool:
    """Whether it is known when the event is; what of it is broken goes to ``problems``."""
    broken = [str(name) if name else "a line" for name, _ in event.errors]
    if broken:
        problems.append(f"{place}, {_name(event)}: {', '.join(broken)} cannot be read")
    if "DTSTART" not in event and "DTSTART" not in broken:
        problems.append(f"{place}, {_name(event)}: DTSTART is missing")
    if "DTSTART" not in event or not _TIMES.isdisjoint(broken):
        return False
    if _TOO_OFTEN.search(str(event.to_ical())):
        problems.append(f"{place}, {_name(event)}: it repeats more often than hourly and is not shown")
        return False
    return True


def _cancelled(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _calendar(events: list[Any]) -> Any:
    from icalendar import Calendar  # noqa: PLC0415 - slow to import, and only calendars need it

    calendar = Calendar()
    for event in events:
        calendar.add_component(event)
    return calendar


def _declared_zone(content: bytes) -> tzinfo | None:
    found = re.search(rb"^X-WR-TIMEZONE:(\S+)", content, re.MULTILINE)
    try:
        return ZoneInfo(found.group(1).decode()) if found else None
    except (ValueError, OSError, LookupError):
        return None


def _name(event: Any) -> str:
    return f"«{clean_line(str(event.get('SUMMARY', '')))[:80] or 'no title'}»"


def _entry(event: Any, zone: tzinfo) -> CalendarEntry:
    starts = _time(event, "DTSTART")
    ends = _time(event, "DTEND") or starts
    return CalendarEntry(
        title=clean_line(str(event.get("SUMMARY", ""))),
        starts=_aware(starts, zone),
        ends=max(_aware(starts, zone), _aware(ends, zone)),
        location=clean_line(str(event.get("LOCATION", ""))),
        all_day=not isinstance(starts, datetime),
    )


def _time(event: Any, name: str) -> Any:
    value = event.get(name)
    return None if value is None else value.dt


def _aware(moment: date, zone: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(), zone)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _overlaps(entry: CalendarEntry, starts: datetime, ends: datetime) -> bool:
    first, last = entry.starts.astimezone(UTC), entry.ends.astimezone(UTC)
    return first < ends and (last > starts or first == last >= starts)
