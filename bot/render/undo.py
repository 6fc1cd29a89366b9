"""Taking back what an execution did: what it would take back, before; and what came of it, afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.render.steps import artifact_of
from bot.render.texts import Phrase, Texts, isolate, shorten
from engine.domain.artifact import Agenda, Meeting, Undone
from engine.domain.execution import ExecutionOutcome, StepOutcome
from engine.domain.snapshot import ExecutionSnapshot
from engine.planning.undoing import Staying, Taking, undo_until, undoing

_TITLE, _NAME = 120, 60
_MOST_NAMED = 3
"""People named in a sentence; more of them are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoBlock:
    """That an execution can be taken back, and exactly what that would do."""

    until: str
    """ISO 8601, UTC."""
    label: str
    """Of the button."""
    heading: str
    """Of the question that comes before it."""
    lines: tuple[str, ...]
    """What is taken back, what was done last first; then what cannot be."""
    note: str
    """That what somebody changed since stays."""
    yes: str
    no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """One thing an undo was about."""

    title: str
    detail: str = ""
    path: str = ""
    text: str = ""
    """What became of it, or why it stays."""


def undo_block(
    snapshot: ExecutionSnapshot, texts: Texts, *, now: datetime, undone_by: Mapping[str, str]
) -> UndoBlock | None:
    """What can be taken back of an execution, None where nothing can be (any more).

    Args:
        snapshot: the execution.
        texts: its language.
        now: the current instant.
        undone_by: the tool that takes back what another did, by that one's name.
    """
    until = undo_until(snapshot, undone_by)
    if until is None or now > until:
        return None
    found = undoing(snapshot.effects, undone_by)
    lines = (*(_would(taking, texts) for taking in found.takings), *(_stays(one, texts) for one in found.staying))
    return UndoBlock(
        until=until.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        label=texts.say("undo.button"),
        heading=texts.say("undo.heading"),
        lines=lines,
        note=texts.say("undo.unless_changed"),
        yes=texts.say("undo.yes"),
        no=texts.say("undo.no"),
    )


def undone_line(snapshot: ExecutionSnapshot, texts: Texts) -> str:
    """That an execution was taken back, or is being; empty where nobody wanted that."""
    if snapshot.undo is None:
        return ""
    words = {
        None: "going_on",
        ExecutionOutcome.SUCCEEDED: "all",
        ExecutionOutcome.PARTIAL: "some",
    }
    return texts.say(f"undo.{words.get(snapshot.undo.outcome, 'none')}")


def taken_back(snapshot: ExecutionSnapshot, texts: Texts) -> tuple[tuple[TakenBack, ...], tuple[TakenBack, ...]]:
    """What an undo took back, and what it left, each in the order of its plan; nothing of any other execution."""
    if not snapshot.execution.request.undoes or snapshot.plan is None:
        return (), ()
    done = [artifact_of(snapshot, step.id) for step in snapshot.plan.steps]
    return tuple(_row(one, texts) for one in done if isinstance(one, Undone)), tuple(_left(snapshot, texts))


def became_of(undone: Undone, texts: Texts) -> str:
    """One sentence on what became of a thing."""
    told = _people(undone.told, texts)
    return texts.say(f"undo.did.{undone.what}_told", people=told) if told else texts.say(f"undo.did.{undone.what}")


def _would(taking: Taking, texts: Texts) -> str:
    artifact = taking.artifact
    match artifact:
        case Meeting():
            title, when = shorten(artifact.title, _TITLE), texts.period(artifact.starts, artifact.ends)
            told = _people(artifact.attendees, texts)
            word = "made" if not taking.changed else "called_off" if artifact.cancelled else "changed"
            key = f"undo.would.{word}_told" if told else f"undo.would.{word}"
            return texts.say(key, title=title, when=when, **({"people": told} if told else {}))
        case Agenda():
            return texts.say("undo.would.agenda", title=shorten(artifact.title, _TITLE))
        case _:
            return texts.say("undo.would.other")


def _stays(staying: Staying, texts: Texts) -> str:
    return texts.say("undo.stays" if staying.sure else "undo.unsure", title=shorten(staying.title, _TITLE))


def _row(undone: Undone, texts: Texts) -> TakenBack:
    timed = undone.starts is not None and undone.ends is not None
    return TakenBack(
        title=shorten(undone.title, _TITLE),
        detail=texts.period(undone.starts, undone.ends) if timed and undone.starts and undone.ends else "",
        path=undone.path,
        text=became_of(undone, texts),
    )


def _left(snapshot: ExecutionSnapshot, texts: Texts) -> Iterator[TakenBack]:
    for step in snapshot.plan.steps if snapshot.plan else ():
        run = snapshot.step_runs.get(step.id)
        if run is None or run.outcome in {None, StepOutcome.SUCCEEDED}:
            continue
        why = texts.error(run.error.code) if run.error else texts.say(f"step.status.{run.outcome}")
        yield TakenBack(title=shorten(step.title, _TITLE), text=why)


def _people(people: Iterable[str], texts: Texts) -> str:
    """Those with an address, by name; the rest of many are counted."""
    names = [shorten(name.partition("<")[0].strip() or name, _NAME) for name in people if "@" in name]
    more = len(names) - _MOST_NAMED
    if more <= 0:
        return texts.all_of(names)
    return Phrase(f"{', '.join(map(isolate, names[:_MOST_NAMED]))} {texts.say('result.and_more', n=more)}")
