"""The first line of a result, for a message that notifies: when the meeting is, who was found, what stands there.

Its values are data: cut, put on one line and isolated.
"""

from __future__ import annotations

import re

from bot.render.result import MAX_LISTED, Listing, ResultBlock
from bot.render.texts import Phrase, Texts, isolate, shorten

_SENTENCE = re.compile(r"\S.{20,}?[.!?](?=\s|$)")
"""Long enough not to end at an abbreviation."""
_MARKUP = re.compile(r"^[\s>*\-•\d.)]*|\*\*|\s*\[\d{1,3}\]")
_TITLE, _LINE = 70, 150


def headline(result: ResultBlock, texts: Texts) -> Phrase:
    """One line; what a person waits for most goes first. Empty where nothing came of it that a line can tell."""
    if result.meeting is not None:
        title = shorten(result.meeting.title, _TITLE)
        if result.meeting.cancelled:
            return texts.say("step.found.cancelled", title=title)
        return texts.say("step.found.meeting", title=title, when=result.meeting.when)
    sentence = _first_sentence(result)
    if sentence:
        return Phrase(isolate(sentence))
    if result.listings:
        return _first_row(result.listings[0], texts)
    if result.agenda is not None:
        return texts.say("step.found.agenda", path=result.agenda.path) if result.agenda.path else Phrase("")
    return Phrase("")


def _first_sentence(result: ResultBlock) -> str:
    """Of what was written, or else the first point; headings say nothing yet."""
    lines = [line for line in result.summary.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    lines += [point.text for point in result.points]
    if not lines:
        return ""
    text = shorten(_MARKUP.sub("", lines[0]), 2 * _LINE)
    whole = _SENTENCE.match(text)
    return shorten(whole[0] if whole else text, _LINE)


def _first_row(listing: Listing, texts: Texts) -> Phrase:
    """The first thing found, and how many more there are where that is known: a list that was cut ends in words."""
    if not listing.rows:
        return Phrase(listing.empty)
    row, more = listing.rows[0], len(listing.rows) - 1
    telling = {"contacts": row.path, "appointments": row.detail, "undone": row.detail}.get(listing.kind, "")
    told = [isolate(shorten(row.title, _TITLE)), _fenced(telling)]
    first = Phrase(" · ".join(part for part in told if part))
    return Phrase(f"{first}, {texts.say('result.and_more', n=more)}") if 0 < more < MAX_LISTED else first


def _fenced(value: str) -> str:
    return value if isinstance(value, Phrase) else isolate(shorten(value, _TITLE))
