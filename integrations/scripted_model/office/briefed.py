"""A briefing, as the scripted brain wants it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from engine.domain.json import JsonObject, JsonValue
from engine.domain.tenant import PersonalTime
from integrations.scripted_model.office.told import mapping, objects

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Something an earlier execution of the conversation gave."""

    name: str
    kind: str
    approved: JsonObject

    @property
    def title(self) -> str:
        """What the person approved it as."""
        return str(self.approved.get("title", ""))

    @property
    def people(self) -> str:
        """Names that were approved with it."""
        return " ".join(str(one.get("name", "")) for one in objects(self.approved.get("attendees")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefed:
    """What is asked, and what is known."""

    text: str
    """The request, with the answers to questions about it."""
    answers: tuple[str, ...]
    language: str
    now: datetime
    personal: PersonalTime
    change: str
    current: tuple[JsonObject, ...]
    """Steps of the plan to be changed, or of the one that did not come off."""
    failed: bool
    """Some of them failed, and another way is looked for."""
    earlier: tuple[Earlier, ...]
    """Oldest first."""
    must_plan: bool

    def latest(self, kind: str) -> Earlier | None:
        """The latest result of a kind."""
        return next((one for one in reversed(self.earlier) if one.kind == kind), None)


def read_briefing(told: JsonObject) -> Briefed:
    """Understand a briefing; what is missing is as by default."""
    calendar = mapping(told.get("calendar"))
    answers = tuple(str(one.get("answer", "")) for one in objects(told.get("clarifications")))
    zone = str(calendar.get("zone", "UTC"))
    return Briefed(
        text="\n".join([str(told.get("request", "")), *answers]),
        answers=answers,
        language=str(told.get("language", "en")),
        now=_now(calendar, zone),
        personal=_personal(calendar, zone),
        change=str(told.get("change", "")),
        current=objects(mapping(told.get("current_plan")).get("steps")),
        failed=bool(objects(told.get("failed_steps"))),
        earlier=tuple(
            Earlier(name=str(one.get("name")), kind=str(one.get("kind")), approved=mapping(one.get("approved")))
            for execution in objects(told.get("earlier"))
            for one in objects(execution.get("results"))
        ),
        must_plan=told.get("must_plan") is True,
    )


def _now(calendar: JsonObject, zone: str) -> datetime:
    day = date.fromisoformat(str(calendar.get("today", "Thursday 1970-01-01")).split()[-1])
    return datetime.combine(day, time.fromisoformat(str(calendar.get("time", "09:00"))), ZoneInfo(zone))


def _personal(calendar: JsonObject, zone: str) -> PersonalTime:
    starts, _, ends = str(calendar.get("hours", "09:00-18:00")).partition("-")
    return PersonalTime(
        timezone=zone,
        workdays=_weekdays(calendar.get("workdays")) or PersonalTime().workdays,
        starts=time.fromisoformat(starts),
        ends=time.fromisoformat(ends),
    )


def _weekdays(named: JsonValue) -> frozenset[int]:
    return (
        frozenset(_WEEKDAYS.index(day) for day in named if day in _WEEKDAYS) if isinstance(named, list) else frozenset()
    )
