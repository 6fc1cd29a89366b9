"""The words people see, per locale: catalogues with plural forms, values isolated from the sentence around them.

A sentence lives in ``locales/<locale>.toml`` and nowhere else. A table whose keys are plural categories (CLDR: ``one``,
``two``, ``other`` …) is one message, chosen by the number ``n``. Every text that is put into a sentence stands between
U+2068 and U+2069, so that a Hebrew name in an English line, or an address in a Hebrew one, cannot turn its neighbours.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.domain.snapshot import ExecutionSnapshot

LOCALES = ("en", "he")
PLURAL_CATEGORIES = frozenset({"zero", "one", "two", "few", "many", "other"})
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"

Direction = Literal["rtl", "ltr"]
Message = str | Mapping[str, str]

_STEERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_VAV_BEFORE_LATIN = re.compile(f"ו(?={FIRST_STRONG_ISOLATE}[A-Za-z])")
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
    "|[\U000e0000-\U000e007f]"
)


class Phrase(str):
    """Words already said in the locale, their values isolated: put into a sentence as they are."""

    __slots__ = ()


def known_locale(wanted: str) -> str:
    """The catalogue for a language tag: ``he-IL`` and the old ``iw`` are Hebrew, everything unknown is English."""
    language = re.split("[-_]", wanted.strip().lower())[0]
    return "he" if language in {"he", "iw"} else "en"


def direction(locale: str) -> Direction:
    """Which way the locale is written."""
    return "rtl" if known_locale(locale) == "he" else "ltr"


def isolate(value: str) -> str:
    """Fence off a name, id, address or link; marks inside that steer direction are removed, so none can leak out."""
    inner = _STEERING.sub("", value)
    return f"{FIRST_STRONG_ISOLATE}{inner}{POP_ISOLATE}" if inner else ""


def reveal(value: str) -> str:
    """The text with every invisible or direction-steering character spelled out, for what a person consents to."""
    return _HIDDEN.sub(lambda match: f"⟦U+{ord(match[0]):04X}⟧", value)


def shorten(text: str, limit: int) -> str:
    """The text on one line of at most ``limit`` characters, cut at a word where possible, with an ellipsis when cut."""
    flat = " ".join(_STEERING.sub("", text).split())
    if len(flat) <= limit:
        return flat
    head = flat[: limit - 1]
    mid_word = flat[limit - 1] != " " and " " in head[limit // 2 :]
    return (head.rsplit(" ", 1)[0] if mid_word else head.rstrip()) + "…"


@cache
def catalogue(locale: str) -> Mapping[str, Message]:
    """Every message of a known locale by dotted key; a message with plural forms is a mapping of category to text."""
    text = files("bot.render").joinpath("locales", f"{locale}.toml").read_text(encoding="utf-8")
    return dict(_flatten("", tomllib.loads(text)))


def page_texts(locale: str) -> dict[str, str]:
    """What the local chat page says of itself, by key: the ``page`` messages, and ``error.<code>`` sentences.

    Placeholders stay as they are (``{zone}``); the page fills them in. ``locale`` and ``direction`` are included.
    """
    known = known_locale(locale)
    found = {
        key.removeprefix("page."): message
        for key, message in catalogue(known).items()
        if isinstance(message, str) and key.startswith(("page.", "error."))
    }
    return {**found, "locale": known, "direction": direction(known)}


class Texts:
    """Says things in one language and one time zone.

    Args:
        locale: a language tag; see :func:`known_locale`.
        timezone: IANA name in which instants are told; an unknown one is told in UTC.
    """

    def __init__(self, locale: str, timezone: str = "UTC") -> None:
        self.locale = known_locale(locale)
        self.direction: Direction = direction(locale)
        self.zone = _zone(timezone)

    def say(self, key: str, **values: str | int) -> Phrase:
        """The sentence with its values: texts that are not phrases are isolated, numbers written the locale's way.

        ``n`` chooses the plural form where the message has several.

        Raises:
            KeyError: no such message, or a placeholder without a value: our bug.
        """
        message = catalogue(self.locale)[key]
        if not isinstance(message, str):
            message = message[self._category(int(values["n"]), message)]
        return Phrase(message.format_map({name: self._value(value) for name, value in values.items()}))

    def knows(self, key: str) -> bool:
        """Whether the catalogue has this message."""
        return key in catalogue(self.locale)

    def error(self, code: str) -> Phrase:
        """The sentence for an error's code, or the generic one."""
        key = f"error.{code}"
        return self.say(key if self.knows(key) else "error.generic")

    def choices(self, items: Sequence[str]) -> Phrase:
        """``a, b or c``, each isolated."""
        return self._list(items, "or")

    def all_of(self, items: Sequence[str]) -> Phrase:
        """``a, b and c``, each isolated."""
        return Phrase(_VAV_BEFORE_LATIN.sub("ו־", self._list(items, "standard")))

    def number(self, value: float) -> Phrase:
        """A number the locale's way."""
        from babel.numbers import format_decimal  # noqa: PLC0415 - slow to import

        return Phrase(format_decimal(value, locale=self.locale))

    def day(self, value: date | datetime) -> Phrase:
        """``Sunday, January 4, 2026``; an instant is told in the zone."""
        from babel.dates import format_date  # noqa: PLC0415 - slow to import

        return Phrase(format_date(self._day(value), format="full", locale=self.locale))

    def short_day(self, value: date | datetime) -> Phrase:
        """``Jan 4, 2026``."""
        from babel.dates import format_date  # noqa: PLC0415 - slow to import

        return Phrase(format_date(self._day(value), format="medium", locale=self.locale))

    def clock(self, value: datetime) -> Phrase:
        """``10:00``: 24 hours in every locale, in the zone."""
        return Phrase(value.astimezone(self.zone).strftime("%H:%M"))

    def moment(self, value: datetime) -> Phrase:
        """Day and time of an instant."""
        return self.say("time.moment", date=self.day(value), time=self.clock(value))

    def at(self, value: datetime, *, today: datetime) -> Phrase:
        """``at 14:03``, with the day where that is another one than ``today`` in the zone."""
        if self._day(value) == self._day(today):
            return self.say("time.at", time=self.clock(value))
        return self.say("time.at_day", date=self.day(value), time=self.clock(value))

    def period(self, starts: datetime, ends: datetime) -> Phrase:
        """From when to when; the day is told once when both ends share it."""
        if self._day(starts) == self._day(ends):
            return self.say("time.range", date=self.day(starts), start=self.clock(starts), end=self.clock(ends))
        return self.say("time.range_days", start=self.moment(starts), end=self.moment(ends))

    def elapsed(self, duration: timedelta) -> Phrase:
        """A duration in one coarse unit; negative counts as none."""
        seconds = max(duration.total_seconds(), 0.0)
        if seconds < 1:
            return self.say("time.under_second")
        for unit, size in (("hours", 3600), ("minutes", 60)):
            if seconds >= size:
                return self.say(f"time.{unit}", n=int(seconds // size))
        return self.say("time.seconds", n=int(seconds))

    def _list(self, items: Sequence[str], style: Literal["or", "standard"]) -> Phrase:
        from babel.lists import format_list  # noqa: PLC0415 - slow to import

        parts = [isolate(item) for item in items]
        return Phrase(format_list(parts, style=style, locale=self.locale) if parts else "")

    def _day(self, value: date | datetime) -> date:
        return value.astimezone(self.zone).date() if isinstance(value, datetime) else value

    def _category(self, number: int, forms: Mapping[str, str]) -> str:
        from babel import Locale  # noqa: PLC0415 - slow to import

        category = Locale.parse(self.locale).plural_form(number)
        return category if category in forms else "other"

    def _value(self, value: str | int) -> str:
        if isinstance(value, Phrase):
            return value
        return isolate(value) if isinstance(value, str) else self.number(value)


def _flatten(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, Message]]:
    found: list[tuple[str, Message]] = []
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, str) or set(value) <= PLURAL_CATEGORIES:
            found.append((key, value))
        else:
            found.extend(_flatten(f"{key}.", value))
    return found


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def bare(text: str) -> str:
    """Without the marks that isolate values: terminals print them, and pipes pass them on."""
    return text.translate({ord(FIRST_STRONG_ISOLATE): None, ord(POP_ISOLATE): None})


def texts_of(snapshot: ExecutionSnapshot) -> Texts:
    """What an execution is told in: the language of the request, and the zone of who asked it, in which instants are shown and
    typed."""
    request = snapshot.execution.request
    return Texts(request.locale, request.timezone)
