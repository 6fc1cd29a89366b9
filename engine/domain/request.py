"""What a person asked, cleaned once at the door."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.ids import (
    DEFAULT_CONVERSATION,
    DEFAULT_TENANT,
    ConversationId,
    ExecutionId,
    PrincipalId,
    StepId,
    TenantId,
)
from engine.errors import RequestError

MAX_REQUEST_CHARACTERS = 16_000
"""Longer requests are refused by name: nobody types this much, and a planner cannot use it."""

_INVISIBLE = re.compile("[\u0000-\u0008\u000b-\u001f\u007f\u200b\u2060\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_HEBREW = re.compile("[\u0590-\u05ff]")
_LATIN = re.compile("[A-Za-z]")


class Derivation(StrEnum):
    """How an execution comes from an earlier one; its plan is made of that one's, by no language model."""

    UNDO = "undo"
    """It takes back what the earlier one did to the world."""
    FORK = "fork"
    """It does the earlier one again from a step on, with everything before that as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The earlier execution that a request is about."""

    derivation: Derivation
    execution_id: ExecutionId
    """Of the same tenant and person: whoever makes the request has seen to that."""
    step_id: StepId | None = None
    """With a fork: the first step that is done again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing asked by one person. ``text`` has been through :func:`clean_text`."""

    text: str
    user_id: PrincipalId
    tenant_id: TenantId = DEFAULT_TENANT
    conversation_id: ConversationId = DEFAULT_CONVERSATION
    locale: str = "en"
    """``he`` or ``en``: the language of everything shown for this request."""
    timezone: str = "Asia/Jerusalem"
    dry_run: bool = False
    """Plan only: the execution ends after its plan, with nothing run."""
    request_key: str | None = None
    """Names the delivery; a second request with a known key returns the first execution."""
    sent_at: datetime | None = None
    """When the person wrote it, where the surface knows: a message found after a time away was written long before it is
    accepted."""
    origin: Origin | None = None
    """None: it was asked in words, and is planned from them."""

    @property
    def undoes(self) -> bool:
        """It takes an earlier execution back, and nothing else can be made of it."""
        return self.origin is not None and self.origin.derivation is Derivation.UNDO


def undo_key(execution_id: ExecutionId) -> str:
    """The ``request_key`` of the one request to take back what an execution did, however often it is made."""
    return f"undo:{execution_id}"


def clean_text(raw: str) -> str:
    """Normalise what a person typed: NFC, without controls, bidi overrides, zero-width marks, lone surrogates.

    Raises:
        RequestError: ``request_empty`` when nothing is left; ``request_too_long`` above the limit.
    """
    if len(raw) > MAX_REQUEST_CHARACTERS * 8:
        raise _too_long(len(raw))
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", raw.replace("\r\n", "\n"))).strip()
    if not text:
        raise RequestError("request_empty", "The request is empty; write what you would like to get done.")
    if len(text) > MAX_REQUEST_CHARACTERS:
        raise _too_long(len(text))
    return text


def dominant_locale(text: str) -> str:
    """``he`` when the text has at least as many Hebrew letters as Latin ones (and any at all), else ``en``."""
    hebrew, latin = len(_HEBREW.findall(text)), len(_LATIN.findall(text))
    return "he" if hebrew and hebrew >= latin else "en"


def _too_long(length: int) -> RequestError:
    return RequestError(
        "request_too_long",
        f"The request has {length} characters; at most {MAX_REQUEST_CHARACTERS} are taken. Put long text in a document.",
        {"length": str(length), "limit": str(MAX_REQUEST_CHARACTERS)},
    )
