"""Proposes a time for a meeting and has it written."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from engine.agents.digest import description
from engine.agents.inputs import CalendarInputs
from engine.agents.meeting_arguments import (
    MAX_DESCRIPTION,
    Attendee,
    ScheduleMeetingArguments,
    is_address,
    read_arguments,
)
from engine.agents.meeting_time import fixed_start, no_slot, slot_search
from engine.agents.office_tools import SCHEDULE_MEETING
from engine.agents.period import checked, day_end, day_start, local_instant, zone_of
from engine.agents.quoting import one_line
from engine.agents.slots import find_slot, is_free
from engine.agents.typed_inputs import typed
from engine.agents.wording import wording
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Artifact, CalendarEntry
from engine.domain.effect import Effect
from engine.ports.agents import StepContext
from engine.ports.calendar import Calendar
from engine.ports.clock import Clock

_KEY = "proposal"

_SPEC = AgentSpec(
    name="CalendarAgent",
    version="1",
    skill=(
        "Finds a free time in the person's week, or takes the one that was named, and puts a new meeting into the calendar"
        " with an invitation, after approval (קביעת פגישה, זימון)."
    ),
    inputs=CalendarInputs,
    output="meeting",
    effect=Effect.KEYED,
    tools=frozenset({SCHEDULE_MEETING}),
    ends_with_effect=True,
)


class CalendarAgent:
    """Saves its proposal before it asks, and repeats it until it has passed or been taken.

    A day and time the person fixed is proposed exactly, busy or not: they may want both, and the tool's own check says
    ``slot_taken``. With a saved proposal it never fails for lack of a slot: its call may already have been made.
    """

    def __init__(self, calendar: Calendar, clock: Clock) -> None:
        self._calendar = calendar
        self._clock = clock

    @property
    def spec(self) -> AgentSpec:
        """Writes through ``schedule_meeting`` only; ``meeting``."""
        return _SPEC

    async def run(self, inputs: BaseModel, context: StepContext) -> Artifact:
        """Propose and call.

        Raises:
            RequestError: ``slot_past`` (the fixed time has begun), ``time_skipped`` (clocks skip it), ``no_free_slot``,
                ``arguments_invalid``, an invalid period or zone.
        """
        wanted = typed(inputs, CalendarInputs)
        checked(wanted.since, wanted.until)
        checked(wanted.on, wanted.on)
        proposal = await self._proposal(wanted, context)
        await context.progress(_spoken(proposal, context))
        return await context.call(SCHEDULE_MEETING, proposal.model_dump(mode="json"))

    async def _proposal(self, wanted: CalendarInputs, context: StepContext) -> ScheduleMeetingArguments:
        words, zone = wording(context.request.locale), zone_of(context.request.timezone)
        saved = _saved(context)
        if saved is not None and await self._stands(saved, wanted, zone):
            return saved
        await context.progress(words.looking_for_time)
        moment = max(self._clock.now(), context.now)
        if saved is not None:
            proposal = await self._moved(saved, wanted, context, moment)
        else:
            start = fixed_start(wanted, zone, moment) or await self._search(wanted, context, moment)
            if start is None:
                raise no_slot(wanted)
            proposal = await _proposed(wanted, start, context)
        await context.checkpoint({_KEY: proposal.model_dump(mode="json")})
        return proposal

    async def _stands(self, saved: ScheduleMeetingArguments, wanted: CalendarInputs, zone: ZoneInfo) -> bool:
        if saved.starts <= self._clock.now():
            return False
        if wanted.on and wanted.at and saved.starts == local_instant(wanted.on, wanted.at, zone):
            return True
        found = await self._calendar.between(saved.starts.astimezone(UTC), saved.ends.astimezone(UTC))
        return is_free(saved.starts, saved.duration, [(e.starts, e.ends) for e in _timed(found.items)])

    async def _moved(
        self, saved: ScheduleMeetingArguments, wanted: CalendarInputs, context: StepContext, moment: datetime
    ) -> ScheduleMeetingArguments:
        """The same meeting at another time: as asked where that is still possible, else soon, else unchanged."""
        anywhen = wanted.model_copy(update={"on": None, "at": None, "since": None, "until": None})
        for wish in (wanted, anywhen):
            start = await self._search(wish, context, moment)
            if start is not None:
                return saved.model_copy(update={"starts": start})
        return saved

    async def _search(self, wanted: CalendarInputs, context: StepContext, moment: datetime) -> datetime | None:
        zone = zone_of(context.request.timezone)
        search = slot_search(wanted, context.personal, zone, moment)
        if search is None:
            return None
        until = day_end(search.days[-1], zone) + search.duration
        found = (await self._calendar.between(day_start(search.days[0], zone), until)).items
        everything = [(e.starts, e.ends) for e in found]
        # A day off or a trip is one all-day entry: such days come last, but a birthday must not forbid its day.
        return find_slot(search, everything) or find_slot(search, [(e.starts, e.ends) for e in _timed(found)])


async def _proposed(wanted: CalendarInputs, start: datetime, context: StepContext) -> ScheduleMeetingArguments:
    locale = context.request.locale
    text = description(wanted.summary, locale)[:MAX_DESCRIPTION] if wanted.summary else ""
    attendees: tuple[Attendee, ...] = ()
    if wanted.person is not None:
        contact = wanted.person.contact
        name, email = one_line(contact.name, 200), contact.email.strip()
        if not is_address(email):
            await context.progress(wording(locale).no_address.format(name=name))
            email = ""
        attendees = (Attendee(name=name, email=email),)
    arguments = {
        "title": one_line(wanted.title, 300),
        "timezone": context.request.timezone,
        "starts": start,
        "duration_minutes": wanted.duration_minutes,
        "attendees": attendees,
        "description": text,
    }
    return read_arguments(ScheduleMeetingArguments, arguments)


def _saved(context: StepContext) -> ScheduleMeetingArguments | None:
    try:
        return ScheduleMeetingArguments.model_validate((context.saved or {})[_KEY])
    except (KeyError, ValidationError):
        return None


def _timed(entries: tuple[CalendarEntry, ...]) -> list[CalendarEntry]:
    return [entry for entry in entries if not entry.all_day]


def _spoken(proposal: ScheduleMeetingArguments, context: StepContext) -> str:
    return wording(context.request.locale).proposing.format(when=proposal.starts.strftime("%d.%m.%Y %H:%M"))
