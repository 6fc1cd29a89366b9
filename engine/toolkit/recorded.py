"""Intent before the effect, result after it: the innermost decorator.

Killed before the intent: nothing happened. Killed after it: ``keyed`` repeats with the same key, ``lookup`` looks first,
``unknown`` is never repeated without asking. Killed after the result: the stored result is given back.
"""

from __future__ import annotations

from engine.concurrency import finish
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Choice
from engine.domain.artifact import Artifact, dump, load
from engine.domain.effect import Effect, Intent, IntentStatus
from engine.domain.ids import ApprovalId, ChoiceId
from engine.domain.json import JsonObject
from engine.errors import InternalError
from engine.execution.suspension import Suspended, Unsettled
from engine.failpoints import failpoint
from engine.orchestration.state_manager import StateManager
from engine.ports.changes import CompleteIntent, RecordIntent
from engine.ports.clock import Clock, IdSource
from engine.ports.store import ExecutionStore
from engine.ports.tools import Tool, ToolCall
from engine.safety.questions import opening
from engine.toolkit.decorator import ToolDecorator

EFFECT_SECONDS = 60.0
"""An effect still running after this is cut off, and its outcome is unknown."""

HAPPENED, AGAIN, LEAVE = ChoiceId("happened"), ChoiceId("again"), ChoiceId("leave")


class Recorded(ToolDecorator):
    """Wraps a tool in its intent."""

    def __init__(self, inner: Tool, store: ExecutionStore, state: StateManager, clock: Clock, ids: IdSource) -> None:
        super().__init__(inner)
        self._store = store
        self._state = state
        self._clock = clock
        self._ids = ids

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        """Make the effect happen once, or give back what it gave.

        Raises:
            Suspended: whether it happened cannot be known; a person is asked.
            InternalError: ``effect_key_reused`` for the same key with other arguments.
        """
        wanted = self.spec.call(arguments).hash
        intent = await self._store.intent(call.key)
        if intent is None:
            await self._record(call, wanted)
        elif intent.call_hash != wanted:
            raise InternalError("effect_key_reused", f"{call.key} was first used with other arguments.")
        elif intent.result is not None:
            return load(intent.result)
        elif (settled := await self._settle(call)) is not None:
            return await self._complete(call, settled)
        return await finish(self._make(call, arguments), within=EFFECT_SECONDS)

    async def _record(self, call: ToolCall, wanted: str) -> None:
        intent = Intent(
            key=call.key,
            execution_id=call.execution_id,
            step_id=call.step_id,
            tool=self.spec.name,
            effect=self.spec.effect,
            call_hash=wanted,
            status=IntentStatus.STARTED,
        )
        if not await self._state.commit(RecordIntent(intent=intent, fence=call.fence, at=self._clock.now())):
            raise InternalError("fence_lost", f"Another process owns execution {call.execution_id}.")

    async def _make(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        failpoint("effect.before")
        artifact = await self._inner.run(call, arguments)
        failpoint("effect.after")
        return await self._complete(call, artifact)

    async def _complete(self, call: ToolCall, artifact: Artifact) -> Artifact:
        await self._state.commit(CompleteIntent(key=call.key, result=dump(artifact), at=self._clock.now()))
        return artifact

    async def _settle(self, call: ToolCall) -> Artifact | None:
        """The outcome of an effect whose result was never recorded; None means make it (again)."""
        match self.spec.effect:
            case Effect.READ | Effect.KEYED:
                return None
            case Effect.LOOKUP:
                return await self._inner.find(call)
            case Effect.UNKNOWN:
                return await self._ask(call)

    async def _ask(self, call: ToolCall) -> Artifact | None:
        snapshot = await self._state.snapshot(call.execution_id)
        asked = snapshot.latest(ApprovalKind.UNKNOWN_OUTCOME, call.step_id, call.number)
        if asked is None:
            raise self._question(call)
        if asked.status is ApprovalStatus.PENDING:
            raise Suspended
        if asked.chosen == AGAIN:
            return None
        raise Unsettled

    def _question(self, call: ToolCall) -> Suspended:
        approval = Approval(
            id=ApprovalId(self._ids.new()),
            execution_id=call.execution_id,
            kind=ApprovalKind.UNKNOWN_OUTCOME,
            plan_version=call.plan_version,
            created_at=self._clock.now(),
            step_id=call.step_id,
            title=call.title,
            effect_number=call.number,
            choices=tuple(Choice(id=choice, label=choice) for choice in (HAPPENED, AGAIN, LEAVE)),
        )
        return Suspended(*opening(self._state, approval))
