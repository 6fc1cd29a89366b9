"""What was put into a form read back as the argument's type, and what an argument's input is filled with.

An input that was not touched gives back exactly the value it was made from, also where the form cannot show all of that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.forms.rules import Rule, json_text, people_lines, person_line, seconds_of
from bot.render.approvals import Field
from bot.render.safe_text import clean
from bot.render.texts import Phrase, Texts
from engine.agents.meeting_arguments import is_address
from engine.domain.json import JsonObject, JsonValue

_PERSON = re.compile(r"(.*?)\s*<([^<>]*)>")


class UnfitError(ValueError):
    """What was put in cannot be the argument's value; ``words`` say why, in the person's language."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A field, and how it is asked for."""

    field: Field
    rule: Rule
    key: str
    """What its value goes by, among what was filled in."""
    zone: ZoneInfo
    """In which an instant without an offset is meant, and chosen ones are written."""


def read_input(asked: Asked, value: JsonValue, texts: Texts) -> JsonValue:
    """The argument from what was put in.

    Args:
        asked: the field.
        value: as the form gave it: text, a number of seconds for an instant, an option's value, or None for nothing.
        texts: the person's language.

    Raises:
        UnfitError: it cannot be that.
    """
    if _is_untouched(asked, value):
        return asked.field.raw
    text = str(value if value is not None else "").replace("\r\n", "\n")
    if not text.strip() and asked.rule.kind not in {"lines", "people"}:
        return _nothing(asked, texts)
    return _READERS[asked.rule.kind](asked, text, texts)


def shown_value(asked: Asked) -> str:
    """What an input of text is filled with."""
    raw = asked.field.raw
    match asked.rule.kind:
        case "lines":
            return clean("\n".join(map(str, raw))) if isinstance(raw, list | tuple) else ""
        case "people":
            return clean("\n".join(people_lines(raw)))
        case "person":
            return clean(person_line(raw))
        case "json":
            return json_text(raw)
        case "number":
            return "" if raw is None else decimal(raw)
        case _:
            return "" if raw is None else clean(str(raw))


def hint_of(asked: Asked, texts: Texts) -> str:
    """How its value is written, or what else is known of it; empty where nothing is to be said."""
    match asked.rule.kind:
        case "people" | "person" | "lines" | "json":
            return texts.say(f"chat.form.{asked.rule.kind}")
        case _:
            return asked.field.note


def choice_words(choice: JsonValue) -> str:
    """What one of a field's values to choose from is called."""
    return choice if isinstance(choice, str) else json.dumps(choice, ensure_ascii=False)


def decimal(value: JsonValue) -> str:
    """A number as it is written and read back: no exponent, no trailing zeros."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.10f}".rstrip("0")
    return str(int(value)) if isinstance(value, int | float) else str(value)


def _is_untouched(asked: Asked, value: JsonValue) -> bool:
    raw = asked.field.raw
    match asked.rule.kind:
        case "boolean":
            return value == ("true" if raw else "false")
        case "choice":
            return raw in asked.rule.choices and value == str(asked.rule.choices.index(raw))
        case "instant":
            seconds = seconds_of(raw, asked.zone)
            if value is None or seconds is None:
                return value is None and seconds is None
            return str(value) in {str(seconds), str(seconds - seconds % 60)}  # pickers show whole minutes
        case _:
            text = str(value if value is not None else "").replace("\r\n", "\n")
            return text.strip() == shown_value(asked).strip()


def _nothing(asked: Asked, texts: Texts) -> JsonValue:
    if asked.rule.nullable:
        return None
    if asked.rule.empty and asked.rule.kind in {"text", "multiline", "email"}:
        return ""
    raise UnfitError(texts.say("chat.form.empty"))


def _read_text(asked: Asked, text: str, texts: Texts) -> JsonValue:
    rule, found = asked.rule, text if asked.rule.kind == "multiline" else " ".join(text.split("\n")).strip()
    if rule.most is not None and len(found) > rule.most:
        raise UnfitError(texts.say("chat.form.long", limit=int(rule.most)))
    if rule.least is not None and len(found) < rule.least:
        raise UnfitError(texts.say("chat.form.short", limit=int(rule.least)))
    if rule.kind == "email" and not is_address(found):
        raise UnfitError(texts.say("chat.form.bad_address", text=found))
    return found


def _read_number(asked: Asked, text: str, texts: Texts) -> JsonValue:
    rule = asked.rule
    try:
        found = int(text) if rule.whole else float(text)
    except ValueError:
        raise UnfitError(texts.say("chat.form.whole" if rule.whole else "chat.form.number")) from None
    if found != found or abs(found) == float("inf"):  # noqa: PLR0124 - not a number, literally
        raise UnfitError(texts.say("chat.form.number"))
    if rule.least is not None and found < rule.least:
        raise UnfitError(texts.say("chat.form.least", limit=Phrase(decimal(rule.least))))
    if rule.most is not None and found > rule.most:
        raise UnfitError(texts.say("chat.form.most", limit=Phrase(decimal(rule.most))))
    same_kind = isinstance(asked.field.raw, int) and found == int(found)
    return int(found) if same_kind else found


def _read_boolean(asked: Asked, text: str, texts: Texts) -> JsonValue:
    del asked
    if text not in {"true", "false"}:
        raise UnfitError(texts.say("chat.form.unknown_choice"))
    return text == "true"


def _read_choice(asked: Asked, text: str, texts: Texts) -> JsonValue:
    choices = asked.rule.choices
    if not text.isdecimal() or int(text) >= len(choices):
        raise UnfitError(texts.say("chat.form.unknown_choice"))
    return choices[int(text)]


def _read_instant(asked: Asked, text: str, texts: Texts) -> JsonValue:
    try:
        return datetime.fromtimestamp(int(text), UTC).astimezone(asked.zone).isoformat()
    except (ValueError, OverflowError, OSError):
        raise UnfitError(texts.say("chat.form.bad_moment")) from None


def _read_lines(asked: Asked, text: str, texts: Texts) -> JsonValue:
    return _counted(asked, [line.strip() for line in text.split("\n") if line.strip()], texts)


def _read_people(asked: Asked, text: str, texts: Texts) -> JsonValue:
    lines = [line for line in text.split("\n") if line.strip()]
    return _counted(asked, [_person(line, asked, texts) for line in lines], texts)


def _read_person(asked: Asked, text: str, texts: Texts) -> JsonValue:
    return _person(" ".join(text.split("\n")), asked, texts)


def _read_json(asked: Asked, text: str, texts: Texts) -> JsonValue:
    del asked

    def refuse(name: str) -> JsonValue:
        raise ValueError(name)

    try:
        found: JsonValue = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise UnfitError(texts.say("chat.form.bad_json")) from None
    return found


_READERS: Mapping[str, Callable[[Asked, str, Texts], JsonValue]] = {
    "text": _read_text,
    "multiline": _read_text,
    "email": _read_text,
    "number": _read_number,
    "boolean": _read_boolean,
    "choice": _read_choice,
    "instant": _read_instant,
    "lines": _read_lines,
    "people": _read_people,
    "person": _read_person,
    "json": _read_json,
}


def _counted(asked: Asked, found: list[JsonValue], texts: Texts) -> list[JsonValue]:
    rule = asked.rule
    if rule.least and len(found) < rule.least:
        key = "chat.form.few" if found else "chat.form.empty"
        raise UnfitError(texts.say(key, limit=int(rule.least)))
    if rule.most is not None and len(found) > rule.most:
        raise UnfitError(texts.say("chat.form.many", limit=int(rule.most)))
    return found


def _person(line: str, asked: Asked, texts: Texts) -> JsonObject:
    """``Name <address>``, or an address; a name alone only where the argument has that very person without an address,
    because nobody could be written to."""
    line = line.strip()
    match = _PERSON.fullmatch(line)
    if match:
        name, address = match[1].strip(), match[2].strip()
    else:
        name, address = ("", line) if "@" in line else (line, "")
    if (address and not is_address(address)) or "<" in name or ">" in name:
        raise UnfitError(texts.say("chat.form.bad_address", text=address or line))
    if not address and {"name": name, "email": ""} not in _people_of(asked.field.raw):
        raise UnfitError(texts.say("chat.form.bad_address", text=line))
    return {"name": name, "email": address}


def _people_of(raw: JsonValue) -> list[JsonValue]:
    return list(raw) if isinstance(raw, list | tuple) else [raw]
