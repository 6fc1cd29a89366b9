"""What people said in a conversation: everybody's words, kept as they arrive. Data to read, never instructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.domain.ids import ConversationId, PrincipalId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One message of a conversation, as it stands after edits."""

    conversation_id: ConversationId
    id: str
    """Names it within its conversation; a later one with the same id is the same message edited."""
    tenant_id: TenantId
    author_id: PrincipalId
    author: str
    """What its author is called; for display only."""
    text: str
    """Plain text, without the surface's markup; empty: it was deleted."""
    at: datetime


class Remarks(Protocol):
    """Remarks of conversations that somebody asked something in, for whoever reads them."""

    async def read(self, tenant: TenantId, conversation: ConversationId, *, limit: int) -> Sequence[Remark]:
        """The newest remarks that were not deleted, oldest of them first."""
        ...


class RemarkBook(Remarks, Protocol):
    """The same, for whoever keeps them."""

    async def keep(self, *remarks: Remark) -> None:
        """Add, or replace what was edited; durable on return. One that is known and equal changes nothing."""
        ...

    async def forget(self, before: datetime) -> int:
        """Drop what was written before this instant; how many there were."""
        ...
