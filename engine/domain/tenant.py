"""Who asks: a tenant's principal, and how that person's week looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum

from engine.domain.ids import PrincipalId, TenantId


class Role(StrEnum):
    """What a principal may do; the whole table is in ``engine.safety.authoriser``."""

    OWNER = "owner"
    """Everything, other people's executions included."""
    ADMIN = "admin"
    """Acts for others and sees all, but does not own the tenant."""
    MEMBER = "member"
    """Their own executions and approvals."""
    NONE = "none"
    """Guests, strangers, bots: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An authenticated actor. Doors make it from proof (token, cookie, signature), never from a body."""

    id: PrincipalId
    tenant_id: TenantId
    role: Role
    name: str = ""
    """For display only; never compared."""
    also: frozenset[PrincipalId] = frozenset()
    """Other accounts of the same person, who proved it with a one-time code."""

    @property
    def ids(self) -> frozenset[PrincipalId]:
        """Every account of the person."""
        return self.also | {self.id}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalTime:
    """A person's zone, working week and hours."""

    timezone: str = "Asia/Jerusalem"
    """IANA name."""
    workdays: frozenset[int] = field(default_factory=lambda: frozenset({6, 0, 1, 2, 3}))
    """``date.weekday()`` numbers, Monday is 0; by default Sunday to Thursday."""
    starts: time = time(9)
    ends: time = time(18)
