"""Random plans, failures, signals and deaths against the little that must always hold."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from loguru import logger

from engine.domain.approval import DecisionVerb
from engine.domain.effect import Effect
from engine.domain.execution import Signal
from engine.domain.ids import ExecutionId, StepId
from engine.domain.tenant import Principal
from engine.execution.error_recovery import MAX_ATTEMPTS
from engine.planning.editing import ChangeInputs, Drop, PlanEdit, Retry
from storage.database import DATABASE_FILE, migrate
from tests.lab import OWNER
from tests.laboratory.interleavings.rig import ASKER
from tests.laboratory.interleavings.world import Press
from tests.laboratory.machines.ending import Ending
from tests.laboratory.machines.process import Process
from tests.laboratory.machines.world import Task, Work, tasks

MOST_EXECUTIONS = 3
MOST_DEATHS = 4
"""Fewer than what has a step quarantined."""

PLACES = st.integers(0, 20)
"""Which of those there are, counted round."""

PERSONS = st.sampled_from((OWNER, ASKER))


class Engine(RuleBasedStateMachine):
    """The product in small. Rules only begin things; what they come to depends on how far the loop is let go."""

    template: ClassVar[Path]
    """A migrated home; set by whoever runs the machine."""
    tally: ClassVar[Counter[str]] = Counter()
    """What all runs so far had in them."""

    def __init__(self) -> None:
        super().__init__()
        logger.disable("bot")
        self._folder = Path(tempfile.mkdtemp(prefix="machine-", dir=self.template.parent))
        shutil.copytree(self.template, self._folder / "home")
        self._work = Work()
        self._asked: list[str] = []
        self._said = 0
        self._spoilt = 0
        self._process: Process | None = None

    @initialize(
        seed=st.integers(0, 10_000),
        effect=st.sampled_from((Effect.KEYED, Effect.LOOKUP, Effect.UNKNOWN)),
        drawn=tasks(),
    )
    def begin(self, seed: int, effect: Effect, drawn: tuple[Task, ...]) -> None:
        """A process over an empty home, a press of one class of effects, and something asked for."""
        self._process = Process(self._folder / "home" / DATABASE_FILE, self._work.world, seed, Press(effect))
        self.ask(drawn)

    @property
    def process(self) -> Process:
        """Of this run."""
        assert self._process is not None
        return self._process

    @precondition(lambda self: len(self._asked) < MOST_EXECUTIONS)
    @rule(drawn=tasks())
    def ask_again(self, drawn: tuple[Task, ...]) -> None:
        """Somebody asks for something else."""
        self.ask(drawn)

    def ask(self, drawn: tuple[Task, ...]) -> None:
        """Somebody asks for something."""
        words = self._words(drawn)
        self._asked.append(words)
        self.process.do(self.process.ask(words))

    @rule(who=PERSONS, place=PLACES, verb=st.sampled_from((DecisionVerb.APPROVE, DecisionVerb.REJECT)))
    def decide(self, who: Principal, place: int, verb: DecisionVerb) -> None:
        """Somebody answers one of the questions they have seen, which may be an old one."""
        if seen := self.process.questions():
            self.process.do(self.process.answer(who, seen[place % len(seen)], verb))

    @rule(who=PERSONS, place=PLACES, signal=st.sampled_from(tuple(Signal)))
    def signal(self, who: Principal, place: int, signal: Signal) -> None:
        """Somebody steers."""
        if execution := self._one(place):
            self.process.do(self.process.rig.signal(who, execution, signal))

    @rule(place=PLACES, drawn=tasks())
    def change(self, place: int, drawn: tuple[Task, ...]) -> None:
        """Somebody writes a change while it runs, and agrees to it."""
        if execution := self._one(place):
            self.process.do(self.process.change(OWNER, execution, self._words(drawn)))

    @rule(place=PLACES, step=st.integers(0, 5), kind=st.sampled_from(("drop", "inputs", "retry")))
    def edit(self, place: int, step: int, kind: str) -> None:
        """Somebody edits the plan."""
        name = StepId(f"s{step}")
        edits: dict[str, PlanEdit] = {
            "drop": Drop(steps=(name,)),
            "inputs": ChangeInputs(step=name, inputs={"text": f"other {step}"}),
            "retry": Retry(step=name),
        }
        if execution := self._one(place):
            self._said += 1
            self.process.do(self.process.rig.edit(OWNER, execution, edits[kind], f"edit {self._said}"))

    @rule(faults=st.lists(st.sampled_from(("", "lost", "later")), max_size=3))
    def spoil(self, faults: list[str]) -> None:
        """The next calls of the chat, and the next prints, lose their answers or are not taken yet."""
        self.process.outside.paper.faults += faults
        if faults and self._spoilt < MAX_ATTEMPTS - 1:  # so often any step is tried again
            self._spoilt += 1
            self.process.outside.press.faults.append(faults[0])

    @rule(steps=st.integers(1, 60))
    def go(self, steps: int) -> None:
        """Some time passes, not enough for anything to come to rest."""
        self.process.go_on(steps)

    @rule()
    def rest(self) -> None:
        """Everything comes to rest, retries aside."""
        self.process.go_on(10_000)

    @precondition(lambda self: self.process.lives <= MOST_DEATHS)
    @rule(point=st.integers(1, 12), steps=st.integers(1, 200))
    def die_at(self, point: int, steps: int) -> None:
        """The process dies at a failpoint, if it comes that far."""
        self.process.die_at(point)
        self.process.go_on(steps)
        self.process.live_on()

    @precondition(lambda self: self.process.lives <= MOST_DEATHS)
    @rule(steps=st.integers(1, 100))
    def die(self, steps: int) -> None:
        """The process dies anywhere."""
        self.process.go_on(steps)
        self.process.die()

    def teardown(self) -> None:
        """Answer everything, let it end, and judge."""
        if self._process is None:
            return
        try:
            ending = Ending(self._process, self._work)
            found = ending.violations()
            self.tally.update(ending.tally)
            assert not found, "\n".join(found)
        finally:
            shutil.rmtree(self._folder)

    def _words(self, drawn: tuple[Task, ...]) -> str:
        self._said += 1
        words = f"work {self._said}"
        self._work.drawn[words] = drawn
        return words

    def _one(self, place: int) -> ExecutionId | None:
        known = self.process.executions()
        return known[place % len(known)] if known else None


def new_home(work: Path) -> Path:
    """A migrated home for the machine's runs to begin with."""
    template = work / "template"
    template.mkdir(parents=True)
    migrate(template / DATABASE_FILE)
    gc.collect()
    gc.freeze()  # every death looks for what it left behind, and need not look through the imports
    return template
