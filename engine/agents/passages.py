"""Cuts a document's lines into passages one can quote: bullets whole, paragraphs by sentence, each with its line."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.agents.cues import Kind, classify
from engine.agents.quoting import one_line

MAX_LINES = 5_000
"""Lines looked at per document; what a status summary needs stands long before."""
MAX_DOCUMENT_CHARACTERS = 300_000
"""The same bound for documents with long lines."""
MAX_CHARACTERS = 320
"""Longer passages are cut between words."""
_MIN_CHARACTERS = 12
_MAX_LINE = 4_000
_MAX_BLOCK_LINES = 200
_LABEL_CHARACTERS = 40
_WRAPPED_CHARACTERS = 45
"""A shorter line was ended on purpose, not wrapped."""

_HEADING = re.compile(r"^#{1,6}\s+(?P<text>.+?)[\s#:]*$|^(?:\*\*|__)(?P<bold>[^*_]{1,60}?):?(?:\*\*|__):?$")
_BULLET = re.compile(r"^(?:[-*+•‣◦▪●–—]\s+|\(?\d{1,2}[.)]\s+)(?:\[[ xX]\]\s+)?(?P<text>.+)$")
_RULE = re.compile(r"^[\s|:=_*+-]+$|^\|.*\|$")
_SENTENCE_END = re.compile(
    r"(?<!\bDr\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bvs\.)(?:(?<=\w{2}[.!?])|(?<=\.\d[.!?]))[\"״”)]?\s+(?=[\"״“(]?[A-Zא-ת0-9])"
)
_LINE_END = re.compile(r"[.!?…][\"״”)]?$")
_BYLINE = re.compile(
    r"^(?:כתבה?|כתבו|הכינה?|הכינו|מאת|נכחו|משתתפים|תאריך|אל|עותק|author|by|owner|written by|prepared by|present"
    r"|attendees|date|from|to|cc)\s*:.{0,120}$"
    r"|^\d{4}-\d{2}-\d{2},?\s[^.!?:]{0,60}$|^\W*\d{1,2}[\s./-]+[^\W\d]*[\s./-]*\d{0,4}[\s./-]*\d{2,4}\W*$",
    re.IGNORECASE,
)
_MARKS = re.compile(r"\*\*|__|`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A sentence or a bullet."""

    text: str
    """One line, cleaned of markup."""
    line: int
    """1-based line it begins on."""
    section: str = ""
    """The heading it stands under."""
    bullet: bool = False


@dataclass(slots=True, kw_only=True)
class _Block:
    section: str
    bullet: bool
    lines: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


def passages(lines: Sequence[str]) -> Iterator[Passage]:
    """Every passage in reading order. Headings, tables, code, front matter, bylines and bare dates give none."""
    for block in _blocks(_readable(lines)):
        yield from _cut(block)


def _readable(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Numbered lines outside front matter and code; an empty string where something was left out."""
    fenced, left = False, MAX_DOCUMENT_CHARACTERS
    front = bool(lines) and lines[0].strip() == "---" and "---" in (line.strip() for line in lines[1:40])
    for number, raw in enumerate(lines[:MAX_LINES], start=1):
        line = raw[: min(_MAX_LINE, left)].rstrip()
        left -= len(line)
        mark = line.strip()
        if front:
            front = number == 1 or mark != "---"
            yield number, ""
        elif mark.startswith(("```", "~~~")):
            fenced = not fenced
            yield number, ""
        else:
            yield number, "" if fenced or _RULE.match(mark) else line


def _blocks(lines: Iterable[tuple[int, str]]) -> Iterator[_Block]:
    section, titled = "", False
    block = _Block(section=section, bullet=False)
    for number, raw in lines:
        line = raw.strip().lstrip(">").strip()
        heading = _heading(line)
        bullet = _BULLET.match(line)
        if heading or bullet or not line or not _continues(block, raw):
            yield block
            # What the whole document is called says nothing about one of its sentences.
            section = heading if heading and titled else section
            titled = titled or bool(line)
            block = _Block(section=section, bullet=bullet is not None)
        if line and not heading:
            block.lines.append((number, bullet["text"] if bullet else line))
    yield block


def _continues(block: _Block, raw: str) -> bool:
    """Whether a line goes on with what the block says: inside a bullet when indented, else mid-sentence."""
    if not block.lines or len(block.lines) >= _MAX_BLOCK_LINES:
        return not block.lines and not block.bullet
    if block.bullet:
        return raw[:1].isspace()
    label, colon, _ = raw.strip().partition(":")
    labelled = bool(colon) and len(label) <= _LABEL_CHARACTERS and classify(label) is not Kind.OTHER
    last = block.lines[-1][1]
    wrapped = len(last) >= _WRAPPED_CHARACTERS or raw.strip()[:1].islower() or last.endswith((",", ";"))
    return wrapped and not labelled and not _LINE_END.search(last)


def _heading(line: str) -> str:
    """The heading's text, or an empty string. A short line with a cue ("Decisions", "סיכונים:") is one."""
    if match := _HEADING.match(line):
        return one_line(_MARKS.sub("", match["text"] or match["bold"]), 80)
    bare = line.rstrip(":")
    short = len(bare) <= 30 and len(bare.split()) <= 3 and not bare.endswith((".", "?", "!", ","))
    return bare if bare and short and not _BULLET.match(line) and classify(bare) is not Kind.OTHER else ""


def _cut(block: _Block) -> Iterator[Passage]:
    if not block.lines:
        return
    starts: list[int] = []
    joined = ""
    for _, text in block.lines:
        joined = f"{joined} " if joined else ""
        starts.append(len(joined))
        joined += text
    for begin, sentence in [(0, joined)] if block.bullet else _sentences(joined):
        text = one_line(_MARKS.sub("", sentence), MAX_CHARACTERS)
        if len(text) >= _MIN_CHARACTERS and not _BYLINE.match(text):
            line = block.lines[bisect_right(starts, begin) - 1][0]
            yield Passage(text=text, line=line, section=block.section, bullet=block.bullet)


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    begin = 0
    for end in _SENTENCE_END.finditer(text):
        yield begin, text[begin : end.end()].strip()
        begin = end.end()
    yield begin, text[begin:].strip()
