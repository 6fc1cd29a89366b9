"""Parts and texts, measured and cut the way Slack counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.parts import fields as neutral
from bot.parts import pages
from bot.parts.model import Part
from bot.render.approvals import Field
from bot.render.texts import Direction, Texts
from bot.slack.markup.limits import MRKDWN

MOST_BLOCKS = 36
"""Blocks the parts of one page make at most; more come from what a message has besides."""

brief, weigh, cut_weight, head_of_weight = MRKDWN.brief, MRKDWN.weigh, MRKDWN.cut, MRKDWN.head


def field_parts(fields: Sequence[Field], texts: Texts, budget: int, *, longest: int | None = None) -> list[Part]:
    """Arguments as parts, see :func:`bot.parts.fields.field_parts`."""
    return neutral.field_parts(fields, texts, MRKDWN, budget, longest=longest)


def label_of(field: Field, direction: Direction) -> str:
    """What a field is called, see :func:`bot.parts.fields.label_of`."""
    return neutral.label_of(field, direction, MRKDWN)


def pages_of(parts: Iterable[Part], budget: int) -> list[tuple[Part, ...]]:
    """Parts as pages that weigh at most ``budget`` each, see :func:`bot.parts.pages.pages_of`."""
    return pages.pages_of(parts, pages.Page(scale=MRKDWN, room=budget, blocks=MOST_BLOCKS))
