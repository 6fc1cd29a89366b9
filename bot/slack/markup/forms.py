"""Forms: editing a call's arguments, saying why, answering, changing a plan, looking at everything, and "do this".

Each has a reader for what the form gives back: ``values`` by block, as deliveries carry them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.forms.decisions import WORDS, words_of
from bot.forms.edits import asked_fields
from bot.forms.reading import Asked
from bot.parts.model import Para, Part, Span, ours, para, small
from bot.presses import Press
from bot.render.approvals import ApprovalBlock, Droppable, Field
from bot.render.bearing import settled
from bot.render.safe_text import clean
from bot.render.texts import Texts
from bot.slack.markup.controls import button, option, rows
from bot.slack.markup.drawing import Block, drawn, plain_text
from bot.slack.markup.inputs import LIMITS, input_block
from bot.slack.markup.limits import HINT, INPUT, LABEL, VIEW_BYTES
from bot.slack.markup.measured import brief, field_parts, head_of_weight, pages_of
from bot.slack.markup.view import Words, form, json_bytes
from engine.domain.json import JsonObject, JsonValue

TEXT = WORDS
"""Block of the one input that forms in words have."""
KEEP = "keep"
"""Blocks with the steps to keep begin with this."""

_MOST_INPUTS = 90
_BOXES = 10
"""Boxes to tick that one element takes."""
_PAGE, _WHOLE = 20_000, 10**9
_QUOTED, _LEAD = 6_000, 600


def edit_view(block: ApprovalBlock, schema: JsonObject, press: Press, texts: Texts) -> JsonObject:
    """The form for a call's arguments, filled with what they are.

    Args:
        block: the question.
        schema: of the tool's arguments, as pydantic makes it; empty where nobody has one.
        press: what sending it means.
        texts: the person's language.
    """
    return _arguments((), block, schema, press, texts, Words(title="edit", submit="save", close="back"))


def edit_step_view(block: ApprovalBlock, schema: JsonObject, press: Press, texts: Texts) -> JsonObject:
    """The form for a step's arguments, filled with what they are, below the step's title; takes what :func:`edit_view` does."""
    about = para(ours(brief(block.subject, _QUOTED), bold=True))
    words = Words(title="edit_step", submit="save_step", close="back")
    return _arguments([about], block, schema, press, texts, words)


def first_input(block: ApprovalBlock, schema: JsonObject) -> str:
    """The block that words about a call as a whole are put under: Slack takes words only for blocks that are inputs."""
    return next((asked.key for asked in asked_fields(block, schema, LIMITS) if asked.rule.kind != "fixed"), "")


def reason_view(block: ApprovalBlock, press: Press, texts: Texts) -> JsonObject:
    """Asks why something is declined; the reason may be left out."""
    return _told(block, press, texts, Words(title="reason", submit="decline", close="back"), "reason_label")


def drop_view(block: ApprovalBlock, press: Press, texts: Texts) -> JsonObject:
    """Asks why a plan is dropped; the reason may be left out."""
    return _told(block, press, texts, Words(title="drop", submit="drop_it", close="back"), "drop_label")


def answer_view(block: ApprovalBlock, press: Press, texts: Texts) -> JsonObject:
    """Asks for an answer in the person's own words."""
    asked = drawn([para(ours(brief(block.subject or block.title, _QUOTED), bold=True))], rich=True)
    answer = _area("answer_label", texts, optional=False)
    return form(Words(title="answer", submit="send", close="back"), [*asked, answer], press, texts)


def read_words(values: Mapping[str, JsonValue]) -> str:
    """What was written into a form in words; empty where nothing was."""
    return words_of(values.get(TEXT))


def change_view(block: ApprovalBlock, press: Press, texts: Texts) -> JsonObject:
    """Asks which steps of a plan to keep, and what else should be different."""
    groups = [block.drops[start : start + _BOXES] for start in range(0, len(block.drops), _BOXES)]
    blocks = [_boxes(group, number, len(groups), texts) for number, group in enumerate(groups)]
    words = _area("change_label", texts, optional=True, hint="change_hint")
    return form(Words(title="change", submit="apply", close="back"), [*blocks, words], press, texts)


def read_dropped(block: ApprovalBlock, values: Mapping[str, JsonValue]) -> list[int]:
    """Places of the steps that were not kept."""
    dropped: list[int] = []
    for place in range(len(block.drops)):
        kept = values.get(f"{KEEP}-{place // _BOXES}")
        if isinstance(kept, Sequence) and not isinstance(kept, str) and str(place) not in kept:
            dropped.append(place)
    return dropped


def details_view(block: ApprovalBlock, press: Press, texts: Texts, *, page: int = 0) -> JsonObject:
    """Every argument of a call, whole; what is long has several parts, which buttons lead to.

    Args:
        block: the question.
        press: what led here; its buttons carry ``page`` with the number of a part as their choice.
        texts: the person's language.
        page: which part, from 0; one that is not there is the nearest.
    """
    fields = field_parts(_named(block, texts), texts, _WHOLE)
    head: list[Part] = [para(ours(brief(block.subject or block.title, _QUOTED), bold=True))]
    foot = [small(line, texts.direction) for line in (block.tool, block.expires) if line]
    pages = pages_of([*head, *fields, *foot], _PAGE) or [()]
    page = min(max(page, 0), len(pages) - 1)
    blocks = drawn(pages[page], rich=True)
    leads = (("prior", page - 1), ("next", page + 1))
    turns = [
        button(
            Press(action="page", execution=press.execution, approval=press.approval, choice=str(to)),
            texts.say(f"chat.form.{word}"),
        )
        for word, to in leads
        if 0 <= to < len(pages)
    ]
    if turns:
        told = small(texts.say("chat.page", page=page + 1, pages=len(pages)), texts.direction)
        blocks += drawn([told], rich=True)
    return form(Words(title="details", close="close"), [*blocks, *rows(turns)], press, texts)


def do_this_view(quoted: str, press: Press, texts: Texts) -> JsonObject:
    """Asks what should be done with somebody else's message: only what is written here is the request."""
    shown = clean(head_of_weight(quoted, _QUOTED)) + ("…" if head_of_weight(quoted, _QUOTED) != quoted else "")
    lines = tuple((Span(text=line),) for line in settled(shown.split("\n")))
    parts: list[Part] = [small(texts.say("chat.form.quoted"), texts.direction), Para(lines=lines, quote=True)]
    words = _area("do_label", texts, optional=False, hint="do_hint")
    parts.append(small(texts.say("chat.form.nothing_written"), texts.direction))
    blocks = [words, *drawn(parts, rich=True)]
    return form(Words(title="do_this", submit="start", close="back"), blocks, press, texts)


def _arguments(
    about: Sequence[Part], block: ApprovalBlock, schema: JsonObject, press: Press, texts: Texts, words: Words
) -> JsonObject:
    blocks = drawn([*about, small(brief(block.lead, _LEAD), texts.direction)], rich=True)
    spent, left_out = json_bytes(blocks), 0
    for asked in asked_fields(block, schema, LIMITS):
        made = _fixed(asked, texts) if asked.rule.kind == "fixed" else [input_block(asked, texts)]
        size = json_bytes(made)
        if spent + size > VIEW_BYTES or len(blocks) + len(made) > _MOST_INPUTS:
            left_out += 1
            continue
        blocks += made
        spent += size
    if left_out:
        blocks += drawn([small(texts.say("chat.form.too_many"), texts.direction)], rich=True)
    return form(words, blocks, press, texts)


def _fixed(asked: Asked, texts: Texts) -> list[Block]:
    """What is shown and not asked for."""
    parts = field_parts([asked.field], texts, 2_500)
    why = texts.say("chat.form.too_long" if asked.rule.too_long else "chat.form.fixed")
    return drawn([*parts, small(why, texts.direction)], rich=True)


def _named(block: ApprovalBlock, texts: Texts) -> list[Field]:
    """The fields, each with the name the tool has for it."""
    return [
        field if field.note else replace(field, note=texts.say("chat.form.argument", name=field.name))
        for field in block.fields
    ]


def _told(block: ApprovalBlock, press: Press, texts: Texts, words: Words, label: str) -> JsonObject:
    about = drawn([para(ours(brief(block.subject or block.title, _QUOTED), bold=True))], rich=True)
    return form(words, [*about, _area(label, texts, optional=True)], press, texts)


def _area(label: str, texts: Texts, *, optional: bool, hint: str = "") -> Block:
    """An input for words on several lines."""
    element: Block = {"type": "plain_text_input", "action_id": TEXT, "multiline": True, "max_length": INPUT}
    block: Block = {
        "type": "input",
        "block_id": TEXT,
        "label": plain_text(texts.say(f"chat.form.{label}"), LABEL),
        "element": element,
        "optional": optional,
    }
    return {**block, "hint": plain_text(texts.say(f"chat.form.{hint}"), HINT)} if hint else block


def _boxes(steps: Sequence[Droppable], number: int, groups: int, texts: Texts) -> Block:
    first = number * _BOXES
    options = [option(f"{place + 1}. {step.title}", str(place)) for place, step in enumerate(steps, first)]
    label = texts.say("chat.form.keep_label")
    if groups > 1:
        label = f"{label} ({first + 1}–{first + len(steps)})"
    name = f"{KEEP}-{number}"
    element: Block = {"type": "checkboxes", "action_id": name, "options": options, "initial_options": options}
    return {"type": "input", "block_id": name, "label": plain_text(label, LABEL), "element": element, "optional": True}
