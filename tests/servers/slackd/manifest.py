"""What the app's own manifest grants it: scopes, events, commands, shortcuts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from tests.servers.slackd.log import Json


@dataclass(frozen=True, slots=True)
class AppManifest:
    """A manifest as Slack would read it."""

    raw: Json

    @classmethod
    def load(cls, source: Path | Json) -> AppManifest:
        """From a YAML file or from what such a file says."""
        if isinstance(source, Path):
            return cls(cast("Json", yaml.safe_load(source.read_text("utf-8"))))
        return cls(source)

    def _at(self, *path: str) -> Any:
        value: Any = self.raw
        for name in path:
            value = cast("Json", value).get(name) if isinstance(value, dict) else None
        return value

    @property
    def name(self) -> str:
        """What the app is called."""
        return str(self._at("features", "bot_user", "display_name") or self._at("display_information", "name") or "App")

    @property
    def bot_scopes(self) -> tuple[str, ...]:
        """Scopes of the bot's token."""
        return tuple(self._at("oauth_config", "scopes", "bot") or ())

    @property
    def bot_events(self) -> frozenset[str]:
        """Events the app subscribed to."""
        return frozenset(self._at("settings", "event_subscriptions", "bot_events") or ())

    @property
    def commands(self) -> frozenset[str]:
        """Slash commands, with their stroke."""
        return frozenset(str(command["command"]) for command in self._at("features", "slash_commands") or ())

    @property
    def shortcuts(self) -> dict[str, str]:
        """Callback id to ``message`` or ``global``."""
        return {str(each["callback_id"]): str(each["type"]) for each in self._at("features", "shortcuts") or ()}

    @property
    def socket_mode(self) -> bool:
        """Whether deliveries go over Socket Mode."""
        return bool(self._at("settings", "socket_mode_enabled"))

    @property
    def interactive(self) -> bool:
        """Whether buttons, modals and shortcuts are delivered at all."""
        return bool(self._at("settings", "interactivity", "is_enabled"))

    @property
    def messages_tab(self) -> bool:
        """Whether the app has a tab for messages; only when it says so."""
        return self._at("features", "app_home", "messages_tab_enabled") is True

    @property
    def messages_tab_writable(self) -> bool:
        """Whether people can write there."""
        return self.messages_tab and self._at("features", "app_home", "messages_tab_read_only_enabled") is not True

    @property
    def is_agent(self) -> bool:
        """Whether the app is declared an agent."""
        return self._at("features", "agent_view") is not None
