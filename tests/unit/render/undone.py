"""The story while it can be taken back, once it was, and what took it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.agents.wording import wording
from engine.domain.artifact import Meeting, Undone, dump
from engine.domain.effect import Effect, Intent, IntentStatus
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepError, StepOutcome, StepRun, StepStatus
from engine.domain.ids import DEFAULT_TENANT, ExecutionId, StepId, effect_key
from engine.domain.request import Derivation, Origin
from engine.domain.snapshot import ExecutionSnapshot, Undo
from engine.planning.undoing import undo_plan
from tests.unit.render.story import WORDS, artifact, snapshot

UNDONE_BY = {
    "schedule_meeting": "take_back_meeting",
    "change_meeting": "take_back_meeting",
    "save_agenda": "remove_agenda",
}
_TOOLS = {"s4": "schedule_meeting", "s5": "save_agenda"}


def effect(locale: str, step: str, tool: str = "", **more: object) -> Intent:
    """What is recorded of an effect of the story."""
    execution = ExecutionId(f"x-{locale}")
    intent = Intent(
        key=effect_key(DEFAULT_TENANT, execution, StepId(step), 1),
        execution_id=execution,
        step_id=StepId(step),
        tool=tool or _TOOLS[step],
        effect=Effect.KEYED,
        call_hash="h",
        title=WORDS[locale][step],
        status=IntentStatus.DONE,
        result=dump(artifact(locale, step)),
    )
    return replace(intent, **more)  # pyright: ignore[reportArgumentType] - fields of an intent


def undoable(locale: str, *effects: Intent) -> ExecutionSnapshot:
    """The story at its end; by default it made a meeting and saved an agenda."""
    done = snapshot(locale, "+++++", status=ExecutionStatus.DONE, outcome=ExecutionOutcome.SUCCEEDED)
    return replace(done, effects=effects or (effect(locale, "s5"), effect(locale, "s4")))


def undo_of(first: ExecutionSnapshot, outcome: ExecutionOutcome | None, *codes: str) -> ExecutionSnapshot:
    """What takes it back.

    Args:
        first: the execution.
        outcome: how that ended; None: it runs.
        codes: why each of its steps failed, in order; empty: it did not.
    """
    asked, locale = first.execution.request, first.execution.request.locale
    origin = Origin(derivation=Derivation.UNDO, execution_id=first.id)
    request = replace(asked, text=wording(locale).undo_request.format(what=asked.text), origin=origin)
    plan = undo_plan(first, UNDONE_BY, locale=locale, version=1)
    runs: dict[StepId, StepRun] = {}
    found: dict[StepId, Undone] = {}
    for step, code in zip(plan.steps, codes or [""] * len(plan.steps), strict=True):
        error = StepError(code=code, detail=f"It stays: {code}.") if code else None
        ended = StepOutcome.FAILED if code else StepOutcome.SUCCEEDED
        runs[step.id] = StepRun(step_id=step.id, status=StepStatus.DONE, outcome=ended, error=error)
        if not code:
            found[step.id] = _undone(locale, str(step.inputs["tool"]))
    status = ExecutionStatus.RUNNING if outcome is None else ExecutionStatus.DONE
    return replace(
        first,
        execution=replace(first.execution, request=request, status=status, outcome=outcome),
        plan=plan,
        step_runs=runs,
        artifacts={name: dump(one) for name, one in found.items()},
        effects=(),
    )


def undone(locale: str) -> Mapping[str, ExecutionSnapshot]:
    """Each of its states by name."""
    first = undoable(locale)
    succeeded, partial, failed = ExecutionOutcome.SUCCEEDED, ExecutionOutcome.PARTIAL, ExecutionOutcome.FAILED
    posted = effect(locale, "s3", "post", effect=Effect.UNKNOWN)
    return {
        "undoable": first,
        "undoable-in-part": undoable(locale, posted, effect(locale, "s4")),
        "being-undone": replace(first, undo=Undo(execution_id=ExecutionId(f"u-{locale}"), outcome=None)),
        "undone": replace(first, undo=Undo(execution_id=ExecutionId(f"u-{locale}"), outcome=succeeded)),
        "undo": undo_of(first, succeeded),
        "undo-partial": undo_of(first, partial, "undo_changed", ""),
        "undo-failed": undo_of(first, failed, "undo_changed", "undo_changed"),
    }


def _undone(locale: str, tool: str) -> Undone:
    meeting = artifact(locale, "s4")
    assert isinstance(meeting, Meeting)
    if tool != "take_back_meeting":
        return Undone(what="agenda_removed", title=meeting.title, path="agendas/2026-01-05-tevuot.md")
    return Undone(
        what="meeting_removed",
        title=meeting.title,
        starts=meeting.starts,
        ends=meeting.ends,
        told=meeting.attendees,
        letters=("outbox/b72e1d.eml",),
    )
