"""What a process asked of the kernel, in order: ``strace``'s log of it, read back.

Every call is two instants, because threads' calls overlap: where it began and where it ended. A write counts as there to be lost
from its beginning, and a sync as done only at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

WRITING = "openat,pwrite64,write,writev,pwritev,ftruncate,fallocate,fsync,fdatasync,rename,renameat,renameat2"
NAMING = "unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat"
TELLING = "sendto,sendmsg,recvfrom"
LONGEST = 1 << 26
"""Bytes of one call that are logged: all of them."""

_PREFIX = re.compile(r"(\d+) +")
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>")
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)(?:<|\b|$)", re.DOTALL)
_UNFINISHED = " <unfinished ...>"
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_OF_FILE = re.compile(r"(-?\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2}|[^<>\\])*)>")
_NUMBER = re.compile(r"-?\d+")


def traced(log: Path, command: Sequence[str], failing: str = "") -> list[str]:
    """The command that runs another one, with all its threads, and logs what it writes, syncs, says and hears; ``failing``: calls that
    fail, as ``strace`` takes them, such as ``fsync:error=EIO:when=2+3``."""
    calls = f"trace={WRITING},{NAMING},{TELLING}"
    fails = ["-e", f"inject={failing}"] if failing else []
    traces = ["strace", "-f", "--seccomp-bpf", "-y", "-xx", "-s", str(LONGEST), "-o", str(log), "-e", calls]
    return [*traces, *fails, *command]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that succeeded."""

    number: int
    """Of the line where it began."""
    ended: int
    """Of the line where it ended."""
    name: str
    arguments: str
    """As logged."""
    result: int

    @property
    def texts(self) -> list[bytes]:
        """Its texts: names, or what was written."""
        return [unescaped(found) for found in _TEXT.findall(self.arguments)]

    @property
    def file(self) -> str:
        """The name of the file it was made on."""
        found = _OF_FILE.match(self.arguments)
        return "" if found is None else unescaped(found[2]).decode(errors="surrogateescape")

    @property
    def descriptor(self) -> str:
        """The number of the file it was made on."""
        found = _OF_FILE.match(self.arguments)
        return "" if found is None else found[1]

    @property
    def numbers(self) -> list[int]:
        """The numbers at the end of its arguments."""
        return [int(found) for found in _NUMBER.findall(self.arguments.rpartition('"')[2].rpartition(">")[2])]


def unescaped(text: str) -> bytes:
    """What ``-xx`` wrote."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()


def calls(log: Path) -> Iterator[Call]:
    """Every call that succeeded, in the order in which they ended."""
    begun: dict[str, tuple[int, str]] = {}
    with log.open(encoding="ascii") as lines:
        for number, line in enumerate(lines):
            prefix = _PREFIX.match(line)
            if prefix is None:
                continue
            thread, text = prefix[1], line[prefix.end() :].rstrip("\n")
            first = number
            if text.endswith(_UNFINISHED):
                begun[thread] = (number, text.removesuffix(_UNFINISHED))
                continue
            resumed = _RESUMED.match(text)
            if resumed is not None:
                first, start = begun.pop(thread)
                text = start + text[resumed.end() :]
            call = _CALL.match(text)
            if call is not None and call[3] != "?" and int(call[3]) >= 0:
                yield Call(number=first, ended=number, name=call[1], arguments=call[2], result=int(call[3]))
