"""A plan while a model is still writing it: which of its steps are complete, and sound with only those before them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from engine.domain.json import JsonObject, JsonValue
from engine.domain.plan import Step
from engine.planning.check import MAX_STEPS, Known, check_step
from engine.planning.draft import DraftStep
from engine.planning.emitted import read_step


class GrowingPlan:
    """Follows one answer. Never raises, whatever the model writes; what it is unsure of it leaves to the whole plan's check.

    Args:
        known: what the steps may refer to.

    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self._drafts: dict[str, DraftStep] = {}
        self._seen = 0
        self._stopped = False
        self.steps: list[Step] = []
        """Everything given out so far, in the model's order."""

    def take(self, snapshot: JsonObject) -> tuple[Step, ...]:
        """Steps that have become complete with this snapshot of ``emit_plan``'s input, in order.

        A step is complete once the next has begun or the list is over. After a step that is not sound by itself, or a
        question, there are no more.
        """
        fresh = len(self.steps)
        steps = snapshot.get("steps")
        if not self._goes_on(snapshot, steps):
            return ()
        written = cast("Sequence[JsonValue]", steps)
        complete = len(written) if _list_is_over(snapshot) else len(written) - 1
        for number in range(len(self.steps), min(complete, MAX_STEPS)):
            if not self._add(written[number], number + 1):
                self._stopped = True
                break
        return tuple(self.steps[fresh:])

    def _goes_on(self, snapshot: JsonObject, steps: JsonValue) -> bool:
        if self._stopped or steps is None:
            return False
        # A list that shrinks is another one: the model has begun a second plan, and neither can be trusted.
        self._stopped = snapshot.get("question") is not None or not isinstance(steps, list) or len(steps) < self._seen
        self._seen = len(steps) if isinstance(steps, list) else 0
        return not self._stopped

    def _add(self, written: JsonValue, number: int) -> bool:
        draft = read_step(written, number)
        if not isinstance(draft, DraftStep):
            return False
        step = check_step(draft, self._drafts, self._known)
        if step is None:
            return False
        self._drafts[draft.id] = draft
        self.steps.append(step)
        return True


def _list_is_over(snapshot: JsonObject) -> bool:
    """Something else has begun after the steps: only the last key of a growing object may be unfinished."""
    return list(snapshot)[-1] != "steps"
