"""The scripted brain of the demonstration: fixed rules that read a request and answer it as an office's model would.

It knows the product's own shapes: the briefing of a plan, numbered passages, look-ups. It is no model and must be shown
with a banner that says so.
"""

from __future__ import annotations

from datetime import timedelta

from integrations.scripted_model.office.lookups import next_lookup
from integrations.scripted_model.office.planning import plan
from integrations.scripted_model.office.reading import answer_in_shape
from integrations.scripted_model.pacing import spread
from integrations.scripted_model.scripts import Reply, SayText, Script, Shaped, use_tool
from integrations.scripted_model.view import RequestView

EMIT_PLAN = "emit_plan"


def office_script(over: timedelta | None = None) -> Script:
    """Answers every request the product makes of a model.

    Args:
        over: how long each answer takes to come, piece by piece; None: at once.
    """
    pace = spread(over) if over else None

    def script(request: RequestView, number: int) -> Reply:
        del number
        if EMIT_PLAN in request.tools:
            return use_tool(EMIT_PLAN, plan(request), pace=pace)
        if request.wanted is not None and (request.must_use or request.shape):
            return Shaped(answer_in_shape(request, request.wanted), pace=pace)
        if request.tools:
            return next_lookup(request, pace)
        return SayText("These are scripted answers; no model reads this.", pace=pace)

    return script
