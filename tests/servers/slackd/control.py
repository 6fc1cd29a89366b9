"""The verbs over HTTP, for a test in another process.

``POST /_control/call`` with ``{"verb": …, "args": […], "kwargs": {…}}`` answers ``{"result": …}`` or ``{"error", "text"}``;
``GET /_control/events?since=N&seconds=S`` answers ``{"version": M}`` as soon as something changed after ``N``.
"""

from __future__ import annotations

import base64
import inspect
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from tests.servers.slackd.delivery import Ack
from tests.servers.slackd.faults import Fault
from tests.servers.slackd.log import Entry, Json
from tests.servers.slackd.state import Channel, User

if TYPE_CHECKING:
    from tests.servers.slackd.server import Slackd

Verb = Callable[..., Any]

_DIRECT = [
    "say",
    "edit",
    "delete",
    "react",
    "click",
    "click_in_view",
    "submit",
    "close_view",
    "command",
    "shortcut",
    "global_shortcut",
    "send_raw",
    "emit",
    "open_messages_tab",
    "open_home_tab",
    "press_native_stop",
    "uninstall",
    "revoke_tokens",
    "install",
    "add_user",
    "add_channel",
    "im",
    "deactivate",
    "archive",
    "invite",
    "kick",
    "kick_bot",
    "lock_thread",
    "views",
    "home",
    "messages",
    "message",
    "ephemerals",
    "status",
    "session",
    "prompts",
    "deliver_to",
    "down",
    "up",
    "disconnect_all",
    "kill_sockets",
    "freeze_sockets",
]


class Control:
    """Serves the verbs of one server."""

    def __init__(self, slack: Slackd) -> None:
        self._slack = slack
        self._verbs: dict[str, Verb] = {name: getattr(slack, name) for name in _DIRECT}
        self._verbs |= {
            "info": lambda: describe(slack),
            "advance": slack.clock.advance,
            "now": slack.clock.now,
            "log": self._log,
            "ledger": slack.ledger.as_json,
            "warnings": lambda: list(slack.warnings),
            "unsubscribed": lambda: dict(slack.world.unsubscribed),
            "connections": lambda: slack.connections,
            "quiet": lambda: slack.deliveries.quiet,
            "file": self._file,
            "skew": self._skew,
            "faults.next": self._fault,
            "faults.clear": slack.faults.clear,
            "faults.pending": slack.faults.pending,
            "deliveries.next": self._script,
            "deliveries.hold": slack.deliveries.hold,
            "deliveries.release": slack.deliveries.release,
        }

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One verb."""
        given = cast("Json", await request.json())
        verb = self._verbs.get(str(given.get("verb")))
        if verb is None:
            return web.json_response({"error": "LookupError", "text": f"no verb {given.get('verb')!r}"}, status=404)
        try:
            result: Any = verb(*given.get("args", ()), **given.get("kwargs", {}))
            if inspect.isawaitable(result):
                result = await result
        except (LookupError, PermissionError, AssertionError, TypeError, ValueError) as error:
            return web.json_response({"error": type(error).__name__, "text": str(error)}, status=400)
        return web.json_response({"result": plain(result)})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Wait for the next change."""
        since, seconds = int(request.query.get("since", "0")), float(request.query.get("seconds", "10"))
        return web.json_response({"version": await self._slack.world.changes.after(since, seconds)})

    def _log(self, since: int = 0) -> list[Json]:
        return [entry.as_json() for entry in list(self._slack.log)[since:]]

    def _file(self, file_id: str) -> str:
        return base64.b64encode(self._slack.file(file_id)).decode()

    def _skew(self, seconds: float) -> None:
        self._slack.skew = seconds

    def _fault(self, method: str, fault: Json, times: int = 1, skip: int = 0, match: Json | None = None) -> None:
        self._slack.faults.next(method, Fault(**fault), times, skip=skip, match=match)

    def _script(self, name: str, *, match: Json | None = None, **how: Any) -> None:
        def fits(event: Json) -> bool:
            return all(event.get(key) == value for key, value in (match or {}).items())

        self._slack.deliveries.next(name, when=fits if match else None, **how)


def describe(slack: Slackd) -> Json:
    """Addresses, tokens and people: what a client begins with."""
    names = (
        "api_url control_url bot_token app_token config_token refresh_token signing_secret team_id app_id bot_user_id"
    )
    people = {user.name: asdict(user) for user in slack.world.users.values()}
    return {name: getattr(slack, name) for name in names.split()} | {"users": people}


def control_routes(slack: Slackd) -> list[web.RouteDef]:
    """What to serve."""
    control = Control(slack)
    return [web.post("/_control/call", control.call), web.get("/_control/events", control.events)]


def plain(value: Any) -> Any:
    """A result as JSON."""
    if isinstance(value, User):
        return asdict(value)
    if isinstance(value, Channel):
        fields = {name: getattr(value, name) for name in ("id", "name", "kind", "archived", "shared", "created")}
        return fields | {"members": list(value.members)}
    if isinstance(value, Ack | Entry):
        return value.as_json()
    if isinstance(value, list | tuple):
        return [plain(each) for each in cast("list[Any]", value)]
    return value
