"""Intent before the effect, result after it: the innermost decorator.

Killed before the intent: nothing happened. Killed after it: ``keyed`` repeats with the same key, ``lookup`` looks first,
``unknown`` is never repeated without asking. Killed after the result: the stored result is given back. Nothing is begun, for the
first time or again, once the execution has been stopped.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from engine.concurrency import finish
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Choice
from engine.domain.artifact import Artifact, dump, load
from engine.domain.effect import AGAIN, HAPPENED, LEAVE, Effect, Intent, IntentStatus
from engine.domain.ids import ApprovalId
from engine.domain.json import JsonObject
from engine.errors import AuthExpiredError, InternalError, RefusedError, RequestError, UnavailableError
from engine.execution.suspension import Suspended, Unsettled
from engine.failpoints import failpoint
from engine.orchestration.state_manager import StateManager
from engine.ports.changes import CompleteIntent, RecordIntent, RetryIntent, VoidIntent
from engine.ports.clock import Clock, IdSource
from engine.ports.store import ExecutionStore
from engine.ports.tools import Tool, ToolCall
from engine.safety.questions import opening, timed
from engine.toolkit.decorator import ToolDecorator

EFFECT_SECONDS = 60.0
"""An effect still running after this is cut off, and its outcome is unknown. So is a look for what came of one."""


@dataclass(slots=True, kw_only=True)
class _Try:
    """One try of an effect."""

    intent: Intent
    """As it stands once the try has begun."""
    begin: RecordIntent | RetryIntent
    """Makes it so."""
    first: bool
    """No earlier try can have had an effect."""
    called: bool = False
    """The tool was called: before that, whatever fails, nothing has happened."""


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

        Cancel: an effect that has begun ends first. A look for what came of an earlier try stops at once: it stays unknown.

        Raises:
            Suspended: whether it happened cannot be known, and a person is asked; or the execution was stopped, and nothing
                has been begun.
            Unsettled: a person left it at that, or said that it happened and what it gave cannot be known.
            UnavailableError: ``effect_cut_off``; besides whatever the tool raises.
            InternalError: ``effect_key_reused`` for the same key with another call.
        """
        wanted = self.spec.call(arguments)
        intent = await self._store.intent(call.key)
        if intent is None:
            intent = self._intent(call, arguments)
            begin = RecordIntent(intent=intent, fence=call.fence, at=self._clock.now())
            if call.doubtful:
                return await self._doubt(call, arguments, intent, begin)
            return await self._try(call, arguments, _Try(intent=intent, begin=begin, first=True))
        # Of a call that was turned down nothing happened, and the next one may be another.
        if intent.tool != wanted.tool or (intent.call_hash != wanted.hash and intent.status is not IntentStatus.VOID):
            raise InternalError("effect_key_reused", f"{call.key} was first used for another call.")
        if intent.result is not None:
            call.reached()
            return load(intent.result)
        return await self._go_on(call, arguments, intent)

    async def _doubt(self, call: ToolCall, arguments: JsonObject, intent: Intent, begin: RecordIntent) -> Artifact:
        """Nothing is known of it, and it may have happened: as if it had been begun before."""
        if not await self._state.commit(begin):
            raise Suspended(waiting=False)
        return await self._go_on(call, arguments, intent)

    async def _go_on(self, call: ToolCall, arguments: JsonObject, intent: Intent) -> Artifact:
        """From an intent without a result."""
        answer: ApprovalId | None = None
        if intent.status is IntentStatus.STARTED:
            if self.spec.effect is Effect.LOOKUP and (found := await self._find(call)) is not None:
                return await self._complete(call, found)
            if self.spec.effect is Effect.UNKNOWN:
                answered = await self._answer(call, arguments, intent)
                if answered.chosen != AGAIN:
                    return await self._settle(call, arguments, answered)
                answer = answered.id
        now = self._clock.now()
        made = self.spec.call(arguments).hash
        begin = RetryIntent(
            key=call.key, execution_id=call.execution_id, fence=call.fence, at=now, call_hash=made, answer=answer
        )
        again = replace(intent, started_at=now, call_hash=made, answer=answer)
        first = intent.status is IntentStatus.VOID
        return await self._try(call, arguments, _Try(intent=again, begin=begin, first=first))

    async def _find(self, call: ToolCall) -> Artifact | None:
        try:
            async with asyncio.timeout(EFFECT_SECONDS):
                return await self._inner.find(call)
        except TimeoutError as error:
            late = f"Looking for what came of {self.spec.name} had not ended after {EFFECT_SECONDS:.0f} seconds."
            raise UnavailableError("effect_cut_off", late) from error

    async def _try(self, call: ToolCall, arguments: JsonObject, this: _Try) -> Artifact:
        """Begin the effect and make it. A read stops at once when cancelled; anything else ends first."""
        call.reached()
        making = self._make(call, arguments, this)
        try:
            if self.spec.effect is Effect.READ:
                async with asyncio.timeout(EFFECT_SECONDS):
                    return await making
            return await finish(making, within=EFFECT_SECONDS, unhurried=True)
        except Exception as error:
            if self.spec.effect is Effect.UNKNOWN and this.called and not (this.first and _turned_down(error)):
                raise self._question(call, arguments, this.intent) from error
            if isinstance(error, TimeoutError):
                late = f"{self.spec.name} had not ended after {EFFECT_SECONDS:.0f} seconds."
                raise UnavailableError("effect_cut_off", late) from error
            raise

    async def _make(self, call: ToolCall, arguments: JsonObject, this: _Try) -> Artifact:
        if not await self._state.commit(this.begin):
            raise Suspended(waiting=False)  # it was stopped, or is not ours any more: nothing is begun
        failpoint("effect.before")
        this.called = True
        try:
            async with asyncio.timeout(EFFECT_SECONDS):
                artifact = await self._inner.run(call, arguments)
        except Exception as error:
            if this.first and _turned_down(error):
                await self._state.commit(VoidIntent(key=call.key, fence=call.fence, at=self._clock.now()))
            raise
        failpoint("effect.after")
        return await self._complete(call, artifact)

    async def _complete(self, call: ToolCall, artifact: Artifact) -> Artifact:
        call.reached()
        await self._state.commit(CompleteIntent(key=call.key, result=dump(artifact), at=self._clock.now()))
        return artifact

    async def _answer(self, call: ToolCall, arguments: JsonObject, intent: Intent) -> Approval:
        """What a person said of the latest try; asks where nobody has."""
        snapshot = await self._state.snapshot(call.execution_id)
        asked = snapshot.latest(ApprovalKind.UNKNOWN_OUTCOME, call.step_id, call.number)
        if asked is None or asked.id == intent.answer:
            raise self._question(call, arguments, intent)
        if asked.status is ApprovalStatus.PENDING:
            raise Suspended
        return asked

    async def _settle(self, call: ToolCall, arguments: JsonObject, answered: Approval) -> Artifact:
        artifact = self._inner.assumed(call, arguments) if answered.chosen == HAPPENED else None
        if artifact is None:
            raise Unsettled
        return await self._complete(call, artifact)

    def _intent(self, call: ToolCall, arguments: JsonObject) -> Intent:
        return Intent(
            key=call.key,
            execution_id=call.execution_id,
            step_id=call.step_id,
            tool=self.spec.name,
            effect=self.spec.effect,
            call_hash=self.spec.call(arguments).hash,
            title=call.title,
            started_at=self._clock.now(),
        )

    def _question(self, call: ToolCall, arguments: JsonObject, intent: Intent) -> Suspended:
        """Ask what became of the latest try; reminded of as any question, and never closed unanswered."""
        now = self._clock.now()
        approval = Approval(
            id=ApprovalId(self._ids.new()),
            execution_id=call.execution_id,
            kind=ApprovalKind.UNKNOWN_OUTCOME,
            plan_version=call.plan_version,
            created_at=now,
            step_id=call.step_id,
            title=call.title,
            parameters={"at": (intent.started_at or now).isoformat()},
            call=self.spec.call(arguments),
            effect_number=call.number,
            choices=tuple(Choice(id=choice, label=choice) for choice in (HAPPENED, AGAIN, LEAVE)),
        )
        return Suspended(*opening(self._state, replace(timed(approval), expires_at=None)))


def _turned_down(error: Exception) -> bool:
    """Is it certain that this call had no effect?"""
    if isinstance(error, UnavailableError):
        return error.untouched
    return isinstance(error, RequestError | AuthExpiredError | RefusedError)
