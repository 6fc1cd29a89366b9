"""A language model that is left alone while it keeps failing."""

from __future__ import annotations

from engine.ports.language_model import Growing, LanguageModel, ModelAnswer, ModelRequest, ModelRole
from engine.safety.circuits import Circuits


class GuardedModel:
    """Wraps a model in its circuit: each of its models is a service of its own."""

    def __init__(self, inner: LanguageModel, circuits: Circuits) -> None:
        self._inner = inner
        self._circuits = circuits

    def model(self, role: ModelRole) -> str:
        """See the port."""
        return self._inner.model(role)

    async def ask(self, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
        """See the port. Raises at once, without asking, what the model failed with latest, while it is left alone."""
        return await self._circuits.call(self._inner.model(request.role), lambda: self._inner.ask(request, growing))
