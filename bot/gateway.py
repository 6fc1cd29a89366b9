"""Any inbound → authorised request, signal or decision: implements :class:`bot.door.Door`. Nothing has a private path."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from datetime import date

from bot.door import ChatMessage, OrchestrateCommand, Page, PlanHistory, Question, Undoable
from bot.inbox import Inbox
from bot.step_questions import StepQuestions, read_step_question_id
from engine.concurrency import Wakeup
from engine.domain.approval import Approval, ApprovalStatus, Decision
from engine.domain.event import Event
from engine.domain.execution import Signal
from engine.domain.ids import DEFAULT_CONVERSATION, ApprovalId, ConversationId, ExecutionId, PrincipalId, TenantId
from engine.domain.request import Request, clean_text, dominant_locale
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.spend import CostLine
from engine.domain.tenant import Principal
from engine.errors import RequestError, TizmorError
from engine.orchestration.forker import Forker
from engine.orchestration.master_orchestrator import MasterOrchestrator
from engine.orchestration.plan_editor import Edited, PlanEditor
from engine.orchestration.undo import Undoer
from engine.planning.editing import PlanEdit
from engine.ports.chat_log import ChatLog, Delivery
from engine.ports.clock import Clock
from engine.ports.store import ExecutionStore
from engine.safety.authoriser import Action, authorise
from engine.safety.hitl_gates import HitlGates

MOST_IN_A_THREAD, MOST_LIVE = 10, 20
"""Executions of one conversation, and of one person, that are looked at: the newest."""


class ChatBell:
    """Rings for everyone who watches the local chat."""

    def __init__(self) -> None:
        self._bells: set[Wakeup] = set()

    def ring(self) -> None:
        """Something new is shown."""
        for bell in self._bells:
            bell.ring()

    def add(self) -> Wakeup:
        """A bell of one's own; give it back with :meth:`discard`."""
        bell = Wakeup()
        self._bells.add(bell)
        return bell

    def discard(self, bell: Wakeup) -> None:
        """Stop listening."""
        self._bells.discard(bell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the gateway leads to."""

    orchestrator: MasterOrchestrator
    gates: HitlGates
    store: ExecutionStore
    inbox: Inbox
    chat: ChatLog
    bell: ChatBell
    clock: Clock
    timezone: str
    undoer: Undoer
    editor: PlanEditor
    forker: Forker
    rated: Callable[[ExecutionId], None]
    """Told when an execution was rated, so that its card shows it."""
    metrics: Callable[[], str]
    surfaces: Callable[[], Mapping[str, bool]]
    """The chats outside that are served, and whether each is connected."""


class Gateway:
    """See :class:`bot.door.ChatDoor` for what each method promises."""

    def __init__(self, services: Services) -> None:
        self._s = services
        self._steps = StepQuestions(services.editor)

    async def orchestrate(self, principal: Principal, command: OrchestrateCommand) -> ExecutionSnapshot:
        """Start an execution."""
        user = command.user_id or principal.id
        action = Action.ASK if user in principal.ids else Action.ACT_FOR
        authorise(principal, action, tenant=principal.tenant_id)
        text = clean_text(command.text)
        request = Request(
            text=text,
            user_id=user,
            tenant_id=principal.tenant_id,
            conversation_id=command.conversation_id or DEFAULT_CONVERSATION,
            locale=command.locale or dominant_locale(text),
            timezone=command.timezone or self._s.timezone,
            dry_run=command.dry_run,
            request_key=f"api:{principal.id}:{command.request_key}" if command.request_key else None,
            sent_at=command.sent_at,
        )
        execution = await self._s.orchestrator.start(request, user)
        return await self._s.orchestrator.get_execution(execution.id)

    async def execution(self, principal: Principal, execution_id: ExecutionId) -> ExecutionSnapshot:
        """One execution."""
        return await self._allowed(principal, Action.SEE, execution_id)

    async def executions(self, principal: Principal, *, limit: int, before: str | None) -> Page:
        """Executions the principal may see."""
        found = await self._s.store.executions(principal.tenant_id, _whose(principal), limit=limit + 1, before=before)
        items = tuple([await self._s.orchestrator.get_execution(e) for e in found[:limit]])
        return Page(items=items, next=items[-1].execution.id if len(found) > limit and items else None)

    async def signal(self, principal: Principal, execution_id: ExecutionId, signal: Signal) -> ExecutionSnapshot:
        """Pause, resume, cancel."""
        await self._allowed(principal, Action.STEER, execution_id)
        return await self._s.orchestrator.signal(execution_id, signal, principal.id)

    async def undo(self, principal: Principal, execution_id: ExecutionId) -> ExecutionSnapshot:
        """Take back what an execution did."""
        undo = await self._s.undoer.begin(await self._allowed(principal, Action.STEER, execution_id))
        return await self._s.orchestrator.get_execution(undo.id)

    async def may_undo(self, principal: Principal, execution_id: ExecutionId) -> Undoable:
        """Would that be taken?"""
        snapshot = await self._allowed(principal, Action.STEER, execution_id)
        self._s.undoer.check(snapshot)
        return Undoable(snapshot=snapshot, undone_by=self._s.undoer.undone_by)

    async def plans(self, principal: Principal, execution_id: ExecutionId) -> PlanHistory:
        """Every version of a plan."""
        snapshot = await self._allowed(principal, Action.SEE, execution_id)
        return PlanHistory(snapshot=snapshot, versions=tuple(await self._s.editor.versions(execution_id)))

    async def edit_plan(
        self, principal: Principal, execution_id: ExecutionId, edit: PlanEdit | str, key: str
    ) -> Edited:
        """Change a plan."""
        await self._allowed(principal, Action.STEER, execution_id)
        if isinstance(edit, str):
            return await self._s.editor.change(execution_id, edit, principal.id, key)
        return await self._s.editor.edit(execution_id, edit, principal.id, key)

    async def fork(
        self, principal: Principal, execution_id: ExecutionId, step: str | None, text: str, key: str
    ) -> ExecutionSnapshot:
        """Do an execution again from a step on."""
        earlier = await self._allowed(principal, Action.STEER, execution_id)
        begun = await self._s.forker.begin(earlier, step, text, key)
        return await self._s.orchestrator.get_execution(begun.id)

    async def approvals(self, principal: Principal, status: ApprovalStatus | None) -> tuple[Approval, ...]:
        """Approvals the principal may see."""
        return tuple(await self._s.store.approvals(principal.tenant_id, _whose(principal), status))

    async def decide(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> Approval:
        """Answer an approval."""
        if read_step_question_id(approval_id):
            question = await self.question(principal, approval_id)
            return await self._steps.decide(question, decision, principal.id)
        return await self._s.gates.decide(principal, approval_id, decision)

    async def check(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> None:
        """Would an answer be taken?"""
        if read_step_question_id(approval_id):
            await self._steps.check(await self.question(principal, approval_id), decision)
            return
        await self._s.gates.check(principal, approval_id, decision)

    async def question(self, principal: Principal, approval_id: ApprovalId) -> Question:
        """An approval, or a step of a plan, for a form."""
        step = read_step_question_id(approval_id)
        if step is not None:
            return self._steps.question(await self._allowed(principal, Action.STEER, step.execution_id), approval_id)
        approval = await self._s.gates.question(principal, approval_id)
        snapshot = await self._s.orchestrator.get_execution(approval.execution_id)
        schema = self._s.gates.schema(approval.call.tool) if approval.call else None
        return Question(approval=approval, snapshot=snapshot, schema=schema)

    async def edit_step(self, principal: Principal, approval_id: ApprovalId, action: str, key: str) -> None:
        """Leave a step out, or do it again."""
        step = read_step_question_id(approval_id)
        if step is None:
            raise RequestError("button_unknown", f"There is no button {action!r} here any more.")
        snapshot = await self._allowed(principal, Action.STEER, step.execution_id)
        await self._steps.act(snapshot, approval_id, action, principal.id, key)

    async def thread(self, principal: Principal, conversation_id: ConversationId) -> tuple[ExecutionSnapshot, ...]:
        """The executions of a conversation."""
        found = await self._s.store.thread(principal.tenant_id, conversation_id, limit=MOST_IN_A_THREAD)
        snapshots = [await self._s.orchestrator.get_execution(e) for e in found]
        whose = _whose(principal)
        return tuple(s for s in snapshots if whose is None or s.execution.request.user_id in whose)

    async def live(self, principal: Principal) -> tuple[ExecutionSnapshot, ...]:
        """The principal's own executions that are not done."""
        authorise(principal, Action.ASK, tenant=principal.tenant_id)
        found = await self._s.store.live(principal.tenant_id, principal.ids, limit=MOST_LIVE)
        return tuple([await self._s.orchestrator.get_execution(e) for e in found])

    async def asked_in(self, tenant: TenantId, conversation_id: ConversationId) -> bool:
        """Was anything asked in this conversation?"""
        return bool(await self._s.store.thread(tenant, conversation_id, limit=1))

    async def offer_change(self, principal: Principal, execution_id: ExecutionId, text: str, key: str) -> None:
        """Offer to change a plan."""
        await self._allowed(principal, Action.STEER, execution_id)
        await self._s.orchestrator.offer_change(execution_id, clean_text(text), principal.id, key)

    async def feedback(self, principal: Principal, execution_id: ExecutionId, rating: int, comment: str) -> None:
        """Store a verdict."""
        await self._allowed(principal, Action.STEER, execution_id)
        await self._s.orchestrator.rate(execution_id, principal.id, rating, comment)
        self._s.rated(execution_id)

    async def costs(self, principal: Principal, since: date) -> tuple[CostLine, ...]:
        """What model calls cost."""
        authorise(principal, Action.ASK, tenant=principal.tenant_id)
        return tuple(await self._s.store.costs(principal.tenant_id, _whose(principal), since))

    async def events(self, principal: Principal, execution_id: ExecutionId, after: int) -> AsyncGenerator[Event]:
        """An execution's events."""
        await self._allowed(principal, Action.SEE, execution_id)
        async for event in self._s.orchestrator.events(execution_id, after):
            yield event

    async def say(self, principal: Principal, text: str, client_id: str) -> None:
        """Take a message of the local chat."""
        authorise(principal, Action.ASK, tenant=principal.tenant_id)
        delivery = Delivery(
            key=f"chat:{principal.id}:{client_id}",
            surface="chat",
            user_id=principal.id,
            tenant_id=principal.tenant_id,
            text=clean_text(text),
            received_at=self._s.clock.now(),
        )
        await self._s.inbox.receive(delivery)
        self._s.bell.ring()

    async def chat(self, principal: Principal, after: int) -> AsyncGenerator[ChatMessage]:
        """The principal's chat."""
        bell = self._s.bell.add()
        try:
            while True:
                batch = await self._s.chat.since(principal.id, after)
                for message in batch:
                    after = message.seq
                    yield ChatMessage(
                        id=message.id,
                        seq=message.seq,
                        role=message.role,
                        kind=message.kind,
                        execution_id=message.execution_id,
                        at=message.at,
                        body=message.body,
                    )
                if not batch:
                    await bell.wait()
        finally:
            self._s.bell.discard(bell)

    async def ready(self) -> Mapping[str, bool]:
        """Can the database be read?"""
        try:
            await self._s.store.due(1)
        except (TizmorError, OSError):
            return {"database": False, "web": True, **self._s.surfaces()}
        return {"database": True, "web": True, **self._s.surfaces()}

    def metrics(self) -> str:
        """Prometheus text."""
        return self._s.metrics()

    async def _allowed(self, principal: Principal, action: Action, execution_id: ExecutionId) -> ExecutionSnapshot:
        snapshot = await self._s.orchestrator.get_execution(execution_id)
        request = snapshot.execution.request
        authorise(principal, action, tenant=request.tenant_id, owner=request.user_id)
        return snapshot


def _whose(principal: Principal) -> frozenset[PrincipalId] | None:
    """The accounts whose things a principal sees: every account of the person; None: everybody's."""
    try:
        authorise(principal, Action.SEE, tenant=principal.tenant_id)
    except TizmorError:
        return principal.ids
    return None
