"""One making of a plan: asks the planner, retries what may work later, and hands over what is drafted on the way."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from engine.domain.plan import Plan, Step
from engine.errors import IntegrationError, PlanError, StorageAwayError, UnavailableError
from engine.execution.error_recovery import backoff
from engine.execution.fault import fault_in
from engine.execution.suspension import Declined, Suspended
from engine.ports.changes import Change
from engine.ports.clock import Clock
from engine.ports.language_model import Growing, ModelAnswer, ModelRequest
from engine.ports.planning import Brief, Planner, PlanQuestion
from engine.ports.telemetry import Telemetry
from engine.safety.budgets import Spender, Spending

MAX_TRIES = 3
"""Of one making of a plan, where the model may answer later; then the person is asked what to do."""

LONGEST_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class NotPlanned:
    """There is no plan, and trying again would give none."""

    error: PlanError


@dataclass(frozen=True, slots=True)
class ModelAway:
    """The model does not answer: a person decides what to do."""

    error: IntegrationError


@dataclass(frozen=True, slots=True)
class PlanningGaveWay:
    """A person must decide about money first, or planning was stopped and is simply begun again."""

    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanningDeclined:
    """A person would not pay for it."""


@dataclass(frozen=True, slots=True)
class PlanningBroke:
    """Our bug, or a storage that is away."""

    error: Exception


PlanningEnd = Plan | PlanQuestion | NotPlanned | ModelAway | PlanningGaveWay | PlanningDeclined | PlanningBroke


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningTools:
    """What plans are made with."""

    planner: Planner
    spending: Spending
    clock: Clock
    telemetry: Telemetry


class PlanningSession:
    """The planner's desk. ``run`` once."""

    def __init__(
        self, tools: PlanningTools, brief: Callable[[], Awaitable[Brief]], spender: Spender, nudge: Callable[[], None]
    ) -> None:
        self._tools = tools
        self._brief = brief
        self._spender = spender
        self._nudge = nudge
        self.steps: list[Step] = []
        """Drafted so far, in order; empty again once withdrawn."""
        self.was_withdrawn = False
        """A draft turned out wrong: nothing more is drafted, only the checked plan counts."""

    async def run(self) -> PlanningEnd:
        """Make the plan; never raises. Cancel: stops at once."""
        try:
            return await self._until_it_works(await self._brief())
        except Suspended as suspended:
            return PlanningGaveWay(suspended.changes)
        except Declined:
            return PlanningDeclined()
        except PlanError as error:
            return NotPlanned(error)
        except IntegrationError as error:
            return PlanningBroke(error) if isinstance(error, StorageAwayError) else ModelAway(error)
        except BaseException as error:  # noqa: BLE001 - part of the crash barrier of an execution
            fault = fault_in(error)
            return PlanningGaveWay() if fault is None else PlanningBroke(fault)

    async def ask(self, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
        """See ``engine.ports.planning.PlanningDesk``."""
        return await self._tools.spending.ask(self._spender, request, growing)

    def drafted(self, step: Step) -> None:
        """See ``engine.ports.planning.PlanningDesk``."""
        if not self.was_withdrawn:
            self.steps.append(step)
            self._nudge()

    def withdrawn(self) -> None:
        """See ``engine.ports.planning.PlanningDesk``."""
        if self.steps:
            self.steps.clear()
            self.was_withdrawn = True
            self._nudge()

    async def _until_it_works(self, brief: Brief) -> Plan | PlanQuestion:
        for attempt in range(1, MAX_TRIES):
            try:
                return await self._tools.planner.create_plan(brief, self)
            except UnavailableError as error:
                if self._spender.execution_id is not None:
                    self._tools.telemetry.failed(self._spender.execution_id, None, error)
                delay = backoff(attempt, error.retry_after, random.random())  # noqa: S311 - jitter
                await self._tools.clock.sleep(min(delay, LONGEST_WAIT))
        return await self._tools.planner.create_plan(brief, self)


class PreviewDesk:
    """The desk of a plan that nobody runs: the model is asked within the budget, drafts are nobody's."""

    def __init__(self, spending: Spending, spender: Spender) -> None:
        self._spending = spending
        self._spender = spender

    async def ask(self, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
        """See ``engine.ports.planning.PlanningDesk``."""
        return await self._spending.ask(self._spender, request, growing)

    def drafted(self, step: Step) -> None:
        """See ``engine.ports.planning.PlanningDesk``."""

    def withdrawn(self) -> None:
        """See ``engine.ports.planning.PlanningDesk``."""
