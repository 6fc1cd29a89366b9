"""The one door for chat, HTTP, terminal, webhook and timer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Protocol

from engine.domain.approval import Approval, ApprovalStatus
from engine.domain.event import Event, EventType
from engine.domain.execution import Execution, ExecutionStatus, Signal
from engine.domain.feedback import Feedback
from engine.domain.ids import ExecutionId, PrincipalId
from engine.domain.request import Request, clean_text, dominant_locale
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import ConflictError, NotFoundError, RequestError
from engine.orchestration.plan_editor import keeping
from engine.orchestration.state_manager import StateManager
from engine.orchestration.transitions import Effectiveness, judge_signal
from engine.planning.follow_up import agreed_in_writing, offer, offer_id, open_offer
from engine.ports.changes import Change, CreateExecution, DecideApproval, MoveExecution, PutFeedback, RaiseFlag
from engine.ports.clock import Clock, IdSource
from engine.ports.store import ExecutionStore
from engine.safety.questions import opening, timed
from engine.streaming.stream_manager import StreamManager

_FLAGS = {
    Signal.PAUSE: (EventType.EXECUTION_PAUSED, True, None),
    Signal.RESUME: (EventType.EXECUTION_RESUMED, False, None),
    Signal.CANCEL: (EventType.CANCEL_REQUESTED, None, True),
}


class Wake(Protocol):
    """Has an execution looked at soon."""

    def __call__(self, execution_id: ExecutionId, snapshot: ExecutionSnapshot | None = None) -> None:
        """``snapshot``: the execution as it was just committed, if known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestratorOptions:
    """What new executions begin with."""

    timezone: str = "Asia/Jerusalem"
    """Where people live unless their request says otherwise."""
    fence: int = 0
    """Of this process: what it starts is its own at once; 0 leaves that to whoever runs it."""


class MasterOrchestrator:
    """Starts, shows and steers executions. It authorises nothing: doors do, through ``bot.gateway``."""

    def __init__(
        self,
        store: ExecutionStore,
        state: StateManager,
        streams: StreamManager,
        clock: Clock,
        ids: IdSource,
        wake: Wake,
        options: OrchestratorOptions = OrchestratorOptions(),
    ) -> None:
        self._store = store
        self._state = state
        self._streams = streams
        self._clock = clock
        self._ids = ids
        self._wake = wake
        self._options = options

    async def start(self, request: str | Request, user_id: str, *, change: str = "") -> Execution:
        """Accept a request: committed when this returns, planned afterwards.

        A request whose ``request_key`` is known gives the execution it made before.

        Args:
            request: what is asked.
            user_id: by whom.
            change: with a request that comes from an earlier execution: what is to be different, in words. Nothing of its
                first version runs before the version that makes it so.

        Raises:
            RequestError: ``request_empty``, ``request_too_long``.
        """
        wanted = self._request(request, PrincipalId(user_id))
        now = self._clock.now()
        execution = Execution(
            id=ExecutionId(self._ids.new()),
            request=wanted,
            status=ExecutionStatus.PLANNING,
            created_at=now,
            updated_at=now,
            fence=self._options.fence,
        )
        event = self._state.event(execution.id, EventType.EXECUTION_STARTED)
        made = _just_made(execution)
        changes = self._changing(made, clean_text(change)) if change else []
        if not await self._state.commit(CreateExecution(execution=execution), event, *changes):
            known = await self._earlier(wanted)
            self._wake(known.id, None)  # it may have been kept after its sender had given up, and nobody looked at it
            return known
        self._wake(execution.id, None if changes else made)
        return execution

    async def get_execution(self, execution_id: str) -> ExecutionSnapshot:
        """Everything about one execution.

        Raises:
            NotFoundError: ``execution_unknown``.
        """
        return await self._state.snapshot(ExecutionId(execution_id))

    async def pause(self, execution_id: str, by: str = "") -> ExecutionSnapshot:
        """No new step; reads stop and are redone later; effects end. Repeating is harmless.

        Raises:
            NotFoundError: ``execution_unknown``.
            ConflictError: ``execution_ended``.
        """
        return await self.signal(execution_id, Signal.PAUSE, by)

    async def resume(self, execution_id: str, by: str = "") -> ExecutionSnapshot:
        """Go on. Raises as :meth:`pause`."""
        return await self.signal(execution_id, Signal.RESUME, by)

    async def cancel(self, execution_id: str, by: str = "") -> ExecutionSnapshot:
        """Stop for good: nothing new starts, a running effect ends and is recorded. Raises as :meth:`pause`."""
        return await self.signal(execution_id, Signal.CANCEL, by)

    async def signal(self, execution_id: str, signal: Signal, by: str = "") -> ExecutionSnapshot:
        """Apply a signal; the returned snapshot includes its flag. Raises as :meth:`pause`."""
        identifier = ExecutionId(execution_id)
        while True:
            snapshot = await self._state.snapshot(identifier)
            match judge_signal(snapshot.execution, signal):
                case Effectiveness.IMPOSSIBLE:
                    raise _ended(snapshot, signal.value)
                case Effectiveness.REPEATED:
                    self._wake(identifier)  # the flag may have been kept after its sender had given up
                    return snapshot
                case Effectiveness.APPLIES:
                    if await self._raise_flag(identifier, signal, by):
                        self._wake(identifier)
                        return await self._state.snapshot(identifier)

    async def offer_change(self, execution_id: str, text: str, by: str, key: str) -> Approval:
        """Offer what was written while an execution runs as a change of its plan: a question, open beside its others, while
        the plan goes on. An offer still open is replaced, and its words are asked about with these.

        Args:
            execution_id: which.
            text: what was written.
            by: who wrote it.
            key: names the message. The same message makes one offer, which is given again as it stands.

        Raises:
            NotFoundError: ``execution_unknown``.
            ConflictError: ``execution_ended``: it is done or being stopped; ``plan_fixed``: it takes another one back, and
                nothing else can be made of it. Nothing was offered.
            RequestError: ``request_empty``; ``request_too_long``, with what is asked already.
        """
        identifier, words = ExecutionId(execution_id), clean_text(text)
        approval_id = offer_id(identifier, key)
        while True:
            snapshot = await self._state.snapshot(identifier)
            known = next((a for a in snapshot.approvals if a.id == approval_id), None)
            if known is not None:
                self._wake(identifier)
                return known
            if snapshot.execution.status is ExecutionStatus.DONE or snapshot.execution.cancelled:
                raise _ended(snapshot, "a change")
            if snapshot.execution.request.undoes:
                raise ConflictError("plan_fixed", f"Execution {identifier} is an undo; ask for what you want anew.")
            offered = timed(offer(snapshot, approval_id, words, by, self._clock.now()))
            clean_text(offered.title)
            if await self._state.commit(*self._offering(snapshot, offered)):
                self._wake(identifier)
                return offered

    async def rate(self, execution_id: str, user_id: str, rating: int, comment: str = "") -> None:
        """Record what a person thinks of an execution; a later verdict replaces it.

        Raises:
            NotFoundError: ``execution_unknown``.
            RequestError: ``rating_invalid``.
        """
        if rating not in {1, -1}:
            raise RequestError("rating_invalid", f"Field rating: {rating} is neither 1 nor -1.")
        snapshot = await self._state.snapshot(ExecutionId(execution_id))
        feedback = Feedback(
            execution_id=snapshot.execution.id,
            user_id=PrincipalId(user_id),
            rating=rating,
            comment=comment[:2_000],
            at=self._clock.now(),
        )
        await self._state.commit(PutFeedback(feedback=feedback))

    async def events(self, execution_id: str, after: int = 0) -> AsyncGenerator[Event]:
        """Events numbered above ``after``, then live ones; ends after ``execution_finished``.

        Raises:
            NotFoundError: ``execution_unknown``.
        """
        snapshot = await self._state.snapshot(ExecutionId(execution_id))
        if snapshot.execution.status is ExecutionStatus.DONE and after >= snapshot.seq:
            return
        async for event in self._streams.events(snapshot.execution.id, after):
            yield event

    def _offering(self, snapshot: ExecutionSnapshot, offered: Approval) -> list[Change]:
        """The changes that open an offer. They begin as an answer ends, by having the execution looked at again: an offer and
        the end of the execution cannot both come first, and one from before a new owner or answer is made again."""
        execution = snapshot.execution
        looked_at = ExecutionStatus.RUNNING if execution.plan_version else ExecutionStatus.PLANNING
        changes: list[Change] = [
            MoveExecution(
                execution_id=execution.id,
                fence=execution.fence,
                status=looked_at,
                at=offered.created_at,
                unless_moved_from=execution.epoch,
            )
        ]
        before = open_offer(snapshot)
        if before is not None:
            replaced = replace(before, status=ApprovalStatus.SUPERSEDED, decided_at=offered.created_at)
            event = self._state.event(
                execution.id, EventType.APPROVAL_DECIDED, approval=replaced.id, status=replaced.status.value, by=None
            )
            changes += [DecideApproval(approval=replaced), event]
        return [*changes, *opening(self._state, offered)]

    def _changing(self, made: ExecutionSnapshot, words: str) -> list[Change]:
        """The changes that have a new execution's first version changed before anything of it runs."""
        offered = offer(made, offer_id(made.id, "start"), words, made.execution.request.user_id, self._clock.now())
        return keeping(self._state, agreed_in_writing(made, offered, words))

    async def _raise_flag(self, execution_id: ExecutionId, signal: Signal, by: str) -> bool:
        kind, paused, cancelled = _FLAGS[signal]
        flag = RaiseFlag(execution_id=execution_id, at=self._clock.now(), paused=paused, cancelled=cancelled)
        return await self._state.commit(flag, self._state.event(execution_id, kind, by=by))

    def _request(self, request: str | Request, user_id: PrincipalId) -> Request:
        if isinstance(request, Request):
            return replace(request, text=clean_text(request.text), user_id=user_id)
        text = clean_text(request)
        return Request(text=text, user_id=user_id, locale=dominant_locale(text), timezone=self._options.timezone)

    async def _earlier(self, wanted: Request) -> Execution:
        if wanted.request_key is not None:
            found = await self._store.by_request_key(wanted.tenant_id, wanted.user_id, wanted.request_key)
            if found is not None:
                return (await self._state.snapshot(found)).execution
        raise NotFoundError("execution_unknown", "The request could not be stored; send it again.")


def _just_made(execution: Execution) -> ExecutionSnapshot:
    return ExecutionSnapshot(execution=execution, plan=None, step_runs={}, approvals=(), artifacts={}, seq=1)


def _ended(snapshot: ExecutionSnapshot, what: str) -> ConflictError:
    outcome = snapshot.execution.outcome
    state = outcome.value if outcome else "being cancelled"
    return ConflictError(
        "execution_ended",
        f"Execution {snapshot.execution.id} is {state}; {what} changes nothing.",
        {"is": state},
    )
