"""A question under the card carries all it takes to answer it; its answer takes its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.presses import Press, choice_of, choice_token, read_press
from bot.render.approvals import Button
from bot.render.texts import LOCALES
from bot.slack.markup.reply import reply_bodies
from engine.domain.approval import ApprovalKind, Choice
from engine.domain.ids import ChoiceId
from tests.servers.blockkit import validate_message
from tests.unit.parts.made import block, card, field, view
from tests.unit.parts.states import all_states, view_of
from tests.unit.render.story import ask, call, snapshot
from tests.unit.slack.markup.made import messages
from tests.unit.slack.markup.scanner import findings, visible

STATES = sorted(all_states("en"))
Blocks = list[dict[str, Any]]


def asked(locale: str, state: str, *, rich: bool = True) -> Blocks:
    """The blocks of the last reply of a state."""
    shown = view_of(all_states(locale)[state])
    return cast("Blocks", reply_bodies(shown, shown.replies[-1], rich=rich)[-1][1]["blocks"])


def buttons(blocks: Blocks) -> list[dict[str, Any]]:
    return [element for row in blocks if row["type"] == "actions" for element in row["elements"]]


def labels(blocks: Blocks) -> list[str]:
    return [element["text"]["text"] for element in buttons(blocks) if element["type"] == "button"]


@pytest.mark.parametrize("rich", [True, False], ids=["rich", "plain"])
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", STATES)
def test_every_reply_of_the_story_is_one_slack_takes(state: str, locale: str, rich: bool) -> None:
    shown = view_of(all_states(locale)[state])
    for reply in shown.replies:
        for _, body in reply_bodies(shown, reply, rich=rich):
            assert validate_message(dict(body)) == []
            assert findings(body) == []
            assert len(cast("Blocks", body["blocks"])) <= 20


def test_a_gate_shows_exactly_what_will_be_written() -> None:
    assert visible(asked("en", "gate")) == (
        "✋ \nApprove this?\n\n\nSet up the meeting\nExactly this will be written. Nothing has been written yet.\n"
        "Title:\n Meeting with Yoav Levi: the Tevuot strategy\n\nInvited:\n Yoav Levi <yoav.levi@tevuot.example>\n\n"
        "Starts:\n Monday, January 5, 2026, 10:00\n\nEnds:\n Monday, January 5, 2026, 11:00\n\nOrganiser:\n (empty)\n"
        "Description:\nGo through the December decisions\nApprove the pilot\n"
        "Tool: schedule_meeting 1 · Open until Sunday, January 11, 2026, 10:00\n"
        "Approve\nEdit\nReject\nDetails"
    )


def test_a_gate_shows_it_in_hebrew_without_rich_text() -> None:
    assert visible(asked("he", "gate", rich=False)) == (
        "✋ *לאשר?*\nקביעת פגישה\nזה בדיוק מה שייכתב. עד כה לא נכתב דבר.\n"
        "*כותרת:* פגישה עם יואב לוי: האסטרטגיה של תבואות\n*מוזמנים:* יואב לוי &lt;yoav.levi@tevuot.example&gt;\n"
        "*התחלה:* יום שני, 5 בינואר 2026, 10:00\n*סיום:* יום שני, 5 בינואר 2026, 11:00\n*מארגן הפגישה:* (ריק)\n"
        "*תיאור:*\n> לעבור על החלטות דצמבר\n> לאשר את הפיילוט\n"
        "כלי: schedule_meeting 1 · פתוח עד יום ראשון, 11 בינואר 2026, 10:00\n"
        "אישור\nעריכה\nדחייה\nפרטים"
    )


def test_a_gate_shows_an_argument_nobody_has_a_word_for_and_says_so() -> None:
    approval = replace(ask("en", ApprovalKind.GATE), call=call("en", webhook="https://evil.example", x={"a": [1]}))
    shown = view_of(snapshot("en", "+++w.", approvals=(approval,)))
    told = visible(reply_bodies(shown, shown.replies[0])[0][1]["blocks"])
    assert "webhook:\n (Not a field known here; shown as it is.)\n https://evil.example" in told
    assert 'x:\n (Not a field known here; shown as it is.)\n {"a":[1]}' in told


def test_a_phone_shows_what_is_asked() -> None:
    shown = view_of(all_states("en")["gate"])
    texts = [body["text"] for reply in shown.replies for _, body in reply_bodies(shown, reply)]
    assert texts[-1] == (
        "Approval needed: \u2068Set up the meeting\u2069 · Monday, January 5, 2026, 10:00 · \u2068Yoav Levi\u2069"
    )


def test_a_long_argument_is_counted_and_stands_in_the_details() -> None:
    told = visible(asked("en", "long-gate"))
    assert "… \n4,398 more characters: see Details" in told
    assert labels(asked("en", "long-gate"))[-1] == "Details"


def test_what_was_hidden_in_an_argument_is_spelled_out_and_explained() -> None:
    approval = replace(ask("en", ApprovalKind.GATE), call=call("en", location="\u202eevil\u200b"))
    shown = view_of(snapshot("en", "+++w.", approvals=(approval,)))
    told = visible(reply_bodies(shown, shown.replies[0])[0][1]["blocks"])
    assert "⟦U+202E⟧evil⟦U+200B⟧" in told
    assert "⟦…⟧ marks something that cannot be seen" in told
    assert "⟦…⟧" not in visible(asked("en", "gate"))


def test_buttons_carry_ids_and_nothing_else() -> None:
    presses = [read_press(button["value"]) for button in buttons(asked("en", "gate"))]
    assert [press.action for press in presses if press] == ["approve", "edit", "reject", "details"]
    assert {press.approval for press in presses if press} == {"ap-gate"}
    assert [button.get("style") for button in buttons(asked("en", "gate"))] == ["primary", None, "danger", None]


def test_few_choices_are_buttons_and_long_names_are_told_above_them() -> None:
    blocks = asked("en", "choice")
    assert "Yoav Levi · yoav.levi@tevuot.example\nYoav Cohen · yoav@else.example" in visible(blocks)
    assert labels(blocks) == ["1 · Yoav Levi · yoav.levi@tev…", "2 · Yoav Cohen · yoav@else.ex…", "None of these"]
    assert read_press(buttons(blocks)[1]["value"]) == Press(
        action="choose", execution="x-en", approval="ap-choice", choice="c2"
    )


def test_short_choices_are_buttons_alone() -> None:
    blocks = asked("en", "budget")
    assert labels(blocks) == ["Go on", "Stop here"]
    assert [button.get("style") for button in buttons(blocks)] == ["primary", "danger"]
    assert "84% of the spending limit of this task is used: $0.34 of $0.41." in visible(blocks)


def test_many_choices_are_a_menu() -> None:
    menu, none = buttons(asked("he", "many-choices"))
    assert menu["placeholder"]["text"] == "בחירה…"
    assert [option["text"]["text"] for option in menu["options"]][-1] == "יואב לוי 8 · 8@tevuot.example"
    press = read_press(menu["options"][2]["value"])
    assert press == Press(action="choose", execution="x-he", approval="ap-choice", choice="c3")
    assert none["text"]["text"] == "אף אחת מהאפשרויות"


def test_the_id_of_a_choice_that_is_somebodys_text_is_not_carried_and_still_found() -> None:
    ids = [f"dana|cohen {n} <dana@tevuot.example>" for n in range(8)]
    choices = tuple(Choice(id=ChoiceId(one), label=f"Dana {n}") for n, one in enumerate(ids))
    shown = view_of(snapshot("en", "++r..", approvals=(replace(ask("en", ApprovalKind.CHOICE), choices=choices),)))
    body = reply_bodies(shown, shown.replies[0])[0][1]
    assert findings(body) == []
    assert validate_message(dict(body)) == []
    options = buttons(cast("Blocks", body["blocks"]))[0]["options"]
    pressed = [read_press(option["value"]) for option in options]
    assert [choice_of(press.choice, ids) for press in pressed if press] == ids
    assert choice_of("c1", ids) is None
    assert choice_token("urn:uuid:1") == "urn:uuid:1"


@pytest.mark.parametrize("count", [2, 12])
def test_choices_of_four_hundred_characters_are_told_whole(count: int) -> None:
    made = block(ApprovalKind.CHOICE)
    choices = tuple(
        Button(action="choose", label=f"{n}{'x' * 398}.", approval="a", choice=f"c{n}") for n in range(count)
    )
    shown = view(card("en", replace(made, buttons=choices)))
    told = visible(dict(messages(shown, rich=True))[f"approval:{made.id}"]["blocks"])
    assert ("x" * 398 in told) is (count == 2)
    assert told.count("…") >= count


def test_a_plan_names_its_steps_and_which_of_them_write() -> None:
    blocks = asked("en", "unsure")
    assert labels(blocks) == ["Run", "Change", "Drop"]
    told = visible(blocks)
    assert "Is this the plan you meant?" in told
    assert "Set up the meeting\n · ✏️ Will ask you first" in told


def test_a_plan_of_many_steps_counts_the_rest() -> None:
    made = block(ApprovalKind.PLAN, drops=40)
    told = visible(dict(messages(view(card("en", made)), rich=True))[f"approval:{made.id}"]["blocks"])
    assert "and 25 more" in told


def test_a_question_can_be_answered_in_own_words_or_with_a_button() -> None:
    blocks = asked("he", "question")
    assert "על איזה דצמבר מדובר, ובאיזו חברה?" in visible(blocks)
    assert labels(blocks) == ["דצמבר 2025, תבואות בע״מ", "דצמבר 2024, תבואות בע״מ", "Tevuot Inc.", "שליחת תשובה"]


def test_an_unknown_outcome_shows_the_call_it_is_about() -> None:
    blocks = asked("en", "unknown-outcome")
    assert labels(blocks) == ["It happened", "Do it again", "Leave it", "Details"]
    assert "Invited:\n Yoav Levi <yoav.levi@tevuot.example>" in visible(blocks)


def test_a_reminder_is_a_message_of_its_own_without_buttons_and_the_question_stays_as_it_was() -> None:
    for locale, said in (("en", "Still waiting for you, above"), ("he", "עדיין ממתין לתשובה, למעלה")):
        shown = view_of(all_states(locale)["reminded"])
        (question,), (reminder,) = (reply_bodies(shown, reply) for reply in shown.replies[-2:])
        assert reminder[0] == question[0].replace("approval:", "remind:")
        assert said in visible(reminder[1]["blocks"])
        assert buttons(cast("Blocks", reminder[1]["blocks"])) == []
        assert visible(question[1]["blocks"]) == visible(asked(locale, "gate"))


def test_an_answer_takes_the_place_of_the_question() -> None:
    shown = view_of(all_states("en")["done"])
    picked, approved, _ = (reply_bodies(shown, reply)[0] for reply in shown.replies)
    assert visible(picked[1]["blocks"]) == "✅ Picked: Yoav Levi · yoav.levi@tevuot.example"
    assert visible(approved[1]["blocks"]) == "✓ Approved by Dana Bar · Set up the meeting"
    assert approved[0] == "approval:ap-gate"


def test_two_open_questions_have_a_reply_each() -> None:
    shown = view_of(all_states("en")["two-questions"])
    assert [reply_bodies(shown, reply)[0][0] for reply in shown.replies] == ["approval:ap-budget", "approval:ap-gate"]


def test_a_question_that_is_gone_has_no_buttons() -> None:
    shown = view_of(all_states("en")["gate"])
    gone = replace(shown, card=replace(shown.card, approvals=()))
    assert buttons(cast("Blocks", reply_bodies(gone, gone.replies[-1])[0][1]["blocks"])) == []


def test_sixty_arguments_are_all_named() -> None:
    made = replace(block(ApprovalKind.GATE), fields=tuple(field(n, "v", label=f"Argument {n}") for n in range(60)))
    told = visible(dict(messages(view(card("en", made)), rich=True))[f"approval:{made.id}"]["blocks"])
    assert all(f"Argument {n}:" in told for n in range(60))
    assert "more field" not in told


@pytest.mark.parametrize("rich", [True, False], ids=["rich", "plain"])
def test_sixty_long_arguments_with_long_names_still_make_a_message(rich: bool) -> None:
    long = tuple(
        field(n, "ערך " * 900, label=f"{n} {'שם ' * 40}", known=n % 2 == 0, note="הערה " * 9) for n in range(60)
    )
    made = replace(block(ApprovalKind.GATE), fields=long)
    body = dict(messages(view(card("he", made)), rich=rich))[f"approval:{made.id}"]
    assert validate_message(dict(body)) == []
    assert visible(body["blocks"]).count("תווים: ראו ״פרטים״") >= 30


def test_more_arguments_than_fit_are_counted() -> None:
    made = replace(block(ApprovalKind.GATE), fields=tuple(field(n, "v" * 50) for n in range(400)))
    told = visible(dict(messages(view(card("en", made)), rich=True))[f"approval:{made.id}"]["blocks"])
    shown = told.count("Label:")
    assert f"{400 - shown} more fields: see Details" in told
