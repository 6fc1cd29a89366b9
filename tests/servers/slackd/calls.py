"""A call of the Web API and the table of methods: each family registers its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from tests.servers.slackd.events import Events
from tests.servers.slackd.log import Json
from tests.servers.slackd.scopes import lacking_for
from tests.servers.slackd.state import Channel, World


class ApiError(Exception):
    """``ok: false`` with a code and whatever else Slack puts beside it."""

    def __init__(self, code: str, *messages: str, **fields: Any) -> None:
        super().__init__(code)
        self.code = code
        self.fields: Json = dict(fields)
        if messages:
            self.fields["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in messages]}

    def answer(self) -> Json:
        """The body of the answer."""
        return {"ok": False, "error": self.code, **self.fields}


@dataclass(slots=True, kw_only=True)
class Call:
    """What a handler works with."""

    method: str
    args: Json
    world: World
    events: Events
    warnings: list[str] = field(default_factory=list[str])
    """Go into the answer, as ``warning`` and ``response_metadata.warnings``."""

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        value = self.args.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """A parameter that must be there.

        Raises:
            ApiError: ``invalid_arguments``, naming it.
        """
        value = self.text(name)
        if not value:
            raise ApiError("invalid_arguments", f"missing required field: {name}")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A parameter as a truth value: forms say 1 and 0, or true and false."""
        value = self.args.get(name)
        return default if value is None else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        """A parameter as a whole number."""
        try:
            return int(self.args.get(name) or default)
        except ValueError:
            raise ApiError("invalid_arguments", f"must be a number: {name}") from None

    def structure(self, name: str, error: str) -> Any:
        """A parameter that is JSON: in forms it comes as text. None when it is missing."""
        value = self.args.get(name)
        if isinstance(value, str):
            if not value:
                return None
            try:
                return json.loads(value)
            except ValueError:
                raise ApiError(error) from None
        return value

    def blocks(self) -> list[Json] | None:
        """The parameter ``blocks``; None when it is missing."""
        if self.args.get("blocks") == "":
            raise ApiError("invalid_blocks_format")
        value = self.structure("blocks", "invalid_blocks_format")
        if value is None:
            return None
        if not isinstance(value, list) or any(not isinstance(block, dict) for block in cast("list[Any]", value)):
            raise ApiError("invalid_blocks_format")
        return cast("list[Json]", value)

    def channel(self, name: str = "channel", *, writing: bool = False) -> Channel:
        """The conversation a parameter names, if the app may see it (to write: if it is in it and nothing forbids).

        Raises:
            ApiError: ``channel_not_found``, ``missing_scope``, ``not_in_channel`` or ``is_archived``.
        """
        if name not in self.args:
            self.required(name)
        wanted, world = self.text(name), self.world
        if wanted in world.users and writing:
            wanted = world.im_of(wanted).id
        found = world.channels.get(wanted) or next(
            (each for each in world.channels.values() if each.name and wanted == f"#{each.name}"), None
        )
        if found is None:
            raise ApiError("channel_not_found")
        inside = world.bot_user_id in found.members
        if not inside and found.kind != "channel":
            raise ApiError("channel_not_found")
        missing = lacking_for(self.method, found.kind, world.granted)
        if missing is not None:
            raise ApiError("missing_scope", needed=missing, provided=",".join(world.granted))
        if writing and not inside and "chat:write.public" not in world.granted:
            raise ApiError("not_in_channel")
        if writing and found.archived:
            raise ApiError("is_archived")
        if writing and found.kind == "im" and not world.manifest.messages_tab:
            raise ApiError("messages_tab_disabled")
        return found

    def inside(self, name: str = "channel") -> Channel:
        """The same to read messages from: the app must be in it."""
        found = self.channel(name)
        if self.world.bot_user_id not in found.members:
            raise ApiError("not_in_channel")
        return found


Handler = Callable[[Call], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method of the Web API."""

    name: str
    handle: Handler
    known: frozenset[str]
    """Parameters it takes; any other is ignored, with a warning for the test."""
    token: str
    """``bot``, ``app``, ``config`` or ``none``."""


METHODS: dict[str, Method] = {}


def method(name: str, known: str = "", *, token: str = "bot") -> Callable[[Handler], Handler]:
    """Register a handler under its method's name; ``known`` lists its parameters."""

    def register(handle: Handler) -> Handler:
        METHODS[name] = Method(name=name, handle=handle, known=frozenset(known.split()), token=token)
        return handle

    return register
