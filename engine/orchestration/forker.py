"""Begins the execution that does an earlier one again from a step on."""

from __future__ import annotations

from engine.domain.execution import Execution, ExecutionStatus
from engine.domain.ids import StepId
from engine.domain.request import Derivation, Origin, Request
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import ConflictError, PlanError
from engine.orchestration.master_orchestrator import MasterOrchestrator
from engine.planning.forking import forked, named_step


class Forker:
    """It authorises nothing: doors do, through ``bot.gateway``.

    Args:
        orchestrator: starts it.
    """

    def __init__(self, orchestrator: MasterOrchestrator) -> None:
        self._orchestrator = orchestrator

    async def begin(self, earlier: ExecutionSnapshot, step: str | None, text: str = "", key: str = "") -> Execution:
        """Start it, in the conversation and in the name of whoever asked for the earlier one; committed on return.

        What never came to a plan is simply asked again.

        Args:
            earlier: an execution that is done.
            step: the first one to do again; None: whatever failed or was cut short.
            text: what is to be different, in words; empty: nothing.
            key: names the delivery: the same one makes one fork; empty: it has no name.

        Raises:
            NotFoundError: ``step_unknown``.
            ConflictError: ``execution_running``; ``fork_impossible``: nothing is left to do again; ``plan_fixed``.
            RequestError: ``request_empty``, ``request_too_long``.
        """
        asked = earlier.execution.request
        if earlier.execution.status is not ExecutionStatus.DONE:
            detail = f"Execution {earlier.id} is not done; change its plan, or stop it first."
            raise ConflictError("execution_running", detail)
        if asked.undoes:
            raise ConflictError("plan_fixed", f"Execution {earlier.id} is an undo; ask for what you want anew.")
        origin = self._origin(earlier, step)
        request = Request(
            text=asked.text if origin or not text else f"{asked.text}\n{text}",
            user_id=asked.user_id,
            tenant_id=asked.tenant_id,
            conversation_id=asked.conversation_id,
            locale=asked.locale,
            timezone=asked.timezone,
            request_key=f"fork:{earlier.id}:{key}" if key else None,
            origin=origin,
        )
        return await self._orchestrator.start(request, asked.user_id, change=text if origin else "")

    def _origin(self, earlier: ExecutionSnapshot, step: str | None) -> Origin | None:
        if step is None and not earlier.execution.plan_version:
            return None
        first: StepId | None = None if step is None else named_step(earlier, step)
        try:
            forked(earlier, first, ())
        except PlanError as error:
            raise ConflictError(error.code, error.detail, error.parameters) from error
        return Origin(derivation=Derivation.FORK, execution_id=earlier.id, step_id=first)
