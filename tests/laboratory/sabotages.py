"""Ways to break the product that a sweep must find: each takes one safeguard away in this process and its forks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from engine.domain.artifact import Artifact
from engine.domain.ids import EffectKey
from engine.domain.json import JsonObject
from engine.failpoints import failpoint
from engine.orchestration.state_manager import StateManager
from engine.ports.changes import Change, CreateExecution, RecordIntent
from engine.ports.tools import ToolCall
from engine.toolkit.recorded import Recorded


def no_intent() -> None:
    """An effect is made with nothing written down before it."""
    commit = StateManager.commit

    async def without(self: StateManager, *changes: Change) -> bool:
        kept = [change for change in changes if not isinstance(change, RecordIntent)]
        return await commit(self, *kept) if kept else True

    StateManager.commit = without


def completes_first() -> None:
    """An effect is written down as done before it is made."""

    async def make(self: Recorded, call: ToolCall, arguments: JsonObject, this: Any) -> Artifact:
        await self._state.commit(this.begin)
        if (given := self._inner.assumed(call, arguments)) is not None:
            await self._complete(call, given)
        failpoint("effect.before")
        return await self._inner.run(call, arguments)

    Recorded._make = make


def keys_change() -> None:
    """A process that is started again uses other idempotency keys."""
    key = ToolCall.key.fget
    assert key is not None

    def of(call: ToolCall) -> EffectKey:
        return EffectKey(f"{key(call)}/{call.fence}")

    ToolCall.key = property(of)  # pyright: ignore[reportAttributeAccessIssue] - it is broken on purpose


def requests_have_no_key() -> None:
    """A message that is taken up again makes another execution."""
    commit = StateManager.commit

    async def without(self: StateManager, *changes: Change) -> bool:
        return await commit(self, *(_without_key(change) for change in changes))

    StateManager.commit = without


def _without_key(change: Change) -> Change:
    if not isinstance(change, CreateExecution):
        return change
    request = replace(change.execution.request, request_key=None)
    return replace(change, execution=replace(change.execution, request=request))


SABOTAGES: Mapping[str, Callable[[], None]] = {
    "no intent": no_intent,
    "completes first": completes_first,
    "keys change": keys_change,
    "requests have no key": requests_have_no_key,
}
