"""Every argument of a call, whole: what is long has several pages in one message, which buttons turn."""

from __future__ import annotations

from bot.parts.details import details_parts
from bot.parts.model import Part, small
from bot.parts.pages import Page, pages_of
from bot.presses import Press
from bot.render.approvals import ApprovalBlock
from bot.render.texts import Texts
from bot.telegram.markup.body import button, message
from bot.telegram.markup.limits import PLAIN, ROOM
from engine.domain.json import JsonObject

_HEADING = 700
_PAGE = Page(scale=PLAIN, room=ROOM - 200, blocks=1_000)


def details_body(block: ApprovalBlock, texts: Texts, page: int = 0) -> JsonObject:
    """The message with one page.

    Args:
        block: the question.
        texts: the person's language, and the question's zone.
        page: which one, from 0, as the choice of a press of ``page``; one that is not there is the nearest.
    """
    pages = pages_of(details_parts(block, texts, PLAIN, _HEADING), _PAGE)
    page = min(max(page, 0), len(pages) - 1)
    turns = [
        button(Press(action="page", approval=block.id, choice=str(to)), texts.say(f"chat.form.{word}"))
        for word, to in (("prior", page - 1), ("next", page + 1))
        if 0 <= to < len(pages)
    ]
    told = small(texts.say("chat.page", page=page + 1, pages=len(pages)), texts.direction)
    parts: list[Part] = [*pages[page], *([told] if turns else [])]
    return message(parts, texts, [turns])
