"""The one card of an execution, without any platform: what every door shows, from one snapshot.

The same snapshot and the same ``now`` give the same card. Texts in it are data: a door escapes them its own way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.render.approvals import ApprovalBlock, Button, approval_blocks
from bot.render.result import ResultBlock, result_block
from bot.render.steps import GATED_AGENTS, StepLine, step_lines
from bot.render.texts import Direction, Texts, shorten
from engine.domain.approval import ApprovalStatus
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, Signal, StepStatus
from engine.domain.ids import ExecutionId
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot
from engine.orchestration.transitions import Effectiveness, judge_signal

TITLE_CHARACTERS = 140


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where the execution is, in a word."""

    name: str
    """Stable: ``planning running waiting asking paused stopping``, or an outcome, or ``planned``."""
    label: str
    tone: str
    """``active``, ``attention``, ``good``, ``bad`` or ``quiet``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many steps have ended."""

    done: int
    total: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why there is no plan."""

    text: str
    """One sentence in the card's language."""
    detail: str
    """In English, naming the thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What people see of one execution."""

    id: ExecutionId
    seq: int
    """Number of the last event it includes."""
    locale: str
    direction: Direction
    title: str
    status: Status
    limited: str
    """Said on every card of a plan made without a model; else empty."""
    notice: str
    understood: str
    plan_version: int
    progress: Progress | None
    steps: tuple[StepLine, ...]
    approvals: tuple[ApprovalBlock, ...]
    problem: Problem | None
    result: ResultBlock | None
    cost: str
    actions: tuple[Button, ...]

    def to_json(self) -> JsonObject:
        """The card as plain JSON: lists for tuples, null for None."""
        value: JsonObject = json.loads(json.dumps(asdict(self)))
        return value


def render_card(snapshot: ExecutionSnapshot, *, now: datetime, gated_agents: frozenset[str] = GATED_AGENTS) -> Card:
    """Fold one snapshot into its card.

    Args:
        snapshot: everything about the execution.
        now: the current instant, for how long running steps have taken.
        gated_agents: agents whose writes a person is asked about first; others with an effect say that they write.
    """
    execution, plan = snapshot.execution, snapshot.plan
    texts = Texts(execution.request.locale, execution.request.timezone)
    offline = plan is not None and plan.planner == "offline"
    error = execution.error
    understood = shorten(plan.understood, 600) if plan else ""
    return Card(
        id=execution.id,
        seq=snapshot.seq,
        locale=texts.locale,
        direction=texts.direction,
        title=shorten(execution.request.text, TITLE_CHARACTERS) or texts.say("card.untitled"),
        status=_status(snapshot, texts),
        limited=texts.say("card.limited") if offline else "",
        notice=texts.say("card.dry_run") if execution.request.dry_run else "",
        understood=texts.say("card.understood", text=understood) if understood else "",
        plan_version=plan.version if plan else 0,
        progress=_progress(snapshot, texts),
        steps=step_lines(snapshot, texts, now=now, gated_agents=gated_agents),
        approvals=approval_blocks(snapshot, texts),
        problem=Problem(text=texts.error(error.code), detail=shorten(error.detail, 400)) if error else None,
        result=result_block(snapshot, texts),
        cost=texts.say("card.no_cost") if offline and execution.outcome else "",
        actions=tuple(_actions(snapshot, texts)),
    )


_TONES = {
    "planning": "active",
    "running": "active",
    "asking": "attention",
    "succeeded": "good",
    "partial": "attention",
    "failed": "bad",
}


def _status(snapshot: ExecutionSnapshot, texts: Texts) -> Status:
    name = _status_name(snapshot)
    return Status(name=name, label=texts.say(f"status.{name}"), tone=_TONES.get(name, "quiet"))


def _status_name(snapshot: ExecutionSnapshot) -> str:
    execution = snapshot.execution
    if execution.outcome is not None:
        dry = execution.request.dry_run and execution.outcome is ExecutionOutcome.SUCCEEDED
        return "planned" if dry else execution.outcome.value
    if execution.cancelled:
        return "stopping"
    shown = execution.shown_status
    asked = any(a.status is ApprovalStatus.PENDING for a in snapshot.approvals)
    return "asking" if asked and shown in {ExecutionStatus.WAITING, ExecutionStatus.RUNNING} else shown.value


def _progress(snapshot: ExecutionSnapshot, texts: Texts) -> Progress | None:
    if snapshot.plan is None or not snapshot.plan.steps:
        return None
    runs = (snapshot.step_runs.get(step.id) for step in snapshot.plan.steps)
    done = sum(1 for run in runs if run is not None and run.status is StepStatus.DONE)
    total = len(snapshot.plan.steps)
    return Progress(done=done, total=total, label=texts.say("card.progress", done=done, total=total))


def _actions(snapshot: ExecutionSnapshot, texts: Texts) -> Iterable[Button]:
    execution = snapshot.execution
    if execution.outcome is not None:
        for name, rating in (("good", 1), ("bad", -1)):
            chosen = snapshot.feedback == rating
            yield Button(action="feedback", label=texts.say(f"action.{name}"), rating=rating, chosen=chosen)
        return
    for signal in (Signal.PAUSE, Signal.RESUME, Signal.CANCEL):
        if judge_signal(execution, signal) is Effectiveness.APPLIES:
            tone = "danger" if signal is Signal.CANCEL else "plain"
            yield Button(action=signal.value, label=texts.say(f"action.{signal.value}"), tone=tone)
