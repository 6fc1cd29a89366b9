"""Identifiers that look like Slack's and come out the same in every run."""

from __future__ import annotations

from collections import Counter


class Ids:
    """One counter per kind of thing."""

    def __init__(self) -> None:
        self._counters: Counter[str] = Counter()

    def count(self, kind: str) -> int:
        """1, 2, 3 … for each kind on its own."""
        self._counters[kind] += 1
        return self._counters[kind]

    def next(self, letter: str) -> str:
        """``U0000000001`` and the like: a letter and ten capital hexadecimal digits."""
        return f"{letter}{self.count(letter):010X}"

    def short(self, prefix: str) -> str:
        """A short mark such as Slack gives to blocks without an id."""
        return f"{prefix}{self.count(prefix):x}"
