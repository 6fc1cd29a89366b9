"""The steps of a plan: which of a long plan are shown, and what is said of each."""

from __future__ import annotations

from collections.abc import Sequence

from bot.parts.model import Small, small
from bot.render.card import Card
from bot.render.safe_text import clean, said
from bot.render.steps import StepLine
from bot.render.texts import Texts

MOST_SHOWN = 15
"""Steps shown of one plan; the others are counted."""

_FINISHED = frozenset({"succeeded", "skipped", "cancelled", "rejected"})
_TO_COME = frozenset({"pending", "ready"})

ICONS = {
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
"""By the icon of a step."""


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


def left_out(card: Card, texts: Texts) -> list[Small]:
    """How many steps are not shown, by what has come of them."""
    shown = {step.number for step in shown_steps(card.steps)}
    hidden = [step for step in card.steps if step.number not in shown]
    done = sum(1 for step in hidden if step.icon in _FINISHED)
    counted = (("chat.steps_done", done), ("chat.steps_to_come", len(hidden) - done))
    told = " · ".join(texts.say(key, n=number) for key, number in counted if number)
    return [small(told, card.direction)] if told else []


def titled(step: StepLine) -> str:
    """A step's number and title, on one line."""
    return f"{step.number}. {' '.join(clean(step.title).split())}"


def waits(step: StepLine) -> str:
    """Where it is, while that is news; and what it will do: ask, write, cost."""
    told = (
        "" if step.icon in {*_TO_COME, "succeeded", "failed"} else step.status,
        step.after_text if step.icon in _TO_COME else "",
        f"✏️ {step.asks}" if step.touches_world and step.asks else "",
        f"✨ {step.thinks}" if step.thinks else "",
    )
    return said(" · ".join(part for part in told if part))


def came_of_it(step: StepLine) -> str:
    """What it found, or what went wrong; how long it took and what it cost."""
    took = step.elapsed if step.icon not in {*_TO_COME, "running"} else ""  # nothing counts it up while it runs
    told = (step.note, step.error, step.error_detail, took, step.cost)
    return said(" · ".join(part for part in (" ".join(text.split()) for text in told) if part))
