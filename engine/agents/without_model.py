"""Stands in for an agent whose language model stays away: does the same step the way it is done without one, and says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import BaseModel

from engine.agents.shortfalls import Shortfall, problem
from engine.domain.artifact import Agenda, Artifact, Summary
from engine.domain.json import JsonObject
from engine.domain.message import AgentMessage
from engine.domain.request import Request
from engine.domain.tenant import PersonalTime
from engine.errors import InternalError, RefusedError
from engine.ports.agents import Agent, StepContext
from engine.ports.language_model import ModelAnswer, ModelRequest


class WithoutModel:
    """The agent itself, in a context that has no model. It goes on from what was saved: nothing that was read is read again.

    Args:
        agent: has a way of its own to do its step where there is no model.
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self.spec = replace(
            agent.spec,
            name=f"{agent.spec.name}WithoutModel",
            stands_in_for=agent.spec.name,
            uses_model=False,
            early=False,
        )
        """The agent's card, under a name of its own."""

    async def run(self, inputs: BaseModel, context: StepContext) -> Artifact:
        """Perform the step without asking a model; what comes of it says so in ``problems``.

        Raises:
            RefusedError: as the agent without a model.
            UnavailableError: as the agent; nothing of it comes from a model.
        """
        artifact = await self._agent.run(inputs, _Modelless(context))
        if not isinstance(artifact, Summary | Agenda):
            raise InternalError("artifact_mistyped", f"{self.spec.name} cannot say how {artifact.kind} came about.")
        said = (problem(Shortfall.AWAY),) if context.has_model else ()
        return replace(artifact, problems=(*artifact.problems, *said))


@dataclass(frozen=True, slots=True)
class _Modelless:
    """A step's context, but for the model."""

    inner: StepContext

    @property
    def has_model(self) -> bool:
        """No: that is the point."""
        return False

    async def ask(self, request: ModelRequest) -> ModelAnswer:
        """There is nothing to ask."""
        raise RefusedError("model_absent", f"The model stays away, and {request.prompt.ref} was not asked.")

    @property
    def request(self) -> Request:
        """See the port."""
        return self.inner.request

    @property
    def now(self) -> datetime:
        """See the port."""
        return self.inner.now

    @property
    def personal(self) -> PersonalTime:
        """See the port."""
        return self.inner.personal

    @property
    def saved(self) -> JsonObject | None:
        """See the port."""
        return self.inner.saved

    async def checkpoint(self, state: JsonObject) -> None:
        """See the port."""
        await self.inner.checkpoint(state)

    async def progress(self, message: str) -> None:
        """See the port."""
        await self.inner.progress(message)

    async def call(self, tool: str, arguments: JsonObject) -> Artifact:
        """See the port."""
        return await self.inner.call(tool, arguments)

    async def send(self, recipient: str, text: str) -> None:
        """See the port."""
        await self.inner.send(recipient, text)

    async def messages(self) -> tuple[AgentMessage, ...]:
        """See the port."""
        return await self.inner.messages()
