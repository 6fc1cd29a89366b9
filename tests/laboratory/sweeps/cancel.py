"""Cancelled while an effect is under way: that one ends and is recorded, nothing else begins."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.execution import ExecutionOutcome
from tests.laboratory.sweeps.courier_story import Scene
from tests.laboratory.sweeps.holding import Holding


class Cancel(Holding):
    """Nothing that comes after it is ever delivered."""

    name = "cancel"
    plan = "a keyed one; b lookup two < a; c unknown three < a; d read four < b"
    outcomes = frozenset({ExecutionOutcome.CANCELLED})
    least = 30

    def happens(self) -> Mapping[str, int | range]:
        """Killed before the call was made and started again, it may have been cancelled before it was made."""
        return {"one": range(2)}

    async def meanwhile(self, scene: Scene) -> bool:
        """Cancel."""
        if scene.snapshot.execution.cancelled:
            return True
        if scene.called("one"):
            await scene.tizmor.orchestrator.cancel(scene.id, "owner")
        return False


SCENARIO = Cancel()
