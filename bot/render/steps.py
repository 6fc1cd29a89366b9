"""The steps of a plan as lines on a card: where each one is, what it found, what it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import ValidationError

from bot.render.cost import step_cost
from bot.render.texts import Phrase, Texts, shorten
from engine.agents.shortfalls import read_problem
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.artifact import (
    Agenda,
    Appointments,
    Artifact,
    Contacts,
    Documents,
    Meeting,
    Person,
    Summary,
    Undone,
    load,
)
from engine.domain.effect import Effect
from engine.domain.execution import ExecutionStatus, StepOutcome, StepRun, StepStatus
from engine.domain.ids import StepId
from engine.domain.json import JsonObject
from engine.domain.plan import Plan, Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.spend import Spend
from engine.planning.edit_check import ways_to_edit

GATED_AGENTS = frozenset({"CalendarAgent", "MeetingChangeAgent"})
"""Built-in agents that ask a person before they write; the composition root may say otherwise."""


REMARK_AGENTS = frozenset({"ThreadAgent"})
"""Agents whose summaries are of messages, not of documents."""

_SETTLED = frozenset({"asking", *(outcome.value for outcome in StepOutcome)})
"""Icons of steps about which it is too late to say that somebody will be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step."""

    id: StepId
    number: int
    """1-based place in the plan."""
    level: int
    """0 for a step that waits for none; steps of one level can run at the same time."""
    after: tuple[int, ...]
    """Numbers of the steps it waits for."""
    after_text: str
    title: str
    icon: str
    """``pending ready running asking held timer paused succeeded failed skipped cancelled rejected unknown``."""
    status: str
    note: str
    """What was found or is being done, or empty."""
    elapsed: str
    """How long it took or has been running, or empty."""
    error: str
    """One sentence in the card's language, or empty."""
    error_detail: str
    """The same for people who mend things: in English, naming the file or value."""
    touches_world: bool
    """It changes something outside the engine."""
    asks: str
    """Who will be asked, or what it writes without asking; empty for reads, and once it has been asked or done."""
    thinks: str
    """That it will ask a language model, which costs money; empty for others, and once it is done."""
    cost: str
    """What its model calls cost, or empty."""
    ways: tuple[str, ...] = ()
    """What the person can do to it while the plan is open: ``edit retry drop``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kinds:
    """What the composition root knows of a step's agent."""

    gated: bool
    thinks: bool


def step_lines(
    snapshot: ExecutionSnapshot,
    texts: Texts,
    *,
    now: datetime,
    gated_agents: frozenset[str],
    model_agents: frozenset[str] = frozenset(),
) -> tuple[StepLine, ...]:
    """Every step of the current plan or draft, in plan order; none before there is one."""
    plan = snapshot.plan
    if plan is None:
        return ()
    numbers = {step.id: number for number, step in enumerate(plan.steps, 1)}
    levels, ways = _levels(plan), ways_to_edit(snapshot)
    lines = (
        _line(
            step,
            snapshot,
            texts,
            now=now,
            kinds=_Kinds(gated=step.agent in gated_agents, thinks=_performer(step, snapshot) in model_agents),
            place=(numbers, levels),
        )
        for step in plan.steps
    )
    return tuple(replace(line, ways=ways.get(line.id, ())) for line in lines)


def artifact_of(snapshot: ExecutionSnapshot, step_id: StepId) -> Artifact | None:
    """A step's artifact, or None when there is none or it is of a kind unknown here."""
    value: JsonObject | None = snapshot.artifacts.get(step_id)
    if value is None:
        return None
    try:
        return load(value)
    except ValidationError:
        return None


def _line(
    step: Step,
    snapshot: ExecutionSnapshot,
    texts: Texts,
    *,
    now: datetime,
    kinds: _Kinds,
    place: tuple[Mapping[StepId, int], Mapping[StepId, int]],
) -> StepLine:
    numbers, levels = place
    run = snapshot.step_runs.get(step.id) or StepRun(step_id=step.id)
    icon = _icon(run, snapshot)
    after = tuple(sorted(numbers[d] for d in step.depends_on if d in numbers))
    show_error = run.error is not None and run.outcome is not StepOutcome.SUCCEEDED
    return StepLine(
        id=step.id,
        number=numbers[step.id],
        level=levels[step.id],
        after=after,
        after_text=texts.say("step.after", steps=Phrase(", ".join(map(str, after)))) if after else "",
        title=shorten(step.title, 200),
        icon=icon,
        status=_status(icon, run, texts),
        note=_noted(step, run, snapshot, texts),
        elapsed=_elapsed(run, now, texts),
        error=texts.error(run.error.code) if run.error and show_error else "",
        error_detail=shorten(run.error.detail, 400) if run.error and show_error else "",
        touches_world=step.effect is not Effect.READ,
        asks=_asks(step, texts, gated=kinds.gated) if icon not in _SETTLED else "",
        thinks=texts.say("step.uses_model") if kinds.thinks and icon not in _SETTLED else "",
        cost=step_cost(snapshot.spends.get(step.id, Spend()), texts),
    )


def _levels(plan: Plan) -> dict[StepId, int]:
    levels: dict[StepId, int] = {}
    for step in plan.steps:
        levels[step.id] = 1 + max((levels.get(d, -1) for d in step.depends_on), default=-1)
    return levels


def _icon(run: StepRun, snapshot: ExecutionSnapshot) -> str:
    if run.status is StepStatus.DONE:
        return (run.outcome or StepOutcome.UNKNOWN).value
    if run.status is StepStatus.WAITING:
        return _waiting_icon(run, snapshot)
    if snapshot.execution.shown_status is ExecutionStatus.PAUSED and run.status is not StepStatus.RUNNING:
        return "paused"
    return run.status.value


def _waiting_icon(run: StepRun, snapshot: ExecutionSnapshot) -> str:
    pending = [a for a in snapshot.approvals if a.status is ApprovalStatus.PENDING]
    if any(a.step_id == run.step_id and a.kind is not ApprovalKind.CHOICE for a in pending):
        return "asking"
    return "timer" if run.retry_at else "held"


def _status(icon: str, run: StepRun, texts: Texts) -> str:
    if icon == "timer" and run.retry_at:
        return texts.say("step.status.retrying", when=texts.clock(run.retry_at))
    if icon == "succeeded" and run.cached:
        return texts.say("step.status.cached")
    return texts.say(f"step.status.{icon}")


def _asks(step: Step, texts: Texts, *, gated: bool) -> str:
    if step.effect is Effect.READ:
        return ""
    return texts.say("step.asks" if gated or step.effect is Effect.UNKNOWN else "step.writes")


def _elapsed(run: StepRun, now: datetime, texts: Texts) -> str:
    if run.started_at is None or run.status not in {StepStatus.RUNNING, StepStatus.DONE}:
        return ""
    return texts.elapsed((run.finished_at or now) - run.started_at)


def _performer(step: Step, snapshot: ExecutionSnapshot) -> str:
    run = snapshot.step_runs.get(step.id)
    return (run.stand_in if run else "") or step.agent


def _noted(step: Step, run: StepRun, snapshot: ExecutionSnapshot, texts: Texts) -> str:
    replaced = texts.say("step.stand_in") if run.stand_in else ""
    return " · ".join(part for part in (_note(step, run, snapshot, texts), replaced) if part)


def _note(step: Step, run: StepRun, snapshot: ExecutionSnapshot, texts: Texts) -> str:
    artifact = artifact_of(snapshot, step.id)
    if artifact is None:
        return shorten(run.message, 300) if run.status is not StepStatus.DONE else ""
    parts = [_found(step, artifact, texts), _picked(step.id, snapshot.approvals, texts), _unread(artifact, texts)]
    return " · ".join(part for part in parts if part)


def _found(step: Step, artifact: Artifact, texts: Texts) -> str:
    match artifact:
        case Documents():
            return _count("documents", len(artifact.items), texts, none="nothing")
        case Contacts():
            return _count("contacts", len(artifact.items), texts, none="nobody")
        case Appointments():
            return _count("appointments", len(artifact.items), texts, none="free")
        case Summary():
            kind = "remarks" if step.agent in REMARK_AGENTS else "read"
            return _count(kind, artifact.read, texts, none="nothing")
        case Person():
            return texts.say("step.found.person", name=artifact.contact.name)
        case Meeting():
            return _meeting(artifact, texts)
        case Agenda():
            if not artifact.path:
                return texts.say("step.found.agenda_unsaved")
            return texts.say("step.found.agenda", path=artifact.path)
        case Undone():
            return texts.say(f"step.found.{artifact.what}")


def _meeting(meeting: Meeting, texts: Texts) -> str:
    if meeting.cancelled:
        return texts.say("step.found.cancelled", title=shorten(meeting.title, 120))
    when = texts.period(meeting.starts, meeting.ends)
    return texts.say("step.found.meeting", title=shorten(meeting.title, 120), when=when)


def _count(kind: str, number: int, texts: Texts, *, none: str) -> str:
    return texts.say(f"step.found.{kind}", n=number) if number else texts.say(f"step.found.{none}")


def _unread(artifact: Artifact, texts: Texts) -> str:
    said = artifact.problems if isinstance(artifact, Documents | Summary | Appointments) else ()
    problems = [line for line in said if read_problem(line) is None]
    return texts.say("step.found.problems", n=len(problems)) if problems else ""


def _picked(step_id: StepId, approvals: tuple[Approval, ...], texts: Texts) -> str:
    for approval in reversed(approvals):
        if approval.step_id == step_id and approval.status is ApprovalStatus.CHOSEN:
            label = next((c.label for c in approval.choices if c.id == approval.chosen), "")
            return texts.say("step.found.picked", name=shorten(label, 120)) if label else ""
    return ""
