"""What a model is told about an answer that cannot be used, so that its next one can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.domain.json import canonical
from engine.planning.finding import Finding, listed
from engine.ports.language_model import Message, ModelAnswer, Part, StopReason, Text, ToolResult, ToolUse

_MAX_SHOWN = 20
_MAX_RETURNED_BYTES = 50_000


def repaired(messages: Sequence[Message], answer: ModelAnswer, found: Sequence[Finding]) -> tuple[Message, ...]:
    """The conversation with the faults of its last answer named; what stood before stays as it was, for caches.

    An answer that was cut, that says nothing or that is far too long is not given back: the model is only told of it.
    """
    faults = "\n".join(f"- {line}" for line in listed(found, most=_MAX_SHOWN))
    advice = f"Your answer cannot be used:\n{faults}\nCall emit_plan once with the whole plan, without these faults."
    said = _said(answer)
    if not said:
        *before, last = messages
        return (*before, replace(last, parts=(*last.parts, Text(text=advice))))
    calls = [part for part in said if isinstance(part, ToolUse)]
    results: tuple[Part, ...] = tuple(ToolResult(tool_use_id=call.id, text=advice, failed=True) for call in calls)
    return (
        *messages,
        Message(role="assistant", parts=said),
        Message(role="user", parts=results or (Text(text=advice),)),
    )


def _said(answer: ModelAnswer) -> tuple[Part, ...]:
    """The answer's parts as a turn the provider takes again; empty where there is none to give back."""
    if answer.stop is StopReason.MAX_TOKENS:
        return ()
    said = tuple(part for part in answer.parts if not isinstance(part, Text) or part.text.strip())
    return said if 0 < _size(said) <= _MAX_RETURNED_BYTES else ()


def _size(said: Sequence[Part]) -> int:
    """Bytes of words and calls; 0 also where they are no plain JSON, such as a NaN or half a surrogate pair."""
    try:
        words = sum(len(part.text.encode()) for part in said if isinstance(part, Text))
        return words + sum(len(canonical(part.input).encode()) for part in said if isinstance(part, ToolUse))
    except (ValueError, RecursionError):
        return 0
