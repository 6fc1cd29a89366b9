"""JSON as the standard means it, from anybody: every ambiguity and every bomb is a named refusal, never a crash."""

from __future__ import annotations

import json
import math
import re

from engine.domain.json import JsonValue
from engine.errors import RequestError

MAX_DEPTH = 64
MAX_INTEGER_DIGITS = 4300

_OPENING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
# The closing quote is optional, so that an unterminated string is passed over once and not once per quote in it.


def parse(raw: bytes) -> JsonValue:
    """Read one JSON value.

    Raises:
        RequestError: ``json_encoding`` (not UTF-8), ``json_depth``, ``json_duplicate_key``, ``json_number`` (NaN,
            Infinity, too large), ``json_surrogate`` (half a character), ``json_invalid``.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(
            "json_encoding", f"The body is not UTF-8 at byte {error.start}; send it encoded as UTF-8."
        ) from error
    if _too_deep(raw):
        raise RequestError("json_depth", f"The body is nested deeper than {MAX_DEPTH} levels; flatten it.")
    value = _load(text)
    _refuse_surrogates(value)
    return value


def _load(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise RequestError(
            "json_invalid", f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    return value


def _too_deep(raw: bytes) -> bool:
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for match in _OPENING.finditer(raw):
        token = match[0]
        if token in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif token in (b"]", b"}"):
            depth -= 1
    return False


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise RequestError("json_duplicate_key", f"The key {_shown(key)} stands twice in one object; send it once.")
        seen.add(key)
    return found


def _no_constant(name: str) -> JsonValue:
    raise RequestError("json_number", f"{name} is not a JSON number; send a finite number.")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise RequestError("json_number", f"An integer has more than {MAX_INTEGER_DIGITS} digits; send a smaller one.")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise RequestError("json_number", "A number is too large to be represented; send a smaller one.")
    return value


def _refuse_surrogates(value: JsonValue) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise RequestError(
            "json_surrogate",
            "A string holds half a character (a lone surrogate escape); send whole characters.",
        ) from error


def _shown(key: str) -> str:
    return ascii(key if len(key) <= 60 else key[:60] + "…")
