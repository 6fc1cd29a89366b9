"""Takes back what an earlier execution did: one thing in the world per step."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from engine.agents.typed_inputs import typed
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Artifact
from engine.domain.effect import Effect
from engine.errors import NotAllowedError
from engine.ports.agents import StepContext

UNDO_AGENT = "UndoAgent"


class UndoInputs(BaseModel):
    """UndoAgent → ``undone``."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    tool: str = ""
    """What takes it back; empty: nothing can."""
    effects: tuple[str, ...] = Field(default=(), max_length=200)
    """Keys of the effects, the oldest first."""
    title: str = Field(default="", max_length=300)
    path: str = Field(default="", max_length=1_000)
    digest: str = Field(default="", max_length=64)
    """Of what was written, where the tool compares it."""
    sure: bool = True
    """False: nobody knows whether it happened."""


class UndoAgent:
    """The one agent that may call tools which take something back. Those are not gated: whoever wanted the undo was told
    exactly what it takes back.

    Args:
        tools: their names.
    """

    def __init__(self, tools: frozenset[str]) -> None:
        self._spec = AgentSpec(
            name=UNDO_AGENT,
            version="1",
            skill="Takes back what an earlier request did.",
            inputs=UndoInputs,
            output="undone",
            effect=Effect.KEYED,
            tools=tools,
            internal=True,
        )

    @property
    def spec(self) -> AgentSpec:
        """Internal; ``undone``."""
        return self._spec

    async def run(self, inputs: BaseModel, context: StepContext) -> Artifact:
        """Take it back.

        Raises:
            NotAllowedError: ``undo_impossible`` or ``undo_unsure`` where nothing takes it back; ``undo_foreign``: the effects
                are not of the execution that the request is about. Else as the tool.
        """
        wanted, request = typed(inputs, UndoInputs), context.request
        if not wanted.tool:
            if wanted.sure:
                raise NotAllowedError("undo_impossible", "There is nothing that takes this back; it stays as it is.")
            raise NotAllowedError("undo_unsure", "Whether this happened is not known, so it was left as it is.")
        own = f"{request.tenant_id}/{request.origin.execution_id}/" if request.origin else None
        if own is None or not all(effect.startswith(own) for effect in wanted.effects):
            raise NotAllowedError("undo_foreign", "Only what the named execution did is taken back.")
        return await context.call(wanted.tool, wanted.model_dump(mode="json", exclude={"tool", "sure"}))
