"""What a person does in the scenarios: looks at the one execution there is, and answers what is asked."""

from __future__ import annotations

from bot.app import Tizmor
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Decision, DecisionVerb
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal, Role
from engine.errors import ConflictError

OWNER = Principal(id=PrincipalId("owner"), tenant_id=DEFAULT_TENANT, role=Role.OWNER)


async def executions(tizmor: Tizmor) -> list[ExecutionSnapshot]:
    """All there are, the newest first."""
    return list((await tizmor.door.executions(OWNER, limit=10, before=None)).items)


async def the_execution(tizmor: Tizmor) -> ExecutionSnapshot | None:
    """What came of the message, if anything came of it yet."""
    found = await executions(tizmor)
    assert len(found) <= 1, "one message made several executions"
    return found[0] if found else None


async def answer(tizmor: Tizmor, snapshot: ExecutionSnapshot) -> None:
    """Agree to everything that is asked; of several, take the first. What became of an effect is for others to say."""
    for asked in pending(snapshot):
        if asked.kind is ApprovalKind.UNKNOWN_OUTCOME:
            continue
        decision = Decision(verb=DecisionVerb.APPROVE)
        if asked.kind is ApprovalKind.CHOICE:
            decision = Decision(verb=DecisionVerb.CHOOSE, choice=asked.choices[0].id)
        await decide(tizmor, asked, decision)


async def decide(tizmor: Tizmor, asked: Approval, decision: Decision) -> bool:
    """Press a button; False: somebody or something was faster."""
    try:
        await tizmor.gates.decide(OWNER, asked.id, decision)
    except ConflictError:
        return False
    return True


def pending(snapshot: ExecutionSnapshot) -> list[Approval]:
    """What waits for a person."""
    return [asked for asked in snapshot.approvals if asked.status is ApprovalStatus.PENDING]
