"""The part of a run that makes the plan: one session at a time, its drafts and its end turned into changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.domain.approval import Approval, ApprovalKind, Choice
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import ApprovalId, ChoiceId, StepId
from engine.domain.label import Integrity, Label
from engine.domain.plan import Plan, PlanOrigin
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import InternalError, PlanError, TizmorError, UnavailableError
from engine.execution.begun import effects_begun
from engine.execution.parts import RunParts
from engine.execution.plan_standing import ToBeMade, ToBeRevised
from engine.execution.planning_session import (
    ModelAway,
    NotPlanned,
    PlanningBroke,
    PlanningDeclined,
    PlanningEnd,
    PlanningGaveWay,
    PlanningSession,
    PlanningTools,
)
from engine.execution.working_copy import WorkingCopy
from engine.orchestration.transitions import outcome_of
from engine.planning.adoption import unchanged
from engine.planning.conversation import MAX_EXECUTIONS, earlier_executions, importable
from engine.planning.deliberation import AGAIN, MODEL_UNAVAILABLE, OFFLINE, STOP, deliberate
from engine.planning.editing import grounds_of, revised, waiting_edits
from engine.planning.follow_up import agreed, taking_up
from engine.planning.mending import MAX_RECOVERIES, goes_unasked, mendable, mends
from engine.planning.revise import following, reconciled, renewed, without
from engine.ports.changes import Change, PutArtifact, SaveDraft, SavePlan
from engine.ports.planning import Brief, EarlierExecution, PlanQuestion
from engine.safety.budgets import Spender
from engine.safety.questions import opening, timed


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """What the end of a session comes to."""

    changes: tuple[Change, ...] = ()
    plan: Plan | None = None
    """Saved by the changes: current from then on."""
    adopted: frozenset[StepId] = frozenset()
    """Steps of the stored draft that are this plan's, or this draft's, own."""
    ends: tuple[ExecutionOutcome, TizmorError | None] | None = None
    """The execution ends without a plan."""


class PlanMaking:
    """At most one session; the run owns its task."""

    def __init__(self, parts: RunParts, spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]) -> None:
        self._parts = parts
        self._spawn = spawn
        self._session: PlanningSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._end: PlanningEnd | None = None
        self._wanted = ToBeMade()
        self._known: frozenset[ApprovalId] = frozenset()
        """Offers of a change that the session knows of."""
        self.settled: frozenset[ApprovalId] = frozenset()
        """Offers of a change that a dry run's plan took up here: nobody is asked about such a plan."""

    @property
    def busy(self) -> bool:
        """A session is under way, or its end has not been taken yet."""
        return self._session is not None

    @property
    def changes(self) -> bool:
        """The session takes up what a person wrote since."""
        return self.busy and bool(self._known)

    def overtaken(self, snapshot: ExecutionSnapshot) -> bool:
        """A change was agreed to, or made, that the session under way knows nothing of."""
        known = self._known | self.settled
        return self.busy and (bool(waiting_edits(snapshot)) or any(offer.id not in known for offer in agreed(snapshot)))

    def begin(self, snapshot: ExecutionSnapshot, nudge: Callable[[], None], wanted: ToBeMade) -> None:
        """Start making the next version."""
        workshop, execution = self._parts.workshop, snapshot.execution
        version = execution.plan_version + 1
        deliberation = deliberate(snapshot, version)
        request = execution.request
        brief = Brief(
            request=request,
            now=execution.created_at,
            personal=replace(workshop.personal, timezone=request.timezone),
            version=version,
            change=wanted.change,
            current=_left(snapshot.plan, wanted.drop) if snapshot.plan and execution.plan_version else None,
            failed=wanted.failed,
            answers=deliberation.answers,
        )
        spender = Spender(
            tenant_id=request.tenant_id,
            user_id=request.user_id,
            execution_id=execution.id,
            plan_version=version,
        )
        as_it_was = request.origin is not None and (version == 1 or request.undoes)
        derived = self._parts.derived[request.origin.derivation] if request.origin and as_it_was else None
        offline = derived is not None or deliberation.offline or not workshop.spending.has_model
        tools = PlanningTools(
            planner=derived or (self._parts.offline if offline else self._parts.planner),
            spending=workshop.spending,
            clock=workshop.clock,
            telemetry=workshop.telemetry,
        )

        async def full_brief() -> Brief:
            return brief if offline else replace(brief, earlier=await self._earlier(snapshot))

        # What comes from an earlier execution is made as it is; a change in words is for the version after that.
        self._wanted, self._known = ToBeMade() if derived else wanted, wanted.follow_ups
        self._session = PlanningSession(tools, full_brief, spender, nudge)
        self._task = self._spawn(self._run(self._session, nudge))
        self._task.add_done_callback(lambda task: self._end_unbegun(task, nudge))

    def stop(self) -> None:
        """Give up the session; it ends as having given way."""
        if self._task is not None:
            self._task.cancel()

    def take_draft(self, copy: WorkingCopy, fence: int) -> PlanStep | None:
        """Changes that bring the stored draft up to what is drafted; the copy is brought up too. None: nothing new."""
        session, stored = self._session, copy.plan
        if session is None or copy.planned or isinstance(self._end, Plan):
            return None
        drafted = tuple(session.steps)
        draft = Plan(version=0, steps=drafted, planner="model")
        kept = unchanged(stored, draft)
        known = len(kept) == len(drafted)
        # A stored draft that begins like this one is kept whole: what an earlier process read need not be read again.
        if (known and not session.was_withdrawn) or (session.was_withdrawn and not (stored and stored.steps)):
            return None
        copy.drafted(draft, kept)
        execution_id = copy.snapshot.execution.id
        event = self._parts.workshop.state.event(execution_id, EventType.PLAN_DRAFTED, steps=len(drafted))
        save = SaveDraft(execution_id=execution_id, fence=fence, draft=draft, kept=kept)
        return PlanStep(changes=(save, event), adopted=kept)

    def made(self, snapshot: ExecutionSnapshot) -> Plan | None:
        """The version the session has made, as it will be saved; None where it has not, or was overtaken."""
        if not isinstance(self._end, Plan) or self.overtaken(snapshot):
            return None
        return self._next(snapshot, self._end)

    async def take_end(self, snapshot: ExecutionSnapshot) -> PlanStep | None:
        """What the session's end comes to, once; None while there is none."""
        end, overtaken = self._end, self.overtaken(snapshot)
        if end is None:
            return None
        self._session = self._task = self._end = None
        if overtaken and not isinstance(end, PlanningGaveWay | PlanningBroke):
            return PlanStep()
        return await self._comes_to(end, snapshot)

    def dropped(self, snapshot: ExecutionSnapshot, wanted: ToBeMade) -> PlanStep:
        """The person does not want the plan that was being made."""
        self._wanted = wanted
        return self._without_plan(snapshot, ExecutionOutcome.REJECTED, None)

    async def mending(self, snapshot: ExecutionSnapshot) -> ToBeMade | None:
        """The next version that is to get round what failed, while every step has ended; None where there is to be none.

        Without a model there is none: the offline planner would give the same plan again.
        """
        workshop = self._parts.workshop
        if not workshop.spending.has_model:
            return None
        failed = mendable(snapshot, await effects_begun(workshop.store, snapshot.id))
        if not failed:
            return None
        made = [one.plan.origin for one in await workshop.store.versions(snapshot.id)]
        return ToBeMade(failed=failed) if made.count(PlanOrigin.RECOVERY) < MAX_RECOVERIES else None

    async def revised(self, snapshot: ExecutionSnapshot, plan: Plan, wanted: ToBeRevised) -> PlanStep:
        """The next version as the person edited this one; asked about where they have not agreed to all that it does."""
        self._wanted = ToBeMade()
        store = self._parts.workshop.store
        grounds = grounds_of(snapshot, await store.versions(snapshot.id), await store.intents(snapshot.id))
        made = revised(snapshot, wanted.edits, grounds).plan
        return self._saved(snapshot, made, await self._imports(snapshot, made, plan))

    async def _run(self, session: PlanningSession, nudge: Callable[[], None]) -> None:
        self._end = await session.run()
        nudge()

    def _end_unbegun(self, task: asyncio.Task[None], nudge: Callable[[], None]) -> None:
        """A session that is stopped before its first step runs nothing, not even what notes its end."""
        if task.cancelled():
            self._end = PlanningGaveWay()
            nudge()

    async def _comes_to(self, end: PlanningEnd, snapshot: ExecutionSnapshot) -> PlanStep:
        match end:
            case Plan():
                plan = self._next(snapshot, end)
                if self._wanted.failed and not mends(plan, snapshot):
                    return self._without_plan(snapshot, ExecutionOutcome.FAILED, None)
                return self._saved(snapshot, plan, await self._imports(snapshot, plan))
            case PlanQuestion():
                return self._ask(self._own_question(snapshot, end))
            case ModelAway(error) if not self._wanted.failed:
                return self._ask(self._model_question(snapshot, error.code))
            case PlanningGaveWay(changes):
                return PlanStep(changes=changes)
            case PlanningDeclined():
                return self._without_plan(snapshot, ExecutionOutcome.REJECTED, None)
            case NotPlanned(error) | ModelAway(error):
                return self._without_plan(snapshot, ExecutionOutcome.FAILED, error)
            case PlanningBroke(UnavailableError() as error):
                raise error  # the storage is away: the run is tried again as a whole
            case PlanningBroke(error):
                self._parts.workshop.telemetry.failed(snapshot.execution.id, None, error)
                detail = f"Planning broke with {type(error).__name__}; see the log."
                return self._without_plan(snapshot, ExecutionOutcome.FAILED, InternalError("internal_error", detail))

    def _next(self, snapshot: ExecutionSnapshot, plan: Plan) -> Plan:
        """The plan as its version: put before the person wherever it changes what they know, or takes up what they wrote."""
        if plan.version > 1 and snapshot.plan is not None:
            made = reconciled(plan, snapshot.plan, plan.version)
            unblocked = renewed(made, (), snapshot.step_runs, [step.id for step in snapshot.plan.steps])
            repeats = snapshot.plan.repeats & {step.id for step in unblocked.plan.steps}
            origin = PlanOrigin.RECOVERY if self._wanted.failed else PlanOrigin.CHANGE
            sure = bool(self._wanted.failed) and not repeats and goes_unasked(unblocked.plan, snapshot)
            return replace(unblocked.plan, sure=sure, origin=origin, repeats=repeats)
        changed_next = self._known != self._wanted.follow_ups  # nothing of it runs before that
        return replace(plan, sure=changed_next or (plan.sure and not self._wanted.follow_ups))

    def _saved(self, snapshot: ExecutionSnapshot, plan: Plan, imports: tuple[Change, ...]) -> PlanStep:
        workshop, execution = self._parts.workshop, snapshot.execution
        if execution.request.dry_run:  # nobody is asked about its plan, so that no row says what it took up
            self.settled |= self._wanted.follow_ups
        draft = snapshot.plan if execution.plan_version == 0 else None
        adopted = unchanged(draft, plan) if draft is not None else None
        save = SavePlan(execution_id=execution.id, fence=workshop.fence, plan=plan, adopted=adopted)
        event = workshop.state.event(execution.id, EventType.PLAN_MADE, version=plan.version, sure=plan.sure)
        questions: tuple[Change, ...] = ()
        if not plan.sure and not execution.request.dry_run:
            asked = replace(self._approval(snapshot, ApprovalKind.PLAN, plan.version), title=plan.understood)
            questions = opening(workshop.state, asked)
        return PlanStep(changes=(save, *imports, event, *questions), plan=plan, adopted=adopted or frozenset())

    def _without_plan(
        self, snapshot: ExecutionSnapshot, outcome: ExecutionOutcome, error: TizmorError | None
    ) -> PlanStep:
        """Nothing came of it: a first plan ends the execution, a changed one leaves the current plan, asked about again; and
        where no other way was found, the execution ends as it would have."""
        if snapshot.execution.plan_version == 0 or snapshot.plan is None:
            return PlanStep(ends=(outcome, error))
        if self._wanted.failed:
            return PlanStep(ends=(outcome_of(snapshot.step_runs[step.id] for step in snapshot.plan.steps), None))
        again = following(snapshot.plan, PlanOrigin.CHANGE)
        return self._saved(snapshot, replace(again, sure=False), ())

    def _ask(self, approval: Approval) -> PlanStep:
        return PlanStep(changes=opening(self._parts.workshop.state, approval))

    def _own_question(self, snapshot: ExecutionSnapshot, question: PlanQuestion) -> Approval:
        approval = self._approval(snapshot, ApprovalKind.QUESTION, snapshot.execution.plan_version + 1)
        choices = tuple(Choice(id=ChoiceId(f"c{n}"), label=label) for n, label in enumerate(question.choices, 1))
        return replace(approval, title=question.text, choices=choices)

    def _model_question(self, snapshot: ExecutionSnapshot, code: str) -> Approval:
        approval = self._approval(snapshot, ApprovalKind.QUESTION, snapshot.execution.plan_version + 1)
        choices = tuple(Choice(id=choice, label=choice) for choice in (AGAIN, OFFLINE, STOP))
        return replace(approval, title=code, topic=MODEL_UNAVAILABLE, choices=choices)

    def _approval(self, snapshot: ExecutionSnapshot, kind: ApprovalKind, version: int) -> Approval:
        now = self._parts.workshop.clock.now()
        return timed(
            Approval(
                id=ApprovalId(self._parts.ids.new()),
                execution_id=snapshot.execution.id,
                kind=kind,
                plan_version=version,
                created_at=now,
                parameters=taking_up(self._wanted.follow_ups),
            )
        )

    async def _earlier(self, snapshot: ExecutionSnapshot) -> tuple[EarlierExecution, ...]:
        workshop, request = self._parts.workshop, snapshot.execution.request
        found = await workshop.store.conversation(
            request.tenant_id,
            request.user_id,
            request.conversation_id,
            before=snapshot.execution.id,
            limit=MAX_EXECUTIONS,
        )
        return earlier_executions([await workshop.state.snapshot(e) for e in reversed(found)])

    async def _imports(
        self, snapshot: ExecutionSnapshot, plan: Plan, current: Plan | None = None
    ) -> tuple[Change, ...]:
        """Bring in what the plan takes from earlier executions of the same person, and the current one does not."""
        workshop, request = self._parts.workshop, snapshot.execution.request
        changes: list[Change] = []
        there = current.imports if current is not None else ()
        for wanted in (one for one in plan.imports if one not in there):
            earlier = await workshop.state.snapshot(wanted.execution_id)
            theirs = earlier.execution.request
            whole = earlier.artifacts.get(wanted.step_id) if wanted.whole else None
            artifact = whole or importable(earlier, wanted.step_id)
            if artifact is None or (theirs.tenant_id, theirs.user_id) != (request.tenant_id, request.user_id):
                continue
            changes.append(
                PutArtifact(
                    execution_id=snapshot.execution.id,
                    step_id=wanted.name,
                    artifact=artifact,
                    label=Label(integrity=Integrity.TENANT),
                    at=workshop.clock.now(),
                )
            )
        return tuple(changes)


def _left(plan: Plan, drop: Sequence[str]) -> Plan:
    """The plan without these steps, where something is left then."""
    try:
        return without(plan, drop)
    except PlanError:
        return plan
