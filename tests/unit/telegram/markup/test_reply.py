"""A question below the card carries all it takes to answer it; its answer takes its place."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.presses import Press, choice_of, short_token
from bot.render.approvals import ApprovalBlock, Button
from bot.render.texts import LOCALES, Texts
from bot.telegram.markup.reply import reply_bodies
from bot.telegram.presses import read_data
from engine.domain.approval import ApprovalKind, ApprovalStatus, Choice
from engine.domain.ids import ChoiceId
from engine.domain.json import JsonObject, JsonValue
from tests.unit.parts.made import block, card, field, view
from tests.unit.parts.states import all_states, view_of
from tests.unit.render.story import ask, call, snapshot
from tests.unit.telegram.markup.judge import findings, styled, visible
from tests.unit.telegram.markup.made import buttons, labels, messages

STATES = sorted(all_states("en"))


def asked(locale: str, state: str) -> JsonObject:
    """The last reply of a state."""
    shown = view_of(all_states(locale)[state])
    return reply_bodies(shown, shown.replies[-1])[-1][1]


def of_block(made: ApprovalBlock, locale: str = "en") -> JsonObject:
    return dict(messages(view(card(locale, made))))[f"approval:{made.id}"]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", STATES)
def test_every_reply_of_the_story_is_one_telegram_takes(state: str, locale: str) -> None:
    shown = view_of(all_states(locale)[state])
    for reply in shown.replies:
        for purpose, body in reply_bodies(shown, reply):
            assert findings(body) == [], purpose
            assert (body["locale"], body["execution"]) == (locale, f"x-{locale}")
            assert state == "long-gate" or len(visible(body).split("\n")) <= 50


def test_a_gate_shows_exactly_what_will_be_written() -> None:
    assert visible(asked("en", "gate")) == (
        "✋ Approve this? Set up the meeting\nExactly this will be written. Nothing has been written yet.\n\n"
        "Invited: Yoav Levi <yoav.levi@tevuot.example>\nTitle: Meeting with Yoav Levi: the Tevuot strategy\n"
        "Starts: Monday, January 5, 2026, 10:00\nEnds: Monday, January 5, 2026, 11:00\nOrganiser: (empty)\n\n"
        "Description:\nGo through the December decisions\nApprove the pilot\n"
        "Tool: schedule_meeting 1 · Open until Sunday, January 11, 2026, 10:00"
    )
    assert labels(asked("en", "gate")) == [["Approve", "Edit", "Reject"], ["Details"]]


def test_a_gate_shows_it_in_hebrew() -> None:
    assert visible(asked("he", "gate")) == (
        "✋ לאשר? קביעת פגישה\nזה בדיוק מה שייכתב. עד כה לא נכתב דבר.\n\n"
        "מוזמנים: יואב לוי <yoav.levi@tevuot.example>\nכותרת: פגישה עם יואב לוי: האסטרטגיה של תבואות\n"
        "התחלה: יום שני, 5 בינואר 2026, 10:00\nסיום: יום שני, 5 בינואר 2026, 11:00\nמארגן הפגישה: (ריק)\n\n"
        "תיאור:\nלעבור על החלטות דצמבר\nלאשר את הפיילוט\n"
        "כלי: schedule_meeting 1 · פתוח עד יום ראשון, 11 בינואר 2026, 10:00"
    )
    assert labels(asked("he", "gate")) == [["אישור", "עריכה", "דחייה"], ["פרטים"]]


def test_an_address_one_consents_to_is_shown_to_the_letter() -> None:
    body = asked("en", "gate")
    assert styled(body, "code") == ["yoav.levi@tevuot.example"]
    assert "yoav.levi@tevuot.example" in str(body["text"])  # no joiner in it
    assert styled(body, "blockquote") == ["Go through the December decisions\nApprove the pilot"]
    made = replace(block(ApprovalKind.GATE), fields=(field(0, "pay https://evil.example/x?a=b now, @dana"),))
    assert styled(of_block(made), "code") == ["https://evil.example/x?a=b", "@dana"]


def test_a_gate_shows_an_argument_nobody_has_a_word_for_and_says_so() -> None:
    approval = replace(ask("en", ApprovalKind.GATE), call=call("en", webhook="https://evil.example", x={"a": [1]}))
    shown = view_of(snapshot("en", "+++w.", approvals=(approval,)))
    told = visible(reply_bodies(shown, shown.replies[0])[0][1])
    assert "webhook: (Not a field known here; shown as it is.) https://evil.example" in told
    assert 'x: (Not a field known here; shown as it is.) {"a":[1]}' in told


def test_a_long_argument_is_counted_and_stands_in_the_details() -> None:
    body = asked("en", "long-gate")
    assert "more characters: see Details" in visible(body)
    assert labels(body) == [["Details", "Approve", "Edit", "Reject"]]


def of_call(locale: str, **arguments: JsonValue) -> JsonObject:
    """A gate on a call with these arguments besides its own."""
    approval = replace(ask(locale, ApprovalKind.GATE), call=call(locale, **arguments))
    shown = view_of(snapshot(locale, "+++w.", approvals=(approval,)))
    return reply_bodies(shown, shown.replies[0])[0][1]


def invited(number: int) -> list[JsonValue]:
    """People with long addresses, and one nobody expects at the end."""
    people: list[JsonValue] = [{"name": f"Person {n}", "email": f"person{n}@example.com"} for n in range(number)]
    return [*people, {"name": "Mallory", "email": "mallory@evil.example"}]


def test_everybody_who_is_invited_is_shown_before_a_text_that_would_take_their_room() -> None:
    body = of_call("en", attendees=invited(59), title="t" * 6_000, description="d" * 6_000)
    assert findings(body) == []
    told = visible(body)
    assert all(f"<person{n}@example.com>" in told for n in range(59))
    assert "<mallory@evil.example>" in told
    assert told.index("Invited:") < told.index("Title:")
    assert "more person" not in told
    assert "more people" not in told
    assert labels(body) == [["Details", "Approve", "Edit", "Reject"]]


@pytest.mark.parametrize(
    ("locale", "says"), [("en", "and {} more people: see Details"), ("he", "ועוד {} אנשים: ראו ״פרטים״")]
)
def test_more_people_than_fit_are_counted_as_people_and_nobody_is_cut(locale: str, says: str) -> None:
    body = of_call(locale, attendees=invited(200))
    assert findings(body) == []
    lines = visible(body).split("\n")
    shown = [line for line in lines if line.startswith("Person ")]
    assert shown == [f"Person {n} <person{n}@example.com>" for n in range(len(shown))]
    assert len(shown) > 50
    assert lines[lines.index(shown[-1]) + 1] == says.format(201 - len(shown))
    assert next(iter(labels(body)[0])) == {"en": "Details", "he": "פרטים"}[locale]


def test_people_in_a_text_are_cut_between_two_and_counted() -> None:
    body = of_call("en", to=", ".join(f"person{n}@example.com" for n in range(300)))
    told = visible(body).split("To:\n")[1].split("\n")
    last = re.findall(r"person\d+@example\.com", told[0])
    assert told[0] == ", ".join(f"person{n}@example.com" for n in range(len(last)))
    assert told[1] == f"and {300 - len(last)} more people: see Details"


def test_a_name_with_a_line_end_in_it_is_one_person() -> None:
    body = of_call("en", attendees=[{"name": "Dana\nMallory", "email": "dana@tevuot.example"}])
    assert "Invited: Dana⟦U+000A⟧Mallory <dana@tevuot.example>" in visible(body)


def test_what_is_called_off_is_said_before_who_was_invited() -> None:
    told = visible(of_call("en", cancel=True))
    assert told.index(f"{Texts('en').say('field.cancel')}:") < told.index("Invited:")


def test_the_way_to_what_is_not_shown_stands_before_choices_too() -> None:
    made = replace(block(ApprovalKind.UNKNOWN_OUTCOME, choices=2), fields=(field(0, "x" * 9_000),))
    assert labels(of_block(made))[:2] == [["Details"], ["c"]]


def test_the_parts_of_a_choice_in_two_languages_keep_their_order_everywhere() -> None:
    label = "יואב לוי (Head of strategy, Tevuot, yoav.levi@example.com)"
    parts = "\u2068יואב לוי\u2069 (\u2068Head of strategy\u2069, \u2068Tevuot\u2069, \u2068yoav.levi@example.com\u2069)"
    asking = replace(ask("he", ApprovalKind.CHOICE), choices=(Choice(id=ChoiceId("c1"), label=label),))
    shown = view_of(snapshot("he", "++r..", approvals=(asking,)))
    body = reply_bodies(shown, shown.replies[0])[0][1]
    assert findings(body) == []
    assert f"\u200f1. {parts}" in str(body["text"]).replace("\u2060", "")
    assert labels(body)[0][0].startswith("\u200f\u20681\u2069 · \u2068יואב לוי\u2069 (\u2068Head")
    picked = replace(asking, status=ApprovalStatus.CHOSEN, chosen=ChoiceId("c1"))
    over = view_of(snapshot("he", "++r..", approvals=(picked,)))
    outcome = reply_bodies(over, over.replies[0])[0][1]
    assert f"הבחירה: {parts}" in str(outcome["text"]).replace("\u2060", "")


def test_what_was_hidden_in_an_argument_is_spelled_out_and_explained() -> None:
    approval = replace(ask("en", ApprovalKind.GATE), call=call("en", location="\u202eevil\u200b"))
    shown = view_of(snapshot("en", "+++w.", approvals=(approval,)))
    told = visible(reply_bodies(shown, shown.replies[0])[0][1])
    assert "⟦U+202E⟧evil⟦U+200B⟧" in told
    assert "⟦…⟧ marks something that cannot be seen" in told
    assert "⟦…⟧" not in visible(asked("en", "gate"))


def test_a_name_that_looks_like_a_tag_is_a_name() -> None:
    made = replace(block(ApprovalKind.GATE), fields=(field(0, "<a@b> & <b>Dana</b>"),))
    assert "Label: <a@b> & <b>Dana</b>" in visible(of_block(made))


def test_buttons_carry_ids_and_nothing_else() -> None:
    presses = [read_data(key["data"]) for key in buttons(asked("en", "gate"))]
    assert presses == [Press(action=action, approval="ap-gate") for action in ("approve", "edit", "reject", "details")]


def test_choices_have_a_row_each_and_long_names_are_told_above_them() -> None:
    body = asked("en", "choice")
    assert "1. Yoav Levi · yoav.levi@tevuot.example\n2. Yoav Cohen · yoav@else.example" in visible(body)
    assert labels(body) == [
        ["1 · Yoav Levi · yoav.levi@tevuot.…"],
        ["2 · Yoav Cohen · yoav@else.example"],
        ["None of these"],
    ]
    assert read_data(buttons(body)[1]["data"]) == Press(action="choose", approval="ap-choice", choice=short_token("c2"))


def test_short_choices_are_buttons_alone() -> None:
    body = asked("en", "budget")
    assert labels(body) == [["Go on"], ["Stop here"]]
    assert "84% of the spending limit of this task is used: $0.34 of $0.41." in visible(body)
    assert "1. " not in visible(body)


def test_eight_choices_are_rows_and_nine_are_numbers() -> None:
    assert [len(row) for row in labels(asked("he", "many-choices"))] == [1] * 9
    choices = tuple(Choice(id=ChoiceId(f"c{n}"), label=f"Dana {n}") for n in range(1, 13))
    shown = view_of(snapshot("en", "++r..", approvals=(replace(ask("en", ApprovalKind.CHOICE), choices=choices),)))
    body = reply_bodies(shown, shown.replies[0])[0][1]
    assert findings(body) == []
    assert labels(body) == [["1", "2", "3", "4", "5"], ["6", "7", "8", "9", "10"], ["11", "12"], ["None of these"]]
    assert "\n1. Dana 1\n2. Dana 2\n" in visible(body)


def test_the_id_of_a_choice_that_is_somebodys_text_is_not_carried_and_still_found() -> None:
    ids = [f"dana|cohen {n} <dana@tevuot.example>" for n in range(8)]
    choices = tuple(Choice(id=ChoiceId(one), label=f"Dana {n}") for n, one in enumerate(ids))
    shown = view_of(snapshot("en", "++r..", approvals=(replace(ask("en", ApprovalKind.CHOICE), choices=choices),)))
    body = reply_bodies(shown, shown.replies[0])[0][1]
    assert findings(body) == []
    pressed = [read_data(key["data"]) for key in buttons(body)]
    assert [choice_of(press.choice, ids) for press in pressed if press and press.action == "choose"] == ids


def test_choices_of_four_hundred_characters_are_told_above_and_cut() -> None:
    choices = tuple(Button(action="choose", label=f"{n}{'x' * 398}.", approval="a", choice=f"c{n}") for n in range(2))
    made = replace(block(ApprovalKind.CHOICE), buttons=choices)
    body = of_block(made)
    assert findings(body) == []
    assert f"1. 0{'x' * 230}" in visible(body)
    assert all(len(row[0]) <= 34 for row in labels(body))


def test_a_plan_names_its_steps_and_which_of_them_write() -> None:
    body = asked("en", "unsure")
    assert labels(body) == [["Run", "Change", "Drop"]]
    assert "📋 Is this the plan you meant?" in visible(body)
    assert "4. Set up the meeting · ✏️ Will ask you first" in visible(body)


def test_a_plan_of_many_steps_counts_the_rest() -> None:
    assert "and 25 more" in visible(of_block(block(ApprovalKind.PLAN, drops=40)))


def test_a_question_can_be_answered_in_own_words_or_with_a_button() -> None:
    body = asked("he", "question")
    assert "על איזה דצמבר מדובר, ובאיזו חברה?" in visible(body)
    assert labels(body) == [["דצמבר 2025, תבואות בע״מ"], ["דצמבר 2024, תבואות בע״מ"], ["Tevuot Inc."], ["שליחת תשובה"]]


def test_an_unknown_outcome_shows_the_call_it_is_about() -> None:
    body = asked("en", "unknown-outcome")
    assert labels(body) == [["It happened"], ["Do it again"], ["Leave it"], ["Details"]]
    assert "Invited: Yoav Levi <yoav.levi@tevuot.example>" in visible(body)


def test_a_reminder_is_a_message_of_its_own_without_buttons_and_the_question_stays_as_it_was() -> None:
    for locale, said in (("en", "Still waiting for you"), ("he", "עדיין ממתין לתשובה")):
        shown = view_of(all_states(locale)["reminded"])
        (question,), (reminder,) = (reply_bodies(shown, reply) for reply in shown.replies[-2:])
        assert reminder[0] == question[0].replace("approval:", "remind:")
        assert said in visible(reminder[1])
        assert buttons(reminder[1]) == []
        assert question[1] == asked(locale, "gate")


def test_an_answer_takes_the_place_of_the_question() -> None:
    shown = view_of(all_states("en")["done"])
    picked, approved, _ = (reply_bodies(shown, reply)[0] for reply in shown.replies)
    assert visible(picked[1]) == "✅ Picked: Yoav Levi · yoav.levi@tevuot.example"
    assert visible(approved[1]) == "✓ Approved by Dana Bar · Set up the meeting"
    assert approved[0] == "approval:ap-gate"
    assert buttons(approved[1]) == []


def test_two_open_questions_have_a_reply_each() -> None:
    shown = view_of(all_states("en")["two-questions"])
    assert [reply_bodies(shown, reply)[0][0] for reply in shown.replies] == ["approval:ap-budget", "approval:ap-gate"]


def test_a_question_that_is_gone_has_no_buttons() -> None:
    shown = view_of(all_states("en")["gate"])
    gone = replace(shown, card=replace(shown.card, approvals=()))
    assert buttons(reply_bodies(gone, gone.replies[-1])[0][1]) == []


def test_sixty_arguments_are_all_named() -> None:
    body = of_block(
        replace(block(ApprovalKind.GATE), fields=tuple(field(n, "v", label=f"Argument {n}") for n in range(60)))
    )
    assert all(f"Argument {n}:" in visible(body) for n in range(60))
    assert "more field" not in visible(body)


def test_more_arguments_than_fit_are_counted() -> None:
    body = of_block(replace(block(ApprovalKind.GATE), fields=tuple(field(n, "v" * 50) for n in range(400))))
    assert findings(body) == []
    shown = visible(body).count("Label:")
    assert f"{400 - shown} more fields: see Details" in visible(body)
