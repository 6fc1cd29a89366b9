"""HTTP mode: signed requests to the app's address."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any, cast
from urllib.parse import urlencode

import aiohttp

from tests.servers.nursery import Nursery
from tests.servers.slackd.delivery import Ack
from tests.servers.slackd.events import Delivery
from tests.servers.slackd.log import Json
from tests.servers.slackd.options import SlackdOptions
from tests.servers.slackd.state import World


class HttpPosts:
    """Posts everything to one address, as an app made from our manifest registers it."""

    def __init__(self, world: World, options: SlackdOptions, nursery: Nursery) -> None:
        self._world = world
        self._options = options
        self._nursery = nursery
        self._session: aiohttp.ClientSession | None = None
        self.url: str | None = None

    async def send(self, delivery: Delivery, attempt: int, reason: str | None) -> Ack:
        """Post once."""
        headers: dict[str, str] = {}
        if attempt:
            headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": _http_reason(reason)}
        if delivery.kind == "events_api":
            return await self._post(json.dumps(delivery.payload), "application/json", headers)
        fields = delivery.payload if delivery.kind == "slash_commands" else {"payload": json.dumps(delivery.payload)}
        return await self._post(urlencode(fields), "application/x-www-form-urlencoded", headers)

    async def verify(self) -> bool:
        """The handshake of a new address: it must give the challenge back."""
        challenge = f"challenge-{self._world.ids.count('challenge')}"
        body = {"token": "verification-token", "challenge": challenge, "type": "url_verification"}
        entry = self._world.log.add("delivery", "url_verification", self._world.clock.now(), dict(body))
        ack = await self._post(json.dumps(body), "application/json", {})
        given = ack.payload or {}
        entry.ok = ack.ok and challenge in (given.get("challenge"), given.get("text"))
        entry.answer = ack.payload
        self._world.log.settled()
        return entry.ok

    def sign(self, body: str, *, at: int | None = None) -> dict[str, str]:
        """The headers Slack signs a body with, at this moment of Slack's wall."""
        stamp = str(int(time.time() + self._world.skew) if at is None else at)
        digest = hmac.new(self._world.signing_secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256)
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest.hexdigest()}"}

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, body: str, kind: str, headers: dict[str, str]) -> Ack:
        if self.url is None:
            return Ack(ok=False, reason="connection_failed")
        if self._session is None:
            self._session = aiohttp.ClientSession()
        began = time.monotonic()
        headers |= self.sign(body) | {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }
        task = self._nursery.start(self._exchange(self._session, self.url, body, headers), "post")
        awaited = cast("asyncio.Future[object]", task)
        if not await self._world.clock.wait(awaited, self._options.ack_seconds, patience=self._options.patience):
            task.cancel()
            return Ack(ok=False, reason="timeout")
        answered = task.result()
        if answered is None:
            return Ack(ok=False, reason="connection_failed")
        status, payload, final = answered
        ok = 200 <= status < 300
        return Ack(
            ok=ok,
            payload=payload,
            status=status,
            reason=None if ok else "http_error",
            seconds=time.monotonic() - began,
            final=final and not ok,
        )

    async def _exchange(
        self, session: aiohttp.ClientSession, url: str, body: str, headers: dict[str, str]
    ) -> tuple[int, Json | None, bool] | None:
        try:
            async with session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as response:
                text = await response.text()
                return response.status, _payload(text), response.headers.get("X-Slack-No-Retry") == "1"
        except (aiohttp.ClientError, OSError):
            return None


def _payload(text: str) -> Json | None:
    if not text.strip():
        return None
    try:
        value: Any = json.loads(text)
    except ValueError:
        return {"text": text}
    return cast("Json", value) if isinstance(value, dict) else {"text": text}


def _http_reason(reason: str | None) -> str:
    return "http_timeout" if reason in ("timeout", None) else reason
