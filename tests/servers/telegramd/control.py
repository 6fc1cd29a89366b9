"""The same verbs for other processes and by hand: ``POST /_control/call`` with ``{"verb": …, "args": […], "kwargs": {…}}``
answers ``{"result": …}`` or ``{"error", "text"}``; ``GET /_control/events?since=N&seconds=S`` answers ``{"version": M}`` as soon
as something changed after ``N``. People and chats come back as their fields, and are given as numbers.
"""

from __future__ import annotations

import base64
import dataclasses
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from tests.servers.telegramd.faults import Fault
from tests.servers.telegramd.log import Entry, Json
from tests.servers.telegramd.state import Chat, Query, User
from tests.servers.telegramd.updates import Update

if TYPE_CHECKING:
    from tests.servers.telegramd.server import Telegramd

Verb = Callable[..., Any]

_PEOPLE = "say edit start post react delete press press_raw answer answers unanswered message messages sent menu"
_PLACES = (
    "add_user private add_group add_supergroup add_forum add_channel add_bot kick_bot promote_bot demote_bot restrict_bot "
    "join kick promote block unblock mute upgrade create_topic close_topic reopen_topic delete_topic"
)
_SERVER = "revoke_token advance down up"
_OUT = ("down",)
"""Verbs after which nobody hears an answer."""


class Control:
    """Serves the verbs of one server."""

    def __init__(self, telegram: Telegramd) -> None:
        self._telegram = telegram
        names = f"{_PEOPLE} {_PLACES} {_SERVER}".split()
        self._verbs: dict[str, Verb] = {name: getattr(telegram, name) for name in names if name not in _OUT}
        updates, faults = telegram.updates, telegram.faults
        self._verbs |= {
            "info": lambda: describe(telegram),
            "now": telegram.clock.now,
            "log": self._log,
            "ledger": telegram.ledger.as_json,
            "warnings": lambda: list(telegram.warnings),
            "ignored": lambda: telegram.gate.ignored,
            "actions": lambda: telegram.actions,
            "pending": lambda: [update.wire() for update in updates.pending],
            "polling": lambda: updates.polling,
            "file": self._file,
            "set": self._set,
            "faults.next": self._fault,
            "faults.clear": faults.clear,
            "faults.pending": faults.pending,
            "updates.hold": updates.hold,
            "updates.release": updates.release,
            "updates.repeat": updates.repeat,
            "updates.replay": updates.replay,
            "updates.jump": updates.jump,
        }

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One verb."""
        given = cast("Json", await request.json())
        verb = self._verbs.get(str(given.get("verb")))
        if verb is None:
            return web.json_response({"error": "LookupError", "text": f"no verb {given.get('verb')!r}"}, status=404)
        try:
            result: Any = verb(*given.get("args", ()), **self._decoded(given.get("kwargs", {})))
            if inspect.isawaitable(result):
                result = await result
        except (LookupError, PermissionError, AssertionError, TypeError, ValueError) as error:
            return web.json_response({"error": type(error).__name__, "text": str(error)}, status=400)
        return web.json_response({"result": plain(result)})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Wait for the next change."""
        since, seconds = int(request.query.get("since", "0")), float(request.query.get("seconds", "10"))
        return web.json_response({"version": await self._telegram.world.changes.after(since, seconds)})

    def _decoded(self, given: Json) -> Json:
        if given.get("document"):
            name, content = given["document"]
            given["document"] = (name, base64.b64decode(content))
        return given

    def _log(self, since: int = 0) -> list[Json]:
        return [entry.as_json() for entry in list(self._telegram.log)[since:]]

    def _file(self, file_id: str) -> str:
        return base64.b64encode(self._telegram.world.files[file_id].content).decode()

    def _set(self, *, privacy: bool | None = None, topics: bool | None = None) -> None:
        if privacy is not None:
            self._telegram.privacy = privacy
        if topics is not None:
            self._telegram.topics = topics

    def _fault(self, method: str, fault: Json, times: int = 1, **how: Any) -> None:
        self._telegram.faults.next(method, Fault(**fault), times, **how)


def describe(telegram: Telegramd) -> Json:
    """Address, token and people: what a client begins with."""
    people = {user.first_name.lower(): dataclasses.asdict(user) for user in telegram.world.users.values()}
    control = f"{telegram.api_url}/_control/"
    names: Json = {"api_url": telegram.api_url, "control_url": control, "token": telegram.token}
    return names | {"username": telegram.username, "bot": telegram.bot.id, "users": people}


def control_routes(telegram: Telegramd) -> list[web.RouteDef]:
    """What to serve."""
    control = Control(telegram)
    return [web.post("/_control/call", control.call), web.get("/_control/events", control.events)]


def plain(value: Any) -> Any:
    """A result as JSON."""
    if isinstance(value, User):
        return dataclasses.asdict(value)
    if isinstance(value, Chat):
        return {name: getattr(value, name) for name in ("id", "type", "title", "username", "forum", "moved_to")}
    if isinstance(value, Entry):
        return value.as_json()
    if isinstance(value, Update):
        return value.wire()
    if isinstance(value, Query):
        return dataclasses.asdict(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [plain(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in cast("Json", value).items()}
    return value
