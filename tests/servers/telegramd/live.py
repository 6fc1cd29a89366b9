"""What becomes tappable by itself: @mentions, /commands, #hashtags, $cashtags, addresses of pages and of mail.

The rules are those of Telegram's own library, letter by letter where they matter. Telephone and card numbers are not found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tests.servers.telegramd.log import Json
from tests.servers.telegramd.texts import Formatted, part, units

_TLDS = frozenset(
    word
    for line in Path(__file__).with_name("tlds.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)
_SHORT_NAMES = ("gif", "nft", "pic", "ufc", "vid")
_CLOSED = ("code", "pre", "text_link", "text_mention", "custom_emoji", "date_time")
"""Within these nothing is found."""
_MENTION = re.compile(r"@([A-Za-z0-9_]{2,32})(?![A-Za-z0-9_])")
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?![A-Za-z0-9_])(?:@([A-Za-z0-9_]{3,32})(?![A-Za-z0-9_]))?(?!@)")
_CASHTAG = re.compile(r"\$(1INCH|[A-Z]{1,8})(?:@[A-Za-z0-9_]{3,32})?")
_PROTOCOL = re.compile(r"(https?|ftp|tonsite)://$", re.IGNORECASE)
_DEEP = re.compile(r"(?:tg|ton|tonsite)://[A-Za-z0-9_-]{1,253}(?:[/?#][^\s<>\"«»]*)?", re.IGNORECASE)
_MAIL = re.compile(
    r"(?:[a-z0-9_-]{0,26}[.+]){0,10}[a-z0-9_-]{1,35}@(?:(?:[a-z0-9][a-z0-9_-]{0,28})?[a-z0-9][.]){1,6}[a-z]{2,8}",
    re.IGNORECASE,
)
_PORT = re.compile(r":0*[1-9][0-9]{0,4}(?![0-9])")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
_AFTER_PATH = ".:;,('?!`"
_PAIRS = {")": "(", "]": "[", "}": "{"}

Span = tuple[str, int, int]
"""Kind, beginning, end: in letters of Python's."""


def find_live(text: Formatted) -> list[Json]:
    """Everything that became tappable, in order: ``type``, ``offset``, ``length``, and the ``text`` itself."""
    closed = [one for one in text.entities if one["type"] in _CLOSED]
    found: list[Json] = []
    for kind, begin, end in sorted(_spans(text.text), key=lambda span: (span[1], -span[2])):
        offset, length = units(text.text[:begin]), units(text.text[begin:end])
        covered = any(_meet(offset, length, one) for one in (*closed, *found))
        if not covered:
            found.append({"type": kind, "offset": offset, "length": length, "text": text.text[begin:end]})
    return found


def found_entities(text: str) -> list[Json]:
    """The same as entities, as messages of people carry them."""
    return [{key: one[key] for key in ("type", "offset", "length")} for one in find_live(Formatted(text=text))]


def words_of(text: str, entity: Json) -> str:
    """What an entity covers."""
    return part(text, entity["offset"], entity["length"])


def _meet(offset: int, length: int, other: Json) -> bool:
    return offset < other["offset"] + other["length"] and other["offset"] < offset + length


def _spans(text: str) -> Iterator[Span]:
    yield from _mentions(text)
    yield from _commands(text)
    yield from _hashtags(text)
    yield from _cashtags(text)
    yield from (("url", match.start(), match.end()) for match in _DEEP.finditer(text))
    yield from _addresses(text)


def _is_word(letter: str) -> bool:
    return letter == "_" or unicodedata.category(letter)[0] in "LN"


def _is_tag(letter: str) -> bool:
    category = unicodedata.category(letter)
    return letter in "_\u200c·" or "\u0d80" <= letter <= "\u0dff" or category[0] == "L" or category == "Nd"


def _mentions(text: str) -> Iterator[Span]:
    for match in _MENTION.finditer(text):
        begin, end = match.span()
        known = len(match[1]) >= 4 or match[1].lower() in _SHORT_NAMES
        if known and not _touches(text, begin, end):
            yield "mention", begin, end


def _commands(text: str) -> Iterator[Span]:
    for match in _COMMAND.finditer(text):
        begin, end = match.span()
        beside = (text[begin - 1 : begin], text[end : end + 1])
        if not _touches(text, begin, end) and not any(letter in "/<>" for letter in beside if letter):
            yield "bot_command", begin, end


def _touches(text: str, begin: int, end: int) -> bool:
    """Does a letter or digit stand right before or after?"""
    before, after = text[begin - 1 : begin] if begin else "", text[end : end + 1]
    return any(_is_word(letter) for letter in (before, after) if letter)


def _hashtags(text: str) -> Iterator[Span]:
    for begin, letter in enumerate(text):
        if letter != "#" or (begin and _is_tag(text[begin - 1])):
            continue
        end = begin + 1
        while end < len(text) and _is_tag(text[end]):
            end += 1
        size = end - begin - 1
        has_letter = any(unicodedata.category(each)[0] == "L" for each in text[begin + 1 : end])
        if size and has_letter and text[end : end + 1] != "#":
            yield "hashtag", begin, min(end, begin + 257)


def _cashtags(text: str) -> Iterator[Span]:
    for match in _CASHTAG.finditer(text):
        begin, end = match.span()
        beside = (text[begin - 1 : begin] if begin else "", text[end : end + 1])
        if not any(letter == "$" or _is_tag(letter) for letter in beside if letter):
            yield "cashtag", begin, end


def _addresses(text: str) -> Iterator[Span]:
    at = 0
    while (dot := text.find(".", at)) >= 0:
        begin, end = _around(text, dot, at)
        span = _address(text, begin, end, at)
        if span is not None:
            yield span
        at = max(end if span is None else span[2], dot + 1)


def _around(text: str, dot: int, start: int) -> tuple[int, int]:
    """The run of letters that may be a domain around a dot, with what stands before its ``@``."""
    begin = dot
    while begin > start and _in_domain(text[begin - 1]):
        begin -= 1
    end = dot
    while end < len(text) and (_in_domain(text[end]) or text[end] == "@"):
        end += 1
    if "@" in text[dot:end] or (begin > start and text[begin - 1] == "@"):
        begin = begin - 1 if begin > start and text[begin - 1] == "@" else begin
        while begin > start and _in_name(text[begin - 1]):
            begin -= 1
    return begin, end


def _address(text: str, begin: int, end: int, start: int) -> Span | None:
    """What stands before ``start`` was looked at already and counts no more."""
    dot = text.find(".", begin)
    run = text[begin:end].rstrip(".")
    mail = _MAIL.fullmatch(run.removeprefix("mailto:"))
    if mail:
        shift = len(run) - len(mail[0])
        return None if begin > start and _stuck(text, begin) else ("email", begin + shift, begin + len(run))
    domain = run.rpartition("@")[2]
    end = begin + len(run)
    protocol = _PROTOCOL.search(text[start:begin])
    if begin > start and not protocol and _stuck(text, begin):
        return None
    if not _is_domain(domain, any_ending=protocol is not None) or end <= dot:
        return None
    return "url", start + protocol.start() if protocol else begin, _past_path(text, end)


def _stuck(text: str, begin: int) -> bool:
    """Does what stands before an address make it none?"""
    return _is_word(text[begin - 1]) or text[begin - 1] in "/#@"


def _past_path(text: str, end: int) -> int:
    """Where an address ends whose domain ends here."""
    port = _PORT.match(text, end)
    end = port.end() if port and int(port[0][1:]) <= 65_535 else end
    if text[end : end + 1] not in ("/", "?", "#") or end >= len(text):
        return end
    stop, open_pairs = end + 1, dict.fromkeys(_PAIRS.values(), 0)
    while stop < len(text) and _in_path(text[stop]):
        letter = text[stop]
        if letter in open_pairs:
            open_pairs[letter] += 1
        elif letter in _PAIRS:
            open_pairs[_PAIRS[letter]] -= 1
            if open_pairs[_PAIRS[letter]] < 0:
                break
        stop += 1
    while stop > end + 1 and text[stop - 1] in _AFTER_PATH:
        stop -= 1
    return stop if text[end] == "/" or stop > end + 1 else end


def _is_domain(domain: str, *, any_ending: bool) -> bool:
    parts = domain.split(".")
    if len(parts) < 2 or any(not each or len(each) >= 64 or each.endswith("-") for each in parts):
        return False
    if _IPV4.fullmatch(domain):
        return True
    top = parts[-1].lower()
    if domain.replace(".", "").isdigit() or len(top) < 2 or "_" in parts[-2]:
        return False
    if top.startswith("xn--"):
        return len(top) > 5 and top[4:].isalnum()
    capital = parts[-1] != top and parts[-1][1:] == top[1:]
    return "_" not in top and "-" not in top and (any_ending or (top in _TLDS and not capital))


def _in_domain(letter: str) -> bool:
    if ord(letter) < 0xC0:
        return letter in ".-_~" or (letter.isascii() and letter.isalnum())
    return _in_address(letter)


def _in_address(letter: str) -> bool:
    if "\u2000" <= letter <= "\u206f":
        return letter in "\u200c\u200d" or "\u2010" <= letter <= "\u2015"
    return unicodedata.category(letter)[0] != "Z" and letter not in "\n\t"


def _in_name(letter: str) -> bool:
    return letter not in "\n/[]{}()'`<>\"@«»" and _in_address(letter)


def _in_path(letter: str) -> bool:
    return letter not in '\n<>"«»' and _in_address(letter)
