"""One message in the ways it may be drawn, the best first: what is sent, and what is sent instead where Slack refuses it.

A drawing carries all of them, so that equal states are equal drawings whatever Slack has refused meanwhile.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from typing import cast

from bot.render.texts import FIRST_STRONG_ISOLATE, POP_ISOLATE, Texts
from bot.slack.address import Thread
from engine.domain.json import JsonObject, JsonValue

TEXT_CHARACTERS, SHORT_CHARACTERS = 3_900, 1_000
"""Longest text we send, in UTF-16 units (Slack edits none of more than 4,000), and where even that was too long."""
MOST_BLOCKS = 50

UNDRAWABLE = frozenset({
    "invalid_arguments", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_blocks_too_many",
    "msg_too_long", "no_text",
})  # fmt: skip
"""Refusals of how a message is drawn."""

_CUT_MARKUP = re.compile(r"(?:&[a-z#0-9]{0,6}|<[^<>]*)\Z")
_ROOM = 10
"""For what follows a cut: an ellipsis and the isolates that it closes."""


class Ladder:
    """Ways to draw one message, the best first; one of them is the one to try."""

    def __init__(self, body: JsonObject, *, plain: bool, bare: bool = False) -> None:
        self._text = str(body["text"])
        self._longest = TEXT_CHARACTERS
        self._ways: deque[tuple[str, JsonValue]] = deque()
        if body.get("blocks") and not bare:
            if "plain" in body and not plain:
                self._ways.append(("rich", body["blocks"]))
            self._ways.append(("plain", body.get("plain", body["blocks"])))
        self._ways.append(("text", None))

    @property
    def way(self) -> str:
        """``rich``, ``plain`` or ``text``."""
        return self._ways[0][0]

    def drawing(self) -> JsonObject:
        """As the Web API takes it."""
        text, blocks = clip(self._text, self._longest), self._ways[0][1]
        return {"text": text} if blocks is None else {"text": text, "blocks": blocks}

    def descend(self, reason: str) -> bool:
        """Go one step down after a refusal: a shorter text, else plainer. False: this was the last one."""
        if reason == "msg_too_long" and self._longest > SHORT_CHARACTERS:
            self._longest = SHORT_CHARACTERS
            return True
        if len(self._ways) > 1:
            self._ways.popleft()
            return True
        return False


def best_way(body: JsonObject) -> str:
    """The way of :class:`Ladder` that a message is drawn in where nothing is refused."""
    return "text" if not body.get("blocks") else "rich" if "plain" in body else "plain"


def drawing(drawn: JsonObject, plain: JsonObject, *, locale: str, execution: str) -> JsonObject:
    """Put together what a message looks like at its best, and what is needed should Slack not take it.

    Args:
        drawn: ``text`` and ``blocks``; for a file ``text`` and ``file``.
        plain: the same of simpler blocks.
        locale: what is said about it is said in this language.
        execution: whose it is.
    """
    body: dict[str, JsonValue] = {**drawn, "locale": locale, "execution": execution}
    if plain.get("blocks") != drawn.get("blocks"):
        body["plain"] = plain.get("blocks")
    return body


def moved(body: JsonObject, thread: Thread) -> JsonObject:
    """With a line on why it is not in its thread; the same for every state, so that edits keep it."""
    texts = Texts(str(body.get("locale", "")))
    private = thread.channel.startswith("D")
    line = (
        texts.say("slack_out.moved") if private else texts.say("slack_out.moved_from", channel=f"<#{thread.channel}>")
    )
    note: JsonValue = {"type": "context", "elements": [{"type": "mrkdwn", "text": line}]}
    told: dict[str, JsonValue] = {**body, "text": f"{line}\n{body['text']}"}
    for name in ("blocks", "plain"):
        blocks = cast("Sequence[JsonValue]", body.get(name) or ())
        if blocks and len(blocks) < MOST_BLOCKS:
            told[name] = [note, *blocks]
    return told


def clip(text: str, longest: int) -> str:
    """At most so many UTF-16 units of escaped text: no markup cut in two, no isolate left open."""
    if len(text.encode("utf-16-le")) <= 2 * longest:
        return text
    head = text.encode("utf-16-le")[: 2 * (longest - _ROOM)].decode("utf-16-le", "ignore")
    head = _CUT_MARKUP.sub("", head).rstrip()
    return head + POP_ISOLATE * min(max(head.count(FIRST_STRONG_ISOLATE) - head.count(POP_ISOLATE), 0), _ROOM - 1) + "…"
