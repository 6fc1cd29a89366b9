"""Chats outside, each loaded only where it is configured: their libraries take a third of a second and 20 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.slack.surface import SlackSurface
    from bot.surface_parts import SurfaceParts
    from bot.telegram.surface import TelegramSurface


def open_slack(parts: SurfaceParts) -> SlackSurface | None:
    """Slack, if there is a token for it."""
    if not parts.settings.slack_bot_token:
        return None
    from bot.slack.surface import SlackSurface  # noqa: PLC0415

    return SlackSurface(parts)


def open_telegram(parts: SurfaceParts) -> TelegramSurface | None:
    """Telegram, if there is a token for it."""
    if not parts.settings.telegram_bot_token:
        return None
    from bot.telegram.surface import TelegramSurface  # noqa: PLC0415

    return TelegramSurface(parts)
