"""Every state an execution can be seen in: the story's, and those it leaves out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.render.approvals import ApprovalBlock
from bot.render.steps import GATED_AGENTS
from bot.render.view import CardLook, ExecutionView, render_view
from engine.domain.approval import ApprovalKind, Choice
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepError
from engine.domain.ids import ChoiceId, StepId
from engine.domain.plan import Step
from engine.domain.snapshot import ExecutionSnapshot
from tests.unit.render.model_story import by_model, model_states, over_budget
from tests.unit.render.story import NOW, OWNER, WORDS, ask, call, snapshot, states
from tests.unit.render.undone import UNDONE_BY, undone
from tests.unit.render.unsuccessful import unsuccessful


def all_states(locale: str) -> dict[str, ExecutionSnapshot]:
    """The story's states, and those it leaves out."""
    waiting = ExecutionStatus.WAITING
    unknown = replace(ask(locale, ApprovalKind.UNKNOWN_OUTCOME), call=call(locale), choices=_outcomes())
    unknown = replace(unknown, parameters={"at": (unknown.created_at - timedelta(minutes=2)).isoformat()})
    many = tuple(
        Choice(id=ChoiceId(f"c{n}"), label=f"{WORDS[locale]['yoav']} {n} · {n}@tevuot.example") for n in range(1, 9)
    )
    gate = ask(locale, ApprovalKind.GATE)
    long = replace(
        gate, call=call(locale, description="\n".join(WORDS[locale]["point1"] for _ in range(80)), room="4.2")
    )
    failed = snapshot(locale, status=ExecutionStatus.DONE, outcome=ExecutionOutcome.FAILED)
    error = StepError(code="request_not_understood", detail="No clause of the request names a task.")
    return {
        **states(locale),
        **model_states(locale),
        "failed": replace(failed, execution=replace(failed.execution, error=error)),
        **unsuccessful(locale),
        **undone(locale),
        "unknown-outcome": snapshot(locale, "+++w.", status=waiting, approvals=(unknown,)),
        "many-choices": snapshot(locale, "++r..", approvals=(replace(ask(locale, ApprovalKind.CHOICE), choices=many),)),
        "long-gate": snapshot(locale, "+++ww", status=waiting, approvals=(long,)),
        "reminded": snapshot(locale, "+++ww", status=waiting, approvals=(replace(gate, reminded_at=NOW),)),
        "two-questions": by_model(snapshot(locale, "+++ww", status=waiting, approvals=(over_budget(), gate))),
        "long-plan": _long_plan(locale),
    }


def view_of(shot: ExecutionSnapshot, *, banner: str = "") -> ExecutionView:
    """What is shown of a snapshot."""
    look = CardLook(
        gated_agents=GATED_AGENTS,
        model_agents=frozenset({"WeeklyStatusAgent"}),
        banner=banner,
        undone_by=UNDONE_BY,
    )
    return render_view(shot, look, now=NOW, names={OWNER: "Dana Bar"})


def block_of(locale: str, state: str) -> ApprovalBlock:
    """The last open question of a state."""
    return view_of(all_states(locale)[state]).card.approvals[-1]


def _outcomes() -> tuple[Choice, ...]:
    return tuple(Choice(id=ChoiceId(name), label=name) for name in ("happened", "again", "leave"))


def _long_plan(locale: str) -> ExecutionSnapshot:
    shot = snapshot(locale, "+++r.", approvals=())
    assert shot.plan is not None
    title = WORDS[locale]["s1"]
    more = tuple(Step(id=StepId(f"m{n}"), agent="DriveSearchAgent", title=f"{title} {n}") for n in range(30))
    return replace(shot, plan=replace(shot.plan, steps=(*shot.plan.steps, *more)))
