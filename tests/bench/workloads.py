"""What every engine is asked to run: shapes of plans, and the body of a step.

Standard library only: peers run in an environment of their own, without the product.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

TEXT = ("A step gives back about a kilobyte. " * 28)[:1_000]
"""What every step writes into its artifact."""

KILLED_AFTER = 50
"""Steps of W6 that have ended when its process is killed."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step: it starts when the steps in ``after`` have ended, and works for ``seconds``."""

    id: str
    after: tuple[str, ...] = ()
    seconds: float = 0.0


Shape = tuple[Node, ...]
"""In an order in which every step follows what it waits for."""


def chain(length: int, seconds: float = 0.0) -> Shape:
    """Each step waits for the one before."""
    return tuple(Node(f"s{n}", (f"s{n - 1}",) if n else (), seconds) for n in range(length))


def fan(width: int) -> Shape:
    """One step, then ``width`` at once, then one that waits for them all."""
    middle = tuple(Node(f"m{n}", ("first",)) for n in range(width))
    return (Node("first"), *middle, Node("last", tuple(node.id for node in middle)))


def skewed(size: int, slow: float = 0.2, fast: float = 0.01) -> Shape:
    """``size`` columns of ``size`` steps; in layer *l* column *l* is slow. Only the column above is waited for, so that
    the critical path is one slow step and the fast rest; an engine that waits for whole layers pays every slow step."""
    return columns(size, size, lambda layer, column: slow if layer == column else fast)


def diamond() -> Shape:
    """Five steps: one, three at once, one."""
    return (Node("a"), Node("b", ("a",)), Node("c", ("a",)), Node("d", ("a",)), Node("e", ("b", "c", "d")))


def columns(number: int, length: int, seconds: Callable[[int, int], float]) -> Shape:
    """So many chains beside each other, layer by layer; a step works for ``seconds`` of its layer and column."""
    return tuple(
        Node(f"s{layer}_{column}", (f"s{layer - 1}_{column}",) if layer else (), seconds(layer, column))
        for layer in range(length)
        for column in range(number)
    )


def critical_path(shape: Shape) -> float:
    """Seconds of work along the longest way through a shape: no engine can be faster."""
    ends: dict[str, float] = {}
    for node in shape:
        ends[node.id] = node.seconds + max((ends[name] for name in node.after), default=0.0)
    return max(ends.values())


class Work:
    """The body of every step, whatever engine calls it."""

    def __init__(self) -> None:
        self.seconds: Mapping[str, float] = {}
        """How long each step works; 0 where nothing is said."""
        self.journal: Journal | None = None
        self.halts_at = ""
        """The step that never ends; empty: none."""
        self.halted = 0
        """Bodies that stand in it."""
        self.begun = 0
        """Bodies that began."""
        self.last_begun = 0.0
        """When the latest of them did, on the clock of ``time.perf_counter``."""

    def follow(self, shape: Shape) -> None:
        """Work for as long as this shape says."""
        self.seconds = {node.id: node.seconds for node in shape if node.seconds}

    async def __call__(self, step: str) -> str:
        """Do the work of one step and give the text of its artifact."""
        self.begun += 1
        self.last_begun = time.perf_counter()
        if self.journal is not None:
            self.journal.begins()
        if step == self.halts_at:
            self.halted += 1
            await asyncio.Event().wait()
        seconds = self.seconds.get(step, 0.0)
        if seconds:
            await asyncio.sleep(seconds)
        if self.journal is not None:
            self.journal.ended(step)
        return TEXT


class Journal:
    """Which bodies ran to their end, in a file that outlives the process: the side effect that can be counted.

    With ``kill_after``, the process is killed when a body begins and so many have ended: whatever ended is recorded by
    then, or the next step would not have begun, so that every step found twice is a finished one that ran again.
    """

    def __init__(self, path: Path, kill_after: int | None = None) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._kill_after = kill_after
        self._ended = 0
        self.first: float | None = None
        """When the first body began, on the clock of ``time.perf_counter``."""

    def begins(self) -> None:
        """A body begins."""
        if self.first is None:
            self.first = time.perf_counter()
        if self._kill_after is not None and self._ended >= self._kill_after:
            os.kill(os.getpid(), signal.SIGKILL)

    def ended(self, step: str) -> None:
        """A body ended."""
        os.write(self._file, f"{step}\n".encode())
        self._ended += 1
