"""A call as a whole: every argument to the letter, with the name the tool has for it."""

from __future__ import annotations

from dataclasses import replace

from bot.parts.fields import field_parts
from bot.parts.model import Part, ours, para, small
from bot.parts.scale import Scale
from bot.render.approvals import ApprovalBlock
from bot.render.texts import Texts

_WHOLE = 10**9


def details_parts(block: ApprovalBlock, texts: Texts, scale: Scale, heading: int) -> list[Part]:
    """What the call is about, in a heading that weighs at most so much; all arguments; the tool, and until when it is open."""
    about = scale.brief(block.subject or block.title, heading)
    fields = [
        field if field.note else replace(field, note=texts.say("chat.form.argument", name=field.name))
        for field in block.fields
    ]
    foot = [small(line, texts.direction) for line in (block.tool, block.expires) if line]
    return [para(ours(about, bold=True)), *field_parts(fields, texts, scale, _WHOLE), *foot]
