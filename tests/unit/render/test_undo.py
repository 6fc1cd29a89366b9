"""What can be taken back is said before, exactly; what came of it afterwards, thing by thing; in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.render.replies import Reply
from bot.render.texts import LOCALES, Texts
from bot.render.undo import undo_block
from engine.domain.artifact import Meeting, dump
from engine.domain.effect import Intent, IntentStatus
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot, Undo
from engine.planning.undoing import UNDO_WINDOW
from tests.scenarios.lab import plain
from tests.unit.parts.states import view_of
from tests.unit.render.story import NOW, artifact
from tests.unit.render.undone import UNDONE_BY, effect, undo_of, undoable, undone


def final(shot: ExecutionSnapshot) -> Reply:
    return view_of(shot).replies[-1]


def lines(*effects: Intent, locale: str = "en") -> list[str]:
    """What a person is told would be taken back."""
    shot = undoable(locale, *effects)
    texts = Texts(locale, "Asia/Jerusalem")
    block = undo_block(shot, texts, now=NOW, undone_by=UNDONE_BY)
    return [plain(line) for line in block.lines] if block else []


def test_the_question_names_everything_that_goes_and_who_hears_of_it() -> None:
    assert lines() == [
        "The meeting “Meeting with Yoav Levi: the Tevuot strategy”, Monday, January 5, 2026, 10:00 – 11:00, goes from the"
        " calendar; a cancellation is written to Yoav Levi.",
        "The document “Meeting with Yoav Levi: the Tevuot strategy” is removed.",
    ]
    assert lines(locale="he") == [
        "הפגישה „פגישה עם יואב לוי: האסטרטגיה של תבואות”, יום שני, 5 בינואר 2026, 10:00–11:00, תוסר מהיומן, והודעת ביטול"
        " תיכתב אל יואב לוי.",
        "המסמך „פגישה עם יואב לוי: האסטרטגיה של תבואות” יימחק.",
    ]


def meeting(**more: object) -> Intent:
    found = artifact("en", "s4")
    assert isinstance(found, Meeting)
    changed = replace(found, title="Sync", **more)  # pyright: ignore[reportArgumentType] - fields of a meeting
    return effect("en", "s4", "change_meeting", result=dump(changed))


def test_what_was_moved_goes_back_and_what_was_called_off_takes_place_again() -> None:
    when = "Monday, January 5, 2026, 10:00 – 11:00"
    back = f"The meeting “Sync”, now {when}, goes back to what it was"
    assert lines(meeting()) == [f"{back}; an update is written to Yoav Levi."]
    assert lines(meeting(attendees=())) == [f"{back}."]
    assert lines(meeting(attendees=(), cancelled=True)) == [f"The meeting “Sync”, {when}, takes place again."]


def test_of_many_people_some_are_named_and_names_without_an_address_are_not() -> None:
    many = tuple(f"P{n} <p{n}@example.com>" for n in range(5))
    [line] = lines(meeting(attendees=(*many, "Nobody")))
    assert line.endswith("an update is written to P0, P1, P2 and 2 more.")
    assert "Nobody" not in line


def test_what_stays_is_named_too() -> None:
    posted = effect("en", "s3", "post")
    begun = effect("en", "s5", status=IntentStatus.STARTED, result=None)
    [_, *staying] = lines(posted, begun, effect("en", "s4"))
    assert len(staying) == 2
    assert staying[0].endswith("stays; whether it happened is not known.")
    assert staying[1].endswith("cannot be taken back, and stays.")


@pytest.mark.parametrize("locale", LOCALES)
def test_the_offer_ends_with_its_time_and_with_the_undo(locale: str) -> None:
    shot, texts = undoable(locale), Texts(locale)
    offered = undo_block(shot, texts, now=NOW + UNDO_WINDOW, undone_by=UNDONE_BY)
    assert offered is not None
    assert offered.until == "2026-01-04T08:10:09Z"
    late = NOW + UNDO_WINDOW + timedelta(microseconds=1)
    assert undo_block(shot, texts, now=late, undone_by=UNDONE_BY) is None
    assert undo_block(shot, texts, now=NOW, undone_by={}) is None
    assert final(shot).undo is not None
    assert final(undone(locale)["being-undone"]).undo is None
    assert final(undone(locale)["undo"]).undo is None, "an undo is not undone"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (None, "Being taken back; see the latest message."),
        (ExecutionOutcome.SUCCEEDED, "Taken back."),
        (ExecutionOutcome.PARTIAL, "Taken back in part."),
        (ExecutionOutcome.FAILED, "It could not be taken back."),
        (ExecutionOutcome.CANCELLED, "It could not be taken back."),
    ],
)
def test_where_it_was_offered_it_says_what_became_of_it(outcome: ExecutionOutcome | None, said: str) -> None:
    shot = replace(undoable("en"), undo=Undo(execution_id=ExecutionId("u"), outcome=outcome))
    assert final(shot).undone == said


def test_the_end_of_an_undo_says_what_was_taken_back_and_what_was_not() -> None:
    first = undoable("en")
    ends = {name: plain(final(shot).text) for name, shot in undone("en").items() if name.startswith("undo-")}
    when = "Monday, January 5, 2026, 10:00 – 11:00"
    title = "Meeting with Yoav Levi: the Tevuot strategy"
    assert plain(final(undone("en")["undo"]).text) == f"Taken back: {title} · {when}, and one more"
    assert ends["undo-partial"] == f"Taken back in part: {title} · What stays is on the card."
    assert ends["undo-failed"] == "Nothing was taken back. Somebody has changed it since, so it stays as it is."
    result = view_of(undo_of(first, ExecutionOutcome.PARTIAL, "undo_gone", "")).card.result
    assert result is not None
    told = [(listing.kind, [(row.title, plain(row.text)) for row in listing.rows]) for listing in result.listings]
    assert told == [
        ("undone", [(title, "The document was removed.")]),
        ("staying", [(f"Take the meeting “{title}” out of the calendar", "It is not there any more.")]),
    ]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", sorted(undone("en")))
def test_nothing_of_it_is_empty_or_in_the_other_language(state: str, locale: str) -> None:
    shown = view_of(undone(locale)[state])
    said = [*(shown.replies[-1].undo.lines if shown.replies[-1].undo else ()), shown.replies[-1].text]
    hebrew = [any("\u0590" < sign < "\u05ff" for sign in text) for text in said]
    assert all(said)
    assert all(hebrew) if locale == "he" else not any(hebrew)
