"""Commit, then acknowledge; then handle each delivery once. The crash barrier of inbound messages."""

from __future__ import annotations

from collections.abc import Callable

from loguru import logger

from bot.render.texts import Texts
from engine.concurrency import Wakeup
from engine.domain.ids import TenantId
from engine.domain.request import Request, dominant_locale
from engine.errors import TizmorError
from engine.failpoints import failpoint
from engine.orchestration.master_orchestrator import MasterOrchestrator
from engine.ports.chat_log import ChatLog, Delivery, Outgoing
from engine.ports.clock import Clock


class Inbox:
    """Turns deliveries into executions. Killed between the two commits, the request key finds the execution again."""

    def __init__(
        self, log: ChatLog, orchestrator: MasterOrchestrator, clock: Clock, timezone: str, shown: Callable[[], None]
    ) -> None:
        self._log = log
        self._orchestrator = orchestrator
        self._clock = clock
        self._timezone = timezone
        self._shown = shown
        self._bell = Wakeup()

    async def receive(self, delivery: Delivery) -> None:
        """Commit a message; durable on return. A known key changes nothing."""
        if await self._log.receive(delivery):
            self._shown()
        self._bell.ring()

    async def run(self) -> None:
        """Handle deliveries until cancelled; begins with what an earlier process left."""
        self._bell.ring()
        while True:
            await self._bell.wait()
            while waiting := await self._log.waiting():
                for delivery in waiting:
                    await self._handle(delivery)

    async def _handle(self, delivery: Delivery) -> None:
        failpoint("inbox.handle.before")
        answer = None
        locale = dominant_locale(delivery.text)
        request = Request(
            text=delivery.text,
            user_id=delivery.user_id,
            tenant_id=TenantId(delivery.tenant_id),
            locale=locale,
            timezone=self._timezone,
            request_key=delivery.key,
        )
        try:
            await self._orchestrator.start(request, delivery.user_id)
        except TizmorError as error:
            answer = Outgoing(purpose="error", kind="text", body={"text": Texts(locale).error(error.code)})
        except Exception:  # noqa: BLE001 - the crash barrier of inbound messages
            logger.bind(key=delivery.key).exception("inbound_broke")
            answer = Outgoing(purpose="error", kind="text", body={"text": Texts(locale).error("internal_error")})
        await self._log.handled(delivery.key, self._clock.now(), answer)
        if answer is not None:
            self._shown()
