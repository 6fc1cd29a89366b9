"""One message as it is sent: cut to what Telegram takes, with a line above it where it needs one, and plainer where Telegram
refuses it. Offsets and lengths of entities are in UTF-16 units, as Telegram counts them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from bot.parts.measure import units
from bot.render.texts import FIRST_STRONG_ISOLATE, POP_ISOLATE
from engine.domain.json import JsonObject, JsonValue

TEXT_UNITS, CAPTION_UNITS, SHORT_UNITS = 4_096, 1_024, 1_000
"""Longest text and caption, in UTF-16 units (Telegram counts characters, of which there are never more), and where even that
was too long. Source: Bot API, sendMessage and sendDocument, November 2026."""

UNDRAWABLE = frozenset({"entities", "keyboard", "other", "too_long"})
"""Reasons of refusals that may be about how a message is drawn."""

_ROOM = 10
"""For what follows a cut: an ellipsis and the isolates that it closes."""
_KEYS = ("keyboard", "force_reply")


class Ladder:
    """Ways to draw one message, the best first; one of them is the one to try. The words stay in all of them."""

    def __init__(self, body: JsonObject) -> None:
        self._body: dict[str, JsonValue] = {**body}

    @property
    def body(self) -> JsonObject:
        """The way to try."""
        return self._body

    def descend(self, reason: str) -> bool:
        """Go one step down after a refusal: without what was refused, or shorter. False: this was the last one."""
        body = self._body
        if reason == "too_long" and units(str(body["text"])) > SHORT_UNITS:
            self._body = {**fitted(body, SHORT_UNITS)}
        elif body.get("entities") and not (reason == "keyboard" and _has_keys(body)):
            self._body = {name: value for name, value in body.items() if name != "entities"}
        elif _has_keys(body):
            self._body = {name: value for name, value in body.items() if name not in _KEYS}
        else:
            return False
        return True


def headed(body: JsonObject, lines: Sequence[str]) -> JsonObject:
    """With lines of our own above it; the body as it is where there are none."""
    if not lines:
        return body
    head = "\n".join(lines) + "\n\n"
    moved: list[JsonValue] = [{**entity, "offset": start + units(head)} for entity, start, _ in _entities(body)]
    return {**body, "text": head + str(body["text"]), "entities": moved}


def fitted(body: JsonObject, longest: int) -> JsonObject:
    """With at most so many UTF-16 units of text, which is text that can be sent, and with no entity beyond it."""
    text = clip(str(body["text"]), longest)
    if text == body["text"]:
        return body
    end = units(text)
    kept: list[JsonValue] = [
        {**entity, "length": min(length, end - start)} for entity, start, length in _entities(body) if start < end
    ]
    return {**body, "text": text, "entities": kept}


def clip(text: str, longest: int) -> str:
    """At most so many UTF-16 units: no character cut in two, no isolate left open, nothing that cannot be sent."""
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if units(text) <= longest:
        return text
    head = text.encode("utf-16-le")[: 2 * (longest - _ROOM)].decode("utf-16-le", "ignore").rstrip()
    return head + POP_ISOLATE * min(max(head.count(FIRST_STRONG_ISOLATE) - head.count(POP_ISOLATE), 0), _ROOM - 1) + "…"


def _entities(body: JsonObject) -> list[tuple[Mapping[str, JsonValue], int, int]]:
    """Each with its offset and its length."""
    found = cast("Sequence[Mapping[str, JsonValue]]", body.get("entities") or ())
    return [(entity, int(cast("int", entity["offset"])), int(cast("int", entity["length"]))) for entity in found]


def _has_keys(body: JsonObject) -> bool:
    return any(body.get(name) for name in _KEYS)
