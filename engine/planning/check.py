"""The gate between an untrusted draft and a plan: every fault is found by name, and nothing is repaired silently."""

from __future__ import annotations

import heapq
import json
import re
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError

from engine.domain.agent import AgentSpec
from engine.domain.artifact import Contacts, Person
from engine.domain.ids import StepId
from engine.domain.plan import Binding, Plan, Step
from engine.errors import PlanError
from engine.planning.draft import DraftBinding, DraftStep, PlanDraft

MAX_STEPS = 200
"""More steps than this are refused by count, before anything else is looked at."""
MAX_DEPTH = 20
"""Longest chain of steps waiting for each other."""
MAX_TITLE_CHARACTERS = 200

_MAX_LISTED = 100
_MAX_QUOTED = 80
_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault of a draft."""

    code: str
    """``empty_plan too_many_steps bad_id duplicate_id unknown_agent title_too_long dangling_reference self_reference
    cycle too_deep unknown_argument missing_argument wrong_argument argument_twice wrong_binding``."""
    step: str
    """The draft's id of the step at fault, shortened; empty where the whole plan is at fault."""
    detail: str
    """One English clause: what is wrong, with its value."""


def check_draft(draft: PlanDraft, agents: Mapping[str, AgentSpec], *, version: int, planner: str) -> Plan:
    """Make a plan of a draft that has no fault.

    Args:
        draft: what a planner emitted.
        agents: every agent a step may name, by name. Effects come from here, never from the draft.
        version: the plan's version.
        planner: which planner drafted it.

    Returns:
        The plan; each step follows what it depends on, otherwise in the draft's order, with the draft's ids.

    Raises:
        PlanError: ``draft_invalid``; the detail lists the findings.

    """
    found = findings(draft, agents)
    if found:
        raise _invalid(found)
    ordered = _order(_edges(draft.steps))
    by_id = {step.id: step for step in draft.steps}
    return Plan(
        version=version,
        steps=tuple(_to_domain(by_id[step_id], agents[by_id[step_id].agent]) for step_id in ordered),
        understood=draft.understood,
        sure=draft.sure,
        planner=planner,
    )


def findings(draft: PlanDraft, agents: Mapping[str, AgentSpec]) -> tuple[Finding, ...]:
    """Every fault of a draft: first those of single steps in draft order, then those of the whole. Never raises."""
    if not draft.steps:
        return (Finding(code="empty_plan", step="", detail="the plan has no steps"),)
    if len(draft.steps) > MAX_STEPS:
        detail = f"{len(draft.steps)} steps; at most {MAX_STEPS} are taken"
        return (Finding(code="too_many_steps", step="", detail=detail),)
    by_id = {step.id: step for step in reversed(draft.steps)}
    found: list[Finding] = []
    seen: set[str] = set()
    for step in draft.steps:
        if step.id in seen:
            found.append(_finding("duplicate_id", step, "another step has this id"))
        seen.add(step.id)
        found.extend(_step_findings(step, by_id, agents))
    return (*found, *_graph_findings(draft.steps))


def _step_findings(
    step: DraftStep, by_id: Mapping[str, DraftStep], agents: Mapping[str, AgentSpec]
) -> Iterator[Finding]:
    if not _ID.fullmatch(step.id):
        yield _finding("bad_id", step, "an id is a lower-case letter and up to 31 letters, digits or underscores")
    if len(step.title) > MAX_TITLE_CHARACTERS:
        yield _finding("title_too_long", step, f"{len(step.title)} characters; at most {MAX_TITLE_CHARACTERS}")
    yield from _reference_findings(step, by_id)
    spec = agents.get(step.agent)
    if spec is None:
        yield _finding("unknown_agent", step, f"no agent is called {_quote(step.agent)}")
        return
    yield from _literal_findings(step, spec.inputs)
    for field, binding in step.bindings.items():
        yield from _binding_findings(step, field, spec.inputs, (binding, by_id, agents))


def _reference_findings(step: DraftStep, by_id: Mapping[str, DraftStep]) -> Iterator[Finding]:
    for reference in dict.fromkeys(_references(step)):
        if reference == step.id:
            yield _finding("self_reference", step, "the step waits for itself")
        elif reference not in by_id:
            yield _finding("dangling_reference", step, f"no step is called {_quote(reference)}")


def _literal_findings(step: DraftStep, model: type[BaseModel]) -> Iterator[Finding]:
    known = model.model_fields
    for field, value in step.inputs.items():
        if field not in known:
            yield _finding("unknown_argument", step, f"{step.agent} takes no argument {_quote(field)}")
        elif field in step.bindings:
            yield _finding("argument_twice", step, f"{field} is both given and bound")
        elif value is not None and _artifacts(known[field].annotation):
            yield _finding("wrong_argument", step, f"{field} comes from another step; it cannot be written out")
    literals = {field: value for field, value in step.inputs.items() if field in known}
    for field, kind, message in _validation_errors(model, literals):
        if field in step.bindings or (
            _artifacts(known[field].annotation if field in known else None) and kind != "missing"
        ):
            continue
        code = "missing_argument" if kind == "missing" else "wrong_argument"
        yield _finding(code, step, f"{field or 'inputs'}: {message}")


def _validation_errors(model: type[BaseModel], literals: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Field, error type and message of each fault; strict, so that a number never becomes a time of day."""
    try:
        model.model_validate_json(json.dumps(literals), strict=True)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            yield str(fault["loc"][0]) if fault["loc"] else "", fault["type"], fault["msg"]
    except (ValueError, RecursionError):
        yield "", "json_invalid", "the values are not plain JSON"


def _binding_findings(
    step: DraftStep,
    field: str,
    model: type[BaseModel],
    source: tuple[DraftBinding, Mapping[str, DraftStep], Mapping[str, AgentSpec]],
) -> Iterator[Finding]:
    binding, by_id, agents = source
    info = model.model_fields.get(field)
    if info is None:
        yield _finding("unknown_argument", step, f"{step.agent} takes no argument {_quote(field)}")
        return
    producer = by_id.get(binding.step)
    spec = agents.get(producer.agent) if producer else None
    if spec is None or _accepts(_artifacts(info.annotation), spec.output, one=binding.one):
        return
    given = f"one of {spec.output}" if binding.one else spec.output
    yield _finding("wrong_binding", step, f"{field} cannot take {given} from {_quote(binding.step)}")


def _accepts(accepted: Sequence[str], output: str, *, one: bool) -> bool:
    if one:
        return output == _kind(Contacts) and _kind(Person) in accepted
    return output in accepted


def _artifacts(annotation: Any) -> tuple[str, ...]:
    """The artifact kinds a field's annotation accepts; empty for a field that is filled with literals."""
    waiting, kinds = [annotation], list[str]()
    while waiting:
        current = waiting.pop()
        if get_origin(current) in (Union, types.UnionType):
            waiting.extend(get_args(current))
        elif kind := _kind(current):
            kinds.append(kind)
    return tuple(kinds)


def _kind(artifact: Any) -> str:
    if not (isinstance(artifact, type) and is_dataclass(artifact)):
        return ""
    if "kind" not in {field.name for field in fields(artifact)}:
        return ""
    hint = get_type_hints(artifact)["kind"]
    return cast("str", get_args(hint)[0]) if get_origin(hint) is Literal else ""


def _graph_findings(steps: Sequence[DraftStep]) -> Iterator[Finding]:
    edges = _edges(steps)
    ordered = _order(edges)
    if len(ordered) < len(edges):
        waiting = {step_id: needs - set(ordered) for step_id, needs in edges.items() if step_id not in set(ordered)}
        circle = _without_followers(waiting)
        names = ", ".join(_quote(step_id) for step_id in circle)
        yield Finding(code="cycle", step=circle[0][:_MAX_QUOTED], detail=f"these wait for each other: {names}")
        return
    depth: dict[str, int] = {}
    for step_id in ordered:
        depth[step_id] = 1 + max((depth[need] for need in edges[step_id]), default=0)
    deepest = max(ordered, key=lambda step_id: depth[step_id])
    if depth[deepest] > MAX_DEPTH:
        detail = f"{depth[deepest]} steps wait for each other in a chain; at most {MAX_DEPTH} may"
        yield Finding(code="too_deep", step=deepest[:_MAX_QUOTED], detail=detail)


def _edges(steps: Sequence[DraftStep]) -> dict[str, set[str]]:
    """What each step waits for, in draft order; references to nothing and to itself are left to their own findings."""
    edges: dict[str, set[str]] = {step.id: set() for step in steps}
    for step in steps:
        edges[step.id].update(ref for ref in _references(step) if ref in edges and ref != step.id)
    return edges


def _order(edges: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Topological order, earliest in the draft first; steps on or behind a cycle are missing."""
    position = {step_id: number for number, step_id in enumerate(edges)}
    names = tuple(edges)
    followers: dict[str, list[str]] = {step_id: [] for step_id in edges}
    for step_id, needs in edges.items():
        for need in needs:
            followers[need].append(step_id)
    missing = {step_id: len(needs) for step_id, needs in edges.items()}
    ready = [position[step_id] for step_id, count in missing.items() if not count]
    heapq.heapify(ready)
    ordered: list[str] = []
    while ready:
        ordered.append(names[heapq.heappop(ready)])
        for follower in followers[ordered[-1]]:
            missing[follower] -= 1
            if not missing[follower]:
                heapq.heappush(ready, position[follower])
    return tuple(ordered)


def _without_followers(waiting: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Of steps that can never start, those others of them wait for: peel off whoever nobody waits for."""
    reverse: dict[str, set[str]] = {step_id: set() for step_id in waiting}
    for step_id, needs in waiting.items():
        for need in needs:
            reverse[need].add(step_id)
    peeled = set(_order(reverse))
    return tuple(step_id for step_id in waiting if step_id not in peeled)


def _references(step: DraftStep) -> Iterable[str]:
    return (*(binding.step for binding in step.bindings.values()), *step.after)


def _to_domain(step: DraftStep, spec: AgentSpec) -> Step:
    return Step(
        id=StepId(step.id),
        agent=spec.name,
        title=step.title.strip() or spec.name,
        effect=spec.effect,
        inputs=dict(step.inputs),
        bindings={
            field: Binding(step_id=StepId(binding.step), one=binding.one) for field, binding in step.bindings.items()
        },
        after=tuple(StepId(step_id) for step_id in dict.fromkeys(step.after)),
    )


def _invalid(found: Sequence[Finding]) -> PlanError:
    listed = "; ".join(f"{f.code}{f' in {_quote(f.step)}' if f.step else ''}: {f.detail}" for f in found[:_MAX_LISTED])
    more = f"; and {len(found) - _MAX_LISTED} more" if len(found) > _MAX_LISTED else ""
    return PlanError(
        "draft_invalid",
        f"The drafted plan cannot run: {listed}{more}. Plan again without these faults.",
        {"count": str(len(found)), "codes": ", ".join(sorted({f.code for f in found}))},
    )


def _finding(code: str, step: DraftStep, detail: str) -> Finding:
    return Finding(code=code, step=step.id[:_MAX_QUOTED], detail=detail)


def _quote(text: str) -> str:
    return repr(text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "…")
