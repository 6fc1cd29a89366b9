"""A plan that is agreed to, and three gates: one approved, one edited, one rejected."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.approval import Approval, ApprovalKind, Decision, DecisionVerb
from engine.domain.execution import ExecutionOutcome
from tests.laboratory.sweeps.courier_story import CourierStory, Scene, named
from tests.laboratory.sweeps.person import decide, pending


class Gates(CourierStory):
    """What was approved is delivered, what was edited as it was edited, what was rejected and what needs it never."""

    name = "gates"
    plan = "a keyed! one; b keyed! two; c lookup! three; d keyed four < a; e keyed five < c?"
    outcomes = frozenset({ExecutionOutcome.REJECTED})

    def happens(self) -> Mapping[str, int | range]:
        """See the scenario."""
        return {"one": 1, "two-edited": 1, "four": 1}

    async def act(self, scene: Scene) -> None:
        """Answer each in its way."""
        for asked in pending(scene.snapshot):
            await decide(scene.tizmor, asked, _decision(asked, named("two-edited", scene.run)))


def _decision(asked: Approval, edited: str) -> Decision:
    match asked.kind, asked.step_id:
        case ApprovalKind.GATE, "b":
            return Decision(verb=DecisionVerb.MODIFY, arguments={"parcel": edited})
        case ApprovalKind.GATE, "c":
            return Decision(verb=DecisionVerb.REJECT)
        case _:
            return Decision(verb=DecisionVerb.APPROVE)


SCENARIO = Gates()
