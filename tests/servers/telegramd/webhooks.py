"""Deliveries to the bot's address: one after another, in order, each until it is taken."""

from __future__ import annotations

import json

import aiohttp

from tests.servers.telegramd.core import Parts
from tests.servers.telegramd.updates import Hook, Waiting

_SECONDS = 30.0
"""How long the bot has to answer."""


class Webhooks:
    """Posts what waits to the address that is set."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._world = parts.world
        self._session: aiohttp.ClientSession | None = None

    async def run(self) -> None:
        """Deliver until the server ends."""
        updates, changes = self._parts.updates, self._world.changes
        while True:
            version = changes.version
            updates.expire()
            if updates.hook.url and updates.queue:
                await self._deliver(updates.queue[0])
            else:
                await changes.after(version, 3_600)

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()

    async def _deliver(self, waiting: Waiting) -> None:
        updates, world = self._parts.updates, self._world
        version, attempt = updates.hook.version, 0
        waits = self._parts.options.webhook_retry
        while updates.hook.version == version and updates.hook.url:
            trouble = await self._post(waiting, updates.hook, attempt)
            if not trouble:
                updates.confirm(waiting)
                return
            updates.hook.error, updates.hook.error_at = trouble, world.clock.now()
            world.touch()
            wait = waits[min(attempt, len(waits) - 1)]
            await world.clock.sleep(wait, patience=min(wait, self._parts.options.patience))
            attempt += 1
            if waiting not in updates.queue:
                return

    async def _post(self, waiting: Waiting, hook: Hook, attempt: int) -> str:
        """What went wrong; nothing when it was taken."""
        update = waiting.update
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS))
        headers = {"Content-Type": "application/json"}
        if hook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
        entry = self._world.log.add("update", update.kind, self._world.clock.running(), update.wire())
        entry.attempt = attempt
        body = json.dumps(update.wire(), ensure_ascii=False).encode()
        try:
            async with self._session.post(hook.url, data=body, headers=headers, allow_redirects=False) as response:
                entry.status, entry.answer = response.status, await response.text()
        except TimeoutError:
            entry.status, entry.fault = 0, "Read timeout expired"
        except (aiohttp.ClientError, OSError):
            entry.status, entry.fault = 0, "Connection refused"
        entry.ok = 200 <= entry.status < 300
        if entry.ok and '"method"' in str(entry.answer):
            self._world.warn("method_in_answer_to_webhook_not_simulated")
        self._world.log.settled()
        if entry.ok:
            return ""
        return entry.fault or f"Wrong response from the webhook: {entry.status}"
