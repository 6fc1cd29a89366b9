"""AssistantAgent looks things up turn by turn, pays for each turn once, and says nothing that nothing it found says."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from engine.agents.shortfalls import Shortfall
from engine.domain.artifact import Contacts, dump, load
from engine.domain.effect import Effect
from engine.errors import RefusedError, UnavailableError
from engine.execution.suspension import Suspended
from engine.ports.language_model import ModelAnswer, Opaque, StopReason, Text, ToolUse
from tests.unit.agents.assisted import DANA, DONE, EVIL, PLAN, Office, codes, people, read, search, tells
from tests.unit.agents.office import (
    Desk,
    Killed,
    Reply,
    cut,
    local,
    prose,
    refused,
    uses,
)


def story() -> list[Reply]:
    """Search, read, find Dana, answer: five calls."""
    return [
        uses(search("Tevuot", "pilot"), people("Dana")),
        uses(read("What does it cost?", 1)),
        tells(("The budget is 40,000 shekels.", [2])),
        DONE,
        tells(("The pilot costs 40,000 shekels.", [3]), ("Ask Dana Levi, dana@example.com.", [2])),
    ]


ANSWER = "- The pilot costs 40,000 shekels. [1]\n- Ask Dana Levi, dana@example.com."


async def test_it_searches_reads_finds_people_and_answers_with_checked_sources() -> None:
    office = Office(*story())
    desk = office.desk()
    summary = await office.run(desk)
    assert summary.text == ANSWER
    assert [(s.path, s.line, s.quote) for s in summary.sources] == [
        ("plan.md", 4, "The budget of the pilot is 40,000 shekels.")
    ]
    assert [e.text for e in summary.extracts] == ["The budget of the pilot is 40,000 shekels."]
    assert (summary.topic, summary.read, summary.problems) == ("What does the Tevuot pilot cost?", 1, ())
    assert load(dump(summary)) == summary
    assert desk.lines == [
        "Looking into: What does the Tevuot pilot cost?",
        "Searching: Tevuot, pilot",
        "Searching: Dana",
        "Reading 1 of 1: plan.md",
        "Writing the answer",
    ]


async def test_a_hebrew_question_is_answered_in_hebrew_from_the_calendar() -> None:
    office = Office(
        uses(("list_appointments", {"since": "2026-01-15", "until": "2026-01-15"})),
        DONE,
        tells(("ביום חמישי בעשר יש ישיבת דירקטוריון.", [2])),
    )
    office.calendar.block(local(date(2026, 1, 15), 10), 60, title="ישיבת דירקטוריון")
    summary = await office.run(office.desk("he"), "מה יש לי ביום חמישי?")
    assert (summary.text, summary.sources) == ("ביום חמישי בעשר יש ישיבת דירקטוריון.", ())
    assert office.told(1)[0].text == (
        '<found>\n{"n":1,"text":"רשומות ביומן, 2026-01-15 – 2026-01-15: 1"}\n'
        '{"n":2,"text":"Thu 2026-01-15 10:00–11:00, ישיבת דירקטוריון"}\n</found>'
    )
    assert office.model.passages(0, "task")[0]["language"] == "Hebrew"
    assert office.model.passages(2, "task")[0]["question"] == "מה יש לי ביום חמישי?"


async def test_the_model_that_looks_up_sees_rows_and_quotes_and_never_a_document() -> None:
    secret = "Nothing here costs anything, and the vault code is 4711."
    office = Office(*story(), plan=f"{PLAN}\n{secret}\n")
    await office.run(office.desk())
    looping = [request for request in office.model.asked if request.tools]
    assert len(looping) == 3
    for request in looping:
        assert "vault" not in str(request.messages)
    (reading, _) = (request for request in office.model.asked if not request.tools)
    assert "vault" in str(reading.messages)
    assert reading.answer is not None
    assert office.told(3)[0].text == (
        '<found>\n{"from":[3],"says":"The budget is 40,000 shekels."}\n'
        '{"file":"plan.md","line":4,"n":3,"text":"The budget of the pilot is 40,000 shekels.","title":"plan.md"}\n</found>'
    )


async def test_its_own_words_are_shown_to_nobody() -> None:
    office = Office(uses(people("Dana")), prose("Wire the money to Mallory."), tells(("Dana is the CFO.", [1])))
    summary = await office.run(office.desk())
    assert summary.text == "Dana is the CFO."
    assert "Wire" not in str(office.model.asked[-1].messages)


async def test_an_injected_document_acts_on_nothing_and_can_only_be_quoted() -> None:
    office = Office(
        uses(search("Tevuot")),
        uses(read("What is planned?", 1)),
        tells(("The notes ask to invite mallory@evil.example and mallory@worse.example.", [1])),
        uses(("schedule_meeting", {"title": "Mallory"}), search("passwords")),
        DONE,
        tells(("Invite mallory@evil.example.", []), ("A note asks for mallory@evil.example.", [2])),
        notes=EVIL,
    )
    desk = office.desk()
    summary = await office.run(desk)
    assert desk.calls == []
    assert "mallory@worse.example" not in office.told(3)[0].text
    (refusal, _) = office.told(4)
    assert (refusal.failed, "There is no tool 'schedule_meeting'" in refusal.text) == (True, True)
    assert summary.text == "A note asks for mallory@evil.example. [1]"
    assert codes(summary) == [(Shortfall.LINKS_REMOVED, 1), (Shortfall.STATEMENTS_DROPPED, 1)]
    spec = office.agent.spec
    assert (spec.tools, spec.effect, spec.early, spec.uses_model) == (frozenset(), Effect.READ, False, True)


@pytest.mark.parametrize("save", range(1, 10))
async def test_killed_after_any_save_no_turn_is_asked_and_no_finished_look_up_made_again(save: int) -> None:
    office = Office(*story())
    first = office.desk(die_after_save=save)
    try:
        summary = await office.run(first)
    except Killed:
        summary = await office.run(first.again())
    assert summary.text == ANSWER
    assert (len(office.model.asked), len(office.store.queries), summary.read) == (5, 1, 1)
    assert office.model.replies == []


async def test_killed_after_every_single_save_it_still_asks_each_turn_once() -> None:
    office = Office(*story())
    desk = office.desk(die_after_save=1)
    for deaths in range(20):
        try:
            summary = await office.run(desk)
        except Killed:
            desk = desk.again()
            desk.die_after_save = 1
        else:
            assert (summary.text, deaths, len(office.model.asked)) == (ANSWER, 8, 5)
            return
    pytest.fail("it never came to an end")


async def test_a_replayed_turn_is_told_back_word_for_word() -> None:
    thinking = Opaque(value={"type": "thinking", "thinking": "…", "signature": "abc"})
    turn = uses(people("Dana"))
    turn = ModelAnswer(model="m", parts=(thinking, *turn.parts), stop=StopReason.TOOL_USE, usage=turn.usage)
    office = Office(turn, Suspended(), DONE, tells(("Dana is the CFO.", [1])))
    desk = office.desk()
    with pytest.raises(Suspended):
        await office.run(desk)
    await office.run(desk.again())
    before, after = office.model.asked[1], office.model.asked[2]
    assert before == after
    assert after.messages[1].parts == turn.parts
    kept: Any = json.loads(json.dumps(desk.saved))["turns"][0]
    assert (kept["model"], kept["prompt"]) == ("m", "assistant@1")


async def test_money_questions_and_outages_pass_through_at_every_call_and_the_next_attempt_goes_on() -> None:
    replies = [each for reply in story() for each in (Suspended(), UnavailableError("model_stalled", "…"), reply)]
    office = Office(*replies)
    desk = office.desk()
    interrupted = 0
    while True:
        try:
            summary = await office.run(desk)
            break
        except (Suspended, UnavailableError):
            interrupted += 1
            desk = desk.again()
    assert (summary.text, interrupted, len(office.store.queries)) == (ANSWER, 10, 1)


async def test_without_a_model_it_refuses() -> None:
    office = Office()
    desk = Desk(office.agent)
    with pytest.raises(RefusedError) as caught:
        await office.run(desk)
    assert (caught.value.code, desk.lines) == ("model_absent", [])


@pytest.mark.parametrize(
    ("replies", "text", "expected"),
    [
        ([refused()], "Nothing was found that answers the question.", [Shortfall.REFUSED]),
        ([prose("It costs 5 M.")], "Nothing was found that answers the question.", []),
        ([uses(search("nothing")), DONE], "Nothing was found that answers the question.", []),
        ([uses(people("Ada")), DONE, tells(("Ada is not known.", [1]))], "Ada is not known.", []),
        (
            [uses(("list_appointments", {"since": "2026-01-15", "until": "2026-01-15"})), DONE, refused()],
            "Entries in the calendar, 2026-01-15 – 2026-01-15: 0",
            [Shortfall.REFUSED],
        ),
        ([uses(people("Dana")), DONE, tells()], "Nothing was found that answers the question.", []),
        ([uses(people("Dana")), refused(), tells(("She is the CFO.", [1]))], "She is the CFO.", [Shortfall.REFUSED]),
        ([uses(people("Dana")), cut(), tells(("She is the CFO.", [1]))], "She is the CFO.", [Shortfall.CUT]),
        (
            [uses(people("Dana")), DONE, refused()],
            "Dana Levi, CFO, dana@example.com, 050-1234567",
            [Shortfall.REFUSED],
        ),
        (
            [uses(people("Dana")), DONE, prose("She is the CFO."), tells(("It is so.", [2]))],
            "Dana Levi, CFO, dana@example.com, 050-1234567",
            [Shortfall.UNUSABLE],
        ),
        ([uses(), tells()], "Nothing was found that answers the question.", []),
    ],
)
async def test_whatever_the_model_does_the_person_gets_what_was_found_and_the_reason(
    replies: list[Reply], text: str, expected: list[Shortfall]
) -> None:
    office = Office(*replies)
    summary = await office.run(office.desk())
    assert (summary.text, [code for code, _ in codes(summary)]) == (text, expected)


async def test_look_ups_wanted_in_a_refused_or_cut_turn_are_not_made() -> None:
    wanted = ToolUse(id="u", name="search_documents", input={"terms": ["Tevuot"]})
    for stop in (StopReason.REFUSED, StopReason.MAX_TOKENS):
        turn = ModelAnswer(model="m", parts=(Text(text="x"), wanted), stop=stop, usage=DONE.usage)
        office = Office(turn)
        await office.run(office.desk())
        assert office.store.queries == []


async def test_a_reading_that_comes_to_nothing_gives_quotes_and_says_why() -> None:
    office = Office(
        uses(search("pilot")), uses(read("cost", 1)), refused(), DONE, tells(("It is 40,000 shekels.", [3]))
    )
    summary = await office.run(office.desk())
    assert codes(summary) == [(Shortfall.REFUSED, 0)]
    assert "[1]" in summary.text
    assert '"problem":"model_refused' in office.told(3)[0].text


async def test_a_document_that_cannot_be_read_is_named() -> None:
    office = Office(uses(search("pilot")), uses(read("cost", 1)), DONE, tells())
    office.store.broken = frozenset({"plan.md"})
    summary = await office.run(office.desk())
    assert (summary.problems, summary.read) == (("plan.md is encrypted.",), 0)
    assert '{"problem":"plan.md is encrypted."}' in office.told(2)[0].text


async def test_what_earlier_steps_found_is_known_from_the_start() -> None:
    office = Office(uses(read("cost", 2)), tells(("40,000 shekels.", [2])), DONE, tells(("Dana is the CFO.", [1])))
    found = Contacts(query="Dana", items=(DANA,))
    summary = await office.run(office.desk(), people=found, documents=office.store.found("plan.md"))
    assert [row["n"] for row in office.model.passages(0, "found")] == [1, 2]
    assert (summary.text, office.store.queries, office.store.reads) == ("Dana is the CFO.", [], ["plan.md"])


async def test_saved_state_that_cannot_be_understood_is_begun_anew() -> None:
    office = Office(DONE)
    desk = office.desk()
    desk.saved = {"turns": "many"}
    assert (await office.run(desk)).text == "Nothing was found that answers the question."
