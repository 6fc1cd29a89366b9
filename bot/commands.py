"""Words that steer instead of asking: ``stop``, ``status``, ``עצור`` … Pure; the words themselves live with the locales."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from bot.render.texts import LOCALES, catalogue

_TRIMMED = " \t\r\n.,!?…;:׃״׳\"'"
_SPACES = re.compile(r"\s+")


class Command(StrEnum):
    """What a word may steer; each has its words in every locale, under ``command_words``."""

    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    STATUS = "status"
    APPROVALS = "approvals"
    HELP = "help"
    CLAIM = "claim"
    """Become the owner, with a one-time code."""
    ASK = "ask"
    """Before a request, where a command is expected."""
    PLAN = "plan"
    """Before a request that is only to be planned; alone, show the plan of what runs."""
    LINK = "link"
    """Say, with a one-time code, that an account elsewhere is the same person's; alone, ask for such a code."""
    UNLINK = "unlink"
    """Let an account stand for itself again."""
    INVITE = "invite"
    """Ask for a one-time code that lets somebody in."""
    START = "start"
    """What a chat sends when somebody opens it, with whatever stood in the link that led there."""


_ONLY_WHERE_EXPECTED = frozenset({
    Command.ASK, Command.CLAIM, Command.PLAN, Command.LINK, Command.UNLINK, Command.INVITE, Command.START,
})  # fmt: skip
"""No word says these by itself: they need something behind them, or mean too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command as it was given."""

    command: Command
    rest: str = ""
    """What stands behind it."""
    locale: str = "en"
    """Of the word that was used."""


def steering(text: str) -> Order | None:
    """The command a whole message is, such as ``stop!`` or ``עצור בבקשה``; None: it says something else."""
    found = _words().get(_plain(text))
    if found is None or found[0] in _ONLY_WHERE_EXPECTED:
        return None
    return Order(command=found[0], locale=found[1])


def order(text: str) -> Order:
    """What stands behind a slash command: a command word with what follows it, else a request."""
    whole = steering(text)
    if whole is not None:
        return whole
    first, _, rest = (part.strip() for part in text.strip().partition(" "))
    found = _words().get(_plain(first))
    if found is None or (rest and not _takes(found[0], rest)):
        return Order(command=Command.ASK if text.strip() else Command.HELP, rest=text.strip())
    return Order(command=found[0], rest=rest, locale=found[1])


def version_meant(text: str) -> int | None:
    """The older version of a plan that a whole message says to go back to, such as ``back to version 2``; None: it says
    something else."""
    said = _plain(text)
    for locale in LOCALES:
        for words in str(catalogue(locale)["conversation.back_words"]).split(","):
            begin, _, end = _plain(words).partition("{n}")
            number = said.removeprefix(begin).removesuffix(end)
            if said == f"{begin}{number}{end}" and re.fullmatch("[1-9][0-9]{0,3}", number):
                return int(number)
    return None


def _takes(command: Command, rest: str) -> bool:
    """May this stand behind the command? ``link ABC`` is one, while ``link the notes to the meeting`` asks for something."""
    return command in {Command.ASK, Command.CLAIM} or (command is Command.LINK and not _SPACES.search(rest))


@cache
def _words() -> Mapping[str, tuple[Command, str]]:
    found: dict[str, tuple[Command, str]] = {}
    for locale in LOCALES:
        for command in Command:
            words = catalogue(locale)[f"command_words.{command.value}"]
            for word in str(words).split(","):
                found.setdefault(_plain(word), (command, locale))
    return found


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text.strip(_TRIMMED)).lower()
