"""Views with whatever text and however many parts, for tests of what no renderer would give but markup must bear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar, cast

from bot.render.account import KINDS, AccountList, AccountRow
from bot.render.approvals import ApprovalBlock, Button, Droppable, Field
from bot.render.card import Card, Problem, Progress
from bot.render.replies import FINAL, Reply
from bot.render.result import AgendaBlock, Listing, MeetingBlock, Point, ResultBlock, Row, SourceLine
from bot.render.steps import StepLine
from bot.render.undo import UndoBlock
from bot.render.view import ExecutionView
from engine.domain.approval import ApprovalKind
from engine.domain.ids import ApprovalId, ExecutionId, StepId
from tests.unit.parts.states import all_states, view_of

_Value = TypeVar("_Value")
_KEPT = frozenset(
    [
        "id",
        "locale",
        "direction",
        "name",
        "tone",
        "icon",
        "kind",
        "topic",
        "action",
        "approval",
        "choice",
        "zone",
        "input",
        "raw",
        "purpose",
        "execution_id",
        "starts",
        "ends",
    ]
)
"""Fields that are no text, or that tests set themselves."""

ICONS = [
    "pending",
    "ready",
    "running",
    "asking",
    "held",
    "timer",
    "paused",
    "succeeded",
    "failed",
    "skipped",
    "cancelled",
    "rejected",
    "unknown",
]


def filled(value: _Value, text: Callable[[], str]) -> _Value:
    """The same with every text in it replaced."""
    return cast("_Value", _filled(value, text))


def _filled(value: Any, text: Callable[[], str]) -> Any:
    if isinstance(value, str):
        return text()
    if isinstance(value, tuple):
        return tuple(_filled(item, text) for item in cast("tuple[Any, ...]", value))
    if is_dataclass(value) and not isinstance(value, type):
        new = {f.name: _filled(getattr(value, f.name), text) for f in fields(value) if f.name not in _KEPT}
        return replace(value, **new)
    return value


def step(number: int, icon: str = "running") -> StepLine:
    """A step with something in every place."""
    return StepLine(
        id=StepId(f"s{number}"), number=number, level=0, after=(1,), after_text="after 1", title="t", icon=icon, status="s", note="n",
        elapsed="2 s", error="e", error_detail="d", touches_world=True, asks="a", thinks="m", cost="c",
    )  # fmt: skip


def field(place: int, value: str = "v", **more: Any) -> Field:
    """An argument."""
    made = {
        "name": f"field_{place}",
        "label": "Label",
        "value": value,
        "known": True,
        "note": "",
        "input": "text",
        "raw": value,
    }
    everything: dict[str, Any] = {**made, **more}
    return Field(**everything)


def block(
    kind: ApprovalKind, *, choices: int = 0, arguments: int = 0, drops: int = 0, topic: str = ""
) -> ApprovalBlock:
    """A question with everything."""
    buttons = tuple(Button(action="choose", label="c", approval="a", choice=f"c{n}") for n in range(choices))
    return ApprovalBlock(
        id=ApprovalId("a" * 32), kind=kind, topic=topic, title="t", subject="s", lead="l", tool="tool", expires="e", zone="Asia/Jerusalem", back=0,
        fields=tuple(field(n) for n in range(arguments)), drops=tuple(Droppable(id=f"s{n}", title="d") for n in range(drops)),
        buttons=(*buttons, Button(action="approve", label="ok", tone="primary", approval="a"), Button(action="reject", label="no", tone="danger", approval="a")),
    )  # fmt: skip


def result(*, rows: int = 2) -> ResultBlock:
    """Everything that can come of a task."""
    return ResultBlock(
        heading="h", summary="p\n\n# head\n- one\n- two\n\nlast", points=tuple(Point(text="p", source=n) for n in range(rows)),
        sources_heading="s", sources=tuple(SourceLine(number=n, title="t", path="p", line=n, place="l", quote="q") for n in range(1, rows + 1)),
        meeting=MeetingBlock(heading="m", cancelled=False, id="i", title="t", when="w", starts="s", ends="e", link="l", attendees=("a",) * rows, invitation="i"),
        agenda=AgendaBlock(heading="a", title="t", text="# x\ny", saved="s", path="p"),
        listings=tuple(Listing(kind=k, heading="h", rows=tuple(Row(title="t", detail="d", path="p", text="x") for _ in range(rows)), empty="") for k in ("documents", "contacts", "appointments")),
        problems=("p",) * rows,
    )  # fmt: skip


UNDO = UndoBlock(until="2026-01-04T08:10:00Z", label="Undo", heading="h", lines=("a", "b"), note="n", yes="y", no="n")


def card(locale: str, *approvals: ApprovalBlock, steps: int = 5, rows: int = 2) -> Card:
    """A card with something in every place."""
    base = _base(locale)
    return replace(
        base, id=ExecutionId("e" * 32), banner="b", limited="l", notice="n", paused="p", understood="u", more="m", planned_by="p", cost="c",
        progress=Progress(done=1, total=steps, label="1 of 5"), problem=Problem(text="t", detail="d"), result=result(rows=rows),
        account=tuple(AccountList(kind=kind, heading="h", rows=(AccountRow(title="t", note="n"),) * rows) for kind in KINDS),
        steps=tuple(step(n, ICONS[n % len(ICONS)]) for n in range(1, steps + 1)), approvals=approvals,
        actions=(*base.actions, Button(action="feedback", label="good", rating=1, chosen=True), Button(action="feedback", label="bad", rating=-1)),
    )  # fmt: skip


@cache
def _base(locale: str) -> Card:
    return view_of(all_states(locale)["running"]).card


def view(shown: Card) -> ExecutionView:
    """A card with a reply for each question, one that is answered, and the end."""
    base = Reply(execution_id=shown.id, purpose="", locale=shown.locale, direction=shown.direction, text="r", tone="attention", pending=True)  # fmt: skip
    asked = tuple(replace(base, purpose=f"approval:{approval.id}") for approval in shown.approvals[:1])
    ended = (
        replace(base, purpose="approval:gone", pending=False, tone="good"),
        replace(base, purpose=FINAL, pending=False, undo=UNDO, undone="u"),
    )
    return ExecutionView(card=shown, replies=(*asked, *ended))
