"""The wire: the Web API, uploads, response_urls and the web socket's door."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import Any, cast

from aiohttp import web

from tests.servers.slackd import methods
from tests.servers.slackd.calls import METHODS, ApiError, Call, Method
from tests.servers.slackd.core import Parts
from tests.servers.slackd.faults import Fault
from tests.servers.slackd.log import Entry, Json
from tests.servers.slackd.rates import Rates
from tests.servers.slackd.responses import respond
from tests.servers.slackd.scopes import BY_CHANNEL, BY_METHOD, lacking
from tests.servers.slackd.sockets import break_off

assert methods  # importing it fills METHODS
_READS = "conversations.history conversations.replies conversations.info conversations.list conversations.members"
_FORM_ONLY = (*_READS.split(), "users.", "bots.", "team.", "files.info", "chat.getPermalink", "reactions.get")
"""Methods that take no JSON: what they are sent in it, they do not see."""
_BROKEN = "<html><body><h1>Service Unavailable</h1></body></html>"


class WebApi:
    """Answers every request of the app's."""

    def __init__(self, parts: Parts, rates: Rates) -> None:
        self._parts = parts
        self._rates = rates
        self._world = parts.world

    def routes(self) -> list[web.RouteDef]:
        """What to serve."""
        return [
            web.route("*", "/api/{method:[A-Za-z0-9._]+}", self.call),
            web.post("/upload/v1/{file}", self.upload),
            web.post("/response/{team}/{name}", self.response_url),
            web.get("/files/{file}", self.download),
            web.get("/link/", self._parts.sockets.accept),
        ]

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One call of a method: token, rate, scope, then the method itself; a scripted fault where it strikes."""
        name = request.match_info["method"]
        try:
            args, token = await _arguments(request, reads_json=not name.startswith(_FORM_ONLY))
        except ApiError as error:
            return web.json_response(error.answer())
        entry = self._world.log.add("api", name, self._world.clock.now(), dict(args))
        entry.headers = {key: value for key, value in request.headers.items() if key.lower() != "authorization"}
        fault = self._parts.faults.strike(name, args)
        if fault is not None:
            entry.fault = fault.kind
        if fault is not None and fault.kind == "latency":
            self._world.touch()
            await self._world.clock.sleep(fault.seconds, patience=fault.seconds)
        elif fault is not None and fault.kind != "reset_after_commit":
            return self._struck(request, entry, fault)
        retry_after, answer = self._answer(name, args, token)
        entry.answer, entry.ok = answer, bool(answer["ok"])
        if fault is not None and fault.kind == "reset_after_commit":
            entry.ok = False
            self._world.log.settled()
            break_off(request.transport)
            return web.Response()
        return self._respond(entry, name, answer, retry_after)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file, raw or in a form."""
        file = self._world.files.get(request.match_info["file"])
        body = await _bytes_of(request)
        entry = self._world.log.add("upload", "upload", self._world.clock.now(), {"file": request.match_info["file"]})
        fault = self._parts.faults.strike("upload", {"file": request.match_info["file"]})
        if fault is not None and fault.kind != "reset_after_commit":
            return self._struck(request, entry, fault)
        if file is None or len(body) != file.length:
            entry.ok, entry.status = False, 400
            return web.Response(status=400, text="size mismatch")
        file.content = body
        self._world.touch()
        if fault is not None:
            break_off(request.transport)
        return web.Response(text=f"OK - {len(body)}")

    async def download(self, request: web.Request) -> web.StreamResponse:
        """A file's bytes, for the bot's token."""
        file = self._world.files.get(request.match_info["file"])
        if file is None:
            return web.Response(status=404)
        allowed = request.headers.get("Authorization") == f"Bearer {self._world.tokens.bot}"
        if not allowed or "files:read" not in self._world.granted:
            return web.Response(status=403)
        return web.Response(body=file.content, content_type="application/octet-stream")

    async def response_url(self, request: web.Request) -> web.StreamResponse:
        """An answer to an interaction."""
        payload = cast("Json", await request.json())
        entry = self._world.log.add("response_url", "response_url", self._world.clock.now(), payload)
        fault = self._parts.faults.strike("response_url", payload)
        if fault is not None:
            return self._struck(request, entry, fault)
        status, body = respond(self._parts, request.match_info["name"], payload)
        entry.status, entry.answer, entry.ok = status, body, status == 200 and body == "ok"
        self._world.log.settled()
        return web.Response(text=body) if isinstance(body, str) else web.json_response(body, status=status)

    def _answer(self, name: str, args: Json, token: str) -> tuple[int | None, Json]:
        method = METHODS.get(name)
        if method is None:
            return None, {"ok": False, "error": "unknown_method", "req_method": name}
        refusal = self._refused_token(method, token)
        if refusal is not None:
            return None, {"ok": False, "error": refusal}
        retry_after = self._rates.admit(name, str(args.get("channel", "")))
        if retry_after is not None:
            return retry_after, {"ok": False, "error": "ratelimited"}
        missing = lacking(name, self._world.granted)
        if missing is not None:
            return None, {
                "ok": False,
                "error": "missing_scope",
                "needed": missing,
                "provided": ",".join(self._world.granted),
            }
        return None, self._perform(method, args)

    def _perform(self, method: Method, args: Json) -> Json:
        for unknown in sorted(set(args) - method.known - {"team_id"}):
            self._world.warn(f"unknown_parameter:{method.name}:{unknown}")
        call = Call(method=method.name, args=args, world=self._world, events=self._parts.events)
        try:
            answer: Json = {"ok": True, **method.handle(call)}
        except ApiError as error:
            answer = error.answer()
        if call.warnings:
            answer["warning"] = ",".join(call.warnings)
            answer.setdefault("response_metadata", {})["warnings"] = call.warnings
        return answer

    def _refused_token(self, method: Method, token: str) -> str | None:
        tokens = self._world.tokens
        if method.token == "none":
            return None
        if not token:
            return "not_authed"
        kinds = {tokens.bot: "bot", tokens.app: "app", tokens.config: "config"}
        if token in tokens.dead:
            return tokens.dead[token]
        kind = kinds.get(token)
        if kind is None:
            return "invalid_auth"
        return None if kind == method.token else "not_allowed_token_type"

    def _struck(self, request: web.Request, entry: Entry, fault: Fault) -> web.StreamResponse:
        entry.ok = False
        entry.status, entry.answer = fault.status, fault.answer or None
        self._world.log.settled()
        if fault.kind.startswith("reset"):
            break_off(request.transport)
            return web.Response()
        if fault.kind == "garbage":
            return web.Response(status=fault.status, text=_BROKEN, content_type="text/html")
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return web.json_response(fault.answer, status=fault.status, headers=headers)

    def _respond(self, entry: Entry, name: str, answer: Json, retry_after: int | None) -> web.StreamResponse:
        headers = {
            "Date": formatdate(time.time() + self._world.skew, usegmt=True),
            "x-slack-req-id": f"{entry.seq:032x}",
        }
        if answer["ok"] or answer.get("error") == "missing_scope":
            of_bot = METHODS[name].token == "bot"
            headers["x-oauth-scopes"] = ",".join(self._world.granted) if of_bot else "connections:write"
            headers["x-accepted-oauth-scopes"] = BY_METHOD.get(name) or ",".join(BY_CHANNEL.get(name, {}).values())
        if retry_after is not None:
            headers["Retry-After"] = str(retry_after)
            entry.status = 429
        self._world.log.settled()
        body = json.dumps(answer)
        return web.Response(text=body, status=entry.status, headers=headers, content_type="application/json")


async def _arguments(request: web.Request, *, reads_json: bool) -> tuple[Json, str]:
    args: Json = dict(request.query)
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if request.method == "POST":
        if request.content_type == "application/json":
            given = _json_object(await request.text())
            given.pop("token", None)  # in JSON it is no credential
            args |= given if reads_json else {}
        elif request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            form = await request.post()
            args |= {key: value for key, value in form.items() if isinstance(value, str)}
    given_token = args.pop("token", None)
    return args, token if token and not token.startswith("Basic ") else str(given_token or "")


def _json_object(text: str) -> Json:
    try:
        given: Any = json.loads(text) if text.strip() else {}
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(given, dict):
        raise ApiError("json_not_object")
    return cast("Json", given)


async def _bytes_of(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    form = await request.post()
    for value in form.values():
        if isinstance(value, web.FileField):
            return value.file.read()
        return str(value).encode()
    return b""
