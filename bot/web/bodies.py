"""What clients may send: one strict model per body, read with a limit, converted at once to the engine's words."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal
from zoneinfo import available_timezones

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from bot.access import acting_for
from bot.door import OUTSIDE, OrchestrateCommand
from bot.strict_json import parse
from bot.web.problems import FieldProblemError, HttpProblemError
from engine.domain.approval import Decision, DecisionVerb
from engine.domain.ids import ChoiceId, ConversationId
from engine.domain.json import JsonValue
from engine.domain.request import clean_text
from engine.domain.tenant import Principal
from engine.errors import RequestError

MAX_BODY_BYTES = 1_048_576
BODY_SECONDS = 30.0
MAX_REPORTED_FIELDS = 20

_ZONES = frozenset(available_timezones())

_VERB_FIELDS = {DecisionVerb.MODIFY: "arguments", DecisionVerb.CHOOSE: "choice", DecisionVerb.ANSWER: "answer"}


def _zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError("is not an IANA time zone; write one such as Asia/Jerusalem")
    return name


Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
"""An identifier as clients send it: printable ASCII without spaces."""


class Body(BaseModel):
    """A body; unknown fields and wrong types are refused, never guessed at."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NoBody(Body):
    """Nothing: an empty body or ``{}``."""


class OrchestrateBody(Body):
    """A request to start."""

    request: str = Field(description="What you would like to get done, in Hebrew or English.")
    user_id: Name | None = Field(default=None, description="For whom; another person needs an owner or admin token.")
    conversation_id: Name | None = None
    locale: Literal["he", "en"] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] | None = Field(default=None, description="IANA name.")
    dry_run: bool = Field(default=False, description="Plan only; nothing is run.")

    def to_domain(self, principal: Principal, key: str | None) -> OrchestrateCommand:
        """The command, with its text cleaned.

        Raises:
            NotAllowedError: ``user_id`` is another person's and the principal may not act for them.
            RequestError: the text is empty or too long.
        """
        return OrchestrateCommand(
            text=cleaned(self.request, "/request"),
            user_id=acting_for(principal, self.user_id),
            conversation_id=_own_conversation(self.conversation_id),
            locale=self.locale,
            timezone=self.timezone,
            dry_run=self.dry_run,
            request_key=key,
        )


def _own_conversation(name: str | None) -> ConversationId | None:
    """A conversation outside is entered by its own surface only: nobody may have something shown in a chat from here.

    Raises:
        FieldProblemError: it is one.
    """
    if name is not None and name.startswith(OUTSIDE):
        raise FieldProblemError(
            "/conversation_id", f"must not begin with {' or '.join(OUTSIDE)}: those are conversations of chats outside"
        )
    return ConversationId(name) if name else None


class DecisionBody(Body):
    """An answer to an approval."""

    decision: Literal["approve", "reject", "modify", "choose", "answer"]
    arguments: dict[str, JsonValue] | None = Field(default=None, description="With modify: the new arguments.")
    choice: Name | None = Field(default=None, description="With choose: the id of the choice.")
    answer: str | None = Field(default=None, description="With answer: your words.")
    comment: str | None = None

    def to_domain(self) -> Decision:
        """The decision.

        Raises:
            RequestError: a field is missing for this decision, or belongs to another one.
        """
        verb = DecisionVerb(self.decision)
        for owner, field in _VERB_FIELDS.items():
            given = getattr(self, field) is not None
            if given and owner is not verb:
                raise FieldProblemError(
                    f"/{field}", f"belongs to the decision {owner.value}, not {verb.value}; leave it out"
                )
            if not given and owner is verb:
                raise FieldProblemError(f"/{field}", f"is required with the decision {verb.value}")
        return Decision(
            verb=verb,
            arguments=self.arguments,
            choice=ChoiceId(self.choice) if self.choice else None,
            answer=None if self.answer is None else cleaned(self.answer, "/answer"),
            comment=_comment(self.comment),
        )


class FeedbackBody(Body):
    """A verdict on a result."""

    execution_id: Name
    rating: Literal[1, -1]
    comment: str | None = None

    def cleaned_comment(self) -> str:
        """The comment as it is stored; empty for none."""
        return _comment(self.comment) or ""


class ChatBody(Body):
    """A message of the local chat."""

    text: str
    client_id: Name = Field(description="Names the message; sending it again does nothing twice.")

    def cleaned_text(self) -> str:
        """The text as it is taken.

        Raises:
            RequestError: it is empty or too long.
        """
        return cleaned(self.text, "/text")


async def read_json(request: web.Request) -> JsonValue:
    """The body as strict JSON; an absent body is an empty object.

    Raises:
        HttpProblemError: ``content_type_unsupported`` 415, ``content_encoding_unsupported`` 415,
            ``body_too_large`` 413, ``body_timeout`` 408.
        RequestError: as :func:`bot.strict_json.parse`.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise HttpProblemError(415, "content_encoding_unsupported", "Send the body uncompressed.")
    raw = await _read(request)
    if not raw and not request.headers.get("Content-Type"):
        return {}
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() != "utf-8":
        raise HttpProblemError(415, "content_type_unsupported", "Send the header Content-Type: application/json.")
    return parse(raw) if raw else {}


def fit(model: type[Body], value: JsonValue) -> Body:
    """The value as this model.

    Raises:
        FieldProblemError: ``field_invalid``, naming the first field by JSON pointer, and up to twenty in ``errors``.
    """
    if not isinstance(value, dict):
        raise FieldProblemError("", "must be a JSON object")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        problems = tuple((_pointer(d), _advice(model, d)) for d in details[:MAX_REPORTED_FIELDS])
        raise FieldProblemError(*problems[0], others=problems) from error


async def _read(request: web.Request) -> bytes:
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _too_large()
    raw = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                raw += chunk
                if len(raw) > MAX_BODY_BYTES:
                    raise _too_large()
    except TimeoutError as error:
        raise HttpProblemError(408, "body_timeout", f"The body took longer than {BODY_SECONDS:.0f} s.") from error
    return bytes(raw)


def _too_large() -> HttpProblemError:
    return HttpProblemError(413, "body_too_large", f"The body has more than {MAX_BODY_BYTES} bytes; send less.")


def _pointer(detail: ErrorDetails) -> str:
    parts = [str(part).replace("~", "~0").replace("/", "~1")[:100] for part in detail["loc"]]
    return "".join(f"/{part}" for part in parts)


def _advice(model: type[Body], detail: ErrorDetails) -> str:
    known = ", ".join(model.model_fields) or "none"
    match detail["type"]:
        case "extra_forbidden":
            return f"is not a known field; remove it (known: {known})"
        case "missing":
            return "is required; add it"
        case "value_error":
            return detail["msg"].removeprefix("Value error, ")
        case _:
            message = detail["msg"]
            return f"is wrong: {message[:1].lower()}{message[1:]}; correct it"


def cleaned(text: str, pointer: str) -> str:
    """A field's text as it is taken.

    Raises:
        FieldProblemError: it is empty or too long; ``pointer`` names the field.
    """
    try:
        return clean_text(text)
    except RequestError as error:
        raise FieldProblemError(pointer, error.detail, code=error.code, parameters=error.parameters) from error


def _comment(text: str | None) -> str | None:
    try:
        return None if text is None else cleaned(text, "/comment")
    except FieldProblemError as error:
        if error.code == "request_empty":
            return None
        raise
