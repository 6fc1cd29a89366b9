"""The story as a model plans it: drafted while it streams, asked about, paid for; for rendering tests and the preview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Choice
from engine.domain.artifact import Extract, Meeting, Summary, dump
from engine.domain.effect import Call
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.ids import ApprovalId, ChoiceId, ExecutionId, StepId
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.spend import Money, Spend, Usage
from tests.unit.render.story import START, WORDS, artifact, ask, snapshot

MODEL = "claude-sonnet-5-5"

QUESTIONS = {
    "he": ("על איזה דצמבר מדובר, ובאיזו חברה?", ("דצמבר 2025, תבואות בע״מ", "דצמבר 2024, תבואות בע״מ", "Tevuot Inc.")),
    "en": (
        "Which December is meant, and which company?",
        ("December 2025, Tevuot Ltd", "December 2024", "תבואות בע״מ"),
    ),
}

WRITTEN = {
    "he": (
        "נקראו 7 מסמכים.\n\nבדצמבר הוחלט להתמקד בשלושה אזורי גידול ולעצור את ההרחבה צפונה [1]. הפיילוט יתחיל בפברואר [2].\n\n"
        "### החלטות\n- שלושה אזורי גידול בלבד [1]\n- Pilot pricing stays at Q1 levels [2]\n\n### שאלות פתוחות\n"
        "- מי מוביל את הפיילוט? [1] [2]"
    ),
    "en": (
        "7 documents were read.\n\nIn December it was decided to focus on three growing regions and to stop expanding north [1]."
        " The pilot starts in February [2].\n\n### Decisions\n- Three regions only [1]\n- הפיילוט יתומחר לפי Q1 [2]\n\n"
        "### Open questions\n- Who leads the pilot? [1] [2]"
    ),
}
"""What a model writes of the documents, with its citations."""


def written(locale: str) -> Summary:
    """A summary in a model's own words."""
    told = artifact(locale, "s3")
    assert isinstance(told, Summary)
    sources = tuple(replace(source, quote="") for source in told.sources)
    extracts = tuple(Extract(text=f"… {source.path} …", source=source) for source in sources)
    problems = ("links_removed 1: 1 link",)
    return replace(told, text=WRITTEN[locale], extracts=extracts, sources=sources, problems=problems)


def change(locale: str, *, cancel: bool = False) -> Approval:
    """A gate on another hour for a meeting that stands, or on its end."""
    say = WORDS[locale]
    arguments: JsonObject = {
        "meeting_id": "a81f0c@tizmor",
        "instead_of": f"{say['meeting']} · 05.01.2026 10:00–11:00 · {say['yoav']} [1a2b3c4d]",
        "title": say["meeting"],
        "timezone": "Asia/Jerusalem",
        "starts": "2026-01-05T11:00:00+02:00",
        "duration_minutes": 60,
        "attendees": [{"name": say["yoav"], "email": "yoav.levi@tevuot.example"}],
        "description": say["description"],
        "cancel": cancel,
    }
    return replace(ask(locale, ApprovalKind.GATE), call=Call(tool="change_meeting", version="1", arguments=arguments))


PLANNING = Spend(
    calls=1,
    usage=Usage(input_tokens=1_180, output_tokens=640, cache_read_tokens=6_420, cache_write_1h_tokens=0),
    cost=Money(10_044_000),
)
SUMMARY = Spend(
    calls=2, usage=Usage(input_tokens=4_100, output_tokens=460, cache_read_tokens=3_200), cost=Money(2_310_000)
)
AGENDA = Spend(calls=1, usage=Usage(input_tokens=900, output_tokens=210), cost=Money(195_000))
UNPRICED = Spend(calls=2, usage=Usage(input_tokens=3_000, output_tokens=90), unpriced=2)
IN_FLIGHT = Spend(
    calls=1,
    usage=Usage(input_tokens=8_000, output_tokens=16_000, estimated=True),
    cost=Money(176_000_000),
    held=Money(176_000_000),
)


def by_model(shot: ExecutionSnapshot, spends: Mapping[str, Spend] | None = None) -> ExecutionSnapshot:
    """The same, planned by a model and with these costs by step."""
    found: dict[StepId | None, Spend] = {StepId(step): spend for step, spend in (spends or {}).items()}
    if shot.plan is None:
        return replace(shot, spends={None: IN_FLIGHT, **found})
    plan = replace(shot.plan, planner="model", model=MODEL, prompt="plan@1")
    return replace(shot, plan=plan, spends={None: PLANNING, **found})


def draft(locale: str, states: str, *approvals: Approval) -> ExecutionSnapshot:
    """So many steps of the plan, still being made."""
    shot = snapshot(locale, states, status=ExecutionStatus.PLANNING, approvals=approvals)
    assert shot.plan is not None
    plan = replace(shot.plan, version=0, steps=shot.plan.steps[: len(states)], understood="")
    return replace(shot, execution=replace(shot.execution, plan_version=0), plan=plan, spends={None: IN_FLIGHT})


def question(locale: str, status: ApprovalStatus = ApprovalStatus.PENDING) -> Approval:
    """The planner's own question, with answers to press."""
    text, answers = QUESTIONS[locale]
    choices = tuple(Choice(id=ChoiceId(f"c{n}"), label=label) for n, label in enumerate(answers, 1))
    return replace(ask(locale, ApprovalKind.QUESTION, status), step_id=None, title=text, choices=choices)


def topic(
    name: str, title: str = "", *, step: str | None = None, status: ApprovalStatus = ApprovalStatus.PENDING,
    chosen: str | None = None, **parameters: str,
) -> Approval:  # fmt: skip
    """A question the engine asks by itself."""
    ids = {"budget": ("go_on", "stop"), "model_unavailable": ("again", "offline", "stop")}.get(name, ("go_on",))
    return Approval(
        id=ApprovalId(f"ap-{name}"),
        execution_id=ExecutionId("x"),
        kind=ApprovalKind.QUESTION,
        plan_version=0,
        created_at=START,
        status=status,
        step_id=StepId(step) if step else None,
        title=title,
        topic=name,
        parameters=parameters,
        choices=tuple(Choice(id=ChoiceId(choice), label=choice) for choice in ids),
        chosen=ChoiceId(chosen) if chosen else None,
    )


def over_budget(scope: str = "execution") -> Approval:
    """Most of a cap is used."""
    return topic("budget", scope=scope, share="84", spent="0.34", cap="0.41")


def paused(shot: ExecutionSnapshot, reason: str) -> ExecutionSnapshot:
    """The same, paused by the engine."""
    return replace(shot, execution=replace(shot.execution, paused=True, pause_reason=reason))


def _called_off(locale: str) -> Meeting:
    meeting = artifact(locale, "s4")
    assert isinstance(meeting, Meeting)
    return replace(meeting, cancelled=True)


def model_states(locale: str) -> dict[str, ExecutionSnapshot]:
    """Every state only a model brings about, by name."""
    waiting, planning = ExecutionStatus.WAITING, ExecutionStatus.PLANNING
    done = {"status": ExecutionStatus.DONE, "outcome": ExecutionOutcome.SUCCEEDED}
    agreed = topic("model_unavailable", "model_key_wrong", status=ApprovalStatus.CHOSEN, chosen="offline")
    away = topic("model_unavailable", "model_key_wrong")
    return {
        "thinking": replace(snapshot(locale, status=planning), spends={None: IN_FLIGHT}),
        "draft": draft(locale, "+r."),
        "question": replace(snapshot(locale, status=waiting, approvals=(question(locale),)), spends={None: PLANNING}),
        "budget": by_model(snapshot(locale, "++r..", status=waiting, approvals=(over_budget(),)), {"s3": SUMMARY}),
        "unavailable": snapshot(locale, status=waiting, approvals=(away,)),
        "agreed": snapshot(locale, "+r...", approvals=(agreed,)),
        "stopped": paused(by_model(snapshot(locale, "++r.."), {"s3": SUMMARY}), "budget_execution"),
        "paid": by_model(
            snapshot(locale, "+++++", **done, approvals=(ask(locale, ApprovalKind.GATE, ApprovalStatus.APPROVED),)),  # pyright: ignore[reportArgumentType]
            {"s3": SUMMARY, "s5": AGENDA},
        ),
        "written": replace(
            by_model(snapshot(locale, "+++.."), {"s3": SUMMARY}),
            execution=snapshot(locale, "+++..", **done).execution,  # pyright: ignore[reportArgumentType]
            artifacts={StepId("s3"): dump(written(locale))},
        ),
        "moving": by_model(snapshot(locale, "+++w.", status=waiting, approvals=(change(locale),)), {"s3": SUMMARY}),
        "calling-off": by_model(snapshot(locale, "+++w.", status=waiting, approvals=(change(locale, cancel=True),))),
        "called-off": replace(
            by_model(snapshot(locale, "+++++", **done)),  # pyright: ignore[reportArgumentType]
            artifacts={StepId("s4"): dump(_called_off(locale))},
        ),
        "unpriced": by_model(snapshot(locale, "++r.."), {"s3": UNPRICED}),
        "running-model": by_model(snapshot(locale, "++r.."), {"s3": IN_FLIGHT}),
    }
