"""What a scenario is: a world, the persons in it, and how it may end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass

from engine.domain.artifact import Artifact
from engine.domain.plan import Plan
from engine.ports.agents import StepContext
from tests.lab import Behaviour, NoteInputs, World, write_note
from tests.laboratory.interleavings.evidence import Evidence
from tests.laboratory.interleavings.rig import Rig, Worlds
from tests.laboratory.interleavings.world import network

Persons = Callable[[Rig], Sequence[Coroutine[object, object, object]]]

ASKS = "asks"
"""An execution that is not done: it waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Things that happen at the same time."""

    name: str
    worlds: Worlds
    persons: Persons
    """What each of them does; they begin together."""
    ends: frozenset[str]
    """Outcomes that are right."""
    check: Callable[[Evidence], Sequence[str]] = lambda _: ()
    """What else must hold; a sentence for each thing that does not."""
    relief: frozenset[str] = frozenset()
    """What is no fault here, by the beginning of its text: a run of a process that was replaced may break on its fence."""
    deaths: bool = False
    """Does the process die on the way? Then somebody may not have been told what was taken."""
    repeats: bool = False
    """May the world be asked twice for one effect (with its key, so that it happens once)?"""


class Diligent:
    """A read that takes a while, and tells when two attempts of one step are under way at once."""

    def __init__(self, turns: int = 2, then: Behaviour = write_note) -> None:
        self._turns = turns
        self._then = then
        self._under_way: set[str] = set()

    async def __call__(self, inputs: NoteInputs, context: StepContext) -> Artifact:
        name = f"{context.request.text}/{inputs.text}"
        assert name not in self._under_way, f"two attempts of {name} at once"
        self._under_way.add(name)
        try:
            for _ in range(self._turns):
                await network()
            return await self._then(inputs, context)
        finally:
            self._under_way.discard(name)


def world(*plans: Plan, turns: int = 2, **behaviours: Behaviour) -> World:
    """Plans for the request and for changes of it, in the order they are asked for; the last stays."""
    left = list(plans)

    def next_plan(change: str | None) -> Plan:
        del change
        return left.pop(0) if len(left) > 1 else left[0]

    return World(plan=next_plan, behaviours={"Writer": Diligent(turns), **behaviours})
