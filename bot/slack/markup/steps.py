"""The steps of a plan: Slack's own plan with task cards, or one line each; long plans show what matters now."""

from __future__ import annotations

from typing import Literal

from bot.parts.measure import cut
from bot.parts.model import Line, Para, Part, Span
from bot.parts.steps import ICONS, came_of_it, shown_steps, titled, waits
from bot.render.bearing import anchored
from bot.render.card import Card
from bot.render.safe_text import said
from bot.render.steps import StepLine
from bot.render.texts import Direction, Texts
from bot.slack.markup.drawing import Block
from bot.slack.markup.limits import PLAN_TITLE, TASK_TITLE, weight
from bot.slack.markup.measured import cut_weight

_TASK: dict[str, Literal["pending", "in_progress", "complete", "error"]] = {
    "running": "in_progress",
    "succeeded": "complete",
    "failed": "error",
    "unknown": "error",
}
"""Slack knows four states; whatever else a step is waits, or will never be done, and its words say which."""


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
        title = cut_weight(titled(step), each // 3)
        lines.append((Span(text=f"{ICONS.get(step.icon, '▫️')} "), Span(text=title, bold=True)))
        told = " · ".join(part for part in (waits(step), came_of_it(step)) if part)
        if told:
            lines.append((Span(text=anchored(f"      {cut_weight(told, each - each // 3)}", card.direction)),))
    return [Para(lines=tuple(lines))]


def _task(execution: str, step: StepLine, direction: Direction, budget: int) -> Block:
    # What stands below a title counts twice (openclaw#143882).
    title = cut(cut_weight(titled(step), budget // 2), TASK_TITLE)
    room = (budget - weight(title)) // 2
    details = cut_weight(waits(step), room // 2)
    output = cut_weight(came_of_it(step), room - weight(details))
    task: Block = {
        "type": "task_card",
        "task_id": f"{execution}.{step.number}"[:255],
        "title": title,
        "status": _TASK.get(step.icon, "pending"),
    }
    below = {
        name: anchored(text, direction) for name, text in (("details", details), ("output", output)) if text.strip()
    }
    return {**task, **{name: _rich(text) for name, text in below.items()}}


def _rich(text: str) -> Block:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}
