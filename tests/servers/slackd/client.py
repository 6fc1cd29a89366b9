"""The same verbs as ``Slackd``, from another process. Everything is awaited; people and channels come back as objects."""

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

from tests.servers.slackd.delivery import Ack
from tests.servers.slackd.faults import Fault
from tests.servers.slackd.log import Json
from tests.servers.slackd.state import Channel, User

ROOT = Path(__file__).parents[3]
_ERRORS: dict[str, type[Exception]] = {
    "LookupError": LookupError,
    "PermissionError": PermissionError,
    "AssertionError": AssertionError,
    "TypeError": TypeError,
    "ValueError": ValueError,
}
UserRef = User | str
ChannelRef = Channel | str


class _Faults:
    def __init__(self, slack: SlackdClient) -> None:
        self._slack = slack

    async def next(
        self, method: str, fault: Fault, times: int = 1, *, skip: int = 0, match: Json | None = None
    ) -> None:
        """As ``Faults.next``; instead of ``when`` there is ``match``."""
        await self._slack.call("faults.next", method, fault.as_json(), times, skip, match)

    async def clear(self) -> None:
        """Forget what has not struck yet."""
        await self._slack.call("faults.clear")

    async def pending(self) -> int:
        """How many strikes are still to come."""
        return int(await self._slack.call("faults.pending"))


class _Deliveries:
    def __init__(self, slack: SlackdClient) -> None:
        self._slack = slack

    async def next(self, name: str, **how: Any) -> None:
        """As ``Deliveries.next``; instead of ``when`` there is ``match`` (fields of the event)."""
        await self._slack.call("deliveries.next", name, **how)

    async def hold(self) -> None:
        """Keep events back."""
        await self._slack.call("deliveries.hold")

    async def release(self, order: str | int = "fifo") -> None:
        """Send them."""
        await self._slack.call("deliveries.release", order)


class SlackdClient:
    """Drives a server of another process over ``/_control``."""

    def __init__(self, session: aiohttp.ClientSession, info: Json) -> None:
        self._session = session
        self._control = str(info["control_url"])
        self.info = info
        self.api_url, self.control_url = str(info["api_url"]), self._control
        self.bot_token, self.app_token = str(info["bot_token"]), str(info["app_token"])
        self.signing_secret = str(info["signing_secret"])
        self.config_token, self.refresh_token = str(info["config_token"]), str(info["refresh_token"])
        self.team_id, self.app_id, self.bot_user_id = (
            str(info["team_id"]),
            str(info["app_id"]),
            str(info["bot_user_id"]),
        )
        self.mention = f"<@{self.bot_user_id}>"
        people = {name: User(**fields) for name, fields in cast("Json", info["users"]).items()}
        self.dana, self.avi = people["dana"], people["avi"]
        self.guest, self.stranger = people["guest"], people["stranger"]
        self.faults, self.deliveries = _Faults(self), _Deliveries(self)

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

    async def add_user(self, name: str, **how: Any) -> User:
        """As ``Slackd.add_user``."""
        return User(**await self.call("add_user", name, **how))

    async def add_channel(self, name: str, members: Iterable[UserRef] = (), **how: Any) -> Channel:
        """As ``Slackd.add_channel``."""
        return _channel(await self.call("add_channel", name, list(members), **how))

    async def im(self, user: UserRef) -> Channel:
        """The direct conversation of the app and this person."""
        return _channel(await self.call("im", user))

    async def say(
        self,
        user: UserRef,
        channel: ChannelRef,
        text: str,
        thread_ts: str | None = None,
        *,
        files: Iterable[tuple[str, str]] = (),
        lost: bool = False,
    ) -> str:
        """As ``Slackd.say``."""
        return str(await self.call("say", user, channel, text, thread_ts, files=list(files), lost=lost))

    async def edit(self, user: UserRef, channel: ChannelRef, ts: str, text: str) -> None:
        """As ``Slackd.edit``."""
        await self.call("edit", user, channel, ts, text)

    async def delete(self, user: UserRef, channel: ChannelRef, ts: str) -> None:
        """As ``Slackd.delete``."""
        await self.call("delete", user, channel, ts)

    async def react(self, user: UserRef, channel: ChannelRef, ts: str, name: str) -> None:
        """As ``Slackd.react``."""
        await self.call("react", user, channel, ts, name)

    async def click(self, user: UserRef, channel: ChannelRef, ts: str, action_id: str, **how: Any) -> Ack:
        """As ``Slackd.click``."""
        return Ack(**await self.call("click", user, channel, ts, action_id, **how))

    async def click_in_view(self, user: UserRef, view_id: str, action_id: str, **how: Any) -> Ack:
        """As ``Slackd.click_in_view``."""
        return Ack(**await self.call("click_in_view", user, view_id, action_id, **how))

    async def submit(self, user: UserRef, view_id: str, values: Json | None = None) -> Ack:
        """As ``Slackd.submit``."""
        return Ack(**await self.call("submit", user, view_id, values))

    async def close_view(self, user: UserRef, view_id: str, *, clear: bool = False) -> Ack | None:
        """As ``Slackd.close_view``."""
        answer = await self.call("close_view", user, view_id, clear=clear)
        return Ack(**answer) if answer is not None else None

    async def command(self, user: UserRef, channel: ChannelRef, command: str, text: str = "") -> Ack:
        """As ``Slackd.command``."""
        return Ack(**await self.call("command", user, channel, command, text))

    async def shortcut(self, user: UserRef, channel: ChannelRef, ts: str, callback_id: str) -> Ack:
        """As ``Slackd.shortcut``."""
        return Ack(**await self.call("shortcut", user, channel, ts, callback_id))

    async def global_shortcut(self, user: UserRef, callback_id: str) -> Ack:
        """As ``Slackd.global_shortcut``."""
        return Ack(**await self.call("global_shortcut", user, callback_id))

    async def open_messages_tab(self, user: UserRef) -> None:
        """As ``Slackd.open_messages_tab``."""
        await self.call("open_messages_tab", user)

    async def open_home_tab(self, user: UserRef) -> None:
        """As ``Slackd.open_home_tab``."""
        await self.call("open_home_tab", user)

    async def press_native_stop(self, user: UserRef, channel: ChannelRef, thread_ts: str) -> None:
        """As ``Slackd.press_native_stop``."""
        await self.call("press_native_stop", user, channel, thread_ts)

    async def uninstall(self) -> None:
        """As ``Slackd.uninstall``."""
        await self.call("uninstall")

    async def revoke_tokens(self) -> None:
        """As ``Slackd.revoke_tokens``."""
        await self.call("revoke_tokens")

    async def views(self, user: UserRef) -> list[Json]:
        """Open modals of a person, latest last."""
        return cast("list[Json]", await self.call("views", user))

    async def messages(self, channel: ChannelRef, thread_ts: str | None = None) -> list[Json]:
        """As ``Slackd.messages``."""
        return cast("list[Json]", await self.call("messages", channel, thread_ts))

    async def ephemerals(self, user: UserRef) -> list[Json]:
        """What only this person was shown."""
        return cast("list[Json]", await self.call("ephemerals", user))

    async def status(self, channel: ChannelRef, thread_ts: str) -> str | None:
        """The line an assistant's thread shows."""
        return cast("str | None", await self.call("status", channel, thread_ts))

    async def session(self, channel: ChannelRef, thread_ts: str) -> str | None:
        """The status of the agent session of a thread."""
        return cast("str | None", await self.call("session", channel, thread_ts))

    async def prompts(self, channel: ChannelRef, thread_ts: str | None = None) -> list[Json]:
        """Suggested prompts shown there."""
        return cast("list[Json]", await self.call("prompts", channel, thread_ts))

    async def file(self, file_id: str) -> bytes:
        """The bytes of a file."""
        return base64.b64decode(await self.call("file", file_id))

    async def log(self, since: int = 0) -> list[Json]:
        """The wire log, as JSON, from an entry on."""
        return cast("list[Json]", await self.call("log", since))

    async def ledger(self) -> Json:
        """The effect ledger; keys are joined by a space."""
        return cast("Json", await self.call("ledger"))

    async def warnings(self) -> list[str]:
        """What a test should find empty."""
        return cast("list[str]", await self.call("warnings"))

    async def connections(self) -> int:
        """Web sockets of the app."""
        return int(await self.call("connections"))

    async def advance(self, seconds: float) -> None:
        """Move the server's clock ahead."""
        await self.call("advance", seconds)

    async def now(self) -> float:
        """The server's clock."""
        return float(await self.call("now"))

    async def deliver_to(self, url: str) -> bool:
        """As ``Slackd.deliver_to``: whether the address gave the challenge back."""
        return bool(await self.call("deliver_to", url))

    async def down(self) -> None:
        """The app cannot be reached."""
        await self.call("down")

    async def up(self) -> None:
        """It can be reached again."""
        await self.call("up")

    async def disconnect_all(self, reason: str = "refresh_requested") -> None:
        """As ``Slackd.disconnect_all``."""
        await self.call("disconnect_all", reason)

    async def kill_sockets(self) -> None:
        """Break every web socket."""
        await self.call("kill_sockets")

    async def freeze_sockets(self) -> None:
        """Let every stream die silently."""
        await self.call("freeze_sockets")

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

    async def settled(self, seconds: float = 10) -> None:
        """Return when every event was acknowledged or given up."""
        await self.eventually(lambda: self.call("quiet"), seconds)

    async def _changed(self, since: int, seconds: float) -> int:
        query = {"since": str(since), "seconds": str(seconds)}
        async with self._session.get(f"{self._control}events", params=query) as response:
            return int((await response.json())["version"])


@asynccontextmanager
async def connect_slackd(info: Json) -> AsyncGenerator[SlackdClient]:
    """A client of a server that runs; ``info`` is the line it printed."""
    async with aiohttp.ClientSession() as session:
        yield SlackdClient(session, info)


@asynccontextmanager
async def run_slackd(
    manifest: Path, *, realtime: bool = False, port: int = 0, arguments: Iterable[str] = ()
) -> AsyncGenerator[SlackdClient]:
    """Start a server as a process of its own, and end it with the block."""
    command = [
        sys.executable,
        "-m",
        "tests.servers.slackd",
        "--port",
        str(port),
        "--manifest",
        str(manifest),
        *arguments,
    ]
    if realtime:
        command.append("--realtime")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            line = await process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server did not start: {await process.wait()}")
        async with connect_slackd(json.loads(line)) as client:
            yield client
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _plain(value: Any) -> Any:
    if isinstance(value, User | Channel):
        return value.id
    if isinstance(value, list):
        return [_plain(each) for each in cast("list[Any]", value)]
    return value


def _channel(given: Json) -> Channel:
    fields: Json = given | {"members": dict.fromkeys(given["members"])}
    return Channel(**fields)
