"""Counts tokens without a tokenizer, the same way every time, and plays the prompt cache.

A count is about what a real one would be (four characters to a token, two of Hebrew), never exactly that.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.domain.json import JsonObject

_LIFETIMES = {"5m": 300.0, "1h": 3600.0}
_LOOK_BACK = 20
"""A breakpoint finds an earlier entry at most so many blocks before it."""
_HEBREW = re.compile("[\u0590-\u05ff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputUsage:
    """Input tokens of one request, by class."""

    fresh: int
    cache_read: int = 0
    written_5m: int = 0
    written_1h: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.fresh + self.cache_read + self.written_5m + self.written_1h

    def wire(self, output_tokens: int) -> dict[str, Any]:
        """The ``usage`` object of an answer."""
        return {
            "input_tokens": self.fresh,
            "output_tokens": output_tokens,
            "cache_read_input_tokens": self.cache_read,
            "cache_creation_input_tokens": self.written_5m + self.written_1h,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.written_5m,
                "ephemeral_1h_input_tokens": self.written_1h,
            },
            "service_tier": "standard",
        }


def count(text: str) -> int:
    """Tokens of a text, rounded up."""
    return tokens(weigh(text))


def weigh(text: str) -> int:
    """Quarters of a token; weights of pieces add up to the weight of the whole."""
    return len(text) + len(_HEBREW.findall(text))


def tokens(weight: int) -> int:
    """Tokens of a weight, rounded up."""
    return -(-weight // 4)


def count_input(body: Mapping[str, Any]) -> int:
    """Tokens of a whole request: tools, system and messages."""
    return sum(size for _, size, _ in _blocks(body))


class PromptCache:
    """What has been cached, by everything up to and including a block; per model.

    Args:
        now: monotonic seconds.
        smallest: prefixes of fewer tokens are not cached, silently, as with the real ones.
    """

    def __init__(self, now: Callable[[], float], smallest: int) -> None:
        self._now = now
        self._smallest = smallest
        self._entries: dict[str, tuple[float, float]] = {}
        """Until when, and the lifetime every use renews."""

    def charge(self, body: Mapping[str, Any]) -> InputUsage:
        """Count a request's input, reading from the cache and writing to it."""
        prefixes = list(_prefixes(body))
        marked = [i for i, (_, size, ttl) in enumerate(prefixes) if ttl is not None and size >= self._smallest]
        total = prefixes[-1][1] if prefixes else 0
        read = self._read(prefixes, marked)
        written = {"5m": 0, "1h": 0}
        seen = read
        for i in marked:
            key, size, ttl = prefixes[i]
            written[ttl or "5m"] += max(size - seen, 0)
            seen = max(seen, size)
            self._keep(key, max(_LIFETIMES[ttl or "5m"], self._entries.get(key, (0.0, 0.0))[1]))
        return InputUsage(fresh=total - seen, cache_read=read, written_5m=written["5m"], written_1h=written["1h"])

    def _read(self, prefixes: list[tuple[str, int, str | None]], marked: list[int]) -> int:
        """Tokens of the longest live prefix at or shortly before a breakpoint; using it refreshes it."""
        for i in reversed(marked):
            for key, size, _ in reversed(prefixes[max(0, i - _LOOK_BACK) : i + 1]):
                until, lifetime = self._entries.get(key, (0.0, 0.0))
                if until > self._now():
                    self._keep(key, lifetime)
                    return size
        return 0

    def _keep(self, key: str, lifetime: float) -> None:
        self._entries[key] = (self._now() + lifetime, lifetime)


def _prefixes(body: Mapping[str, Any]) -> Iterator[tuple[str, int, str | None]]:
    """Hash, tokens and time to live of everything up to each block."""
    digest = hashlib.sha256(str(body.get("model")).encode())
    total = 0
    for block, size, ttl in _blocks(body):
        plain = {key: value for key, value in block.items() if key != "cache_control"}
        digest.update(json.dumps(plain, sort_keys=True).encode())
        total += size
        yield digest.hexdigest(), total, ttl


def _blocks(body: Mapping[str, Any]) -> Iterator[tuple[JsonObject, int, str | None]]:
    blocks = list(_all_blocks(body))
    top: Mapping[str, Any] | None = body.get("cache_control")
    for i, block in enumerate(blocks):
        own: Any = block.get("cache_control") or (top if i == len(blocks) - 1 else None)
        yield block, _weigh(block), (own.get("ttl") or "5m") if own else None


def _all_blocks(body: Mapping[str, Any]) -> Iterator[JsonObject]:
    yield from body.get("tools") or ()
    yield from _content("system", body.get("system") or ())
    for message in body.get("messages") or ():
        yield from _content(message["role"], message["content"])


def _content(where: str, content: Any) -> Iterator[JsonObject]:
    blocks: Any = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for block in blocks:
        yield {**block, "in": where}


def _weigh(block: JsonObject) -> int:
    """Tokens of the strings of a block, and a few for its frame."""
    return 3 + sum(count(text) for key, value in block.items() if key != "cache_control" for text in _strings(value))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():  # pyright: ignore[reportUnknownVariableType] - JSON of any shape
            yield str(key)  # pyright: ignore[reportUnknownArgumentType]
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _strings(part)
