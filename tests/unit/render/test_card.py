"""The card of the story in each of its states, in Hebrew and in English."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.render.card import Card, render_card
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Choice
from engine.domain.artifact import Appointments, Contacts, Documents, Summary, dump
from engine.domain.effect import Effect
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepError, StepOutcome, StepRun, StepStatus
from engine.domain.ids import ChoiceId, ExecutionId, StepId
from engine.domain.plan import Plan, Step
from engine.domain.snapshot import ExecutionSnapshot
from tests.unit.render.story import NOW, START, WORDS, artifact, ask, call, snapshot, states

EVIL = "<img src=x onerror=alert(1)>\u202egnp.exe\u2066"
_ISOLATES = re.compile("[\u2068\u2069]")


def _card(locale: str, state: str) -> Card:
    return render_card(states(locale)[state], now=NOW)


def _bare(text: str) -> str:
    return _ISOLATES.sub("", text)


def _steps(card: Card) -> list[str]:
    return [
        _bare(" | ".join(part for part in (f"{s.icon}: {s.status}", s.note, s.after_text, s.asks, s.error) if part))
        for s in card.steps
    ]


def _head(card: Card) -> tuple[str, str, str, str]:
    return card.direction, card.status.name, card.status.label, _bare(card.progress.label) if card.progress else ""


def _buttons(card: Card) -> list[str]:
    pressed = [*(button for block in card.approvals for button in block.buttons), *card.actions]
    return [f"{b.action} {b.choice or b.rating or ''}: {_bare(b.label)}".replace(" :", ":") for b in pressed]


def test_while_it_is_planned_the_card_shows_the_request_and_can_be_stopped() -> None:
    assert _head(_card("he", "planning")) == ("rtl", "planning", "בתכנון", "")
    assert _head(_card("en", "planning")) == ("ltr", "planning", "Planning", "")
    assert _card("he", "planning").title == WORDS["he"]["request"]
    assert _card("he", "planning").steps == ()
    assert _card("he", "planning").limited == ""
    assert _buttons(_card("he", "planning")) == ["pause: השהיה", "cancel: עצירה"]


def test_while_it_runs_each_step_says_where_it_is() -> None:
    assert _head(_card("he", "running")) == ("rtl", "running", "בעבודה", "שלבים: 1 מתוך 5")
    assert _steps(_card("he", "running")) == [
        "running: בעבודה",
        "succeeded: הושלם | שני אנשי קשר",
        "pending: ממתין לתורו | אחרי 1, 2",
        "pending: ממתין לתורו | אחרי 2, 3 | יבוקש אישור לפני הביצוע",
        "pending: ממתין לתורו | אחרי 3 | כותב לקבצים שלך",
    ]
    assert _steps(_card("en", "running")) == [
        "running: Working",
        "succeeded: Done | 2 people",
        "pending: Waits for its turn | after 1, 2",
        "pending: Waits for its turn | after 2, 3 | Will ask you first",
        "pending: Waits for its turn | after 3 | Writes to your files",
    ]
    assert [s.level for s in _card("en", "running").steps] == [0, 0, 1, 2, 2]
    assert [s.elapsed for s in _card("en", "running").steps] == ["3 s", "2 s", "", "", ""]


def test_a_choice_has_a_button_for_each_candidate() -> None:
    assert _head(_card("he", "choice")) == ("rtl", "asking", "נדרשת תשובה", "שלבים: 2 מתוך 5")
    assert _buttons(_card("he", "choice")) == [
        "choose c1: יואב לוי · yoav.levi@tevuot.example",
        "choose c2: Yoav Cohen · yoav@else.example",
        "reject: אף אחת מהאפשרויות",
        "pause: השהיה",
        "plan: עריכת התוכנית",
        "cancel: עצירה",
    ]
    assert _card("en", "choice").approvals[0].title == "Which one?"
    assert _card("he", "choice").approvals[0].title == "באיזו אפשרות לבחור?"


def test_a_gate_shows_exactly_what_will_be_written() -> None:
    block = _card("he", "gate").approvals[0]
    assert [(f.name, f.label, _bare(f.value), f.input) for f in block.fields] == [
        ("title", "כותרת", "פגישה עם יואב לוי: האסטרטגיה של תבואות", "text"),
        ("attendees", "מוזמנים", "יואב לוי <yoav.levi@tevuot.example>", "people"),
        ("starts", "התחלה", "יום שני, 5 בינואר 2026, 10:00", "instant"),
        ("ends", "סיום", "יום שני, 5 בינואר 2026, 11:00", "instant"),
        ("organiser", "מארגן הפגישה", "(ריק)", "person"),
        ("description", "תיאור", "לעבור על החלטות דצמבר\nלאשר את הפיילוט", "multiline"),
    ]
    assert {f.name: f.raw for f in block.fields} == dict(call("he").arguments)
    assert [f"{f.label}: {_bare(f.value)}" for f in _card("en", "gate").approvals[0].fields[:4]] == [
        "Title: Meeting with Yoav Levi: the Tevuot strategy",
        "Invited: Yoav Levi <yoav.levi@tevuot.example>",
        "Starts: Monday, January 5, 2026, 10:00",
        "Ends: Monday, January 5, 2026, 11:00",
    ]
    assert _buttons(_card("en", "gate"))[:3] == ["approve: Approve", "edit: Edit", "reject: Reject"]
    assert _buttons(_card("he", "gate"))[:3] == ["approve: אישור", "edit: עריכה", "reject: דחייה"]
    assert _steps(_card("en", "gate"))[3:] == [
        "asking: Waiting for your answer | after 2, 3",
        "held: Waits for a decision | after 3 | Writes to your files",
    ]


def test_an_argument_nobody_has_a_word_for_is_shown_under_its_own_name() -> None:
    gate = replace(ask("he", ApprovalKind.GATE), call=call("he", zz_callback={"url": "http://x"}, limit=5, notify=True))
    fields = {f.name: f for f in render_card(snapshot("he", "+++ww", approvals=(gate,)), now=NOW).approvals[0].fields}
    assert (fields["zz_callback"].label, fields["zz_callback"].value) == ("zz_callback", '{"url":"http://x"}')
    assert fields["zz_callback"].known is False
    assert fields["zz_callback"].note == "שדה שאינו מוכר כאן; מוצג כפי שהוא."
    assert [(fields[n].value, fields[n].input) for n in ("limit", "notify")] == [("5", "number"), ("כן", "boolean")]


def test_done_shows_the_meeting_the_points_with_sources_and_the_agenda() -> None:
    card = _card("he", "done")
    result = card.result
    assert _head(card) == ("rtl", "succeeded", "הושלם", "שלבים: 5 מתוך 5")
    assert result is not None
    assert result.meeting is not None
    assert result.agenda is not None
    assert _bare(result.meeting.when) == "יום שני, 5 בינואר 2026, 10:00–11:00"
    assert (result.meeting.link, _bare(result.meeting.invitation)) == (
        "calendar.ics#a81f0c",
        "הזמנה: outbox/a81f0c.eml",
    )
    assert [(p.text, p.source) for p in result.points] == [(WORDS["he"]["point1"], 1), (WORDS["he"]["point2"], 2)]
    assert result.summary == ""
    assert [(s.number, s.path, s.place) for s in result.sources] == [
        (1, "2025-12/board.md", "שורה 12"),
        (2, "pricing.docx", "שורה 40"),
    ]
    assert _bare(result.agenda.saved) == "נשמר בקובץ agendas/2026-01-05-tevuot.md"
    assert result.listings == ()
    assert card.cost == "ללא עלות: לא נעשה שימוש במודל."
    assert _buttons(card) == ["feedback 1: זה עזר", "feedback -1: זה לא עזר"]


def test_prose_that_is_more_than_its_extracts_is_shown_as_prose() -> None:
    told = artifact("en", "s3")
    assert isinstance(told, Summary)
    done = states("en")["done"]
    prose = dump(replace(told, text="Three regions, and a pilot."))
    result = render_card(replace(done, artifacts={**done.artifacts, StepId("s3"): prose}), now=NOW).result
    assert result is not None
    assert (result.summary, result.points, len(result.sources)) == ("Three regions, and a pilot.", (), 2)


def test_rejected_shows_what_was_found_and_no_meeting() -> None:
    card = _card("en", "rejected")
    assert _head(card) == ("ltr", "rejected", "Rejected", "Steps that succeeded: 3 of 5")
    assert _steps(card)[3:] == [
        "rejected: Rejected | after 2, 3",
        "skipped: Skipped: something before it did not succeed | after 3",
    ]
    assert card.result is not None
    assert card.result.meeting is None
    assert card.result.points
    assert _head(_card("he", "rejected"))[2] == "נדחה"


def test_a_failed_step_says_why_in_the_language_and_for_who_mends_it() -> None:
    line = _card("he", "partial").steps[3]
    assert (line.icon, line.error) == ("failed", "אי אפשר לקרוא את היומן, והוא נשאר ללא שינוי.")
    assert line.error_detail == "calendar.ics: line 40 is not a property."
    assert _head(_card("en", "partial"))[1:3] == ("partial", "Partly done")


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("he", "לא זוהתה משימה בבקשה. כדאי לציין מסמך, אדם, פגישה או יום."),
        ("en", "No task was recognised in this request. Try naming a document, a person, a meeting or a day."),
    ],
)
def test_a_request_that_cannot_be_planned_says_so(locale: str, text: str) -> None:
    failed = snapshot(locale, status=ExecutionStatus.DONE, outcome=ExecutionOutcome.FAILED)
    error = StepError(code="request_not_understood", detail="No clause names anything to do.")
    card = render_card(replace(failed, execution=replace(failed.execution, error=error)), now=NOW)
    assert card.problem is not None
    assert card.problem.text == text
    assert card.status.tone == "bad"
    assert card.result is None


def test_a_paused_execution_can_be_resumed() -> None:
    assert _head(_card("he", "paused"))[1:3] == ("paused", "בהשהיה")
    assert _buttons(_card("he", "paused")) == ["resume: המשך", "plan: עריכת התוכנית", "cancel: עצירה"]
    assert [s.icon for s in _card("en", "paused").steps] == ["succeeded", "running", "paused", "paused", "paused"]


def test_a_stopping_execution_cannot_be_stopped_again() -> None:
    running = states("en")["running"]
    card = render_card(replace(running, execution=replace(running.execution, cancelled=True)), now=NOW)
    assert (card.status.name, card.actions) == ("stopping", ())


def test_a_plan_that_is_not_sure_waits_at_the_plan() -> None:
    card = _card("he", "unsure")
    assert _buttons(card)[:3] == ["run: הפעלה", "change: שינוי", "drop: ביטול"]
    assert [d.id for d in card.approvals[0].drops] == ["s1", "s2", "s3", "s4", "s5"]
    assert card.approvals[0].title == "זו התוכנית הרצויה?"
    assert _buttons(_card("en", "unsure"))[:3] == ["run: Run", "change: Change", "drop: Drop"]


def test_every_card_of_a_plan_made_without_a_model_says_that_it_is_limited() -> None:
    for locale, word in (("he", "מצב מוגבל"), ("en", "Limited")):
        cards = {name: render_card(shot, now=NOW) for name, shot in states(locale).items()}
        assert all(card.limited.startswith(word) for name, card in cards.items() if name != "planning")
    running = states("en")["running"]
    assert running.plan is not None
    assert render_card(replace(running, plan=replace(running.plan, planner="model")), now=NOW).limited == ""


def test_an_unknown_outcome_is_answered_in_words_of_the_language() -> None:
    choices = tuple(Choice(id=ChoiceId(c), label=c) for c in ("happened", "again", "leave"))
    asked = replace(ask("he", ApprovalKind.UNKNOWN_OUTCOME), choices=choices)
    card = render_card(snapshot("he", "+++w.", approvals=(asked,)), now=NOW)
    assert _buttons(card)[:3] == ["choose happened: זה בוצע", "choose again: לבצע שוב", "choose leave: להשאיר כך"]


def test_a_question_is_answered_in_words() -> None:
    asked = replace(ask("en", ApprovalKind.QUESTION), title="Which December?")
    block = render_card(snapshot("en", "+++w.", approvals=(asked,)), now=NOW).approvals[0]
    assert (block.subject, [b.action for b in block.buttons]) == ("Which December?", ["answer"])


def _answer(locale: str, found: Documents | Contacts | Appointments) -> ExecutionSnapshot:
    base = snapshot(locale, "+....", status=ExecutionStatus.DONE, outcome=ExecutionOutcome.SUCCEEDED)
    step = Step(id=StepId("s1"), agent="Finder", title="x")
    return replace(base, plan=Plan(version=1, steps=(step,)), artifacts={step.id: dump(found)})


def test_things_found_are_the_answer_when_nothing_was_made_of_them() -> None:
    documents = artifact("he", "s1")
    assert isinstance(documents, Documents)
    result = render_card(_answer("he", documents), now=NOW).result
    assert result is not None
    assert (result.listings[0].heading, len(result.listings[0].rows)) == ("מסמכים", 8)
    assert _bare(result.listings[0].rows[0].detail) == "עודכן 4 בינו׳ 2026"
    assert [_bare(p) for p in result.problems] == ["לא ניתן לקריאה: old.pdf: encrypted"]
    contacts = artifact("en", "s2")
    assert isinstance(contacts, Contacts)
    people = render_card(_answer("en", contacts), now=NOW).result
    assert people is not None
    assert next((r.title, r.path) for r in people.listings[0].rows) == ("Yoav Levi", "yoav.levi@tevuot.example")


def test_nothing_found_is_said() -> None:
    nobody = render_card(_answer("he", Contacts(query="רות")), now=NOW)
    assert nobody.result is not None
    assert _bare(nobody.result.listings[0].empty) == "אין איש קשר שמתאים לחיפוש רות."
    assert nobody.steps[0].note == "לא נמצא איש"
    free = render_card(_answer("en", Appointments(starts=START, ends=NOW)), now=NOW)
    assert free.steps[0].note == "No appointments"


def test_hostile_text_stays_data_and_hidden_marks_become_visible() -> None:
    choices = (Choice(id=ChoiceId("c1"), label=EVIL),)
    gate = replace(ask("en", ApprovalKind.GATE), call=call("en", title=EVIL))
    choice = replace(ask("en", ApprovalKind.CHOICE), choices=choices)
    card = render_card(snapshot("en", "+++ww", approvals=(choice, gate)), now=NOW)
    shown = "<img src=x onerror=alert(1)>⟦U+202E⟧gnp.exe⟦U+2066⟧"
    assert card.approvals[0].buttons[0].label == shown
    assert card.approvals[1].fields[0].value == shown
    assert card.approvals[1].fields[0].raw == EVIL


def test_isolates_are_balanced_everywhere() -> None:
    for locale in ("he", "en"):
        for shot in states(locale).values():
            for text in _strings(render_card(shot, now=NOW).to_json()):
                assert text.count("\u2068") == text.count("\u2069"), text


def test_a_card_is_plain_json_and_the_same_for_the_same_snapshot() -> None:
    for shot in states("he").values():
        value = render_card(shot, now=NOW).to_json()
        assert json.loads(json.dumps(value)) == value
        assert render_card(shot, now=NOW).to_json() == value


def test_an_artifact_of_an_unknown_kind_is_left_out() -> None:
    done = states("en")["done"]
    card = render_card(replace(done, artifacts={**done.artifacts, StepId("s4"): {"kind": "hologram"}}), now=NOW)
    assert card.steps[3].note == ""
    assert card.result is not None
    assert card.result.meeting is None


@pytest.mark.parametrize("outcome", list(StepOutcome))
@pytest.mark.parametrize("effect", list(Effect))
def test_every_outcome_has_its_words(outcome: StepOutcome, effect: Effect) -> None:
    base = snapshot("he", "+....")
    assert base.plan is not None
    plan = replace(base.plan, steps=(replace(base.plan.steps[0], effect=effect),))
    runs = {StepId("s1"): StepRun(step_id=StepId("s1"), status=StepStatus.DONE, outcome=outcome)}
    line = render_card(replace(base, plan=plan, step_runs=runs), now=NOW).steps[0]
    assert line.icon == outcome.value
    assert line.status
    assert line.touches_world is (effect is not Effect.READ)


@pytest.mark.parametrize("kind", list(ApprovalKind))
@pytest.mark.parametrize("status", list(ApprovalStatus))
def test_only_pending_questions_have_blocks(kind: ApprovalKind, status: ApprovalStatus) -> None:
    asked = Approval(
        id=ask("en", kind).id, execution_id=ExecutionId("x"), kind=kind, plan_version=1, created_at=START, status=status
    )
    card = render_card(snapshot("en", ".....", approvals=(asked,)), now=NOW)
    assert len(card.approvals) == (status is ApprovalStatus.PENDING)


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts: list[Any] = []
    if isinstance(value, Mapping):
        parts = list(value.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    elif isinstance(value, list):
        parts = value  # pyright: ignore[reportUnknownVariableType]
    return [text for part in parts for text in _strings(part)]
