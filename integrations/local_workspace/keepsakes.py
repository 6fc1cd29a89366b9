"""What stood before an effect, kept under the effect's key so that it can be taken back. Blocking; durable on return.

The file is there before the effect is made, and is written anew until it is: it always tells of what the effect replaced.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.domain.artifact import Undone
from engine.domain.ids import opaque
from engine.errors import UnavailableError
from integrations.local_workspace.atomic import remove_file, replace_file

MOST_KEPT = 200
"""Older ones go: nobody takes back more than that in the minutes in which it can be done."""
_MOST_BYTES = 2 * 1024 * 1024


class Keepsake(BaseModel):
    """One effect on one meeting."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    uid: str
    left: str
    """Names the content that the effect left, see :func:`integrations.local_workspace.etag.etag_of`."""
    before: bytes | None = None
    """The event's lines before it; None: there was no event."""
    taken_back_by: str = ""
    """The opaque key under which it is being, or was, taken back."""
    undone: Undone | None = None
    """What taking it back comes to: known before it is done."""


class Keepsakes:
    """The files of a folder, which is made when something is first kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, key: str, keepsake: Keepsake) -> None:
        """Keep it in the place of what was kept under this key.

        Raises:
            UnavailableError: ``calendar_unwritable``: the folder is a link, which nothing is written through.
            OSError: it was not done.
        """
        if any(part.is_symlink() for part in (self._folder, self._folder.parent)):
            detail = f"{self._folder.parent.name}/{self._folder.name} is a link; make it a folder."
            raise UnavailableError("calendar_unwritable", detail)
        replace_file(self._path(key), keepsake.model_dump_json().encode())
        self._forget_oldest()

    def find(self, key: str) -> Keepsake | None:
        """What is kept under this key; None where nothing is, or nothing that can be read."""
        try:
            opened = os.open(self._path(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(opened, "rb") as file:
                return Keepsake.model_validate_json(file.read(_MOST_BYTES))
        except (OSError, ValidationError):
            return None

    def _forget_oldest(self) -> None:
        with os.scandir(self._folder) as entries:
            kept = [entry for entry in entries if entry.name.endswith(".json")]
        if len(kept) > MOST_KEPT:
            kept.sort(key=lambda entry: entry.stat(follow_symlinks=False).st_mtime_ns)
            for entry in kept[: len(kept) - MOST_KEPT]:
                remove_file(Path(entry.path))

    def _path(self, key: str) -> Path:
        return self._folder / f"{opaque(key)}.json"
