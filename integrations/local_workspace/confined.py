"""A folder that cannot be left: every path is opened part by part below one root, and no link is followed.

Documents are read through this and nothing else. Devices, pipes and links are refused; hidden names do not exist.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import RefusedError, UnavailableError
from engine.failpoints import failpoint

MOST_FILES = 50_000
"""More are not listed; the folder is then named as a problem."""
DEEPEST = 24
"""Levels of folders below the root."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Tells one state of a file from another."""

    mtime_ns: int
    size: int
    inode: int
    ctime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What stands in the folder."""

    files: dict[str, Stamp]
    """By path relative to the root, with forward slashes, in order of path."""
    problems: tuple[str, ...] = ()


class ConfinedFolder:
    """Lists and reads files below ``root``. The root itself is made when it is missing, and may be a link."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, suffixes: frozenset[str]) -> Listing:
        """Every visible file with one of these suffixes (lower case, with the dot). Blocking.

        Raises:
            UnavailableError: ``workspace_unreadable``: the root cannot be opened.
        """
        files: dict[str, Stamp] = {}
        problems: list[str] = []
        with self._opened_root() as root:
            self._walk(root, "", suffixes, files, problems)
        return Listing(files=dict(sorted(files.items())), problems=tuple(problems))

    def stamp(self, path: str) -> Stamp:
        """The state of one file.

        Raises:
            RefusedError: ``document_outside``, ``document_missing`` or ``document_unreadable``.
        """
        with self._opened(path) as file:
            return _stamp(os.fstat(file))

    def read(self, path: str, *, most: int) -> tuple[bytes, Stamp]:
        """The file's bytes and the state they belong to; read once more when it changed meanwhile. Blocking.

        Raises:
            RefusedError: ``document_outside``, ``document_missing``; ``document_unreadable`` when it is larger than
                ``most`` bytes, changed twice, is no plain file or is not permitted.
        """
        for _ in range(2):
            with self._opened(path) as file:
                before = _stamp(os.fstat(file))
                content = _read_all(file, path, most)
                failpoint("documents.read")
                if before == _stamp(os.fstat(file)) and before == self._stamp_or_none(path):
                    return content, before
        raise unreadable(path, "it changed twice while it was read; try again when it is at rest")

    @contextmanager
    def _opened_root(self) -> Generator[int]:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            folder = os.open(self._root.resolve(), _FOLDER)
        except OSError as error:
            raise UnavailableError(
                "workspace_unreadable", f"The folder {self._root.name}/ cannot be opened: {error.strerror}."
            ) from error
        try:
            yield folder
        finally:
            os.close(folder)

    @contextmanager
    def _opened(self, path: str) -> Generator[int]:
        parts = _parts(path)
        with self._opened_root() as root:
            here = os.dup(root)
            try:
                for place, part in enumerate(parts):
                    flags = _FILE if place == len(parts) - 1 else _FOLDER
                    here = _step(here, part, flags, path)
                if not stat.S_ISREG(os.fstat(here).st_mode):
                    raise unreadable(path, "it is not a plain file")
                yield here
            finally:
                os.close(here)

    def _stamp_or_none(self, path: str) -> Stamp | None:
        try:
            return self.stamp(path)
        except RefusedError:
            return None

    def _walk(
        self, folder: int, above: str, suffixes: frozenset[str], files: dict[str, Stamp], problems: list[str]
    ) -> None:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            path = above + entry.name
            if entry.name.startswith(".") or not _speakable(entry.name):
                continue
            if entry.is_symlink():
                problems.append(f"{path}: it is a link, and links are not followed")
            elif entry.is_dir(follow_symlinks=False):
                self._walk_below(folder, entry.name, above, suffixes, files, problems)
            elif Path(entry.name).suffix.lower() in suffixes and entry.is_file(follow_symlinks=False):
                if len(files) >= MOST_FILES:
                    problems.append(f"{above or './'}: only the first {MOST_FILES} files are searched")
                    return
                files[path] = _stamp(entry.stat(follow_symlinks=False))

    def _walk_below(
        self,
        folder: int,
        name: str,
        above: str,
        suffixes: frozenset[str],
        files: dict[str, Stamp],
        problems: list[str],
    ) -> None:
        path = f"{above}{name}/"
        if path.count("/") > DEEPEST:
            problems.append(f"{path}: folders more than {DEEPEST} levels deep are not searched")
            return
        try:
            below = os.open(name, _FOLDER, dir_fd=folder)
        except OSError as error:
            problems.append(f"{path}: {error.strerror}")
            return
        try:
            self._walk(below, path, suffixes, files, problems)
        finally:
            os.close(below)


def unreadable(path: str, reason: str) -> RefusedError:
    """The refusal that names a file and why it cannot be used."""
    return RefusedError("document_unreadable", f"{path}: {reason}.", {"path": path, "reason": reason})


def _parts(path: str) -> list[str]:
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ".." in parts or not _speakable(path):
        raise _outside(path)
    if any(not part or part.startswith(".") for part in parts):
        raise _missing(path)
    return parts


def _speakable(name: str) -> bool:
    """Names the rest of the product can store: no NUL, no undecodable bytes."""
    return "\0" not in name and not any("\ud800" <= letter <= "\udfff" for letter in name)


def _step(here: int, part: str, flags: int, path: str) -> int:
    try:
        below = os.open(part, flags, dir_fd=here)
    except OSError as error:
        raise _refusal(error, path, _is_link(part, here)) from error
    os.close(here)
    return below


def _is_link(part: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _refusal(error: OSError, path: str, link: bool) -> RefusedError:  # noqa: FBT001 - private, one caller
    if link:
        return _outside(path)
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return _missing(path)
    return unreadable(path, error.strerror or "it cannot be opened")


def _outside(path: str) -> RefusedError:
    shown = path.encode("utf-8", "replace").decode()[:200]
    detail = f"{shown!r} leads out of the documents folder or through a link; name a file inside docs/."
    return RefusedError("document_outside", detail, {"path": shown})


def _missing(path: str) -> RefusedError:
    return RefusedError("document_missing", f"{path[:200]!r} is not in docs/.", {"path": path[:200]})


def _stamp(found: os.stat_result) -> Stamp:
    return Stamp(mtime_ns=found.st_mtime_ns, size=found.st_size, inode=found.st_ino, ctime_ns=found.st_ctime_ns)


def _read_all(file: int, path: str, most: int) -> bytes:
    size = os.fstat(file).st_size
    if size > most:
        raise unreadable(path, f"it has {size:,} bytes, at most {most:,} are read")
    chunks: list[bytes] = []
    left = most + 1
    try:
        while left > 0 and (chunk := os.read(file, min(left, 1 << 20))):
            chunks.append(chunk)
            left -= len(chunk)
    except OSError as error:
        raise unreadable(path, error.strerror or "it cannot be read") from error
    if left <= 0:
        raise unreadable(path, f"it has more than {most:,} bytes")
    return b"".join(chunks)
