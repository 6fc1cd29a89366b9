"""Letters as files, named after the key of what they tell of. Blocking; every step is durable when it returns."""

from __future__ import annotations

from pathlib import Path

from engine.domain.ids import opaque
from engine.failpoints import failpoint
from integrations.local_workspace.atomic import remove_file, replace_file, sync_folder


class Outbox:
    """The folder whatever sends mail looks into. Names that begin with a dot are not there yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def name(self, key: str) -> str:
        """The letter's path relative to the workspace."""
        return f"{self._folder.name}/{self._path(key).name}"

    def holds(self, key: str) -> bool:
        """Whether the letter lies there."""
        return self._path(key).is_file()

    def deliver(self, key: str, content: bytes | None, mark: str) -> None:
        """Put a letter in, unless one with this mark lies there; with None, take away what lies there.

        Raises:
            OSError: it was not done.
        """
        path = self._path(key)
        if content is None:
            remove_file(path)
        elif path.is_file() and b"X-Tizmor-Content: " + mark.encode() in path.read_bytes():
            sync_folder(self._folder)  # perhaps put there by a call that was cut short before its sync
        else:
            replace_file(path, content)

    def remove(self, key: str) -> bool:
        """Take a letter back; False when none lies there.

        Raises:
            OSError: it still does.
        """
        return remove_file(self._path(key))

    def stage(self, key: str, content: bytes | None) -> None:
        """Keep a letter ready for :meth:`send`, in the place of what was kept ready for this key before.

        Raises:
            OSError: it was not done.
        """
        if content is not None:
            replace_file(self._staged(key), content)
        elif self._staged(key).exists():
            remove_file(self._staged(key))

    def send(self, key: str) -> None:
        """Put in what is kept ready, if anything is.

        Raises:
            OSError: it is still only ready.
        """
        failpoint("letter.send.before")
        try:
            self._staged(key).replace(self._path(key))
        except FileNotFoundError:
            if not self.holds(key):
                return
        failpoint("letter.send.after")
        sync_folder(self._folder)

    def _path(self, key: str) -> Path:
        return self._folder / f"{opaque(key)}.eml"

    def _staged(self, key: str) -> Path:
        return self._folder / f".{opaque(key)}.eml.staged"
