"""EditorAgent composes an agenda in the request's language, once."""

from __future__ import annotations

from typing import Any

from engine.agents.editor_agent import EditorAgent
from engine.agents.inputs import EditorInputs
from engine.agents.office_tools import SaveAgenda
from engine.domain.artifact import Extract, Source, Summary
from tests.unit.agents.office import Desk, MemoryDocuments


def desk_at(documents: MemoryDocuments, **other: Any) -> Desk:
    return Desk(EditorAgent(), tools={"save_agenda": SaveAgenda(documents)}, **other)


def summary_of(*texts: str) -> Summary:
    extracts = tuple(Extract(text=t, source=Source(path="דוח.md", line=n)) for n, t in enumerate(texts, start=1))
    return Summary(topic="t", text="…", extracts=extracts, sources=tuple(e.source for e in extracts), read=1)


async def test_hebrew_agenda_with_decisions_next_steps_and_a_message() -> None:
    documents = MemoryDocuments()
    summary = summary_of("הצעד הבא: לשלוח חוזה", "החלטה: פותחים סניף", "סתם משפט על תבואות")
    message = "נקודות פתוחות לסדר היום:\n- הצעד הבא: לשלוח חוזה\n- מי מאשר את התקציב?"
    desk = desk_at(documents, locale="he", inbox=[message])
    agenda = await EditorAgent().run(EditorInputs(title="פגישת תבואות", topic="אסטרטגיה", summary=summary), desk)
    assert agenda.text == (
        "# סדר יום: פגישת תבואות\n\n"
        "נושא: אסטרטגיה\n\n"
        "1. פתיחה ומטרת הפגישה (5 דק׳)\n"
        "2. החלטות (20 דק׳)\n"
        "   - החלטה: פותחים סניף [1]\n"
        "3. שאלות פתוחות (15 דק׳)\n"
        "   - מי מאשר את התקציב?\n"
        "4. הצעדים הבאים (15 דק׳)\n"
        "   - הצעד הבא: לשלוח חוזה [2]\n"
        "5. סיכום, אחראים ולוחות זמנים (5 דק׳)\n\n"
        "## מקורות\n"
        "- [1] דוח.md, שורה 2\n"
        "- [2] דוח.md, שורה 1\n"
    )
    assert [source.line for source in agenda.sources] == [2, 1]
    assert documents.agendas == {agenda.path: agenda.text}


async def test_english_agenda_from_a_title_alone() -> None:
    documents = MemoryDocuments()
    agenda = await EditorAgent().run(EditorInputs(title="Product [meeting](http://x)\r\n"), desk_at(documents))
    assert agenda.text == (
        "# Agenda: Product (meeting)(http://x)\n\n"
        "1. Opening and purpose (5 min)\n"
        "2. Discussion: Product (meeting)(http://x) (25 min)\n"
        "3. Next steps (25 min)\n"
        "4. Summary, owners and dates (5 min)\n"
    )
    assert agenda.sources == ()


async def test_what_was_composed_first_is_saved_also_on_a_later_attempt() -> None:
    documents = MemoryDocuments()
    first = desk_at(documents)
    wanted = EditorInputs(title="Product")
    agenda = await EditorAgent().run(wanted, first)
    second = first.again()
    second.inbox = ["- Who pays?"]
    assert await EditorAgent().run(wanted, second) == agenda
    assert second.calls == first.calls


async def test_minutes_add_up_to_an_hour_and_messages_are_bounded() -> None:
    every = ("Decision: a is done", "Goal: b is near", "Risk: c may fail", "Who pays for d?", "Next step: e is sent")
    desk = desk_at(
        MemoryDocuments(), inbox=["\n".join(f"- Point number {n} is open" for n in range(50)), "plain words"]
    )
    agenda = await EditorAgent().run(EditorInputs(title="x", summary=summary_of(*every)), desk)
    minutes = [int(line.rpartition("(")[2].split()[0]) for line in agenda.text.splitlines() if line.endswith(" min)")]
    assert sum(minutes) == 60
    assert agenda.text.count("is open") == 6
