"""Everything about one execution at one sequence number: what cards, the API and the terminal show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.domain.approval import Approval
from engine.domain.execution import Execution, ExecutionOutcome, ExecutionStatus, StepRun
from engine.domain.ids import ExecutionId, StepId
from engine.domain.json import JsonObject
from engine.domain.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSnapshot:
    """Read in one transaction, so its parts agree with each other."""

    execution: Execution
    plan: Plan | None
    step_runs: Mapping[StepId, StepRun]
    approvals: tuple[Approval, ...]
    """All of them, oldest first."""
    artifacts: Mapping[StepId, JsonObject]
    """Artifact of each succeeded step, as JSON with its ``kind``."""
    seq: int
    """Number of the last event this snapshot includes."""
    feedback: int = 0
    """The requester's latest rating, 0 for none."""

    @property
    def id(self) -> ExecutionId:
        """The execution's."""
        return self.execution.id

    @property
    def status(self) -> ExecutionStatus:
        """As clients are told: the pause flag covers everything but ``done``."""
        return self.execution.shown_status

    @property
    def outcome(self) -> ExecutionOutcome | None:
        """How it ended, or None."""
        return self.execution.outcome

    @property
    def result(self) -> JsonObject | None:
        """What came of it, once it is done."""
        return self.execution.result
