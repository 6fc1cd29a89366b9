"""What the scenarios of every chat have in common: a home, what is asked of it, and what is in its office afterwards."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.serve import Serving
from engine.domain.approval import Approval
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal, Role
from integrations.local_workspace.sample import create_sample
from tests.waiting import until
from tests.written import our_events

TOMORROW = {"he": "מה יש לי מחר?", "en": "What do I have tomorrow?"}
"""A request that is answered without a question."""
SENTENCES = {
    "he": "תקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב",
    "en": "Read what we did in December at Tevuot, understand the strategy and set up a meeting with Yoav",
}
HERE = ZoneInfo("Asia/Jerusalem")
"""Where people are: at night the day there is not the one of UTC."""
NOTHING = {"events": 0, "mails": 0, "agendas": 0}
"""What :func:`written` finds before anything was agreed to."""
STORY = {"events": 1, "mails": 1, "agendas": 1}
"""What it finds when the story is over."""

_INVISIBLE = "\u2066\u2067\u2068\u2069\u2060\u200e\u200f"


def make_home(home: Path) -> Path:
    """A home with the sample workspace, its documents plain text: extraction has tests of its own."""
    create_sample(home / "workspace", datetime.now(HERE).date())
    for path in (home / "workspace" / "docs").rglob("*.*"):
        if path.suffix not in {".md", ".txt"}:
            path.unlink()
    return home


def crowd(home: Path, count: int, title: str) -> Path:
    """Put so many appointments into tomorrow, as people here call it; ``{n}`` in the title is their number."""
    day = datetime.now(HERE).date() + timedelta(days=1)
    lines: list[str] = []
    for n in range(count):
        lines += ["BEGIN:VEVENT", f"UID:crowd-{n}@example.com", f"SUMMARY:{title.format(n=n)}"]
        lines += [
            "DTSTAMP:20260101T000000Z",
            f"DTSTART:{day:%Y%m%d}T100000Z",
            f"DTEND:{day:%Y%m%d}T110000Z",
            "END:VEVENT",
        ]
    path = home / "workspace" / "calendar.ics"
    head, end, tail = path.read_text("utf-8").rpartition("END:VCALENDAR")
    path.write_text(head + "".join(f"{line}\r\n" for line in lines) + end + tail, "utf-8")
    return home


def copy_home(template: Path, home: Path) -> Path:
    """Another home like this one."""
    shutil.copytree(template, home)
    return home


def written(home: Path) -> dict[str, int]:
    """What is in the office, by content."""
    workspace = home / "workspace"
    mails = [message_from_bytes(p.read_bytes()).as_string() for p in (workspace / "outbox").iterdir()]
    agendas = list((workspace / "docs" / "agendas").glob("*"))
    return {"events": len(our_events(workspace / "calendar.ics")), "mails": len(mails), "agendas": len(agendas)}


def mail(home: Path) -> str:
    """The one invitation, decoded."""
    [path] = (home / "workspace" / "outbox").iterdir()
    parts = [part for part in message_from_bytes(path.read_bytes()).walk() if not part.is_multipart()]
    return "\n".join(bytes(part.get_payload(decode=True) or b"").decode() for part in parts)


async def executions(serving: Serving) -> list[ExecutionSnapshot]:
    """Everything there is, the newest first."""
    owner = Principal(id=PrincipalId("owner"), tenant_id=DEFAULT_TENANT, role=Role.OWNER)
    page = await serving.tizmor.door.executions(owner, limit=100, before=None)
    return list(page.items)


async def calls_asked(serving: Serving) -> list[Approval]:
    """Approvals of calls, of the newest execution."""
    return [approval for approval in (await executions(serving))[0].approvals if approval.call]


async def over(serving: Serving, count: int = 1) -> list[ExecutionSnapshot]:
    """Wait until there are so many executions and each is done, whatever is shown of it."""
    return await until(
        lambda: executions(serving), lambda found: len(found) == count and all(each.outcome for each in found)
    )


def plain(text: str) -> str:
    """A text without the marks that isolate values and keep addresses from becoming links."""
    return "".join(sign for sign in text if sign not in _INVISIBLE)


def is_hebrew(text: str) -> bool:
    """Is there a Hebrew letter in it?"""
    return any("\u0590" < sign < "\u05ff" for sign in text)
