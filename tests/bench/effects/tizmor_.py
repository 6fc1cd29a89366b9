"""The flow as a plan of ours, through the product's own door: each delivery a step of the agents of ``tests.laboratory``."""

from __future__ import annotations

from bot.app import Tizmor, open_tizmor
from bot.settings import Settings
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Decision, DecisionVerb
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import DEFAULT_TENANT, ApprovalId, PrincipalId
from engine.domain.request import Request
from engine.domain.tenant import Principal, Role
from engine.toolkit.recorded import HAPPENED
from tests.bench.effects.flow import KEYED, LOOKUP, PLAIN, STEPS, Flow, Results, main
from tests.laboratory.agents import courier_extension
from tests.laboratory.plans import BEGINS
from tests.waiting import until

OWNER = Principal(id=PrincipalId("owner"), tenant_id=DEFAULT_TENANT, role=Role.OWNER)
WORDS = {PLAIN: "unknown", KEYED: "keyed", LOOKUP: "lookup"}
"""The class of effect that the agent's tool declares."""


async def engine(flow: Flow) -> Results:
    """Ask for it, or find what the process before left; whoever is asked whether a delivery happened says that it did."""
    steps = [f"{step} {WORDS[flow.way]} {step}" for step in STEPS]
    chain = [steps[0], *(f"{step} < {before}" for before, step in zip(STEPS, steps[1:], strict=False))]
    failpoint = f"effect.after#{flow.dies_after}" if flow.dies_after else None
    settings = Settings(tizmor_home=flow.home, tizmor_failpoint=failpoint)
    async with open_tizmor(settings, extension=courier_extension(flow.url)) as tizmor:
        request = Request(text=f"{BEGINS} {'; '.join(chain)}", user_id=OWNER.id, request_key="flow")
        execution = await tizmor.orchestrator.start(request, OWNER.id)
        asked = 0
        while True:
            seen = await until(
                lambda: tizmor.orchestrator.get_execution(execution.id),
                lambda s: s.outcome is not None or any(_is_open(a) for a in s.approvals),
            )
            if seen.outcome is not None:
                assert seen.outcome is ExecutionOutcome.SUCCEEDED, seen.step_runs
                return {"asked": asked}
            for approval in filter(_is_open, seen.approvals):
                asked += 1
                await _it_happened(tizmor, approval)


def _is_open(approval: Approval) -> bool:
    return approval.status is ApprovalStatus.PENDING and approval.kind is ApprovalKind.UNKNOWN_OUTCOME


async def _it_happened(tizmor: Tizmor, approval: Approval) -> None:
    decision = Decision(verb=DecisionVerb.CHOOSE, choice=HAPPENED)
    await tizmor.gates.decide(OWNER, ApprovalId(approval.id), decision)


if __name__ == "__main__":
    main(engine)
