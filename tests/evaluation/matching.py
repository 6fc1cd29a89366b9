"""Compares a plan with an expected graph, purely: which step may be which wanted one, and which writes are asked for.

A step that only reads may have further inputs. A step that writes may not: an hour, a person or a cancellation nobody
mentioned is as wrong as a missing one. What merely words a write (its title, the summary put into it) counts for the graph
and not against the write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute

from engine.domain.agent import AgentSpec
from engine.domain.effect import Effect
from engine.domain.ids import ExecutionId, StepId
from engine.domain.json import JsonValue
from engine.domain.plan import Binding, Plan, Step
from tests.evaluation.cases import Case, Rule, Wanted

WORDING: Mapping[str, frozenset[str]] = {
    "CalendarAgent": frozenset({"title", "summary"}),
    "EditorAgent": frozenset({"title", "topic", "summary"}),
}
"""Inputs of writers that say how, not what: free where a request does not mention them."""
WINDOW: Mapping[str, frozenset[str]] = {"CalendarAgent": frozenset({"since", "until"})}
"""Inputs of writers that only say where to look for a time: free where a request does not mention them."""

_CLOCK = re.compile(r"\d{2}:\d{2}")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What is known besides the plan."""

    agents: Mapping[str, AgentSpec]
    earlier: Mapping[str, tuple[ExecutionId, StepId]] = attribute(default_factory=dict[str, tuple[ExecutionId, StepId]])
    """``context.artifact`` → what a plan must import to mean it."""


def is_graph(plan: Plan, case: Case, graph: Sequence[Wanted], office: Office) -> bool:
    """Whether the plan is this graph: every wanted step once, nothing but optional ones besides, parallel what must be."""
    for places in _placements(plan, (*graph, *case.optional), office):
        taken = set(places.values())
        if taken.issuperset(range(len(graph))) and _apart(plan, case, graph, places):
            return True
    return False


def is_part(plan: Plan, case: Case, office: Office) -> bool:
    """Whether every step of the plan is one of those the request allows."""
    return any(next(_placements(plan, wanted, office), None) is not None for wanted in case.allowed)


def stray_writes(plan: Plan, case: Case, office: Office) -> tuple[Step, ...]:
    """Steps that write what was not asked for, or to the wrong person, or at the wrong time; in the plan's order."""
    writes = [step for step in plan.steps if step.effect is not Effect.READ]
    best: Sequence[Step] = writes
    for wanted in case.allowed:
        stray = _unplaced(plan, writes, wanted, office)
        best = stray if len(stray) < len(best) else best
    return tuple(best)


def holds(rule: Rule, value: JsonValue) -> bool:
    """Whether an input is what the rule says."""
    if rule.has:
        texts = [_plain(one) for one in value] if isinstance(value, list | tuple) else [_plain(value)]
        return any(str(_plain(part)) in str(text) for part in rule.has for text in texts)
    if rule.between:
        low, high = (str(_plain(bound)) for bound in rule.between)
        return isinstance(value, str) and low <= str(_plain(value)) <= high
    return any(_plain(one) == _plain(value) for one in rule.among)


def _placements(plan: Plan, wanted: Sequence[Wanted], office: Office) -> Iterator[dict[StepId, int]]:
    """Every way to say which wanted step each step of the plan is; sources come before their users in a plan."""
    if len(plan.steps) > len(wanted):
        return

    def place(position: int, places: dict[StepId, int]) -> Iterator[dict[StepId, int]]:
        if position == len(plan.steps):
            yield places
            return
        step = plan.steps[position]
        for number, one in enumerate(wanted):
            if number in places.values() or not _fits(step, one, office):
                continue
            if all(_comes_from(plan, step, name, wanted, places, office) for name in one.sources.items()):
                yield from place(position + 1, {**places, step.id: number})

    yield from place(0, {})


def _comes_from(
    plan: Plan,
    step: Step,
    source: tuple[str, str],
    wanted: Sequence[Wanted],
    places: Mapping[StepId, int],
    office: Office,
) -> bool:
    name, origin = source
    binding = step.bindings.get(name)
    if binding is None:
        return False
    if "." in origin:
        return _is_earlier(plan, binding, office.earlier[origin])
    number = places.get(binding.step_id)
    return not binding.earlier and number is not None and wanted[number].name == origin


def _is_earlier(plan: Plan, binding: Binding, meant: tuple[ExecutionId, StepId]) -> bool:
    taken = [one for one in plan.imports if one.name == binding.step_id] if binding.earlier else []
    return [(one.execution_id, one.step_id) for one in taken] == [meant]


def _fits(step: Step, wanted: Wanted, office: Office, *, wording: bool = True) -> bool:
    """Whether agent and inputs are those wanted; without ``wording``, only as far as they decide what is written."""
    if step.agent != wanted.agent:
        return False
    free = frozenset[str]() if wording else WORDING.get(step.agent, frozenset())
    for rules in wanted.inputs:
        listed = {name: rule for name, rule in rules.items() if name not in free}
        if all(holds(rule, _given(step, name, office)) for name, rule in listed.items()) and (
            step.effect is Effect.READ or not _unasked(step, rules, wanted, office)
        ):
            return True
    return False


def _unasked(step: Step, rules: Mapping[str, Rule], wanted: Wanted, office: Office) -> bool:
    known = {*rules, *wanted.sources, *WORDING.get(step.agent, ()), *WINDOW.get(step.agent, ())}
    if set(step.bindings) - known:
        return True
    return any(
        _plain(_given(step, name, office)) != _plain(_default(step.agent, name, office))
        for name in step.inputs
        if name not in known
    )


def _given(step: Step, name: str, office: Office) -> JsonValue:
    """What the agent will take for an input; left out and null are its default."""
    value = step.inputs.get(name)
    return _default(step.agent, name, office) if value is None else value


def _default(agent: str, name: str, office: Office) -> JsonValue:
    field = office.agents[agent].inputs.model_fields.get(name)
    return None if field is None or field.is_required() else field.default


def _unplaced(plan: Plan, writes: Sequence[Step], wanted: Sequence[Wanted], office: Office) -> list[Step]:
    """The fewest writes that are none of the wanted ones; each wanted one stands for one write."""

    def place(position: int, taken: frozenset[int]) -> list[Step]:
        if position == len(writes):
            return []
        step = writes[position]
        best = [step, *place(position + 1, taken)]
        for number, one in enumerate(wanted):
            if number not in taken and _writes_as(plan, step, one, wanted, office):
                rest = place(position + 1, taken | {number})
                best = rest if len(rest) < len(best) else best
        return best

    return place(0, frozenset()) if len(writes) <= len(wanted) else list(writes)


def _writes_as(plan: Plan, step: Step, one: Wanted, wanted: Sequence[Wanted], office: Office) -> bool:
    if not _fits(step, one, office, wording=False):
        return False
    named = {each.name: each for each in wanted if each.name}
    for name, origin in one.sources.items():
        if name in WORDING.get(step.agent, ()):
            continue
        binding = step.bindings.get(name)
        if binding is None:
            return False
        if "." in origin:
            right = _is_earlier(plan, binding, office.earlier[origin])
        else:
            right = not binding.earlier and _writes_as(plan, plan.step(binding.step_id), named[origin], wanted, office)
        if not right:
            return False
    return True


def _apart(plan: Plan, case: Case, graph: Sequence[Wanted], places: Mapping[StepId, int]) -> bool:
    together = {
        step_id for step_id, number in places.items() if number < len(graph) and graph[number].name in case.parallel
    }
    return not any(together & _before(plan, step_id) for step_id in together)


def _before(plan: Plan, step_id: StepId) -> set[StepId]:
    """Everything a step waits for, directly or not."""
    found: set[StepId] = set()
    waiting = list(plan.step(step_id).depends_on)
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(plan.step(current).depends_on)
    return found


def _plain(value: object) -> object:
    """A value as it is compared."""
    if not isinstance(value, str):
        return value
    text = _SPACES.sub(" ", value.casefold()).strip(" .")
    return f"{text}:00" if _CLOCK.fullmatch(text) else text
