"""Replace a file so that a crash leaves the old one or the new one, never half of either."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.failpoints import failpoint


def replace_file(path: Path, content: bytes) -> None:
    """Write ``content`` beside ``path``, make it durable, put it in place, make that durable. Blocking.

    The temporary name is hidden and derived from the file's own: a crash's leftover is overwritten, not collected.

    Raises:
        OSError: nothing was put in place, or what was may be gone after a power cut: do it again.
    """
    make_folder(path.parent)
    beside = path.with_name(f".{path.name}.part")
    failpoint("file.write.before")
    try:
        _write(beside, content)
        failpoint("file.replace.before")
        beside.replace(path)
        failpoint("file.replace.after")
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
    sync_folder(path.parent)


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


def _write(path: Path, content: bytes) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
