"""Plans as a model would hand them over, sound and otherwise; and briefs to make them for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import ExecutionId, StepId
from engine.domain.plan import Plan
from engine.domain.tenant import PersonalTime
from engine.ports.planning import Brief, Clarification, EarlierArtifact, EarlierExecution
from tests.unit.planning.office import NOW, asked

HEBREW = "תקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב"

EARLIER = (
    EarlierExecution(
        request="set up a meeting with Yoav tomorrow at 10",
        at=NOW - timedelta(hours=1),
        outcome=ExecutionOutcome.SUCCEEDED,
        artifacts=(
            EarlierArtifact(
                name="earlier_1",
                execution_id=ExecutionId("e1"),
                step_id=StepId("s1"),
                kind="person",
                title="Find Yoav",
                approved={"picked": "Yoav Levi"},
            ),
            EarlierArtifact(
                name="earlier_2",
                execution_id=ExecutionId("e1"),
                step_id=StepId("s2"),
                kind="meeting",
                title="Set up: Meeting with Yoav",
                approved={
                    "title": "Meeting with Yoav",
                    "starts": "2026-01-15T10:00:00+02:00",
                    "description": "x" * 900,
                },
            ),
        ),
    ),
    EarlierExecution(
        request="find the budget file",
        at=NOW - timedelta(minutes=5),
        outcome=None,
        artifacts=(
            EarlierArtifact(
                name="earlier_3",
                execution_id=ExecutionId("e2"),
                step_id=StepId("s1"),
                kind="contacts",
                title="Find Dana",
            ),
        ),
    ),
)


def brief(
    text: str = HEBREW,
    *,
    earlier: tuple[EarlierExecution, ...] = (),
    answers: int = 0,
    change: str | None = None,
    current: Plan | None = None,
) -> Brief:
    """What a planner is told of this request."""
    return Brief(
        request=asked(text),
        now=NOW,
        personal=PersonalTime(),
        earlier=earlier,
        answers=tuple(Clarification(question=f"Question {n}?", answer=f"answer {n}") for n in range(answers)),
        change=change,
        current=current,
        version=2 if current else 1,
    )


def contact(step_id: str, **more: Any) -> dict[str, Any]:
    """A sound step, unless told otherwise."""
    return {**step("ContactSearchAgent", step_id, {"name": "Dana"}), **more}


def step(agent: str, step_id: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """A step as a model writes it."""
    return {"agent": agent, "id": step_id, "title": f"{agent} {step_id}", "after": [], "inputs": inputs}


def emitted(*steps: object, **more: Any) -> dict[str, Any]:
    """A whole answer with these steps."""
    return {"question": None, "steps": list(steps), "understood": "As asked.", "sure": True, **more}


def asks(text: str, *choices: str) -> dict[str, Any]:
    """An answer that is a question."""
    return emitted(understood="", question={"text": text, "choices": list(choices)}, sure=False)


STORY = emitted(
    {
        "agent": "DriveSearchAgent",
        "id": "s1",
        "title": "חיפוש מסמכים: תבואות, אסטרטגיה",
        "after": [],
        "inputs": {"terms": ["תבואות", "Tevuot", "אסטרטגיה"], "since": "2025-12-01", "until": "2025-12-31"},
    },
    {
        "agent": "ContactSearchAgent",
        "id": "s2",
        "title": "חיפוש איש קשר: יואב",
        "after": [],
        "inputs": {"name": "יואב"},
    },
    {
        "agent": "WeeklyStatusAgent",
        "id": "s3",
        "title": "הבנת האסטרטגיה",
        "after": [],
        "inputs": {"topic": "אסטרטגיה", "documents": {"from": "s1"}, "people": {"from": "s2"}},
    },
    {
        "agent": "CalendarAgent",
        "id": "s4",
        "title": "קביעת פגישה עם יואב",
        "after": [],
        "inputs": {"title": "פגישה עם יואב", "person": {"from": "s2", "one": True}, "summary": {"from": "s3"}},
    },
    {
        "agent": "EditorAgent",
        "id": "s5",
        "title": "כתיבת סדר יום",
        "after": [],
        "inputs": {"title": "סדר יום: תבואות", "topic": "אסטרטגיה", "summary": {"from": "s3"}},
    },
    understood="אקרא, אבין ואקבע פגישה עם יואב.",
)
"""The story, as the model should plan it."""
