"""Finding and reading documents, in Hebrew and in English."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import docx
import pytest

from engine.ports.documents import DocumentQuery
from integrations.local_workspace import LocalDocuments
from integrations.local_workspace.sample import assemble_pdf, pdf

DECEMBER = {"since": date(2025, 12, 1), "until": date(2025, 12, 31)}


async def paths(store: LocalDocuments, *terms: str, since: date | None = None, until: date | None = None) -> list[str]:
    found = await store.search(DocumentQuery(terms=terms, since=since, until=until))
    assert found.problems == ()
    return [item.path for item in found.items]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("תבואות", "מה עשינו בדצמבר בתבואות"),
        ("דצמבר", "מה עשינו בדצמבר בתבואות"),
        ("בתבואות", "החברה תבואות גדלה"),
        ("שבתבואות", "המנהלים ובתבואות עצמה"),
        ("תְּבוּאוֹת", "תבואות"),
        ("אסטרטגיה", "אסטרטגיית החברה"),
        ("האסטרטגיה", "כתבנו אסטרטגיה"),
        ('דו"ח', "הדו״ח השנתי"),
        ("Tevuot", "מה עשינו בתבואות"),
        ("תבואות", "What we did at Tevuot"),
        ("Yoav", "נפגשנו עם יואב"),
        ("ליואב", "Met with Yoav yesterday"),
        ("דצמבר", "December was busy"),
        ("strategies", "Our strategy"),
        ("STRATEGY", "strategy"),
        ("בוא", "תבואות"),
        ("יואב לוי", "סיכום של לוי עם יואב"),
    ],
)
async def test_a_word_is_found_in_the_form_the_text_has_it(
    docs: Path, store: LocalDocuments, query: str, text: str
) -> None:
    (docs / "hit.md").write_text(f"# x\n{text}\n", encoding="utf-8")
    (docs / "miss.md").write_text("# y\nשום דבר מזה, nothing of that\n", encoding="utf-8")
    assert await paths(store, query) == ["hit.md"]


async def test_the_line_that_shows_why_is_quoted_with_its_number(docs: Path, store: LocalDocuments) -> None:
    (docs / "a.md").write_text("# כותרת\n\nשורה\nסיכמנו אסטרטגיה בתבואות\n", encoding="utf-8")
    (item,) = (await store.search(DocumentQuery(terms=("תבואות", "אסטרטגיה")))).items
    assert (item.title, item.line, item.snippet) == ("כותרת", 4, "סיכמנו אסטרטגיה בתבואות")


async def test_every_format_is_read(docs: Path, store: LocalDocuments) -> None:
    paper = docx.Document()
    paper.add_heading("תקציב Budget")
    table = paper.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "שיווק", "apple 85"
    paper.save(str(docs / "a.docx"))
    (docs / "b.pdf").write_bytes(pdf(["one apple", "two (apples)"]))
    (docs / "c.txt").write_bytes("תפוח apple".encode("cp1255"))
    (docs / "d.md").write_bytes("apple ותפוח".encode("utf-16"))
    assert sorted(await paths(store, "apple")) == ["a.docx", "b.pdf", "c.txt", "d.md"]
    assert (await store.read("a.docx")).lines == ("# תקציב Budget", "שיווק | apple 85")
    assert (await store.read("b.pdf")).lines == ("one apple", "two (apples)")
    assert (await store.read("c.txt")).lines == ("תפוח apple",)
    assert (await store.read("d.md")).language == "he"


async def test_added_changed_and_removed_files_are_followed_at_once(docs: Path, store: LocalDocuments) -> None:
    assert await paths(store, "apple") == []
    (docs / "new.md").write_text("apple", encoding="utf-8")
    assert await paths(store, "apple") == ["new.md"]
    (docs / "new.md").write_text("peach", encoding="utf-8")
    assert await paths(store, "apple") == []
    assert await paths(store, "peach") == ["new.md"]
    assert (await store.read("new.md")).lines == ("peach",)
    (docs / "new.md").unlink()
    assert await paths(store, "peach") == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("status-2025-12-07", ""),
        ("weekly_20251231", ""),
        ("notes-2025-12", ""),
        ("סיכום-דצמבר-2025", ""),
        ("a", "3.12.2025 ישיבה"),
        ("b", "כתבנו ב-3 בדצמבר 2025"),
        ("c", "December 3, 2025"),
        ("d", "Minutes of December 2025"),
        ("e", "Q4 2025 review"),
    ],
)
async def test_a_document_belongs_to_the_period_it_names(
    docs: Path, store: LocalDocuments, name: str, text: str
) -> None:
    (docs / f"{name}.md").write_text(f"{text}\napple\n", encoding="utf-8")
    (docs / "outside-2025-11-30.md").write_text("apple apple apple\n", encoding="utf-8")
    assert await paths(store, "apple", **DECEMBER) == [f"{name}.md"]


async def test_without_a_date_the_modification_day_counts(docs: Path, store: LocalDocuments) -> None:
    for name, day in (("in.md", 31), ("out.md", 1)):
        (docs / name).write_text("apple", encoding="utf-8")
        written = datetime(2025, 12 if day > 1 else 11, day, 12, tzinfo=UTC).timestamp()
        os.utime(docs / name, (written, written))
    assert await paths(store, "apple", **DECEMBER) == ["in.md"]


async def test_a_period_never_hides_what_names_it_nor_everything(docs: Path, store: LocalDocuments) -> None:
    text = "apple\n" * 9
    (docs / "later-2026-01-15.md").write_text(text + "as agreed in December 2025\n", encoding="utf-8")
    (docs / "other-2026-02-01.md").write_text(text, encoding="utf-8")
    assert await paths(store, "apple", **DECEMBER) == ["later-2026-01-15.md"]
    assert len(await paths(store, "apple", since=date(2024, 1, 1), until=date(2024, 1, 2))) == 2


async def test_words_that_find_nothing_leave_the_documents_of_the_period(docs: Path, store: LocalDocuments) -> None:
    (docs / "a-2025-12-02.md").write_text("apple", encoding="utf-8")
    (docs / "b-2025-10-02.md").write_text("apple", encoding="utf-8")
    assert await paths(store, "עשינו", **DECEMBER) == ["a-2025-12-02.md"]
    assert await paths(store, "עשינו") == []


async def test_agendas_are_found_below_what_they_quote_and_hidden_files_never(
    docs: Path, store: LocalDocuments
) -> None:
    (docs / "source.md").write_text("budget of the company and much else\n", encoding="utf-8")
    (docs / ".hidden.md").write_text("budget", encoding="utf-8")
    path = await store.save_agenda(key="k", title="budget budget", text="budget")
    assert await paths(store, "budget") == ["source.md", path]


async def test_saving_an_agenda_twice_leaves_one_file(docs: Path, store: LocalDocuments) -> None:
    first = await store.save_agenda(key="local/e/s/1", title="סדר יום: אסטרטגיה / Q1", text="# א\n")
    again = await store.save_agenda(key="local/e/s/1", title="סדר יום: אסטרטגיה / Q1", text="# א\n")
    retitled = await store.save_agenda(key="local/e/s/1", title="../../x\u202e", text="# ב\n")
    assert first == again
    assert first.startswith("agendas/סדר-יום-אסטרטגיה-q1-")
    assert [path.name for path in docs.rglob("*") if path.is_file()] == [retitled.removeprefix("agendas/")]
    assert (await store.read(retitled)).lines == ("# ב",)


async def test_an_agenda_saved_again_keeps_what_somebody_wrote_into_it_since(docs: Path, store: LocalDocuments) -> None:
    path = await store.save_agenda(key="local/e/s/1", title="Strategy", text="# ours\n")
    (docs / path).write_text("# theirs\n", encoding="utf-8")
    assert await store.save_agenda(key="local/e/s/1", title="Strategy", text="# ours\n") == path
    assert (docs / path).read_text("utf-8") == "# theirs\n"


async def test_hebrew_of_a_pdf_in_visual_order_comes_out_in_reading_order(docs: Path, store: LocalDocuments) -> None:
    (docs / "v.pdf").write_bytes(_hebrew_pdf(["םולש", ".2025 רבמצדב Tevuot לש םיפסכה חוד", "(ףסכה) ןאכ"]))
    text = await store.read("v.pdf")
    assert text.lines == ("שלום", "דוח הכספים של Tevuot בדצמבר 2025.", "כאן (הכסף)")
    assert await paths(store, "הכספים") == ["v.pdf"]


async def test_hebrew_of_a_pdf_in_reading_order_is_left_alone(docs: Path, store: LocalDocuments) -> None:
    (docs / "l.pdf").write_bytes(_hebrew_pdf(["שלום לכולם", "הדוח מוכן."]))
    assert (await store.read("l.pdf")).lines == ("שלום לכולם", "הדוח מוכן.")


def _hebrew_pdf(lines: list[str]) -> bytes:
    """One page whose two-byte codes are mapped to Unicode by a ToUnicode table, as real Hebrew PDFs do."""
    letters = sorted(set("".join(lines)))
    pairs = "\n".join(f"<{ord(letter):04X}> <{ord(letter):04X}>" for letter in letters)
    table = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /T def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{len(letters)} beginbfchar\n{pairs}\nendbfchar\n"
        "endcmap end end"
    ).encode()
    shown = "\n".join("<" + "".join(f"{ord(c):04X}" for c in line) + "> Tj T*" for line in lines)
    stream = f"BT /F1 11 Tf 15 TL 60 780 Td\n{shown}\nET".encode()
    return assemble_pdf(
        (
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R"
            b" /Resources << /Font << /F1 4 0 R >> >> >>",
            b"<< /Type /Font /Subtype /Type0 /BaseFont /Arial /Encoding /Identity-H"
            b" /DescendantFonts [6 0 R] /ToUnicode 7 0 R >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Arial /DW 500"
            b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(table), table),
        )
    )
