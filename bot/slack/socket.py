"""Socket Mode: one web socket to Slack, kept alive; every envelope goes through Bolt and is acknowledged once committed.

The SDK's own client is not used: it retries a spent address for ever (slackapi/python-slack-sdk#1446), sleeps in a socket
that is closed, starts tasks nobody waits for, takes in without a bound, and writes payloads to its log. aiohttp's web socket
has the pings; what is left is to open, to answer, and to open anew before the old one is closed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import aiohttp
from loguru import logger
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.slack.credentials import translated
from bot.slack.web import slack_client
from engine.concurrency import finish
from engine.errors import IntegrationError, UnavailableError
from engine.ports.clock import Clock

Connected = Callable[[datetime, datetime | None], None]
"""Told of every connection: when, and since when nobody listened (None: since before this process; ``at``: no gap)."""

UNREADABLE = (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError)
"""What Bolt raises when it reads a payload of an odd shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketOptions:
    """How patient we are. Slack wants an acknowledgement within 3 s, and says hello within a second."""

    greeted_within: timedelta = timedelta(seconds=15)
    """From the first call to Slack's hello."""
    silence: timedelta = timedelta(seconds=15)
    """After so long without a byte a ping is sent; half as long without an answer, and the connection is dead."""
    answered_within: timedelta = timedelta(seconds=5)
    """Longest an envelope is worked on, the end of the process included; Slack sends it again."""
    closed_within: timedelta = timedelta(seconds=1)
    """Longest wait for Slack to close its end."""
    linger: timedelta = timedelta(seconds=10)
    """How long a connection Slack asked us to leave is still listened to once the next one stands."""
    steady: timedelta = timedelta(seconds=10)
    """A connection that lived so long was no failure: the next one is opened at once."""
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(seconds=60)
    """Between failed tries, doubling."""
    refused_pause: timedelta = timedelta(minutes=5)
    """Between tries with a token that Slack refused."""
    at_once: int = 256
    """Envelopes worked on at a time; beyond it the socket is not read, and Slack waits."""


class SocketMode:
    """Connects, and stays connected, until cancelled.

    Cancel: nothing more is taken in, envelopes being worked on are finished and acknowledged (bounded by
    ``answered_within``), and the connection is closed. What was not read, Slack delivers again.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        base_url: str,
        clock: Clock,
        on_connected: Connected,
        options: SocketOptions | None = None,
    ) -> None:
        self._app = app
        self._token = app_token
        self._url = base_url
        self._clock = clock
        self._on_connected = on_connected
        self._options = options or SocketOptions()
        self._links: set[_Link] = set()
        self._silent_since: datetime | None = None
        self._refused = False

    @property
    def alive(self) -> bool:
        """Would a message reach us now, as far as can be known?"""
        return any(link.greeted for link in self._links)

    async def run(self) -> None:
        """See the class. Whatever Slack or the network does, it is tried again."""
        async with aiohttp.ClientSession(trust_env=False) as session, asyncio.TaskGroup() as group:
            failures = 0
            link: _Link | None = None
            while True:
                try:
                    following = await self._open(session, group)
                except IntegrationError as error:
                    failures += 1
                    await self._clock.sleep(self._pause(error, failures))
                    continue
                if link is not None:
                    link.retire(self._options.linger)
                link = following
                began = asyncio.get_running_loop().time()
                await link.leaving.wait()
                lived = asyncio.get_running_loop().time() - began
                failures = 0 if lived >= self._options.steady.total_seconds() else failures + 1
                if failures:
                    await self._clock.sleep(self._backoff(failures))

    async def _open(self, session: aiohttp.ClientSession, group: asyncio.TaskGroup) -> _Link:
        """A connection that was greeted.

        Raises:
            IntegrationError: there is none.
        """
        url = await self._address()
        link = _Link(self._app, session, self._options)
        group.create_task(self._serve(link, url))
        await link.settled.wait()
        if not link.greeted:
            raise UnavailableError("slack_socket_silent", f"apps.connections.open: {link.end or 'no hello'}.")
        now = self._clock.now()
        others = any(other.greeted for other in self._links - {link})
        self._on_connected(now, now if others else self._silent_since)
        self._refused = False
        logger.info("slack_listening")
        return link

    async def _serve(self, link: _Link, url: str) -> None:
        self._links.add(link)
        try:
            await link.serve(url)
        finally:
            self._links.discard(link)
            if link.greeted and not self.alive:
                # of a stream that died silently nothing is known for as long as it takes to notice
                self._silent_since = self._clock.now() - self._options.silence * 1.5
                logger.bind(end=link.end).info("slack_not_listening")

    async def _address(self) -> str:
        """A new address; each is good once."""
        async with slack_client(self._token, self._url, self._options.greeted_within) as client:
            opener: Any = client  # the SDK's methods take untyped keywords
            async with translated("apps.connections.open", client):
                answer = await opener.apps_connections_open(app_token=self._token)
        return str(answer.get("url") or "")

    def _pause(self, error: IntegrationError, failures: int) -> timedelta:
        """What the next try waits for; a refused token is said once, until one is taken again."""
        bound = logger.bind(code=error.code, detail=error.detail)
        if isinstance(error, UnavailableError):
            bound.warning("slack_away")
            seconds = error.parameters.get("seconds", "")
            return timedelta(seconds=int(seconds)) if seconds.isdecimal() else self._backoff(failures)
        if not self._refused:
            bound.error("slack_app_token_refused")
        self._refused = True
        return self._options.refused_pause

    def _backoff(self, failures: int) -> timedelta:
        return min(self._options.first_pause * 2 ** min(failures - 1, 10), self._options.longest_pause)


class _Link:
    """One web socket, from its opening to its end."""

    def __init__(self, app: AsyncApp, session: aiohttp.ClientSession, options: SocketOptions) -> None:
        self._app = app
        self._session = session
        self._options = options
        self._slots = asyncio.Semaphore(options.at_once)
        self._limit = asyncio.timeout(options.greeted_within.total_seconds())
        self.settled = asyncio.Event()
        """It was greeted, or it ended."""
        self.leaving = asyncio.Event()
        """Slack asked us to go, or it ended: the next one is needed."""
        self.greeted = False
        self.end = ""
        """Why it ended, for the log."""
        self._over = False

    async def serve(self, url: str) -> None:
        """Listen until either side ends it. Raises nothing of the network's."""
        options = self._options
        try:
            async with (
                self._limit,
                self._session.ws_connect(
                    url,
                    heartbeat=options.silence.total_seconds(),
                    timeout=aiohttp.ClientWSTimeout(
                        ws_close=options.closed_within.total_seconds()  # pyright: ignore[reportCallIssue] - attrs
                    ),
                ) as ws,
                asyncio.TaskGroup() as work,
            ):
                await self._listen(ws, work)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self.end = self.end or type(error).__name__  # its text may hold the address
        finally:
            self._over = True
            self.leaving.set()
            self.settled.set()

    def retire(self, after: timedelta) -> None:
        """End it a little later: the next one stands, and Slack may still send something here."""
        if not self._over:
            self._limit.reschedule(asyncio.get_running_loop().time() + after.total_seconds())

    async def _listen(self, ws: aiohttp.ClientWebSocketResponse, work: asyncio.TaskGroup) -> None:
        async for message in ws:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            envelope = _read(message.data)
            match envelope.get("type"):
                case "hello":
                    self.greeted = True
                    self._limit.reschedule(None)
                    self.settled.set()
                case "disconnect":
                    self.end = str(envelope.get("reason") or "asked")
                    self.leaving.set()
                case _ if isinstance(envelope.get("envelope_id"), str):
                    await self._slots.acquire()
                    work.create_task(self._answer(ws, envelope))
                case _:
                    continue
        self.end = self.end or type(ws.exception() or ConnectionResetError()).__name__

    async def _answer(self, ws: aiohttp.ClientWebSocketResponse, envelope: Mapping[str, Any]) -> None:
        """Work on one envelope, to its end also when the process ends meanwhile."""
        try:
            await finish(self._acknowledge(ws, envelope), within=self._options.answered_within.total_seconds())
        except TimeoutError:
            logger.bind(kind=envelope.get("type")).error("slack_answer_late")
        except (aiohttp.ClientError, OSError):
            logger.bind(kind=envelope.get("type")).info("slack_answer_lost")  # it is delivered again, and known then
        finally:
            self._slots.release()

    async def _acknowledge(self, ws: aiohttp.ClientWebSocketResponse, envelope: Mapping[str, Any]) -> None:
        acknowledgement: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
        try:
            asked = AsyncBoltRequest(mode="socket_mode", body=envelope.get("payload") or {})
        except UNREADABLE:
            logger.bind(kind=envelope.get("type")).warning("slack_unreadable")
        else:
            answer = await self._app.async_dispatch(asked)
            if answer.status != 200:
                return
            if answer.body:
                acknowledgement["payload"] = _payload(answer)
        await ws.send_str(json.dumps(acknowledgement))


def _payload(answer: BoltResponse) -> object:
    """What goes back with an acknowledgement; Bolt's own words, should it say any, are a text."""
    kind = str(answer.headers.get("content-type", [""])[0])
    return json.loads(answer.body) if kind.startswith("application/json") else {"text": answer.body}


def _read(frame: str) -> Mapping[str, Any]:
    """An object; empty for anything else."""
    try:
        found = json.loads(frame)
    except (ValueError, RecursionError):
        return {}
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}
