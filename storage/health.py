"""Does the storage answer? Said by the threads that use it, asked by whoever takes work in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from storage.faults import Fault


class StorageState(StrEnum):
    """How much can be asked of the storage."""

    ANSWERS = "answers"
    """Everything."""
    LOW = "low"
    """The disk is full, and a reserve was freed: what was accepted is recorded, nothing new may be."""
    AWAY = "away"
    """Nothing can be committed now. What was asked waits, and is done when it can be."""
    LOST = "lost"
    """Nothing can be committed any more: the process has to end."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state, and the fault that brought it about."""

    state: StorageState = StorageState.ANSWERS
    fault: Fault | None = None


Watcher = Callable[[Standing], None]
"""Called in the thread that saw the change; must return at once."""


class StorageHealth:
    """One for each database; thread-safe. From ``LOST`` nothing leads back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standing = Standing()
        self._watchers: list[Watcher] = []

    @property
    def standing(self) -> Standing:
        """As it is now."""
        return self._standing

    @property
    def state(self) -> StorageState:
        """As it is now."""
        return self._standing.state

    def watch(self, watcher: Watcher) -> None:
        """Hear of every change of state from now on."""
        self._watchers.append(watcher)

    def become(self, state: StorageState, fault: Fault | None = None) -> None:
        """Say how it is; the same state again is no news."""
        with self._lock:
            if self._standing.state in {state, StorageState.LOST}:
                return
            self._standing = Standing(state, fault)
            for watcher in tuple(self._watchers):
                watcher(self._standing)
