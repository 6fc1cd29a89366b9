"""Named resources held around the effect, taken after approval."""

from __future__ import annotations

from engine.domain.agent import ToolSpec
from engine.domain.artifact import Artifact
from engine.domain.json import JsonObject
from engine.ports.tools import Tool, ToolCall
from engine.safety.resource_locks import ResourceLocks


class Locked:
    """Wraps a tool in its resources' locks."""

    def __init__(self, inner: Tool, locks: ResourceLocks) -> None:
        self._inner = inner
        self._locks = locks

    @property
    def spec(self) -> ToolSpec:
        """The inner tool's."""
        return self._inner.spec

    async def check(self, arguments: JsonObject) -> str | None:
        """The inner tool's."""
        return await self._inner.check(arguments)

    async def find(self, call: ToolCall) -> Artifact | None:
        """The inner tool's."""
        return await self._inner.find(call)

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        """Run while holding every lock of the spec. Cancel: gives them back."""
        async with self._locks.hold(self.spec.locks):
            return await self._inner.run(call, arguments)
