"""What of an execution can be taken back and until when, and the plan that does it. No model: only what was recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.agents.office_tools import CHANGE_MEETING
from engine.agents.undo_agent import UNDO_AGENT
from engine.agents.wording import Wording, wording
from engine.domain.artifact import Agenda, Artifact, Meeting, load
from engine.domain.effect import Effect, Intent, IntentStatus
from engine.domain.ids import EffectKey, StepId
from engine.domain.json import JsonObject
from engine.domain.plan import Plan, Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import ConflictError, InternalError, NotFoundError, PlanError
from engine.ports.planning import Brief, PlanningDesk
from engine.ports.store import ExecutionStore

UNDO_WINDOW = timedelta(minutes=10)
"""So long after an execution ended it can be taken back: people still remember it, and little was built upon it."""
_TITLE_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """One thing in the world that can be taken back: a meeting, an agenda."""

    tool: str
    """What takes it back."""
    effects: tuple[EffectKey, ...]
    """Everything that was done to it, the oldest first."""
    artifact: Artifact
    """As the last of them left it."""
    changed: bool
    """It was there before; else the first effect made it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staying:
    """An effect that cannot be taken back."""

    title: str
    """Of the step that had it."""
    sure: bool
    """False: nobody knows whether it happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """What taking an execution back comes to."""

    takings: tuple[Taking, ...] = ()
    """What was done last goes first."""
    staying: tuple[Staying, ...] = ()


def undoing(effects: Sequence[Intent], undone_by: Mapping[str, str]) -> Undoing:
    """Sort what an execution did to the world by whether it can be taken back.

    Args:
        effects: all of them, the oldest first.
        undone_by: the tool that takes back what another did, by that one's name.
    """
    subjects: dict[tuple[str, str], list[Intent]] = {}
    staying: list[Staying] = []
    for intent in effects:
        if intent.effect is Effect.READ or intent.status is IntentStatus.VOID:
            continue
        tool = undone_by.get(intent.tool)
        if tool is None or intent.result is None:
            sure = intent.status is IntentStatus.DONE
            staying.append(Staying(title=intent.title or intent.tool, sure=sure))
            continue
        subject = (tool, _subject(load(intent.result), intent.key))
        done = subjects.pop(subject, [])
        subjects[subject] = [*done, intent]
    takings = [_taking(tool, done) for (tool, _), done in subjects.items()]
    return Undoing(takings=tuple(reversed(takings)), staying=tuple(reversed(staying)))


def undo_until(snapshot: ExecutionSnapshot, undone_by: Mapping[str, str]) -> datetime | None:
    """Until when an execution can be taken back; None: not at all, or it is being done. An undo itself cannot be."""
    ended, is_undo = snapshot.execution.ended_at, snapshot.execution.request.undoes
    if ended is None or is_undo or snapshot.undo is not None or not undoing(snapshot.effects, undone_by).takings:
        return None
    return ended + UNDO_WINDOW


def must_be_undoable(snapshot: ExecutionSnapshot, undone_by: Mapping[str, str], now: datetime) -> None:
    """Let an execution pass that can be taken back now.

    Raises:
        ConflictError: ``undo_not_yet``: it is not done; ``undo_done``: somebody took it back, or is doing so;
            ``undo_nothing``: it did nothing that can be; ``undo_too_late``.
    """
    name = snapshot.id
    if snapshot.execution.ended_at is None:
        raise ConflictError("undo_not_yet", f"Execution {name} is not done; cancel it, or wait for its end.")
    if snapshot.undo is not None:
        undo = snapshot.undo.execution_id
        raise ConflictError("undo_done", f"Execution {name} is taken back by execution {undo}.", {"undo": undo})
    until = undo_until(snapshot, undone_by)
    if until is None:
        raise ConflictError("undo_nothing", f"Execution {name} did nothing that can be taken back.")
    if now > until:
        detail = f"Execution {name} could be taken back until {until.isoformat()}."
        raise ConflictError("undo_too_late", detail, {"until": until.isoformat()})


class UndoPlanner:
    """Plans one step for each thing that is taken back, and one that says so for each thing that cannot be.

    Every version of such a plan is the same: nobody can ask for anything else in it.

    Args:
        store: where what was done is recorded.
        undone_by: gives the tool that takes back what another did, by that one's name.
    """

    name = "undo"

    def __init__(self, store: ExecutionStore, undone_by: Callable[[], Mapping[str, str]]) -> None:
        self._store = store
        self._undone_by = undone_by

    async def create_plan(self, brief: Brief, desk: PlanningDesk) -> Plan:
        """Plan to take back what the request's origin did.

        Raises:
            PlanError: ``undo_nothing``.
            NotFoundError: ``execution_unknown``.
        """
        del desk  # There is nothing to ask, and the whole plan is there at once.
        origin = brief.request.origin
        if origin is None:
            raise InternalError("origin_missing", "A request to take something back does not say what.")
        snapshot = await self._store.snapshot(origin.execution_id)
        if snapshot is None:
            raise NotFoundError("execution_unknown", f"There is no execution {origin.execution_id}.")
        return undo_plan(snapshot, self._undone_by(), locale=brief.request.locale, version=brief.version)


def undo_plan(snapshot: ExecutionSnapshot, undone_by: Mapping[str, str], *, locale: str, version: int) -> Plan:
    """The plan that takes an execution back; its steps do not wait for each other.

    Raises:
        PlanError: ``undo_nothing``.
    """
    found, words = undoing(snapshot.effects, undone_by), wording(locale)
    if not found.takings:
        raise PlanError("undo_nothing", f"Execution {snapshot.id} did nothing that can be taken back.")
    steps = [_step(number, _title(taking, words), _inputs(taking)) for number, taking in enumerate(found.takings, 1)]
    for number, staying in enumerate(found.staying, len(steps) + 1):
        steps.append(_step(number, staying.title, {"sure": staying.sure}))
    return Plan(version=version, steps=tuple(steps), understood="", sure=True, planner=UndoPlanner.name)


def _subject(artifact: Artifact, key: EffectKey) -> str:
    """What in the world an effect was about; an effect on nothing we know is about itself."""
    match artifact:
        case Meeting():
            return artifact.id
        case Agenda() if artifact.path:
            return artifact.path
        case _:
            return key


def _taking(tool: str, done: Sequence[Intent]) -> Taking:
    return Taking(
        tool=tool,
        effects=tuple(intent.key for intent in done),
        artifact=load(done[-1].result or {}),
        changed=done[0].tool == CHANGE_MEETING,
    )


def _step(number: int, title: str, inputs: JsonObject) -> Step:
    shown = title[:_TITLE_CHARACTERS]
    return Step(id=StepId(f"u{number}"), agent=UNDO_AGENT, title=shown, effect=Effect.KEYED, inputs=inputs)


def _inputs(taking: Taking) -> JsonObject:
    inputs: dict[str, object] = {"tool": taking.tool, "effects": list(taking.effects)}
    if isinstance(taking.artifact, Agenda):
        text = taking.artifact.text.encode("utf-8", "replace")
        inputs |= {"title": taking.artifact.title, "path": taking.artifact.path}
        inputs["digest"] = hashlib.sha256(text).hexdigest()
    return inputs  # pyright: ignore[reportReturnType] - texts and lists of texts


def _title(taking: Taking, words: Wording) -> str:
    match taking.artifact:
        case Meeting(title=title) if taking.changed:
            return words.undo_change.format(title=title)
        case Meeting(title=title):
            return words.undo_meeting.format(title=title)
        case Agenda(title=title):
            return words.undo_agenda.format(title=title)
        case _:
            return words.undo_other
