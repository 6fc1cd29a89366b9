"""A calendar file as lines: one event found, put in, replaced or taken out.

Everything works on bytes: whatever else is in the file, broken lines included, stays as it was. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.errors import RefusedError

EMPTY = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Tizmor//Local workspace//EN\r\nEND:VCALENDAR\r\n"
"""What a missing file starts as."""


def has_event(content: bytes, uid: str, mark: bytes) -> bool:
    """Whether the event stands in the file with this mark among its lines.

    Raises:
        RefusedError: as :func:`framed`.
    """
    lines = framed(content)
    return any(_is(lines[a:b], uid) and mark in _unfold(lines[a:b]) for a, b in event_spans(lines))


def blocks(content: bytes, uid: str) -> list[bytes]:
    """The lines of every VEVENT with this UID: more than one where a series has exceptions.

    Raises:
        RefusedError: as :func:`framed`.
    """
    lines = framed(content)
    return [b"".join(lines[a:b]) for a, b in event_spans(lines) if _is(lines[a:b], uid)]


def properties(block: bytes) -> Iterator[tuple[str, bytes]]:
    """An event's content lines in order, each with its folds and line ends; joined they are the block.

    Yields:
        The property's name in upper case and its bytes. The name is empty for lines that are no property of the event
        itself: its frame, and all of its alarms.
    """
    depth = 0
    for line in _content_lines(block):
        name = re.split(rb"[:;]", _unfold([line]), maxsplit=1)[0].strip().upper().decode(errors="replace")
        depth += name == "BEGIN"
        yield name if depth == 1 and name not in {"BEGIN", "END"} else "", line
        depth -= name == "END"


def put_event(content: bytes, uid: str, event: bytes | None) -> bytes:
    """The file without any event of this UID, and with ``event`` (VEVENT lines) where one is given.

    Raises:
        RefusedError: as :func:`framed`.
    """
    lines = framed(content)
    newline = newline_of(lines[0])
    for first, last in reversed(list(event_spans(lines))):
        if _is(lines[first:last], uid):
            del lines[first:last]
    if event is not None:
        end = max(number for number, line in enumerate(lines) if _says(line, b"END:VCALENDAR"))
        lines[end:end] = [line + newline for line in event.splitlines()]
    return b"".join(lines)


def replace_event(content: bytes, uid: str, block: bytes) -> bytes:
    """The file with ``block`` in the place of its first event with this UID; every other byte stays, save a byte order
    mark.

    Raises:
        RefusedError: as :func:`framed`.
    """
    lines = framed(content)
    first, last = next((a, b) for a, b in event_spans(lines) if _is(lines[a:b], uid))
    return b"".join((*lines[:first], block, *lines[last:]))


def framed(content: bytes) -> list[bytes]:
    """The file's lines, once it is sure that components nest as they should.

    Raises:
        RefusedError: ``calendar_unreadable``: they do not, or it is no calendar at all.
    """
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


def event_spans(lines: list[bytes]) -> Iterator[tuple[int, int]]:
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


def zone_lines(lines: list[bytes]) -> Iterator[bytes]:
    """The lines of every VTIMEZONE: events name zones by them."""
    inside = False
    for line in lines:
        inside = inside or _says(line, b"BEGIN:VTIMEZONE")
        if inside:
            yield line
        inside = inside and not _says(line, b"END:VTIMEZONE")


def unfolded(line: bytes) -> str:
    """One content line as text on one line, without its end."""
    return _unfold([line]).decode(errors="replace").rstrip("\r\n")


def newline_of(content: bytes) -> bytes:
    """How the file ends its lines, going by the first."""
    return b"\r\n" if content.partition(b"\n")[0].endswith(b"\r") else b"\n"


def _content_lines(block: bytes) -> Iterator[bytes]:
    """Lines with the folded ones that continue them."""
    whole = b""
    for line in block.splitlines(keepends=True):
        if whole and line[:1] not in {b" ", b"\t"}:
            yield whole
            whole = b""
        whole += line
    yield whole


def _unreadable(reason: str) -> RefusedError:
    detail = f"calendar.ics cannot be read: {reason}. It was left as it is; mend or move it."
    return RefusedError("calendar_unreadable", detail, {"reason": reason})


def _says(line: bytes, words: bytes) -> bool:
    return line.rstrip().upper() == words


def _unfold(lines: list[bytes]) -> bytes:
    return re.sub(rb"\r?\n[ \t]", b"", b"".join(lines))


def _is(lines: list[bytes], uid: str) -> bool:
    return any(line.strip().upper() == b"UID:" + uid.upper().encode() for line in _unfold(lines).splitlines())
