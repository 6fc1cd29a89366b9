"""The same calls to this server and to one we did not write (``lo-bot-api-emulator``).

Verdicts must agree in code and words, answers in keys and types. What differs is listed in ``known``, each with its reason; a
difference that is not listed fails, and so does a listed one that is gone. The other server lives in an environment of
its own, which continuous integration builds; elsewhere the test is skipped, visibly. It reconstructs nothing: no message it
was told of exists for it, nobody is known to it, and it has no clock.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.contract.telegramd.known import KNOWN
from tests.servers.telegramd import TelegramdOptions, serve_telegramd
from tests.waiting import until

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-backlot" / "bin" / "python"
NEEDED = os.environ.get("TIZMOR_TESTS_NEED_BACKLOT")  # noqa: TID251 - a switch of the tests, not of the product
PACKAGES = sorted((ROOT / ".venv-backlot").glob("lib/python*/site-packages/lo_bot_api_emulator"))
beside_another = pytest.mark.skipif(
    not PACKAGES and not NEEDED, reason="lo-bot-api-emulator is not installed; .ci/run shows how it is"
)
BOOT = """
import asyncio, json, sys
from aiohttp import web
from lo_bot_api_emulator import LoBotApiEmulator

async def main():
    emulator = LoBotApiEmulator(enable_control=True, allow_insecure_loopback_webhooks=True)
    runner = web.AppRunner(emulator.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()

asyncio.run(main())
"""
TOKEN = "7100000001:AAE-a_local_token_of_no_worth_00001"


@dataclass(slots=True)
class Side:
    """One server, and what it answered by the name of the call."""

    url: str
    session: aiohttp.ClientSession
    happen: Callable[[str], Awaitable[None]]
    """A person says something."""
    chat: int = 0
    answers: dict[str, Json] = field(default_factory=dict[str, Json])
    message: int = 0
    """The last message sent."""

    async def call(self, label: str, method: str, /, **arguments: Any) -> Json:
        """Ask, and keep the answer, also a refusal."""
        return await self.ask(label, method, {"json": arguments})

    async def ask(self, label: str, method: str, body: Json) -> Json:
        """The same with a body of any kind."""
        async with self.session.post(f"{self.url}/bot{TOKEN}/{method}", **body) as response:
            answer: Json = await response.json()
        assert (answer["ok"], response.status) in ((True, 200), (False, answer.get("error_code"))), label
        self.answers[label] = answer
        return answer

    async def send(self, label: str, /, **arguments: Any) -> None:
        """``sendMessage``; the next message begins with it."""
        answer = await self.call(label, "sendMessage", **{"chat_id": self.chat, "text": "hello"} | arguments)
        self.message = answer["result"]["message_id"] if answer["ok"] else self.message


@asynccontextmanager
async def another() -> AsyncGenerator[Side]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(str(PYTHON), "-c", BOOT, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            line = await process.stdout.readline()
            assert line, "the other server did not start"
            url = str(json.loads(line)["url"])

            async def happen(text: str) -> None:
                person = {"id": 5, "first_name": "Dana", "last_name": "Levi", "username": "dana_levi"}
                author: Json = person | {"is_bot": False, "language_code": "en"}
                message: Json = {"message_id": 1, "date": 1, "from": author, "chat": person | {"type": "private"}}
                message["text"] = text
                body = {"token": TOKEN, "update": {"message": message}}
                async with session.post(f"{url}/__fixture/updates", json=body) as response:
                    assert response.status == 200, await response.text()

            yield Side(url, session, happen, chat=5)
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def ours() -> AsyncGenerator[Side]:
    options = TelegramdOptions(token=TOKEN, flood=None)
    async with serve_telegramd(options) as telegram, aiohttp.ClientSession() as session:

        async def happen(text: str) -> None:
            await telegram.say(telegram.dana, telegram.dana, text)

        await telegram.start(telegram.dana)
        telegram.updates.drop()
        yield Side(telegram.api_url, session, happen, chat=telegram.dana.id)


async def script(side: Side) -> None:
    await side.call("me", "getMe")
    await side.call("unknown method", "sendTelepathy")
    await _messages(side)
    await _keyboards(side)
    await _edits(side)
    await _files(side)
    await _others(side)
    await _hearing(side)
    await _hook(side)


async def _messages(side: Side) -> None:
    await side.send("send")
    await side.send("send: 4096", text="x" * 4096)
    await side.send("send: 4097", text="x" * 4097)
    await side.send("send: 2048 emoji", text="😀" * 2048)
    await side.send("send: 2049 emoji", text="😀" * 2049)
    await side.send("send: empty", text="")
    await side.send("send: spaces", text="  \n")
    await side.send("send: nobody", chat_id=0)
    await side.send("send: no number", chat_id="nobody")
    await side.send("send: an unknown person", chat_id=999)
    await side.send("send: an unknown parameter", colour="red")
    await side.send("send: silent", disable_notification=True)
    await side.send("send: no preview", link_preview_options={"is_disabled": True})
    await side.send("send: entities", entities=[{"type": "bold", "offset": 0, "length": 5}])
    await side.send("send: entities beyond the text", entities=[{"type": "bold", "offset": 3, "length": 5}])
    await side.send("reply", reply_parameters={"message_id": side.message})
    await side.send("reply: to nothing", reply_parameters={"message_id": 0})
    await side.send("reply: to what is not there", reply_parameters={"message_id": 99_999})
    await side.send("reply: no JSON", reply_parameters="{")
    await side.send("reply: a list", reply_parameters=[1])
    await side.send("topic", message_thread_id=7)


def _rows(*rows: int, data: str = "x") -> Json:
    return {"inline_keyboard": [[{"text": "x", "callback_data": data}] * row for row in rows]}


async def _keyboards(side: Side) -> None:
    await side.send("keyboard", reply_markup=_rows(2, 1))
    await side.send("keyboard: as text", reply_markup=json.dumps(_rows(1)))
    await side.send("keyboard: 64 bytes", reply_markup=_rows(1, data="é" * 32))
    await side.send("keyboard: 65 bytes", reply_markup=_rows(1, data="é" * 32 + "x"))
    await side.send("keyboard: no data", reply_markup=_rows(1, data=""))
    await side.send("keyboard: 8 in a row", reply_markup=_rows(8))
    await side.send("keyboard: 9 in a row", reply_markup=_rows(9))
    await side.send("keyboard: 100 buttons", reply_markup=_rows(*[5] * 20))
    await side.send("keyboard: 101 buttons", reply_markup=_rows(*[5] * 20, 1))
    await side.send("keyboard: only a label", reply_markup={"inline_keyboard": [[{"text": "x"}]]})
    await side.send(
        "keyboard: a page", reply_markup={"inline_keyboard": [[{"text": "x", "url": "https://a.example/"}]]}
    )
    await side.send("keyboard: no page", reply_markup={"inline_keyboard": [[{"text": "x", "url": "javascript:1"}]]})
    await side.send("keyboard: no table", reply_markup={"inline_keyboard": "x"})
    await side.send("keyboard: no JSON", reply_markup="{")
    await side.send("keyboard: a list", reply_markup=[1])


async def _edits(side: Side) -> None:
    await side.send("to edit")
    there: Json = {"chat_id": side.chat, "message_id": side.message}
    await side.call("edit", "editMessageText", **there, text="other", reply_markup=_rows(1))
    await side.call("edit: the same", "editMessageText", **there, text="other", reply_markup=_rows(1))
    await side.call("edit: empty", "editMessageText", **there, text="")
    await side.call("edit: 4097", "editMessageText", **there, text="x" * 4097)
    await side.call("edit: nothing", "editMessageText", **there | {"message_id": 0}, text="x")
    await side.call("edit: what is not there", "editMessageText", **there | {"message_id": 99_999}, text="x")
    await side.call("edit: nowhere", "editMessageText", **there | {"chat_id": 0}, text="x")
    await side.call("edit: keyboard", "editMessageReplyMarkup", **there, reply_markup=_rows(2))
    await side.call("edit: no keyboard", "editMessageReplyMarkup", **there)
    await side.call("delete", "deleteMessage", **there)
    await side.call("delete: again", "deleteMessage", **there)


async def _files(side: Side) -> None:
    async def document(label: str, caption: str, content: bytes = b"hello") -> Json:
        form = aiohttp.FormData({"chat_id": str(side.chat), "caption": caption})
        form.add_field("document", content, filename="a.txt", content_type="text/plain")
        return await side.ask(label, "sendDocument", {"data": form})

    sent = await document("document", "all of it")
    await document("document: 1024", "x" * 1024)
    await document("document: 1025", "x" * 1025)
    file_id = sent["result"]["document"]["file_id"]
    await side.call("document: again", "sendDocument", chat_id=side.chat, document=file_id)
    await side.call("document: unknown", "sendDocument", chat_id=side.chat, document="nothing")


async def _others(side: Side) -> None:
    await side.call("typing", "sendChatAction", chat_id=side.chat, action="typing")
    await side.call("dreaming", "sendChatAction", chat_id=side.chat, action="dreaming")
    await side.call("answer: nothing", "answerCallbackQuery", text="x")
    await side.call("answer: nobody pressed", "answerCallbackQuery", callback_query_id="1", text="x")
    commands = [{"command": "ask", "description": "Ask"}]
    await side.call("commands", "setMyCommands", commands=commands)
    await side.call("commands: no list", "setMyCommands", commands={"a": 1})
    await side.call("commands: asked for", "getMyCommands")
    await side.call("commands: deleted", "deleteMyCommands")
    await side.call("commands: none", "getMyCommands")


async def _hearing(side: Side) -> None:
    for text in ("one", "two", "three"):
        await side.happen(text)
    heard = await side.call("updates", "getUpdates")
    first = heard["result"][0]["update_id"]

    async def ask(label: str, **arguments: Any) -> None:
        answer = await side.call(f"updates: {label}", "getUpdates", **arguments)
        numbers = [each["update_id"] - first for each in answer["result"]]
        side.answers[f"updates: {label}: which"] = {"ok": True, "result": {f"number {number}": 1 for number in numbers}}

    await ask("the first again", offset=first)
    await ask("one of them", limit=1)
    await ask("confirmed", offset=first + 1)
    await ask("asked without an offset", offset=0)
    await ask("the last", offset=-1)
    await ask("what is left", offset=0)
    await ask("all confirmed", offset=first + 3)
    await ask("only presses", allowed_updates=["callback_query"])
    await side.call("updates: presses too", "getUpdates", allowed_updates=["message", "callback_query"])


async def _hook(side: Side) -> None:
    await side.call("hook: none", "getWebhookInfo")
    await side.call("hook: no address", "setWebhook", url="ftp://a.example")
    await side.call("hook: a bad secret", "setWebhook", url="https://a.example/hook", secret_token="a b")
    await side.call("hook: a long secret", "setWebhook", url="https://a.example/hook", secret_token="x" * 257)
    await side.call("hook", "setWebhook", url="https://a.example/hook", secret_token="abc", max_connections=1)
    await side.call("hook: set", "getWebhookInfo")
    await side.call("hook: polling beside it", "getUpdates")
    await side.call("hook: deleted", "deleteWebhook", drop_pending_updates=True)
    await side.call("hook: polling again", "getUpdates")
    await _delivery(side)


async def _delivery(side: Side) -> None:
    """What comes to an address, and that nothing is left when it was taken."""
    got: asyncio.Queue[Json] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "none")
        body = await request.json()
        got.put_nowait({"ok": True, "result": body | {f"secret {secret}": 1, f"type {request.content_type}": 1}})
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/hook", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        await side.call("delivery: set", "setWebhook", url=f"http://{host}:{port}/hook", secret_token="abc")
        await side.happen("delivered")
        async with asyncio.timeout(10):
            side.answers["delivery"] = await got.get()
        await until(lambda: side.call("delivery: taken", "getWebhookInfo"), lambda answer: not _left(answer))
        await side.call("delivery: deleted", "deleteWebhook")
        await side.call("delivery: nothing is left", "getUpdates")
    finally:
        await runner.cleanup()


def _left(answer: Json) -> int:
    return int(answer["result"]["pending_update_count"])


def shape(value: Any, path: str = "") -> dict[str, set[str]]:
    """Every place in an answer with the types found there."""
    found: dict[str, set[str]] = {}

    def walk(node: Any, where: str) -> None:
        kind = "object" if isinstance(node, dict) else "list" if isinstance(node, list) else type(node).__name__
        found.setdefault(where or "/", set()).add(kind)
        if isinstance(node, dict):
            for key, inner in node.items():  # pyright: ignore[reportUnknownVariableType]
                walk(inner, f"{where}/{key}")
        elif isinstance(node, list):
            for inner in node:  # pyright: ignore[reportUnknownVariableType]
                walk(inner, f"{where}/*")

    walk(value, path)
    return found


def differences(mine: Mapping[str, Json], others: Mapping[str, Json]) -> set[str]:
    """One line for each call with another verdict or other words, and for each place where answers differ in shape."""
    lines: set[str] = set()
    for name in mine:
        one, other = mine[name], others[name]
        codes = [answer.get("error_code", "ok") for answer in (one, other)]
        words = [answer.get("description", "") for answer in (one, other)]
        if codes[0] != codes[1]:
            lines.add(f"{name} · {codes[0]} {words[0]} | {codes[1]} {words[1]}")
        elif words[0] != words[1]:
            lines.add(f"{name} · words · {words[0]} | {words[1]}")
        elif one["ok"]:
            lines |= {f"{name} · {line}" for line in _shapes(one["result"], other["result"])}
    return lines


def _shapes(mine: Any, theirs: Any) -> set[str]:
    one, other = shape(mine), shape(theirs)
    lines: set[str] = set()
    for place in one.keys() | other.keys():
        kinds = one.get(place, {"absent"}), other.get(place, {"absent"})
        above = place.rpartition("/")[0] or "/"
        if kinds[0] != kinds[1] and (above in one) == (above in other):
            lines.add(f"{place} · {'/'.join(sorted(kinds[0]))} | {'/'.join(sorted(kinds[1]))}")
    return lines


@beside_another
async def test_both_servers_judge_alike_and_answer_in_the_same_shapes() -> None:
    async with ours() as mine, another() as others:
        await script(mine)
        await script(others)
    found = differences(mine.answers, others.answers)
    unexplained = {line for line in found if not any(fnmatchcase(line, pattern) for pattern in KNOWN)}
    gone = {pattern for pattern in KNOWN if not any(fnmatchcase(line, pattern) for line in found)}
    assert not unexplained, "\n".join(["not listed as known:", *sorted(unexplained)])
    assert not gone, "\n".join(["no longer so, drop them from the list:", *sorted(gone)])
    assert len(mine.answers) > 80
