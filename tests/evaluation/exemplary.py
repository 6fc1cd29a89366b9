"""Writes an answer that meets an expected graph: shows that expectations can be met, and by what the planner accepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.domain.json import JsonObject, JsonValue
from engine.planning.briefing import earlier_artifacts
from engine.planning.kinds import CONTACTS, PERSON, artifact_kinds
from tests.evaluation.briefs import brief_of, office_of
from tests.evaluation.cases import Case, Rule, Wanted
from tests.evaluation.office import office_agents

_FILLED: Mapping[str, JsonValue] = {
    "title": "x",
    "topic": "x",
    "question": "x",
    "name": "x",
    "terms": ["x"],
    "since": "2026-01-14",
    "until": "2026-01-14",
}
"""Required inputs of which a graph says nothing."""


def exemplary(case: Case, graph: Sequence[Wanted], alternative: int = 0) -> JsonObject:
    """Input of ``emit_plan`` that is this graph, with the first value each rule takes.

    Args:
        case: to which the graph belongs.
        graph: sources before their users.
        alternative: which of the alternatives of each step's inputs, as far as there are so many.
    """
    ids = {one.name: f"s{number}" for number, one in enumerate(graph, start=1) if one.name}
    earlier = _earlier_names(case)
    steps: list[JsonValue] = []
    for number, one in enumerate(graph, start=1):
        rules = one.inputs[min(alternative, len(one.inputs) - 1)]
        inputs = {**dict(_required(one)), **{name: _value(one, name, rule) for name, rule in rules.items()}}
        for name, origin in one.sources.items():
            person = PERSON in artifact_kinds(office_agents()[one.agent].inputs.model_fields[name].annotation)
            source, several = (ids[origin], True) if origin in ids else earlier[origin]
            inputs[name] = {"from": source, "one": several} if person else {"from": source}
        steps.append({"agent": one.agent, "id": f"s{number}", "title": "x", "after": [], "inputs": inputs})
    return {"question": None, "steps": steps, "understood": "x", "sure": True}


def _required(wanted: Wanted) -> Iterator[tuple[str, JsonValue]]:
    for name, field in office_agents()[wanted.agent].inputs.model_fields.items():
        if field.is_required() and name not in wanted.sources:
            yield name, _FILLED[name]


def _value(wanted: Wanted, name: str, rule: Rule) -> JsonValue:
    value = rule.has[0] if rule.has else rule.between[0] if rule.between else rule.among[0]
    if name == "at":
        return f"{value}:00"
    return [value] if name == "terms" else value


def _earlier_names(case: Case) -> Mapping[str, tuple[str, bool]]:
    """What a binding calls each ``context.artifact``, and whether it is several candidates."""
    artifacts = earlier_artifacts(brief_of(case, office_agents())).values()
    named = {(one.execution_id, one.step_id): (one.name, one.kind == CONTACTS) for one in artifacts}
    return {origin: named[place] for origin, place in office_of(case, office_agents()).earlier.items()}
