"""One execution in memory while it runs: read once, then kept up with what its run commits itself.

Anything that comes from outside (an answer, a signal, an alarm) makes it stale, and it is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from engine.domain.execution import ExecutionStatus, StepOutcome, StepRun, StepStatus
from engine.domain.ids import StepId
from engine.domain.json import JsonObject
from engine.domain.plan import Plan, Step
from engine.domain.snapshot import ExecutionSnapshot


class WorkingCopy:
    """A snapshot whose parts are this copy's own, to be changed in step with commits."""

    def __init__(self, snapshot: ExecutionSnapshot) -> None:
        self._runs = dict(snapshot.step_runs)
        self._artifacts = dict(snapshot.artifacts)
        self._steps: dict[StepId, Step] = {}
        self._followers: dict[StepId, list[Step]] = {}
        self.snapshot = replace(snapshot, step_runs=self._runs, artifacts=self._artifacts)
        """The execution as this copy knows it; its mappings change as it does."""
        self.open_steps = 0
        """Steps of the plan that have not ended."""
        self._index(snapshot.plan)

    @property
    def plan(self) -> Plan | None:
        """The current plan; the draft while there is none."""
        return self.snapshot.plan

    @property
    def planned(self) -> bool:
        """Is there a checked plan?"""
        return self.snapshot.execution.plan_version > 0

    def run(self, step_id: StepId) -> StepRun:
        """Where a step is."""
        return self._runs[step_id]

    def step(self, step_id: StepId) -> Step:
        """A step of the plan."""
        return self._steps[step_id]

    def followers(self, step_id: StepId) -> Sequence[Step]:
        """The steps that depend on it, in plan order."""
        return self._followers.get(step_id, ())

    def claimed(self, step_id: StepId, attempt: int, at: datetime) -> None:
        """An attempt began."""
        run = self.run(step_id)
        self._runs[step_id] = replace(run, status=StepStatus.RUNNING, attempts=attempt, started_at=at, retry_at=None)

    def settled(self, step_id: StepId, outcome: StepOutcome, at: datetime, artifact: JsonObject | None) -> None:
        """A step ended."""
        self._runs[step_id] = replace(self.run(step_id), status=StepStatus.DONE, outcome=outcome, finished_at=at)
        if artifact is not None:
            self._artifacts[step_id] = artifact
        self.open_steps -= step_id in self._steps

    def moved(self, status: ExecutionStatus) -> None:
        """The execution is somewhere else."""
        execution = replace(self.snapshot.execution, status=status)
        self.snapshot = replace(self.snapshot, execution=execution)

    def drafted(self, draft: Plan, kept: frozenset[StepId]) -> None:
        """The draft grew or was dropped; of the one before, these steps are still the same."""
        self._drop_draft(kept)
        self.snapshot = replace(self.snapshot, plan=draft)
        self._index(draft)

    def planned_as(self, plan: Plan, adopted: frozenset[StepId]) -> None:
        """A plan version was saved: it is current, and of a draft before it these steps are its own."""
        if not self.planned:
            self._drop_draft(adopted)
        execution = self.snapshot.execution
        execution = replace(execution, plan_version=plan.version, epoch=execution.epoch + 1)
        self.snapshot = replace(self.snapshot, execution=execution, plan=plan)
        self._index(plan)

    def _drop_draft(self, kept: frozenset[StepId]) -> None:
        for step_id in set(self._steps) - kept:
            self._runs.pop(step_id, None)
            self._artifacts.pop(step_id, None)

    def _index(self, plan: Plan | None) -> None:
        steps = plan.steps if plan else ()
        self._steps = {step.id: step for step in steps}
        self._followers = {}
        for step in steps:
            self._runs.setdefault(step.id, StepRun(step_id=step.id))
            for needed in step.depends_on:
                self._followers.setdefault(needed, []).append(step)
        self.open_steps = sum(1 for step in steps if self.run(step.id).status is not StepStatus.DONE)
