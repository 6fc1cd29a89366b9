"""What the inbox, the outbox and the local chat keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.domain.ids import ConversationId, ExecutionId, PrincipalId
from engine.domain.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One inbound message, committed before it was acknowledged."""

    key: str
    """Names the delivery; a known key is the same message again."""
    surface: str
    user_id: PrincipalId
    tenant_id: str
    text: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """The latest state of one message of an execution."""

    purpose: str
    """``card``, ``approval:<id>`` or ``final``: names the message within its execution."""
    kind: str
    """``card`` or ``reply``."""
    body: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """One state of one message of the local chat; an edit has the same ``id`` and a greater ``seq``."""

    id: str
    seq: int
    role: str
    """``person`` or ``tizmor``."""
    kind: str
    """``text``, ``card`` or ``reply``."""
    execution_id: ExecutionId | None
    at: datetime
    body: JsonObject


class ChatLog(Protocol):
    """Durable inbox, outbox and local chat."""

    async def receive(self, delivery: Delivery) -> bool:
        """Commit an inbound message and show it in the chat; False when its key is known."""
        ...

    async def waiting(self) -> Sequence[Delivery]:
        """Inbound messages not handled yet, oldest first, at most 100."""
        ...

    async def handled(self, key: str, at: datetime, answer: Outgoing | None = None) -> None:
        """Done with a delivery; ``answer`` is said in the chat in the same transaction."""
        ...

    async def behind(self) -> Sequence[ExecutionId]:
        """Executions whose card shows less than their last event, oldest first: what the outbox looks at when it starts."""
        ...

    async def shown(self, execution_id: ExecutionId) -> dict[str, str]:
        """Content hash of each message of an execution, by purpose."""
        ...

    async def show(
        self,
        execution_id: ExecutionId,
        conversation: tuple[ConversationId, PrincipalId],
        seq: int,
        messages: Sequence[Outgoing],
        at: datetime,
    ) -> None:
        """Write the messages' latest states and that the execution is shown up to ``seq``, in one transaction."""
        ...

    async def since(self, user_id: PrincipalId, after: int) -> Sequence[ShownMessage]:
        """A person's chat messages whose state is newer than ``after``, in order, at most 200."""
        ...
