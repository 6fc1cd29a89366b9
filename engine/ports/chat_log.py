"""What the inbox, the outbox and the local chat keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.domain.ids import DEFAULT_CONVERSATION, ConversationId, ExecutionId, PrincipalId
from engine.domain.json import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One inbound message, committed before it was acknowledged."""

    key: str
    """Names the delivery; a known key is the same message again."""
    surface: str
    """Which door it came to; ``chat`` is the local one."""
    user_id: PrincipalId
    tenant_id: str
    text: str
    received_at: datetime
    kind: str = "message"
    """What happened: ``message``, or what only its surface understands, such as a button pressed."""
    conversation_id: ConversationId = DEFAULT_CONVERSATION
    sent_at: datetime | None = None
    """When the person did it, where the surface knows."""
    payload: JsonObject = field(default_factory=dict[str, JsonValue])
    """What else its surface needs to handle it."""


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
        """Commit an inbound message, and show it in the local chat if it came from there; False when its key is known."""
        ...

    async def waiting(self, surface: str, after: Delivery | None = None) -> Sequence[Delivery]:
        """Inbound messages of a surface not handled yet, oldest first, those behind ``after`` if it is given, at most 500."""
        ...

    async def handled(self, key: str, at: datetime, answer: Outgoing | None = None) -> None:
        """Done with a delivery; ``answer`` is said in the chat in the same transaction."""
        ...

    async def forget(self, before: datetime) -> int:
        """Drop what was handled before this instant; how many there were. A delivery that comes again later than its key
        is kept would be new: platforms give up long before."""
        ...

    async def behind(self, elsewhere: Sequence[str] = ()) -> Sequence[ExecutionId]:
        """Executions whose card shows less than their last event, oldest first: what the outbox looks at when it starts.
        Conversations whose id begins with one of ``elsewhere`` are shown by another surface and left out."""
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
