"""A disk as a file system may leave it when the power goes: what was synced is there, of the rest anything.

Assumed of the disk: what ``fsync`` and ``fdatasync`` answered for is there, a sector of 512 bytes is written whole or not at all, and
what was never written reads as zeros. Assumed of the file system: a sync of a file keeps its bytes and length, not its name; a sync
of a folder keeps the names in it, not the folder's own. Names and lengths may be ahead of or behind the bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from random import Random
from typing import Literal

SECTOR = 512

Fate = Literal["none", "all", "some", "torn"]
"""What becomes of the unsynced writes of a file: none is there, all are, any of them (one of them torn), or every sector is as it was
after a write of its own choice."""
Naming = Literal["none", "all", "first", "some"]
"""What becomes of unsynced names: those of a file system with a journal are there up to one (``first``), or any of them are."""


@dataclass(slots=True)
class Change:
    """A write, or (``data`` is None) a change of length to ``offset``."""

    offset: int
    data: bytes | None
    ended: bool = False


@dataclass(slots=True)
class File:
    """What is in a file, whatever its name is."""

    stable: bytes = b""
    """After a power cut at least this."""
    pending: list[Change] = field(default_factory=list[Change])
    """What was written since, in order."""

    def sync_begins(self) -> Callable[[], None]:
        """A sync keeps what was written before it began; call what it gives when it has ended."""
        kept = [change for change in self.pending if change.ended]

        def ends() -> None:
            done = {id(change) for change in kept}
            stable = bytearray(self.stable)
            for change in self.pending:
                if id(change) in done:
                    _apply(stable, change)
            self.stable = bytes(stable)
            self.pending = [change for change in self.pending if id(change) not in done]

        return ends

    def content(self) -> bytes:
        """As the running system sees it."""
        if not self.pending:
            return self.stable
        found = bytearray(self.stable)
        for change in self.pending:
            _apply(found, change)
        return bytes(found)

    def after_cut(self, fate: Fate, random: Random) -> bytes:
        """As it may be found."""
        if fate == "all" or not self.pending:
            return self.content()
        if fate == "none":
            return self.stable
        if fate == "torn":
            return self._torn(random)
        found = bytearray(self.stable)
        share = random.choice((0.1, 0.5, 0.9))
        kept = [change for change in self.pending if random.random() < share]
        torn = random.choice(kept) if kept else None
        for change in kept:
            _apply(found, change, (lambda _: random.random() < 0.5) if change is torn else None)
        return bytes(found)

    def _torn(self, random: Random) -> bytes:
        usual = random.randrange(len(self.pending) + 1)
        reached: dict[int, int] = {}

        def is_there(sector: int, number: int) -> bool:
            if sector not in reached:
                any_time = random.random() < 0.3
                reached[sector] = random.randrange(len(self.pending) + 1) if any_time else usual
            return number < reached[sector]

        found = bytearray(self.stable)
        for number, change in enumerate(self.pending):
            if change.data is None:
                if number < usual:
                    _apply(found, change)
            else:
                _apply(found, change, lambda sector, number=number: is_there(sector, number))
        return bytes(found)


FOLDER = File()
"""In the place of a file, where a name is a folder's."""


@dataclass(slots=True)
class Renaming:
    """A name that now stands for something else, or (``file`` is None) for nothing."""

    name: str
    file: File | None
    ended: bool = False


class Disk:
    """Files and their names, absolute and under ``root``, which is there for good."""

    folder = FOLDER
    """What to give :meth:`name` for a folder."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.names: dict[str, File] = {}
        """As the running system sees them."""
        self._stable: dict[str, File] = {}
        self._pending: list[Renaming] = []

    def keep(self, name: str, content: bytes | None) -> None:
        """Something (None: a folder) that has been there for long."""
        file = FOLDER if content is None else File(stable=content)
        self.names[name] = self._stable[name] = file

    def name(self, name: str, file: File | None) -> Callable[[], None]:
        """A name begins to stand for something else; call what it gives when that has ended."""
        change = Renaming(name, file)
        self._pending.append(change)
        if file is None:
            self.names.pop(name, None)
        else:
            self.names[name] = file
        return lambda: setattr(change, "ended", True)

    def sync_begins(self, folder: str) -> Callable[[], None]:
        """As :meth:`File.sync_begins`, of the names in a folder."""
        kept = [change for change in self._pending if change.ended and _folder(change.name) == folder]

        def ends() -> None:
            done = {id(change) for change in kept}
            for change in self._pending:
                if id(change) in done:
                    _rename(self._stable, change)
            self._pending = [change for change in self._pending if id(change) not in done]

        return ends

    @property
    def unsynced(self) -> int:
        """How much may be lost: writes and names."""
        files = {id(file): file for file in self.names.values()}
        return len(self._pending) + sum(len(file.pending) for file in files.values())

    def after_cut(self, fate: Fate, naming: Naming, random: Random) -> dict[str, bytes]:
        """Files by name, as they may be found."""
        names = self._names_after_cut(naming, random)
        there = {name for name in names if self._reachable(name, names)}
        contents = {id(file): file for name, file in names.items() if name in there and file is not FOLDER}
        found = {key: file.after_cut(fate, random) for key, file in contents.items()}
        return {name: found[id(names[name])] for name in sorted(there) if names[name] is not FOLDER}

    def _names_after_cut(self, naming: Naming, random: Random) -> dict[str, File]:
        found = dict(self._stable)
        pending = self._pending
        if naming == "none":
            return found
        if naming == "some":
            until = {change.name: random.randrange(len(pending) + 1) for change in pending}
        else:
            last = len(pending) if naming == "all" else random.randrange(len(pending) + 1)
            until = dict.fromkeys((change.name for change in pending), last)
        for number, change in enumerate(pending):
            if number < until[change.name]:
                _rename(found, change)
        return found

    def _reachable(self, name: str, names: dict[str, File]) -> bool:
        parent = _folder(name)
        while parent != self.root:
            if parent not in names:
                return False
            parent = _folder(parent)
        return True


@lru_cache(maxsize=4096)
def _folder(name: str) -> str:
    return str(PurePosixPath(name).parent)


def _rename(names: dict[str, File], change: Renaming) -> None:
    if change.file is None:
        names.pop(change.name, None)
    else:
        names[change.name] = change.file


def _apply(content: bytearray, change: Change, is_there: Callable[[int], bool] | None = None) -> None:
    """Make a change, or of a write only those sectors of it that ``is_there`` takes."""
    if change.data is None:
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    end = change.offset + len(change.data)
    if is_there is None:
        content.extend(bytes(max(0, end - len(content))))
        content[change.offset : end] = change.data
        return
    for sector in range(change.offset // SECTOR, (end - 1) // SECTOR + 1):
        if is_there(sector):
            first, last = max(change.offset, sector * SECTOR), min(end, (sector + 1) * SECTOR)
            content.extend(bytes(max(0, last - len(content))))
            content[first:last] = change.data[first - change.offset : last - change.offset]
