"""A process takes an execution over: what it finds under way is ready again."""

from __future__ import annotations

from engine.domain.execution import StepStatus
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.execution.attempt import Workshop
from engine.execution.quarantine import after_deaths
from engine.ports.changes import OwnExecution


async def own(
    workshop: Workshop, execution_id: ExecutionId, given: ExecutionSnapshot | None
) -> ExecutionSnapshot | None:
    """Become the owner, and put aside what brings processes down.

    Args:
        workshop: of this process.
        execution_id: which.
        given: the execution as it was just committed, if the caller knows.

    Returns:
        The execution as it stands then; None where a newer process owns it, or it is done.
    """
    snapshot = given or await workshop.state.snapshot(execution_id)
    left = any(run.status is StepStatus.RUNNING for run in snapshot.step_runs.values())
    if not left and snapshot.execution.fence == workshop.fence:
        return snapshot
    if not await workshop.state.commit(OwnExecution(execution_id=execution_id, fence=workshop.fence)):
        return None
    snapshot = await workshop.state.snapshot(execution_id)
    aside = await after_deaths(workshop, snapshot)
    if aside:
        if await workshop.state.commit(*aside):
            workshop.suspects.clear()
        snapshot = await workshop.state.snapshot(execution_id)
    return snapshot
