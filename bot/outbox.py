"""Latest state wins: renders an execution when it is stale and shows what differs. A chat failure never fails an execution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loguru import logger

from bot.render.card import render_card
from bot.render.replies import render_replies
from engine.concurrency import Wakeup
from engine.domain.event import Event
from engine.domain.ids import ExecutionId
from engine.domain.json import content_hash
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import TizmorError
from engine.failpoints import failpoint
from engine.orchestration.state_manager import StateManager
from engine.ports.chat_log import ChatLog, Outgoing
from engine.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLook:
    """What every card of this installation says alike."""

    gated_agents: frozenset[str]
    """Agents whose writes a person is asked about first."""
    model_agents: frozenset[str] = frozenset()
    """Agents that ask a language model here."""
    banner: str = ""
    """Something the installation must own up to: ``scripted``, or empty."""


class Outbox:
    """One sender for the local chat. Progress may be skipped; approvals, questions and finals are states and never are."""

    def __init__(
        self, log: ChatLog, state: StateManager, clock: Clock, look: CardLook, shown: Callable[[], None]
    ) -> None:
        self._log = log
        self._state = state
        self._clock = clock
        self._look = look
        self._shown = shown
        self._stale: dict[ExecutionId, None] = {}
        self._bell = Wakeup()

    def heard(self, event: Event) -> None:
        """An execution has news; give it to ``StateManager.watch``."""
        self.mark(event.execution_id)

    def mark(self, execution_id: ExecutionId) -> None:
        """Show this execution's latest state soon."""
        self._stale[execution_id] = None
        self._bell.ring()

    async def run(self) -> None:
        """Send until cancelled; begins with what was not shown before a restart. The crash barrier of delivery."""
        for execution_id in await self._log.behind():
            self.mark(execution_id)
        while True:
            await self._bell.wait()
            while self._stale:
                execution_id = next(iter(self._stale))
                del self._stale[execution_id]
                try:
                    await self._show(execution_id)
                except TizmorError as error:
                    logger.bind(execution_id=execution_id, code=error.code).error("delivery_failed")
                except Exception:  # noqa: BLE001 - the crash barrier of delivery
                    logger.bind(execution_id=execution_id).exception("delivery_broke")

    async def _show(self, execution_id: ExecutionId) -> None:
        snapshot = await self._state.snapshot(execution_id)
        before = await self._log.shown(execution_id)
        changed = [m for m in self._render(snapshot) if before.get(m.purpose) != content_hash(m.body)]
        request = snapshot.execution.request
        failpoint("outbox.show.before")
        conversation = (request.conversation_id, request.user_id)
        await self._log.show(execution_id, conversation, snapshot.seq, changed, self._clock.now())
        failpoint("outbox.show.after")
        if changed:
            self._shown()

    def _render(self, snapshot: ExecutionSnapshot) -> Sequence[Outgoing]:
        look = self._look
        card = render_card(
            snapshot,
            now=self._clock.now(),
            gated_agents=look.gated_agents,
            model_agents=look.model_agents,
            banner=look.banner,
        )
        return [
            Outgoing(purpose="card", kind="card", body=card.to_json()),
            *(Outgoing(purpose=r.purpose, kind="reply", body=r.to_json()) for r in render_replies(snapshot)),
        ]
