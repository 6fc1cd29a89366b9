"""The wire: one address for every method."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from typing import Any, cast

from aiohttp import web

from tests.servers.slackd.sockets import break_off
from tests.servers.telegramd import methods
from tests.servers.telegramd.access import find_chat
from tests.servers.telegramd.calls import METHODS, Call, Method, Upload
from tests.servers.telegramd.core import Parts
from tests.servers.telegramd.faults import Fault
from tests.servers.telegramd.log import Entry, Json
from tests.servers.telegramd.refusals import NO_METHOD, NOT_FOUND, UNAUTHORIZED, ApiError, bad_request

assert methods  # importing it fills METHODS
_TOKEN = re.compile(r"[0-9]{1,16}:[A-Za-z0-9_-]{35}")
_BAD_GATEWAY = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"


class BotApi:
    """Answers every request of the bot's."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._world = parts.world

    def routes(self) -> list[web.RouteDef]:
        """What to serve."""
        return [
            web.route("*", "/bot{token:[^/]+}/{method:[^/]+}", self.call),
            web.route("*", "/{rest:.*}", self.nothing),
        ]

    async def nothing(self, request: web.Request) -> web.StreamResponse:
        """An address that is none."""
        refusal = ApiError(404, NOT_FOUND)
        return _json(refusal.answer(), 404)

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One call. Whoever asked may hang up: what is under way is done all the same, save a wait for updates."""
        task = self._parts.nursery.start(self._call(request), "call")
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if request.match_info["method"].lower() == "getupdates":
                task.cancel()
            raise

    async def _call(self, request: web.Request) -> web.StreamResponse:
        """Token, then the method itself; a scripted fault where it strikes."""
        try:
            method = self._allowed(request)
            args, uploads = await _arguments(request)
        except ApiError as refusal:
            entry = self._world.log.add("api", request.match_info["method"], self._world.clock.running(), {})
            return self._answer(entry, refusal.answer())
        except (OSError, web.RequestPayloadError):  # whoever called is gone before the call was whole
            return web.Response()
        entry = self._world.log.add("api", method.name, self._world.clock.running(), _logged(args, uploads))
        chat = find_chat(self._world, str(args.get("chat_id", "")))
        entry.chat = chat.id if chat else None
        fault = self._parts.faults.strike(method.name, entry.chat, entry.params)
        if fault is not None:
            entry.fault = fault.kind
            if not fault.committed and fault.kind != "latency":
                return await self._struck(request, entry, fault)
            if not fault.committed:
                await self._wait(fault.seconds)
        answer = await self._perform(method, args, uploads, entry)
        if fault is not None and fault.committed:
            return await self._struck(request, entry, fault, answer)
        return self._answer(entry, answer)

    def _allowed(self, request: web.Request) -> Method:
        token = request.match_info["token"]
        if not _TOKEN.fullmatch(token):
            raise ApiError(404, NOT_FOUND)
        if token != self._world.token or self._world.dead:
            raise ApiError(401, UNAUTHORIZED)
        method = METHODS.get(request.match_info["method"].lower())
        if method is None:
            self._world.warn(f"unknown_method:{request.match_info['method']}")
            raise ApiError(404, NO_METHOD)
        return method

    async def _perform(self, method: Method, args: Json, uploads: dict[str, Upload], entry: Entry) -> Json:
        parts = self._parts
        attached = {
            str(value).removeprefix("attach://") for value in args.values() if str(value).startswith("attach://")
        }
        for unknown in sorted((set(args) | set(uploads)) - method.known - attached):
            self._world.warn(f"unknown_parameter:{method.name}:{unknown}")
        call = Call(
            method=method.name,
            args=args,
            uploads=uploads,
            world=self._world,
            updates=parts.updates,
            gate=parts.gate,
            entry=entry,
        )
        try:
            result: Any = method.handle(call)
            if inspect.isawaitable(result):
                result = await result
        except ApiError as refusal:
            return refusal.answer()
        return {"ok": True, "result": result}

    async def _struck(
        self, request: web.Request, entry: Entry, fault: Fault, answer: Json | None = None
    ) -> web.StreamResponse:
        world = self._world
        entry.status, entry.answer = fault.status, answer or fault.answer or None
        retry_after = fault.answer.get("parameters", {}).get("retry_after")
        if retry_after and entry.chat is not None:
            self._parts.gate.halt(entry.chat, float(retry_after))
        world.log.settled()
        match fault.kind:
            case "reset":
                break_off(request.transport)
                return web.Response()
            case "silence":
                await world.closing.wait()
                break_off(request.transport)
                return web.Response()
            case "html":
                return web.Response(status=fault.status, text=_BAD_GATEWAY, content_type="text/html")
            case "garbage":
                text = json.dumps(answer or {"ok": True, "result": {}}, ensure_ascii=False)
                return web.Response(text=text[: len(text) // 2], content_type="application/json")
            case "latency":
                await self._wait(fault.seconds)
                return self._answer(entry, answer or {})
            case _:
                return _json(fault.answer, fault.status)

    async def _wait(self, seconds: float) -> None:
        self._world.touch()
        await self._world.clock.sleep(seconds, patience=seconds)

    def _answer(self, entry: Entry, answer: Json) -> web.StreamResponse:
        entry.ok = bool(answer.get("ok"))
        entry.status = 200 if entry.ok else int(answer.get("error_code", 500))
        entry.answer = answer.get("result") if entry.ok else answer
        self._world.log.settled()
        return _json(answer, entry.status)


def _json(answer: Json, status: int) -> web.Response:
    headers = (
        {"Retry-After": str(answer["parameters"]["retry_after"])} if status == 429 and "parameters" in answer else {}
    )
    text = json.dumps(answer, ensure_ascii=False)
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


def _logged(args: Json, uploads: dict[str, Upload]) -> Json:
    """Parameters as they are to be read: JSON texts as JSON, files by name."""
    found: Json = {}
    for name, value in args.items():
        found[name] = value
        if isinstance(value, str) and value[:1] in ("{", "["):
            try:
                found[name] = json.loads(value)
            except ValueError:
                continue
    return found | {name: upload.name for name, upload in uploads.items()}


async def _arguments(request: web.Request) -> tuple[Json, dict[str, Upload]]:
    args: Json = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.method != "POST":
        return args, uploads
    if request.content_type == "application/json":
        return args | _json_object(await request.text()), uploads
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return args, uploads
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            uploads[name] = Upload(name=value.filename, mime=value.content_type, content=value.file.read())
        else:
            args[name] = value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")
    return args, uploads


def _json_object(text: str) -> Json:
    try:
        given: Any = json.loads(text) if text.strip() else {}
    except ValueError:
        raise bad_request("can't parse JSON object: Unexpected end of text") from None
    if not isinstance(given, dict):
        raise bad_request("can't parse JSON object: object expected")
    return cast("Json", given)
