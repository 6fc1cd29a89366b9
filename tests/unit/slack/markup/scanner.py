"""An eye of its own on what would be live in a message: it shares no code and no tables with the escaping it judges."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, cast

_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
_PING = re.compile(r"(?<![\w.])@(channel|here|everyone)\b", re.IGNORECASE)
_ADDRESS = re.compile(
    r"\b[a-z][a-z0-9+.-]*:/+\S|\bmailto:\S+@|\bwww\.\w|[\w.+-]+@[\w-]+\.\w|\b[\w-]{2,}\.(com|net|org|io|il|co|md|example|ru|dev)\b",
    re.IGNORECASE,
)
_OPAQUE = re.compile(r"[A-Za-z0-9_.:|~/-]*")
_QUIET = frozenset("\u200c\u200d")


def findings(payload: Any) -> list[str]:
    """What is live, hidden or told in a message or a form; empty for none."""
    return list(_payload(payload))


def texts(payload: Any) -> Iterator[str]:
    """Every text a person sees in blocks, in order."""
    for kind, text, _ in _texts(payload):
        if kind != "id":
            yield text


def visible(payload: Any) -> str:
    """All of it on one line a text, without marks that steer direction."""
    return "\n".join(re.sub("[\u2068\u2069\u200e\u200f\u2060]", "", text) for text in texts(payload))


def _payload(payload: Any) -> Iterator[str]:
    if isinstance(payload.get("text"), str):
        yield from _mrkdwn(payload["text"], verbatim=False, joiners=True)
    for kind, text, verbatim in _texts(payload.get("blocks", [])):
        if kind == "mrkdwn":
            yield from _mrkdwn(text, verbatim=verbatim, joiners=False)
        elif kind == "id" and not _OPAQUE.fullmatch(text):
            yield f"not opaque: {text!r}"
        elif kind == "forbidden":
            yield f"element {text}"
        if kind != "id":
            yield from _hidden(text, joiners=False)


def _texts(found: Any) -> Iterator[tuple[str, str, bool]]:
    if isinstance(found, list):
        for item in cast("list[Any]", found):
            yield from _texts(item)
    if not isinstance(found, dict):
        return
    value = cast("dict[str, Any]", found)
    kind = value.get("type")
    if kind in {"user", "usergroup", "broadcast", "channel", "link", "emoji", "team", "date", "color", "image", "url"}:
        yield "forbidden", kind, False
    if kind == "plain_text" and value.get("emoji") is not False:
        yield "forbidden", "plain_text that reads emoji", False
    if kind in {"mrkdwn", "plain_text", "text"}:
        yield kind, value["text"], bool(value.get("verbatim"))
        return
    for name, inner in value.items():
        if name in {"value", "action_id", "block_id", "task_id", "private_metadata", "callback_id"}:
            yield "id", inner, False
        elif name in {"title", "initial_value"} and isinstance(inner, str):
            yield "plain", inner, False
        else:
            yield from _texts(inner)


def _mrkdwn(text: str, *, verbatim: bool, joiners: bool) -> Iterator[str]:
    for line in text.split("\n"):
        told = line.removeprefix(">")
        if "<" in told or ">" in told:
            yield f"markup in {line!r}"
        if told.count("`") % 2 or "``" in told:
            yield f"open code in {line!r}"
        if re.search(r"(?<!\w):[\w+'-]+:(?!\w)", told):
            yield f"emoji in {line!r}"
        stars = re.sub(r"(?<=\w)[*_~](?=\w)", "", told)
        if any(stars.count(mark) % 2 for mark in "*~"):
            yield f"open style in {line!r}"
    if _ENTITY.search(text):
        yield f"bare ampersand in {text!r}"
    if _PING.search(text):
        yield f"ping in {text!r}"
    if not verbatim and _ADDRESS.search(text):
        yield f"link in {text!r}: {_ADDRESS.search(text)}"
    yield from _hidden(text, joiners=joiners)


def _hidden(text: str, *, joiners: bool) -> Iterator[str]:
    for line in text.split("\n"):
        depth = 0
        for place, letter in enumerate(line):
            depth += (letter == "\u2068") - (letter == "\u2069")
            if depth < 0:
                yield f"closes nothing: {line!r}"
                break
            allowed = letter in "\u2068\u2069" or (letter in "\u200e\u200f" and _begins(line[:place]))
            if allowed or (joiners and letter == "\u2060") or letter in _QUIET:
                continue
            if unicodedata.category(letter) in {"Cc", "Cf", "Cs"}:
                yield f"hidden U+{ord(letter):04X} in {line!r}"
                break
        if depth > 0:
            yield f"left open: {line!r}"


def _begins(before: str) -> bool:
    """Only what a line begins with has no letters: numbers, signs, pictures."""
    return not any(unicodedata.category(letter).startswith("L") for letter in before)
