"""Reads what a model handed to ``emit_plan``: untrusted JSON in, a draft, a question or faults by name out.

Only the shape is judged here; whether a draft makes sense is :mod:`engine.planning.check`'s to say. What is shown to people
loses the marks requests lose, and nothing else is mended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from engine.domain.json import JsonObject
from engine.domain.request import clean_text
from engine.errors import RequestError
from engine.planning.check import MAX_STEPS, too_many_steps
from engine.planning.draft import DraftBinding, DraftStep, PlanDraft
from engine.planning.finding import Finding, finding, quote
from engine.ports.planning import PlanQuestion

MAX_UNDERSTOOD_CHARACTERS = 1_000
MAX_QUESTION_CHARACTERS = 500
MAX_CHOICES = 5
MAX_CHOICE_CHARACTERS = 80

_MAX_TIDIED = 8_000
_CODES = {"missing": "missing_field", "extra_forbidden": "unknown_field"}


class _Emitted(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Reference(_Emitted):
    source: str = Field(alias="from")
    one: bool = False


class _Step(_Emitted):
    agent: str
    id: str
    title: str
    after: list[str] = Field(default_factory=list[str])
    inputs: dict[str, JsonValue]


class _Question(_Emitted):
    text: str
    choices: list[str] = Field(default_factory=list[str])


class _Plan(_Emitted):
    understood: str
    question: _Question | None = None
    steps: list[dict[str, JsonValue]]
    sure: bool


def read_plan(emitted: JsonObject) -> PlanDraft | PlanQuestion | tuple[Finding, ...]:
    """The draft or the question in a model's whole answer, or every fault of its shape; a question outranks steps."""
    steps = emitted.get("steps")
    if isinstance(steps, list) and len(steps) > MAX_STEPS:
        return (too_many_steps(len(steps)),)
    try:
        plan = _Plan.model_validate(dict(emitted))
    except ValidationError as error:
        return tuple(_faults(error, ""))
    if plan.question is not None:
        return _question(plan.question)
    read = [read_step(step, number) for number, step in enumerate(plan.steps, start=1)]
    if found := tuple(fault for one in read if not isinstance(one, DraftStep) for fault in one):
        return found
    return PlanDraft(
        steps=tuple(one for one in read if isinstance(one, DraftStep)),
        understood=tidy(plan.understood, MAX_UNDERSTOOD_CHARACTERS),
        sure=plan.sure,
    )


def read_step(emitted: object, number: int) -> DraftStep | tuple[Finding, ...]:
    """One step of an answer, or every fault of its shape. An input that is null counts as left out.

    Args:
        emitted: what stands in the list of steps.
        number: its place there, from 1 on: faults name it where it has no usable id.

    """
    try:
        step = _Step.model_validate(emitted)
    except ValidationError as error:
        return tuple(_faults(error, _name(emitted, number)))
    inputs: dict[str, JsonValue] = {}
    bindings: dict[str, DraftBinding] = {}
    found: list[Finding] = []
    for field, value in step.inputs.items():
        if not (isinstance(value, dict) and "from" in value):
            inputs.update({field: value} if value is not None else {})
            continue
        try:
            reference = _Reference.model_validate(value)
        except ValidationError as error:
            found.extend(_faults(error, _name(emitted, number), field))
        else:
            bindings[field] = DraftBinding(step=reference.source, one=reference.one)
    if found:
        return tuple(found)
    title = " ".join(tidy(step.title, _MAX_TIDIED).split())
    return DraftStep(
        id=step.id, agent=step.agent, title=title, inputs=inputs, bindings=bindings, after=tuple(step.after)
    )


def tidy(raw: str, most: int) -> str:
    """Words a model wrote, cleaned as requests are and cut to ``most`` (8,000 at most) characters; may be empty."""
    try:
        text = clean_text(raw[: 2 * most])
    except RequestError:
        return ""
    return text if len(text) <= most else text[: most - 1] + "…"


def _question(question: _Question) -> PlanQuestion | tuple[Finding, ...]:
    text = tidy(question.text, MAX_QUESTION_CHARACTERS)
    if not text:
        return (finding("empty_question", "", "question.text says nothing; without a question, question is null"),)
    choices = dict.fromkeys(" ".join(tidy(choice, MAX_CHOICE_CHARACTERS).split()) for choice in question.choices)
    return PlanQuestion(text=text, choices=tuple(choice for choice in choices if choice)[:MAX_CHOICES])


def _faults(error: ValidationError, step: str, field: str = "") -> Iterator[Finding]:
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in (*((field,) if field else ()), *fault["loc"]))
        code = _CODES.get(fault["type"], "wrong_type")
        yield finding(code, step, f"{quote(where) if where else 'it'}: {fault['msg']}")


def _name(emitted: object, number: int) -> str:
    known = cast("Mapping[str, Any]", emitted).get("id") if isinstance(emitted, Mapping) else None
    return known if isinstance(known, str) and known else f"step {number}"
