"""What a chat suggests to write is understood, with a model or without one."""

from __future__ import annotations

import pytest

from bot.render.texts import LOCALES, catalogue
from engine.domain.plan import Plan
from engine.domain.tenant import PersonalTime
from engine.planning.planner import OfflinePlanner
from engine.ports.planning import Brief
from tests.unit.planning.office import NOW, OFFICE, asked
from tests.unit.planning.scripted_desk import ScriptedDesk

STORY = ["DriveSearchAgent", "ContactSearchAgent", "WeeklyStatusAgent", "CalendarAgent", "EditorAgent"]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("number", "agents"),
    [
        (1, STORY),
        (2, ["DriveSearchAgent", "WeeklyStatusAgent"]),
        (3, ["AppointmentsAgent"]),
        (4, ["ContactSearchAgent"]),
    ],
)
async def test_what_is_suggested_is_planned_whole_without_a_model(locale: str, number: int, agents: list[str]) -> None:
    request = asked(str(catalogue(locale)[f"chat_prompts.message_{number}"]))
    assert request.locale == locale
    plan = await OfflinePlanner(lambda: OFFICE).create_plan(
        Brief(request=request, now=NOW, personal=PersonalTime()), ScriptedDesk()
    )
    assert isinstance(plan, Plan)
    assert [step.agent for step in plan.steps] == agents
    assert plan.sure
