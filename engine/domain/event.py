"""Past-tense facts about an execution, numbered per execution: what everyone who watches reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from engine.domain.ids import ExecutionId
from engine.domain.json import JsonObject, JsonValue


class EventType(StrEnum):
    """What happened. ``payload`` keys are given per member."""

    EXECUTION_STARTED = "execution_started"
    """``{}``"""
    PLAN_DRAFTED = "plan_drafted"
    """``{"steps"}``: so many steps of a plan still being made are known."""
    PLAN_MADE = "plan_made"
    """``{"version", "sure"}``"""
    STEP_STARTED = "step_started"
    """``{"step", "attempt"}``"""
    STEP_PROGRESSED = "step_progressed"
    """``{"step", "message"}``"""
    STEP_WAITING = "step_waiting"
    """``{"step", "approval"?, "retry_at"?, "error"?, "stand_in"?}``: ``stand_in`` names the agent that takes over."""
    STEP_FINISHED = "step_finished"
    """``{"step", "outcome", "error"?}``"""
    APPROVAL_REQUESTED = "approval_requested"
    """``{"approval", "kind", "step"?}``"""
    APPROVAL_DECIDED = "approval_decided"
    """``{"approval", "status", "by"?}``"""
    APPROVAL_REMINDED = "approval_reminded"
    """``{"approval"}``"""
    EXECUTION_PAUSED = "execution_paused"
    """``{"by", "reason"?}``: ``by`` is a principal, or empty where the engine ran into a budget, which ``reason`` names."""
    EXECUTION_RESUMED = "execution_resumed"
    """``{"by"}``"""
    CANCEL_REQUESTED = "cancel_requested"
    """``{"by"}``"""
    MODEL_ANSWERED = "model_answered"
    """``{"step"?, "purpose", "model", "usd"?}``: a call ended and was accounted for; without ``usd`` it is unpriced."""
    MESSAGE_SENT = "message_sent"
    """``{"from", "to", "text"}``: agent to agent."""
    EXECUTION_FINISHED = "execution_finished"
    """``{"outcome"}``"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact. ``seq`` is 1-based and without gaps within its execution, allocated in the transaction that made it true."""

    execution_id: ExecutionId
    type: EventType
    at: datetime
    payload: JsonObject = field(default_factory=dict[str, JsonValue])
    seq: int = 0
    """0 until it is stored."""
