"""Documents that are broken, hostile, hidden or moving."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pypdf
import pytest

from engine import failpoints
from engine.errors import RefusedError
from engine.ports.documents import DocumentQuery
from integrations.local_workspace import LocalDocuments
from integrations.local_workspace.extract import ExtractionLimits
from integrations.local_workspace.sample import pdf


def _zip(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def _encrypted_pdf() -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(["secret"])))
    writer.encrypt("password", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


BROKEN = {
    "corrupt.docx": (b"PK\x03\x04 this is no archive", "damaged"),
    "text.docx": (b"plain text", "damaged"),
    "empty-archive.docx": (_zip(a=b"x"), "damaged"),
    "bomb.docx": (_zip(word__document=b"\0" * (70 << 20)), "unpacks to more than"),
    "encrypted.pdf": (_encrypted_pdf(), "encrypted"),
    "corrupt.pdf": (b"%PDF-1.7\nnothing", "damaged"),
    "scan.pdf": (pdf([]), "no text"),
    "binary.txt": (b"a\0b\x01\x02", "not text"),
    "odd.md": (b"\xff\xfe\x00\xd8\x00", "encoding"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_an_unusable_file_is_named_with_its_reason_and_the_rest_is_found(
    docs: Path, store: LocalDocuments, name: str
) -> None:
    content, reason = BROKEN[name]
    (docs / name).write_bytes(content)
    (docs / "good.md").write_text("apple", encoding="utf-8")
    (docs / "good.pdf").write_bytes(pdf(["apple"]))
    for _ in range(2):
        found = await store.search(DocumentQuery(terms=("apple",)))
        assert {item.path for item in found.items} == {"good.md", "good.pdf"}
        assert len(found.problems) == 1
        assert found.problems[0].startswith(f"{name}: ")
        assert reason in found.problems[0].removeprefix(name)
    with pytest.raises(RefusedError, match=name) as refused:
        await store.read(name)
    assert refused.value.code == "document_unreadable"


async def test_a_file_that_was_mended_is_found(docs: Path, store: LocalDocuments) -> None:
    (docs / "a.pdf").write_bytes(b"%PDF-1.7\nnothing")
    assert (await store.search(DocumentQuery(terms=("apple",)))).problems
    (docs / "a.pdf").write_bytes(pdf(["apple"]))
    found = await store.search(DocumentQuery(terms=("apple",)))
    assert ([item.path for item in found.items], found.problems) == (["a.pdf"], ())


async def test_too_large_and_too_slow_files_are_refused(docs: Path) -> None:
    store = LocalDocuments(docs, limits=ExtractionLimits(file_bytes=100, text_bytes=50, seconds=0.001))
    (docs / "large.md").write_text("apple " * 20, encoding="utf-8")
    (docs / "slow.docx").write_bytes(b"PK" + b"x" * 50)
    problems = (await store.search(DocumentQuery(terms=("apple",)))).problems
    store.close()
    assert [problem.split(":")[0] for problem in problems] == ["large.md", "slow.docx"]
    assert "at most 100" in problems[0]
    assert "longer than 0.001 seconds" in problems[1]


async def test_nothing_outside_the_root_is_read(docs: Path, store: LocalDocuments, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("apple", encoding="utf-8")
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "deep.md").write_text("apple", encoding="utf-8")
    (docs / "link.md").symlink_to(tmp_path / "secret.md")
    (docs / "folder").symlink_to(tmp_path / "private")
    os.mkfifo(docs / "pipe.md")
    found = await store.search(DocumentQuery(terms=("apple",)))
    assert found.items == ()
    assert [problem.split(":")[0] for problem in found.problems] == ["folder", "link.md"]
    outside = (
        "link.md",
        "folder/deep.md",
        "../secret.md",
        "a/../../secret.md",
        str(tmp_path / "secret.md"),
        "a\\b",
        "a\0",
    )
    for path in outside:
        with pytest.raises(RefusedError) as refused:
            await store.read(path)
        assert refused.value.code == "document_outside", path


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("nothing.md", "document_missing"),
        ("", "document_missing"),
        ("a//b.md", "document_missing"),
        (".hidden.md", "document_missing"),
        ("good.md/x", "document_missing"),
        ("x" * 5000, "document_missing"),
        ("\ud800.md", "document_outside"),
        ("pipe.md", "document_unreadable"),
        ("folder", "document_unreadable"),
        ("run.exe", "document_unreadable"),
    ],
)
async def test_reading_what_is_no_document_is_refused_by_name(
    docs: Path, store: LocalDocuments, path: str, code: str
) -> None:
    (docs / "good.md").write_text("x", encoding="utf-8")
    (docs / ".hidden.md").write_text("x", encoding="utf-8")
    (docs / "run.exe").write_text("x", encoding="utf-8")
    (docs / "folder").mkdir()
    os.mkfifo(docs / "pipe.md")
    with pytest.raises(RefusedError) as refused:
        await store.read(path)
    assert refused.value.code == code


async def test_a_file_that_changes_once_while_it_is_read_is_read_again(docs: Path, store: LocalDocuments) -> None:
    (docs / "a.md").write_text("old", encoding="utf-8")
    passed: list[str] = []

    def change(point: str) -> None:
        passed.append(point)
        if point == "documents.read#1":
            (docs / "a.md").write_text("new text", encoding="utf-8")

    failpoints.arm(None, change)
    assert (await store.read("a.md")).lines == ("new text",)
    assert passed == ["documents.read#1", "documents.read#2"]


async def test_a_file_that_changes_twice_while_it_is_read_is_refused_until_it_rests(
    docs: Path, store: LocalDocuments
) -> None:
    (docs / "a.md").write_text("apple", encoding="utf-8")
    passed: list[str] = []

    def change(point: str) -> None:
        passed.append(point)
        (docs / "a.md").write_text(f"apple {point}", encoding="utf-8")

    failpoints.arm(None, change)
    with pytest.raises(RefusedError, match="changed twice"):
        await store.read("a.md")
    assert passed == ["documents.read#1", "documents.read#2"]
    found = await store.search(DocumentQuery(terms=("apple",)))
    assert "changed twice" in found.problems[0]
    failpoints.arm(None)
    found = await store.search(DocumentQuery(terms=("apple",)))
    assert ([item.path for item in found.items], found.problems) == (["a.md"], ())


@pytest.mark.parametrize(
    "term", ['"', "a OR b", "* NEAR(", "''; DROP TABLE documents", "x" * 5000, "🙂" * 100, "--", "שׁ"]
)
async def test_no_query_is_syntax(docs: Path, store: LocalDocuments, term: str) -> None:
    (docs / "a.md").write_text("apple", encoding="utf-8")
    assert (await store.search(DocumentQuery(terms=(term,)))).searched == 1


async def test_a_missing_folder_is_an_empty_one(tmp_path: Path) -> None:
    store = LocalDocuments(tmp_path / "none" / "docs")
    assert (await store.search(DocumentQuery(terms=("x",)))).items == ()
    store.close()
