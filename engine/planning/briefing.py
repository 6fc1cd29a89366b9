"""What a model is told of one request: the asker's words, dates and references as one JSON text. Nothing read elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from engine.domain.json import JsonObject, JsonValue
from engine.domain.plan import Binding, Plan, Step
from engine.domain.request import MAX_REQUEST_CHARACTERS
from engine.planning.emitted import tidy
from engine.ports.planning import Brief, EarlierArtifact, EarlierExecution, FailedStep

MAX_QUESTIONS = 3
"""So often a planner may ask about one plan; then it has to make one."""

_MAX_EARLIER_WORDS = 1_000
_MAX_FACT_CHARACTERS = 200
_MAX_FACTS = 20
_DAYS = 14
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def briefing(brief: Brief) -> str:
    """The user's turn of a planning call; the same brief gives the same text."""
    told: dict[str, JsonValue] = {"calendar": _calendar(brief), "language": brief.request.locale}
    if brief.earlier:
        told["earlier"] = [_execution(earlier, brief) for earlier in brief.earlier]
    # What is added while the first plan is being made changes no plan yet: it is more of the request.
    added = _words(brief.change) if brief.change and brief.current is None else ""
    told["request"] = f"{brief.request.text}\n{added}" if added else brief.request.text
    if brief.answers:
        told["clarifications"] = [
            {"question": _words(one.question), "answer": _words(one.answer)} for one in brief.answers
        ]
    if brief.current is not None and brief.change:
        told["current_plan"] = _plan(brief.current, brief)
        told["change"] = _words(brief.change)
    if brief.current is not None and brief.failed:
        told["current_plan"] = _plan(brief.current, brief)
        told["failed_steps"] = [_failed(step) for step in brief.failed]
    if must_plan(brief):
        told["must_plan"] = True
    return json.dumps(told, ensure_ascii=False, indent=1)


def must_plan(brief: Brief) -> bool:
    """Has the person been asked often enough?"""
    return len(brief.answers) >= MAX_QUESTIONS


def earlier_artifacts(brief: Brief) -> Mapping[str, EarlierArtifact]:
    """What bindings may take from earlier executions, by name."""
    return {artifact.name: artifact for execution in brief.earlier for artifact in execution.artifacts}


def _calendar(brief: Brief) -> JsonObject:
    local, personal = _local(brief.now, brief), brief.personal
    workdays: list[JsonValue] = [_WEEKDAYS[day] for day in (6, 0, 1, 2, 3, 4, 5) if day in personal.workdays]
    coming: list[JsonValue] = [_day(local + timedelta(days=days)) for days in range(1, _DAYS + 1)]
    return {
        "today": _day(local),
        "time": f"{local:%H:%M}",
        "zone": personal.timezone,
        "week_starts": "Sunday" if 6 in personal.workdays else "Monday",
        "workdays": workdays,
        "hours": f"{personal.starts:%H:%M}-{personal.ends:%H:%M}",
        "coming_days": coming,
    }


def _execution(earlier: EarlierExecution, brief: Brief) -> JsonObject:
    results: list[JsonValue] = [_artifact(artifact) for artifact in earlier.artifacts]
    return {
        "request": tidy(earlier.request, _MAX_EARLIER_WORDS),
        "asked": f"{_local(earlier.at, brief):%Y-%m-%d %H:%M}",
        "outcome": earlier.outcome.value if earlier.outcome else "not finished",
        "results": results,
    }


def _artifact(artifact: EarlierArtifact) -> JsonObject:
    told: dict[str, JsonValue] = {"name": artifact.name, "kind": artifact.kind, "step": artifact.title}
    if artifact.approved:
        told["approved"] = _facts(artifact.approved)
    return told


def _facts(approved: JsonObject) -> JsonObject:
    """What a person consented to, without long texts: titles, times and names are what follow-ups refer to."""
    return {name: _fact(value) for name, value in list(approved.items())[:_MAX_FACTS]}


def _fact(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return tidy(value, _MAX_FACT_CHARACTERS)
    if isinstance(value, Mapping):
        return _facts(cast("JsonObject", value))
    if isinstance(value, Sequence):
        return [_fact(one) for one in cast("Sequence[JsonValue]", value)[:_MAX_FACTS]]
    return value


def _plan(plan: Plan, brief: Brief) -> JsonObject:
    """The current plan as ``emit_plan`` would take it."""
    names = {(a.execution_id, a.step_id): a.name for a in earlier_artifacts(brief).values()}
    # Executions that went on since may have renumbered what they gave; what is not there any more cannot be named.
    renamed = {str(i.name): names.get((i.execution_id, i.step_id)) for i in plan.imports}
    return {"understood": plan.understood, "steps": [_step(step, renamed) for step in plan.steps]}


def _step(step: Step, renamed: Mapping[str, str | None]) -> JsonObject:
    bound = {field: _reference(binding, renamed) for field, binding in step.bindings.items()}
    inputs: dict[str, JsonValue] = {**step.inputs, **{field: one for field, one in bound.items() if one}}
    return {"agent": step.agent, "id": step.id, "title": step.title, "after": list(step.after), "inputs": inputs}


def _failed(step: FailedStep) -> JsonObject:
    return {"id": step.step_id, "agent": step.agent, "title": step.title, "error": step.code}


def _reference(binding: Binding, renamed: Mapping[str, str | None]) -> JsonObject:
    source = renamed.get(binding.step_id) if binding.earlier else str(binding.step_id)
    if source is None:
        return {}
    return {"from": source, "one": True} if binding.one else {"from": source}


def _local(instant: datetime, brief: Brief) -> datetime:
    return instant.astimezone(ZoneInfo(brief.personal.timezone))


def _day(day: datetime) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day:%Y-%m-%d}"


def _words(text: str) -> str:
    return tidy(text, MAX_REQUEST_CHARACTERS // 2)
