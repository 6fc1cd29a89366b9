"""Named resources held around the effect, taken after approval."""

from __future__ import annotations

from engine.domain.artifact import Artifact
from engine.domain.json import JsonObject
from engine.ports.tools import Tool, ToolCall
from engine.safety.resource_locks import ResourceLocks
from engine.toolkit.decorator import ToolDecorator


class Locked(ToolDecorator):
    """Wraps a tool in its resources' locks."""

    def __init__(self, inner: Tool, locks: ResourceLocks) -> None:
        super().__init__(inner)
        self._locks = locks

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        """Run while holding every lock of the spec. Cancel: gives them back."""
        async with self._locks.hold(self.spec.locks):
            return await self._inner.run(call, arguments)
