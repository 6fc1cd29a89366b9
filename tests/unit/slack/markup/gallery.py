"""Every card, reply and form of the story as JSON for the previewer.

``python -m tests.unit.slack.markup.gallery OUTDIR`` writes one file per thread and per form, in both languages, rich and
plain; ``python -m tests.servers.slackd.preview FILE.json OUT.html`` draws one. Not a test.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.presses import Press
from bot.render.approvals import ApprovalBlock
from bot.render.steps import GATED_AGENTS
from bot.render.texts import Texts
from bot.render.view import CardLook, ExecutionView, render_view
from bot.slack.markup.card import card_body
from bot.slack.markup.forms import (
    answer_view,
    change_view,
    details_view,
    do_this_view,
    drop_view,
    edit_view,
    reason_view,
)
from bot.slack.markup.reply import reply_bodies
from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.agents.meeting_change_arguments import ChangeMeetingArguments
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Choice
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepError
from engine.domain.ids import ChoiceId, StepId
from engine.domain.plan import Step
from engine.domain.snapshot import ExecutionSnapshot
from tests.unit.render.model_story import by_model, model_states, over_budget
from tests.unit.render.story import NOW, OWNER, WORDS, ask, call, snapshot, states

LOCALES = ("en", "he")
Payload = dict[str, Any]


def all_states(locale: str) -> dict[str, ExecutionSnapshot]:
    """The story's states, and those it leaves out."""
    waiting = ExecutionStatus.WAITING
    unknown = replace(ask(locale, ApprovalKind.UNKNOWN_OUTCOME), call=call(locale), choices=_outcomes())
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
        "cancelled": snapshot(locale, "++r..", status=ExecutionStatus.DONE, outcome=ExecutionOutcome.CANCELLED),
        "unknown-outcome": snapshot(locale, "+++w.", status=waiting, approvals=(unknown,)),
        "many-choices": snapshot(locale, "++r..", approvals=(replace(ask(locale, ApprovalKind.CHOICE), choices=many),)),
        "long-gate": snapshot(locale, "+++ww", status=waiting, approvals=(long,)),
        "reminded": snapshot(locale, "+++ww", status=waiting, approvals=(replace(gate, reminded_at=NOW),)),
        "two-questions": by_model(snapshot(locale, "+++ww", status=waiting, approvals=(over_budget(), gate))),
        "long-plan": _long_plan(locale),
    }


def view_of(shot: ExecutionSnapshot, *, banner: str = "") -> ExecutionView:
    """What is shown of a snapshot."""
    look = CardLook(gated_agents=GATED_AGENTS, model_agents=frozenset({"WeeklyStatusAgent"}), banner=banner)
    return render_view(shot, look, now=NOW, names={OWNER: "Dana Bar"})


def bodies(view: ExecutionView, *, rich: bool) -> Iterator[Payload]:
    """The messages of a view in the order of a thread."""
    yield dict(card_body(view.card, rich=rich))
    for reply in view.replies:
        for _, body in reply_bodies(view, reply, rich=rich):
            yield dict(body)


def thread(locale: str, state: str, *, rich: bool) -> list[Payload]:
    """A thread of the story as Slack stores it."""
    shot = all_states(locale)[state]
    root: Payload = {"type": "message", "user": "U1", "ts": "1767513600.000100", "text": WORDS[locale]["request"]}
    found = [root]
    for number, body in enumerate(bodies(view_of(shot), rich=rich), 2):
        message: Payload = {"type": "message", "bot_id": "B1", "user": "UBOT", "thread_ts": root["ts"]}
        found.append({**message, "ts": f"1767513600.0{number:02}00", **{k: v for k, v in body.items() if k != "file"}})
    return found


def block_of(locale: str, state: str) -> ApprovalBlock:
    """The last open question of a state."""
    return view_of(all_states(locale)[state]).card.approvals[-1]


def forms(locale: str) -> dict[str, Payload]:
    """Every form, by name."""
    texts = Texts(locale, "Asia/Jerusalem")
    gate, moving, plan = block_of(locale, "gate"), block_of(locale, "moving"), block_of(locale, "unsure")
    schedule, change = ScheduleMeetingArguments.model_json_schema(), ChangeMeetingArguments.model_json_schema()
    press = Press(action="edit", execution="x", approval=gate.id)
    made = {
        "edit": edit_view(gate, schedule, press, texts),
        "edit-move": edit_view(moving, change, press, texts),
        "reason": reason_view(gate, press, texts),
        "answer": answer_view(block_of(locale, "question"), press, texts),
        "change": change_view(plan, press, texts),
        "drop": drop_view(plan, press, texts),
        "details": details_view(gate, press, texts),
        "details-long": details_view(block_of(locale, "long-gate"), press, texts),
        "do-this": do_this_view(WORDS[locale]["point1"] + "\n\n" + WORDS[locale]["point2"], press, texts),
    }
    return {name: dict(view) for name, view in made.items()}


def _outcomes() -> tuple[Choice, ...]:
    return tuple(Choice(id=ChoiceId(name), label=name) for name in ("happened", "again", "leave"))


def _long_plan(locale: str) -> ExecutionSnapshot:
    shot = snapshot(locale, "+++r.", approvals=())
    assert shot.plan is not None
    title = WORDS[locale]["s1"]
    more = tuple(Step(id=StepId(f"m{n}"), agent="DriveSearchAgent", title=f"{title} {n}") for n in range(30))
    return replace(shot, plan=replace(shot.plan, steps=(*shot.plan.steps, *more)))


def all_approvals(locale: str) -> Iterator[Approval]:
    """One open question of each kind."""
    for kind in ApprovalKind:
        yield ask(locale, kind, ApprovalStatus.PENDING)


def main(out: Path) -> None:
    """Write them all."""
    out.mkdir(parents=True, exist_ok=True)
    for locale in LOCALES:
        for state in all_states(locale):
            for rich in (True, False):
                found = {"title": f"{state} ({locale})", "messages": thread(locale, state, rich=rich)}
                _write(out / f"{state}-{locale}-{'rich' if rich else 'plain'}.json", found)
        for name, view in forms(locale).items():
            _write(out / f"form-{name}-{locale}.json", {"view": view})


def _write(path: Path, value: Payload) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
