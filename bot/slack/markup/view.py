"""The frame of a form: its titles, its buttons, and what it stands for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.presses import Press
from bot.render.texts import Texts
from bot.slack.markup.drawing import Block, context, plain_text
from bot.slack.markup.limits import VIEW_BLOCKS, VIEW_TITLE
from engine.domain.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Keys of a frame's words in the catalogue, below ``chat.form``."""

    title: str
    """Also names the form: its ``callback_id``."""
    close: str
    submit: str = ""
    """Empty: nothing can be sent."""


def form(words: Words, blocks: Sequence[Block], press: Press, texts: Texts) -> JsonObject:
    """A modal that carries a press, and nothing else, as its private metadata."""

    def said(key: str) -> Block:
        return plain_text(texts.say(f"chat.form.{key}"), VIEW_TITLE)

    view: JsonObject = {
        "type": "modal",
        "callback_id": words.title,
        "title": said(words.title),
        "close": said(words.close),
        "private_metadata": press.value,
        "blocks": list(blocks[:VIEW_BLOCKS]) or [context("–")],  # Slack opens no empty form
    }
    return {**view, "submit": said(words.submit)} if words.submit else view


def json_bytes(value: object) -> int:
    """Size of JSON as the SDK sends it: ASCII, so that a Hebrew letter takes six bytes."""
    return len(json.dumps(value))
