"""Telegram's own kinds of value, read from updates by :mod:`bot.payloads`: what is not what it should be reads as empty."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.payloads import at, storable
from engine.domain.request import clean_text
from engine.errors import RequestError

LONGEST_NAME = 128
"""Characters of a name or title that are kept: as many as Telegram's longest title has."""

_LARGEST = 2**52
"""Ids have at most 52 significant bits. Source: Bot API, Chat."""
_LATEST = 253_402_300_799
"""The end of the year 9999, after which there are no dates here."""
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,128}")


def text(value: object, *path: str) -> str:
    """A text as it was sent, which may hold anything; empty where there is none."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def number(value: object, *path: str, otherwise: int = 0) -> int:
    """A whole number as large as ids may be; ``otherwise`` where there is none."""
    found = at(value, *path)
    if not isinstance(found, int) or isinstance(found, bool):
        return otherwise
    return found if -_LARGEST < found < _LARGEST else otherwise


def instant(value: object, *path: str) -> datetime | None:
    """A moment given in Unix seconds; None where there is none, as in a message we may not see any more."""
    seconds = number(value, *path)
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds <= _LATEST else None


def token(value: object, *path: str) -> str:
    """An id or a word of Telegram's own; empty where it is neither."""
    found = text(value, *path)
    return found if _TOKEN.fullmatch(found) else ""


def line(value: object, *path: str) -> str:
    """A name on one line, clean and not too long; empty where there is none."""
    return " ".join(clean(text(value, *path)[: 8 * LONGEST_NAME]).split())[:LONGEST_NAME].strip()


def clean(said: str) -> str:
    """A person's words as they are kept: see :func:`engine.domain.request.clean_text`. Empty where nothing is left; what is
    too long stays as it is, so that whoever takes a request says so."""
    try:
        return clean_text(said)
    except RequestError as error:
        return storable(said) if error.code == "request_too_long" else ""
