"""An agent performs a step; its context is all it may touch."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel

from engine.domain.agent import AgentSpec
from engine.domain.artifact import Artifact
from engine.domain.json import JsonObject
from engine.domain.message import AgentMessage
from engine.domain.request import Request
from engine.domain.tenant import PersonalTime
from engine.ports.language_model import ModelAnswer, ModelRequest


class StepContext(Protocol):
    """What one attempt of one step may know and do."""

    @property
    def request(self) -> Request:
        """The asker's own words, locale and zone."""
        ...

    @property
    def now(self) -> datetime:
        """When the execution was accepted, in UTC: the same on every attempt, so that "tomorrow" does not move."""
        ...

    @property
    def personal(self) -> PersonalTime:
        """The asker's zone, week and hours."""
        ...

    @property
    def saved(self) -> JsonObject | None:
        """What the last attempt saved with :meth:`checkpoint`, or None."""
        ...

    async def checkpoint(self, state: JsonObject) -> None:
        """Save the way so far; an attempt that dies resumes from the last save. Written behind: returns at once, and is
        durable at the latest five seconds later."""
        ...

    async def progress(self, message: str) -> None:
        """Tell whoever watches; may be skipped, never stored for ever."""
        ...

    async def call(self, tool: str, arguments: JsonObject) -> Artifact:
        """Call a tool through approval, locks and intents.

        Raises:
            Suspended: a person must answer first (a BaseException: let it pass).
            NotAllowedError: the agent did not declare the tool.
            RequestError: the arguments do not fit the tool's schema.
        """
        ...

    @property
    def has_model(self) -> bool:
        """Is there a language model to ask?"""
        ...

    async def ask(self, request: ModelRequest) -> ModelAnswer:
        """Ask the language model, within the budget; accounted to this step.

        An answer the agent goes on from belongs into a :meth:`checkpoint` before anything is done with it: a repeated
        attempt then replays it instead of paying twice.

        Raises:
            Suspended: a person must decide about money first (a BaseException: let it pass).
            IntegrationError: as ``LanguageModel.ask``; ``RefusedError`` ``model_absent`` without a model.
        """
        ...

    async def send(self, recipient: str, text: str) -> None:
        """Leave a message for an agent of this execution, once per (recipient, text)."""
        ...

    async def messages(self) -> tuple[AgentMessage, ...]:
        """Messages addressed to this step's agent, oldest first."""
        ...


class Agent(Protocol):
    """Performs one kind of step."""

    @property
    def spec(self) -> AgentSpec:
        """The agent's card; constant."""
        ...

    async def run(self, inputs: BaseModel, context: StepContext) -> Artifact:
        """Perform the step. ``inputs`` is an instance of ``spec.inputs`` with bindings resolved to artifacts.

        Repeatable: with the same inputs and the same saved state it makes the same calls in the same order.
        Cancel: stops at once; nothing it owns outlives it.
        """
        ...
