"""WeeklyStatusAgent reads each file once, quotes with file and line, and resumes."""

from __future__ import annotations

import json

import pytest

from engine.agents.cues import Kind
from engine.agents.extracts import kind_of
from engine.agents.inputs import WeeklyStatusInputs
from engine.agents.weekly_status_agent import WeeklyStatusAgent
from engine.domain.artifact import Contacts, Documents, Summary, dump, load
from engine.errors import RefusedError, UnavailableError
from tests.unit.agents.office import Desk, Killed, MemoryDocuments, contact

HEBREW = """# דוח דצמבר

תבואות ממשיכה לצמוח. מזג האוויר היה נאה השבוע.

## החלטות
- הולכים על מחיר אחיד בתבואות לכל הלקוחות
- יואב יוביל את המשא ומתן

סיכון: הספק של תבואות עלול לאחר בשבועיים.
הצעד הבא: לשלוח הצעת מחיר לתבואות עד ה-20.1.
האם פותחים סניף בחיפה?
"""
ENGLISH = """Tevuot status

Decision: we open the Tevuot pilot in Haifa in February. The weather was nice.
Goal: 40 stores by June.
Risk: the supplier may be late.
Next step: Dana sends the Tevuot contract to legal.

| a | b |
|---|---|
```
Decision: not this one, it is code
```
"""


def inputs(documents: Documents, topic: str, people: Contacts | None = None) -> WeeklyStatusInputs:
    return WeeklyStatusInputs(topic=topic, documents=documents, people=people)


async def run(texts: dict[str, str], topic: str, locale: str, people: Contacts | None = None) -> tuple[Summary, Desk]:
    store = MemoryDocuments(texts)
    agent = WeeklyStatusAgent(store)
    desk = Desk(agent, locale=locale)
    return await agent.run(inputs(store.found(), topic, people), desk), desk


async def test_hebrew_documents_give_a_grouped_digest_with_sources() -> None:
    summary, desk = await run({"דוח דצמבר.md": HEBREW}, "מה עשינו בתבואות", "he")
    assert summary.text == (
        "מסמכים שנקראו: 1\n\n"
        "### החלטות\n- הולכים על מחיר אחיד בתבואות לכל הלקוחות [1]\n- יואב יוביל את המשא ומתן [2]\n\n"
        "### סיכונים\n- סיכון: הספק של תבואות עלול לאחר בשבועיים. [3]\n\n"
        "### הצעדים הבאים\n- הצעד הבא: לשלוח הצעת מחיר לתבואות עד ה-20.1. [4]"
    )
    assert [source.line for source in summary.sources] == [6, 7, 9, 10]
    lines = HEBREW.splitlines()
    for extract in summary.extracts:
        assert extract.text in lines[(extract.source.line or 0) - 1]
    assert "מזג האוויר" not in summary.text
    assert desk.lines == ["קורא 1 מתוך 1: דוח דצמבר.md"]


async def test_english_documents_give_a_grouped_digest_with_sources() -> None:
    summary, desk = await run({"status.txt": ENGLISH}, "the Tevuot strategy", "en")
    assert summary.text == (
        "Documents read: 1\n\n"
        "### Decisions\n- Decision: we open the Tevuot pilot in Haifa in February. [1]\n\n"
        "### Goals and strategy\n- Goal: 40 stores by June. [2]\n\n"
        "### Risks\n- Risk: the supplier may be late. [3]\n\n"
        "### Next steps\n- Next step: Dana sends the Tevuot contract to legal. [4]"
    )
    assert [(s.path, s.line) for s in summary.sources] == [("status.txt", line) for line in (3, 4, 5, 6)]
    assert desk.sent == [
        ("EditorAgent", "Open points for the agenda:\n- Next step: Dana sends the Tevuot contract to legal.")
    ]
    assert load(dump(summary)) == summary


async def test_a_named_person_and_a_heading_lift_a_sentence() -> None:
    people = Contacts(query="יואב", items=(contact("יואב לוי"),))
    summary, _ = await run({"a.md": HEBREW}, "", "he", people)
    assert summary.extracts[0].text == "יואב יוביל את המשא ומתן"
    assert kind_of(summary.extracts[0]) is Kind.DECISION, "it stands under the heading 'decisions'"


async def test_at_most_twelve_extracts_four_per_file_and_no_repeats() -> None:
    texts = {
        f"{n}.md": "\n".join(f"- Decision: item number {n}{i} was approved by the board" for i in range(9))
        + "\n- Risk: the same supplier may again be late this month"
        for n in range(1, 7)
    }
    summary, _ = await run(texts, "board", "en")
    files = [e.source.path for e in summary.extracts]
    assert len(files) == 12
    assert max(files.count(path) for path in files) == 4
    assert sum("supplier" in e.text for e in summary.extracts) <= 1
    assert len({(s.path, s.line) for s in summary.sources}) == len(summary.sources)


async def test_killed_after_two_of_four_files_it_reads_none_of_them_again() -> None:
    store = MemoryDocuments({f"{n}.md": f"- Decision: number {n} is approved" for n in range(1, 5)})
    agent = WeeklyStatusAgent(store)
    wanted = inputs(store.found(), "approved")
    first = Desk(agent, die_at=3)
    with pytest.raises(Killed):
        await agent.run(wanted, first)
    assert store.reads == ["1.md", "2.md"]
    second = first.again()
    second.saved = json.loads(json.dumps(first.saved))
    summary = await agent.run(wanted, second)
    assert store.reads == ["1.md", "2.md", "3.md", "4.md"]
    assert (summary.read, len(summary.extracts)) == (4, 4)
    whole = await agent.run(wanted, Desk(agent))
    assert whole == summary, "an interrupted run gives what an undisturbed one gives"


async def test_a_store_that_is_down_is_tried_again_from_the_same_file() -> None:
    store = MemoryDocuments(
        {"1.md": "- Decision: one is approved", "2.md": "- Decision: two is approved"}, down={"2.md"}
    )
    agent = WeeklyStatusAgent(store)
    first = Desk(agent)
    with pytest.raises(UnavailableError):
        await agent.run(inputs(store.found(), ""), first)
    summary = await agent.run(inputs(store.found(), ""), first.again())
    assert store.reads == ["1.md", "2.md", "2.md"]
    assert summary.read == 2


async def test_a_broken_file_is_a_problem_and_only_all_broken_is_a_failure() -> None:
    store = MemoryDocuments({"good.md": "- Decision: go"}, broken=frozenset({"bad.pdf"}))
    agent = WeeklyStatusAgent(store)
    summary = await agent.run(inputs(store.found("bad.pdf", "good.md"), ""), Desk(agent))
    assert summary.problems == ("bad.pdf is encrypted.",)
    assert "Not read: bad.pdf" in summary.text
    with pytest.raises(RefusedError) as caught:
        await agent.run(inputs(store.found("bad.pdf"), ""), Desk(agent))
    assert caught.value.code == "nothing_readable"
    assert "bad.pdf" in caught.value.detail


@pytest.mark.parametrize(
    ("locale", "said"), [("he", "לא נמצאו מסמכים בנושא."), ("en", "No documents were found on this topic.")]
)
async def test_no_documents_is_said_plainly(locale: str, said: str) -> None:
    summary, desk = await run({}, "Tevuot", locale)
    assert (summary.text, summary.sources, summary.read, desk.sent) == (said, (), 0, [])


async def test_a_document_can_neither_forge_a_source_nor_a_link_nor_hide_text() -> None:
    evil = (
        "- Decision: [pay](http://evil.example) now [7] <img src=x> \u202eabc\n- Risk: a\x00b\u2028c is dangerous here"
    )
    summary, _ = await run({"evil.md": evil}, "", "en")
    assert "- Decision: (pay)(http://evil.example) now (7) ‹img src=x> abc [1]" in summary.text
    assert not set(summary.text) & set("\x00\u2028\u202e")


async def test_saved_state_of_another_version_is_read_anew() -> None:
    store = MemoryDocuments({"1.md": "- Decision: one is approved"})
    agent = WeeklyStatusAgent(store)
    summary = await agent.run(inputs(store.found(), ""), Desk(agent, saved={"read": 5, "other": []}))
    assert summary.read == 1


async def test_a_huge_document_is_cut_and_the_checkpoint_stays_small() -> None:
    store = MemoryDocuments({"big.txt": "Decision: number one is approved and " * 200 + "\n" + "word " * 900_000})
    agent = WeeklyStatusAgent(store)
    desk = Desk(agent)
    summary = await agent.run(inputs(store.found(), "approved"), desk)
    assert all(len(extract.text) <= 320 for extract in summary.extracts)
    assert len(json.dumps(desk.saves[-1])) < 20_000
