"""Texts with HTML in them, read as strictly as Telegram reads them: ``parse_mode=HTML``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.servers.telegramd.log import Json
from tests.servers.telegramd.refusals import ApiError, bad_request
from tests.servers.telegramd.texts import units

_KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
    "code": "code", "pre": "pre", "blockquote": "blockquote", "a": "text_link", "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}  # fmt: skip
_SIGNS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SIGN = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([A-Za-z]+));?")
_TAG = re.compile(r"<(/?)([^\s>]*)")
_ATTRIBUTE = re.compile(r"""\s*([^\s=>/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9.-]+)(?=[\s>])))?""")
_USER = re.compile(r"tg://user\?id=([0-9]+)")


@dataclass(slots=True)
class _Open:
    tag: str
    at: int
    """UTF-16 units before it."""
    begin: int
    """Parts of the text before it."""
    attributes: dict[str, str]


@dataclass(slots=True)
class _Reader:
    source: str
    parts: list[str] = field(default_factory=list[str])
    at: int = 0
    open: list[_Open] = field(default_factory=list[_Open])
    entities: list[Json] = field(default_factory=list[Json])

    def refuse(self, words: str, position: int | None = None) -> ApiError:
        where = ""
        if position is not None:
            where = f" at byte offset {len(self.source[:position].encode('utf-8', 'surrogatepass'))}"
        return bad_request(f"can't parse entities: {words}{where}")

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.at += units(text)


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Text and entities.

    Raises:
        ApiError: a tag is unknown, not closed, or closed in the wrong order; the words are Telegram's.
    """
    reader = _Reader(source)
    position = 0
    while position < len(source):
        if source[position] == "&":
            position = _sign(reader, position)
        elif source[position] == "<":
            position = (
                _end(reader, position) if source[position + 1 : position + 2] == "/" else _start(reader, position)
            )
        else:
            reader.add(source[position])
            position += 1
    if reader.open:
        raise reader.refuse(f'Can\'t find end tag corresponding to start tag "{reader.open[-1].tag}"')
    return "".join(reader.parts), reader.entities


def _sign(reader: _Reader, position: int) -> int:
    match = _SIGN.match(reader.source, position)
    sign = _meant(match) if match else None
    if match is None or sign is None:
        reader.add("&")
        return position + 1
    reader.add(sign)
    return match.end()


def _meant(match: re.Match[str]) -> str | None:
    if match[3]:
        return _SIGNS.get(match[3])
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else None


def _start(reader: _Reader, position: int) -> int:
    match = _TAG.match(reader.source, position)
    tag = match[2].lower() if match else ""
    if match is None or match.end() >= len(reader.source):
        raise reader.refuse("Unclosed start tag", position)
    if tag not in _KINDS:
        raise reader.refuse(f'Unsupported start tag "{tag}"', position)
    attributes: dict[str, str] = {}
    end = match.end()
    while True:
        end += len(reader.source[end:]) - len(reader.source[end:].lstrip())
        if end >= len(reader.source):
            raise reader.refuse("Unclosed start tag", position)
        if reader.source[end] == ">":
            break
        found = _ATTRIBUTE.match(reader.source, end)
        if found is None or found.end() == end:
            raise reader.refuse(f'Empty attribute name in the tag "{tag}"', position)
        value = next((each for each in found.groups()[1:] if each is not None), "")
        attributes[found[1]] = _SIGN.sub(lambda one: _meant(one) or one[0], value)
        end = found.end()
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise reader.refuse('Tag "span" must have class "tg-spoiler"', position)
    reader.open.append(_Open(tag, reader.at, len(reader.parts), attributes))
    return end + 1


def _end(reader: _Reader, position: int) -> int:
    if not reader.open:
        raise reader.refuse("Unexpected end tag", position)
    match = re.compile(r"</([^\s>]*)\s*(>?)").match(reader.source, position)
    assert match is not None
    if not match[2]:
        raise reader.refuse("Unclosed end tag", position)
    opened = reader.open[-1]
    name = match[1].lower()
    if name and name != opened.tag:
        raise reader.refuse(
            f'Unmatched end tag at byte offset {_bytes(reader, position)}, expected "</{opened.tag}>", found "</{name}>"'
        )
    reader.open.pop()
    length = reader.at - opened.at
    if length:
        _note(reader, opened, length)
    return match.end()


def _bytes(reader: _Reader, position: int) -> int:
    return len(reader.source[:position].encode("utf-8", "surrogatepass"))


def _note(reader: _Reader, opened: _Open, length: int) -> None:
    kind, attributes = _KINDS[opened.tag], opened.attributes
    entity: Json = {"type": kind, "offset": opened.at, "length": length}
    last = reader.entities[-1] if reader.entities else {}
    if kind == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    elif kind == "text_link":
        url = attributes.get("href") or "".join(reader.parts[opened.begin :])
        person = _USER.fullmatch(url)
        entity |= {"type": "text_mention", "user": {"id": int(person[1])}} if person else {"url": url}
        if not person and not re.match(r"[a-z]+://|[^\s.]+\.[^\s]+", url):
            return
    elif kind == "custom_emoji":
        entity["custom_emoji_id"] = attributes.get("emoji-id", "")
    elif kind == "date_time":
        entity["unix_time"] = int(attributes.get("unix") or 0)
    elif kind == "pre" and last.get("type") == "code" and (last["offset"], last["length"]) == (opened.at, length):
        language = reader.entities.pop().get("language")
        entity |= {"language": language} if language else {}
    elif kind == "code" and attributes.get("class", "").startswith("language-"):
        entity["language"] = attributes["class"].removeprefix("language-")
    reader.entities.append(entity)
