"""The one way in, while something can be kept: a :class:`bot.gateway.Gateway` that refuses at once what it could only lose."""

from __future__ import annotations

from collections.abc import Mapping

from bot.admission import Admission
from bot.door import OrchestrateCommand
from bot.gateway import Gateway, Services
from engine.domain.approval import Approval, Decision
from engine.domain.execution import Signal
from engine.domain.ids import ApprovalId, ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal
from engine.orchestration.plan_editor import Edited
from engine.planning.editing import PlanEdit


class AdmittedGateway(Gateway):
    """What changes something is let in by ``admission``, and answered in bounded time. Raises besides what the gateway does:

    UnavailableError: ``storage_unavailable`` or ``stopping``. Where it was not refused at once, it may happen all the same.
    """

    def __init__(self, services: Services, admission: Admission) -> None:
        super().__init__(services)
        self._admission = admission

    async def orchestrate(self, principal: Principal, command: OrchestrateCommand) -> ExecutionSnapshot:
        """See the gateway, as everywhere here."""
        self._admission.admit()
        return await self._admission.answered(super().orchestrate(principal, command))

    async def signal(self, principal: Principal, execution_id: ExecutionId, signal: Signal) -> ExecutionSnapshot:
        """A person who stops something is listened to as long as that can be kept."""
        self._admission.admit(answer=True)
        return await self._admission.answered(super().signal(principal, execution_id, signal))

    async def decide(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> Approval:
        """So is one who answers."""
        self._admission.admit(answer=True)
        return await self._admission.answered(super().decide(principal, approval_id, decision))

    async def undo(self, principal: Principal, execution_id: ExecutionId) -> ExecutionSnapshot:
        """See there."""
        self._admission.admit()
        return await self._admission.answered(super().undo(principal, execution_id))

    async def edit_plan(
        self, principal: Principal, execution_id: ExecutionId, edit: PlanEdit | str, key: str
    ) -> Edited:
        """See there."""
        self._admission.admit()
        return await self._admission.answered(super().edit_plan(principal, execution_id, edit, key))

    async def edit_step(self, principal: Principal, approval_id: ApprovalId, action: str, key: str) -> None:
        """See there."""
        self._admission.admit()
        await self._admission.answered(super().edit_step(principal, approval_id, action, key))

    async def fork(
        self, principal: Principal, execution_id: ExecutionId, step: str | None, text: str, key: str
    ) -> ExecutionSnapshot:
        """See there."""
        self._admission.admit()
        return await self._admission.answered(super().fork(principal, execution_id, step, text, key))

    async def offer_change(self, principal: Principal, execution_id: ExecutionId, text: str, key: str) -> None:
        """See there."""
        self._admission.admit()
        await self._admission.answered(super().offer_change(principal, execution_id, text, key))

    async def feedback(self, principal: Principal, execution_id: ExecutionId, rating: int, comment: str) -> None:
        """See there."""
        self._admission.admit()
        await self._admission.answered(super().feedback(principal, execution_id, rating, comment))

    async def ready(self) -> Mapping[str, bool]:
        """Can the database be read, and something be kept in it?"""
        checks = await super().ready()
        return {**checks, "database": checks["database"] and self._admission.takes}
