"""The last reply holds everything that came of it; what is long goes on in further messages, or is in a file, whole."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.parts.model import Items, Para, Span
from bot.parts.prose import prose_parts
from bot.presses import Press, read_press
from bot.render.approvals import Button
from bot.render.card import Card
from bot.render.replies import FINAL
from bot.render.result import Point
from bot.slack.markup.drawing import drawn
from bot.slack.markup.measured import pages_of, weigh
from engine.domain.json import JsonObject
from tests.servers.blockkit import validate_message
from tests.unit.parts.made import card, result, view
from tests.unit.parts.states import all_states, view_of
from tests.unit.slack.markup.made import messages
from tests.unit.slack.markup.scanner import findings, visible


def finals(shown: Card, *, rich: bool = True) -> dict[str, JsonObject]:
    return {purpose: body for purpose, body in messages(view(shown), rich=rich) if purpose.startswith(FINAL)}


def of_story(locale: str, state: str) -> list[tuple[str, JsonObject]]:
    return [made for made in messages(view_of(all_states(locale)[state]), rich=True) if made[0].startswith(FINAL)]


def last_block(body: JsonObject) -> dict[str, Any]:
    return cast("list[dict[str, Any]]", body["blocks"])[-1]


def test_the_result_of_the_story_says_everything() -> None:
    ((purpose, body),) = of_story("en", "done")
    assert purpose == "final"
    assert visible(body["blocks"]) == (
        "✅ \nDone\n"
        "📅 \nMeeting\nMeeting with Yoav Levi: the Tevuot strategy\n\nMonday, January 5, 2026, 10:00 – 11:00\n"
        "👤 Yoav Levi <yoav.levi@tevuot.example>\ncalendar.ics#a81f0c · Invitation: outbox/a81f0c.eml\n"
        "🔎 \nWhat was found\nWe decided to focus on three growing regions and to stop expanding north. [1]\n"
        "הפיילוט יתחיל בפברואר; יואב לוי הציג את מודל המחירים ל־Q1. [2]\n"
        "🗒️ \nAgenda\n · Meeting with Yoav Levi: the Tevuot strategy\nAgenda: the Tevuot strategy\nTopics\nDecember decisions\nQ1 pilot\n"
        "Saved as agendas/2026-01-05-tevuot.md\n"
        "📚 \nSources\nManagement meeting, December · 2025-12/board.md · line 12\n\nWe decided to focus on three growing regions and to stop expanding north.\n"
        "Pricing Q1 · pricing.docx · line 40\n\nהפיילוט יתחיל בפברואר; יואב לוי הציג את מודל המחירים ל־Q1.\n"
        "No cost: no model was used.\nThis helped\nThis did not help"
    )


def test_prose_keeps_its_headings_bullets_and_marks_of_sources() -> None:
    ((_, body),) = of_story("he", "written")
    shown = visible(body["blocks"])
    assert "בדצמבר הוחלט להתמקד בשלושה אזורי גידול ולעצור את ההרחבה צפונה [1]. הפיילוט יתחיל בפברואר [2]." in shown
    assert "החלטות\nשלושה אזורי גידול בלבד [1]\nPilot pricing stays at Q1 levels [2]" in shown
    assert "⚠️ קישור אחד שאינו מופיע באף מקור הוסר." in shown
    assert "$0.0124" in shown
    kinds = [
        element["type"]
        for block in cast("list[Any]", body["blocks"])
        if block["type"] == "rich_text"
        for element in block["elements"]
    ]
    assert kinds.count("rich_text_list") == 3


def test_the_result_is_rated_with_slacks_own_buttons_or_with_plain_ones() -> None:
    made = card("en")
    rich, plain = (finals(made, rich=rich)["final"] for rich in (True, False))
    pair = last_block(rich)["elements"][0]
    assert last_block(rich)["type"] == "context_actions"
    assert read_press(pair["positive_button"]["value"]) == Press(action="feedback", execution=made.id, rating=1)
    assert read_press(pair["negative_button"]["value"]) == Press(action="feedback", execution=made.id, rating=-1)
    assert [element["value"] for element in last_block(plain)["elements"]] == [
        pair[f"{side}_button"]["value"] for side in ("positive", "negative")
    ]


def test_a_rating_that_holds_is_said() -> None:
    assert "Your answer: good" in visible(finals(card("en"))["final"]["blocks"])
    unrated = replace(
        card("en"),
        actions=(Button(action="feedback", label="g", rating=1), Button(action="feedback", label="b", rating=-1)),
    )
    assert "Your answer" not in visible(finals(unrated)["final"]["blocks"])


def test_a_long_result_goes_on_in_further_messages_and_is_rated_once_at_its_end() -> None:
    summary = "\n\n".join(f"Paragraph {n}. {'word ' * 60}" for n in range(60))
    bodies = finals(replace(card("en"), result=replace(result(), summary=summary)))
    assert list(bodies) == ["final", "final:2", "final:3"]
    shown = "\n".join(visible(body["blocks"]) for body in bodies.values())
    assert [f"Paragraph {n}. " in shown for n in range(60)] == [True] * 60
    assert [last_block(body)["type"] for body in bodies.values()] == ["context", "context", "context_actions"]
    assert "Part 2 of 3" in visible(bodies["final:2"]["blocks"])
    assert str(bodies["final:2"]["text"]).endswith("(2/3)")


@pytest.mark.parametrize("rich", [True, False], ids=["rich", "plain"])
def test_what_four_messages_do_not_hold_is_in_a_file_whole(rich: bool) -> None:
    summary = "\n\n".join(f"Paragraph {n}. {'מילה ' * 60}" for n in range(300))
    bodies = finals(replace(card("he"), locale="he", result=replace(result(), summary=summary)), rich=rich)
    assert list(bodies) == ["final", "final:2", "final:3", "final:4", "final:file"]
    file = cast("dict[str, str]", bodies["final:file"]["file"])
    assert file["name"] == "result.md"
    assert [f"Paragraph {n}. " in file["text"] for n in range(300)] == [True] * 300
    assert "blocks" not in bodies["final:file"]
    assert "There is more. All of it is in the file below." in visible(
        bodies["final:4"]["blocks"]
    ) or "הכול נמצא בקובץ" in visible(bodies["final:4"]["blocks"])
    for purpose, body in bodies.items():
        assert findings(body) == []
        assert purpose == "final:file" or validate_message(dict(body)) == []


def test_a_word_longer_than_a_message_is_divided_and_none_of_it_lost() -> None:
    bodies = finals(replace(card("en"), result=replace(result(), summary="ж" * 9_000)))
    assert sum(visible(body["blocks"]).count("ж") for body in bodies.values()) == 9_000


def test_a_list_that_goes_on_keeps_its_numbers() -> None:
    items = Items(items=tuple((Span(text=f"item {n} {'x' * 500}"),) for n in range(1, 30)), first=1)
    first, second = pages_of([items], 9_000)[:2]
    goes_on = cast("Items", second[0]).first
    assert len(first) + 1 == goes_on
    assert drawn(second, rich=True)[0]["elements"][0]["elements"][0]["text"].startswith(f"{goes_on}. item {goes_on}")


def test_pages_weigh_no_more_than_they_may_and_lose_no_line() -> None:
    parts = [
        Para(lines=tuple((Span(text=f"line {n}.{m} "), Span(text="b" * m, bold=True)) for m in range(40)))
        for n in range(9)
    ]
    pages = pages_of(parts, 1_000)
    assert all(sum(map(weigh, page)) <= 1_000 for page in pages)
    shown = re.sub(r"[\s*]", "", "".join(visible(drawn(page, rich=False)) for page in pages))
    assert shown == "".join(f"line{n}.{m}{'b' * m}" for n in range(9) for m in range(40))


def test_many_small_paragraphs_are_no_more_blocks_than_a_message_takes() -> None:
    made = replace(result(), summary="\n\n".join(f"{n}" for n in range(150)))
    for rich in (True, False):
        for body in finals(replace(card("en"), result=made), rich=rich).values():
            assert validate_message(dict(body)) == []


def test_more_shortfalls_than_small_print_holds_are_a_list() -> None:
    made = replace(result(), problems=tuple(f"problem {n}" for n in range(9)))
    shown = visible(finals(replace(card("en"), result=made))["final"]["blocks"])
    assert all(f"problem {n}" in shown for n in range(9))


def test_findings_in_two_languages_stand_on_the_side_of_the_card() -> None:
    made = card("he").result
    assert made is not None
    points = (Point(text="We decided to focus", source=1), Point(text="יואב לוי אישר", source=2))
    body = finals(replace(card("he"), result=replace(made, points=points, summary="")))["final"]
    told = json.dumps(body, ensure_ascii=False)
    assert "\u200f\u2068We decided to focus\u2069" in told
    assert "\u200f\u2068יואב לוי אישר\u2069" in told


def test_markdown_that_is_none_of_ours_stays_the_text_it_is() -> None:
    parts = prose_parts("**bold** [link](http://x.example)\n#nospace\n\n## Head\n* one\n* two\n> quoted")
    shown = visible(drawn(parts, rich=True))
    assert shown.startswith("**bold** [link](http://x.example)\n#nospace")
    assert [type(part).__name__ for part in parts] == ["Para", "Para", "Items", "Para"]


def test_a_meeting_called_off_says_so() -> None:
    ((_, body),) = of_story("en", "called-off")
    assert "🗑️ \nMeeting called off" in visible(body["blocks"])
