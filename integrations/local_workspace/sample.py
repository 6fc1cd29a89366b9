"""Makes the sample workspace: a small company's documents, address book and calendar, the same for the same day."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.domain.ids import opaque
from integrations.local_workspace.sample_documents import SampleDocument, sample_documents

_ZONE = ZoneInfo("Asia/Jerusalem")
_MADE = ".sample"

_PEOPLE = (
    ("Maya Bar", "מאיה בר", "maya@example.com", "CEO", "TRUE"),
    ("Yoav Levi", "יואב לוי", "yoav.levi@example.com", "Head of strategy", ""),
    ("Yoav Cohen", "יואב כהן", "yoav.cohen@example.com", "Finance", ""),
    ("Dana Mizrahi", "דנה מזרחי", "dana.mizrahi@example.com", "Operations and people", ""),
    ("Noa Sagi", "נועה שגיא", "noa.sagi@example.com", "Logistics", ""),
    ("Ron Peretz", "רון פרץ", "ron.peretz@example.com", "Product and laboratory", ""),
    ("Michal Avraham", "מיכל אברהם", "michal.avraham@example.com", "Marketing", ""),
    ("Itai Shalev", "איתי שלו", "itai.shalev@example.com", "Haifa bakery", ""),
    ("Tamar Golan", "תמר גולן", "tamar.golan@example.com", "City Market chain", ""),
    ("Eitan Harel", "איתן הראל", "eitan.harel@example.com", "Grower, Jezreel valley", ""),
    ("Shira Katz", "שירה כץ", "shira.katz@example.com", "Bank", ""),
    ("Amir Nasser", "אמיר נאסר", "amir.nasser@example.com", "Packaging plant", ""),
)
"""Name in both scripts, address, title, owner."""

_WEEKLY = (
    ("Company sync", "SU", time(10), 60, "Caesarea"),
    ("פגישת הנהלה", "MO", time(9, 30), 90, "חדר ישיבות"),
    ("1:1 דנה מזרחי", "TU", time(11), 30, ""),
    ("Product meeting", "WE", time(14), 90, "Laboratory"),
    ("Bakery customers", "TH", time(12), 60, ""),
)
"""Title, day, local start, minutes, place."""

_SINGLE = (
    ("ראיון: מנהל תפעול", 1, time(15), 60), ("Bank, credit line", 2, time(9), 60), ("Dentist", 3, time(16, 30), 60),
    ("טעימות במאפיית הכרמל", 4, time(9, 30), 120), ("Grower visit, Jezreel", 6, time(13), 180),
    ("Board preparation", 8, time(15), 120), ("שיחה עם קפריסין", 9, time(11), 45), ("Trade fair call", 11, time(10), 60),
)  # fmt: skip
"""Title, days from today, local start, minutes."""


def create_sample(root: Path, today: date) -> None:
    """Make the sample workspace in ``root``; do nothing where ``docs/`` is there already. Blocking.

    An interrupted making is completed by the next call: ``docs/`` is put in place last.

    Raises:
        OSError: the folder cannot be written.
    """
    docs, making = root / "docs", root / _MADE
    if docs.exists():
        return
    (making / "agendas").mkdir(parents=True, exist_ok=True)
    (root / "outbox").mkdir(exist_ok=True)
    for document in sample_documents(today):
        _write(making, document)
    _write_new(root / "contacts.vcf", _contacts())
    _write_new(root / "calendar.ics", _calendar(today))
    making.rename(docs)


def _write_new(path: Path, content: bytes) -> None:
    if not path.exists():
        path.write_bytes(content)


def _write(folder: Path, document: SampleDocument) -> None:
    path = folder / document.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".docx":
        _write_docx(path, document)
    elif path.suffix == ".pdf":
        path.write_bytes(pdf(document.text.splitlines()))
    else:
        path.write_text(document.text, encoding="utf-8")
    written = datetime.combine(document.day, time(12), UTC).timestamp()
    os.utime(path, (written, written))


def _write_docx(path: Path, document: SampleDocument) -> None:
    import docx  # noqa: PLC0415 - slow to import, and only the sample needs it

    paper = docx.Document()
    written = datetime.combine(document.day, time(12))
    paper.core_properties.created = paper.core_properties.modified = written
    paper.core_properties.author = "Tevuot"
    rows = [line.strip("| ").split(" | ") for line in document.text.splitlines() if line.startswith("|")]
    for line in document.text.splitlines():
        if line.startswith("# "):
            paper.add_heading(line[2:], level=1)
        elif not line.startswith("|"):
            paper.add_paragraph(line)
    if rows:
        table = paper.add_table(rows=0, cols=len(rows[0]))
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
    paper.save(str(path))


def pdf(lines: list[str]) -> bytes:
    """A one-page PDF of Latin-1 lines in Helvetica, as small as the format allows."""
    shown = "\n".join(f"({_escaped(line)}) Tj T*" for line in lines)
    stream = f"BT /F1 11 Tf 15 TL 60 780 Td\n{shown}\nET".encode("latin-1", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    )
    return assemble_pdf(objects)


def assemble_pdf(objects: tuple[bytes, ...]) -> bytes:
    """Number the objects from 1 (the catalogue first) and add the header, the table of offsets and the trailer."""
    out = bytearray(b"%PDF-1.4\n")
    offsets: list[int] = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _contacts() -> bytes:
    return "".join(_card(*person) for person in _PEOPLE).encode()


def _card(name: str, hebrew: str, address: str, title: str, owner: str) -> str:
    given, family = name.split(" ")
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"UID:{opaque(address)}",
        f"FN:{name}",
        f"N:{family};{given};;;",
        f"NICKNAME:{hebrew}",
        f"EMAIL;TYPE=INTERNET:{address}",
        "ORG:Tevuot",
        f"TITLE:{title}",
        *(["X-TIZMOR-OWNER:TRUE"] if owner else []),
        "END:VCARD",
    ]
    return "\r\n".join(lines) + "\r\n"


def _calendar(today: date) -> bytes:
    from icalendar import Calendar  # noqa: PLC0415 - slow to import, and only calendars need it

    calendar: Any = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//Tizmor//Sample//EN")
    calendar.add("X-WR-TIMEZONE", _ZONE.key)
    first = today - timedelta(days=(today.weekday() + 1) % 7 + 84)
    for place, (title, day, start, minutes, location) in enumerate(_WEEKLY):
        event = _event(title, first + timedelta(days=place), start, minutes)
        event.add("RRULE", {"FREQ": ["WEEKLY"], "BYDAY": [day]})
        event.add("LOCATION", location)
        calendar.add_component(event)
    for title, days, start, minutes in _SINGLE:
        calendar.add_component(_event(title, _workday(today + timedelta(days=days)), start, minutes))
    calendar.add_component(_holiday("Trade fair", today + timedelta(days=20), days=3))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _workday(day: date) -> date:
    """The day itself, or the Sunday after a Friday or Saturday."""
    return day + timedelta(days={4: 2, 5: 1}.get(day.weekday(), 0))


def _event(title: str, day: date, start: time, minutes: int) -> Any:
    from icalendar import Event  # noqa: PLC0415 - slow to import, and only calendars need it

    event: Any = Event()
    starts = datetime.combine(day, start, _ZONE)
    event.add("UID", f"{opaque(f'{title}{day}')}@sample")
    event.add("DTSTAMP", datetime.combine(day, time(), UTC))
    event.add("DTSTART", starts)
    event.add("DTEND", starts + timedelta(minutes=minutes))
    event.add("SUMMARY", title)
    return event


def _holiday(title: str, day: date, *, days: int) -> Any:
    event = _event(title, day, time(), 0)
    for name, value in (("DTSTART", day), ("DTEND", day + timedelta(days=days))):
        del event[name]
        event.add(name, value)
    return event
