"""What every decorator of a Tool passes on unchanged."""

from __future__ import annotations

from engine.domain.agent import ToolSpec
from engine.domain.artifact import Artifact
from engine.domain.json import JsonObject
from engine.ports.tools import Tool, ToolCall


class ToolDecorator:
    """A Tool around a Tool; subclasses say what happens before and after ``run``."""

    def __init__(self, inner: Tool) -> None:
        self._inner = inner

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

    def assumed(self, call: ToolCall, arguments: JsonObject) -> Artifact | None:
        """The inner tool's."""
        return self._inner.assumed(call, arguments)
