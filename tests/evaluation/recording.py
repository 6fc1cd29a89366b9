"""Answers of a model kept in a file, and a script that gives them again over a real socket.

An answer belongs to the words it was given for: the request, a change, what the person replied, what was asked before. Other
prompts or agents do not unmake it; other words do.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

from engine.domain.json import content_hash
from engine.ports.language_model import ModelAnswer, ModelRequest, StopReason, Text
from integrations.scripted_model import MaxTokens, Refusal, Reply, RequestView, SayText, Script, Spoken, UseTools

_ALL = 1_000_000
"""More pieces than any answer has."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordedAnswer(_Table):
    """One whole answer."""

    stop: StopReason
    uses: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Tool and input of each call it made."""
    text: str = ""
    usage: dict[str, int] = Field(default_factory=dict[str, int])
    """As the provider counted; a replay is counted anew."""


class Recording(_Table):
    """Everything a model answered in one evaluation."""

    recorded_from: str
    """``scripted``, or the model and its server. Figures of a replay say something about this and nothing else."""
    answers: dict[str, tuple[RecordedAnswer, ...]]
    """Hash of the words → the answers to them, in order: the first, then those to named faults."""
    counts: dict[str, dict[str, int]] = Field(default_factory=dict[str, dict[str, int]])
    """What the evaluation came to, per group, per language and for all."""


class Recorder:
    """Gathers answers while an evaluation runs."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[RecordedAnswer, ...]] = {}

    def keep(self, exchanges: Iterable[tuple[ModelRequest, ModelAnswer]]) -> None:
        """Add the answers one request took."""
        for request, answer in exchanges:
            words = words_key(_briefing(request))
            self.answers[words] = (*self.answers.get(words, ()), _recorded(answer))


def read_recording(path: Path) -> Recording:
    """Read a file :func:`write_recording` wrote.

    Raises:
        OSError: it cannot be read.
        pydantic.ValidationError: it is no recording.
    """
    return Recording.model_validate_json(path.read_text("utf-8"), strict=False)


def write_recording(path: Path, recording: Recording) -> None:
    """Write a recording, a line per answer, so that two of them can be compared."""
    lines = [
        f"  {json.dumps(words)}: {_one_line([answer.model_dump(mode='json') for answer in answers])}"
        for words, answers in sorted(recording.answers.items())
    ]
    counts = [f"  {json.dumps(name)}: {_one_line(counted)}" for name, counted in recording.counts.items()]
    text = (
        f'{{"recorded_from": {json.dumps(recording.recorded_from)},\n"answers": {{\n'
        + ",\n".join(lines)
        + '\n},\n"counts": {\n'
        + ",\n".join(counts)
        + "\n}}\n"
    )
    path.write_text(text, encoding="utf-8")


def replaying(recording: Recording) -> Script:
    """A script that gives the recorded answers. Words nobody recorded are answered with an error that says so."""
    given = Counter[str]()

    def script(request: RequestView, number: int) -> Reply:
        del number
        words = words_key(str(request.turns[0].blocks[0]["text"]))
        answers, given_before = recording.answers.get(words, ()), given[words]
        given[words] += 1
        if given_before >= len(answers):
            raise LookupError(f"the recording has {len(answers)} answers to these words; record it again")
        return _reply(answers[given_before])

    return script


def words_key(briefing: str) -> str:
    """Names the words of a planning call, from the JSON text it begins with."""
    told = cast("Mapping[str, Any]", json.JSONDecoder().raw_decode(briefing)[0])
    return content_hash(
        {
            "request": told["request"],
            "change": told.get("change"),
            "answers": [one["answer"] for one in told.get("clarifications", ())],
            "earlier": [one["request"] for one in told.get("earlier", ())],
        }
    )[:16]


def _briefing(request: ModelRequest) -> str:
    part = request.messages[0].parts[0]
    return part.text if isinstance(part, Text) else ""


def _recorded(answer: ModelAnswer) -> RecordedAnswer:
    usage = answer.usage
    return RecordedAnswer(
        stop=answer.stop,
        uses=tuple((use.name, dict(use.input)) for use in answer.tool_uses),
        text=answer.text,
        usage={"input_tokens": usage.all_input_tokens, "output_tokens": usage.output_tokens},
    )


def _reply(recorded: RecordedAnswer) -> Reply:
    spoken: Spoken = UseTools(recorded.uses, text=recorded.text) if recorded.uses else SayText(recorded.text)
    if recorded.stop is StopReason.MAX_TOKENS:
        return MaxTokens(spoken, after=_ALL)
    if recorded.stop is StopReason.REFUSED:
        return Refusal(spoken, after=_ALL)
    return spoken


def _one_line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
