"""Whose form it is, and which messages are answers to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.presses import Press
from bot.telegram.address import Talk, principal_id
from bot.telegram.presses import read_data
from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.domain.ids import PrincipalId
from engine.domain.tenant import Role
from engine.errors import NotFoundError
from tests.unit.forms.made import MEETING, gate
from tests.unit.telegram.forming import AVI, DANA, GROUP, PRIVATE, World, person


def meeting(where: Talk = PRIVATE, locale: str = "en") -> World:
    return World(locale=locale, where=where).about(gate(MEETING), ScheduleMeetingArguments)


async def test_nobody_else_presses_the_buttons_of_a_form_not_even_an_owner() -> None:
    world = meeting(GROUP)
    await world.open("edit")
    button = world.data("Title")
    press = world.forms.pressed
    found = read_data(button)
    assert found is not None
    words = await press(person(AVI, Role.OWNER), found, GROUP, world.form.number, "k", known=True)
    assert words == "Only whoever asked for it, or the owner, may do that."
    with pytest.raises(NotFoundError):
        await press(person(AVI), found, GROUP, world.form.number, "k", known=True)
    assert world.draft["asked"] == ""


async def test_two_people_fill_in_their_own_forms_and_the_first_decides() -> None:
    world = meeting(GROUP)
    avi = replace(person(AVI), role=Role.OWNER)
    await world.open("edit")
    dana = world.form
    await world.press("Title")
    question = await world.door.question(avi, world.door.approval.id)
    press = Press(action="edit", approval=world.door.approval.id)
    await world.forms.open(avi, press, question, GROUP, 50, "a1")
    theirs = world.form
    assert theirs.number != dana.number
    assert [message.target.reply_to for message in world.chat.messages] == [50, 40, 50]
    assert await world.forms.said(avi, GROUP, "Avi's title", dana.number, "a2") is None
    await world.say("Dana's title", reply_to=dana.number)
    assert "✏️ Title: Dana's title" in dana.text
    assert "Title: Meeting with Yoav" in theirs.text
    await world.press("Approve with changes", message=dana)
    data = next(button["data"] for row in theirs.body["keyboard"] for button in row if button["text"] == "Title")
    late = read_data(data)
    assert late is not None
    await world.forms.pressed(avi, late, GROUP, theirs.number, "a3", known=True)
    assert "already decided (approved with changes)" in theirs.text
    assert world.arguments()["title"] == "Dana's title"


async def test_in_a_group_only_replies_to_the_form_or_its_question_are_answers() -> None:
    world = meeting(GROUP)
    await world.open("edit")
    assert await world.say("nothing is asked", reply_to=world.form.number) is None
    await world.press("Title")
    prompt = world.chat.messages[-1].number
    assert await world.say("to nobody", reply_to=0) is None
    assert await world.say("to another message", reply_to=77) is None
    assert await world.say("by another", reply_to=prompt, user=AVI) is None
    for reply_to in (prompt, world.form.number, 50):
        assert await world.say(f"reply to {reply_to}", reply_to=reply_to) is not None
        assert f"✏️ Title: reply to {reply_to}" in world.form.text
        await world.press("Title")


async def test_a_reply_to_an_earlier_question_is_about_what_that_asked() -> None:
    world = meeting(GROUP)
    await world.open("edit")
    await world.press("Title")
    title = world.chat.messages[-1].number
    await world.press("Leave as it is")
    await world.press("Duration (minutes)")
    await world.say("Kick-off", reply_to=title)
    assert "✏️ Title: Kick-off" in world.form.text
    await world.press("Close the form")
    taken = await world.say("Late", reply_to=title)
    assert taken is not None
    assert taken.words == "This form is closed."


async def test_buttons_that_are_choices_ask_for_no_reply_in_a_group() -> None:
    world = World(where=GROUP).about(
        gate({"cancel": True, "title": "T"}), schema={"properties": {"cancel": {"type": "boolean"}}}
    )
    await world.open("edit")
    await world.press("Call it off")
    assert len(world.chat.messages) == 1
    assert world.form.labels[0] == ["Yes", "No"]
    await world.say("no", reply_to=world.form.number)
    assert "✏️ Call it off: No" in world.form.text


async def test_in_private_any_message_is_an_answer_while_something_is_asked_but_a_reply_to_something_else() -> None:
    world = meeting()
    await world.open("edit")
    assert await world.say("nothing is asked") is None
    await world.press("Title")
    assert await world.say("about another message", reply_to=77) is None
    assert await world.say("   ") is None
    assert await world.say("Kick-off", reply_to=world.form.number) is not None
    assert await world.say("and now nothing is asked again") is None


STEERING = ["stop", "Stop!", "pause", "resume", "status", "approvals", "עצור", "השהה", "סטטוס"]


@pytest.mark.parametrize("word", [*STEERING, "help", "hello", "שלום"])
async def test_words_that_steer_are_no_answers(word: str) -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    assert await world.say(word) is None
    assert (world.draft["values"], world.draft["asked"]) == ({}, "field-0")


@pytest.mark.parametrize("word", STEERING)
async def test_words_that_steer_are_no_answers_even_as_a_reply(word: str) -> None:
    world = meeting(GROUP)
    await world.open("edit")
    await world.press("Title")
    assert await world.say(word) is None
    assert await world.say(word, reply_to=world.form.number) is None


async def test_a_greeting_is_an_answer_where_it_is_a_reply_to_the_question() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    await world.say("Hello", reply_to=world.form.number)
    assert "✏️ Title: Hello" in world.form.text


@pytest.mark.parametrize("word", ["cancel", "Never mind.", "בטל", "ביטול", "עזוב"])
async def test_words_that_give_up_give_up_the_form_and_not_the_task(word: str) -> None:
    world = meeting()
    await world.open("edit")
    assert await world.say(word) is None
    await world.press("Title")
    assert await world.say(word) is not None
    assert world.form.text == "Form closed; nothing was changed. The question is still open."
    assert world.door.decisions == []
    assert await world.say(word) is None


async def test_forms_of_one_person_in_two_topics_are_two() -> None:
    world = meeting(GROUP)
    await world.open("edit")
    await world.press("Title")
    prompt = world.chat.messages[-1].number
    other = Talk(chat=GROUP.chat, topic=10)
    assert await world.forms.said(person(), other, "Kick-off", prompt, "k") is None
    assert await world.say("Kick-off", reply_to=prompt) is not None


async def test_who_may_not_decide_any_more_is_told_and_the_form_closes() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    request = world.door.shot.execution.request
    other = replace(request, user_id=principal_id(AVI))
    world.door.shot = replace(world.door.shot, execution=replace(world.door.shot.execution, request=other))
    assert await world.say("Kick-off") is not None
    assert world.form.text == "Only whoever asked for it, or the owner, may do that."
    assert await world.say("Kick-off") is None


async def test_somebody_of_another_surface_has_no_forms_here() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    slack = replace(person(), id=PrincipalId("slack:T1:U1"))
    assert await world.forms.said(slack, PRIVATE, "Kick-off", 0, "k") is None


async def test_a_form_of_a_version_nobody_knows_is_no_form() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    await world.drafts.keep(f"telegram:{DANA}:0:{DANA}", {"version": 99}, world.clock.now())
    assert await world.say("Kick-off") is None
    assert await world.press("Leave as it is") == "This form is closed."
