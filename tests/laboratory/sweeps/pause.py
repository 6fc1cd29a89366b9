"""Paused while an effect is under way, and resumed once that has ended: nothing begins in between."""

from __future__ import annotations

from collections.abc import Mapping

from tests.laboratory.sweeps.courier_story import Scene
from tests.laboratory.sweeps.holding import Holding

LOOKS = 30
"""So often a person looks before resuming what does not go on: its process may have died before the pause."""


class Pause(Holding):
    """Everything is delivered once."""

    name = "pause"
    plan = "a keyed one; b lookup two < a; c keyed three < a; d keyed four < b c"

    def __init__(self) -> None:
        self._looks = 0
        """Of this process, at what is paused."""

    def happens(self) -> Mapping[str, int | range]:
        """See the scenario."""
        return {"one": 1, "two": 1, "three": 1, "four": 1}

    async def meanwhile(self, scene: Scene) -> bool:
        """Pause; resume when it has ended, and nothing else was begun."""
        paused = scene.run.home / "paused"
        if not paused.exists():
            if scene.called("one"):
                await scene.tizmor.orchestrator.pause(scene.id, "owner")
                paused.touch()
            return False
        if scene.snapshot.execution.paused:
            self._looks += 1
            if self._looks > LOOKS or "a" in scene.snapshot.artifacts:
                assert not scene.delivered("two") + scene.delivered("three"), "it went on while it was paused"
                await scene.tizmor.orchestrator.resume(scene.id, "owner")
        return True


SCENARIO = Pause()
