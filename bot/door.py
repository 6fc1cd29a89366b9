"""What every door may ask of the product, as Protocols: the gateway implements them, surfaces only call them.

A door proves who is asking and in what shape; everything it may then cause goes through :class:`Door`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from engine.domain.approval import Approval, ApprovalStatus, Decision
from engine.domain.event import Event
from engine.domain.execution import Signal
from engine.domain.ids import ApprovalId, ConversationId, ExecutionId, PrincipalId, TenantId
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.spend import CostLine
from engine.domain.tenant import Principal
from engine.orchestration.plan_editor import Edited
from engine.planning.editing import PlanEdit
from engine.ports.store import PlanVersion

OUTSIDE = ("slack:", "telegram:")
"""How ids of conversations begin that are held in a chat outside: only that surface itself may name them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestrateCommand:
    """One request as a door received it. ``text`` has been through ``engine.domain.request.clean_text``."""

    text: str
    user_id: PrincipalId | None = None
    """For whom; None means the principal. Another person's id has been checked against the principal's role."""
    conversation_id: ConversationId | None = None
    locale: str | None = None
    """``he`` or ``en``; None means the text's dominant script."""
    timezone: str | None = None
    """IANA name; None means the person's setting."""
    dry_run: bool = False
    request_key: str | None = None
    """Names the delivery, unique per principal; a known key gives the execution it already made."""
    sent_at: datetime | None = None
    """When the person wrote it, where the surface knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some executions, newest first."""

    items: tuple[ExecutionSnapshot, ...]
    next: str | None = None
    """Pass as ``before`` to go on; None at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One state of one message of the local chat; an edit has the same ``id`` and a greater ``seq``."""

    id: str
    seq: int
    """1-based, growing within the principal's chat."""
    role: str
    """``person`` for the person's own words; the product's messages carry another."""
    kind: str
    execution_id: ExecutionId | None
    at: datetime
    body: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHistory:
    """Every version of an execution's plan."""

    snapshot: ExecutionSnapshot
    versions: tuple[PlanVersion, ...]
    """The first one first."""


class Door(Protocol):
    """The one way in. Every method checks what the principal may see and do."""

    async def orchestrate(self, principal: Principal, command: OrchestrateCommand) -> ExecutionSnapshot:
        """Start an execution and return once it is committed, before planning.

        Raises:
            RequestError: the person can mend it.
            UnavailableError: storage is away; the outcome is unknown, repeat with the same ``request_key``.
        """
        ...

    async def execution(self, principal: Principal, execution_id: ExecutionId) -> ExecutionSnapshot:
        """One execution.

        Raises:
            NotFoundError: unknown, or another person's.
        """
        ...

    async def executions(self, principal: Principal, *, limit: int, before: str | None) -> Page:
        """Executions the principal may see, newest first.

        Raises:
            RequestError: ``before`` is no cursor of ours.
        """
        ...

    async def signal(self, principal: Principal, execution_id: ExecutionId, signal: Signal) -> ExecutionSnapshot:
        """Pause, resume or cancel; repeating is harmless.

        Raises:
            NotFoundError: unknown, or another person's.
            ConflictError: it is done, or its state does not admit the signal.
        """
        ...

    async def undo(self, principal: Principal, execution_id: ExecutionId) -> ExecutionSnapshot:
        """Take back what an execution did to the world, as an execution of its own in the same conversation, and return once
        that is committed. Wanted twice, there is one: at the same moment both are given it, else the later is refused.

        Raises:
            NotFoundError: unknown, or another person's.
            ConflictError: ``undo_not_yet``, ``undo_done``, ``undo_nothing``, ``undo_too_late``, see
                :func:`engine.planning.undoing.must_be_undoable`.
        """
        ...

    async def plans(self, principal: Principal, execution_id: ExecutionId) -> PlanHistory:
        """Every version of an execution's plan.

        Raises:
            NotFoundError: unknown, or another person's.
        """
        ...

    async def edit_plan(
        self, principal: Principal, execution_id: ExecutionId, edit: PlanEdit | str, key: str
    ) -> Edited:
        """Change a plan, exactly or in words; committed on return, and nothing of the old version begins any more. A known
        ``key`` changes nothing.

        Raises:
            NotFoundError: unknown, or another person's; ``step_unknown``, ``version_unknown``.
            ConflictError: as :meth:`engine.orchestration.plan_editor.PlanEditor.edit`.
            RequestError: ``inputs_invalid``; the words are empty or too long.
        """
        ...

    async def fork(
        self, principal: Principal, execution_id: ExecutionId, step: str | None, text: str, key: str
    ) -> ExecutionSnapshot:
        """Do an execution that is done again, from a step on or whatever failed of it, as an execution of its own in the same
        conversation. What was done before that is brought in as it was. A known ``key`` gives the one it made.

        Raises:
            NotFoundError: unknown, or another person's; ``step_unknown``.
            ConflictError: as :meth:`engine.orchestration.forker.Forker.begin`.
        """
        ...

    async def approvals(self, principal: Principal, status: ApprovalStatus | None) -> tuple[Approval, ...]:
        """Approvals the principal may see, newest first; None means every status."""
        ...

    async def decide(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> Approval:
        """Answer an approval; the first answer wins.

        Raises:
            NotFoundError: unknown, or another person's.
            ConflictError: already decided; ``parameters`` has ``who`` and ``when`` (ISO 8601, UTC).
            RequestError: the answer does not fit the question.
        """
        ...

    async def feedback(self, principal: Principal, execution_id: ExecutionId, rating: int, comment: str) -> None:
        """Store a verdict (1 or -1); a later one replaces it.

        Raises:
            NotFoundError: unknown, or another person's.
        """
        ...

    async def costs(self, principal: Principal, since: date) -> tuple[CostLine, ...]:
        """What model calls cost since a day, the newest first: everybody's to who may see all, else one's own."""
        ...

    def events(self, principal: Principal, execution_id: ExecutionId, after: int) -> AsyncIterator[Event]:
        """Events with a greater number, in order, replayed and then live. Ends after ``EXECUTION_FINISHED``, and
        at once where the execution is done and nothing follows ``after``. Cancel or ``aclose`` frees everything it holds."""
        ...

    async def say(self, principal: Principal, text: str, client_id: str) -> None:
        """Commit a message of the local chat to the inbox; a known ``client_id`` of this principal changes nothing."""
        ...

    def chat(self, principal: Principal, after: int) -> AsyncIterator[ChatMessage]:
        """The principal's chat: states with a greater number, in order, replayed, then live; never ends by itself."""
        ...

    async def ready(self) -> Mapping[str, bool]:
        """What must work before work is taken, by name: ``database`` and each configured surface."""
        ...

    def metrics(self) -> str:
        """Everything measured, in Prometheus' text format."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An approval with what a form about it needs."""

    approval: Approval
    snapshot: ExecutionSnapshot
    """Of its execution."""
    schema: JsonObject | None
    """JSON schema of the call's arguments, where it is about a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoable:
    """An execution that can be taken back, with what a question about it needs."""

    snapshot: ExecutionSnapshot
    undone_by: Mapping[str, str]
    """The tool that takes back what another did, by that one's name."""


class ChatDoor(Door, Protocol):
    """What surfaces that hold conversations ask besides."""

    async def thread(self, principal: Principal, conversation_id: ConversationId) -> tuple[ExecutionSnapshot, ...]:
        """The executions of a conversation that the principal may see, newest first, at most ten."""
        ...

    async def live(self, principal: Principal) -> tuple[ExecutionSnapshot, ...]:
        """The principal's own executions that are not done, wherever they are held, newest first, at most twenty."""
        ...

    async def asked_in(self, tenant: TenantId, conversation_id: ConversationId) -> bool:
        """Was anything ever asked in this conversation, by whomever? For surfaces that decide what concerns us."""
        ...

    async def offer_change(self, principal: Principal, execution_id: ExecutionId, text: str, key: str) -> None:
        """Ask the principal whether what they said meanwhile changes the plan; a known ``key`` changes nothing.

        Raises:
            NotFoundError: unknown, or another person's.
            ConflictError: it is done or being cancelled.
        """
        ...

    async def question(self, principal: Principal, approval_id: ApprovalId) -> Question:
        """An approval that the principal may decide, whatever its status; or the question about a step of a plan, which
        :meth:`check` and :meth:`decide` take as well, see :mod:`bot.step_questions`.

        Raises:
            NotFoundError: unknown, or another person's; ``step_unknown``.
            ConflictError: the step cannot be edited.
        """
        ...

    async def edit_step(self, principal: Principal, approval_id: ApprovalId, action: str, key: str) -> None:
        """Leave a step of a plan out, or do it again; a known ``key`` changes nothing.

        Args:
            principal: who wants it.
            approval_id: of the question about the step, see :mod:`bot.step_questions`.
            action: ``drop_step`` or ``retry_step``.
            key: names the delivery.

        Raises:
            NotFoundError: unknown, or another person's; ``step_unknown``.
            ConflictError: ``step_replaced``; as :meth:`edit_plan`.
            RequestError: ``button_unknown``.
        """
        ...

    async def may_undo(self, principal: Principal, execution_id: ExecutionId) -> Undoable:
        """An execution that :meth:`undo` would take back now. Changes nothing. Raises as :meth:`undo`."""
        ...

    async def check(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> None:
        """Would :meth:`decide` take this? Changes nothing. Raises as :meth:`decide`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """An answer kept under an idempotency key."""

    route: str
    """Method and path, such as ``POST /api/orchestrate``."""
    body_hash: str
    status: int
    body: JsonObject


class Idempotency(Protocol):
    """Answers already given, by (principal, key); kept for 48 hours at least."""

    async def recall(self, principal_id: PrincipalId, key: str) -> Remembered | None:
        """What was answered under this key, or None."""
        ...

    async def remember(self, principal_id: PrincipalId, key: str, answer: Remembered) -> None:
        """Keep an answer, durable on return; the first one under a key stays."""
        ...
