"""Requests the tests make."""

from __future__ import annotations

from typing import Any

from engine.domain.prompt import Prompt
from engine.ports.language_model import AnswerShape, Message, ModelRequest, ModelRole, ModelTool, Text

PROMPT = Prompt(name="plan", version=1, text="Make plans.")
CATALOGUE = "Agents: DocumentAgent, CalendarAgent, 30 more."
STEPS: dict[str, Any] = {
    "type": "object",
    "properties": {"steps": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}},
    "required": ["steps"],
}
EMIT_PLAN = ModelTool(name="emit_plan", description="Give the plan.", schema=STEPS, strict=True)
SUMMARY = AnswerShape(
    name="summary",
    schema={"type": "object", "properties": {"title": {"type": "string", "maxLength": 80}}, "required": ["title"]},
)


def said(words: str) -> Message:
    """A person's turn."""
    return Message(role="user", parts=(Text(text=words),))


def planning(words: str = "Meet Yoav on Monday") -> ModelRequest:
    """A planner's request."""
    return ModelRequest(
        role=ModelRole.PLANNER,
        prompt=PROMPT,
        catalogue=CATALOGUE,
        messages=(said(words),),
        tools=(EMIT_PLAN,),
        must_use="emit_plan",
    )


def asking(words: str = "Hello") -> ModelRequest:
    """An agent's request without tools."""
    return ModelRequest(role=ModelRole.AGENT, prompt=PROMPT, messages=(said(words),))


def shaping(words: str = "Summarise") -> ModelRequest:
    """An agent's request for a bound answer."""
    return ModelRequest(role=ModelRole.AGENT, prompt=PROMPT, messages=(said(words),), answer=SUMMARY)
