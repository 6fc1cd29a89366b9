"""An assisting model is held to its tools, its turns and its share; every bound that is reached is told."""

from __future__ import annotations

import pytest

from engine.agents.inquiry import MAX_RESULT_CHARACTERS, MAX_TURNS, MAX_USES
from engine.agents.shortfalls import Shortfall
from engine.domain.artifact import Contact, Contacts
from engine.domain.json import JsonObject
from engine.ports.language_model import ModelAnswer, ModelRequest
from tests.unit.agents.assisted import DONE, Office, codes, people, read, search, tells
from tests.unit.agents.office import (
    Reply,
    uses,
)


@pytest.mark.parametrize(
    "invalid",
    [
        ("search_documents", {}),
        ("search_documents", {"terms": []}),
        ("search_documents", {"terms": [" \u202e"]}),
        ("search_documents", {"terms": ["a"], "path": "/etc/passwd"}),
        ("search_documents", {"terms": ["a"], "since": "2026-02-01", "until": "2026-01-01"}),
        ("list_appointments", {"since": "soon", "until": "2026-01-01"}),
        ("list_appointments", {"since": "0001-01-01", "until": "2026-01-01"}),
        ("list_appointments", {"since": "2020-01-01", "until": "2026-01-01"}),
        ("find_people", {"name": ""}),
        ("find_people", {"name": "\u200b"}),
        ("read_documents", {"documents": [], "question": "q"}),
        ("read_documents", {"documents": [1], "question": "q"}),
        ("read_documents", {"documents": [0], "question": "q"}),
        ("read_documents", {"documents": [-1], "question": "q"}),
        ("read_documents", {"documents": ["../../etc/passwd"], "question": "q"}),
        ("read_documents", {"documents": [1, 2, 3, 4, 5, 6], "question": "q"}),
        ("save_agenda", {"title": "x", "text": "y"}),
    ],
)
async def test_input_that_does_not_fit_is_told_back_twice_and_then_the_search_ends(
    invalid: tuple[str, JsonObject],
) -> None:
    office = Office(uses(invalid), uses(invalid), uses(invalid))
    summary = await office.run(office.desk())
    assert office.told(1)[0].failed
    assert office.told(1)[0].text
    assert (len(office.model.asked), codes(summary)) == (3, [(Shortfall.INPUTS_INVALID, 3)])
    assert (office.store.queries, office.store.reads, office.store.agendas) == ([], [], {})


async def test_only_documents_that_were_found_can_be_read_and_people_are_none() -> None:
    office = Office(
        uses(people("Dana"), search("pilot")), uses(read("q", 1)), uses(read("q", 2)), tells(), DONE, tells()
    )
    await office.run(office.desk())
    assert "1 is not the number of a row that names a file" in office.told(2)[0].text
    assert office.store.reads == ["plan.md"]


async def test_twelve_turns_are_the_end_and_the_answer_is_made_of_what_there_is() -> None:
    turns: list[Reply] = [uses(search("pilot", f"word{n}")) for n in range(MAX_TURNS)]
    office = Office(*turns, tells(("There is a plan.", [1])))
    summary = await office.run(office.desk())
    assert len(office.model.asked) == MAX_TURNS + 1
    assert (summary.text, codes(summary)) == ("There is a plan. [1]", [(Shortfall.TURNS_EXHAUSTED, MAX_TURNS)])


async def test_a_turn_has_four_look_ups_and_the_rest_are_answered_but_not_made() -> None:
    office = Office(uses(*(search("pilot", f"word{n}") for n in range(8))), DONE, tells())
    summary = await office.run(office.desk())
    assert [result.failed for result in office.told(1)] == [False] * MAX_USES + [True] * 4
    assert (len(office.store.queries), codes(summary)) == (MAX_USES, [(Shortfall.CALLS_SKIPPED, 4)])


async def test_a_long_result_is_shown_in_part_and_that_is_said() -> None:
    def long(number: int) -> str:
        return "\n\n".join(f"The {'<' * 30} pilot {number} {line} {'goes on ' * 20}." for line in range(20))

    def everything(request: ModelRequest) -> ModelAnswer:
        del request
        rows = office.model.passages(len(office.model.asked) - 1)
        return tells(*((f"It says {n}.", [n]) for row in rows if isinstance(n := row["n"], int)))

    texts = {f"{'<' * 60}{number}": long(number) for number in range(5)}
    office = Office(uses(search("pilot")), uses(read("q", 1, 2, 3, 4, 5)), everything, DONE, tells(), **texts)
    summary = await office.run(office.desk())
    for call in (1, 3):
        shown = office.told(call)[0].text
        assert (len(shown) <= MAX_RESULT_CHARACTERS, shown.count("<"), '"left_out":' in shown) == (True, 2, True)
    assert (Shortfall.RESULTS_CUT, 2) in codes(summary)


async def test_more_than_one_answer_may_rest_on_leaves_the_oldest_out_and_says_so() -> None:
    office = Office(DONE, tells(("The last.", [80])))
    crowd = tuple(Contact(id=str(n), name=f"Person {n}") for n in range(100))
    summary = await office.run(office.desk(), people=Contacts(query="", items=crowd))
    assert (summary.text, codes(summary)) == ("The last.", [(Shortfall.EVIDENCE_LEFT_OUT, 20)])
    assert office.model.passages(1)[-1]["text"] == "Person 99"
