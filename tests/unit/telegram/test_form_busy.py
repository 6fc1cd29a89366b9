"""What only shows something: a chat that cannot be written to now holds nobody up, and changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.telegram.address import Talk
from bot.telegram.form import REASON_AWAITED
from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.domain.approval import DecisionVerb
from engine.errors import AuthExpiredError, IntegrationError, RefusedError, UnavailableError
from tests.unit.forms.made import MEETING, gate
from tests.unit.telegram.forming import GROUP, PRIVATE, World, person

BUSY = "I cannot show that right now. Press again in a moment."


def busy() -> IntegrationError:
    return UnavailableError("rate_limited", "Later.", retry_after=timedelta(seconds=25))


def lost() -> IntegrationError:
    """Nobody knows whether it is there."""
    return UnavailableError("telegram_unavailable", "No answer.")


def meeting(where: Talk = PRIVATE) -> World:
    return World(where=where).about(gate(MEETING), ScheduleMeetingArguments)


@pytest.mark.parametrize("why", [busy(), lost()], ids=["busy", "lost"])
async def test_a_form_that_cannot_be_opened_now_asks_nothing(why: IntegrationError) -> None:
    world = meeting()
    world.chat.away = [why]
    assert await world.open("reject") == BUSY
    assert await world.say("what is on tomorrow?") is None
    assert await world.open("reject") == ""
    assert await world.say("no room") is not None
    assert world.decision.comment == "no room"


@pytest.mark.parametrize("why", [RefusedError("telegram_refused", "No."), AuthExpiredError("telegram_token", "No.")])
async def test_a_form_that_telegram_refuses_asks_nothing_either(why: IntegrationError) -> None:
    world = meeting()
    world.chat.away = [why]
    assert await world.open("reject") == "I cannot show that here."
    assert await world.say("what is on tomorrow?") is None


async def test_an_earlier_form_stays_where_another_cannot_be_opened_now() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    world.chat.away = [busy()]
    assert await world.open("reject") == BUSY
    assert await world.say("Kick-off") is not None
    assert "✏️ Title: Kick-off" in world.form.text
    assert world.door.decisions == []


async def test_a_press_that_cannot_be_shown_now_changes_nothing() -> None:
    world = meeting()
    await world.open("edit")
    world.chat.away = [busy()]
    assert await world.press("Title") == BUSY
    assert await world.say("this is no title") is None
    assert await world.press("Title") == ""
    assert await world.say("Kick-off") is not None


async def test_an_edit_that_may_be_there_counts_as_shown() -> None:
    world = meeting()
    await world.open("edit")
    world.chat.away = [lost()]
    assert await world.press("Title") == ""
    assert await world.say("Kick-off") is not None
    assert "✏️ Title: Kick-off" in world.form.text


@pytest.mark.parametrize("why", [busy(), lost()], ids=["busy", "lost"])
async def test_an_answer_that_cannot_be_shown_now_is_taken_and_its_form_goes_on(why: IntegrationError) -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    asked = world.form
    world.chat.away = [why]
    taken = await world.say("Kick-off")
    assert taken is not None
    assert taken.words == BUSY
    await world.press("Leave as it is", message=asked)
    assert world.form is not asked
    assert "✏️ Title: Kick-off" in world.form.text
    assert (asked.text, asked.labels) == ("The form is further down.", [])
    await world.press("Approve with changes")
    assert world.arguments()["title"] == "Kick-off"


@pytest.mark.parametrize("why", [busy(), lost()], ids=["busy", "lost"])
async def test_a_question_that_cannot_be_sent_now_is_asked_by_the_form_alone(why: IntegrationError) -> None:
    world = meeting(GROUP)
    await world.open("edit")
    edit = world.chat.edit

    async def then_away(*told: object) -> None:
        await edit(*told)  # type: ignore[arg-type]
        world.chat.away = [why]

    world.chat.edit = then_away  # type: ignore[method-assign]
    key = world.key()
    data = world.data("Title")
    assert await world.press_data(world.form.number, data, key=key) == ""
    world.chat.edit = edit  # type: ignore[method-assign]
    assert len(world.chat.messages) == 1
    assert await world.say("Kick-off", reply_to=world.form.number) is not None
    assert "✏️ Title: Kick-off" in world.form.text


async def test_a_question_that_may_have_been_sent_is_not_sent_again() -> None:
    world = meeting(GROUP)
    await world.open("edit")
    send, sent = world.chat.send, list[object]()

    async def unseen(*told: object) -> int:
        sent.append(await send(*told))  # type: ignore[arg-type]
        raise lost()

    world.chat.send = unseen  # type: ignore[method-assign]
    key, data = world.key(), world.data("Title")
    for _ in range(3):
        assert await world.press_data(1000, data, key=key) == ""
    assert len(sent) == 1


async def test_a_decision_is_made_whether_or_not_it_can_be_shown() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    await world.say("Kick-off")
    world.chat.away = [busy(), busy(), busy()]
    assert await world.press("Approve with changes") == "✓ Approved with changes"
    assert world.decision.verb is DecisionVerb.MODIFY


async def test_each_answer_brings_the_form_below_it_and_the_one_above_goes_quiet() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    first = world.form
    await world.say("x" * 301)
    second = world.form
    assert second is not first
    assert "At most 300 characters." in second.text
    assert (first.text, first.labels) == ("The form is further down.", [])
    await world.say("Kick-off")
    assert (second.text, second.labels) == ("The form is further down.", [])
    assert "✏️ Title: Kick-off" in world.form.text
    assert sum(bool(message.labels) for message in world.chat.messages) == 1


async def test_a_button_pressed_above_while_the_form_moved_is_meant_for_it() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    close, asked = world.data("Close the form"), world.form.number
    await world.say("Kick-off")
    assert await world.press_data(asked, close) == ""
    assert world.form.text == "Form closed; nothing was changed. The question is still open."


async def test_only_what_is_seen_to_be_a_form_is_closed() -> None:
    world = meeting()
    await world.open("edit")
    first, button = world.form, world.data("Title")
    await world.open("edit")
    shown = first.body = {**first.body, "text": "Somebody else's"}
    assert await world.press_data(first.number, button, known=False) == "This form is closed."
    assert first.body is shown
    assert await world.press_data(first.number, button, known=True) == "This form is closed."
    assert first.text == "This form is closed."


@pytest.mark.parametrize("action", ["reject"])
async def test_a_reason_is_awaited_for_a_while_and_then_only_as_a_reply(action: str) -> None:
    world = meeting()
    await world.open(action)
    world.clock.advance(REASON_AWAITED + timedelta(seconds=1))
    assert await world.say("set up a meeting with Noa") is None
    assert world.door.decisions == []
    assert await world.say("no room", reply_to=world.form.number) is not None
    assert world.decision.comment == "no room"


async def test_a_reason_in_time_needs_no_reply() -> None:
    world = meeting()
    await world.open("reject")
    world.clock.advance(REASON_AWAITED)
    assert await world.say("no room") is not None
    assert world.decision.comment == "no room"


@pytest.mark.parametrize("words", ["/ask what is on tomorrow?", " /unknown", "stop", "status", "help", "hello"])
async def test_a_command_is_no_reason(words: str) -> None:
    world = meeting()
    await world.open("reject")
    assert await world.say(words) is None
    assert await world.say(words, reply_to=world.form.number) is None
    assert world.door.decisions == []


async def test_a_field_is_asked_for_as_long_as_it_takes() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    world.clock.advance(2 * REASON_AWAITED)
    assert await world.say("Kick-off") is not None
    assert await world.forms.said(person(), PRIVATE, "and more", 0, "k") is None
