"""One meeting of ours in a real folder, for tests that change it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

from icalendar import Calendar

from engine.ports.calendar import Invitation, MeetingChange, StandingMeeting
from engine.ports.clock import Clock
from integrations.local_workspace import LocalCalendar
from integrations.local_workspace.invitation import uid_of
from tests.contract.local_workspace.test_calendar import KEY, MEETING, letters

CHANGE = "local/e2/s1/1"
DANA = ("דנה מזרחי", "dana@example.com")
YOAV = ("יואב לוי", "yoav.levi@example.com")
HOUR = timedelta(hours=1)
UID = uid_of(KEY)


async def made(root: Path, clock: Clock, invitation: Invitation = MEETING) -> tuple[LocalCalendar, MeetingChange]:
    """A calendar with a meeting of ours, and that meeting as a change that changes nothing yet."""
    calendar = LocalCalendar(root, clock)
    meeting = await calendar.schedule(invitation, key=KEY)
    stands = await calendar.find(meeting.id)
    assert stands is not None
    return calendar, as_change(stands)


def as_change(stands: StandingMeeting) -> MeetingChange:
    return MeetingChange(
        meeting_id=stands.meeting_id,
        title=stands.title,
        starts=stands.starts,
        ends=stands.ends,
        attendees=stands.attendees,
        description=stands.description,
        cancelled=stands.cancelled,
    )


def later(change: MeetingChange) -> MeetingChange:
    return replace(change, starts=change.starts + HOUR, ends=change.ends + HOUR)


def content(root: Path) -> bytes:
    return (root / "calendar.ics").read_bytes()


def parsed(root: Path, uid: str) -> Any:
    calendar: Any = Calendar.from_ical(content(root))
    (found,) = [one for one in calendar.walk("VEVENT") if str(one["UID"]) == uid]
    return found


def parts(letter: EmailMessage) -> tuple[str, Any]:
    """What people read, and what their calendars do."""
    text, calendar = letter.iter_parts()
    return cast("EmailMessage", text).get_content(), Calendar.from_ical(cast("EmailMessage", calendar).get_content())


def told(root: Path, method: str) -> EmailMessage:
    """The one letter with this method, save the first invitation."""
    first = f"<{UID}>"
    found = [one for one in letters(root) if one["Message-ID"] != first and parts(one)[1]["METHOD"] == method]
    assert len(found) == 1, [one["Subject"] for one in letters(root)]
    return found[0]


def attendees(root: Path) -> list[Any]:
    found = parsed(root, UID).get("ATTENDEE", [])
    people = cast("list[Any]", found if isinstance(found, list) else [found])
    return [one.params for one in people]


async def crossing(calendar: LocalCalendar) -> None:
    """Later, without Dana: an update and a farewell."""
    stands = await calendar.find(UID)
    assert stands is not None
    start, end = MEETING.starts + HOUR, MEETING.ends + HOUR
    await calendar.change(replace(as_change(stands), starts=start, ends=end, attendees=(YOAV,)), key=CHANGE)
