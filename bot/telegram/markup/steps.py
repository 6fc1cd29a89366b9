"""The steps of a plan as lines: quoted, folded away when there are many, and then those that matter now before them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.parts.model import Line, Para, Part, Span, ours
from bot.parts.steps import ICONS, came_of_it, shown_steps, waits
from bot.render.card import Card, Progress
from bot.render.safe_text import clean
from bot.render.steps import StepLine
from bot.render.texts import isolate
from bot.telegram.markup.limits import PLAIN

MOST_OPEN = 6
"""Steps of a plan that is not folded away."""
MOST_NOW = 3
"""Steps named before those that are folded away."""

_CELLS = 10
_WITHOUT_SUCCESS = frozenset({"partial", "failed", "cancelled", "rejected"})
_NOW = frozenset({"running", "asking", "held", "timer", "failed", "unknown"})
_LEAST = 40


def step_parts(card: Card, budget: int) -> list[Part]:
    """How far it is, and the plan.

    Args:
        card: what is shown.
        budget: how much the parts may weigh.
    """
    shown = shown_steps(card.steps)
    if not shown:
        return []
    parts = [Para(lines=((_far(card, card.progress),),))] if card.progress else []
    folded = _is_folded(shown)
    now = [step for step in shown if step.icon in _NOW][:MOST_NOW] if folded else []
    others = [step for step in shown if step not in now]
    each = max((budget - 40) // len(shown), _LEAST)
    if now:
        parts.append(Para(lines=_lines(now, each), tight=bool(parts)))
    return [*parts, Para(lines=_lines(others, each), quote=True, tight=bool(parts), aside=folded)]


def _is_folded(shown: Sequence[StepLine]) -> bool:
    """What is over is history, and a long plan is looked up."""
    over = all(step.icon not in {*_NOW, "pending", "ready", "paused"} for step in shown)
    return over or len(shown) > MOST_OPEN


def _far(card: Card, progress: Progress) -> Span:
    """How far it is; nothing fills up any more once it is over without success."""
    over = card.status.name in _WITHOUT_SUCCESS
    return ours(progress.label) if over else Span(text=_bar(progress.done, progress.total))


def _bar(done: int, total: int) -> str:
    cells = min(total, _CELLS)
    full = max(done * cells // total, min(done, 1))
    return f"{'▰' * full}{'▱' * (cells - full)} {done}/{total}"


def _lines(steps: Sequence[StepLine], each: int) -> tuple[Line, ...]:
    return tuple(line for step in steps for line in _step(step, each))


def _step(step: StepLine, room: int) -> list[Line]:
    """Icon, number and title; below it where it is, or what came of it."""
    lead = f"{ICONS.get(step.icon, '▫️')} {step.number}. "
    room -= PLAIN.weight(lead) + 16
    title = PLAIN.cut(" ".join(clean(step.title).split()), max(room // 2, 12))
    told = " · ".join(part for part in (" ".join(waits(step).split()), came_of_it(step)) if part)
    lines: list[Line] = [(Span(text=lead), Span(text=isolate(title), bold=True))]
    room -= PLAIN.weight(title)
    if told and room > 12:
        lines.append((Span(text=PLAIN.cut(told, room - 12)),))
    return lines
