"""The commands people can give, and the menus that show them: in Hebrew and English, for private chats and for groups.

Menus are kept by Telegram. At every start they are compared with what they should be, and only what differs is set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from bot.commands import Command
from bot.render.texts import Texts

COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        **{command.value: command for command in Command},
        "cancel": Command.STOP,
    }
)
"""What stands behind the slash, in small letters → what it means. Every command by its own name, and what the menu calls
``/cancel``."""

IN_PRIVATE = ("ask", "plan", "status", "approvals", "pause", "resume", "cancel", "link", "help", "start")
IN_GROUPS = ("ask", "status", "approvals", "pause", "resume", "cancel", "help")
"""Of the menus. What is missing works all the same; ``/invite`` is the owner's, and not shown to everybody."""

_SCOPES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "all_private_chats": IN_PRIVATE,
        "all_group_chats": IN_GROUPS,
    }
)
_LANGUAGES: Mapping[str, str] = MappingProxyType({"": "en", "he": "he"})
"""Language code of Telegram's → our locale; the empty one is everybody else's."""


class Menus(Protocol):
    """Where menus are kept (``bot.telegram.api.TelegramApi``)."""

    async def set_commands(
        self, commands: Sequence[tuple[str, str]], *, scope: str = "default", language: str = ""
    ) -> None:
        """Make this the menu of a scope and language."""
        ...

    async def commands(self, *, scope: str = "default", language: str = "") -> Sequence[tuple[str, str]]:
        """The menu of exactly this scope and language."""
        ...


def menu(scope: str, locale: str) -> list[tuple[str, str]]:
    """Names and descriptions of one menu, in order."""
    texts = Texts(locale)
    return [(name, str(texts.say(f"telegram_menu.{name}"))) for name in _SCOPES[scope]]


async def bring_up_to_date(api: Menus) -> None:
    """Set the menus that are not as they should be. Repeating is harmless.

    Raises:
        IntegrationError: of the API's; some menus may have been set, and the next start sets the others.
    """
    for scope in _SCOPES:
        for language, locale in _LANGUAGES.items():
            wanted = menu(scope, locale)
            if list(await api.commands(scope=scope, language=language)) != wanted:
                await api.set_commands(wanted, scope=scope, language=language)
