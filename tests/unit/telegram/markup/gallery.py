"""Every card, reply and page of details as a phone shows it, to be looked at.

``python -m tests.unit.telegram.markup.gallery OUTDIR`` writes a page for each state in both languages, light and dark, with
its messages as JSON beside it. Chromium takes a picture of one with ``--headless --hide-scrollbars --window-size=390,1600
--screenshot=NAME.png FILE``. Not a test.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.render.texts import LOCALES, Texts
from bot.telegram.markup.words import words_body
from engine.domain.json import JsonObject
from tests.servers.telegramd.preview.page import render_chat
from tests.unit.parts.made import result
from tests.unit.parts.states import all_states, block_of, view_of
from tests.unit.render.story import WORDS
from tests.unit.telegram.markup.made import details_pages, long_result, messages

Payload = dict[str, Any]


def chats(locale: str) -> Iterator[tuple[str, list[JsonObject]]]:
    """What is said of each state, and besides."""
    texts = Texts(locale, "Asia/Jerusalem")
    for state, shot in all_states(locale).items():
        yield state, [body for _, body in messages(view_of(shot))]
    for state in ("gate", "long-gate", "calling-off"):
        yield f"details-{state}", details_pages(block_of(locale, state), texts)
    yield "long-result", [body for _, body in messages(long_result(view_of(all_states(locale)["done"]), result()))]
    yield "words", [words_body(texts.say(key)) for key in ("telegram_talk.help", "telegram_talk.welcome")]


def main(out: Path) -> None:
    """Write them all."""
    out.mkdir(parents=True, exist_ok=True)
    for locale in LOCALES:
        asked: Payload = {
            "from": {"id": 1, "first_name": "Dana"},
            "chat": {"type": "private"},
            "text": WORDS[locale]["request"],
        }
        for name, bodies in chats(locale):
            shown = [asked, *map(dict, bodies)]
            (out / f"{name}-{locale}.json").write_text(json.dumps(shown, ensure_ascii=False, indent=1), "utf-8")
            for theme in ("light", "dark"):
                (out / f"{name}-{locale}-{theme}.html").write_text(render_chat(shown, theme), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
