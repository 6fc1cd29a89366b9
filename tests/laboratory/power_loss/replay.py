"""A log of calls, replayed onto the model of a disk; and what the process had told the outside by then, taken from the same log."""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.laboratory.power_loss.disk import FOLDER, Change, Disk, File
from tests.laboratory.power_loss.trace import Call

_ASKED = re.compile(rb"(GET|POST) (/\S*) HTTP/1\.1\r\n")
_EVENT = re.compile(rb"id: (\d+)\nevent: \w+\ndata: [^\n]*\n\n")
_TAKEN = re.compile(rb"HTTP/1\.1 20[02] .*?\r\n\r\n.*?\"(?:id|client_id)\": \"([\w-]+)\"", re.DOTALL)


@dataclass(slots=True)
class Told:
    """What the outside was told, and may rely on whatever happens."""

    executions: set[str] = field(default_factory=set[str])
    """Requests answered with 202."""
    messages: set[str] = field(default_factory=set[str])
    """Messages of the chat answered with 202, by their client's id."""
    decisions: set[str] = field(default_factory=set[str])
    """Approvals whose answer was taken."""
    events: dict[str, int] = field(default_factory=dict[str, int])
    """The last event that was shown of each execution."""

    def __bool__(self) -> bool:
        return bool(self.executions or self.messages or self.events)

    @property
    def count(self) -> int:
        """How much was told."""
        return len(self.executions) + len(self.messages) + len(self.decisions) + sum(self.events.values())


@dataclass(slots=True)
class _Connection:
    path: str = ""
    said: bytes = b""


class Replay:
    """Go through a log once; at every instant :attr:`disk` and :attr:`told` are what they were then."""

    def __init__(self, root: Path, before: Path) -> None:
        """``before``: a copy of what was under ``root`` when the log began."""
        self.disk = Disk(str(root))
        self.told = Told()
        self.whole: dict[str, set[bytes]] = defaultdict(set)
        """By name, what stood there at any time when it was given that name: a file that is put in place is one of these."""
        self._connections: dict[str, _Connection] = defaultdict(_Connection)
        self._places: dict[tuple[str, str], int] = {}
        for path in sorted(before.rglob("*")):
            name = str(root / path.relative_to(before))
            self.disk.keep(name, None if path.is_dir() else path.read_bytes())
            if path.is_file():
                self.whole[name].add(path.read_bytes())

    def run(self, found: Iterable[Call]) -> Iterator[int]:
        """Replay; yields the number of each line of the log once it has happened, where it changed anything."""
        instants: list[tuple[int, int, Callable[[], None]]] = []
        for order, call in enumerate(sorted(found, key=lambda one: (one.number, one.ended))):
            while instants and instants[0][0] < call.number:
                yield from self._happen(instants)
            ends = self._begin(call)
            if ends is not None:
                yield call.number
                heapq.heappush(instants, (call.ended, order, ends))
        while instants:
            yield from self._happen(instants)

    def _happen(self, instants: list[tuple[int, int, Callable[[], None]]]) -> Iterator[int]:
        number, _, ends = heapq.heappop(instants)
        ends()
        yield number

    def _begin(self, call: Call) -> Callable[[], None] | None:
        if "socket:" in call.file:
            return self._speak(call)
        match call.name:
            case "openat":
                return self._open(call)
            case "pwrite64" | "write" | "ftruncate":
                return self._write(call)
            case "fsync" | "fdatasync":
                return self._sync(call)
            case "rename" | "renameat" | "renameat2" | "unlink" | "unlinkat" | "mkdir" | "mkdirat" | "link" | "linkat":
                return self._name(call)
            case _:
                self._must_be_elsewhere(call)
                return None

    def _speak(self, call: Call) -> None:
        """Noted when it begins: from then on somebody may know."""
        connection = self._connections[call.file]
        said = b"".join(call.texts)
        if call.name == "recvfrom":
            if asked := _ASKED.match(said):
                connection.path, connection.said = asked[2].decode(), b""
            return
        connection.said += said
        if "/stream/" in connection.path:
            execution = connection.path.rpartition("/")[2].partition("?")[0]
            for event in _EVENT.finditer(connection.said):
                self.told.events[execution] = int(event[1])
            connection.said = connection.said[connection.said.rfind(b"\n\n") + 1 :]
            return
        for begins, taken in (
            ("/api/orchestrate", self.told.executions),
            ("/api/chat/messages", self.told.messages),
            ("/api/approvals/", self.told.decisions),
        ):
            if (
                connection.path.startswith(begins)
                and "?" not in connection.path
                and (found := _TAKEN.search(connection.said))
            ):
                taken.add(found[1].decode())

    def _open(self, call: Call) -> Callable[[], None] | None:
        name = self._named(call.texts[0])
        if not self._ours(name):
            return None
        descriptor = str(call.result)
        file = self.disk.names.get(name)
        self._places[descriptor, name] = len(file.content()) if file is not None and "O_APPEND" in call.arguments else 0
        if file is None and "O_CREAT" in call.arguments:
            return self.disk.name(name, File())
        if file is not None and "O_TRUNC" in call.arguments:
            return _changing(file, Change(0, None))
        return None

    def _write(self, call: Call) -> Callable[[], None] | None:
        file = self.disk.names.get(call.file)
        if file is None or not self._ours(call.file):
            return None
        if call.name == "ftruncate":
            return _changing(file, Change(call.numbers[-1], None))
        data = call.texts[0][: call.result]
        place = (call.descriptor, call.file)
        offset = call.numbers[-1] if call.name == "pwrite64" else self._places.get(place, 0)
        self._places[place] = offset + len(data)
        return _changing(file, Change(offset, data))

    def _sync(self, call: Call) -> Callable[[], None] | None:
        file = self.disk.names.get(call.file)
        if call.file == self.disk.root or file is FOLDER:
            return self.disk.sync_begins(call.file)
        return None if file is None else file.sync_begins()

    def _name(self, call: Call) -> Callable[[], None] | None:
        names = [self._named(text) for text in call.texts]
        if not all(self._ours(name) for name in names):
            return None
        if call.name.startswith(("unlink", "mkdir")):
            return self.disk.name(names[0], FOLDER if call.name.startswith("mkdir") else None)
        file = self.disk.names[names[0]]
        self.whole[names[1]].add(file.content())
        there = self.disk.name(names[1], file)
        if call.name.startswith("link"):
            return there
        gone = self.disk.name(names[0], None)

        def ends() -> None:
            there()
            gone()

        return ends

    def _must_be_elsewhere(self, call: Call) -> None:
        if self._ours(call.file):
            raise ValueError(f"{call.name} on {call.file} is not understood: the disk would be another one.")

    def _ours(self, name: str) -> bool:
        """Is it on the disk? Memory that processes share is on none."""
        return name.startswith(self.disk.root + "/") and not name.endswith("-shm")

    def _named(self, text: bytes) -> str:
        return str(PurePosixPath(text.decode(errors="surrogateescape")))


def _changing(file: File, change: Change) -> Callable[[], None]:
    file.pending.append(change)
    return lambda: setattr(change, "ended", True)
