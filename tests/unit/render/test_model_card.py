"""The card while a model plans: the draft that grows, its questions, what money and an absent model bring about."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.render.approvals import ApprovalBlock
from bot.render.card import Card, render_card
from engine.domain.approval import ApprovalKind, ApprovalStatus, Choice
from engine.domain.artifact import Agenda, Extract, Meeting, Source, Summary, dump
from engine.domain.effect import Call
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.ids import ChoiceId, StepId
from engine.domain.json import JsonObject
from engine.domain.plan import Plan, Step
from tests.unit.render.model_story import MODEL, by_model, draft, model_states, over_budget, paused, question, topic
from tests.unit.render.story import NOW, artifact, ask, snapshot, states

_MARKS = re.compile("[\u2068\u2069]")


def _bare(text: str) -> str:
    return _MARKS.sub("", text)


def _card(locale: str, state: str) -> Card:
    return render_card(model_states(locale)[state], now=NOW)


def _asked(block: ApprovalBlock) -> list[str]:
    said = [block.title, block.subject, block.lead]
    return [*map(_bare, said), *(f"{b.action} {b.choice} {b.tone}: {_bare(b.label)}" for b in block.buttons)]


def test_a_draft_shows_its_steps_and_that_more_may_come() -> None:
    for locale, label, more in (
        ("en", "Planning", "Still planning: more steps may follow."),
        ("he", "בתכנון", "התכנון נמשך: ייתכנו שלבים נוספים."),
    ):
        card = _card(locale, "draft")
        assert (card.status.label, card.more, card.plan_version) == (label, more, 0)
        assert [step.icon for step in card.steps] == ["succeeded", "running", "pending"]
        assert (card.progress, card.limited, card.approvals, card.planned_by) == (None, "", (), "")


def test_a_plan_that_is_made_no_longer_says_that_more_is_coming() -> None:
    card = _card("en", "running-model")
    assert (card.more, card.plan_version) == ("", 1)
    assert card.progress is not None


def test_a_draft_that_was_taken_back_leaves_no_steps() -> None:
    withdrawn = replace(draft("en", "."), plan=Plan(version=0, steps=(), planner="model"))
    card = render_card(withdrawn, now=NOW)
    assert (card.steps, card.more != "") == ((), True)


def test_a_draft_that_came_to_nothing_is_not_shown_as_if_it_had_run() -> None:
    shot = draft("en", "+.")
    ended = replace(shot.execution, status=ExecutionStatus.DONE, outcome=ExecutionOutcome.FAILED)
    card = render_card(replace(shot, execution=ended), now=NOW)
    assert (card.steps, card.more, card.result, card.progress) == ((), "", None, None)


def test_the_planners_question_can_be_answered_by_a_button_or_in_words() -> None:
    assert _asked(_card("en", "question").approvals[0]) == [
        "One question first",
        "Which December is meant, and which company?",
        "Pick an answer, or write your own.",
        "choose c1 plain: December 2025, Tevuot Ltd",
        "choose c2 plain: December 2024",
        "choose c3 plain: תבואות בע״מ",
        "answer  primary: Answer",
    ]
    assert _asked(_card("he", "question").approvals[0])[:3] == [
        "שאלה אחת לפני שממשיכים",
        "על איזה דצמבר מדובר, ובאיזו חברה?",
        "אפשר לבחור תשובה או לכתוב תשובה אחרת.",
    ]
    assert _card("en", "question").status.name == "asking"


def test_a_long_question_is_shown_whole_and_steers_nothing() -> None:
    long = replace(question("en"), title="\u202e" + "why? " * 90)
    subject = render_card(snapshot("en", approvals=(long,)), now=NOW).approvals[0].subject
    assert subject == ("why? " * 90).strip()


def test_a_question_is_asked_while_the_plan_is_being_made() -> None:
    asking = render_card(draft("en", "+.", question("en")), now=NOW)
    assert (asking.status.name, asking.status.label) == ("asking", "Needs your answer")


def test_most_of_a_budget_used_asks_whether_to_go_on() -> None:
    assert _asked(_card("en", "budget").approvals[0]) == [
        "Go on spending?",
        "84% of the spending limit of this task is used: $0.34 of $0.41.",
        "If it goes on, it pauses by itself at the limit. If it stops, what is done stays done.",
        "choose go_on primary: Go on",
        "choose stop danger: Stop here",
    ]
    assert _asked(_card("he", "budget").approvals[0]) == [
        "להמשיך למרות העלות?",
        "נוצלו 84% מתקרת ההוצאה של המשימה: $0.34 מתוך $0.41.",
        "אם ממשיכים, המשימה תושהה מעצמה בהגיעה לתקרה. אם עוצרים, מה שכבר נעשה נשאר.",
        "choose go_on primary: להמשיך",
        "choose stop danger: לעצור כאן",
    ]


def test_a_days_budget_is_called_a_days() -> None:
    for locale, text in (
        ("en", "84% of today's spending limit is used: $0.34 of $0.41, all tasks together."),
        ("he", "נוצלו 84% מתקרת ההוצאה להיום: $0.34 מתוך $0.41, בכל המשימות יחד."),
    ):
        block = render_card(snapshot(locale, "+r...", approvals=(over_budget("day"),)), now=NOW).approvals[0]
        assert _bare(block.subject) == text


def test_a_budget_question_without_its_numbers_is_still_asked() -> None:
    block = render_card(snapshot("en", approvals=(topic("budget"),)), now=NOW).approvals[0]
    assert _bare(block.subject) == "?% of the spending limit of this task is used: ? of ?."


def test_a_model_that_does_not_answer_offers_what_can_be_done() -> None:
    assert _asked(_card("en", "unavailable").approvals[0]) == [
        "The language model cannot be used",
        "The key of the language model is not accepted. Check ANTHROPIC_API_KEY.",
        "Try again, or go on without it. Without it, planning is limited to documents, people, the calendar and agendas.",
        "choose again primary: Try again",
        "choose offline plain: Go on without the model",
        "choose stop danger: Stop",
    ]
    assert _asked(_card("he", "unavailable").approvals[0]) == [
        "אי אפשר להשתמש במודל השפה",
        "המפתח של מודל השפה לא התקבל. כדאי לבדוק את ANTHROPIC_API_KEY.",
        "אפשר לנסות שוב, או להמשיך בלעדיו. בלי המודל התכנון מוגבל למסמכים, אנשים, יומן וסדרי יום.",
        "choose again primary: לנסות שוב",
        "choose offline plain: להמשיך בלי המודל",
        "choose stop danger: לעצור",
    ]


def test_a_topic_nobody_here_knows_is_shown_as_it_came() -> None:
    block = render_card(snapshot("en", approvals=(topic("weather", "rain"),)), now=NOW).approvals[0]
    assert (block.subject, [b.label for b in block.buttons]) == ("rain", ["go_on"])


def test_a_plan_without_the_model_says_that_it_was_agreed_to() -> None:
    assert _card("en", "agreed").limited.startswith(
        "Limited: planned on this computer, because the language model could not be used and going on without it was"
    )
    assert "וניתנה הסכמה להמשיך בלעדיו" in _card("he", "agreed").limited
    about_step = topic("model_unavailable", "model_cut", step="s3", status=ApprovalStatus.CHOSEN, chosen="offline")
    plain = render_card(snapshot("en", "+r...", approvals=(about_step,)), now=NOW).limited
    assert plain.startswith("Limited: planned on this computer, without")


@pytest.mark.parametrize(
    ("locale", "reason", "text"),
    [
        (
            "en",
            "budget_execution",
            "This task has reached its spending limit. To go on, raise TIZMOR_BUDGET_USD_PER_EXECUTION, restart Tizmor,"
            " then press Resume.",
        ),
        (
            "en",
            "budget_day",
            "Today's spending limit has been reached. Press Resume tomorrow; or raise TIZMOR_BUDGET_USD_PER_DAY,"
            " restart Tizmor, then press Resume.",
        ),
        (
            "he",
            "budget_execution",
            "המשימה הגיעה לתקרת ההוצאה שלה. כדי להמשיך יש להגדיל את TIZMOR_BUDGET_USD_PER_EXECUTION, להפעיל מחדש את"
            " תזמור וללחוץ על ״המשך״.",
        ),
        (
            "he",
            "budget_day",
            "תקרת ההוצאה להיום נוצלה. אפשר ללחוץ מחר על ״המשך״; או להגדיל את TIZMOR_BUDGET_USD_PER_DAY, להפעיל מחדש את"
            " תזמור וללחוץ על ״המשך״.",
        ),
    ],
)
def test_a_pause_for_money_says_why_and_how_to_go_on(locale: str, reason: str, text: str) -> None:
    card = render_card(paused(snapshot(locale, "+r..."), reason), now=NOW)
    assert _bare(card.paused) == text
    assert [action.action for action in card.actions] == ["resume", "plan", "cancel"]


def test_a_pause_by_a_person_and_an_old_reason_say_nothing() -> None:
    assert render_card(states("en")["paused"], now=NOW).paused == ""
    shot = paused(snapshot("en", "+r..."), "budget_day")
    for changed in ({"paused": False}, {"cancelled": True}, {"pause_reason": "other"}):
        assert render_card(replace(shot, execution=replace(shot.execution, **changed)), now=NOW).paused == ""


def test_a_plan_of_a_models_names_it() -> None:
    assert _bare(_card("en", "paid").planned_by) == f"Planned with {MODEL}"
    assert _bare(_card("he", "paid").planned_by) == f"תוכנן בעזרת {MODEL}"
    assert _card("en", "paid").limited == ""


def test_scripted_answers_are_owned_up_to_on_every_card() -> None:
    for locale, text in (
        ("en", "Scripted answers, not a model. The cost shown is an example; nobody is charged."),
        ("he", "תשובות כתובות מראש, לא מודל. העלות המוצגת היא לדוגמה, ואיש אינו מחויב."),
    ):
        for shot in model_states(locale).values():
            card = render_card(shot, now=NOW, banner="scripted")
            assert (card.banner, card.planned_by) == (text, "")
            assert render_card(shot, now=NOW).banner == ""


def test_steps_that_will_ask_a_model_say_so_until_they_are_done() -> None:
    shot = by_model(snapshot("en", "++r.."))
    thinking = frozenset({"WeeklyStatusAgent", "EditorAgent"})
    assert [s.thinks for s in render_card(shot, now=NOW, model_agents=thinking).steps] == [
        "",
        "",
        "Uses the model",
        "",
        "Uses the model",
    ]
    assert all(s.thinks == "" for s in render_card(model_states("en")["paid"], now=NOW, model_agents=thinking).steps)


CHANGE: JsonObject = {
    "meeting_id": "a81f0c@tizmor",
    "instead_of": "Strategy · 05.01.2026 10:00–11:00 · Yoav Levi [1a2b3c4d]",
    "title": "Strategy",
    "timezone": "Asia/Jerusalem",
    "starts": "2026-01-05T11:00:00+02:00",
    "duration_minutes": 60,
    "attendees": [{"name": "Yoav Levi", "email": "yoav.levi@tevuot.example"}],
    "description": "",
    "cancel": False,
}


def test_a_change_of_a_meeting_shows_what_stood_and_fixes_what_it_is_about() -> None:
    gate = replace(ask("en", ApprovalKind.GATE), call=Call(tool="change_meeting", version="1", arguments=CHANGE))
    fields = render_card(snapshot("en", "+++w.", approvals=(gate,)), now=NOW).approvals[0].fields
    assert [(f.name, f.label, f.input) for f in fields] == [
        ("instead_of", "Until now", "fixed"),
        ("title", "Title", "text"),
        ("attendees", "Invited", "people"),
        ("starts", "Starts", "instant"),
        ("duration_minutes", "Duration (minutes)", "number"),
        ("timezone", "Time zone", "text"),
        ("description", "Description", "text"),
        ("cancel", "Call it off", "boolean"),
        ("meeting_id", "Meeting's id", "fixed"),
    ]
    assert {f.name: f.raw for f in fields} == CHANGE


def test_calling_a_meeting_off_is_the_first_thing_said() -> None:
    call = Call(tool="change_meeting", version="1", arguments={**CHANGE, "cancel": True})
    gate = replace(ask("he", ApprovalKind.GATE), call=call)
    fields = render_card(snapshot("he", "+++w.", approvals=(gate,)), now=NOW).approvals[0].fields
    assert (fields[0].label, fields[0].value) == ("ביטול הפגישה", "כן")
    assert len(fields) == len(CHANGE)


def test_a_meeting_called_off_is_told_as_gone() -> None:
    done = states("en")["done"]
    meeting = artifact("en", "s4")
    assert isinstance(meeting, Meeting)
    for locale, note, heading in (
        ("en", "Called off: Meeting with Yoav Levi: the Tevuot strategy", "Meeting called off"),
        ("he", "בוטלה: Meeting with Yoav Levi: the Tevuot strategy", "הפגישה בוטלה"),
    ):
        request = replace(done.execution.request, locale=locale)
        shot = replace(
            done,
            execution=replace(done.execution, request=request),
            artifacts={**done.artifacts, StepId("s4"): dump(replace(meeting, cancelled=True))},
        )
        card = render_card(shot, now=NOW)
        assert _bare(card.steps[3].note) == note
        assert card.result is not None
        assert card.result.meeting is not None
        assert (card.result.meeting.heading, card.result.meeting.cancelled) == (heading, True)


def _two_summaries() -> dict[StepId, JsonObject]:
    one, two = Source(path="a.md", line=3), Source(path="b.md", line=7)
    first = Summary(topic="x", text="We grew [1].", extracts=(Extract(text="grew by 3%", source=one),), sources=(one,))
    second = Summary(
        topic="y",
        text="- We paid [2] [1] [9].",
        extracts=(Extract(text="four was the cost", source=two),),
        sources=(two, one),
    )
    return {StepId("s1"): dump(first), StepId("s2"): dump(second)}


def test_numbers_in_several_texts_lead_to_the_sources_the_card_shows() -> None:
    base = snapshot("en", "++", status=ExecutionStatus.DONE, outcome=ExecutionOutcome.SUCCEEDED)
    steps = tuple(Step(id=StepId(f"s{n}"), agent="A", title="x") for n in (1, 2))
    shot = replace(base, plan=Plan(version=1, steps=steps), artifacts=_two_summaries())
    result = render_card(shot, now=NOW).result
    assert result is not None
    assert [(s.number, s.path) for s in result.sources] == [(1, "a.md"), (2, "b.md")]
    assert result.summary == "We grew [1].\n\n- We paid [1] [2] [9]."


def test_what_came_short_of_a_model_is_told_in_the_language_and_is_no_file() -> None:
    done = states("he")["done"]
    told, agenda = artifact("he", "s3"), artifact("he", "s5")
    assert isinstance(told, Summary)
    assert isinstance(agenda, Agenda)
    problems = ("old.pdf: encrypted", "statements_dropped 2: 2 statements …", "links_removed 1: 1 link …")
    shot = replace(
        done,
        artifacts={
            **done.artifacts,
            StepId("s1"): dump(replace(artifact("he", "s1"), problems=())),
            StepId("s3"): dump(replace(told, problems=problems)),
            StepId("s5"): dump(replace(agenda, problems=("model_refused: the model declined …",))),
        },
    )
    card = render_card(shot, now=NOW)
    assert card.result is not None
    assert [_bare(p) for p in card.result.problems] == [
        "לא ניתן לקריאה: old.pdf: encrypted",
        "שני משפטים בלי מקור תקף הושמטו.",
        "קישור אחד שאינו מופיע באף מקור הוסר.",
        "מודל השפה סירב לענות; זה נכתב בלעדיו.",
    ]
    assert _bare(card.steps[2].note) == "נקראו 7 מסמכים · קובץ אחד לא נקרא"


def test_isolates_are_balanced_and_a_card_stays_plain_json() -> None:
    for locale in ("he", "en"):
        for shot in model_states(locale).values():
            text = str(render_card(shot, now=NOW, banner="scripted").to_json())
            assert text.count("\\u2068") == text.count("\\u2069")
            assert text.count("\u2068") == text.count("\u2069")


def test_a_choice_of_the_planners_question_is_data() -> None:
    evil = (Choice(id=ChoiceId("c1"), label="<b>x</b>\u202e"),)
    block = render_card(snapshot("en", approvals=(replace(question("en"), choices=evil),)), now=NOW).approvals[0]
    assert block.buttons[0].label == "<b>x</b>⟦U+202E⟧"
