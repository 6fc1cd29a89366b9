"""Everything Telegram gets of a view, and how a person finds things in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.render.approvals import ApprovalBlock
from bot.render.result import ResultBlock
from bot.render.texts import Texts
from bot.render.view import ExecutionView
from bot.telegram.markup.card import card_body
from bot.telegram.markup.details import details_body
from bot.telegram.markup.reply import reply_bodies
from bot.telegram.markup.undo import undo_body
from engine.domain.json import JsonObject


def messages(shown: ExecutionView) -> list[tuple[str, JsonObject]]:
    """Everything posted of a view, and the question before something is taken back."""
    replies = [body for reply in shown.replies for body in reply_bodies(shown, reply)]
    asked = [("undo", undo_body(r.undo, Texts(r.locale), shown.card.id)) for r in shown.replies if r.undo]
    return [("card", card_body(shown.card)), *replies, *asked]


def buttons(body: JsonObject) -> list[dict[str, str]]:
    """Buttons in reading order."""
    rows: Any = body.get("keyboard", [])
    return [key for row in rows for key in row]


def labels(body: JsonObject) -> list[list[str]]:
    """Their labels, row by row."""
    rows: Any = body.get("keyboard", [])
    return [[key["text"] for key in row] for row in rows]


def details_pages(block: ApprovalBlock, texts: Texts) -> list[JsonObject]:
    """Every page of the details, turned to with the buttons."""
    pages = [details_body(block, texts)]
    while any(key["data"].endswith(f":{len(pages)}") for key in buttons(pages[-1])):
        pages.append(details_body(block, texts, len(pages)))
    return pages


def long_result(shown: ExecutionView, result: ResultBlock) -> ExecutionView:
    """The same view with a result that takes several messages, and a file."""
    summary = "\n\n".join(f"## {n}\n{'word ' * 90}" for n in range(1, 40))
    long = replace(result, summary=summary, points=(), listings=())
    return replace(shown, card=replace(shown.card, result=long))
