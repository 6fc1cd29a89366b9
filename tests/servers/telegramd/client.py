"""The same verbs as ``Telegramd``, from another process. Everything is awaited; people and chats come back as objects."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import aiohttp

from tests.servers.telegramd.faults import Fault
from tests.servers.telegramd.log import Json
from tests.servers.telegramd.state import Chat, User

ROOT = Path(__file__).parents[3]
_ERRORS: dict[str, type[Exception]] = {
    "LookupError": LookupError,
    "PermissionError": PermissionError,
    "AssertionError": AssertionError,
    "TypeError": TypeError,
    "ValueError": ValueError,
}
UserRef = User | int | str
ChatRef = Chat | User | int | str


class TelegramdClient:
    """Drives a server of another process over ``/_control``."""

    def __init__(self, session: aiohttp.ClientSession, info: Json) -> None:
        self._session = session
        self._control = str(info["control_url"])
        self.info = info
        self.api_url, self.token = str(info["api_url"]), str(info["token"])
        self.username = str(info["username"])
        people = {name: User(**fields) for name, fields in cast("Json", info["users"]).items()}
        self.dana, self.avi, self.guest, self.stranger = (people[name] for name in ("dana", "avi", "gal", "sam"))

    async def call(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        """Any verb by name.

        Raises:
            Exception: what the verb raised over there.
        """
        body: Json = {"verb": verb, "args": [_plain(each) for each in args]}
        body["kwargs"] = {name: _plain(value) for name, value in kwargs.items()}
        async with self._session.post(f"{self._control}call", json=body) as response:
            answer = cast("Json", await response.json())
        if "error" in answer:
            raise _ERRORS.get(str(answer["error"]), RuntimeError)(answer["text"])
        return answer["result"]

    async def add_user(self, first_name: str, **how: Any) -> User:
        """As ``Telegramd.add_user``."""
        return User(**await self.call("add_user", first_name, **how))

    async def add_group(self, title: str, members: Iterable[UserRef] = (), **how: Any) -> Chat:
        """As ``Telegramd.add_group``."""
        return Chat(**await self.call("add_group", title, list(members), **how))

    async def add_supergroup(self, title: str, members: Iterable[UserRef] = (), **how: Any) -> Chat:
        """As ``Telegramd.add_supergroup``; ``forum=True`` for one with topics."""
        return Chat(**await self.call("add_supergroup", title, list(members), **how))

    async def say(self, user: UserRef, chat: ChatRef, text: str = "", **how: Any) -> int:
        """As ``Telegramd.say``."""
        return int(await self.call("say", user, chat, text, **how))

    async def edit(self, user: UserRef, chat: ChatRef, message: int, text: str) -> None:
        """As ``Telegramd.edit``."""
        await self.call("edit", user, chat, message, text)

    async def start(self, user: UserRef, payload: str = "") -> int:
        """As ``Telegramd.start``."""
        return int(await self.call("start", user, payload))

    async def press(self, user: UserRef, chat: ChatRef, message: int, button: str) -> str:
        """As ``Telegramd.press``."""
        return str(await self.call("press", user, chat, message, button))

    async def answer(self, query: str) -> Json | None:
        """As ``Telegramd.answer``."""
        return cast("Json | None", await self.call("answer", query))

    async def messages(self, chat: ChatRef, *, topic: int | None = None) -> list[Json]:
        """As ``Telegramd.messages``."""
        return cast("list[Json]", await self.call("messages", chat, topic=topic))

    async def sent(self, chat: ChatRef, *, topic: int | None = None) -> list[Json]:
        """As ``Telegramd.sent``."""
        return cast("list[Json]", await self.call("sent", chat, topic=topic))

    async def fault(self, method: str, fault: Fault, times: int = 1, **how: Any) -> None:
        """As ``Faults.next``; instead of ``when`` there is ``match``."""
        await self.call("faults.next", method, fault.as_json(), times, **how)

    async def log(self, since: int = 0) -> list[Json]:
        """The wire log, as JSON, from an entry on."""
        return cast("list[Json]", await self.call("log", since))

    async def ledger(self) -> Json:
        """The effect ledger; keys are joined by a space."""
        return cast("Json", await self.call("ledger"))

    async def warnings(self) -> list[str]:
        """What a test should find empty."""
        return cast("list[str]", await self.call("warnings"))

    async def advance(self, seconds: float) -> None:
        """Move the server's clock ahead."""
        await self.call("advance", seconds)

    async def eventually(self, holds: Callable[[], Awaitable[object]], seconds: float = 10) -> None:
        """Return when the awaited ``holds`` is true; it is asked whenever anything changes over there.

        Raises:
            TimeoutError: it was not within so many real seconds; the message ends with the last of the wire.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        version = await self._changed(0, 0)
        while not await holds():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                tail = [f"{each['kind']} {each['name']} {each['answer']}" for each in (await self.log())[-12:]]
                raise TimeoutError(f"not within {seconds} s; the last of the wire: {tail}")
            version = await self._changed(version, left)

    async def _changed(self, since: int, seconds: float) -> int:
        query = {"since": str(since), "seconds": str(seconds)}
        async with self._session.get(f"{self._control}events", params=query) as response:
            return int((await response.json())["version"])


@asynccontextmanager
async def connect_telegramd(info: Json) -> AsyncGenerator[TelegramdClient]:
    """A client of a server that runs; ``info`` is the line it printed."""
    async with aiohttp.ClientSession() as session:
        yield TelegramdClient(session, info)


@asynccontextmanager
async def run_telegramd(*arguments: str) -> AsyncGenerator[TelegramdClient]:
    """Start a server as a process of its own, and end it with the block."""
    command = [sys.executable, "-m", "tests.servers.telegramd", *arguments]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            line = await process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server did not start: {await process.wait()}")
        async with connect_telegramd(json.loads(line)) as client:
            yield client
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _plain(value: Any) -> Any:
    if isinstance(value, User | Chat):
        return value.id
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in cast("list[Any]", value)]
    return value
