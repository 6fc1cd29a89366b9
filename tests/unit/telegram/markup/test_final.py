"""The last reply holds everything that came of it; what is long goes on in further messages, or is in a file, whole."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from bot.presses import Press
from bot.render.approvals import Button
from bot.render.card import Card
from bot.render.replies import FINAL
from bot.render.result import Point
from bot.telegram.presses import read_data
from engine.domain.json import JsonObject
from tests.unit.parts.made import card, result, view
from tests.unit.parts.states import all_states, view_of
from tests.unit.telegram.markup.judge import findings, styled, visible
from tests.unit.telegram.markup.made import buttons, labels, messages


def finals(shown: Card) -> dict[str, JsonObject]:
    return {purpose: body for purpose, body in messages(view(shown)) if purpose.startswith(FINAL)}


def of_story(locale: str, state: str) -> JsonObject:
    ((purpose, body),) = [made for made in messages(view_of(all_states(locale)[state])) if made[0].startswith(FINAL)]
    assert purpose == "final"
    return body


def test_the_result_of_the_story_says_everything() -> None:
    assert visible(of_story("en", "done")) == (
        "✅ Done. The meeting is set: Meeting with Yoav Levi: the Tevuot strategy, Monday, January 5, 2026, 10:00 – 11:00\n\n"
        "📅 Meeting\n👤 Yoav Levi <yoav.levi@tevuot.example>\ncalendar.ics#a81f0c · Invitation: outbox/a81f0c.eml\n\n"
        "🔎 What was found\n• We decided to focus on three growing regions and to stop expanding north. [1]\n"
        "• הפיילוט יתחיל בפברואר; יואב לוי הציג את מודל המחירים ל־Q1. [2]\n\n"
        "🗒️ Agenda · Meeting with Yoav Levi: the Tevuot strategy\nAgenda: the Tevuot strategy\n\n"
        "Topics\n• December decisions\n• Q1 pilot\nSaved as agendas/2026-01-05-tevuot.md\n\n"
        "📚 Sources\n1. Management meeting, December · 2025-12/board.md · line 12\n"
        "We decided to focus on three growing regions and to stop expanding north.\n"
        "2. Pricing Q1 · pricing.docx · line 40\nהפיילוט יתחיל בפברואר; יואב לוי הציג את מודל המחירים ל־Q1.\n"
        "No cost: no model was used."
    )
    assert labels(of_story("en", "done")) == [["👍 This helped", "👎 This did not help"]]


def test_how_it_ended_is_in_bold_and_first_for_it_is_what_a_notification_shows() -> None:
    body = of_story("he", "done")
    assert styled(body, "bold")[0].startswith("הושלם. הפגישה נקבעה: ")
    assert visible(body).startswith("✅ הושלם. הפגישה נקבעה: ")


def test_agenda_and_sources_are_quoted_and_folded_away_when_long() -> None:
    short = styled(of_story("en", "done"), "blockquote")
    assert [quote.split("\n")[0] for quote in short] == [
        "👤 Yoav Levi <yoav.levi@tevuot.example>",
        "Agenda: the Tevuot strategy",
        "1. Management meeting, December · 2025-12/board.md · line 12",
    ]
    made = result(rows=9)
    assert made.agenda is not None
    long = replace(made, agenda=replace(made.agenda, text="# Topics\n" + "\n".join(f"- topic {n}" for n in range(9))))
    body = finals(replace(card("en"), result=long))["final"]
    agenda, sources = styled(body, "expandable_blockquote")
    assert agenda.startswith("Topics\n• topic 0")
    assert agenda.endswith("• topic 8")
    assert sources.startswith("1. t · p · l\nq\n2. ")


def test_prose_keeps_its_headings_bullets_and_marks_of_sources() -> None:
    shown = visible(of_story("he", "written"))
    assert "בדצמבר הוחלט להתמקד בשלושה אזורי גידול ולעצור את ההרחבה צפונה [1]. הפיילוט יתחיל בפברואר [2]." in shown
    assert "החלטות\n• שלושה אזורי גידול בלבד [1]\n• Pilot pricing stays at Q1 levels [2]" in shown
    assert "⚠️ קישור אחד שאינו מופיע באף מקור הוסר." in shown
    assert "$0.0124" in shown


def test_findings_in_two_languages_stand_on_the_side_of_the_card() -> None:
    made = card("he").result
    assert made is not None
    long = "יואב לוי אישר את התקציב לרבעון הבא. " * 6
    points = (
        Point(text="We decided to focus", source=1),
        Point(text="יואב לוי אישר", source=2),
        Point(text=long, source=2),
    )
    alone = replace(made, points=points, summary="- We decided\n- הוחלט", listings=(), sources=(), agenda=None)
    lines = str(finals(replace(card("he"), result=alone))["final"]["text"]).split("\n")
    bullets = [line for line in lines if line.startswith(("• ", "\u200f"))]
    for words in ("We decided\u2069", "הוחלט", "We decided to focus", "יואב לוי אישר\u2069 [2]", "יואב לוי אישר את"):
        line = next(line for line in bullets if words in line)
        mark = next(letter for letter in line if letter.isalpha() or letter in "\u200e\u200f")
        assert mark == "\u200f", line


def test_a_file_is_no_link() -> None:
    assert "board.md" in visible(of_story("en", "done"))
    assert findings(of_story("en", "done")) == []  # .md is a country


def test_a_rating_that_holds_is_marked() -> None:
    body = finals(card("en"))["final"]
    assert labels(body) == [["✓ 👍 good", "👎 bad"], ["↩️ Undo"]]
    assert [read_data(key["data"]) for key in buttons(body)] == [
        *(Press(action="feedback", execution=card("en").id, rating=rating) for rating in (1, -1)),
        Press(action="undo", execution=card("en").id),
    ]
    unrated = replace(card("en"), actions=(Button(action="feedback", label="g", rating=1),))
    assert labels(finals(unrated)["final"]) == [["👍 g"], ["↩️ Undo"]]


def test_a_long_result_goes_on_in_further_messages_and_is_rated_once_at_its_end() -> None:
    summary = "\n\n".join(f"Paragraph {n}. {'word ' * 60}" for n in range(24))
    bodies = finals(replace(card("en"), result=replace(result(), summary=summary)))
    assert list(bodies) == ["final", "final:2", "final:3"]
    shown = "\n".join(map(visible, bodies.values()))
    assert [f"Paragraph {n}. " in shown for n in range(24)] == [True] * 24
    assert [len(buttons(body)) for body in bodies.values()] == [0, 0, 3]
    assert [visible(body).split("\n")[-1] for body in bodies.values()] == [
        "Part 1 of 3",
        "Part 2 of 3",
        "Part 3 of 3 · c · p",
    ]
    assert [findings(body) for body in bodies.values()] == [[], [], []]


def test_what_four_messages_do_not_hold_is_in_a_file_whole() -> None:
    summary = "\n\n".join(f"Paragraph {n}. {'מילה ' * 60}" for n in range(100))
    bodies = finals(replace(card("he"), locale="he", result=replace(result(), summary=summary)))
    assert list(bodies) == ["final", "final:2", "final:3", "final:4", "final:file"]
    whole = bodies["final:file"]
    file = cast("dict[str, str]", whole["file"])
    assert file["name"] == "result.md"
    assert [f"Paragraph {n}. " in file["text"] for n in range(100)] == [True] * 100
    assert set(whole) == {"text", "file", "locale", "execution"}
    assert "📎 " in visible(bodies["final:4"])
    assert [findings(body) for body in bodies.values()] == [[]] * 5


def test_a_word_longer_than_a_message_is_divided_and_none_of_it_lost() -> None:
    bodies = finals(replace(card("en"), result=replace(result(), summary="ж" * 9_000)))
    assert sum(visible(body).count("ж") for body in bodies.values()) == 9_000


def test_a_list_that_goes_on_keeps_its_numbers() -> None:
    bodies = finals(replace(card("en"), result=replace(result(rows=150), listings=(), points=(), summary="x")))
    shown = "\n".join(visible(body) for purpose, body in bodies.items() if purpose != "final:file")
    assert [f"\n{n}. t · p · l\n" in shown for n in range(1, 151)] == [True] * 150


def test_a_meeting_called_off_says_so_and_when_it_was() -> None:
    shown = visible(of_story("en", "called-off"))
    assert "🗑️ Meeting called off\n" in shown
    assert "January 5, 2026, 10:00" in shown


def test_what_did_not_work_is_said_with_its_reason() -> None:
    assert visible(of_story("en", "failed")).startswith("❌ This did not work: ")
