"""A step of a plan edited in a guided form: it says what it is, what it comes to, and ends with its step."""

from __future__ import annotations

import pytest

from bot.telegram.address import principal_id
from engine.domain.approval import DecisionVerb
from engine.errors import ConflictError, NotAllowedError, TizmorError
from tests.unit.telegram.forming import AVI, GROUP, PRIVATE, CrashError, visible
from tests.unit.telegram.stepping import SHEET, a_step, unknown

SAVE = {"en": "Save", "he": "שמירה"}
TITLE = {"en": "Title", "he": "כותרת"}
HEAD = {"en": "✏️ Edit a step\n", "he": "✏️ עריכת שלב\n"}
OVER = {"en": "The plan is being changed", "he": "התוכנית בשינוי"}
REPLACED = "That step has changed meanwhile. The card shows the plan as it is now."


@pytest.mark.parametrize("where", [PRIVATE, GROUP])
@pytest.mark.parametrize("locale", ["en", "he"])
async def test_an_argument_is_put_in_and_saved_and_the_sheet_is_over(locale: str, where: object) -> None:
    world, _ = a_step(locale, GROUP if where is GROUP else PRIVATE)
    assert await world.open("edit_step", message=SHEET) == ""
    assert world.form.text.startswith(HEAD[locale])
    await world.press(TITLE[locale])
    assert world.form.text.startswith(HEAD[locale]), "nothing else says which step it is"
    await world.say("Other")
    assert SAVE[locale] in world.form.text
    assert world.form.labels[0] == [SAVE[locale]]
    assert await world.press(SAVE[locale]) == ""
    assert (world.decision.verb, world.arguments()["title"]) == (DecisionVerb.MODIFY, "Other")
    sheet = world.chat.messages[0]
    for message in (world.form, sheet):
        assert (message.text, message.labels) == (OVER[locale], [])


async def test_what_the_agent_does_not_take_is_asked_for_again_at_once() -> None:
    world, door = a_step()
    await world.open("edit_step", message=SHEET)
    await world.press("Title")
    door.unfit = True
    await world.say("Other")
    assert "⚠️ These values do not fit the step." in world.form.text
    assert world.draft["values"] == {}
    door.unfit = False
    await world.say("Better")
    await world.press("Save")
    assert world.arguments()["title"] == "Better"


async def test_nothing_put_in_is_nothing_to_save() -> None:
    world, _ = a_step()
    await world.open("edit_step", message=SHEET)
    choice = f"{world.door.approval.id}:s.{world.user}"
    assert await world.press_data(world.form.number, f"m:{choice}") == "Nothing was changed yet."
    assert world.door.decisions == []


async def test_closed_it_says_of_no_question_that_it_is_open_and_the_sheet_stays() -> None:
    world, _ = a_step()
    await world.open("edit_step", message=SHEET)
    await world.press("Close the form")
    assert world.form.text == "Form closed; nothing was changed."
    assert world.chat.messages[0].labels == [["✏️ 4"]]


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (ConflictError("step_replaced", "…"), REPLACED),
        (ConflictError("step_finished", "…"), "That step is done and keeps its result."),
        (ConflictError("execution_ended", "…"), "This has already ended."),
        (unknown(), REPLACED),
    ],
)
async def test_a_step_that_changed_meanwhile_ends_the_form_with_the_reason(why: TizmorError, words: str) -> None:
    for typed in (True, False):
        world, door = a_step()
        await world.open("edit_step", message=SHEET)
        await world.press("Title")
        await world.say("Other")
        last, save = world.form, world.data("Save")
        if typed:
            await world.press("Starts")
        door.gone = why
        if typed:
            await world.say("15:00")
        else:
            await world.press_data(last.number, save)
        assert (world.form.text, world.form.labels) == (words, [])
        assert world.door.decisions == []
        assert world.chat.messages[0].labels == [["✏️ 4"]], "the sheet may have other steps"
        assert await world.press_data(last.number, save) == "", "pressed again, it says the same"
        assert world.form.text == words


async def test_somebody_who_edited_it_first_is_not_taken_for_oneself() -> None:
    world, door = a_step()
    await world.open("edit_step", message=SHEET)
    await world.press("Title")
    await world.say("Other")
    send = door.decide

    async def late(*args: object) -> object:
        door.edited(principal_id(AVI))
        return await send(*args)  # type: ignore[arg-type]

    door.decide = late  # type: ignore[method-assign, assignment]
    await world.press("Save")
    assert world.form.text == REPLACED
    assert world.door.decisions == []
    assert world.chat.messages[0].labels == [["✏️ 4"]], "the sheet may have other steps"


async def test_what_somebody_else_edited_during_a_crash_is_not_taken_for_ones_own() -> None:
    world, door = a_step()
    await world.open("edit_step", message=SHEET)
    await world.press("Title")
    await world.say("Other")
    number, save = world.form.number, world.data("Save")
    world.breaking.at = world.breaking.count + 2  # it was kept, and not done
    with pytest.raises(CrashError):
        await world.press_data(number, save, key="last")
    door.edited(principal_id(AVI))
    await world.press_data(number, save, key="last")
    assert world.form.text == REPLACED
    assert world.door.decisions == []


async def test_whoever_may_not_edit_it_is_refused_and_the_form_stays() -> None:
    world, door = a_step()
    await world.open("edit_step", message=SHEET)
    shown, button = world.form.text, world.data("Title")
    door.gone = NotAllowedError("not_allowed", "…")
    with pytest.raises(NotAllowedError):
        await world.press_data(world.form.number, button)
    assert world.form.text == shown


async def test_opened_from_a_message_nobody_can_see_it_draws_over_none() -> None:
    world, _ = a_step()
    await world.open("edit_step", message=0)
    assert world.form.target.reply_to == 0
    await world.press("Title")
    await world.say("Other")
    await world.press("Save")
    assert visible(world.form.text) == OVER["en"]
    assert world.chat.messages[0].labels == [["✏️ 4"]]
