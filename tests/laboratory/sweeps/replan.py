"""Something else is wanted while an effect is under way: that one ends and is kept, the rest of the old plan never begins."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.approval import Approval, ApprovalStatus, Decision, DecisionVerb
from engine.domain.snapshot import ExecutionSnapshot
from engine.planning.follow_up import CHANGE, FOLLOW_UP
from tests.laboratory.sweeps.courier_story import Scene, spelled
from tests.laboratory.sweeps.holding import Holding
from tests.laboratory.sweeps.person import decide, pending


class Replan(Holding):
    """The new version's steps are delivered, the old one's are not."""

    name = "replan"
    plan = "a keyed one; b keyed two < a; c lookup three < b"
    change = "a keyed one; d keyed four < a; e lookup five < d"

    def happens(self) -> Mapping[str, int | range]:
        """See the scenario."""
        return {"one": 1, "four": 1, "five": 1}

    async def meanwhile(self, scene: Scene) -> bool:
        """Say what is wanted instead, and agree to it."""
        offers = offered(scene.snapshot)
        if not offers and scene.called("one"):
            await scene.tizmor.orchestrator.offer_change(scene.id, spelled(self.change, scene.run), "owner", "m1")
        for asked in pending(scene.snapshot):
            await decide(scene.tizmor, asked, self.decision(asked))
        return any(offer.status is not ApprovalStatus.PENDING for offer in offers)

    def decision(self, asked: Approval) -> Decision:
        """The change is wanted."""
        if asked.topic == FOLLOW_UP:
            return Decision(verb=DecisionVerb.CHOOSE, choice=CHANGE)
        return Decision(verb=DecisionVerb.APPROVE)

    def look_at_end(self, ended: ExecutionSnapshot) -> None:
        """The version says that it changed once."""
        super().look_at_end(ended)
        assert ended.execution.plan_version == 2, ended.execution.plan_version
        assert not pending(ended), ended.approvals


def offered(snapshot: ExecutionSnapshot) -> list[Approval]:
    """Changes that were offered so far."""
    return [asked for asked in snapshot.approvals if asked.topic == FOLLOW_UP]


SCENARIO = Replan()
