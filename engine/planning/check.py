"""The gate between an untrusted draft and a plan: every fault is found by name, and nothing is repaired silently."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.domain.agent import AgentSpec
from engine.domain.ids import StepId
from engine.domain.plan import Binding, Import, Plan, Step
from engine.planning.draft import DraftBinding, DraftStep, PlanDraft
from engine.planning.finding import Finding, finding, invalid, quote
from engine.planning.graph import graph_findings, ordered, references
from engine.planning.kinds import PERSON, accepts, artifact_kinds
from engine.ports.planning import EarlierArtifact

MAX_STEPS = 200
"""More steps than this are refused by count, before anything else is looked at."""
MAX_TITLE_CHARACTERS = 200

_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_EARLIER = re.compile(r"earlier_[0-9]+")
_NOTHING_EARLIER: Mapping[str, EarlierArtifact] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a draft may refer to."""

    agents: Mapping[str, AgentSpec]
    """Every agent a step may name, by name. Effects come from here, never from the draft."""
    earlier: Mapping[str, EarlierArtifact] = field(default_factory=dict[str, EarlierArtifact])
    """What earlier executions gave, by the name a binding may use instead of a step's."""


def check_draft(
    draft: PlanDraft,
    agents: Mapping[str, AgentSpec],
    *,
    version: int,
    planner: str,
    earlier: Mapping[str, EarlierArtifact] = _NOTHING_EARLIER,
) -> Plan:
    """Make a plan of a draft that has no fault.

    Args:
        draft: what a planner emitted.
        agents: every agent a step may name, by name.
        version: the plan's version.
        planner: which planner drafted it.
        earlier: what bindings may take from earlier executions, by name.

    Returns:
        The plan; each step follows what it depends on, otherwise in the draft's order, with the draft's ids. It imports
        what its bindings take from earlier executions, and nothing else.

    Raises:
        PlanError: ``draft_invalid``; the detail lists the findings.

    """
    known = Known(agents=agents, earlier=earlier)
    found = findings(draft, agents, earlier)
    if found:
        raise invalid(found)
    by_id = {step.id: step for step in draft.steps}
    steps = tuple(_to_domain(by_id[step_id], known) for step_id in ordered(draft.steps))
    used = dict.fromkeys(b.step_id for step in steps for b in step.bindings.values() if b.earlier)
    return Plan(
        version=version,
        steps=steps,
        understood=draft.understood,
        sure=draft.sure,
        planner=planner,
        imports=tuple(_import(earlier[name]) for name in used),
    )


def findings(
    draft: PlanDraft, agents: Mapping[str, AgentSpec], earlier: Mapping[str, EarlierArtifact] = _NOTHING_EARLIER
) -> tuple[Finding, ...]:
    """Every fault of a draft: first those of single steps in draft order, then those of the whole. Never raises."""
    if not draft.steps:
        return (finding("empty_plan", "", "the plan has no steps"),)
    if len(draft.steps) > MAX_STEPS:
        return (too_many_steps(len(draft.steps)),)
    known = Known(agents=agents, earlier=earlier)
    by_id = {step.id: step for step in reversed(draft.steps)}
    found: list[Finding] = []
    seen: set[str] = set()
    for step in draft.steps:
        if step.id in seen:
            found.append(finding("duplicate_id", step.id, "another step has this id"))
        seen.add(step.id)
        found.extend(_step_findings(step, by_id, known))
    return (*found, *graph_findings(draft.steps))


def check_step(step: DraftStep, before: Mapping[str, DraftStep], known: Known) -> Step | None:
    """A step of a draft that is still being written, if it is sound with nothing but the steps before it; else None."""
    if step.id in before or any(_step_findings(step, {**before, step.id: step}, known)):
        return None
    return _to_domain(step, known)


def too_many_steps(count: int) -> Finding:
    """The fault of a draft with this many steps."""
    return finding("too_many_steps", "", f"{count} steps; at most {MAX_STEPS} are taken")


def _step_findings(step: DraftStep, by_id: Mapping[str, DraftStep], known: Known) -> Iterator[Finding]:
    if not _ID.fullmatch(step.id):
        detail = "an id is a lower-case letter and up to 31 letters, digits or underscores"
        yield finding("bad_id", step.id, detail)
    if _EARLIER.fullmatch(step.id):
        yield finding("bad_id", step.id, "earlier_… names what earlier executions gave")
    if len(step.title) > MAX_TITLE_CHARACTERS:
        yield finding("title_too_long", step.id, f"{len(step.title)} characters; at most {MAX_TITLE_CHARACTERS}")
    yield from _reference_findings(step, by_id, known)
    spec = known.agents.get(step.agent)
    if spec is None:
        yield finding("unknown_agent", step.id, f"no agent is called {quote(step.agent)}")
        return
    yield from _literal_findings(step, spec.inputs)
    for name, binding in step.bindings.items():
        yield from _binding_findings(step, name, binding, _given(binding, by_id, known), spec.inputs)


def _reference_findings(step: DraftStep, by_id: Mapping[str, DraftStep], known: Known) -> Iterator[Finding]:
    bound = {binding.step for binding in step.bindings.values()} - set(step.after)
    for reference in dict.fromkeys(references(step)):
        if reference == step.id:
            yield finding("self_reference", step.id, "the step waits for itself")
        elif reference in by_id or (reference in bound and reference in known.earlier):
            continue
        elif reference in bound and _EARLIER.fullmatch(reference):
            yield finding("unknown_earlier", step.id, f"nothing earlier is called {quote(reference)}")
        else:
            yield finding("dangling_reference", step.id, f"no step is called {quote(reference)}")


def _literal_findings(step: DraftStep, model: type[BaseModel]) -> Iterator[Finding]:
    known = model.model_fields
    for name, value in step.inputs.items():
        if name not in known:
            yield finding("unknown_argument", step.id, f"{step.agent} takes no argument {quote(name)}")
        elif name in step.bindings:
            yield finding("argument_twice", step.id, f"{name} is both given and bound")
        elif value is not None and artifact_kinds(known[name].annotation):
            yield finding("wrong_argument", step.id, f"{name} comes from another step; it cannot be written out")
    literals = {name: value for name, value in step.inputs.items() if name in known}
    for name, kind, message in _validation_errors(model, literals):
        if name in step.bindings or (
            artifact_kinds(known[name].annotation if name in known else None) and kind != "missing"
        ):
            continue
        code = "missing_argument" if kind == "missing" else "wrong_argument"
        yield finding(code, step.id, f"{name or 'inputs'}: {message}")


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
    step: DraftStep, name: str, binding: DraftBinding, given: str | None, model: type[BaseModel]
) -> Iterator[Finding]:
    info = model.model_fields.get(name)
    if info is None:
        yield finding("unknown_argument", step.id, f"{step.agent} takes no argument {quote(name)}")
        return
    if given is None or accepts(artifact_kinds(info.annotation), given, one=binding.one):
        return
    what = f"one of {given}" if binding.one else given
    yield finding("wrong_binding", step.id, f"{name} cannot take {what} from {quote(binding.step)}")


def _given(binding: DraftBinding, by_id: Mapping[str, DraftStep], known: Known) -> str | None:
    """The kind of artifact a binding stands for; None where what it names has a fault of its own."""
    if producer := by_id.get(binding.step):
        spec = known.agents.get(producer.agent)
        return spec.output if spec else None
    artifact = known.earlier.get(binding.step)
    return artifact.kind if artifact else None


def _to_domain(step: DraftStep, known: Known) -> Step:
    spec = known.agents[step.agent]
    return Step(
        id=StepId(step.id),
        agent=spec.name,
        title=step.title.strip() or spec.name,
        effect=spec.effect,
        inputs=dict(step.inputs),
        bindings={name: _binding(binding, known) for name, binding in step.bindings.items()},
        after=tuple(StepId(step_id) for step_id in dict.fromkeys(step.after)),
    )


def _binding(binding: DraftBinding, known: Known) -> Binding:
    artifact = known.earlier.get(binding.step)
    if artifact is None:
        return Binding(step_id=StepId(binding.step), one=binding.one)
    # Somebody picked earlier is one person already: there is nothing left to choose from.
    return Binding(step_id=StepId(binding.step), one=binding.one and artifact.kind != PERSON, earlier=True)


def _import(artifact: EarlierArtifact) -> Import:
    return Import(name=StepId(artifact.name), execution_id=artifact.execution_id, step_id=artifact.step_id)
