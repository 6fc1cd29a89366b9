"""The two searching agents pass on what was asked and say what they did not find."""

from __future__ import annotations

from datetime import date

import pytest

from engine.agents.contact_search_agent import ContactSearchAgent
from engine.agents.drive_search_agent import DriveSearchAgent
from engine.agents.inputs import ContactSearchInputs, DriveSearchInputs
from engine.errors import InternalError, RequestError
from engine.ports.documents import DocumentQuery
from tests.unit.agents.office import Desk, MemoryContacts, MemoryDocuments, contact


@pytest.mark.parametrize(
    ("locale", "term", "lines"),
    [("he", "תבואות", ["מחפש: תבואות", "נמצאו: 1"]), ("en", "Tevuot", ["Searching: Tevuot", "Found: 1"])],
)
async def test_documents_are_searched_once_with_period_and_limit(locale: str, term: str, lines: list[str]) -> None:
    store = MemoryDocuments({"a.md": "דוח תבואות / Tevuot report", "b.md": "other"})
    agent = DriveSearchAgent(store)
    desk = Desk(agent, locale=locale)
    period = (date(2025, 12, 1), date(2025, 12, 31))
    found = await agent.run(
        DriveSearchInputs(terms=(f" {term} ", term, " "), since=period[0], until=period[1], limit=3), desk
    )
    assert [item.path for item in found.items] == ["a.md"]
    assert store.queries == [DocumentQuery(terms=(term,), since=period[0], until=period[1], limit=3)]
    assert desk.lines == lines


async def test_blank_terms_and_a_reversed_period_are_refused_by_name() -> None:
    agent = DriveSearchAgent(MemoryDocuments())
    with pytest.raises(RequestError, match="terms_empty"):
        await agent.run(DriveSearchInputs(terms=("  ",)), Desk(agent))
    with pytest.raises(RequestError, match="swap the two"):
        await agent.run(DriveSearchInputs(terms=("a",), since=date(2026, 1, 2), until=date(2026, 1, 1)), Desk(agent))


async def test_every_candidate_is_given() -> None:
    agent = ContactSearchAgent(MemoryContacts((contact("יואב לוי"), contact("יואב כהן"), contact("Dana"))))
    found = await agent.run(ContactSearchInputs(name="יואב"), Desk(agent))
    assert [item.name for item in found.items] == ["יואב לוי", "יואב כהן"]
    assert [i.name for i in (await agent.run(ContactSearchInputs(name="Dana"), Desk(agent))).items] == ["Dana"]


@pytest.mark.parametrize("name", ["רוני", "Roni", "\u202e\n"])
async def test_nobody_is_an_error_that_names_the_name_and_what_to_do(name: str) -> None:
    agent = ContactSearchAgent(MemoryContacts((contact("Dana"),)))
    with pytest.raises(RequestError) as caught:
        await agent.run(ContactSearchInputs(name=name), Desk(agent))
    assert caught.value.code == "contact_not_found"
    assert "contacts.vcf" in caught.value.detail
    assert caught.value.parameters == {"name": name.strip("\u202e\n")}


async def test_anothers_inputs_are_our_bug() -> None:
    agent = ContactSearchAgent(MemoryContacts())
    with pytest.raises(InternalError, match="inputs_mistyped"):
        await agent.run(DriveSearchInputs(terms=("a",)), Desk(agent))
