"""Versions of a plan as clients see them; see :mod:`bot.web.views`."""

from __future__ import annotations

from collections.abc import Collection

from bot.door import PlanHistory, Question
from bot.forms.decisions import block_of
from bot.forms.rules import Limits, Rule, rule_of
from bot.render.approvals import Field
from bot.render.texts import texts_of
from bot.web.plan_shapes import (
    ArgumentView,
    ChangedStepView,
    DifferenceView,
    PlanEditedView,
    PlannedStepView,
    PlanVersionView,
    RuleView,
    StepFormView,
)
from bot.web.views import instant
from engine.domain.ids import StepId
from engine.domain.json import JsonValue
from engine.domain.plan import Plan, Step
from engine.errors import ConflictError
from engine.orchestration.plan_editor import Edited
from engine.planning.difference import Difference, author, difference
from engine.ports.store import PlanVersion

LIMITS = Limits(text=100_000, options=200)
"""What a form in a browser takes."""


def version_view(history: PlanHistory, version: PlanVersion) -> PlanVersionView:
    """One version, with what it made different."""
    plan, execution = version.plan, history.snapshot.execution
    by = author(plan, execution.request, history.snapshot.approvals)
    before = next((one.plan for one in history.versions if one.plan.version == plan.version - 1), None)
    return {
        "version": plan.version,
        "origin": plan.origin.value,
        "made_at": instant(version.made_at) if version.made_at else None,
        "made_by": by,
        "current": plan.version == execution.plan_version,
        "planner": plan.planner,
        "model": plan.model,
        "imports": [{"name": i.name, "execution_id": i.execution_id, "step_id": i.step_id} for i in plan.imports],
        "repeats": sorted(plan.repeats),
        "steps": [_step(step) for step in plan.steps],
        "difference": compared(before, plan, history.snapshot.artifacts) if before else None,
    }


def compared(before: Plan, after: Plan, finished: Collection[StepId]) -> DifferenceView:
    """What the later one makes different."""
    return difference_view(difference(before, after, finished))


def difference_view(found: Difference) -> DifferenceView:
    """The same as JSON."""
    changed: list[ChangedStepView] = [
        {"what": list(one.what), "before": _step(one.before), "after": _step(one.after)} for one in found.changed
    ]
    return {
        "before": found.before,
        "after": found.after,
        "added": [_step(step) for step in found.added],
        "dropped": [_step(step) for step in found.dropped],
        "changed": changed,
        "again": [_step(step) for step in found.again],
        "kept": [step.id for step in found.kept],
        "done": sorted(found.done),
    }


def edited_view(edited: Edited) -> PlanEditedView:
    """A change that was taken."""
    after = edited.revision.plan if edited.revision else None
    return {
        "version": edited.before.version,
        "next": after.version if after else None,
        "asks": not after.sure if after else None,
        "difference": compared(edited.before, after, ()) if after else None,
    }


def step_form_view(question: Question) -> StepFormView:
    """A step as its form needs it.

    Raises:
        ConflictError: ``execution_ended``: it is over by now.
    """
    approval = question.approval
    block = block_of(question, texts_of(question.snapshot))
    if block is None:
        raise ConflictError("execution_ended", f"Execution {question.snapshot.id} is over; fork it from the step.")
    return {
        "step": approval.step_id or "",
        "version": approval.plan_version,
        "agent": approval.call.tool if approval.call else "",
        "title": block.title,
        "subject": block.subject,
        "lead": block.lead,
        "fields": [_argument(field, rule_of(field, question.schema or {}, LIMITS)) for field in block.fields],
        "zone": block.zone,
    }


def _argument(field: Field, rule: Rule) -> ArgumentView:
    view: RuleView = {
        "empty": rule.empty,
        "nullable": rule.nullable,
        "whole": rule.whole,
        "least": rule.least,
        "most": rule.most,
        "choices": list(rule.choices),
    }
    return {
        "name": field.name,
        "label": field.label,
        "value": field.value,
        "raw": field.raw,
        "note": field.note,
        "input": "text" if rule.kind == "email" else rule.kind,
        "rule": view,
    }


def _step(step: Step) -> PlannedStepView:
    bound: dict[str, JsonValue] = {name: {"$from": binding.step_id} for name, binding in step.bindings.items()}
    return {
        "id": step.id,
        "agent": step.agent,
        "title": step.title,
        "effect": step.effect.value,
        "depends_on": list(step.depends_on),
        "inputs": {**step.inputs, **bound},
    }
