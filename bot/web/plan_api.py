"""Handlers of the API's routes about plans; see :mod:`bot.web.api`."""

from __future__ import annotations

import secrets

from bot.door import PlanHistory
from bot.step_questions import step_question_id
from bot.web.api import body_of, execution_id_of
from bot.web.plan_bodies import ForkBody, PlanEditBody
from bot.web.plan_views import compared, edited_view, step_form_view, version_view
from bot.web.problems import FieldProblemError
from bot.web.site import Answer, Reply, Visit
from bot.web.views import json_object, started_view
from engine.domain.ids import StepId
from engine.errors import NotFoundError, RequestError
from engine.planning.editing import ChangeInputs, PlanEdit
from engine.ports.store import PlanVersion

INPUTS_INVALID = "inputs_invalid"

_MOST_DIGITS = 9


async def list_versions(visit: Visit) -> Answer:
    """Every version of a plan."""
    history = await _history(visit)
    return Reply(body={"items": [json_object(version_view(history, one)) for one in history.versions]})


async def show_version(visit: Visit) -> Answer:
    """One version."""
    history = await _history(visit)
    return Reply(body=json_object(version_view(history, _version(history, visit.part("version")))))


async def compare(visit: Visit) -> Answer:
    """What one version makes different from another."""
    history, query = await _history(visit), visit.http.query
    before, after = (_version(history, query.get(name, "")).plan for name in ("from", "to"))
    return Reply(body=json_object(compared(before, after, history.snapshot.artifacts)))


async def edit(visit: Visit) -> Answer:
    """Change a plan."""
    wanted = body_of(visit, PlanEditBody).to_domain()
    execution_id = execution_id_of(visit.part("id"))
    try:
        edited = await visit.site.door.edit_plan(visit.principal, execution_id, wanted, _key(visit))
    except RequestError as error:
        located = _located(error, wanted)
        if located is None:
            raise
        raise located from error
    return Reply(body=json_object(edited_view(edited)), status=202)


async def show_step(visit: Visit) -> Answer:
    """A step's arguments, for a form."""
    execution_id, step = execution_id_of(visit.part("id")), StepId(visit.part("step"))
    try:
        asked = step_question_id(execution_id, step)
    except ValueError:
        raise NotFoundError("execution_unknown", f"There is no execution {execution_id}; list them.") from None
    return Reply(body=json_object(step_form_view(await visit.site.door.question(visit.principal, asked))))


async def fork(visit: Visit) -> Answer:
    """Do an execution again from a step on."""
    body, execution_id = body_of(visit, ForkBody), execution_id_of(visit.part("id"))
    made = await visit.site.door.fork(visit.principal, execution_id, body.step, body.cleaned_text(), _key(visit))
    view = started_view(made)
    return Reply(body=json_object(view), status=202, headers={"Location": view["links"]["self"]})


async def _history(visit: Visit) -> PlanHistory:
    return await visit.site.door.plans(visit.principal, execution_id_of(visit.part("id")))


def _version(history: PlanHistory, given: str) -> PlanVersion:
    number = int(given) if given.isascii() and given.isdecimal() and len(given) <= _MOST_DIGITS else 0
    for version in history.versions:
        if version.plan.version == number:
            return version
    known = ", ".join(str(one.plan.version) for one in history.versions) or "none yet"
    detail = f"There is no version {given[:20]!r} of this plan; there are: {known}."
    raise NotFoundError("version_unknown", detail, {"version": given[:20]})


def _located(error: RequestError, wanted: PlanEdit | str) -> FieldProblemError | None:
    """The same error, at the argument of the step that does not fit; None where it is about no single one."""
    if error.code != INPUTS_INVALID or not isinstance(wanted, ChangeInputs):
        return None
    told = error.parameters.get("faults", "")
    name = next((name for name in wanted.inputs if f"; {name}: " in f"; {told}"), None)
    if name is None:
        return None
    escaped = name.replace("~", "~0").replace("/", "~1")
    return FieldProblemError(f"/edit/inputs/{escaped}", told, code=error.code, parameters=error.parameters)


def _key(visit: Visit) -> str:
    """What names the delivery: the key it was sent with, or else a name of its own."""
    return f"api:{visit.principal.id}:{visit.key}" if visit.key else f"api:{secrets.token_hex(8)}"
