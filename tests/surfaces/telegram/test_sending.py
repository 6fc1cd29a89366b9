"""The sender and Telegram together, over real sockets and a real log: one card, one reply each, and the end always arrives."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.render.texts import Texts
from bot.telegram.address import message_ref
from tests.servers.telegramd import Fault
from tests.surfaces.telegram.line import Line, line
from tests.surfaces.telegram.scene import Scene, asked

AGAIN = Texts("en").say("telegram_out.again")
LOST = {
    "reset": Fault.reset_after_commit(),
    "page": Fault.bad_gateway(committed=True),
    "half": Fault.garbage(committed=True),
    "500": Fault.server_error(committed=True),
}


@pytest.fixture
async def at(tmp_path: Path) -> AsyncGenerator[Line]:
    async with asked() as scene, line(scene, tmp_path) as at:
        yield at


def twins(scene: Scene) -> list[str]:
    """Messages that say they may be there twice."""
    return [text for text in scene.texts() if text.startswith(AGAIN)]


async def test_one_card_one_reply_for_each_question_and_one_for_the_end(at: Line) -> None:
    for name in ("planning", "running", "gate", "done"):
        await at.show(name)
        await at.sent()
    assert len(at.scene.texts()) == 4, at.scene.texts()
    assert all(m["reply_to_message"]["message_id"] == at.scene.root for m in at.scene.telegram.sent(at.scene.group))
    assert at.scene.telegram.log.refused(429) == at.scene.telegram.log.refused(400) == []


async def test_in_private_too(at: Line) -> None:
    dana = at.scene.telegram.private(at.scene.telegram.dana)
    for name in ("planning", "running", "gate", "done"):
        await at.show(name, place=at.scene.private)
        await at.sent()
    card, *replies = at.scene.telegram.sent(dana)
    assert len(replies) == 3
    assert {reply["reply_to_message"]["message_id"] for reply in replies} == {card["message_id"]}
    assert at.scene.telegram.log.refused(429) == []


# Nobody knows whether it was sent.


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize(("skip", "lost"), [(0, "card"), (1, "question"), (3, "end")])
async def test_a_message_whose_answer_was_lost_has_exactly_one_twin_which_says_so(
    at: Line, fault: str, skip: int, lost: str
) -> None:
    at.scene.telegram.faults.next("sendMessage", LOST[fault], skip=skip)
    for name in ("planning", "gate", "done"):
        await at.show(name)
        await at.sent()
    assert at.scene.telegram.faults.pending() == 0
    assert len(at.scene.texts()) == 5, f"{lost}: {at.scene.texts()}"
    assert len(twins(at.scene)) == 1


@pytest.mark.parametrize("times", [1, 3])
async def test_a_message_that_did_not_happen_though_nobody_knew_is_there_in_the_end(at: Line, times: int) -> None:
    at.scene.telegram.faults.next("sendMessage", Fault.reset_before(), times=times)
    await at.show("planning")
    await at.sent()
    assert len(at.scene.texts()) == 1
    assert len(twins(at.scene)) == 1, "it says it may be there twice, because nobody could know"


async def test_a_message_nobody_knows_of_again_and_again_is_repeated_ever_more_rarely(at: Line) -> None:
    at.scene.telegram.faults.next("sendMessage", Fault.reset_after_commit(), times=100)
    await at.show("planning")
    await at.pass_time(3_600)
    assert 2 < len(at.scene.texts()) <= 5
    assert len(twins(at.scene)) == len(at.scene.texts()) - 1


async def test_an_edit_whose_answer_was_lost_is_made_once_more(at: Line) -> None:
    await at.show("planning")
    await at.sent()
    at.scene.telegram.faults.next("editMessageText", Fault.reset_after_commit(), times=2)
    await at.show("done")
    await at.sent()
    assert len(at.scene.texts()) == 4, at.scene.texts()
    assert twins(at.scene) == []


async def test_while_nobody_listens_nothing_is_lost_and_nothing_is_there_twice(at: Line) -> None:
    await at.show("planning")
    await at.sent()
    await at.scene.telegram.down()
    for name in ("running", "gate", "done"):
        await at.show(name)
        await at.pass_time(300)
    await at.scene.telegram.up()
    await at.pass_time(25)
    assert at.chat.waiting == 0, "half a minute after it can be reached everything is there"
    assert len(at.scene.texts()) == 4, at.scene.texts()
    assert twins(at.scene) == []


async def test_a_process_that_stops_while_posting_is_followed_by_one_that_says_it_once_more(tmp_path: Path) -> None:
    async with asked() as scene:
        async with line(scene, tmp_path) as at:
            scene.telegram.faults.next("sendMessage", Fault.silence_after_commit())
            await at.show("planning")
            await scene.telegram.eventually(scene.texts)
        async with line(scene, tmp_path) as at:
            await at.show("planning")
            await at.sent()
            assert len(scene.texts()) == 2
            assert len(twins(scene)) == 1


# Limits.


async def test_a_429_loses_nothing_and_holds_that_chat_alone(at: Line) -> None:
    telegram, group = at.scene.telegram, at.scene.group
    await at.show("planning")
    await at.show("planning", "x-2", at.scene.private)
    await at.sent()
    begun = at.scene.clock.now().timestamp()
    telegram.faults.next("*", Fault.flood(60), chat=group.id)
    await at.show("done")
    await at.show("done", "x-2", at.scene.private)
    await at.pass_time(30)
    assert len(telegram.sent(telegram.dana)) == 4, "the other chat has everything"
    await at.sent()
    assert len(at.scene.texts()) == 4
    assert twins(at.scene) == []
    posts = [call for call in telegram.log.calls("sendMessage", group.id) if call.ok and call.at > begun]
    assert 60 <= posts[0].at - begun <= 62, "at once when it may"
    assert len(telegram.log.refused(429)) <= 2, "what was under way already"
    assert telegram.gate.ignored <= 1


async def test_progress_is_told_at_a_readers_pace_and_the_end_at_once(at: Line) -> None:
    await at.show("running")
    await at.sent()
    card = message_ref(f"{at.scene.group.id}/{at.scene.telegram.sent(at.scene.group)[0]['message_id']}")
    for n in range(120):
        await at.show("running", progress=f"{n} of 120")
        await at.pass_time(1)
    assert 15 <= at.scene.telegram.ledger.edits(card.chat, card.message) <= 22
    begun = at.scene.clock.now().timestamp()
    await at.show("done")
    await at.pass_time(2)
    ends = [call for call in at.scene.telegram.log.calls("sendMessage") if call.at >= begun]
    assert len(ends) == 3, "the end and what came of two questions"
    assert ends[0].at == begun


# Chats that close.


async def test_an_execution_whose_group_threw_us_out_goes_on_in_private(at: Line) -> None:
    await at.show("planning")
    await at.sent()
    await at.scene.telegram.kick_bot(at.scene.group)
    for name in ("gate", "done"):
        await at.show(name)
        await at.sent()
    moved = Texts("en").say("telegram_out.moved")
    private = at.scene.texts(at.scene.telegram.private(at.scene.telegram.dana))
    assert len(private) == 4
    assert all(text.startswith(moved) for text in private)


async def test_who_blocked_us_gets_the_end_once_they_let_us_in_again_and_the_card_is_the_same(at: Line) -> None:
    dana = at.scene.telegram.private(at.scene.telegram.dana)
    await at.show("planning", place=at.scene.private)
    await at.sent()
    await at.scene.telegram.block(at.scene.telegram.dana)
    for name in ("running", "done"):
        await at.show(name, place=at.scene.private)
        await at.pass_time(700)
    calls = len(at.scene.telegram.log.calls("sendMessage"))
    assert calls < 8, "tried rarely"
    await at.scene.telegram.unblock(at.scene.telegram.dana)
    await at.pass_time(8_000)
    assert at.chat.waiting == 0
    assert len(at.scene.texts(dana)) == 2, "the end, and the card in whichever state it had"
    assert twins(at.scene) == []


async def test_a_group_that_becomes_a_supergroup_keeps_its_execution(at: Line) -> None:
    group = at.scene.telegram.add_group("Small", members=[at.scene.telegram.dana])
    root = await at.scene.telegram.say(at.scene.telegram.dana, group, "do it")
    place = at.scene.place_of(group, root)
    await at.show("planning", place=place)
    await at.sent()
    larger = await at.scene.telegram.upgrade(group)
    for name in ("gate", "done"):
        await at.show(name, place=place)
        await at.sent()
    assert len(at.scene.texts(larger)) == 4, at.scene.texts(larger)


async def test_a_card_somebody_deletes_is_posted_once_more_and_quietly(at: Line) -> None:
    await at.show("planning")
    await at.sent()
    await at.scene.telegram.delete(at.scene.group, at.scene.telegram.sent(at.scene.group)[0]["message_id"])
    for name in ("running", "gate", "done"):
        await at.show(name)
        await at.sent()
    assert len(at.scene.texts()) == 4
    posts = at.scene.telegram.log.calls("sendMessage")
    assert [bool(call.params.get("disable_notification")) for call in posts[:2]] == [False, True]


async def test_a_token_that_is_refused_stops_everything_until_it_is_taken_again(at: Line) -> None:
    at.scene.telegram.faults.next("*", Fault.error(401, "Unauthorized"), times=3)
    await at.show("done")
    await at.pass_time(30)
    assert len(at.scene.telegram.log.calls()) <= 2
    await at.pass_time(400)
    assert at.chat.waiting == 0
    assert len(at.scene.texts()) == 4
