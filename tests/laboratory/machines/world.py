"""Random work: plans of any shape, steps that fail as they are told to, and what must come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from engine.domain.artifact import Artifact
from engine.domain.effect import Effect
from engine.domain.ids import StepId
from engine.domain.plan import Binding, Plan, Step
from engine.errors import RefusedError, RequestError, UnavailableError
from engine.execution.error_recovery import MAX_ATTEMPTS
from engine.ports.agents import StepContext
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from tests.lab import NoteInputs, World, note
from tests.laboratory.interleavings.world import Press, network

READ, WRITE = "Writer", "Publisher"

FAILURES: Mapping[str, Exception] = {
    "away": UnavailableError("contacts_unavailable", "not just now"),
    "refused": RefusedError("access_refused", "never like this"),
    "wrong": RequestError("not_found", "there is no such thing"),
    "broken": RuntimeError("our own bug"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step as it is drawn."""

    agent: str
    needs: tuple[int, ...]
    """Earlier ones, by place; the first two as inputs."""
    fails: tuple[str, ...]
    """What its first attempts come to, by name in ``FAILURES``; later ones succeed."""


@st.composite
def tasks(draw: st.DrawFn) -> tuple[Task, ...]:
    """A plan of one to six steps of any shape, few of which fail."""
    drawn: list[Task] = []
    for place in range(draw(st.integers(1, 6))):
        needs = draw(st.sets(st.integers(0, place - 1), max_size=3)) if place else set[int]()
        fails = draw(st.one_of(st.just([]), st.just([]), st.lists(st.sampled_from(sorted(FAILURES)), max_size=2)))
        agent = draw(st.sampled_from((READ, READ, WRITE)))
        drawn.append(Task(agent=agent, needs=tuple(sorted(needs)), fails=tuple(fails) if agent == READ else ()))
    return tuple(drawn)


def plan_of(name: str, drawn: Sequence[Task]) -> Plan:
    """The plan; its texts say whose they are, so that scripts find them in any version."""
    steps: list[Step] = []
    for place, task in enumerate(drawn):
        inputs = dict(zip(("left", "right"), task.needs, strict=False))
        steps.append(
            Step(
                id=StepId(f"s{place}"),
                agent=task.agent,
                title=f"s{place}",
                effect=Effect.READ if task.agent == READ else Effect.KEYED,
                inputs={"text": f"{name}/s{place}"},
                bindings={field: Binding(step_id=StepId(f"s{n}")) for field, n in inputs.items()},
                after=tuple(StepId(f"s{n}") for n in task.needs[2:]),
            )
        )
    return Plan(version=1, steps=tuple(steps), understood=name)


@dataclass(slots=True)
class Work:
    """What was asked for, and how often each step was tried."""

    drawn: dict[str, tuple[Task, ...]] = field(default_factory=dict[str, tuple[Task, ...]])
    """By the words that asked for it."""
    tries: Counter[str] = field(default_factory=Counter[str])
    """Attempts that failed as they were told to, by the step's text."""

    def world(self, press: Press) -> World:
        """Where it is done."""
        world = World(plan=lambda _: plan_of("nothing", ()), planner=self.plan, tools=(press,))
        return replace(world, behaviours={READ: self.read})

    async def plan(self, brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        """Plan what the latest words that are known ask for."""
        await network()
        words = (brief.change or brief.request.text).splitlines()[-1]
        return replace(plan_of(words, self.drawn[words]), version=brief.version)

    async def read(self, inputs: NoteInputs, context: StepContext) -> Artifact:
        """Fail as told, then succeed."""
        await network()
        fails = self.fails(inputs.text)
        tried = self.tries[inputs.text]
        if tried < len(fails):
            self.tries[inputs.text] += 1
            raise FAILURES[fails[tried]]
        return note(inputs.text)

    def fails(self, text: str) -> tuple[str, ...]:
        """What the attempts of a step come to."""
        words, _, step = text.rpartition("/s")
        drawn = self.drawn.get(words, ())
        return drawn[int(step)].fails if step.isdigit() and int(step) < len(drawn) else ()

    def must_succeed(self, step: Step) -> bool:
        """Given its inputs and a yes, does it succeed whatever happens?"""
        fails = self.fails(str(step.inputs.get("text")))
        return set(fails) <= {"away"} and len(fails) < MAX_ATTEMPTS
