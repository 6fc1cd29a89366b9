"""The local chat: its messages become requests, and what is shown there is written to its log."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.render.texts import Texts
from bot.render.view import CardLook, render_view
from engine.domain.ids import ConversationId, ExecutionId, TenantId
from engine.domain.json import content_hash
from engine.domain.request import Request, dominant_locale
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import IntegrationError, TizmorError
from engine.failpoints import failpoint
from engine.orchestration.master_orchestrator import MasterOrchestrator
from engine.ports.chat_log import ChatLog, Delivery, Outgoing
from engine.ports.clock import Clock

LOCAL = "chat"
"""Name of this surface in deliveries."""


class LocalRequests:
    """Handles the messages of the local chat."""

    def __init__(self, orchestrator: MasterOrchestrator, timezone: str) -> None:
        self._orchestrator = orchestrator
        self._timezone = timezone

    async def handle(self, delivery: Delivery) -> Outgoing | None:
        """Start what was asked; a request that cannot be taken is answered with why."""
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
        except IntegrationError:
            raise
        except TizmorError as error:
            return Outgoing(purpose="error", kind="text", body={"text": Texts(locale).error(error.code)})
        return None

    async def broken(self, delivery: Delivery) -> Outgoing | None:
        """What the person is told when handling broke."""
        text = Texts(dominant_locale(delivery.text)).error("internal_error")
        return Outgoing(purpose="error", kind="text", body={"text": text})


class LocalChat:
    """Shows every execution that no other surface shows (``bot.outbox.Surface``)."""

    def __init__(
        self, log: ChatLog, clock: Clock, look: CardLook, elsewhere: Sequence[str], shown: Callable[[], None]
    ) -> None:
        self._log = log
        self._clock = clock
        self._look = look
        self._elsewhere = tuple(elsewhere)
        self._shown = shown

    def owns(self, conversation_id: ConversationId) -> bool:
        """See the protocol."""
        return not conversation_id.startswith(self._elsewhere)

    async def behind(self) -> Sequence[ExecutionId]:
        """See the protocol."""
        return await self._log.behind(self._elsewhere)

    async def show(self, snapshot: ExecutionSnapshot) -> None:
        """See the protocol."""
        execution_id, request = snapshot.execution.id, snapshot.execution.request
        before = await self._log.shown(execution_id)
        changed = [m for m in self._render(snapshot) if before.get(m.purpose) != content_hash(m.body)]
        failpoint("outbox.show.before")
        conversation = (request.conversation_id, request.user_id)
        await self._log.show(execution_id, conversation, snapshot.seq, changed, self._clock.now())
        failpoint("outbox.show.after")
        if changed:
            self._shown()

    def _render(self, snapshot: ExecutionSnapshot) -> Sequence[Outgoing]:
        view = render_view(snapshot, self._look, now=self._clock.now(), names={})
        return [
            Outgoing(purpose="card", kind="card", body=view.card.to_json()),
            *(Outgoing(purpose=r.purpose, kind="reply", body=r.to_json()) for r in view.replies),
        ]
