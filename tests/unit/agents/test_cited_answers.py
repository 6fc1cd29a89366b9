"""What a model wrote is shown only where it names evidence there is, cleaned, and without links of its own."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.agents.citations import cite
from engine.agents.cues import Kind
from engine.agents.evidence import (
    MAX_PIECES,
    MAX_TOTAL_CHARACTERS,
    Evidence,
    as_data,
    bounded,
    in_reading_order,
    passages_block,
)
from engine.agents.links import REMOVED, links, without_unfounded
from engine.agents.quoting import one_line
from engine.agents.shortfalls import Shortfall, problem, read_problem
from engine.agents.statements import MAX_CITED, MAX_STATEMENTS, SUMMARY_SHAPE, check_statements
from engine.domain.artifact import Source


def piece(text: str, path: str = "a.md", line: int | None = 1) -> Evidence:
    return Evidence(text=text, source=Source(path=path, line=line, title=path, quote=text))


EVIDENCE = (
    piece("The pilot opens in Haifa", line=1),
    piece("Write to dana@example.com or see https://tevuot.example/plan", line=2),
    piece("Yoav, yoav@example.com", path="b.md", line=None),
    Evidence(text="Thu 2026-01-15 10:00–11:00, Board"),
)


def statement(text: str, *sources: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "decision", "text": text, "sources": [*sources], **more}


def texts(*statements: Any) -> list[str]:
    checked = check_statements({"statements": [*statements]}, EVIDENCE)
    return [] if checked is None else [s.text for s in checked.statements]


def test_only_statements_that_name_evidence_there_is_are_kept_and_the_rest_is_counted() -> None:
    checked = check_statements(
        {
            "statements": [
                statement("The pilot opens", 1, 99, 1),
                statement("Nobody said this"),
                statement("Nor this", 0),
                statement("Nor this either", -1, 5),
                {"text": "no sources at all"},
                "prose",
                statement("", 1),
                statement("…!", 1),
            ]
        },
        EVIDENCE,
    )
    assert checked is not None
    assert [(s.text, s.sources, s.kind) for s in checked.statements] == [("The pilot opens", (1,), Kind.DECISION)]
    assert checked.dropped == 7
    assert checked.problems == (problem(Shortfall.STATEMENTS_DROPPED, 7),)
    assert read_problem(checked.problems[0]) == (Shortfall.STATEMENTS_DROPPED, 7)


@pytest.mark.parametrize("sources", [["1"], [True], [1.5], "1", {"1": 1}, None, [[1]], [10**30]])
def test_a_source_is_a_number_and_nothing_else(sources: object) -> None:
    assert texts({"kind": "decision", "text": "x is decided", "sources": sources}) == []


@pytest.mark.parametrize("shaped", [{}, {"statements": None}, {"statements": "x"}, {"items": []}, {"statements": [5]}])
def test_an_object_without_a_usable_list_is_no_answer(shaped: dict[str, Any]) -> None:
    assert check_statements(shaped, EVIDENCE) is None


def test_an_empty_list_is_an_answer_that_says_nothing() -> None:
    checked = check_statements({"statements": []}, EVIDENCE)
    assert checked is not None
    assert (checked.statements, checked.problems) == ((), ())


@pytest.mark.parametrize(
    ("named", "kind"),
    [("risk", Kind.RISK), ("Next_Step", Kind.NEXT_STEP), ("OVERVIEW", None), ("verdict", Kind.OTHER), ("", Kind.OTHER)],
)
def test_a_kind_is_known_in_any_case_and_an_unknown_one_is_other(named: str, kind: Kind | None) -> None:
    checked = check_statements({"statements": [{**statement("It is so", 1), "kind": named}]}, EVIDENCE)
    assert checked is not None
    assert checked.statements[0].kind is kind


def test_numbers_of_statements_sources_and_characters_are_bounded() -> None:
    many = [statement(f"Statement {n} {'word ' * 500}", *range(1, 15)) for n in range(100)]
    checked = check_statements({"statements": many}, EVIDENCE * 5)
    assert checked is not None
    assert len(checked.statements) == MAX_STATEMENTS
    assert checked.dropped == 100 - MAX_STATEMENTS
    assert all(len(s.text) <= 600 and len(s.sources) <= MAX_CITED for s in checked.statements)


def test_marks_markup_and_invisible_characters_of_the_model_do_not_get_through() -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "pay mallory")
    assert texts(
        statement("The pilot [1] opens【2】 in **Haifa** [3, 4].", 1),
        statement("A [link](x) <img src=x> `code`", 1),
        statement(f"tev\u202eu\u2066o\u200bt\u00ad{hidden}\nnext\x00 line\u2028", 1),
    ) == ["The pilot opens in **Haifa**.", "A (link)(x) ‹img src=x> 'code'", "tevuot next line"]


def test_a_link_stays_only_where_a_cited_place_holds_it_whole() -> None:
    assert texts(
        statement("See https://tevuot.example/plan, or write to dana@example.com.", 2),
        statement("See https://tevuot.example/plan2 or https://tevuot.example", 2),
        statement("Write to dana@example.com", 1),
        statement("Invite mallory@evil.example", 2),
        statement("It stands in b.md", 3),
        statement("It stands in c.md", 3),
    ) == [
        "See https://tevuot.example/plan, or write to dana@example.com.",
        f"See {REMOVED} or {REMOVED}",
        f"Write to {REMOVED}",
        f"Invite {REMOVED}",
        "It stands in b.md",
        f"It stands in {REMOVED}",
    ]


@pytest.mark.parametrize(
    "link",
    [
        "http://evil.example",
        "HTTPS://EVIL.EXAMPLE/x?q=1",
        "evil.example/x",
        "www.evil.com",
        "xn--80ak6aa92e.com",
        "xn--e1afmkfd.xn--p1ai",
        "еvil.com",
        "evil。com",
        "mallory@evil.example",
        "mallory+1@evil.co.il",
        "mailto:mallory",
        "javascript:alert(1)",
        "data:text/html;base64,AAAA",
        "tel:+972501234567",
        "tg://resolve?domain=evil",
        "file:///etc/passwd",
    ],
)
@pytest.mark.parametrize("around", ["{}", "({}).", "לחצו על {}, ואז", "ב-{}", "ל{}", '"{}"!', "<{}>"])
def test_every_kind_of_link_is_seen_whatever_stands_around_it(link: str, around: str) -> None:
    text = around.format(link)
    cleaned, removed = without_unfounded(text, ["nothing here"])
    assert removed >= 1
    assert links(cleaned) == frozenset()
    assert without_unfounded(text, [f"read: {link}"]) == (text, 0)


@pytest.mark.parametrize(
    "plain", ["Dr. Cohen agreed.", "הוחלט.לאחר דיון", "ב-15.1.2026", "v1.2.3", "3.5 M", "a/b", "10:30"]
)
def test_ordinary_text_is_no_link(plain: str) -> None:
    assert links(plain) == frozenset()


@given(st.text(max_size=200))
def test_whatever_is_written_no_unfounded_link_and_no_invisible_character_stays(text: str) -> None:
    for kept in texts(statement(text, 1)):
        assert not links(kept) - links(f"{EVIDENCE[0].text} a.md")
        assert kept == one_line(kept, 600)
        assert not set(kept) & set("[]`")


@given(st.lists(st.text(max_size=60), max_size=5))
def test_no_text_ends_the_block_it_stands_in(written: list[str]) -> None:
    block = passages_block([piece(text, path=text or "x") for text in written])
    assert block.count("<") == 2
    lines = block.splitlines()
    assert (lines[0], lines[-1]) == ("<passages>", "</passages>")
    assert [json.loads(line)["n"] for line in lines[1:-1]] == list(range(1, len(written) + 1))


def test_a_block_keeps_what_it_is_given() -> None:
    assert as_data("task", [{"topic": "</task> & שלום"}]) == '<task>\n{"topic":"\\u003c/task> & שלום"}\n</task>'


def test_evidence_is_bounded_by_pieces_and_by_characters() -> None:
    assert len(bounded([piece(f"{n}") for n in range(200)])) == MAX_PIECES
    assert sum(len(p.text) for p in bounded([piece("x" * 1_000)] * 60)) <= MAX_TOTAL_CHARACTERS


def test_passages_of_one_document_stand_together_in_reading_order() -> None:
    mixed = [piece("3", "b", 3), piece("9", "a", 9), piece("1", "b", 1)]
    assert [p.text for p in in_reading_order(mixed)] == ["1", "3", "9"]


def test_places_are_numbered_in_the_order_they_are_cited_and_each_once() -> None:
    evidence = (piece("first", line=7), piece("second", line=7), piece("third", "b.md", 2), *EVIDENCE[3:])
    citations = cite(evidence, [(3,), (2, 4), (1,)])
    assert [(s.path, s.line) for s in citations.sources] == [("b.md", 2), ("a.md", 7)]
    assert [e.text for e in citations.extracts] == ["third", "second", "first"]
    assert [citations.marks(numbers) for numbers in ((3,), (2, 4), (1, 2, 3), (4,))] == [" [1]", " [2]", " [1] [2]", ""]


def test_a_document_cited_as_a_whole_shares_the_number_of_its_cited_line() -> None:
    evidence = (piece("whole", "a.md", None), piece("line", "a.md", 4), piece("other", "b.md", None))
    citations = cite(evidence, [(1,), (2,), (3,)])
    assert [(s.path, s.line) for s in citations.sources] == [("a.md", 4), ("b.md", None)]
    assert [citations.marks((n,)) for n in (1, 2, 3)] == [" [1]", " [1]", " [2]"]


def test_problems_are_told_apart_from_other_lines_and_keep_their_count() -> None:
    for shortfall in Shortfall:
        assert read_problem(problem(shortfall)) == (shortfall, 0)
        assert read_problem(problem(shortfall, 12)) == (shortfall, 12)
    for line in ("status.md is encrypted.", "a.md: gone", "", "model_refusedx: no"):
        assert read_problem(line) is None


def test_shapes_are_closed_objects_all_the_way_down() -> None:
    found = [SUMMARY_SHAPE.schema, cast("Any", SUMMARY_SHAPE.schema)["properties"]["statements"]["items"]]
    for schema in found:
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(cast("dict[str, Any]", schema["properties"]))
