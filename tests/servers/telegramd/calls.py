"""A call of the Bot API and the table of methods: each family registers its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from tests.servers.telegramd.flood import FloodGate
from tests.servers.telegramd.log import Entry, Json
from tests.servers.telegramd.refusals import bad_request
from tests.servers.telegramd.state import Chat, World
from tests.servers.telegramd.updates import Updates

_NUMBER = re.compile(r"-?[0-9]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file of a form."""

    name: str
    mime: str
    content: bytes


@dataclass(slots=True, kw_only=True)
class Call:
    """What a handler works with. Values are texts, or JSON where the body was JSON."""

    method: str
    args: Json
    uploads: dict[str, Upload]
    world: World
    updates: Updates
    gate: FloodGate
    entry: Entry

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        value = self.args.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else json.dumps(value)

    def flag(self, name: str) -> bool:
        """A parameter as a truth value."""
        return self.text(name).lower() in ("true", "yes", "1")

    def number(self, name: str, default: int = 0) -> int:
        """A parameter as a whole number; what is none counts as 0, as there."""
        value = self.text(name)
        if not value:
            return default
        return int(value) if _NUMBER.fullmatch(value) else 0

    def structure(self, name: str, refused: str) -> Any:
        """A parameter that is JSON, in whichever way it came; None when it is missing or empty.

        Raises:
            ApiError: in the words of ``refused``.
        """
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(refused) from None

    def items(self, name: str, refused: str) -> list[Any]:
        """A parameter that is a JSON array; empty when it is missing."""
        value = self.structure(name, refused)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad_request(refused)
        return cast("list[Any]", value)

    def warn(self, text: str) -> None:
        """Something a test should know of."""
        self.world.warn(text)

    def admit(self, chat: Chat) -> None:
        """Count one message or edit against the limits.

        Raises:
            ApiError: 429.
        """
        self.gate.admit(chat)


Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method of the Bot API."""

    name: str
    handle: Handler
    known: frozenset[str]
    """Parameters it takes; any other is ignored, with a warning for the test."""


METHODS: dict[str, Method] = {}
"""By name in lower case: Telegram does not care."""


def method(name: str, known: str = "") -> Callable[[Handler], Handler]:
    """Register a handler under its method's name; ``known`` lists its parameters. Handlers may be coroutines."""

    def register(handle: Handler) -> Handler:
        METHODS[name.lower()] = Method(name=name, handle=handle, known=frozenset(known.split()))
        return handle

    return register
