"""Short replies that notify: one for each question and one for the end, each later edited to its outcome."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bot.render.approvals import choice_label, subject_of
from bot.render.steps import artifact_of
from bot.render.texts import Direction, Texts, reveal, shorten
from bot.render.topics import asked
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.artifact import Meeting
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import ExecutionId, PrincipalId
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot

FINAL = "final"
"""Purpose of the reply that tells the end."""

_NOBODY: Mapping[PrincipalId, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One short message under the card."""

    execution_id: ExecutionId
    purpose: str
    """``approval:<id>`` or ``final``: stable, one message per purpose; a door edits it when the text changes."""
    locale: str
    direction: Direction
    text: str
    tone: str
    """``attention`` while an answer is wanted, then ``good``, ``bad`` or ``quiet``."""
    pending: bool
    """An answer is still wanted."""

    def to_json(self) -> JsonObject:
        """The reply as plain JSON."""
        value: JsonObject = json.loads(json.dumps(asdict(self)))
        return value


def render_replies(snapshot: ExecutionSnapshot, *, names: Mapping[PrincipalId, str] = _NOBODY) -> tuple[Reply, ...]:
    """The replies an execution has by now, questions oldest first, the final one last.

    Args:
        snapshot: everything about the execution.
        names: what to call principals; without a name the outcome is told without who decided.
    """
    request = snapshot.execution.request
    texts = Texts(request.locale, request.timezone)
    replies = [_question(approval, snapshot, texts, names) for approval in snapshot.approvals]
    if snapshot.execution.outcome is not None:
        replies.append(_final(snapshot, snapshot.execution.outcome, texts))
    return tuple(replies)


def _question(approval: Approval, snapshot: ExecutionSnapshot, texts: Texts, names: Mapping[PrincipalId, str]) -> Reply:
    pending = approval.status is ApprovalStatus.PENDING
    text = _ask(approval, snapshot, texts) if pending else _outcome(approval, snapshot, texts, names)
    if pending and approval.reminded_at is not None:
        text = texts.say("reply.reminder", text=text)
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


def _ask(approval: Approval, snapshot: ExecutionSnapshot, texts: Texts) -> str:
    words = asked(approval.topic, approval.title, approval.parameters, texts)
    if words is not None:
        return words.short
    title = subject_of(approval, snapshot, texts)
    match approval.kind:
        case ApprovalKind.PLAN:
            return texts.say("reply.plan")
        case ApprovalKind.CHOICE:
            labels = [choice_label(approval, c.id, texts) for c in approval.choices]
            return texts.say("reply.choice", options=texts.choices(labels))
        case ApprovalKind.GATE | ApprovalKind.QUESTION | ApprovalKind.UNKNOWN_OUTCOME:
            return texts.say(f"reply.{approval.kind.value}", title=title)


def _outcome(approval: Approval, snapshot: ExecutionSnapshot, texts: Texts, names: Mapping[PrincipalId, str]) -> str:
    match approval.status:
        case ApprovalStatus.CHOSEN:
            return texts.say("reply.picked", choice=choice_label(approval, approval.chosen or "", texts))
        case ApprovalStatus.EXPIRED | ApprovalStatus.SUPERSEDED | ApprovalStatus.PENDING:
            status = "expired" if approval.status is ApprovalStatus.EXPIRED else "superseded"
            return texts.say(f"reply.{status}", title=subject_of(approval, snapshot, texts))
        case ApprovalStatus.APPROVED | ApprovalStatus.REJECTED | ApprovalStatus.MODIFIED:
            if approval.answer and approval.status is ApprovalStatus.APPROVED:
                return texts.say("reply.answered", answer=shorten(approval.answer, 200))
            return _decided(approval, texts, names)


def _decided(approval: Approval, texts: Texts, names: Mapping[PrincipalId, str]) -> str:
    words = {
        ApprovalStatus.APPROVED: ("approved", "plan_run"),
        ApprovalStatus.MODIFIED: ("modified", "plan_changed"),
        ApprovalStatus.REJECTED: ("rejected", "plan_dropped"),
    }
    word = words[approval.status][approval.kind is ApprovalKind.PLAN]
    name = reveal(names.get(approval.decided_by, "")) if approval.decided_by else ""
    return texts.say(f"reply.{word}", name=name) if name else texts.say(f"reply.{word}_short")


def _final(snapshot: ExecutionSnapshot, outcome: ExecutionOutcome, texts: Texts) -> Reply:
    tones = {ExecutionOutcome.SUCCEEDED: "good", ExecutionOutcome.FAILED: "bad", ExecutionOutcome.PARTIAL: "attention"}
    return Reply(
        execution_id=snapshot.execution.id,
        purpose=FINAL,
        locale=texts.locale,
        direction=texts.direction,
        text=_end(snapshot, outcome, texts),
        tone=tones.get(outcome, "quiet"),
        pending=False,
    )


def _end(snapshot: ExecutionSnapshot, outcome: ExecutionOutcome, texts: Texts) -> str:
    request = snapshot.execution.request
    title = shorten(request.text, 120)
    # Of its own steps: what was brought in from earlier executions is not what came of this one.
    steps = snapshot.plan.steps if snapshot.plan else ()
    given = [a for step in steps if (a := artifact_of(snapshot, step.id)) is not None]
    meeting = next((a for a in reversed(given) if isinstance(a, Meeting)), None)
    if request.dry_run and outcome is ExecutionOutcome.SUCCEEDED:
        return texts.say("reply.final.planned", title=title)
    if outcome is ExecutionOutcome.SUCCEEDED and meeting:
        if meeting.cancelled:
            return texts.say("reply.final.meeting_cancelled", title=shorten(meeting.title, 120))
        when = texts.period(meeting.starts, meeting.ends)
        return texts.say("reply.final.meeting", title=shorten(meeting.title, 120), when=when)
    if outcome is ExecutionOutcome.REJECTED and given:
        return texts.say("reply.final.rejected_partial", title=title)
    return texts.say(f"reply.final.{outcome.value}", title=title)
