"""Turns a document's bytes into clean lines; foreign formats are opened in a process of their own.

Called by the index, in a worker thread. A slow or greedy file costs its own time limit and nobody else's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO, Self, cast

from integrations.local_workspace.confined import unreadable
from integrations.local_workspace.hebrew import clean_line, repair_visual_order

SUFFIXES = frozenset({".md", ".txt", ".docx", ".pdf"})
"""Formats that are read, lower case."""

_WORKER = Path(__file__).with_name("extract_worker.py")
_FOREIGN = frozenset({".docx", ".pdf"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionLimits:
    """How much one document may cost."""

    file_bytes: int = 20 * 1024 * 1024
    text_bytes: int = 64 * 1024 * 1024
    """Of what it unpacks to."""
    seconds: float = 10.0
    """From handing the file over to having its text."""


class Extractor:
    """Extracts one document after another; a context, because it may own a process. Not for two threads at once."""

    def __init__(self, limits: ExtractionLimits) -> None:
        self._limits = limits
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def lines(self, path: str, content: bytes) -> tuple[str, ...]:
        """The document's lines in reading order, controls and bidi marks removed. Blocking, bounded in time.

        Raises:
            RefusedError: ``document_unreadable``, naming the file and the reason.
        """
        suffix = Path(path).suffix.lower()
        if suffix not in SUFFIXES:
            raise unreadable(path, f"files of type {suffix or 'none'} are not read")
        if not content:
            return ()
        raw = self._foreign(path, suffix, content) if suffix in _FOREIGN else _split(_decoded(path, content))
        lines = tuple(clean_line(line) for line in raw)
        return repair_visual_order(lines) if suffix == ".pdf" else lines

    def _foreign(self, path: str, suffix: str, content: bytes) -> list[str]:
        worker = self._worker or self._start()
        late = Timer(self._limits.seconds, worker.kill)
        late.daemon = True
        late.start()
        try:
            answer = self._ask(worker, suffix, content)
        finally:
            late.cancel()
        if answer is None:
            self._stop()
            raise unreadable(path, f"reading it failed or took longer than {self._limits.seconds:g} seconds")
        if "reason" in answer:
            raise unreadable(path, str(answer["reason"]))
        return cast("list[str]", answer["lines"])

    def _ask(self, worker: subprocess.Popen[bytes], suffix: str, content: bytes) -> dict[str, object] | None:
        """The worker's answer; None when it died, by itself or by the clock."""
        head = json.dumps({"kind": suffix, "size": len(content), "most": self._limits.text_bytes})
        try:
            stdin, stdout = cast("IO[bytes]", worker.stdin), cast("IO[bytes]", worker.stdout)
            stdin.write(head.encode() + b"\n" + content)
            stdin.flush()
            line = stdout.readline()
        except OSError:
            return None
        return cast("dict[str, object]", json.loads(line)) if line.endswith(b"\n") else None

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", str(_WORKER)]
        pipe = subprocess.PIPE
        # An empty environment: whatever a hostile file makes the parser do, no secret is at hand.
        self._worker = subprocess.Popen(  # noqa: S603 - our own file, no shell
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env={}
        )
        return self._worker

    def _stop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.kill()
        worker.wait()
        for stream in (worker.stdin, worker.stdout):
            if stream is not None:
                _close(stream)


def _close(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except OSError:  # what was buffered for a process that is gone
        return


def _split(text: str) -> list[str]:
    """As editors count lines; ``splitlines`` would also break at form feeds and other rarities."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def _decoded(path: str, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\0" in content:
        raise unreadable(path, "it is not text")
    else:
        encodings = ("utf-8-sig", "cp1255")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise unreadable(path, "its text encoding is unknown; save it as UTF-8")
