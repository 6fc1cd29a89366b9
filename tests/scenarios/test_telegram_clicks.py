"""Who may press what in Telegram: the requester and the owner, once; everybody else learns why not, and a forger nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.serve import Serving
from bot.telegram.presses import read_data
from tests.scenarios.lab import NOTHING, SENTENCES, STORY, calls_asked, executions, mail, plain, written
from tests.scenarios.telegram_front import HEADER, SECRET, WEBHOOK_PATH
from tests.scenarios.telegram_lab import Conversation, Mode, answered, ask, local_telegram, team
from tests.servers.telegramd import Chat, Telegramd, User
from tests.servers.telegramd.faults import Fault

WHO_ASKED = {"he": "זה אפשרי רק למי שביקש", "en": "Only whoever asked"}


@asynccontextmanager
async def at_the_gate(
    home: Path, asker: str = "dana", mode: Mode = "polling"
) -> AsyncGenerator[tuple[Telegramd, Serving, Conversation]]:
    """The story at its open gate, in a group with everybody in it: the owner is Dana, and Avi and Noa are members."""
    async with local_telegram() as telegram:
        noa = telegram.add_user("Noa", last_name="Bar")
        async with team(home, telegram, mode, members=[noa]) as serving:
            people = [telegram.dana, telegram.avi, noa, telegram.guest, telegram.stranger]
            group = telegram.add_supergroup("Team", people)
            conversation = await ask(telegram, group, SENTENCES["en"], user=telegram.user(asker))
            await conversation.gated()
            yield telegram, serving, conversation


async def press(conversation: Conversation, user: User, message: dict[str, Any] | int, data: str, **how: Any) -> str:
    """Press whatever data under whatever message; what is shown in answer."""
    number = message if isinstance(message, int) else int(message["message_id"])
    chat: Chat = how.pop("chat", conversation.chat)
    return await answered(conversation.telegram, await conversation.telegram.press_raw(user, chat, number, data, **how))


async def test_nobody_but_the_requester_and_the_owner_decides(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (telegram, serving, conversation):
        robot = telegram.add_user("Robot", is_bot=True)
        gate, _ = await conversation.sees("approve")
        before = len(conversation.ours)
        for user in (telegram.avi, telegram.user("noa"), telegram.guest, telegram.stranger, robot):
            for action in ("approve", "edit", "reject", "details", "pause", "cancel"):
                message, data = await conversation.sees(action)
                told = await press(conversation, user, message, data)
                assert told.startswith(WHO_ASKED["he" if user is telegram.avi else "en"]), (user.first_name, action)
        assert len(conversation.ours) == before, "and nobody else hears of it"
        [pending] = await calls_asked(serving)
        assert (pending.status.value, written(tmp_path)) == ("pending", NOTHING)
        assert (await executions(serving))[0].outcome is None
        await conversation.press("approve")
        await conversation.finished()
        assert written(tmp_path) == STORY
        assert gate["message_id"] in {m["message_id"] for m in conversation.ours}


async def test_the_second_to_decide_learns_who_was_first(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path, "avi") as (telegram, _, conversation):
        gate, approve = await conversation.sees("approve")
        _, reject = await conversation.sees("reject")
        await conversation.press("approve", user=telegram.dana)
        await conversation.told("Approved by Dana Levi")
        for data in (approve, reject):
            told = await press(conversation, telegram.avi, gate, data, as_it_was=dict(gate))
            assert "ההחלטה כבר התקבלה על ידי Dana Levi: אושר" in told
        told = await press(conversation, telegram.dana, gate, reject, as_it_was=dict(gate))
        assert "You had answered that already: approved" in told
        assert await press(conversation, telegram.dana, gate, approve, as_it_was=dict(gate)) == "", "it is so"
        await conversation.finished()
        assert written(tmp_path) == STORY


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_fifty_presses_of_two_people_are_one_decision(tmp_path: Path, mode: Mode) -> None:
    async with at_the_gate(tmp_path, "avi", mode) as (telegram, serving, conversation):
        gate, approve = await conversation.sees("approve")
        pressed = [telegram.press(user, conversation.chat, gate["message_id"], approve) for user in pairs(telegram)]
        queries = await asyncio.gather(*pressed)  # noqa: TID251 - all at once, and none of them is awaited alone
        await telegram.eventually(lambda: not telegram.unanswered(), 30)
        told = [plain(str((telegram.answer(query) or {})["text"])) for query in queries]
        [decided] = await calls_asked(serving)
        dana_was_first = decided.decided_by == f"telegram:{telegram.dana.id}"
        of_dana, of_avi = told[::2], told[1::2]
        first, second = (of_dana, of_avi) if dana_was_first else (of_avi, of_dana)
        words = "ההחלטה כבר התקבלה על ידי Dana Levi: אושר" if dana_was_first else "Avi Cohen was first: already decided"
        assert set(first) == {""}
        assert all(each.startswith(words) for each in second), second
        await conversation.finished()
        assert written(tmp_path) == STORY


def pairs(telegram: Telegramd) -> list[User]:
    """Two people, in turn."""
    return [telegram.dana, telegram.avi] * 25


async def test_approve_and_reject_at_once_are_one_decision(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path, "avi") as (telegram, serving, conversation):
        gate, approve = await conversation.sees("approve")
        await conversation.press("reject", user=telegram.dana)
        form, send = await conversation.sees("form", "Reject without a reason")
        async with asyncio.TaskGroup() as group:
            group.create_task(telegram.press(telegram.avi, conversation.chat, gate["message_id"], approve))
            group.create_task(telegram.press(telegram.dana, conversation.chat, form["message_id"], send))
        await conversation.finished()
        [decided] = await calls_asked(serving)
        assert written(tmp_path)["events"] == (0 if decided.status.value == "rejected" else 1)


async def test_a_form_is_filled_in_by_whoever_opened_it(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path, "avi") as (telegram, _, conversation):
        await conversation.press("edit", user=telegram.avi)
        form, title = await conversation.sees("form", "Title")
        told = await press(conversation, telegram.dana, form, title)
        assert told.startswith(WHO_ASKED["en"]), "the owner may decide, but not in another's form"
        await conversation.press("form", "Title", user=telegram.avi)
        await telegram.eventually(lambda: any(m.get("_markup") for m in conversation.ours))
        prompt = next(m for m in conversation.ours if m.get("_markup"))
        await conversation.says("Of the owner's", user=telegram.dana, reply_to=prompt)
        await conversation.says("Of the stranger's", user=telegram.stranger, reply_to=prompt)
        await conversation.says("Of the asker's", user=telegram.avi, reply_to=prompt)
        await conversation.told("Of the asker's")
        await conversation.press("form", "Approve with changes", user=telegram.avi)
        await conversation.told("Approved with changes by Avi Cohen")
        await telegram.eventually(lambda: written(tmp_path)["mails"])
        assert "SUMMARY:Of the asker's" in mail(tmp_path)


async def test_a_button_that_says_something_else_is_refused(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (telegram, serving, conversation):
        gate, approve = await conversation.sees("approve")
        known = read_data(approve)
        assert known is not None
        forged = (
            "", "a", "a:", f"a:{known.approval}x", f"a:{known.approval[::-1]}", f"c:{known.approval}:nobody",
            f"z:{known.approval}", f"A:{known.approval}", f"{approve}:{'9' * 25}\n",
            f"m:{known.approval}:s.{telegram.dana.id}", f"m:{known.approval}:f999.{telegram.dana.id}", "x" * 64,
            "\u05d0" * 32, "🙂" * 16, "\x00" * 64, '{"action": "approve"}', "f:nothing:1", "p:nothing", "n:nothing:1",
        )  # fmt: skip
        for data in forged:
            assert await press(conversation, telegram.dana, gate, data) != "", data
        [pending] = await calls_asked(serving)
        assert (pending.status.value, written(tmp_path)) == ("pending", NOTHING)
        await conversation.press("approve")
        await conversation.finished()
        assert written(tmp_path) == STORY


async def test_nothing_is_drawn_over_a_message_that_has_no_such_button(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (telegram, _, conversation):
        gate, approve = await conversation.sees("approve")
        unknown = await press(conversation, telegram.avi, gate, "z:")
        own = await ask(telegram, telegram.avi, SENTENCES["en"])
        await own.gated()
        _, theirs = await own.sees("approve")
        about = theirs.partition(":")[2]
        edits = telegram.ledger.edits(conversation.chat.id, gate["message_id"])
        for data in (f"n:{about}:0", f"m:{about}:x.{telegram.avi.id}", f"d:{about}", f"e:{about}", theirs):
            told = await press(conversation, telegram.avi, gate, data)
            assert told == unknown, data
        sent = len(conversation.ours)
        for data in (f"n:{about}:0", f"m:{about}:x.{telegram.avi.id}"):
            unseen = {"message_id": gate["message_id"], "chat": gate["chat"], "date": 0}
            assert await press(conversation, telegram.avi, gate, data, as_it_was=unseen) != ""
        assert telegram.ledger.edits(conversation.chat.id, gate["message_id"]) == edits
        assert len(conversation.ours) == sent
        assert (await conversation.sees("approve"))[1] == approve
        assert own.with_button("approve") is not None


async def test_who_decided_is_told_where_the_button_is_gone_already(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path, "avi") as (telegram, _, conversation):
        gate, _ = await conversation.sees("approve")
        _, reject = await conversation.sees("reject")
        await conversation.press("approve", user=telegram.dana)
        await conversation.told("Approved by Dana Levi")
        await telegram.eventually(lambda: not conversation.with_button("reject"))
        told = await press(conversation, telegram.avi, gate, reject)
        assert "ההחלטה כבר התקבלה על ידי Dana Levi: אושר" in told
        await conversation.finished()


async def test_details_that_may_have_been_shown_are_not_shown_again(tmp_path: Path) -> None:
    async with local_telegram(shown_twice=True) as telegram, team(tmp_path, telegram):
        conversation = await ask(telegram, telegram.dana, SENTENCES["en"])
        await conversation.gated()
        before = len(conversation.ours)
        telegram.faults.next("sendMessage", Fault.reset_after_commit(), times=4, chat=telegram.dana.id)
        assert await conversation.answer("details") == ""
        assert len(conversation.ours) == before + 1


async def test_details_that_cannot_be_shown_now_keep_nobody_waiting(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (telegram, _, conversation):
        telegram.faults.next("sendMessage", Fault.flood(25), times=1, chat=conversation.chat.id)
        assert await conversation.answer("details") == "I cannot show that right now. Press again in a moment."
        await conversation.press("approve")
        await telegram.eventually(lambda: not telegram.unanswered())
        await telegram.eventually(lambda: written(tmp_path)["events"])


async def test_data_of_another_chat_is_worth_nothing_to_somebody_else(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (telegram, serving, conversation):
        _, approve = await conversation.sees("approve")
        await telegram.say(telegram.avi, telegram.avi, "/help")
        await telegram.eventually(lambda: telegram.sent(telegram.avi))
        [mine] = telegram.sent(telegram.avi)
        other = telegram.add_supergroup("Others", [telegram.stranger])
        for user, chat in ((telegram.avi, telegram.private(telegram.avi)), (telegram.stranger, other)):
            told = await press(conversation, user, mine["message_id"], approve, chat=chat)
            assert told.startswith(WHO_ASKED["he" if user is telegram.avi else "en"])
        [pending] = await calls_asked(serving)
        assert (pending.status.value, written(tmp_path)) == ("pending", NOTHING)


async def test_a_press_under_a_message_that_is_gone_is_answered_and_decided_once(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (telegram, serving, conversation):
        gate, approve = await conversation.sees("approve")
        await telegram.delete(conversation.chat, gate["message_id"])
        assert await press(conversation, telegram.avi, gate, approve) != ""
        assert await press(conversation, telegram.dana, gate, approve) == ""
        assert await press(conversation, telegram.dana, gate, approve) == ""
        await conversation.finished()
        [decided] = await calls_asked(serving)
        assert (decided.status.value, written(tmp_path)) == ("approved", STORY)


async def test_requests_that_telegram_did_not_send_do_nothing(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path, mode="webhook") as (telegram, serving, conversation):
        _, approve = await conversation.sees("approve")
        entry = telegram.log.updates("callback_query")[-1]
        update = {**entry.params, "update_id": entry.params["update_id"] + 500}
        update["callback_query"] |= {"data": approve}
        url = f"{serving.url}{WEBHOOK_PATH}"
        wrong: dict[str, dict[str, str]] = {
            "none": {},
            "empty": {HEADER: ""},
            "another": {HEADER: "0" * len(SECRET)},
            "shorter": {HEADER: SECRET[:-1]},
            "longer": {HEADER: SECRET + "x"},
            "in another case": {HEADER: SECRET.upper()},
        }
        async with aiohttp.ClientSession() as session:
            for name, headers in wrong.items():
                async with session.post(url, json=update, headers=headers) as answer:
                    assert answer.status == 401, name
            async with session.get(url) as answer:
                assert answer.status in {404, 405}
        [pending] = await calls_asked(serving)
        assert (pending.status.value, written(tmp_path)) == ("pending", NOTHING)
