"""Makes a checked plan of a request, or asks the one question without which it would be a guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import ExecutionId, StepId
from engine.domain.json import JsonObject, JsonValue
from engine.domain.plan import Plan, Step
from engine.domain.request import Request
from engine.domain.tenant import PersonalTime
from engine.ports.language_model import Growing, ModelAnswer, ModelRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Clarification:
    """A question the planner asked, and the person's answer in their own words."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierArtifact:
    """Something an earlier execution of this conversation gave, by reference: its content stays out of the planner."""

    name: str
    """``earlier_1``, …: what a binding may name instead of a step; unique within a brief."""
    execution_id: ExecutionId
    step_id: StepId
    kind: str
    """Of the artifact."""
    title: str
    """The step's, in the planner's own words."""
    approved: JsonObject = field(default_factory=dict[str, JsonValue])
    """The exact call a person approved for it, if one did: their consent makes it trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierExecution:
    """One earlier execution of the same person in the same conversation."""

    request: str
    """The asker's own words."""
    at: datetime
    outcome: ExecutionOutcome | None
    artifacts: tuple[EarlierArtifact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedStep:
    """A step of the current plan that failed, in words that were trusted before it ran: nothing it read is told."""

    step_id: StepId
    agent: str
    title: str
    """The planner's own."""
    code: str
    """Of its error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """Everything a planner may know: the asker's own words, and references. Nothing that was read anywhere."""

    request: Request
    now: datetime
    """When the execution was accepted."""
    personal: PersonalTime
    version: int = 1
    """Of the plan to make."""
    change: str | None = None
    """What the person wants different about ``current``, in words."""
    current: Plan | None = None
    failed: tuple[FailedStep, ...] = ()
    """Steps of ``current`` that another way has to be found round; then nobody asked for a ``change``."""
    answers: tuple[Clarification, ...] = ()
    """Oldest first."""
    earlier: tuple[EarlierExecution, ...] = ()
    """Oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuestion:
    """Instead of a plan: what has to be known first."""

    text: str
    """In the request's language, at most 500 characters."""
    choices: tuple[str, ...] = ()
    """Likely answers to press, at most 5; the person may write another."""


class PlanningDesk(Protocol):
    """What a planner may do while it plans."""

    async def ask(self, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
        """Ask the model, within the budget. Raises as ``LanguageModel.ask``; ``Suspended`` where a person must decide
        about money first (a BaseException: let it pass)."""
        ...

    def drafted(self, step: Step) -> None:
        """A step of the plan being made is complete: show it, and start it where that is safe. It may still be withdrawn."""
        ...

    def withdrawn(self) -> None:
        """Everything drafted so far was wrong: stop and drop it."""
        ...


class Planner(Protocol):
    """Sees the asker's own words only."""

    async def create_plan(self, brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        """Plan a request, or plan it again with a person's ``change`` in words.

        Cancel: stops at once; nothing it began outlives it.

        Raises:
            PlanError: ``request_not_understood`` or ``draft_invalid``.
            IntegrationError: the model did not answer, as ``LanguageModel.ask`` says; offline planners never raise it.
        """
        ...
