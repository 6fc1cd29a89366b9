"""A tool whose service is left alone while it keeps failing: the innermost decorator, so that only the service is judged."""

from __future__ import annotations

from engine.domain.artifact import Artifact
from engine.domain.json import JsonObject
from engine.ports.tools import Tool, ToolCall
from engine.safety.circuits import Circuits
from engine.toolkit.decorator import ToolDecorator


class Guarded(ToolDecorator):
    """Wraps a tool in the circuit of the service it names. Turned away, its call is ``untouched``: nothing can have happened."""

    def __init__(self, inner: Tool, circuits: Circuits) -> None:
        super().__init__(inner)
        self._circuits = circuits

    async def check(self, arguments: JsonObject) -> str | None:
        """The inner tool's. Raises as :meth:`run`."""
        return await self._circuits.call(self.spec.service, lambda: self._inner.check(arguments))

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        """Run, unless the service is left alone.

        Raises:
            UnavailableError: as ``Circuits.call``.
        """
        return await self._circuits.call(self.spec.service, lambda: self._inner.run(call, arguments))

    async def find(self, call: ToolCall) -> Artifact | None:
        """The inner tool's. Raises as :meth:`run`."""
        return await self._circuits.call(self.spec.service, lambda: self._inner.find(call))
