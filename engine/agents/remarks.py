"""What people wrote in a conversation, ready to be read: bounded, cut into pieces that can be cited, quoted. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.agents.digest import grouped, numbered, numbers
from engine.agents.evidence import Evidence, as_data
from engine.agents.extracts import MAX_EXTRACTS, Interest, extract, select
from engine.agents.links import without_unfounded
from engine.agents.quoting import one_line, quoted
from engine.agents.wording import wording
from engine.domain.artifact import Extract, Source
from engine.domain.json import JsonObject, JsonValue
from engine.domain.request import Request
from engine.ports.documents import DocumentText
from engine.ports.remarks import Remark

MAX_REMARKS = 200
MAX_CHARACTERS = 30_000
"""Of all remarks together; the newest count."""

_PIECE_CHARACTERS = 600
_AUTHOR_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One remark as it is read."""

    place: str
    """Author and time in the asker's zone; names it among the remarks read."""
    author: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What is read of a conversation, oldest first."""

    remarks: tuple[Said, ...] = ()
    left_out: bool = False
    """There is more than is read."""


def conversation(newest: Sequence[Remark], request: Request, zone: ZoneInfo) -> Conversation:
    """The newest remarks that may be read together, without the request itself.

    Args:
        newest: oldest of them first; one more than ``MAX_REMARKS`` tells that there is more.
        request: whose conversation it is.
        zone: in which times are told.
    """
    others = [remark for remark in newest if not _is_request(remark, request)]
    kept: list[Remark] = []
    room = MAX_CHARACTERS
    for remark in reversed(others[-MAX_REMARKS:]):
        if len(remark.text) > room and kept:
            break
        kept.append(replace(remark, text=remark.text[:room]))
        room -= len(kept[-1].text)
    cut = any(len(remark.text) > len(one.text) for remark, one in zip(reversed(others), kept, strict=False))
    return Conversation(
        remarks=tuple(_said(reversed(kept), zone)), left_out=cut or len(kept) < len(others) or len(newest) > MAX_REMARKS
    )


def evidence_of(read: Conversation, locale: str) -> tuple[Evidence, ...]:
    """Every remark in pieces, each with who wrote it and when as its source."""
    found: list[Evidence] = []
    for remark in read.remarks:
        for piece in _pieces(" ".join(remark.text.split())):
            source = Source(path=remark.place, title=wording(locale).conversation, quote=piece)
            found.append(Evidence(text=piece, source=source))
    return tuple(found)


def remarks_block(read: Conversation, evidence: Sequence[Evidence]) -> str:
    """The pieces as the block the prompt calls ``<remarks>``: their authors' names are data as well."""
    remarks = {remark.place: remark for remark in read.remarks}
    return as_data("remarks", (_row(number, piece, remarks) for number, piece in enumerate(evidence, start=1)))


def best_of(read: Conversation, interest: Interest, locale: str) -> tuple[Extract, ...]:
    """What to quote without a model: by topic and cue, the newest before the older where they weigh the same."""
    found: list[Extract] = []
    title = wording(locale).conversation
    for age, remark in enumerate(reversed(read.remarks)):
        lines = tuple(remark.text.splitlines())
        found.extend(extract(DocumentText(path=remark.place, title=title, lines=lines), interest, age))
    if not found:  # nothing longer than "fine by me": then that is what was written
        found = [Extract(text=one_line(r.text, 300), source=Source(path=r.place, quote=r.text)) for r in read.remarks]
        found = [e for e in found if e.text][-MAX_EXTRACTS:]
    # A remark is one place, however many lines it has.
    return tuple(replace(e, source=replace(e.source, line=None, title=title)) for e in select(found))


def quotes(chosen: Sequence[Extract], read: int, locale: str) -> str:
    """Markdown: how much was read, then each kind under its heading, each quote with its author, time and number."""
    words = wording(locale)
    number = numbers(numbered(chosen))
    parts = [words.remarks_read.format(count=read)]
    for kind, group in grouped(chosen).items():
        lines = [
            f"- {quoted(e.text)} ({quoted(e.source.path)}) [{number[e.source.path, e.source.line]}]" for e in group
        ]
        parts.append("\n".join([f"### {words.kinds[kind]}", *lines]))
    return "\n\n".join(parts)


def _is_request(remark: Remark, request: Request) -> bool:
    if remark.author_id != request.user_id:
        return False
    words = remark.text.split()
    while words and words[0].startswith("@"):
        words.pop(0)
    return remark.at == request.sent_at or " ".join(words) == " ".join(request.text.split())


def _said(remarks: Iterator[Remark], zone: ZoneInfo) -> Iterator[Said]:
    taken: set[str] = set()
    for remark in remarks:
        # A name shows as part of a source, and must not vouch for a link.
        author, _ = without_unfounded(one_line(remark.author, _AUTHOR_CHARACTERS) or "?", ())
        named = place = f"{author}, {remark.at.astimezone(zone):%Y-%m-%d %H:%M}"
        again = 1
        while place in taken:
            again += 1
            place = f"{named} ({again})"
        taken.add(place)
        yield Said(place=place, author=author, at=remark.at.astimezone(zone), text=remark.text)


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces, cut between words where there are any."""
    while len(text) > _PIECE_CHARACTERS:
        cut = text.rfind(" ", _PIECE_CHARACTERS // 2, _PIECE_CHARACTERS)
        cut = _PIECE_CHARACTERS if cut < 0 else cut
        yield text[:cut]
        text = text[cut:].lstrip()
    if text:
        yield text


def _row(number: int, piece: Evidence, remarks: dict[str, Said]) -> JsonObject:
    remark = remarks[piece.source.path] if piece.source else None
    row: dict[str, JsonValue] = {"n": number}
    if remark is not None:
        row |= {"by": remark.author, "at": f"{remark.at:%Y-%m-%d %H:%M %A}"}
    return {**row, "text": one_line(piece.text, _PIECE_CHARACTERS)}
