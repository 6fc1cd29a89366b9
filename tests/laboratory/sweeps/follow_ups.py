"""Two things are said while an effect is under way, the second replaces the first, and both are left: the plan goes on."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.approval import Approval, ApprovalStatus, Decision, DecisionVerb
from engine.domain.snapshot import ExecutionSnapshot
from engine.planning.follow_up import FOLLOW_UP, LEAVE
from tests.laboratory.sweeps.courier_story import Scene
from tests.laboratory.sweeps.holding import Holding
from tests.laboratory.sweeps.person import decide, pending
from tests.laboratory.sweeps.replan import offered


class FollowUps(Holding):
    """Everything of the one plan is delivered."""

    name = "follow_ups"
    plan = "a keyed one; b keyed two < a; c lookup three < b"

    def happens(self) -> Mapping[str, int | range]:
        """See the scenario."""
        return {"one": 1, "two": 1, "three": 1}

    async def meanwhile(self, scene: Scene) -> bool:
        """Say one, then the other; leave what is offered last."""
        offers = offered(scene.snapshot)
        if scene.called("one"):
            for said in ("m1", "m2"):
                await scene.tizmor.orchestrator.offer_change(scene.id, f"and {said}", "owner", said)
        for asked in pending(scene.snapshot):
            if asked.topic != FOLLOW_UP or len(offers) == 2:
                await decide(scene.tizmor, asked, _decision(asked))
        return len(offers) == 2 and not any(offer.status is ApprovalStatus.PENDING for offer in offers)

    def look_at_end(self, ended: ExecutionSnapshot) -> None:
        """Two offers, one plan."""
        super().look_at_end(ended)
        assert (len(offered(ended)), ended.execution.plan_version) == (2, 1), ended.approvals
        assert not pending(ended), ended.approvals


def _decision(asked: Approval) -> Decision:
    if asked.topic == FOLLOW_UP:
        return Decision(verb=DecisionVerb.CHOOSE, choice=LEAVE)
    return Decision(verb=DecisionVerb.APPROVE)


SCENARIO = FollowUps()
