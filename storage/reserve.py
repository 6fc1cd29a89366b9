"""Space kept back on a disk that fills up, to be freed when it is full: what was accepted can then still be recorded.

The file is made only where the disk is filling up at all, so that a home on a roomy disk is as small as what it holds.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

RESERVE_FILE = "reserve"
RESERVE_BYTES = 16 * 1024 * 1024
"""How much. A step leaves 14 KB in the log (``make bench``), which starts over at 1 MB: two hundred executions under way with
four steps each write 11 MB at most, were nothing of it ever written over."""
FILLING_BELOW = 1024 * 1024 * 1024
"""Bytes free below which it is kept."""
ROOMY_ABOVE = 3 * RESERVE_BYTES
"""Bytes free above which a disk that was full counts as usable again; of a very small one a tenth will do."""


class Reserve:
    """The file of one home. Blocking; ``keep`` and ``free`` are called by one thread at a time."""

    def __init__(self, home: Path) -> None:
        self._path = home / RESERVE_FILE

    @property
    def kept(self) -> bool:
        """Is it there?"""
        return self._path.exists()

    def keep(self) -> bool:
        """Make the file where the disk is filling up and it still fits; is the disk usable?"""
        try:
            total, _, space = shutil.disk_usage(self._path.parent)
            if ROOMY_ABOVE < space < FILLING_BELOW and not self.kept:
                self._make()
        except OSError:
            return False
        return space > min(ROOMY_ABOVE, total // 10)

    def is_needed(self) -> bool:
        """Is the disk as good as full, whatever SQLite calls it?"""
        try:
            return shutil.disk_usage(self._path.parent).free < RESERVE_BYTES // 16
        except OSError:
            return False

    def free(self) -> bool:
        """Give the space back; False: there was none."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def _make(self) -> None:
        made = self._path.with_suffix(".new")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
        except OSError:
            with suppress(OSError):
                made.unlink()
            raise
        finally:
            os.close(descriptor)
        made.replace(self._path)
