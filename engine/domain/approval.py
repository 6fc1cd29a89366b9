"""A question to a person and the answer: consent to one exact call, a choice, or a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from engine.domain.effect import Call
from engine.domain.ids import ApprovalId, ChoiceId, ExecutionId, PrincipalId, StepId
from engine.domain.json import JsonObject


class ApprovalKind(StrEnum):
    """What is asked."""

    PLAN = "plan"
    """Run this plan? (Run · Change · Drop)"""
    GATE = "gate"
    """Make this exact call? (Approve · Edit · Reject)"""
    CHOICE = "choice"
    """Which one of these?"""
    QUESTION = "question"
    """A clarifying question, answered in words."""
    UNKNOWN_OUTCOME = "unknown_outcome"
    """It may already have happened: It happened · Do it again · Leave it."""


class ApprovalStatus(StrEnum):
    """Where the question is."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    MODIFIED = "modified"
    """Approved with other, re-validated arguments."""
    CHOSEN = "chosen"
    EXPIRED = "expired"
    """Nobody answered in time."""
    SUPERSEDED = "superseded"
    """The world or the plan moved on; answering changes nothing."""


class DecisionVerb(StrEnum):
    """What a person can answer."""

    APPROVE = "approve"
    REJECT = "reject"
    MODIFY = "modify"
    CHOOSE = "choose"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing to pick. ``artifact`` becomes the typed pick."""

    id: ChoiceId
    label: str
    artifact: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A person's answer, as a door received it; identity comes separately, from the signed payload."""

    verb: DecisionVerb
    arguments: JsonObject | None = None
    """With ``modify``: the new arguments, or for a plan ``{"drop": [step ids], "text": "…"}`` or ``{"go_back": version}``."""
    choice: ChoiceId | None = None
    answer: str | None = None
    comment: str | None = None
    said_in: str = ""
    """Names the message the answer was given with, where it was given in a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One question, durable, decided once."""

    id: ApprovalId
    execution_id: ExecutionId
    kind: ApprovalKind
    plan_version: int
    created_at: datetime
    status: ApprovalStatus = ApprovalStatus.PENDING
    step_id: StepId | None = None
    title: str = ""
    topic: str = ""
    """With a question the engine itself asks, what it is about: ``budget`` or ``model_unavailable``; its title is then an
    error code, and the choices are ids with words in every locale. Empty: the planner's own question."""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    """Values for the words of its topic, such as what has been spent."""
    call: Call | None = None
    """With a gate: exactly what will be done. After ``modify``: what was approved."""
    original_call: Call | None = None
    """With ``modified``: what was asked first."""
    effect_number: int = 0
    choices: tuple[Choice, ...] = ()
    remind_at: datetime | None = None
    reminded_at: datetime | None = None
    """When the person was reminded, if they were."""
    expires_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: PrincipalId | None = None
    chosen: ChoiceId | None = None
    answer: str | None = None
    comment: str | None = None
    said_in: str = ""
    """Names the message it was answered with, where that was in a conversation: one message answers once."""
    edit: JsonObject | None = None
    """With a modified plan: what the person asked to change."""
