"""Everything Slack gets of a view."""

from __future__ import annotations

from bot.render.view import ExecutionView
from bot.slack.markup.card import card_body
from bot.slack.markup.reply import reply_bodies
from engine.domain.json import JsonObject


def messages(shown: ExecutionView, *, rich: bool) -> list[tuple[str, JsonObject]]:
    """Everything posted of a view."""
    replies = [body for reply in shown.replies for body in reply_bodies(shown, reply, rich=rich)]
    return [("card", card_body(shown.card, rich=rich)), *replies]
