"""How a machine's run ends: everything is answered and let end, and what is left is judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from engine.domain.approval import ApprovalStatus, DecisionVerb
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, Signal, StepOutcome
from engine.domain.ids import DEFAULT_TENANT
from engine.domain.snapshot import ExecutionSnapshot
from engine.orchestration.transitions import outcome_of
from tests.lab import OWNER
from tests.laboratory.interleavings.evidence import Told
from tests.laboratory.interleavings.judging import judge
from tests.laboratory.interleavings.rig import evidence_of, messages_wanted
from tests.laboratory.interleavings.scenario import Scenario
from tests.laboratory.machines.process import Process
from tests.laboratory.machines.world import FAILURES, Work

ROUNDS = 40
"""Of answering whatever is open; beyond it nothing will ever end."""

EXPECTED = (*(repr(error)[:-1] for error in FAILURES.values()), "UnavailableError('press_", "UnavailableError('chat_")
"""How what the world was told to raise begins."""

ANYTHING = frozenset({*(outcome.value for outcome in ExecutionOutcome)})


class Ending:
    """Judges one run, once."""

    def __init__(self, process: Process, work: Work) -> None:
        self.tally = Counter[str]()
        """What was in it, to be added up: a machine that never comes to the interesting parts finds nothing."""
        self._process = process
        self._work = work

    def violations(self) -> list[str]:
        """A sentence for everything that does not hold."""
        process = self._process
        for _ in range(ROUNDS):
            process.go_on(20_000, horizon=3_600)
            if not process.wait_for(self._move_what_is_left()):
                break
        ends = process.wait_for(self._everything())
        wanted = process.wait_for(self._wanted())
        process.end()
        evidence = evidence_of(
            process.path, process.outside, clicks=process.clicks, wanted=wanted, faults=process.faults
        )
        scenario = Scenario(
            name="machine",
            worlds=self._work.world,
            persons=lambda _: (),
            ends=ANYTHING,
            relief=frozenset(EXPECTED),
            deaths=process.lives > 1,
            repeats=True,
        )
        self.tally.update(
            {
                "runs": 1,
                "executions": len(ends),
                "deaths": process.lives - 1,
                "effects": len(evidence.calls),
                "unknown outcomes asked": sum(a["kind"] == "unknown_outcome" for a in evidence.rows.approvals),
                "versions beyond the first": sum(max(e["plan_version"] - 1, 0) for e in evidence.rows.executions),
                "signals taken": sum(c.what in set(Signal) and not c.code for c in evidence.clicks),
                **Counter(f"ended {e['outcome']}" for e in evidence.rows.executions),
            }
        )
        lost = [f"{e} was accepted, and is lost" for e in process.accepted if e not in {s.id for s in ends}]
        return [*lost, *(s for end in ends for s in self._as_modelled(end)), *judge(scenario, evidence)]

    async def _everything(self) -> list[ExecutionSnapshot]:
        store = self._process.rig.lab.store
        ids = await store.executions(DEFAULT_TENANT, None, limit=100, before=None)
        return [await self._process.rig.lab.orchestrator.get_execution(one) for one in ids]

    async def _wanted(self) -> list[Told]:
        return [m for one in await self._everything() for m in await messages_wanted(self._process.rig, one.id)]

    async def _move_what_is_left(self) -> bool:
        """Say go on and yes to everything; False when nothing is left."""
        left = [s for s in await self._everything() if s.execution.status is not ExecutionStatus.DONE]
        for snapshot in left:
            if snapshot.execution.paused:
                await self._process.rig.signal(OWNER, snapshot.id, Signal.RESUME)
            for asked in snapshot.approvals:
                if asked.status is ApprovalStatus.PENDING:
                    await self._process.answer(OWNER, asked.id, DecisionVerb.APPROVE)
        return bool(left)

    def _as_modelled(self, end: ExecutionSnapshot) -> Iterator[str]:
        """The little that is known of how steps end: what can succeed, may, and has what it needs, succeeds."""
        no = {ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED}
        refused = {a.step_id for a in end.approvals if a.status in no}
        if end.execution.cancelled or end.plan is None or None in refused:
            return
        runs = end.step_runs
        for step in end.plan.steps:
            ready = all(runs[need].outcome is StepOutcome.SUCCEEDED for need in step.depends_on)
            outcome = runs[step.id].outcome
            if not ready and outcome is not StepOutcome.SKIPPED:
                yield f"{step.id} of {end.id} ended {outcome} without what it needs"
            if not ready or not self._work.must_succeed(step):
                continue
            right = StepOutcome.REJECTED if step.id in refused else StepOutcome.SUCCEEDED
            if outcome is not right:
                yield f"{step.id} of {end.id} ended {outcome}; right is {right}"
        if end.execution.outcome is not outcome_of(runs[step.id] for step in end.plan.steps):
            yield f"{end.id} ended {end.execution.outcome}, which its steps do not say"
