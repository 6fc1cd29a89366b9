"""Changes a meeting that was made earlier: another time, other people, another title, or called off."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from engine.agents.meeting_change import MeetingChangeInputs, proposed_change
from engine.agents.meeting_change_arguments import ChangeMeetingArguments, attendee_of, fingerprint_of, instead_of
from engine.agents.office_tools import CHANGE_MEETING
from engine.agents.period import checked, zone_of
from engine.agents.quoting import one_line
from engine.agents.typed_inputs import typed
from engine.agents.wording import wording
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Artifact
from engine.domain.effect import Effect
from engine.errors import NotFoundError, RequestError
from engine.ports.agents import StepContext
from engine.ports.calendar import Calendar, StandingMeeting
from engine.ports.clock import Clock

_KEY = "proposal"

_SPEC = AgentSpec(
    name="MeetingChangeAgent",
    version="1",
    skill="Moves, lengthens, renames or cancels a meeting that was made earlier, or changes who is invited.",
    inputs=MeetingChangeInputs,
    output="meeting",
    effect=Effect.KEYED,
    tools=frozenset({CHANGE_MEETING}),
    ends_with_effect=True,
)


class MeetingChangeAgent:
    """Works from what stands in the calendar, never from the artifact it is given, which may be old.

    Saves its proposal before it asks, and proposes anew only where somebody else changed the meeting since. With a saved
    proposal it never fails by itself: its call may already have been made.
    """

    def __init__(self, calendar: Calendar, clock: Clock) -> None:
        self._calendar = calendar
        self._clock = clock

    @property
    def spec(self) -> AgentSpec:
        """Writes through ``change_meeting`` only; ``meeting``."""
        return _SPEC

    async def run(self, inputs: BaseModel, context: StepContext) -> Artifact:
        """Propose and call.

        Raises:
            NotFoundError: ``meeting_missing``: it is not in the calendar any more.
            RequestError: see :func:`proposed_change`; an invalid date or zone.
        """
        wanted = typed(inputs, MeetingChangeInputs)
        checked(wanted.on, wanted.on)
        proposal = await self._proposal(wanted, context)
        return await context.call(CHANGE_MEETING, proposal.model_dump(mode="json"))

    async def _proposal(self, wanted: MeetingChangeInputs, context: StepContext) -> ChangeMeetingArguments:
        saved, zone = _saved(context), zone_of(context.request.timezone)
        stands = await self._calendar.find(wanted.meeting.id)
        if saved is not None and (stands is None or _fits(saved, stands, zone)):
            return saved
        if stands is None:
            title = one_line(wanted.meeting.title, 120)
            detail = f"{title!r} is not in the calendar any more; ask for a new meeting."
            raise NotFoundError("meeting_missing", detail, {"title": title})
        try:
            proposal = proposed_change(wanted, stands, zone, max(self._clock.now(), context.now))
        except RequestError:
            if saved is None:
                raise
            return saved
        await _tell(proposal, stands, context)
        await context.checkpoint({_KEY: proposal.model_dump(mode="json")})
        return proposal


def _fits(saved: ChangeMeetingArguments, stands: StandingMeeting, zone: ZoneInfo) -> bool:
    """What it was computed from still stands, or what it makes does already."""
    return saved.instead_of == instead_of(stands, zone) or saved.fingerprint == fingerprint_of(stands)


def _saved(context: StepContext) -> ChangeMeetingArguments | None:
    try:
        return ChangeMeetingArguments.model_validate((context.saved or {})[_KEY])
    except (KeyError, ValidationError):
        return None


async def _tell(proposal: ChangeMeetingArguments, stands: StandingMeeting, context: StepContext) -> None:
    words = wording(context.request.locale)
    before = [attendee_of(person) for person in stands.attendees]
    for attendee in proposal.attendees:
        if attendee not in before and not attendee.email:
            await context.progress(words.no_address.format(name=attendee.name))
    if proposal.starts.astimezone(UTC) != stands.starts.astimezone(UTC):
        await context.progress(words.proposing.format(when=proposal.starts.strftime("%d.%m.%Y %H:%M")))
