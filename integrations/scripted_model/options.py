"""What a scripted server is like: whom it lets in, which models it has, how strict it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

VERSIONS = "2023-01-01", "2023-06-01", "2026-10-21"
"""API versions a request may name; sampling parameters and some content went away with the last one."""
WITHOUT_SAMPLING = "2026-10-21"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """One model, as the Models API lists it."""

    id: str
    display_name: str
    created_at: datetime = datetime(2026, 9, 1, tzinfo=UTC)
    lifecycle: Literal["active", "deprecated", "retired"] = "active"
    """A retired one answers 404 to messages."""
    retires_at: datetime | None = None
    max_input_tokens: int = 1_000_000
    max_tokens: int = 128_000
    can_be_forced: bool = True
    """``tool_choice`` may demand a tool; if not, that is a 400 with :attr:`ServerOptions.as_named`."""
    takes_prefill: bool = False
    """A conversation may end with the assistant's turn; if not, that is a 400."""


MODELS = (
    ServedModel(id="claude-fable-5-1", display_name="Claude Fable 5.1", can_be_forced=False),
    ServedModel(id="claude-opus-5-5", display_name="Claude Opus 5.5", can_be_forced=False),
    ServedModel(id="claude-sonnet-5-5", display_name="Claude Sonnet 5.5", can_be_forced=False),
    ServedModel(id="claude-haiku-5-5", display_name="Claude Haiku 5.5"),
)
"""The models of today, by name; what answers is the script."""

SCRIPTED = ServedModel(id="scripted", display_name="Scripted answers, not a model")
"""For a demonstration: no real model's name, and no price, so that no cost is shown where nothing was paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How a scripted server differs from its defaults."""

    key: str | None = None
    """The only key let in; None: everybody is, as on a compatible local server."""
    models: tuple[ServedModel, ...] = MODELS
    max_body: int = 32 * 1024 * 1024
    """Bytes; a longer request is answered with 413."""
    alternating: bool = True
    """Refuse two messages of one role in a row. The real API joins them; a client that sends them is confused."""
    honours_max_tokens: bool = True
    """Cut every answer at the request's ``max_tokens``, as a real one is."""
    smallest_cached: int = 512
    """Tokens a prefix needs to be cached."""
    as_named: bool = False
    """Refuse what the real model of that name refuses (a forced tool); else models differ by nothing but their name."""
    now: Callable[[], float] = time.monotonic
    """Seconds, for the prompt cache."""

    def model(self, name: str) -> ServedModel | None:
        """A model that answers."""
        return next((m for m in self.models if m.id == name and m.lifecycle != "retired"), None)
