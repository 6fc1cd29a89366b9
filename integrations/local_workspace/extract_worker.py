"""The process that opens foreign .docx and .pdf files: started by ``extract.py``, fed by pipe, killed when it is slow.

Run by file path in isolated mode, so it imports nothing of ours. It reads no file itself: a request on standard input
is one JSON line ``{"kind", "size", "most"}`` followed by ``size`` bytes; the answer is one JSON line,
``{"lines": […]}`` or ``{"reason": "…"}``.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

_MEMORY = 1 << 30
_MOST_ENTRIES = 10_000
_MOST_PAGES = 5_000


class Unusable(Exception):  # noqa: N818 - a verdict on a file, not an error of ours
    """Why a file cannot be used, in a few words."""


def main() -> None:
    """Answer requests until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        content = sys.stdin.buffer.read(request["size"])
        answer = json.dumps(_answer(request["kind"], content, request["most"])).encode()
        sys.stdout.buffer.write(answer + b"\n")
        sys.stdout.buffer.flush()


def _answer(kind: str, content: bytes, most: int) -> dict[str, Any]:
    readers = {".docx": _docx, ".pdf": _pdf}
    try:
        return {"lines": list(_bounded(readers[kind](content, most), most))}
    except Unusable as verdict:
        return {"reason": str(verdict)}
    except MemoryError:
        return {"reason": "it needs too much memory"}
    except Exception as error:  # noqa: BLE001 - crash barrier: parsers of foreign files raise anything
        return {"reason": f"it is damaged ({type(error).__name__})"}


def _bounded(lines: Iterator[str], most: int) -> Iterator[str]:
    for line in lines:
        most -= len(line) + 1
        if most < 0:
            raise Unusable("its text is too long")
        yield line


def _docx(content: bytes, most: int) -> Iterator[str]:
    _refuse_bomb(content, most)
    import docx  # noqa: PLC0415 - slow to import, and many runs need only one of the two
    from docx.table import Table  # noqa: PLC0415

    for block in docx.Document(io.BytesIO(content)).iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                yield " | ".join(dict.fromkeys(cell.text.replace("\n", " ").strip() for cell in row.cells))
        else:
            style = (block.style.name or "") if block.style is not None else ""
            mark = "# " if block.text.strip() and style.startswith(("Heading", "Title")) else ""
            yield from (mark + block.text).split("\n")


def _refuse_bomb(content: bytes, most: int) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        encrypted = content.startswith(b"\xd0\xcf\x11\xe0")
        raise Unusable("it is encrypted or an old .doc" if encrypted else "it is damaged (not a .docx)") from error
    if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > most:
        raise Unusable(f"it unpacks to more than {most:,} bytes")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unusable("it is encrypted")


def _pdf(content: bytes, most: int) -> Iterator[str]:
    import pypdf  # noqa: PLC0415 - slow to import, and many runs need only one of the two
    from pypdf._text_extraction import set_custom_rtl  # noqa: PLC0415 - documented; exported nowhere else
    from pypdf.errors import DependencyError  # noqa: PLC0415

    # pypdf turns each Hebrew run on its own, which scrambles mixed lines: take letters as drawn, order is mended later.
    set_custom_rtl(specials=[*range(0x590, 0x600), *range(0xFB1D, 0xFB50)])
    reader = pypdf.PdfReader(io.BytesIO(content))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unusable("it is encrypted")
        pages = len(reader.pages)
    except DependencyError as error:
        raise Unusable("it is encrypted") from error
    if pages > _MOST_PAGES:
        raise Unusable(f"it has {pages:,} pages, at most {_MOST_PAGES:,} are read")
    left, empty = most, True
    for page in reader.pages:
        text = page.extract_text()
        left -= len(text)
        if left < 0:
            raise Unusable("its text is too long")
        empty = empty and not text.strip()
        yield from text.rstrip("\n").split("\n")
    if empty:
        raise Unusable("it has no text (a scan?)")


if __name__ == "__main__":
    main()
