"""Short replies that notify: one for each question, one for each reminder of it, one for the end.

Their texts are what a notification shows, so they carry the news; each is later edited to its outcome.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from bot.render.account import account_line, account_of, nothing_happened
from bot.render.approvals import call_news, choice_label, subject_of, tried_at
from bot.render.bearing import pieced
from bot.render.headline import headline
from bot.render.result import result_block
from bot.render.texts import Direction, Phrase, Texts, isolate, reveal, shorten, texts_of
from bot.render.topics import asked
from bot.render.undo import UndoBlock, undo_block, undone_line
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.execution import ExecutionOutcome, StepOutcome
from engine.domain.ids import ExecutionId, PrincipalId
from engine.domain.json import JsonObject
from engine.domain.plan import PLAN_EDIT_PLACE
from engine.domain.snapshot import ExecutionSnapshot
from engine.planning.follow_up import THEIR_OWN_PLACE

FINAL = "final"
"""Purpose of the reply that tells the end."""

MOST_OPTIONS = 4
"""Choices named in a line that notifies; more of them are counted."""

_SUBJECT, _OPTION, _SHORT = 120, 80, 80
_UNDONE = {
    ExecutionOutcome.SUCCEEDED: "undone",
    ExecutionOutcome.PARTIAL: "undone_partial",
    ExecutionOutcome.FAILED: "undone_failed",
}
_NEVER_ASKED = frozenset({PLAN_EDIT_PLACE, THEIR_OWN_PLACE})
"""Where changes of a plan are kept that their author decided in making them: nobody was asked anything."""
_NOBODY: Mapping[PrincipalId, str] = {}
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One short message under the card."""

    execution_id: ExecutionId
    purpose: str
    """``approval:<id>``, ``remind:<id>`` or ``final``: stable, one message per purpose; a door edits it when the text
    changes. A reminder has one of its own, because an edit notifies nobody."""
    locale: str
    direction: Direction
    text: str
    tone: str
    """``attention`` while an answer is wanted, then ``good``, ``bad`` or ``quiet``."""
    pending: bool
    """An answer is still wanted."""
    heading: str = ""
    """At the end: how it ended, without the account of it; what stands under a card with its account begins with this."""
    undo: UndoBlock | None = None
    """At the end, while what was done can be taken back: what that would do."""
    undone: str = ""
    """At the end: that it was taken back, or is being."""

    def to_json(self) -> JsonObject:
        """The reply as plain JSON."""
        value: JsonObject = json.loads(json.dumps(asdict(self)))
        return value


def render_replies(
    snapshot: ExecutionSnapshot,
    *,
    names: Mapping[PrincipalId, str] = _NOBODY,
    now: datetime | None = None,
    undone_by: Mapping[str, str] = _NOTHING,
) -> tuple[Reply, ...]:
    """The replies an execution has by now, questions oldest first, the final one last.

    Args:
        snapshot: everything about the execution.
        names: what to call principals; without a name the outcome is told without who decided.
        now: the current instant; None: nothing can be taken back.
        undone_by: the tool that takes back what another did, by that one's name.
    """
    texts = texts_of(snapshot)
    replies: list[Reply] = []
    for approval in snapshot.approvals:
        if approval.step_id in _NEVER_ASKED:
            continue
        replies.append(_question(approval, snapshot, texts, names))
        if approval.reminded_at is not None:
            replies.append(_reminder(approval, snapshot, texts))
    if snapshot.execution.outcome is not None:
        final = _final(snapshot, snapshot.execution.outcome, texts)
        undo = undo_block(snapshot, texts, now=now, undone_by=undone_by) if now is not None else None
        replies.append(replace(final, undo=undo, undone=undone_line(snapshot, texts)))
    return tuple(replies)


def _question(approval: Approval, snapshot: ExecutionSnapshot, texts: Texts, names: Mapping[PrincipalId, str]) -> Reply:
    pending = approval.status is ApprovalStatus.PENDING
    text = _ask(approval, snapshot, texts) if pending else _outcome(approval, snapshot, texts, names)
    tones = {
        ApprovalStatus.PENDING: "attention",
        ApprovalStatus.APPROVED: "good",
        ApprovalStatus.MODIFIED: "good",
        ApprovalStatus.CHOSEN: "good",
    }
    return Reply(
        execution_id=snapshot.execution.id,
        purpose=f"approval:{approval.id}",
        locale=texts.locale,
        direction=texts.direction,
        text=text,
        tone=tones.get(approval.status, "quiet"),
        pending=pending,
    )


def _reminder(approval: Approval, snapshot: ExecutionSnapshot, texts: Texts) -> Reply:
    pending = approval.status is ApprovalStatus.PENDING
    return Reply(
        execution_id=snapshot.execution.id,
        purpose=f"remind:{approval.id}",
        locale=texts.locale,
        direction=texts.direction,
        text=_remind(approval, snapshot, texts),
        tone="attention" if pending else "quiet",
        pending=pending,
    )


def _remind(approval: Approval, snapshot: ExecutionSnapshot, texts: Texts) -> str:
    title = shorten(subject_of(approval, snapshot, texts), 200)
    match approval.status:
        case ApprovalStatus.PENDING:
            return texts.say("reply.reminder", text=_ask(approval, snapshot, texts))
        case ApprovalStatus.EXPIRED | ApprovalStatus.SUPERSEDED:
            return texts.say(f"reply.{approval.status.value}", title=title)
        case ApprovalStatus.APPROVED | ApprovalStatus.REJECTED | ApprovalStatus.MODIFIED | ApprovalStatus.CHOSEN:
            return texts.say("reply.reminder_over", title=title)


def _ask(approval: Approval, snapshot: ExecutionSnapshot, texts: Texts) -> str:
    words = asked(approval.topic, approval.title, approval.parameters, texts)
    if words is not None:
        return words.short
    title = subject_of(approval, snapshot, texts)
    match approval.kind:
        case ApprovalKind.PLAN:
            return texts.say("reply.plan")
        case ApprovalKind.CHOICE:
            return texts.say("reply.choice", title=shorten(title, _SUBJECT), options=_options(approval, texts))
        case ApprovalKind.GATE:
            news = call_news(approval.call, texts) if approval.call else ()
            return texts.say("reply.gate", title=Phrase(" · ".join([isolate(shorten(title, _SUBJECT)), *news])))
        case ApprovalKind.QUESTION:
            return texts.say("reply.question", title=title)
        case ApprovalKind.UNKNOWN_OUTCOME:
            about = shorten(title, _SUBJECT)
            return texts.say("reply.unknown_outcome", title=about, when=tried_at(approval, texts))


def _options(approval: Approval, texts: Texts) -> Phrase:
    labels = [shorten(choice_label(approval, choice.id, texts), _OPTION) for choice in approval.choices]
    left = len(labels) - MOST_OPTIONS
    if left <= 0:
        return texts.choices(labels)
    return Phrase(", ".join([*map(isolate, labels[:MOST_OPTIONS]), texts.say("result.and_more", n=left)]))


def _outcome(approval: Approval, snapshot: ExecutionSnapshot, texts: Texts, names: Mapping[PrincipalId, str]) -> str:
    match approval.status:
        case ApprovalStatus.CHOSEN:
            return texts.say("reply.picked", choice=_picked(approval, texts))
        case ApprovalStatus.EXPIRED | ApprovalStatus.SUPERSEDED | ApprovalStatus.PENDING:
            status = "expired" if approval.status is ApprovalStatus.EXPIRED else "superseded"
            return texts.say(f"reply.{status}", title=subject_of(approval, snapshot, texts))
        case ApprovalStatus.APPROVED | ApprovalStatus.REJECTED | ApprovalStatus.MODIFIED:
            if approval.answer and approval.status is ApprovalStatus.APPROVED:
                return texts.say("reply.answered", answer=shorten(approval.answer, 200))
            outcome = _decided(approval, texts, names)
            if approval.kind is not ApprovalKind.GATE:
                return outcome
            about = shorten(subject_of(approval, snapshot, texts), _SHORT)
            return Phrase(f"{outcome} · {isolate(about)}") if about else outcome


def _picked(approval: Approval, texts: Texts) -> str:
    """What was chosen; a label whose parts run both ways keeps them in the sentence's order."""
    label = choice_label(approval, approval.chosen or "", texts)
    return label if isinstance(label, Phrase) or (parts := pieced(label)) == label else Phrase(parts)


def _decided(approval: Approval, texts: Texts, names: Mapping[PrincipalId, str]) -> str:
    words = {
        ApprovalStatus.APPROVED: ("approved", "plan_run"),
        ApprovalStatus.MODIFIED: ("modified", "plan_changed"),
        ApprovalStatus.REJECTED: ("rejected", "plan_dropped"),
    }
    word = words[approval.status][approval.kind is ApprovalKind.PLAN]
    name = reveal(names.get(approval.decided_by, "")) if approval.decided_by else ""
    outcome = texts.say(f"reply.{word}", name=name) if name else texts.say(f"reply.{word}_short")
    if approval.status is not ApprovalStatus.REJECTED or not approval.comment:
        return outcome
    return texts.say("reply.because", outcome=outcome, reason=shorten(reveal(approval.comment), 200))


def _final(snapshot: ExecutionSnapshot, outcome: ExecutionOutcome, texts: Texts) -> Reply:
    tones = {ExecutionOutcome.SUCCEEDED: "good", ExecutionOutcome.FAILED: "bad", ExecutionOutcome.PARTIAL: "attention"}
    return Reply(
        execution_id=snapshot.execution.id,
        purpose=FINAL,
        locale=texts.locale,
        direction=texts.direction,
        text=_end(snapshot, outcome, texts),
        heading=_ended(snapshot, outcome, texts),
        tone=tones.get(outcome, "quiet"),
        pending=False,
    )


def _end(snapshot: ExecutionSnapshot, outcome: ExecutionOutcome, texts: Texts) -> str:
    """How it ended, and the account of what did not simply succeed."""
    ended, lists = _ended(snapshot, outcome, texts), account_of(snapshot, texts)
    if not lists:
        return ended
    match outcome:
        case ExecutionOutcome.CANCELLED:
            nothing = nothing_happened(lists)
            account = texts.say("account.nothing") if nothing else account_line(lists, texts)
            return texts.say("reply.final.stopped", account=account)
        case ExecutionOutcome.PARTIAL:
            account = account_line(lists, texts, kinds=("not_done", "unknown"))
        case _:
            account = Phrase("") if nothing_happened(lists) else account_line(lists, texts)
    return texts.say("reply.final.with_account", end=ended, account=account) if account else ended


def _ended(snapshot: ExecutionSnapshot, outcome: ExecutionOutcome, texts: Texts) -> Phrase:
    if not snapshot.execution.request.undoes or outcome not in _UNDONE:
        return _came_to(snapshot, outcome, texts)
    result = result_block(snapshot, texts)
    reason = texts.error(_why(snapshot)) if outcome is ExecutionOutcome.FAILED else ""
    found = headline(result, texts) if result else ""
    return texts.say(f"reply.final.{_UNDONE[outcome]}", found=found, reason=reason)


def _came_to(snapshot: ExecutionSnapshot, outcome: ExecutionOutcome, texts: Texts) -> Phrase:
    request = snapshot.execution.request
    title = shorten(request.text, 120)
    # Of its own steps: what was brought in from earlier executions is not what came of this one.
    result = result_block(snapshot, texts)
    meeting = result.meeting if result else None
    match outcome:
        case ExecutionOutcome.SUCCEEDED if request.dry_run:
            return texts.say("reply.final.planned", title=title)
        case ExecutionOutcome.SUCCEEDED if meeting and meeting.cancelled:
            return texts.say("reply.final.meeting_cancelled", title=shorten(meeting.title, 120))
        case ExecutionOutcome.SUCCEEDED if meeting:
            return texts.say("reply.final.meeting", title=shorten(meeting.title, 120), when=meeting.when)
        case ExecutionOutcome.FAILED if not _why(snapshot) and not nothing_happened(account_of(snapshot, texts)):
            return texts.say("reply.final.unsettled", title=title)
        case ExecutionOutcome.FAILED:
            return texts.say("reply.final.failed", title=title, reason=texts.error(_why(snapshot)))
        case ExecutionOutcome.REJECTED if result or not nothing_happened(account_of(snapshot, texts)):
            return texts.say("reply.final.rejected_partial", title=title)
        case ExecutionOutcome.SUCCEEDED | ExecutionOutcome.PARTIAL:
            found = headline(result, texts) if result else ""
            word = {ExecutionOutcome.SUCCEEDED: "found", ExecutionOutcome.PARTIAL: "partial_found"}[outcome]
            if found:
                return texts.say(f"reply.final.{word}", title=shorten(request.text, _SHORT), found=found)
            return texts.say(f"reply.final.{outcome.value}", title=title)
        case ExecutionOutcome.CANCELLED | ExecutionOutcome.REJECTED:
            return texts.say(f"reply.final.{outcome.value}", title=title)


def _why(snapshot: ExecutionSnapshot) -> str:
    """The code of what stopped it: of the execution itself, or else of the first step that failed."""
    if snapshot.execution.error is not None:
        return snapshot.execution.error.code
    runs = [snapshot.step_runs.get(step.id) for step in (snapshot.plan.steps if snapshot.plan else ())]
    return next((run.error.code for run in runs if run and run.error and run.outcome is StepOutcome.FAILED), "")
