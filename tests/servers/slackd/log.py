"""What went over the wire, in order, and what it did to the world: both only ever grow."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Entry:
    """One thing on the wire. Tokens are never in it."""

    seq: int
    at: float
    """Seconds of the server's clock."""
    kind: str
    """``api``, ``delivery``, ``socket``, ``upload`` or ``response_url``."""
    name: str
    """The method, or the type of what was delivered."""
    params: Json
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    status: int = 200
    answer: Any = None
    """What was answered: by us for a call, by the app (its ack) for a delivery."""
    fault: str | None = None
    """The scripted fault that struck, if one did."""
    acked_after: float | None = None
    """Real seconds from sending a delivery to its ack."""
    attempt: int = 0
    """0 for the first try of a delivery."""
    ok: bool = True

    def as_json(self) -> Json:
        """For the control interface and for golden files."""
        return {name: getattr(self, name) for name in self.__slots__}


class WireLog:
    """Append-only."""

    def __init__(self, touch: Callable[[], None]) -> None:
        self._entries: list[Entry] = []
        self._touch = touch

    def add(self, kind: str, name: str, at: float, params: Json) -> Entry:
        """A new entry; its outcome is filled in when it is known."""
        entry = Entry(seq=len(self._entries), at=at, kind=kind, name=name, params=params)
        self._entries.append(entry)
        return entry

    def settled(self) -> None:
        """An entry got its outcome."""
        self._touch()

    def calls(self, method: str | None = None) -> list[Entry]:
        """Calls of the Web API, all or of one method."""
        return [entry for entry in self._entries if entry.kind == "api" and method in (None, entry.name)]

    def deliveries(self, name: str | None = None) -> list[Entry]:
        """What was sent to the app, all or of one type (an event's type, ``block_actions``, ``/tizmor`` …)."""
        return [entry for entry in self._entries if entry.kind == "delivery" and name in (None, entry.name)]

    def tail(self, count: int = 12) -> str:
        """The last entries in words, for the message of a wait that failed."""
        lines = [
            f"  {entry.kind} {entry.name} {'ok' if entry.ok else 'NOT ok'} {_short(entry.answer)}"
            for entry in self._entries[-count:]
        ]
        return "the last of the wire:\n" + "\n".join(lines)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]


@dataclass(slots=True)
class Ledger:
    """How often each effect happened: keyed (channel, ts), ephemerals (channel, user), uploads by file."""

    posts: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    updates: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    deletes: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    ephemerals: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    uploads: Counter[str] = field(default_factory=Counter[str])
    reactions: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    views: Counter[str] = field(default_factory=Counter[str])
    marked: dict[str, list[tuple[str, str]]] = field(default_factory=dict[str, list[tuple[str, str]]])
    """Posts by their metadata: two under one mark are one effect done twice."""

    def post(self, channel: str, ts: str, metadata: Json | None) -> None:
        """A message of the app's appeared."""
        self.posts[channel, ts] += 1
        if metadata:
            self.marked.setdefault(json.dumps(metadata, sort_keys=True), []).append((channel, ts))

    def repeated(self) -> dict[str, list[tuple[str, str]]]:
        """Marks that more than one post carries."""
        return {mark: posts for mark, posts in self.marked.items() if len(posts) > 1}

    def as_json(self) -> Json:
        """Keys joined by a space, for the control interface."""
        plain: Json = {}
        for name in ("posts", "updates", "deletes", "ephemerals", "reactions"):
            plain[name] = {" ".join(key): count for key, count in getattr(self, name).items()}
        return plain | {"uploads": dict(self.uploads), "views": dict(self.views), "marked": self.marked}


def _short(answer: Any) -> str:
    text = json.dumps(answer, ensure_ascii=False, default=str)
    return text if len(text) < 160 else text[:160] + "…"
