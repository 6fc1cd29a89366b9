"""One argument as an input of a form."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.forms.reading import Asked, choice_words, decimal, hint_of, shown_value
from bot.forms.rules import Limits, Rule, seconds_of
from bot.parts.measure import units
from bot.render.texts import Texts
from bot.slack.markup.controls import option
from bot.slack.markup.drawing import Block, plain_text
from bot.slack.markup.limits import HINT, INPUT, LABEL, OPTIONS
from bot.slack.markup.measured import label_of

LIMITS = Limits(text=INPUT, options=OPTIONS)
"""Of one input of Slack's."""

_AREAS = frozenset({"multiline", "lines", "people", "json"})


def input_block(asked: Asked, texts: Texts) -> Block:
    """The input for a field, filled with its value."""
    rule, made = asked.rule, _element(asked, texts)
    block: Block = {
        "type": "input",
        "block_id": asked.key,
        "label": plain_text(label_of(asked.field, texts.direction), LABEL),
        "element": {**made, "action_id": asked.key},
        "optional": rule.empty,
    }
    hint = _hint(asked, texts)
    return {**block, "hint": plain_text(hint, HINT)} if hint else block


def _element(asked: Asked, texts: Texts) -> Block:
    rule, raw = asked.rule, asked.field.raw
    match rule.kind:
        case "boolean":
            sides = [option(texts.say("approval.yes"), "true"), option(texts.say("approval.no"), "false")]
            return {"type": "radio_buttons", "options": sides, "initial_option": sides[0 if raw else 1]}
        case "choice":
            options = [option(choice_words(choice), str(place)) for place, choice in enumerate(rule.choices)]
            made: Block = {"type": "static_select", "options": options}
            return {**made, "initial_option": options[rule.choices.index(raw)]} if raw in rule.choices else made
        case "instant":
            seconds = seconds_of(raw, asked.zone)
            return {"type": "datetimepicker"} | ({} if seconds is None else {"initial_date_time": seconds})
        case "number":
            return _number(asked)
        case _:
            return _text(asked)


def _number(asked: Asked) -> Block:
    rule, raw = asked.rule, asked.field.raw
    made: Block = {"type": "number_input", "is_decimal_allowed": not rule.whole}
    if raw is not None:
        made["initial_value"] = decimal(raw)
    inside = not isinstance(raw, int | float) or _within(raw, rule)
    bounds = (("min_value", rule.least), ("max_value", rule.most)) if inside else ()
    return made | {name: decimal(bound) for name, bound in bounds if bound is not None}


def _text(asked: Asked) -> Block:
    rule, value = asked.rule, shown_value(asked)
    made: Block = {"type": "email_text_input" if rule.kind == "email" else "plain_text_input"}
    if value:
        made["initial_value"] = value
    if rule.kind in _AREAS:
        made["multiline"] = True
    if rule.kind in {"text", "multiline"}:
        most = min(int(rule.most or INPUT), INPUT)
        made |= {"max_length": most} if most >= max(units(value), 1) else {}
    return made


def _hint(asked: Asked, texts: Texts) -> str:
    seconds = seconds_of(asked.field.raw, asked.zone) if asked.rule.kind == "instant" else None
    if seconds is None:
        return hint_of(asked, texts)
    moment = Texts(texts.locale, asked.zone.key).moment(datetime.fromtimestamp(seconds, UTC))
    return texts.say("chat.form.zone", zone=asked.zone.key, when=moment)


def _within(value: float, rule: Rule) -> bool:
    return (rule.least is None or value >= rule.least) and (rule.most is None or value <= rule.most)
