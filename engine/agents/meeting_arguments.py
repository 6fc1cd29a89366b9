"""Arguments of the office tools as a person reads and edits them: plain JSON, checked before every call.

Whatever ends up in a calendar property or a mail header is one line here, so that nothing can break out of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from engine.agents.period import FIRST_YEAR, LAST_YEAR, local_instant, zone_of
from engine.agents.quoting import CONTROL, INVISIBLE
from engine.errors import RequestError

MAX_ATTENDEES = 50
MAX_DESCRIPTION = 4_000
MAX_AGENDA = 100_000
MAX_TITLE = 300
MAX_NAME = 200

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]"
)
_MAX_ADDRESS = 254
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.0{1,6})?)?(?:Z|[+-]\d{2}:\d{2}(?::\d{2})?)?")


def is_address(text: str) -> bool:
    """Whether an invitation can be addressed to this: ASCII, one ``@``, a dotted domain, at most 254 characters."""
    return len(text) <= _MAX_ADDRESS and _ADDRESS.fullmatch(text) is not None


def single_line(text: str) -> str:
    """The text without space around it; pydantic's ``ValueError`` where it could break out of its line."""
    if CONTROL.search(text) or INVISIBLE.search(text):
        raise ValueError("must be one line without control or invisible characters")
    return text.strip()


def _prose(text: str) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    if any(CONTROL.search(line.replace("\t", " ")) or INVISIBLE.search(line) for line in lines):
        raise ValueError("must not hold control or invisible characters")
    return "\n".join(lines)


def _address(text: str) -> str:
    if text and not is_address(text):
        raise ValueError("must be an e-mail address such as dana@example.com, or empty for no invitation")
    return text


def _zone(name: str) -> str:
    try:
        zone_of(name)
    except RequestError as error:
        raise ValueError(error.detail) from error
    return name


Title = Annotated[str, Field(max_length=MAX_TITLE), AfterValidator(single_line), Field(min_length=1)]
"""One line, not blank."""


class Attendee(BaseModel):
    """Who comes. Without an address the meeting is made and no invitation goes to this person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(max_length=MAX_NAME), AfterValidator(single_line)] = ""
    email: Annotated[str, Field(max_length=_MAX_ADDRESS), AfterValidator(_address)] = ""


class ScheduleMeetingArguments(BaseModel):
    """What is written into the calendar and the invitation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Title
    timezone: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_zone)]
    """IANA name. Declared before ``starts``, which is read in it."""
    starts: datetime
    """ISO 8601 local time with its offset. Without an offset, or in UTC, it is taken into ``timezone``; an offset the
    zone does not have then is refused, for nobody can tell which of the two was meant."""
    duration_minutes: int = Field(ge=5, le=24 * 60)
    attendees: tuple[Attendee, ...] = Field(default=(), max_length=MAX_ATTENDEES)
    description: Annotated[str, Field(max_length=MAX_DESCRIPTION), AfterValidator(_prose)] = ""

    @field_validator("starts", mode="before")
    @classmethod
    def _read_starts(cls, value: object, info: ValidationInfo) -> datetime:
        zone = info.data.get("timezone")
        if not isinstance(zone, str):
            raise ValueError("cannot be read without a valid timezone")  # noqa: TRY004 - pydantic takes ValueError
        text = value.isoformat() if isinstance(value, datetime) else value
        stamp = _STAMP.fullmatch(text) if isinstance(text, str) else None
        if stamp is None:
            raise ValueError("must be a date and time such as 2026-01-15T10:00:00+02:00")
        return _in_zone(datetime.fromisoformat(stamp[0]), zone_of(zone))

    @property
    def duration(self) -> timedelta:
        """Its length in real time. Subtracting the two local ends would be wrong on nights when clocks change."""
        return timedelta(minutes=self.duration_minutes)

    @property
    def ends(self) -> datetime:
        """When it ends, in the meeting's zone."""
        return (self.starts.astimezone(UTC) + self.duration).astimezone(self.starts.tzinfo)


class SaveAgendaArguments(BaseModel):
    """What is written into the agenda's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Title
    text: Annotated[str, Field(min_length=1, max_length=MAX_AGENDA), AfterValidator(_prose)]


_Arguments = TypeVar("_Arguments", bound=BaseModel)


def read_arguments(model: type[_Arguments], arguments: Mapping[str, object]) -> _Arguments:
    """Arguments as their model.

    Raises:
        RequestError: ``arguments_invalid``; parameter ``field`` names the first one that does not fit.
    """
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        detail = f"{field}: {first['msg']}. Correct it and send it again."
        raise RequestError("arguments_invalid", detail, {"field": field}) from error


def _in_zone(stamp: datetime, zone: ZoneInfo) -> datetime:
    if not FIRST_YEAR <= stamp.year <= LAST_YEAR:
        raise ValueError(f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")
    if stamp.tzinfo is None:
        local = local_instant(stamp.date(), stamp.time(), zone)
        if local is None:
            raise ValueError(f"does not exist in {zone.key}: clocks skip it that night")
        return local
    local = stamp.astimezone(zone)
    if stamp.utcoffset() not in (local.utcoffset(), timedelta()):
        raise ValueError(f"has an offset {zone.key} does not have then; leave it out, or write {local.isoformat()}")
    return local
