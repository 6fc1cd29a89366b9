"""State that survives a restart: changes are committed whole or not at all; reads are consistent snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from engine.domain.approval import Approval, ApprovalStatus
from engine.domain.effect import Intent
from engine.domain.event import Event
from engine.domain.ids import ApprovalId, ConversationId, EffectKey, ExecutionId, PrincipalId, StepId, TenantId
from engine.domain.message import AgentMessage
from engine.domain.plan import Plan
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.spend import CostLine, Spend
from engine.ports.changes import Change, Due


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOf:
    """An approval, and who may decide it."""

    approval: Approval
    tenant_id: TenantId
    user_id: PrincipalId
    """The requester."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """A version of a plan, as it was saved."""

    plan: Plan
    made_at: datetime | None
    """None where no event tells."""


class ExecutionStore(Protocol):
    """The engine's memory. Every read names the tenant, or is the owner process's own recovery read."""

    async def commit(self, *changes: Change) -> bool:
        """Apply all or nothing; durable when it returns True. False: a condition did not hold and nothing was changed.

        Changes committed at the same moment by different callers share one disk flush.
        Cancel: the transaction may still happen; read again to know.

        Raises:
            StorageAwayError: ``storage_unavailable``: the outcome is unknown until read again.
        """
        ...

    async def snapshot(self, execution_id: ExecutionId) -> ExecutionSnapshot | None:
        """Everything about one execution at one instant."""
        ...

    async def by_request_key(self, tenant: TenantId, user: PrincipalId, key: str) -> ExecutionId | None:
        """The execution a delivery already made."""
        ...

    async def moving(self) -> Sequence[ExecutionId]:
        """Every execution that something other than a person or a timer can move, oldest first: what recovery looks at.
        One that only waits is not among them, however many there are."""
        ...

    async def suspects(self, deaths: int) -> Sequence[ExecutionId]:
        """Every execution that is not done and, itself or in a step that is not, was under way at so many counted deaths."""
        ...

    async def unfinished(self) -> int:
        """How many executions are not done, waiting ones included."""
        ...

    async def conversation(
        self, tenant: TenantId, user: PrincipalId, conversation: ConversationId, *, before: ExecutionId, limit: int
    ) -> Sequence[ExecutionId]:
        """The person's executions of a conversation that were accepted before this one, newest first."""
        ...

    async def thread(self, tenant: TenantId, conversation: ConversationId, *, limit: int) -> Sequence[ExecutionId]:
        """Everybody's executions of a conversation, newest first."""
        ...

    async def live(self, tenant: TenantId, users: frozenset[PrincipalId], *, limit: int) -> Sequence[ExecutionId]:
        """Executions of a person's accounts that are not done, newest first."""
        ...

    async def recent_threads(self, tenant: TenantId, since: datetime, *, limit: int) -> Sequence[ConversationId]:
        """Conversations with an execution that changed since then or is not done, the most recent first."""
        ...

    async def costs(self, tenant: TenantId, users: frozenset[PrincipalId] | None, since: date) -> Sequence[CostLine]:
        """What model calls cost since a day, it included: the newest day first, then by user and model; at most 1,000 lines.
        ``users`` None means everybody's."""
        ...

    async def day_spend(self, tenant: TenantId, day: date) -> Spend:
        """What a tenant's model calls of one day have cost, reservations included."""
        ...

    async def executions(
        self, tenant: TenantId, users: frozenset[PrincipalId] | None, *, limit: int, before: str | None
    ) -> Sequence[ExecutionId]:
        """Newest first; ``before`` is an execution id to continue after; ``users`` None means everybody's."""
        ...

    async def approval(self, approval_id: ApprovalId) -> Approval | None:
        """One approval, or None."""
        ...

    async def asked(self, approval_id: ApprovalId) -> AskedOf | None:
        """One approval with whose execution it is about, or None."""
        ...

    async def gate(self, execution_id: ExecutionId, step_id: StepId, effect_number: int) -> Approval | None:
        """The newest question about this effect of a step that was not superseded, or None."""
        ...

    async def approvals(
        self, tenant: TenantId, users: frozenset[PrincipalId] | None, status: ApprovalStatus | None
    ) -> Sequence[Approval]:
        """Approvals of these users' executions, newest first, at most 200; ``users`` None means everybody's."""
        ...

    async def intent(self, key: EffectKey) -> Intent | None:
        """One intent, or None."""
        ...

    async def intents(self, execution_id: ExecutionId) -> Sequence[Intent]:
        """Every intent of an execution, in the order they were last tried."""
        ...

    async def events(self, execution_id: ExecutionId, after: int) -> Sequence[Event]:
        """Events with a greater sequence number, in order, at most 500."""
        ...

    async def messages(self, execution_id: ExecutionId, recipient: str) -> Sequence[AgentMessage]:
        """Messages for one agent, oldest first."""
        ...

    async def versions(self, execution_id: ExecutionId) -> Sequence[PlanVersion]:
        """Every version of an execution's plan, the first one first; drafts are none."""
        ...

    async def due(self, limit: int) -> Sequence[Due]:
        """Unclaimed alarms, earliest first."""
        ...
