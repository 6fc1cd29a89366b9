"""What each built-in agent takes. Fields typed with an artifact are filled by bindings, the rest by the planner."""

from __future__ import annotations

from datetime import date, time

from pydantic import BaseModel, ConfigDict, Field

from engine.domain.artifact import Contacts, Documents, Person, Summary


class _Inputs(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class DriveSearchInputs(_Inputs):
    """DriveSearchAgent → ``documents``."""

    terms: tuple[str, ...] = Field(min_length=1, max_length=12)
    """Words as the person wrote them; the store knows prefixes and scripts."""
    since: date | None = None
    until: date | None = None
    limit: int = Field(default=8, ge=1, le=50)


class ContactSearchInputs(_Inputs):
    """ContactSearchAgent → ``contacts``."""

    name: str = Field(min_length=1, max_length=200)


class WeeklyStatusInputs(_Inputs):
    """WeeklyStatusAgent → ``summary``."""

    topic: str = Field(max_length=500)
    documents: Documents
    people: Contacts | None = None
    """Extracts that name one of them rank higher."""


class ThreadInputs(_Inputs):
    """ThreadAgent → ``summary``: of the request's own conversation; nothing can name another."""

    topic: str = Field(max_length=500)
    """What it is read for, in the person's words; empty: everything."""


class CalendarInputs(_Inputs):
    """CalendarAgent → ``meeting``: proposes a slot, then calls ``schedule_meeting``."""

    title: str = Field(min_length=1, max_length=300)
    person: Person | None = None
    on: date | None = None
    """A fixed day."""
    at: time | None = None
    """A fixed local time."""
    since: date | None = None
    until: date | None = None
    """Search window where no day is fixed."""
    duration_minutes: int = Field(default=60, ge=5, le=24 * 60)
    summary: Summary | None = None
    """Goes into the event's description."""


class AppointmentsInputs(_Inputs):
    """AppointmentsAgent → ``appointments``: what stands in the calendar, both days included."""

    since: date
    until: date


class EditorInputs(_Inputs):
    """EditorAgent → ``agenda``."""

    title: str = Field(min_length=1, max_length=300)
    topic: str = Field(default="", max_length=500)
    summary: Summary | None = None


class AssistantInputs(_Inputs):
    """AssistantAgent → ``summary``: the answer."""

    question: str = Field(min_length=1, max_length=1_000)
    people: Contacts | None = None
    """Who it is about, where another step found them."""
    documents: Documents | None = None
    """Where to look first, where another step found them."""
