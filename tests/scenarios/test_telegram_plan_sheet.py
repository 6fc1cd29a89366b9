"""The plan sheet in Telegram: every step of an open plan with what can be done to it, pressed in private and in a group."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.serve import Serving
from bot.telegram.presses import read_data
from engine.domain.plan import PlanOrigin
from engine.domain.snapshot import ExecutionSnapshot
from tests.scenarios.lab import NOTHING, SENTENCES, STORY, executions, is_hebrew, mail, over, written
from tests.scenarios.telegram_lab import (
    MODES,
    Conversation,
    Mode,
    all_noted,
    answered,
    ask,
    buttons,
    local_telegram,
    product,
    team,
    text_of,
)
from tests.servers.telegramd import Telegramd
from tests.servers.telegramd.faults import Fault
from tests.waiting import until

TAKEN = {"en": "Taken. A new version follows.", "he": "התקבל. גרסה חדשה בדרך."}
BACK = {"en": "To go back, write: Back to version 1", "he": "כדי לחזור, אפשר לכתוב: חזרה לגרסה 1"}
CHANGING = {"en": "The plan is being changed", "he": "התוכנית בשינוי"}
SECOND = {"en": "Version 2 of the plan, edited", "he": "גרסה 2 של התוכנית"}
FIELD = {"en": "Title", "he": "כותרת"}
WRONG = {"en": "At most 300 characters.", "he": "לכל היותר 300 תווים."}
SAVE = {"en": "Save", "he": "שמירה"}
NOTE = {"en": "What is done stays.", "he": "מה שכבר נעשה נשאר."}
STEP = {"en": "Edit a step", "he": "עריכת שלב"}
WHO_ASKED = "זה אפשרי רק למי שביקש"
REPLACED = "That step has changed meanwhile. The card shows the plan as it is now."
STAYS = "Nothing would be left of the plan, so it stays as it is. To end it, press Stop."
BUDGET = "Budget of Tevuot"
BROKEN = "BEGIN:VCALENDAR\nthis is no calendar\n"
TWO = "set up a meeting with Dana on Tuesday at 10 and set up a meeting with Omer on Wednesday at 11"


@asynccontextmanager
async def gated(
    home: Path, locale: str = "en", mode: Mode = "polling", *, group: bool = True, shown_twice: bool = False
) -> AsyncGenerator[tuple[Conversation, Serving]]:
    """The story at its open gate, in a group in which Avi is as well, or in private."""
    async with local_telegram(shown_twice=shown_twice) as telegram, team(home, telegram, mode) as serving:
        yield await asked(telegram, locale, group=group), serving


async def asked(telegram: Telegramd, locale: str = "en", *, group: bool = True) -> Conversation:
    """The story, as far as its gate."""
    everybody = [telegram.dana, telegram.avi]
    chat = telegram.add_supergroup("Team", everybody) if group else telegram.private(telegram.dana)
    conversation = await ask(telegram, chat, SENTENCES[locale], user=telegram.dana)
    await conversation.gated()
    return conversation


async def version(serving: Serving, number: int) -> ExecutionSnapshot:
    """Wait until the newest plan has this version."""
    found = await until(lambda: executions(serving), lambda each: each[0].execution.plan_version == number)
    return found[0]


async def approve_another(conversation: Conversation, *before: str) -> str:
    """Approve at a gate that is none of these, whose buttons may go a moment later; its data."""

    def found() -> list[tuple[int, str]]:
        told = [(int(m["message_id"]), data) for m in conversation.ours for data, _ in buttons(m)]
        return [(number, data) for number, data in told if data[0] == "a" and data not in before]

    await conversation.telegram.eventually(found, 20)
    number, data = found()[-1]
    await conversation.telegram.press(conversation.user, conversation.chat, number, data)
    return data


def gate_of(conversation: Conversation) -> str:
    """The data of the Approve button that is there now."""
    found = conversation.with_button("approve")
    assert found is not None
    return found[1]


async def press(conversation: Conversation, message: dict[str, Any], data: str, **how: Any) -> str:
    """Press whatever data under whatever message, as an old screen may still show it; what is shown in answer."""
    telegram = conversation.telegram
    query = await telegram.press_raw(conversation.user, conversation.chat, int(message["message_id"]), data, **how)
    return await answered(telegram, query)


async def fill_in(conversation: Conversation, text: str) -> None:
    """Answer what the form asks: in a group, with a reply to the message that asks for one."""
    prompt: dict[str, Any] | int = 0
    if conversation.chat.type != "private":
        await conversation.telegram.eventually(lambda: any(m.get("_markup") for m in conversation.ours))
        prompt = [m for m in conversation.ours if m.get("_markup")][-1]
    await conversation.says(text, reply_to=prompt)


@pytest.mark.parametrize("locale", ["he", "en"])
@pytest.mark.parametrize("mode", MODES)
async def test_a_step_is_left_out_with_one_press(tmp_path: Path, mode: Mode, locale: str) -> None:
    async with gated(tmp_path, locale, mode, group=mode == "polling") as (conversation, serving):
        gate = gate_of(conversation)
        assert await conversation.answer("plan") == ""
        sheet, _ = await conversation.sees("drop_step")
        assert text_of(sheet).count("✅") == 3, "every step is on it, also those that are done"
        assert NOTE[locale] in text_of(sheet)
        assert is_hebrew(text_of(sheet)) is (locale == "he")
        assert [read.action for data, _ in buttons(sheet) if (read := read_data(data))] == [
            "edit_step",
            "drop_step",
        ] * 2
        assert sheet["reply_to_message"]["message_id"] == conversation.card["message_id"]
        assert await conversation.answer("drop_step", "5") == ""
        assert await conversation.told(TAKEN[locale]) == f"{TAKEN[locale]}\n{BACK[locale]}"
        assert not conversation.with_button("drop_step")
        edited = await version(serving, 2)
        assert edited.plan is not None
        assert edited.plan.origin is PlanOrigin.EDIT
        await conversation.telegram.eventually(lambda: SECOND[locale] in text_of(conversation.card))
        assert written(tmp_path) == NOTHING
        assert gate_of(conversation) == gate, "what it does not touch goes on"
        await conversation.press("approve")
        await conversation.finished()
        assert written(tmp_path) == {**STORY, "agendas": 0}


async def test_what_is_said_in_reply_to_a_sheet_is_about_its_plan(tmp_path: Path) -> None:
    async with gated(tmp_path) as (conversation, serving):
        await conversation.press("plan")
        sheet, _ = await conversation.sees("drop_step", "5")
        await conversation.answer("drop_step", "5")
        await version(serving, 2)
        await conversation.says("Back to version 1", reply_to=sheet)
        back = await version(serving, 3)
        assert back.plan is not None
        assert (back.plan.origin, len(back.plan.steps)) == (PlanOrigin.RETURN, 5)
        assert len(await executions(serving)) == 1, "nothing new was asked for"


@pytest.mark.parametrize(
    ("locale", "mode", "group"),
    [("he", "polling", True), ("en", "polling", False), ("en", "webhook", True), ("he", "webhook", False)],
)
async def test_a_step_is_edited_in_a_form(tmp_path: Path, locale: str, mode: Mode, group: bool) -> None:
    async with gated(tmp_path, locale, mode, group=group) as (conversation, serving):
        gate = gate_of(conversation)
        await conversation.press("plan")
        sheet, _ = await conversation.sees("edit_step")
        assert await conversation.answer("edit_step", "4") == ""
        form, _ = await conversation.sees("form")
        assert STEP[locale] in text_of(form)
        await fill_in(conversation, "x" * 301)
        await conversation.told(WRONG[locale])
        assert conversation.with_button("form", SAVE[locale]) is None
        await fill_in(conversation, BUDGET)
        await conversation.sees("form", SAVE[locale])
        assert (await executions(serving))[0].execution.plan_version == 1, "nothing is changed before it is sent"
        assert await conversation.answer("form", SAVE[locale]) == ""
        await version(serving, 2)
        await conversation.told(CHANGING[locale])
        await conversation.telegram.eventually(lambda: not conversation.with_button("edit_step"))
        assert text_of(next(m for m in conversation.ours if m["message_id"] == sheet["message_id"])) == CHANGING[locale]
        assert not conversation.with_button("form")
        await approve_another(conversation, gate)
        await conversation.finished()
        assert written(tmp_path) == STORY
        assert f"SUMMARY:{BUDGET}" in mail(tmp_path)


@pytest.mark.parametrize("locale", ["he", "en"])
async def test_a_form_that_is_closed_changes_nothing_and_the_sheet_stays(tmp_path: Path, locale: str) -> None:
    async with gated(tmp_path, locale) as (conversation, serving):
        await conversation.press("plan")
        await conversation.press("edit_step", "4")
        await conversation.press("form", {"en": "Close the form", "he": "סגירת הטופס"}[locale])
        told = await conversation.told({"en": "Form closed", "he": "הטופס נסגר"}[locale])
        assert told.endswith({"en": "nothing was changed.", "he": "ודבר לא השתנה."}[locale]), "no question is open"
        assert await conversation.answer("drop_step", "5") == ""
        await version(serving, 2)


async def test_a_step_that_failed_is_tried_again_while_another_one_waits(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        conversation = await ask(telegram, telegram.dana, TWO)
        path = tmp_path / "workspace" / "calendar.ics"
        calendar = path.read_text("utf-8")
        await telegram.eventually(lambda: sum(data[0] == "a" for m in conversation.ours for data, _ in buttons(m)) == 2)
        path.write_text(BROKEN, "utf-8")
        gates = [await approve_another(conversation)]
        await until(lambda: executions(serving), lambda found: "failed" in str(found[0].step_runs))
        path.write_text(calendar, "utf-8")
        await conversation.press("plan")
        sheet, _ = await conversation.sees("retry_step")
        assert "❌" in text_of(sheet)
        assert await conversation.answer("retry_step") == ""
        await conversation.told(TAKEN["en"])
        await version(serving, 2)
        for _ in range(2):
            gates.append(await approve_another(conversation, *gates))
        await over(serving)
        assert written(tmp_path)["events"] == 2


async def test_nobody_else_is_shown_a_sheet_or_changes_anything_on_one(tmp_path: Path) -> None:
    async with gated(tmp_path) as (conversation, serving):
        avi = conversation.telegram.avi
        sent = len(conversation.ours)
        assert (await conversation.answer("plan", user=avi)).startswith(WHO_ASKED)
        assert len(conversation.ours) == sent
        await conversation.press("plan")
        await conversation.sees("drop_step")
        for action in ("edit_step", "drop_step"):
            assert (await conversation.answer(action, user=avi)).startswith(WHO_ASKED)
        assert len(conversation.ours) == sent + 1
        assert (await executions(serving))[0].execution.plan_version == 1


async def test_a_stale_sheet_says_why_nothing_comes_of_it(tmp_path: Path) -> None:
    async with gated(tmp_path, shown_twice=True) as (conversation, serving):
        card, plan = await conversation.sees("plan")
        card = dict(card)
        for _ in range(2):
            await conversation.answer("plan")
        first, second = [m for m in conversation.ours if any(data[0] == "h" for data, _ in buttons(m))]
        edit, drop = (next(d for d, label in buttons(first) if "5" in label and d[0] == code) for code in "ih")
        assert await press(conversation, second, drop) == ""
        await version(serving, 2)
        for data in (edit, drop):
            assert await press(conversation, first, data) == REPLACED
        assert conversation.with_button("form") is None
        await conversation.press("approve")
        await conversation.finished()
        for message, data in ((first, edit), (first, drop), (card, plan)):
            assert await press(conversation, message, data, as_it_was=message) == "This has already ended."
        await conversation.telegram.eventually(lambda: not conversation.with_button("plan"))
        assert await press(conversation, conversation.card, plan) == "This has already ended."
        assert written(tmp_path) == {**STORY, "agendas": 0}


async def test_a_step_that_changed_while_its_form_was_open_closes_the_form(tmp_path: Path) -> None:
    async with gated(tmp_path, group=False) as (conversation, serving):
        await conversation.press("plan")
        await conversation.press("edit_step", "5")
        await conversation.press("form", "Title")
        await conversation.told("Write")
        await conversation.press("drop_step", "5")
        await version(serving, 2)
        await conversation.says(BUDGET)
        await conversation.told(REPLACED)
        assert conversation.with_button("form") is None
        assert (await executions(serving))[0].execution.plan_version == 2


async def test_pressed_twice_at_once_it_is_left_out_once(tmp_path: Path) -> None:
    async with gated(tmp_path) as (conversation, serving):
        await conversation.press("plan")
        sheet, drop = await conversation.sees("drop_step", "5")
        was = dict(sheet)
        assert await press(conversation, sheet, drop) == ""
        told = await press(conversation, sheet, drop, as_it_was=was)
        assert told == REPLACED, "before and after the new version is made"
        assert (await version(serving, 2)).execution.plan_version == 2
        await conversation.told(TAKEN["en"])


async def test_a_sheet_that_nobody_can_see_any_more_is_left_alone(tmp_path: Path) -> None:
    async with gated(tmp_path, group=False) as (conversation, serving):
        await conversation.press("plan")
        sheet, drop = await conversation.sees("drop_step", "5")
        edit = next(data for data, label in buttons(sheet) if "4" in label)
        unseen = {"message_id": sheet["message_id"], "chat": sheet["chat"], "date": 0}
        assert await press(conversation, sheet, edit, as_it_was=unseen) == ""
        await conversation.sees("form")
        await fill_in(conversation, BUDGET)
        assert await conversation.answer("form", "Save") == ""
        await version(serving, 2)
        assert await press(conversation, sheet, drop, as_it_was=unseen) == TAKEN["en"]
        await version(serving, 3)
        now = next(m for m in conversation.ours if m["message_id"] == sheet["message_id"])
        assert list(buttons(now)) == list(buttons(sheet))
        gate, _ = await conversation.sees("approve")
        assert await press(conversation, gate, drop) == REPLACED, "under a message that never had it"


async def test_a_plan_that_is_asked_about_as_a_whole_is_not_changed_step_by_step(tmp_path: Path) -> None:
    async with gated(tmp_path, group=False) as (conversation, _):
        card, plan = await conversation.sees("plan")
        card = dict(card)
        await conversation.says("find the budget file instead")
        await conversation.press("choose", "Change the plan")
        await conversation.sees("back")
        told = await press(conversation, card, plan, as_it_was=card)
        assert told == "No step of the plan can be changed right now; see the card."
        await conversation.telegram.eventually(lambda: not any(data == plan for data, _ in buttons(conversation.card)))


@pytest.mark.parametrize("mode", MODES)
async def test_killed_between_the_press_and_what_it_shows_it_edits_once(tmp_path: Path, mode: Mode) -> None:
    async with local_telegram() as telegram:
        async with team(tmp_path, telegram, mode) as serving:
            conversation = await asked(telegram, "en")
            await conversation.press("plan")
            sheet, drop = await conversation.sees("drop_step", "5")
            await all_noted(tmp_path)
            telegram.faults.next("editMessageText", Fault.silence_before(), match={"message_id": sheet["message_id"]})
            query = await telegram.press(conversation.user, conversation.chat, sheet["message_id"], drop)
            await version(serving, 2)
            await telegram.eventually(lambda: telegram.faults.struck)
            telegram.world.queries, queries = {}, telegram.world.queries
        telegram.world.queries = queries
        async with product(tmp_path, telegram, mode) as serving:
            assert await answered(telegram, query) == ""
            await conversation.told(TAKEN["en"])
            await conversation.press("approve")
            [execution] = await over(serving)
            assert execution.execution.plan_version == 2
            await conversation.finished()
        assert written(tmp_path) == {**STORY, "agendas": 0}


async def test_killed_as_a_form_was_sent_it_edits_once_and_says_so(tmp_path: Path) -> None:
    async with local_telegram() as telegram:
        async with team(tmp_path, telegram) as serving:
            conversation = await asked(telegram, "en", group=False)
            gate = gate_of(conversation)
            await conversation.press("plan")
            await conversation.press("edit_step", "4")
            await conversation.sees("form")
            await fill_in(conversation, BUDGET)
            form, save = await conversation.sees("form", SAVE["en"])
            await all_noted(tmp_path)
            telegram.faults.next("editMessageText", Fault.silence_before(), match={"message_id": form["message_id"]})
            query = await telegram.press(conversation.user, conversation.chat, form["message_id"], save)
            await version(serving, 2)
            await telegram.eventually(lambda: telegram.faults.struck)
            telegram.world.queries, queries = {}, telegram.world.queries
        telegram.world.queries = queries
        async with product(tmp_path, telegram) as serving:
            # Where the drawing was held up for long, whoever pressed is told over the chat besides.
            assert await answered(telegram, query) in {"", CHANGING["en"]}
            await conversation.told(CHANGING["en"])
            await approve_another(conversation, gate)
            [execution] = await over(serving)
            assert execution.execution.plan_version == 2
            await conversation.finished()
        assert f"SUMMARY:{BUDGET}" in mail(tmp_path)


@pytest.mark.parametrize("locale", ["he", "en"])
async def test_asked_for_the_plan_in_private_it_shows_the_sheet_of_the_only_one(tmp_path: Path, locale: str) -> None:
    async with gated(tmp_path, locale, group=False) as (conversation, serving):
        await conversation.says("/plan")
        sheet, _ = await conversation.sees("drop_step", "5")
        assert NOTE[locale] in text_of(sheet)
        said = conversation.texts[conversation.ours.index(sheet) - 1]
        assert said.count(" · ") == 5, "the plan is told as well"
        assert await conversation.answer("drop_step", "5") == ""
        await version(serving, 2)


async def test_with_two_plans_or_none_or_in_a_group_it_only_tells_them(tmp_path: Path) -> None:
    async with gated(tmp_path) as (conversation, _):
        telegram = conversation.telegram
        private = await ask(telegram, telegram.avi, "/plan")
        await private.says("/help")
        await telegram.eventually(lambda: len(private.ours) == 2)
        await conversation.says("/plan")
        await conversation.says("/help")
        await conversation.told("/approvals")
        other = await ask(telegram, telegram.dana, SENTENCES["en"])
        await other.gated()
        await other.says("/plan")
        await other.says("/help")
        await other.told("/approvals")
        for held in (private, conversation, other):
            assert held.with_button("drop_step") is None


async def test_a_step_without_which_nothing_is_left_stays(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        contacts = tmp_path / "workspace" / "contacts.vcf"
        contacts.unlink()
        contacts.mkdir()  # it cannot be read, and is tried again
        conversation = await ask(telegram, telegram.dana, "set up a meeting with Dana on Tuesday at 10")
        await conversation.press("plan")
        sheet, drop = await conversation.sees("drop_step", "1")
        assert await press(conversation, sheet, drop) == STAYS
        assert (await executions(serving))[0].execution.plan_version == 1
        assert conversation.with_button("drop_step", "1")
