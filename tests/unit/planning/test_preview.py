"""A preview plans as an execution would, and puts a planner's question into words a client can act on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from engine.domain.plan import Plan
from engine.domain.request import Request
from engine.errors import PlanError, RequestError
from engine.planning.model_planner import ModelPlanner
from engine.planning.planner import OfflinePlanner, PlanPreview
from engine.ports.planning import Planner
from tests.unit.planning.model_plans import HEBREW, STORY, asks
from tests.unit.planning.office import NOW, OFFICE, WITH_MODEL
from tests.unit.planning.scripted_desk import ScriptedDesk, Turn, desk, says


class Stopped:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW

    async def sleep(self, duration: timedelta) -> None:
        raise AssertionError


def preview(planner: Planner, *turns: Turn) -> tuple[PlanPreview, list[Request]]:
    """A preview, and the requests its desks were opened for."""
    opened: list[Request] = []

    def desk_for(request: Request) -> ScriptedDesk:
        opened.append(request)
        return desk(*turns)

    return PlanPreview(planner, Stopped(), "Asia/Jerusalem", desk_for), opened


@pytest.mark.parametrize("locale", ["he", "en"])
async def test_preview_knows_the_language_and_for_whom_it_is(locale: str) -> None:
    before, opened = preview(OfflinePlanner(lambda: OFFICE))
    plan = await before.create_plan(HEBREW, "dana", {"locale": locale})
    assert isinstance(plan, Plan)
    assert [(one.user_id, one.locale, one.text) for one in opened] == [("dana", locale, HEBREW)]


async def test_preview_with_a_model_is_the_models_plan() -> None:
    before, _ = preview(ModelPlanner(lambda: WITH_MODEL), says(STORY))
    assert (await before.create_plan(HEBREW, "dana")).planner == "model"


async def test_question_of_a_preview_is_an_error_that_asks_it() -> None:
    before, _ = preview(ModelPlanner(lambda: WITH_MODEL), says(asks("With whom?")))
    with pytest.raises(PlanError, match="With whom") as caught:
        await before.create_plan("set up a meeting", "dana")
    assert caught.value.code == "plan_needs_answer"


async def test_preview_of_nothing_is_refused() -> None:
    before, opened = preview(OfflinePlanner(lambda: OFFICE))
    with pytest.raises(RequestError):
        await before.create_plan(" ", "dana")
    assert opened == []
