"""The one card of an execution, without any platform: what every door shows, from one snapshot.

The same snapshot and the same ``now`` give the same card. Texts in it are data: a door escapes them its own way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from bot.render.account import AccountList, account_of
from bot.render.approvals import ApprovalBlock, Button, approval_blocks
from bot.render.cost import cost_line
from bot.render.plan_changes import ChangeLine, plan_changes, repeats_words, version_words
from bot.render.result import ResultBlock, result_block
from bot.render.steps import GATED_AGENTS, StepLine, step_lines
from bot.render.texts import Direction, Texts, shorten, texts_of
from bot.render.topics import MODEL_UNAVAILABLE, OFFLINE
from engine.domain.approval import ApprovalStatus
from engine.domain.execution import Execution, ExecutionOutcome, ExecutionStatus, Signal, StepOutcome, StepStatus
from engine.domain.ids import ExecutionId
from engine.domain.json import JsonObject
from engine.domain.request import Derivation
from engine.domain.snapshot import ExecutionSnapshot
from engine.orchestration.transitions import Effectiveness, judge_signal
from engine.planning.forking import can_be_tried_again

TITLE_CHARACTERS = 140

LATE = timedelta(seconds=60)
"""A request taken up this long after it was written says so: it was found after a time away."""

ON_THE_RESULT = frozenset({"retry", "feedback"})
"""Actions whose buttons stand with what came of it, where that is a message of its own."""

PAUSE_SETTINGS = {
    "budget_execution": "TIZMOR_BUDGET_USD_PER_EXECUTION",
    "budget_day": "TIZMOR_BUDGET_USD_PER_DAY",
}
"""What to raise, by the engine's reason to pause."""


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
    """How many steps have ended; once it is over without success, how many succeeded."""

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
    banner: str
    """Something the whole installation must own up to, such as scripted answers; else empty."""
    limited: str
    """Said on every card of a plan made without a model; else empty."""
    notice: str
    """What is special about this request: that it is only planned, that it was found late; else empty."""
    paused: str
    """Why it is paused and what to do, where the engine paused it; else empty."""
    understood: str
    version: str
    """Which version of the plan it is and why, where that is not the first; else empty."""
    changes: tuple[ChangeLine, ...]
    """What that version made different from the one before."""
    repeats: str
    """That steps may do again what was done already, where that is so; else empty."""
    plan_version: int
    """0: there is no plan, or ``steps`` are a draft of one."""
    progress: Progress | None
    steps: tuple[StepLine, ...]
    more: str
    """That further steps are coming, while the plan is still being made; else empty."""
    approvals: tuple[ApprovalBlock, ...]
    problem: Problem | None
    account: tuple[AccountList, ...]
    """Once it is over without simply having succeeded: what was done, not done, and may have happened."""
    result: ResultBlock | None
    planned_by: str
    """Which model made the plan; empty where none did, or a banner owns up that it only seems so."""
    cost: str
    """What its model calls have cost; empty where there were none yet."""
    actions: tuple[Button, ...]

    def to_json(self) -> JsonObject:
        """The card as plain JSON: lists for tuples, null for None."""
        value: JsonObject = json.loads(json.dumps(asdict(self)))
        return value


def render_card(
    snapshot: ExecutionSnapshot,
    *,
    now: datetime,
    gated_agents: frozenset[str] = GATED_AGENTS,
    model_agents: frozenset[str] = frozenset(),
    banner: str = "",
) -> Card:
    """Fold one snapshot into its card.

    Args:
        snapshot: everything about the execution.
        now: the current instant, for how long running steps have taken.
        gated_agents: agents whose writes a person is asked about first; others with an effect say that they write.
        model_agents: agents that ask a language model here; their steps say so.
        banner: name of a ``card.banner`` message that every card carries, such as ``scripted``; empty for none.
    """
    if snapshot.plan is not None and snapshot.plan.version == 0 and snapshot.execution.outcome is not None:
        snapshot = replace(snapshot, plan=None)  # what was drafted came to nothing and will never run
    execution, plan = snapshot.execution, snapshot.plan
    texts = texts_of(snapshot)
    error = execution.error
    understood = shorten(plan.understood, 600) if plan else ""
    steps = step_lines(snapshot, texts, now=now, gated_agents=gated_agents, model_agents=model_agents)
    return Card(
        id=execution.id,
        seq=snapshot.seq,
        locale=texts.locale,
        direction=texts.direction,
        title=shorten(execution.request.text, TITLE_CHARACTERS) or texts.say("card.untitled"),
        status=_status(snapshot, texts),
        banner=texts.say(f"card.banner.{banner}") if banner else "",
        limited=_limited(snapshot, texts),
        notice=_notice(execution, texts),
        paused=paused_words(execution, texts),
        understood=texts.say("card.understood", text=understood) if understood else "",
        version=version_words(snapshot, texts),
        changes=plan_changes(snapshot, texts),
        repeats=repeats_words(snapshot, texts),
        plan_version=plan.version if plan else 0,
        progress=_progress(snapshot, texts),
        steps=steps,
        more=texts.say("card.more") if _is_draft(snapshot) else "",
        approvals=approval_blocks(snapshot, texts),
        problem=Problem(text=texts.error(error.code), detail=shorten(error.detail, 400)) if error else None,
        account=account_of(snapshot, texts),
        result=result_block(snapshot, texts),
        planned_by=texts.say("card.planned_by", model=plan.model) if plan and plan.model and not banner else "",
        cost=cost_line(snapshot, texts),
        actions=tuple(_actions(snapshot, steps, texts)),
    )


def paused_words(execution: Execution, texts: Texts) -> str:
    """Why the engine paused it and how to go on; empty where it is not paused, or a person paused it."""
    setting = PAUSE_SETTINGS.get(execution.pause_reason)
    if setting is None or execution.cancelled or execution.shown_status is not ExecutionStatus.PAUSED:
        return ""
    return texts.say(f"card.paused.{execution.pause_reason}", setting=setting)


def _notice(execution: Execution, texts: Texts) -> str:
    request = execution.request
    said = [texts.say("card.dry_run")] if request.dry_run else []
    if request.origin is not None and request.origin.derivation is Derivation.FORK:
        said.append(texts.say("card.forked"))
    if request.sent_at is not None and execution.created_at - request.sent_at > LATE:
        said.append(texts.say("card.late", when=texts.moment(request.sent_at)))
    return " ".join(said)


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
    return "asking" if asked and shown is not ExecutionStatus.PAUSED else shown.value


def _is_draft(snapshot: ExecutionSnapshot) -> bool:
    """Its steps are shown, and safe reads of them run, while the plan is still being made."""
    return snapshot.plan is not None and snapshot.plan.version == 0


def _limited(snapshot: ExecutionSnapshot, texts: Texts) -> str:
    plan = snapshot.plan
    if plan is None or plan.version == 0 or plan.planner != "offline":
        return ""
    about_plan = (a for a in reversed(snapshot.approvals) if a.topic == MODEL_UNAVAILABLE and a.step_id is None)
    last = next(about_plan, None)
    return texts.say("card.limited_agreed" if last and last.chosen == OFFLINE else "card.limited")


def _progress(snapshot: ExecutionSnapshot, texts: Texts) -> Progress | None:
    if snapshot.plan is None or not snapshot.plan.steps or _is_draft(snapshot):
        return None
    found = (snapshot.step_runs.get(step.id) for step in snapshot.plan.steps)
    runs = [run for run in found if run is not None and run.status is StepStatus.DONE]
    total, word = len(snapshot.plan.steps), "progress"
    if snapshot.execution.outcome not in {None, ExecutionOutcome.SUCCEEDED}:
        # Stopping ends every step, which is not how far it came.
        runs, word = [run for run in runs if run.outcome is StepOutcome.SUCCEEDED], "progress_succeeded"
    return Progress(done=len(runs), total=total, label=texts.say(f"card.{word}", done=len(runs), total=total))


_TRIED_AGAIN = frozenset({ExecutionOutcome.PARTIAL, ExecutionOutcome.FAILED})


def _actions(snapshot: ExecutionSnapshot, steps: Sequence[StepLine], texts: Texts) -> Iterable[Button]:
    execution = snapshot.execution
    if execution.outcome is not None:
        if execution.outcome in _TRIED_AGAIN and not execution.request.undoes and can_be_tried_again(snapshot):
            yield Button(action="retry", label=texts.say("action.retry"))
        for name, rating in (("good", 1), ("bad", -1)):
            chosen = snapshot.feedback == rating
            yield Button(action="feedback", label=texts.say(f"action.{name}"), rating=rating, chosen=chosen)
        return
    for signal in (Signal.PAUSE, Signal.RESUME, Signal.CANCEL):
        if signal is Signal.CANCEL and any(step.ways for step in steps):
            yield Button(action="plan", label=texts.say("action.plan"))
        if judge_signal(execution, signal) is Effectiveness.APPLIES:
            tone = "danger" if signal is Signal.CANCEL else "plain"
            yield Button(action=signal.value, label=texts.say(f"action.{signal.value}"), tone=tone)
