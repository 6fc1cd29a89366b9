"""The routes about plans: a part of the table in :mod:`bot.web.routes`."""

from __future__ import annotations

from bot.web import plan_api
from bot.web.plan_bodies import ForkBody, PlanEditBody
from bot.web.plan_shapes import DifferenceView, PlanEditedView, PlanVersionsView, PlanVersionView, StepFormView
from bot.web.shapes import StartedView
from bot.web.site import Parameter, Route

_PLANS = "/api/orchestrate/{id}/plans"
_NUMBER = {"type": "integer", "minimum": 1}
_FROM = Parameter(name="from", description="Version to compare with.", schema=_NUMBER, required=True)
_TO = Parameter(name="to", description="Version to describe.", schema=_NUMBER, required=True)

PLAN_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=_PLANS,
        handler=plan_api.list_versions,
        summary="List every version of a plan, with what each made different",
        gives=PlanVersionsView,
        other=(404,),
    ),
    Route(
        method="GET",
        path=f"{_PLANS}/compare",
        handler=plan_api.compare,
        summary="Compare two versions of a plan",
        gives=DifferenceView,
        parameters=(_FROM, _TO),
        other=(404,),
    ),
    Route(
        method="GET",
        path=f"{_PLANS}/{{version}}",
        handler=plan_api.show_version,
        summary="Show a version of a plan",
        gives=PlanVersionView,
        other=(404,),
    ),
    Route(
        method="GET",
        path="/api/orchestrate/{id}/steps/{step}",
        handler=plan_api.show_step,
        summary="Show the arguments of a step that can be edited, as a form asks for them",
        gives=StepFormView,
        other=(404, 409),
    ),
    Route(
        method="POST",
        path="/api/orchestrate/{id}/plan",
        handler=plan_api.edit,
        summary="Change a plan: drop, retry or edit a step, go back to a version, or say in words what is to be different",
        takes=PlanEditBody,
        gives=PlanEditedView,
        status=202,
        other=(404, 409, 503),
    ),
    Route(
        method="POST",
        path="/api/orchestrate/{id}/fork",
        handler=plan_api.fork,
        summary="Do an execution again from a step on, or whatever failed; what was done before stays as it was",
        takes=ForkBody,
        gives=StartedView,
        status=202,
        other=(404, 409, 503),
    ),
)
"""``compare`` stands before ``{version}``."""
