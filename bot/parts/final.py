"""The last reply as parts: how it ended, what came of it, and what stands below it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.parts.account import account_parts
from bot.parts.model import Part, Small, Span, ours, para, small, written
from bot.parts.result import result_parts
from bot.parts.scale import Scale
from bot.render.card import Card
from bot.render.replies import Reply
from bot.render.texts import Texts
from engine.domain.json import JsonObject

MOST_PAGES = 4
"""Messages of one result; what is longer is in a file, whole."""

_ICONS = {"good": "✅", "bad": "❌", "attention": "⚠️", "quiet": "⏹️"}


def final_parts(card: Card, reply: Reply, heading: str, *, told: bool = False) -> list[Part]:
    """How it ended, in a heading, what was done and what was not, and all that came of it.

    ``told``: the heading names the meeting and its time.
    """
    first = para(Span(text=f"{_ICONS.get(reply.tone, '▫️')} "), ours(heading, bold=True))
    result = result_parts(card.result, Texts(reply.locale), told=told) if card.result else ()
    return [first, *account_parts(card.account), *result]


def foot_parts(card: Card, reply: Reply, scale: Scale, page: tuple[int, int], *, beyond: bool) -> list[Part]:
    """What stands below a page of the result.

    Args:
        card: whose result it is.
        reply: the end itself.
        scale: how the chat counts.
        page: its number, and of how many that are shown.
        beyond: there is more than those show.
    """
    (number, pages), texts = page, Texts(reply.locale)
    parts: list[Part] = []
    if number == pages and beyond:
        parts.append(para(Span(text="📎 "), ours(texts.say("chat.whole_in_file"), bold=True)))
    if number == pages and reply.undone:
        parts.append(para(Span(text="↩️ "), ours(scale.brief(reply.undone, 120), bold=True)))
    told = [texts.say("chat.page", page=number, pages=pages)] if pages > 1 else []
    told += [line for line in (card.cost, card.planned_by) if line and number == pages]
    return [*parts, small(scale.brief(" · ".join(told), 300), texts.direction)] if told else parts


def rated_parts(card: Card, texts: Texts, scale: Scale) -> list[Small]:
    """How the result was rated, where it was."""
    chosen = next((made for made in card.actions if made.rating and made.chosen), None)
    if chosen is None:
        return []
    return [small(texts.say("chat.rated", answer=scale.brief(chosen.label, 150)), texts.direction)]


def whole_file(parts: Iterable[Part], texts: Texts) -> JsonObject:
    """Name and text of a file with all of a result."""
    text = "\n\n".join(written(part) for part in parts)
    return {"name": str(texts.say("chat.file_name")), "text": f"{text}\n"}
