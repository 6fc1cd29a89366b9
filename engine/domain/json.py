"""JSON values, their canonical text and their hash: what consent, caches and idempotency are bound to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from typing_extensions import TypeAliasType

if TYPE_CHECKING:
    JsonValue = None | bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
else:
    # A *named* recursive alias, or pydantic cannot follow it; type checkers read the plain form above.
    JsonValue = TypeAliasType(
        "JsonValue", "None | bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue]"
    )

JsonObject = Mapping[str, JsonValue]


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: JsonValue) -> str:
    """The one text of a value: keys sorted, no spaces, no NaN, Unicode kept."""
    return _ENCODER.encode(value)


def content_hash(value: JsonValue) -> str:
    """SHA-256 of the canonical text, in hexadecimal; equal values have equal hashes."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
