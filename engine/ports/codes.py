"""One-time codes that outlive a restart: invitations, and proofs that two accounts are one person's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from engine.domain.ids import PrincipalId, TenantId


class CodeKind(StrEnum):
    """What a code is good for."""

    INVITATION = "invitation"
    """Whoever brings it becomes a member."""
    LINK = "link"
    """Whoever brings it is the same person as who asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What is known of a code, but not the code."""

    kind: CodeKind
    issuer: PrincipalId
    tenant_id: TenantId
    expires_at: datetime
    used_by: PrincipalId | None = None
    """Who used it up: what they did with it may have to be done again after a crash."""


class Codes(Protocol):
    """Codes by the hash of what people carry (``bot.access.token_hash``)."""

    async def add(self, token_hash: str, code: Code) -> None:
        """Keep a code; durable on return."""
        ...

    async def find(self, token_hash: str, now: datetime, by: PrincipalId) -> Code | None:
        """A code that is good for somebody: nobody used it and it is not too old yet, or they themselves used it up. It stays
        so. None: unknown, somebody else's, or too old."""
        ...

    async def use(self, token_hash: str, now: datetime, by: PrincipalId) -> bool:
        """Use it up; durable on return, repeating is harmless. False where it is not good for them (any more)."""
        ...

    async def live(self, now: datetime) -> Mapping[str, Code]:
        """Every code that nobody has used and that is not too old yet, by its hash."""
        ...

    def spoil(self, token_hash: str) -> None:
        """End a code that others have seen. Written behind, but before whatever is committed after this call: who handles the
        message that showed it notes that later.

        Raises:
            UnavailableError: ``storage_unavailable``: it stays good; call again.
        """
        ...

    async def void(self, accounts: Iterable[PrincipalId]) -> None:
        """End every code that one of these made or used up; durable on return."""
        ...

    async def forget(self, before: datetime) -> int:
        """Drop what was too old before this instant; how many there were."""
        ...
