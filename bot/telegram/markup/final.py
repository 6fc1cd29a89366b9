"""The last reply: how it ended and everything that came of it, on as many messages as it takes, or in a file."""

from __future__ import annotations

from bot.parts.final import MOST_PAGES, final_parts, foot_parts, whole_file
from bot.parts.pages import Page, pages_of
from bot.presses import Press
from bot.render.card import Card
from bot.render.replies import FINAL, Reply
from bot.render.safe_text import clean
from bot.render.texts import Texts
from bot.telegram.markup.body import Keyboard, button, message
from bot.telegram.markup.escape import still
from bot.telegram.markup.limits import CAPTION, PLAIN, ROOM
from engine.domain.json import JsonObject

_HEADING = 900
_FOOT = 550
"""What stands below the result may weigh: that it was taken back, costs, the page's number."""
_THUMBS = {1: "👍", -1: "👎"}
_PAGE = Page(scale=PLAIN, room=ROOM - _FOOT, blocks=1_000)


def final_bodies(card: Card, reply: Reply) -> list[tuple[str, JsonObject]]:
    """The messages of the end, see :func:`bot.telegram.markup.reply.reply_bodies`."""
    texts = Texts(reply.locale)
    # A notification shows how the message begins, so that the heading carries the news.
    meeting = card.result.meeting if card.result else None
    told = meeting is not None and not meeting.cancelled and meeting.when in reply.text
    parts = final_parts(card, reply, PLAIN.brief(reply.heading or reply.text, _HEADING), told=told)
    pages = pages_of(parts, _PAGE)
    shown = pages[:MOST_PAGES]
    bodies: list[tuple[str, JsonObject]] = []
    for number, page in enumerate(shown, 1):
        foot = foot_parts(card, reply, PLAIN, (number, len(shown)), beyond=len(pages) > len(shown))
        keyboard = [*_again(card), *_rating(card), *_undo(card, reply)] if number == len(shown) else []
        purpose = FINAL if number == 1 else f"{FINAL}:{number}"
        bodies.append((purpose, message([*page, *foot], texts, keyboard, card.id)))
    if len(pages) > len(shown):
        title = " ".join(clean(card.title).split())
        caption = still(PLAIN.brief(texts.say("chat.file_text", title=title), CAPTION - 1)).strip()
        file = whole_file(parts, texts)
        bodies.append((f"{FINAL}:file", {"text": caption, "file": file, "locale": texts.locale, "execution": card.id}))
    return bodies


def _again(card: Card) -> Keyboard:
    """The button that does again what failed."""
    made = [action for action in card.actions if action.action == "retry"]
    return [[button(Press(action="retry", execution=card.id), f"🔁 {one.label}")] for one in made]


def _undo(card: Card, reply: Reply) -> Keyboard:
    """The button that leads to the question whether to take it back."""
    return [[button(Press(action="undo", execution=card.id), f"↩️ {reply.undo.label}")]] if reply.undo else []


def _rating(card: Card) -> Keyboard:
    """The two buttons that rate a result, with a mark on the one that was pressed."""
    return [
        [
            button(
                Press(action="feedback", execution=card.id, rating=made.rating),
                f"{'✓ ' if made.chosen else ''}{_THUMBS[made.rating]} {made.label}",
            )
            for made in card.actions
            if made.rating in _THUMBS
        ]
    ]
