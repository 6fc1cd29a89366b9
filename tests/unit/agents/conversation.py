"""A conversation in memory, and a desk that stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from engine.domain.ids import ConversationId, PrincipalId, TenantId
from engine.domain.request import Request
from engine.ports.remarks import Remark
from tests.unit.agents.office import NOW, Desk

TENANT, HERE = TenantId("acme"), ConversationId("c1")


@dataclass(slots=True)
class MemoryRemarks:
    """Everybody's words by conversation and id."""

    kept: dict[tuple[str, str], Remark] = field(default_factory=dict[tuple[str, str], Remark])
    reads: int = 0

    async def keep(self, *remarks: Remark) -> None:
        self.kept.update({(remark.conversation_id, remark.id): remark for remark in remarks})

    async def read(self, tenant: TenantId, conversation: ConversationId, *, limit: int) -> Sequence[Remark]:
        self.reads += 1
        there = [r for r in self.kept.values() if (r.tenant_id, r.conversation_id) == (tenant, conversation) and r.text]
        return sorted(there, key=lambda r: (r.at, r.id))[-limit:]

    def say(self, author: str, text: str, minute: int = 0, **more: object) -> Remark:
        """Somebody writes something; minutes count from an hour ago."""
        remark = Remark(
            conversation_id=HERE,
            id=f"r{len(self.kept)}",
            tenant_id=TENANT,
            author_id=PrincipalId(author.lower()),
            author=author,
            text=text,
            at=NOW - timedelta(hours=1) + timedelta(minutes=minute),
        )
        remark = replace(remark, **more)  # type: ignore[arg-type]
        self.kept[remark.conversation_id, remark.id] = remark
        return remark


ASKED = Request(text="summarise this thread", user_id=PrincipalId("yoav"), tenant_id=TENANT, conversation_id=HERE)


@dataclass(slots=True)
class Here(Desk):
    """An attempt whose request was made in the conversation."""

    asked: Request = ASKED

    @property
    def request(self) -> Request:
        return replace(self.asked, locale=self.locale, timezone=self.timezone)
