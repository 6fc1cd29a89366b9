"""Everything about one execution at one sequence number: what cards, the API and the terminal show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.effect import Intent
from engine.domain.execution import Execution, ExecutionOutcome, ExecutionStatus, StepRun
from engine.domain.ids import ExecutionId, StepId
from engine.domain.json import JsonObject
from engine.domain.plan import Plan
from engine.domain.spend import Spend


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """The execution that takes another one's effects back."""

    execution_id: ExecutionId
    outcome: ExecutionOutcome | None
    """None: it is not done yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSnapshot:
    """Read in one transaction, so its parts agree with each other."""

    execution: Execution
    plan: Plan | None
    """The current version; while ``execution.plan_version`` is 0, the draft so far (version 0), if there is one."""
    step_runs: Mapping[StepId, StepRun]
    approvals: tuple[Approval, ...]
    """All of them, in the order in which they were asked, whatever clocks say."""
    artifacts: Mapping[StepId, JsonObject]
    """Artifact of each succeeded step, as JSON with its ``kind``."""
    seq: int
    """Number of the last event this snapshot includes."""
    feedback: int = 0
    """The requester's latest rating, 0 for none."""
    spends: Mapping[StepId | None, Spend] = field(default_factory=dict[StepId | None, Spend])
    """What each step's model calls have cost; None stands for planning."""
    before: Plan | None = None
    """The version before the current one, where there is one."""
    effects: tuple[Intent, ...] = ()
    """What it did to the world, or may have done, oldest first. Only of one that is done."""
    undo: Undo | None = None
    """What takes those effects back, where somebody wanted that."""

    @property
    def spend(self) -> Spend:
        """What the whole execution has cost."""
        return sum(self.spends.values(), Spend())

    def latest(self, kind: ApprovalKind, step_id: StepId | None = None, effect_number: int = 0) -> Approval | None:
        """The newest question of this kind about this step (and effect) that was not superseded."""
        asked = [
            a
            for a in self.approvals
            if (a.kind, a.step_id, a.effect_number) == (kind, step_id, effect_number)
            and a.status is not ApprovalStatus.SUPERSEDED
        ]
        return asked[-1] if asked else None

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
