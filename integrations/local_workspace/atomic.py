"""Replace a file so that a crash leaves the old one or the new one, never half of either."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engine.failpoints import failpoint


def replace_file(path: Path, content: bytes) -> None:
    """Write ``content`` beside ``path``, make it durable, put it in place, make that durable. Blocking.

    The temporary name is hidden and derived from the file's own: a crash's leftover is overwritten, not collected. A file that
    is there keeps its mode and, as far as we may, its owner and group; a new one is ours alone.

    Raises:
        OSError: nothing was put in place, or what was may be gone after a power cut: do it again.
    """
    replace_file_if(path, content, _always)


def replace_file_if(path: Path, content: bytes, stands: Callable[[], bool]) -> bool:
    """As :func:`replace_file`, of a file that others write too; was it put in place?

    Args:
        path: which.
        content: what it is to hold.
        stands: is it still as it was when ``content`` was made from it? Asked last of all, when what may take long is done.

    Raises:
        OSError: as :func:`replace_file`.
    """
    make_folder(path.parent)
    beside = path.with_name(f".{path.name}.part")
    failpoint("file.write.before")
    try:
        _write(beside, content, path)
        if not stands():
            beside.unlink()
            return False
        failpoint("file.replace.before")
        beside.replace(path)
        failpoint("file.replace.after")
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
    sync_folder(path.parent)
    return True


def remove_file(path: Path) -> bool:
    """Take a file away durably; False when it was not there. Blocking.

    Raises:
        OSError: it is still there, or may be there again after a power cut.
    """
    failpoint("file.remove.before")
    try:
        path.unlink()
        gone = True
    except FileNotFoundError:
        gone = False  # perhaps taken away by a call that was cut short before its sync
    failpoint("file.remove.after")
    if path.parent.is_dir():
        sync_folder(path.parent)
    return gone


def make_folder(folder: Path) -> None:
    """Make a folder, and those it lies in, where they are missing; their names are durable when it returns. Blocking.

    Raises:
        OSError: it is not there, or may be gone after a power cut.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for made in reversed(missing):
            sync_folder(made.parent)
    except OSError:
        with suppress(OSError):
            for made in missing:  # so that the next call makes and syncs them anew
                made.rmdir()
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _always() -> bool:
    return True


def _write(path: Path, content: bytes, instead_of: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "wb") as out:
        _let_be_used_like(instead_of, out.fileno())
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _let_be_used_like(path: Path, made: int) -> None:
    try:
        before = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(before.st_mode):
        return
    mode = before.st_mode & 0o777
    if not _give_to(before.st_uid, before.st_gid, made) and not _give_to(-1, before.st_gid, made):
        mode &= ~0o070  # what its group may is not for ours
    with suppress(PermissionError):  # a file system that keeps no modes
        os.fchmod(made, mode)


def _give_to(user: int, group: int, made: int) -> bool:
    ours = os.fstat(made)
    if user in {-1, ours.st_uid} and group == ours.st_gid:
        return True
    try:
        os.fchown(made, user, group)
    except PermissionError:
        return False
    return True
