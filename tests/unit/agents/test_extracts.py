"""What documents say is cut, classified and ranked the same way every time, in Hebrew and in English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.agents.cues import Kind, classify
from engine.agents.extracts import MAX_CANDIDATES, extract, interest_in, repeats, select
from engine.agents.passages import passages
from engine.domain.artifact import Contacts, Extract, Source
from engine.ports.documents import DocumentText
from tests.unit.agents.office import contact


def document(text: str) -> DocumentText:
    return DocumentText(path="a.md", title="a", lines=tuple(text.splitlines()))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("הוחלט לפתוח סניף בחיפה", Kind.DECISION),
        ("בהחלטה זו תומכים כולם", Kind.DECISION),
        ("האסטרטגיה היא צמיחה איטית", Kind.GOAL),
        ("והיעדים לרבעון ברורים", Kind.GOAL),
        ("הסיכונים העיקריים הם הספק והמזומנים", Kind.RISK),
        ("הצעד הבא: להחליט על היעד", Kind.NEXT_STEP),
        ("סיכון: האם נעמוד ביעד?", Kind.RISK),
        ("האם זה היעד?", Kind.QUESTION),
        ("טרם הוחלט על המחיר", Kind.QUESTION),
        ("אישור כניסה לבניין", Kind.OTHER),
        ("We decided to open in Haifa", Kind.DECISION),
        ("The strategy is slow growth", Kind.GOAL),
        ("Risk: the goal was decided too early", Kind.RISK),
        ("Next: call the supplier", Kind.NEXT_STEP),
        ("Is that the goal?", Kind.QUESTION),
        ("The price is not yet decided", Kind.QUESTION),
        ("The goalkeeper was brisk", Kind.OTHER),
    ],
)
def test_a_sentence_says_what_it_is(text: str, kind: Kind) -> None:
    assert classify(text) is kind


def test_paragraphs_are_cut_into_sentences_with_their_lines() -> None:
    text = (
        "---\ntitle: x\n---\n# Head\nDr. Cohen wrote at length about\nthe plan. It cost 3.5 million. Then\n"
        "it ended on 20.1. Nobody knew.\n\nGoal: forty stores by June\nRisk: the supplier is late\n"
        "Author: Yoav Levi\n2025-12-29, Michal Avraham\n3 בדצמבר 2025.\nכתב: יואב לוי.\n"
        "1. first numbered bullet\n   goes on here\n- [ ] second bullet stands\n> quoted line of a mail\n```\ncode = True\n```\n"
    )
    assert [(p.line, p.text) for p in passages(text.splitlines())] == [
        (5, "Dr. Cohen wrote at length about the plan."),
        (6, "It cost 3.5 million."),
        (6, "Then it ended on 20.1."),
        (7, "Nobody knew."),
        (9, "Goal: forty stores by June"),
        (10, "Risk: the supplier is late"),
        (15, "first numbered bullet goes on here"),
        (17, "second bullet stands"),
        (18, "quoted line of a mail"),
    ]


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("מה עשינו בתבואות", "ביקור קצר נעשה לתבואות"),
        ("stores", "A store opened quietly"),
        ("תבואות", "ובתבואות היה שקט"),
    ],
)
def test_the_topic_is_found_behind_prefixes_and_plurals(topic: str, text: str) -> None:
    filler = "שורה ראשונה על דבר אחר לגמרי"
    found = extract(document(f"{filler}\n\n{text}"), interest_in(topic, None), 0)
    assert [e.text for e in found] == [text]


def test_a_person_is_found_behind_a_prefix_and_by_alias() -> None:
    people = Contacts(query="גל", items=(contact("גל כץ"),))
    found = extract(document("שורה ראשונה על דבר אחר\n\nהמכתב נמסר לגל אתמול"), interest_in("", people), 0)
    assert [e.text for e in found] == ["המכתב נמסר לגל אתמול"]


def test_the_same_fact_is_quoted_once_but_other_numbers_are_other_facts() -> None:
    def said(text: str, path: str, score: float) -> Extract:
        return Extract(text=text, source=Source(path=path, line=1), score=score)

    chosen = select(
        [
            said("We agreed to open 5 stores in Haifa", "a", 2),
            said("we agreed to open 5 stores in Haifa!", "b", 3),
            said("We agreed to open 7 stores in Haifa", "c", 1),
        ]
    )
    assert [e.source.path for e in chosen] == ["b", "c"]
    assert not repeats("", [])


def test_no_kind_crowds_out_another_but_places_are_not_left_empty() -> None:
    def said(kind: str, number: int, score: float) -> Extract:
        return Extract(text=f"{kind}: fact {number}", source=Source(path=f"{number}", line=1), score=score)

    decisions = [said("Decision", n, 9) for n in range(20)]
    risks = [said("Risk", n, 1) for n in range(30, 34)]
    kinds = [e.text.partition(":")[0] for e in select([*decisions, *risks])]
    assert kinds == ["Decision"] * 9 + ["Risk"] * 3
    assert len(select(decisions)) == 12


@given(st.lists(st.text(max_size=120), max_size=30), st.text(max_size=40))
def test_whatever_a_document_holds_extracts_are_bounded_lines_of_it(lines: list[str], topic: str) -> None:
    found = extract(DocumentText(path="a", title="t", lines=tuple(lines)), interest_in(topic, None), 0)
    assert len(found) <= MAX_CANDIDATES
    for each in found:
        assert 1 <= (each.source.line or 0) <= len(lines)
        assert 12 <= len(each.text) <= 320
        assert len(each.text.splitlines()) == 1
    assert select(found) == select(tuple(reversed(found)))
