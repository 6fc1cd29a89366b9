"""What setting a chat up needs: somebody at the terminal, or a script in their place, and the ``.env`` file tokens go to.

Used by ``tizmor init`` for every chat, so that all of them ask, complain and keep in the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot import env_file
from bot.render.texts import Texts, bare

EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_NOT_YET = 0, 1, 2, 75
TRIES = 3
"""How often something is asked for before setting up goes on without it."""

_YES = frozenset({"yes", "y", "כן"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """How setting up speaks with whoever runs it."""

    say: Callable[[str], None]
    complain: Callable[[str], None]
    read_secret: Callable[[str], str | None] | None
    """Asks for a token without showing it; None at the end of input. No function at all: there is nobody to ask."""
    read_line: Callable[[str], str | None] | None = None
    """The same for what may be seen."""


class Bench:
    """Says, asks and keeps, in the operator's language.

    Args:
        talk: with whom.
        texts: in which language.
        keep_in: the ``.env`` file.
        kept_elsewhere: names of settings that have their home in another file, and are not copied.
    """

    def __init__(self, talk: Talk, texts: Texts, keep_in: Path, kept_elsewhere: frozenset[str]) -> None:
        self._talk = talk
        self._texts = texts
        self._keep_in = keep_in
        self._kept_elsewhere = kept_elsewhere
        self._warned = False

    @property
    def asks(self) -> bool:
        """Is there anybody to ask?"""
        return self._talk.read_secret is not None

    async def read(self, key: str, **values: str) -> SecretStr | None:
        """What is typed after this message; None for nothing, or where there is nobody to ask."""
        if self._talk.read_secret is None:
            return None
        typed = await asyncio.to_thread(self._talk.read_secret, bare(self._texts.say(key, **values)))
        return SecretStr(typed.strip()) if typed and typed.strip() else None

    async def confirm(self, key: str, **values: str) -> bool:
        """Is yes typed after this message? No, where there is nobody to ask."""
        if self._talk.read_line is None:
            return False
        typed = await asyncio.to_thread(self._talk.read_line, bare(self._texts.say(key, **values)))
        return (typed or "").strip().lower() in _YES

    def keep(self, values: Mapping[str, str]) -> None:
        """Write settings to the file, and say so where that changes it.

        Raises:
            RequestError: ``env_file_unwritable``, naming it.
        """
        own = {name: value for name, value in values.items() if name not in self._kept_elsewhere}
        if not own or not env_file.write(self._keep_in, own):
            return
        self.say("init.kept", names=self._texts.all_of(list(own)), path=str(self._keep_in))
        if not self._warned and env_file.may_be_committed(self._keep_in):
            self._warned = True
            self.complain("init.not_ignored", path=str(self._keep_in))

    def say(self, key: str, **values: str) -> None:
        """Say a message."""
        self._talk.say(bare(self._texts.say(key, **values)))

    def complain(self, key: str, **values: str) -> None:
        """Say what is wrong."""
        self._talk.complain(bare(self._texts.say(key, **values)))
