"""The steps of a plan: Slack's own plan with task cards, or one line each; long plans show what matters now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bot.render.bearing import anchored
from bot.render.card import Card
from bot.render.safe_text import clean, said
from bot.render.steps import StepLine
from bot.render.texts import Direction, Texts
from bot.slack.markup.limits import PLAN_TITLE, TASK_TITLE, cut, cut_weight, weight
from bot.slack.markup.parts import Block, Line, Para, Part, Small, Span, small

MOST_SHOWN = 15
"""Steps shown of one plan; the others are counted."""

_FINISHED = frozenset({"succeeded", "skipped", "cancelled", "rejected"})
_TO_COME = frozenset({"pending", "ready"})
_TASK: dict[str, Literal["pending", "in_progress", "complete", "error"]] = {
    "running": "in_progress",
    "succeeded": "complete",
    "failed": "error",
    "unknown": "error",
}
"""Slack knows four states; whatever else a step is waits, or will never be done, and its words say which."""

_ICONS = {
    "pending": "▫️",
    "ready": "▫️",
    "running": "⏳",
    "asking": "✋",
    "held": "⏸️",
    "timer": "⏰",
    "paused": "⏸️",
    "succeeded": "✅",
    "failed": "❌",
    "skipped": "⏭️",
    "cancelled": "⏹️",
    "rejected": "🚫",
    "unknown": "❓",
}


def plan_blocks(card: Card, texts: Texts, budget: int) -> list[Block]:
    """The plan as Slack's own block; nothing where there are no steps.

    Args:
        card: what is shown.
        texts: its language.
        budget: how much the texts of the block may weigh, see :mod:`bot.slack.markup.limits`.
    """
    shown = shown_steps(card.steps)
    if not shown:
        return []
    label = " ".join(said(card.progress.label).split()) if card.progress else ""
    title = cut(label or texts.say("chat.plan"), PLAN_TITLE)
    each = max((budget - weight(title)) // len(shown), 60)
    tasks = [_task(card.id, step, card.direction, each) for step in shown]
    return [{"type": "plan", "title": anchored(title, card.direction), "tasks": tasks}]


def step_parts(card: Card, budget: int) -> list[Part]:
    """The plan as lines."""
    shown = shown_steps(card.steps)
    if not shown:
        return []
    each = max(budget // len(shown) - 20, 60)
    lines: list[Line] = []
    for step in shown:
        title = cut_weight(_titled(step), each // 3)
        lines.append((Span(text=f"{_ICONS.get(step.icon, '▫️')} "), Span(text=title, bold=True)))
        told = " · ".join(part for part in (_waits(step), _came_of_it(step)) if part)
        if told:
            lines.append((Span(text=anchored(f"      {cut_weight(told, each - each // 3)}", card.direction)),))
    return [Para(lines=tuple(lines))]


def left_out(card: Card, texts: Texts) -> list[Small]:
    """How many steps are not shown, by what has come of them."""
    shown = {step.number for step in shown_steps(card.steps)}
    hidden = [step for step in card.steps if step.number not in shown]
    done = sum(1 for step in hidden if step.icon in _FINISHED)
    counted = (("chat.steps_done", done), ("chat.steps_to_come", len(hidden) - done))
    told = " · ".join(texts.say(key, n=number) for key, number in counted if number)
    return [small(told, card.direction)] if told else []


def shown_steps(steps: Sequence[StepLine]) -> tuple[StepLine, ...]:
    """At most :data:`MOST_SHOWN`, in plan order: what runs or waits for somebody, what failed, what comes next, then what
    ended last."""
    if len(steps) <= MOST_SHOWN:
        return tuple(steps)

    def rank(pair: tuple[int, StepLine]) -> tuple[int, int]:
        place, step = pair
        if step.icon in _TO_COME:
            return 2, place
        return (3, -place) if step.icon in _FINISHED else (0 if step.icon not in {"failed", "unknown"} else 1, place)

    chosen = sorted(enumerate(steps), key=rank)[:MOST_SHOWN]
    return tuple(step for _, step in sorted(chosen, key=lambda pair: pair[0]))


def _task(execution: str, step: StepLine, direction: Direction, budget: int) -> Block:
    # What stands below a title counts twice (openclaw#143882).
    title = cut(cut_weight(_titled(step), budget // 2), TASK_TITLE)
    room = (budget - weight(title)) // 2
    waits = cut_weight(_waits(step), room // 2)
    came = cut_weight(_came_of_it(step), room - weight(waits))
    task: Block = {
        "type": "task_card",
        "task_id": f"{execution}.{step.number}"[:255],
        "title": title,
        "status": _TASK.get(step.icon, "pending"),
    }
    below = {name: anchored(text, direction) for name, text in (("details", waits), ("output", came)) if text.strip()}
    return {**task, **{name: _rich(text) for name, text in below.items()}}


def _rich(text: str) -> Block:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def _titled(step: StepLine) -> str:
    return f"{step.number}. {' '.join(clean(step.title).split())}"


def _waits(step: StepLine) -> str:
    """Where it is, while that is news; and what it will do: ask, write, cost."""
    told = (
        "" if step.icon in {*_TO_COME, "succeeded", "failed"} else step.status,
        step.after_text if step.icon in _TO_COME else "",
        f"✏️ {step.asks}" if step.touches_world and step.asks else "",
        f"✨ {step.thinks}" if step.thinks else "",
    )
    return said(" · ".join(part for part in told if part))


def _came_of_it(step: StepLine) -> str:
    took = step.elapsed if step.icon not in {*_TO_COME, "running"} else ""  # nothing counts it up while it runs
    told = (step.note, step.error, step.error_detail, took, step.cost)
    return said(" · ".join(part for part in (" ".join(text.split()) for text in told) if part))
