"""Forms: editing a call's arguments, saying why, answering, changing a plan, looking at everything, and "do this".

Each has a reader for what the form gives back: ``values`` by block, as deliveries carry them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.presses import Press
from bot.render.approvals import ApprovalBlock, Droppable, Field
from bot.render.bearing import settled
from bot.render.safe_text import clean
from bot.render.texts import Texts
from bot.slack.markup.controls import button, option, rows
from bot.slack.markup.fields import field_parts
from bot.slack.markup.inputs import Asked, UnfitError, input_block, read_input
from bot.slack.markup.limits import HINT, INPUT, LABEL, VIEW_BYTES, head_of_weight
from bot.slack.markup.pages import pages_of
from bot.slack.markup.parts import Block, Para, Part, Span, brief, drawn, ours, para, plain_text, small
from bot.slack.markup.schema import rule_of
from bot.slack.markup.view import Words, form, json_bytes
from engine.domain.json import JsonObject, JsonValue

TEXT = "text"
"""Block of the one input that forms in words have."""
KEEP = "keep"
"""Blocks with the steps to keep begin with this."""

ZONE = "timezone"
"""Argument in whose zone a call's instants are written."""

_MOST_INPUTS = 90
_BOXES = 10
"""Boxes to tick that one element takes."""
_PAGE, _WHOLE = 20_000, 10**9
_QUOTED, _LEAD = 6_000, 600
_ERRORS = {"timezone": "timezone_unknown", "email": "address_invalid"}
"""Arguments whose refusal has a sentence of its own."""


def edit_view(block: ApprovalBlock, schema: JsonObject, press: Press, texts: Texts) -> JsonObject:
    """The form for a call's arguments, filled with what they are.

    Args:
        block: the question.
        schema: of the tool's arguments, as pydantic makes it; empty where nobody has one.
        press: what sending it means.
        texts: the person's language.
    """
    blocks = drawn([small(brief(block.lead, _LEAD), texts.direction)], rich=True)
    spent, left_out = json_bytes(blocks), 0
    for asked in _asked(block, schema):
        made = _fixed(asked, texts) if asked.rule.kind == "fixed" else [input_block(asked, texts)]
        size = json_bytes(made)
        if spent + size > VIEW_BYTES or len(blocks) + len(made) > _MOST_INPUTS:
            left_out += 1
            continue
        blocks += made
        spent += size
    if left_out:
        blocks += drawn([small(texts.say("chat.form.too_many"), texts.direction)], rich=True)
    return form(Words(title="edit", submit="save", close="back"), blocks, press, texts)


def read_edit(
    block: ApprovalBlock, schema: JsonObject, values: Mapping[str, JsonValue], texts: Texts
) -> tuple[dict[str, JsonValue], dict[str, str]]:
    """The arguments as edited, and what is wrong with them.

    Returns:
        All arguments by name, those without an input or not touched exactly as they were; and words by block, in the
        person's language, for what does not fit. With words, the arguments are not to be used.
    """
    found: dict[str, JsonValue] = {}
    errors: dict[str, str] = {}
    asked_for = _asked(block, schema)
    for asked in asked_for:
        found[asked.field.name] = asked.field.raw
        if asked.rule.kind != "fixed" and asked.block_id in values:
            try:
                found[asked.field.name] = read_input(asked, values[asked.block_id], texts)
            except UnfitError as error:
                errors[asked.block_id] = error.words
    # A moment that was picked is an instant; where the call's zone was changed, it is told in the new one.
    zone = _zone(found.get(ZONE))
    for asked in asked_for:
        value, before = found[asked.field.name], asked.zone
        if zone is not None and zone != before and asked.rule.kind == "instant" and isinstance(value, str):
            found[asked.field.name] = _in_zone(value, before, zone)
    return found, errors


def refused_block(block: ApprovalBlock, path: str, texts: Texts) -> dict[str, str]:
    """Words for the input of an argument that the tool refused, by block; empty where the form has no such input.

    Args:
        block: the question.
        path: parameter ``field`` of the error ``arguments_invalid``, such as ``attendees.0.email``.
        texts: the person's language.
    """
    first, last = path.split(".", maxsplit=1)[0], path.rsplit(".", maxsplit=1)[-1]
    place = next((n for n, field in enumerate(block.fields) if field.name == first), None)
    if place is None:
        return {}
    code = _ERRORS.get(last)
    return {_block_id(place): texts.error(code) if code else texts.say("chat.form.unfit")}


def first_input(block: ApprovalBlock, schema: JsonObject) -> str:
    """The block that words about a call as a whole are put under: Slack takes words only for blocks that are inputs."""
    return next((asked.block_id for asked in _asked(block, schema) if asked.rule.kind != "fixed"), "")


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
    return str(values.get(TEXT) or "").replace("\r\n", "\n").strip()


def change_view(block: ApprovalBlock, press: Press, texts: Texts) -> JsonObject:
    """Asks which steps of a plan to keep, and what else should be different."""
    groups = [block.drops[start : start + _BOXES] for start in range(0, len(block.drops), _BOXES)]
    blocks = [_boxes(group, number, len(groups), texts) for number, group in enumerate(groups)]
    words = _area("change_label", texts, optional=True, hint="change_hint")
    return form(Words(title="change", submit="apply", close="back"), [*blocks, words], press, texts)


def read_change(
    block: ApprovalBlock, values: Mapping[str, JsonValue], texts: Texts
) -> tuple[dict[str, JsonValue], dict[str, str]]:
    """``drop`` and ``text`` as a plan's decision takes them, and words by block where nothing would change."""
    drop: list[JsonValue] = []
    for place, step in enumerate(block.drops):
        kept = values.get(f"{KEEP}-{place // _BOXES}")
        if isinstance(kept, Sequence) and not isinstance(kept, str) and str(place) not in kept:
            drop.append(step.id)
    text = read_words(values)
    found: dict[str, JsonValue] = {**({"drop": drop} if drop else {}), **({"text": text} if text else {})}
    return found, {} if found else {TEXT: texts.say("chat.form.nothing")}


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


def _asked(block: ApprovalBlock, schema: JsonObject) -> list[Asked]:
    named = next((field.raw for field in block.fields if field.name == ZONE), None)
    zone = _zone(named) or _zone(block.zone) or ZoneInfo("UTC")
    return [
        Asked(field=field, rule=rule_of(field, schema), block_id=_block_id(place), zone=zone)
        for place, field in enumerate(block.fields)
    ]


def _block_id(place: int) -> str:
    return f"field-{place}"


def _zone(name: JsonValue) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _in_zone(value: str, before: tzinfo, zone: ZoneInfo) -> str:
    """The same instant, told in another zone."""
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=before)).astimezone(zone).isoformat()


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
