"""What was done, what was not, and what may have been: the account of an execution that did not simply succeed.

Read from what is recorded alone: steps that ended, and intents, which know of effects whose step never ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.domain.approval import ApprovalKind
from engine.domain.effect import HAPPENED, Effect, Intent, IntentStatus
from engine.domain.execution import StepOutcome, StepRun
from engine.domain.ids import StepId
from engine.domain.json import JsonObject, JsonValue
from engine.domain.snapshot import ExecutionSnapshot

TOLD = "told"
"""Why something counts as done: a person said that it happened."""

BEGUN = "begun"
"""Of something done: an effect of the step is recorded, and the step did not end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One step."""

    step_id: StepId
    title: str
    reason: str = ""
    """Why it was not done: the error's code, or the step's outcome. Of what was done: ``told``, ``begun`` or nothing more."""
    at: datetime | None = None
    """When it may have happened."""

    def to_json(self) -> JsonValue:
        """As results have it."""
        more: JsonObject = {"reason": self.reason} if self.reason else {}
        when: JsonObject = {} if self.at is None else {"at": self.at.isoformat()}
        return {"step": self.step_id, "title": self.title, **more, **when}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Every step of the plan once, and steps that the plan no longer has where they had an effect; in plan order, those last."""

    done: tuple[Entry, ...] = ()
    not_done: tuple[Entry, ...] = ()
    unknown: tuple[Entry, ...] = ()

    def to_json(self) -> JsonObject:
        """``{"done", "not_done", "unknown"}``."""
        return {
            "done": [entry.to_json() for entry in self.done],
            "not_done": [entry.to_json() for entry in self.not_done],
            "unknown": [entry.to_json() for entry in self.unknown],
        }


def effects_by_step(intents: Iterable[Intent]) -> Mapping[StepId, Sequence[Intent]]:
    """What a step began to do to the world; reads, and calls that were turned down, are nothing of that kind."""
    found: dict[StepId, list[Intent]] = {}
    for intent in intents:
        if intent.effect is not Effect.READ and intent.status is not IntentStatus.VOID:
            found.setdefault(intent.step_id, []).append(intent)
    return found


def take_account(snapshot: ExecutionSnapshot, intents: Iterable[Intent]) -> Account:
    """The account of an execution whose every step has ended."""
    effects = effects_by_step(intents)
    titles = {step.id: step.title for step in snapshot.plan.steps} if snapshot.plan else {}
    titles |= {step_id: begun[-1].title or step_id for step_id, begun in effects.items() if step_id not in titles}
    done: list[Entry] = []
    not_done: list[Entry] = []
    unknown: list[Entry] = []
    for step_id, title in titles.items():
        run, begun = snapshot.step_runs.get(step_id), effects.get(step_id, ())
        unsettled = [intent for intent in begun if intent.status is IntentStatus.STARTED]
        outcome = run.outcome if run else None
        if unsettled and _told(snapshot, step_id):
            done.append(Entry(step_id=step_id, title=title, reason=TOLD))
        elif unsettled:
            unknown.append(Entry(step_id=step_id, title=title, at=unsettled[-1].started_at))
        elif outcome is StepOutcome.SUCCEEDED:
            done.append(Entry(step_id=step_id, title=title))
        elif begun:
            done.append(Entry(step_id=step_id, title=title, reason=BEGUN))
        else:
            not_done.append(Entry(step_id=step_id, title=title, reason=_reason(run)))
    return Account(done=tuple(done), not_done=tuple(not_done), unknown=tuple(unknown))


def _told(snapshot: ExecutionSnapshot, step_id: StepId) -> bool:
    """Did a person say last that it happened?"""
    asked = [a for a in snapshot.approvals if a.kind is ApprovalKind.UNKNOWN_OUTCOME and a.step_id == step_id]
    return bool(asked) and asked[-1].chosen == HAPPENED


def _reason(run: StepRun | None) -> str:
    if run is None or run.outcome is None:
        return StepOutcome.CANCELLED.value
    failed = run.outcome is StepOutcome.FAILED and run.error is not None
    return run.error.code if failed and run.error else run.outcome.value
