"""What a person types in answer to a question of a form, as :func:`bot.forms.reading.read_input` takes it. Pure.

What could mean two things is refused with an example; everything that is taken is shown back before it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from bot.forms.reading import Asked, UnfitError, choice_words, shown_value
from bot.forms.rules import seconds_of
from bot.render.texts import LOCALES, Texts
from engine.agents.period import FIRST_YEAR, LAST_YEAR, local_instant
from engine.domain.json import JsonValue
from engine.planning.offline.calendar_words import ENGLISH_DAYS, HEBREW_DAYS, WEEKDAYS
from engine.planning.offline.dates import BOUNDARY, Frame, Times, read_times

_OUR_MARKS = {ord(mark): None for mark in "\u200b\u200e\u200f\u2060\u2066\u2067\u2068\u2069\ufeff"}
"""What our messages put between other people's words: it comes back where somebody copies from them."""
_LONGEST_MOMENT = 80
"""Characters; nobody writes a date and a time longer."""
_HOUR = re.compile(r"(?<![\d:])\d{1,2}:\d\d(?![\d:])|\d\s*[ap]\.?m\b", re.IGNORECASE)
"""Times whose half of the day is clear: "at 3" is not one."""
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?")
_LED_BY_DAY = re.compile(rf"(?:יום\s+)?(?P<day>{ENGLISH_DAYS}|{HEBREW_DAYS})[\s,]+(?=.*\d)", re.IGNORECASE)
"""A weekday before a date, as our own messages write it."""
_BETWEEN = f"{BOUNDARY} \t\n,.;"


def typed_value(asked: Asked, text: str, current: JsonValue, texts: Texts, now: datetime) -> JsonValue:
    """The form's value of what was typed.

    Args:
        asked: the field that was asked for.
        text: what was typed, whatever it is.
        current: the argument as it stands: what a time without a date, or a date without a time, is about.
        texts: the person's language, and the zone in which times are typed.
        now: what "tomorrow" counts from.

    Raises:
        UnfitError: it could be two things, or none; the words have an example.
    """
    text = text.translate(_OUR_MARKS).replace("\r\n", "\n").strip()
    match asked.rule.kind:
        case "instant":
            return _moment(text, seconds_of(current, asked.zone), texts, now)
        case "boolean":
            return _side(text, texts)
        case "choice":
            return _choice(asked, text, texts)
        case "lines":
            return _separated(asked, text, _are_words)
        case "people":
            return _separated(asked, text, _are_addresses)
        case _:
            return text


def typed_moment(value: datetime, texts: Texts) -> str:
    """An instant as it can be typed."""
    return value.astimezone(texts.zone).strftime("%Y-%m-%d %H:%M")


def example(current: int | None, texts: Texts, now: datetime) -> str:
    """An instant as it can be typed: the one that stands there, in seconds since 1970, else one to come."""
    return typed_moment(datetime.fromtimestamp(current, UTC) if current is not None else _next_noon(now), texts)


def _moment(text: str, current: int | None, texts: Texts, now: datetime) -> JsonValue:
    unclear = UnfitError(texts.say("telegram_form.bad_moment", example=example(current, texts, now)))
    if not text:
        return None
    if len(text) > _LONGEST_MOMENT:
        raise unclear
    exact = _stamp(text)
    if exact is None:
        before = datetime.fromtimestamp(current, UTC).astimezone(texts.zone) if current is not None else None
        today = now.astimezone(texts.zone).date()
        found = _times(text, today)
        named = found.since is not None or found.until is not None
        day = found.day or (before.date() if before and not named else None)
        at = found.at or (before.time() if before and found.day else None)
        if not _is_clear(text, found) or day is None or at is None:
            raise unclear
        exact = datetime.combine(day, at)
    if not FIRST_YEAR <= exact.year <= LAST_YEAR:
        raise UnfitError(texts.error("date_out_of_range"))
    moment = exact if exact.tzinfo is not None else _in_zone(exact.date(), exact.time(), texts)
    return str(int(moment.timestamp()))


def _stamp(text: str) -> datetime | None:
    """A date and a time as computers write them."""
    try:
        return datetime.fromisoformat(text) if _STAMP.fullmatch(text) else None
    except ValueError:
        return None


def _times(text: str, today: date) -> Times:
    frame = Frame(today=today, past=False, earliest=0)
    led = _LED_BY_DAY.match(text)
    if led:
        rest = read_times(text[led.end() :], frame)
        if rest.day is not None and rest.day.weekday() == WEEKDAYS[led["day"].lower()]:
            return rest
    return read_times(text, frame)


def _is_clear(text: str, found: Times) -> bool:
    """Did every word say something about one day or one time, in one way only?"""
    return (
        found.clear
        and not found.rest.strip(_BETWEEN)
        and found.minutes is None
        and (found.at is None or _HOUR.search(text) is not None)
    )


def _in_zone(day: date, at: time, texts: Texts) -> datetime:
    first = local_instant(day, at, texts.zone)
    if first is None:
        raise UnfitError(texts.error("time_skipped"))
    second = first.replace(fold=1)
    if second.utcoffset() != first.utcoffset():
        ways = [moment.isoformat(timespec="minutes") for moment in (first, second)]
        raise UnfitError(texts.say("telegram_form.twice", first=ways[0], second=ways[1]))
    return first


def _next_noon(now: datetime) -> datetime:
    return (now + timedelta(days=1)).replace(hour=12, minute=0)


def _side(text: str, texts: Texts) -> JsonValue:
    sides = [
        (Texts(locale).say(f"approval.{side}"), value)
        for locale in LOCALES
        for side, value in (("yes", "true"), ("no", "false"))
    ]
    found = next((value for words, value in sides if words.casefold() == text.casefold()), None)
    if found is None:
        raise UnfitError(texts.say("chat.form.unknown_choice"))
    return found


def _choice(asked: Asked, text: str, texts: Texts) -> JsonValue:
    """The place of a choice that was typed as it is written; in another case only where no other choice is meant."""
    words = [choice_words(choice) for choice in asked.rule.choices]
    places = [place for place, said in enumerate(words) if said == text]
    places = places or [place for place, said in enumerate(words) if said.casefold() == text.casefold()]
    if len(places) != 1:
        raise UnfitError(texts.say("chat.form.unknown_choice"))
    return str(places[0])


def _separated(asked: Asked, text: str, fit: Callable[[list[str]], bool]) -> str:
    """One a line, where they were separated in a way that can only mean that; what is there already is never divided."""
    known = {line.strip() for line in shown_value(asked).split("\n")}
    if "\n" not in text and text not in known:
        text = "\n".join(_divided(text, fit))
    return text


def _divided(text: str, fit: Callable[[list[str]], bool]) -> list[str]:
    for mark in (";", ","):
        parts = [part.strip() for part in text.split(mark) if part.strip()]
        if len(parts) > 1 and (mark == ";" or fit(parts)):
            return parts
    return [text]


def _are_words(parts: list[str]) -> bool:
    """``red, green`` are two, ``New York, the office`` may be one."""
    return all(not re.search(r"\s", part) for part in parts)


def _are_addresses(parts: list[str]) -> bool:
    """``Levi, Yoav <y@a.example>`` is one, ``y@a.example, d@a.example`` are two."""
    return all("@" in part for part in parts)
