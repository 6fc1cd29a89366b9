"""What went over the wire, in order, and what people saw of it: both only ever grow."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

SENDS = ("sendMessage", "sendDocument")
EDITS = ("editMessageText", "editMessageReplyMarkup", "editMessageCaption")


@dataclass(slots=True, kw_only=True)
class Entry:
    """One thing on the wire. Tokens are never in it."""

    seq: int
    at: float
    """Seconds of the server's clock."""
    kind: str
    """``api``: a call; ``update``: one that was handed to the bot, by either way."""
    name: str
    """The method as Telegram spells it, or the kind of update."""
    params: Json
    chat: int | None = None
    """The chat it names, where that is one the bot has met."""
    status: int = 200
    answer: Any = None
    """What was answered: the result or the refusal of a call, the body a webhook gave back."""
    fault: str | None = None
    """The scripted fault that struck, if one did."""
    attempt: int = 0
    """0 for the first try of a webhook."""
    ok: bool = False
    """It did what it was for, and the other side was told."""
    committed: bool = False
    """A call that did what it was for, told or not."""

    def as_json(self) -> Json:
        """For the control interface."""
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

    def calls(self, method: str | None = None, chat: int | None = None) -> list[Entry]:
        """Calls, all or of one method, in all chats or in one."""
        found = (each for each in self._entries if each.kind == "api" and method in (None, each.name))
        return [each for each in found if chat in (None, each.chat)]

    def updates(self, kind: str | None = None) -> list[Entry]:
        """Updates that were handed over, as often as they were, all or of one kind."""
        return [each for each in self._entries if each.kind == "update" and kind in (None, each.name)]

    def per_minute(self, chat: int | None, methods: Iterable[str] = (*SENDS, *EDITS)) -> int:
        """The most calls of these methods that took effect in any sixty seconds; in one chat or, for None, in all."""
        return self.most_within(60.0, chat, methods)

    def edits_per_minute(self, chat: int | None) -> int:
        """The most edits that took effect in any sixty seconds."""
        return self.per_minute(chat, EDITS)

    def sends_per_minute(self, chat: int | None) -> int:
        """The most new messages in any sixty seconds."""
        return self.per_minute(chat, SENDS)

    def most_within(self, seconds: float, chat: int | None, methods: Iterable[str]) -> int:
        """The most calls of these methods that took effect within so many seconds of each other."""
        wanted, window, most = frozenset(methods), deque[float](), 0
        for entry in self._entries:
            if not entry.committed or entry.name not in wanted or chat not in (None, entry.chat):
                continue
            window.append(entry.at)
            while window[0] <= entry.at - seconds:
                window.popleft()
            most = max(most, len(window))
        return most

    def refused(self, status: int) -> list[Entry]:
        """Calls that were answered with this status."""
        return [each for each in self.calls() if each.status == status]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a message of the bot's stood from one moment on."""

    at: float
    text: str
    """Of a file, its caption."""
    entities: tuple[Json, ...] = ()
    keyboard: tuple[tuple[str, ...], ...] = ()
    """Labels, row by row."""
    gone: bool = False

    def as_json(self) -> Json:
        """For the control interface."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Ledger:
    """What people saw of the bot: every message with all its states, keyed (chat, message)."""

    shown: dict[tuple[int, int], list[State]] = field(default_factory=dict[tuple[int, int], list[State]])
    files: dict[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])
    """Names of files."""

    def show(self, chat: int, message: int, state: State) -> None:
        """A message came to stand like this."""
        self.shown.setdefault((chat, message), []).append(state)

    def states(self, chat: int, message: int) -> list[State]:
        """All states of one message, oldest first."""
        return list(self.shown.get((chat, message), ()))

    def edits(self, chat: int, message: int) -> int:
        """How often a message was changed."""
        return max(0, len([state for state in self.states(chat, message) if not state.gone]) - 1)

    def sent(self, chat: int) -> list[int]:
        """Numbers of the messages the bot ever wrote in a chat, deleted ones included."""
        return [message for where, message in self.shown if where == chat]

    def texts(self, chat: int) -> list[str]:
        """What stands in a chat now of the bot's, oldest first."""
        last = [states[-1] for (where, _), states in self.shown.items() if where == chat]
        return [state.text for state in last if not state.gone]

    def as_json(self) -> Json:
        """Keys joined by a space, for the control interface."""
        shown = {
            f"{chat} {message}": [state.as_json() for state in states] for (chat, message), states in self.shown.items()
        }
        return {"shown": shown, "files": {f"{chat} {message}": name for (chat, message), name in self.files.items()}}


def _short(answer: Any) -> str:
    text = json.dumps(answer, ensure_ascii=False, default=str)
    return text if len(text) < 160 else text[:160] + "…"
