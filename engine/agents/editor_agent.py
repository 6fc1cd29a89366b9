"""Writes the agenda of a meeting."""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel

from engine.agents.agenda import compose
from engine.agents.inputs import EditorInputs
from engine.agents.office_tools import SAVE_AGENDA
from engine.agents.quoting import one_line
from engine.agents.typed_inputs import typed
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Agenda
from engine.domain.effect import Effect
from engine.errors import InternalError, WithheldError
from engine.ports.agents import StepContext

_SPEC = AgentSpec(
    name="EditorAgent",
    version="1",
    skill="Writes a meeting's agenda from its title, its topic and a summary.",
    inputs=EditorInputs,
    output="agenda",
    effect=Effect.KEYED,
    tools=frozenset({SAVE_AGENDA}),
)


class EditorAgent:
    """Composes once and saves; what was composed is kept, so that a repeated save carries the same text."""

    @property
    def spec(self) -> AgentSpec:
        """Writes through ``save_agenda`` only; ``agenda``."""
        return _SPEC

    async def run(self, inputs: BaseModel, context: StepContext) -> Agenda:
        """Compose from the inputs and the messages to the editor, save, give the saved agenda with its sources.

        A message that arrives after the first attempt composed is not taken in: the text under a key must not change.
        """
        wanted = typed(inputs, EditorInputs)
        messages = [message.text for message in await context.messages()]
        title = one_line(wanted.title, 300)
        text, sources = compose(title, wanted.topic, wanted.summary, messages, context.request.locale)
        kept = (context.saved or {}).get("text")
        if isinstance(kept, str) and kept:
            text = kept
        else:
            await context.checkpoint({"text": text})
        try:
            agenda = await context.call(SAVE_AGENDA, {"title": title, "text": text})
        except WithheldError:
            return Agenda(title=title, text=text, sources=sources)
        if not isinstance(agenda, Agenda):
            raise InternalError("artifact_mistyped", f"{SAVE_AGENDA} gave {type(agenda).__name__}.")
        return replace(agenda, sources=sources)
