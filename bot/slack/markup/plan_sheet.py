"""The plan sheet: every step of a plan, with a button for each thing that can be done to it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.parts.model import Line, Para, Span, ours, para, small
from bot.parts.steps import ICONS, titled
from bot.presses import Press
from bot.render.bearing import anchored
from bot.render.safe_text import said
from bot.render.steps import StepLine
from bot.render.texts import Texts
from bot.slack.markup.controls import button, rows, shortened
from bot.slack.markup.drawing import Block, drawn
from bot.slack.markup.limits import BUTTON, VIEW_BLOCKS, VIEW_BYTES
from bot.slack.markup.measured import brief, cut_weight
from bot.slack.markup.view import Words, form, json_bytes
from bot.step_questions import step_question_id
from engine.domain.ids import ExecutionId
from engine.domain.json import JsonObject

_TITLE, _STATUS, _TOLD = 400, 600, 1_200
_FRAME = 4
"""Blocks that are no step's: what was said, and what stands below the steps."""
_WORDS = Words(title="plan", close="close")


def plan_sheet_view(execution: ExecutionId, steps: Sequence[StepLine], texts: Texts, told: str = "") -> JsonObject:
    """The steps in the plan's order. Where not all of them fit, those that can be changed go first, and it says so.

    Args:
        execution: whose plan it is.
        steps: with what can be done to each.
        texts: the language of the plan.
        told: why what was pressed was not done; empty where nothing was.
    """
    drawings = _fitting([(step, _step(execution, step, texts)) for step in steps])
    above = drawn([para(ours(brief(told, _TOLD), bold=True))], rich=True)
    notes = ["plan_more"] if len(drawings) < len(steps) else []
    below = [small(texts.say(f"chat.form.{note}"), texts.direction) for note in (*notes, "plan_note")]
    blocks = [*above, *(block for made in drawings for block in made), *drawn(below, rich=True)]
    return form(_WORDS, blocks, Press(action="plan", execution=execution), texts)


def told_view(press: Press, words: str, texts: Texts) -> JsonObject:
    """The sheet once there is nothing more to press in it: what came of it."""
    blocks = drawn([para(ours(brief(words, _TOLD), bold=True))], rich=True)
    return form(_WORDS, blocks, Press(action="plan", execution=press.execution), texts)


def _fitting(steps: Sequence[tuple[StepLine, list[Block]]]) -> list[list[Block]]:
    """The drawings of those there is room for, in the plan's order."""
    blocks, room, kept = VIEW_BLOCKS - _FRAME, VIEW_BYTES, set[int]()
    for step, made in sorted(steps, key=lambda pair: not pair[0].ways):
        blocks, room = blocks - len(made), room - json_bytes(made)
        if blocks < 0 or room < 0:
            break
        kept.add(step.number)
    return [made for step, made in steps if step.number in kept]


def _step(execution: ExecutionId, step: StepLine, texts: Texts) -> list[Block]:
    title = cut_weight(titled(step), _TITLE)
    head: Line = (Span(text=f"{ICONS.get(step.icon, '▫️')} "), Span(text=title, bold=True))
    status = " · ".join(part for part in (step.status, step.error) if part)
    told = cut_weight(" ".join(said(status).split()), _STATUS)
    lines = (head, (Span(text=anchored(told, texts.direction)),)) if told else (head,)
    return [*drawn([Para(lines=lines)], rich=True), *rows(_buttons(execution, step, texts))]


def _buttons(execution: ExecutionId, step: StepLine, texts: Texts) -> list[Block]:
    """What can be done to it. Its title goes with each for who hears the sheet rather than sees it."""
    if not step.ways:
        return []
    asked, made = step_question_id(execution, step.id), list[Block]()
    for way in step.ways:
        press = Press(action=f"{way}_step", execution=execution, approval=asked)
        label = texts.say(f"action.{press.action}")
        named = shortened(f"{label}: {titled(step)}", BUTTON)
        made.append({**button(press, label), "accessibility_label": named})
    return made
