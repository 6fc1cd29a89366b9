"""How a process dies in a test: its home as it stands on the disk in that moment is where the next one begins."""

from __future__ import annotations

import shutil
from pathlib import Path


def killed(home: Path) -> Path:
    """The home that a kill at this moment leaves; whatever still runs over the first one is nobody's any more."""
    number = int(home.name.rpartition("_")[2]) + 1 if "_" in home.name else 1
    left = home.with_name(f"killed_{number}")
    shutil.copytree(home, left)
    return left
