"""Telegram fails in every way it knows: nothing is lost, what may be there twice says so, and nobody else waits for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.serve import Serving
from tests.scenarios.lab import SENTENCES, STORY, TOMORROW, executions, over, written
from tests.scenarios.telegram_lab import (
    Conversation,
    actions,
    all_noted,
    ask,
    local_telegram,
    product,
    team,
    text_of,
)
from tests.servers.telegramd import Chat, Telegramd
from tests.servers.telegramd.faults import Fault

CARD, CHOICE, GATE, FINAL = range(4)
AGAIN = "may be here twice"


@asynccontextmanager
async def served(home: Path, *, shown_twice: bool = False) -> AsyncGenerator[tuple[Telegramd, Serving, Chat]]:
    """A product, and a group with Dana and Avi in it."""
    async with local_telegram(shown_twice=shown_twice) as telegram, team(home, telegram) as serving:
        yield telegram, serving, telegram.add_supergroup("Team", [telegram.dana, telegram.avi])


async def test_a_pause_that_telegram_wants_is_kept_and_holds_up_nobody_else(tmp_path: Path) -> None:
    async with served(tmp_path) as (telegram, serving, group):
        telegram.faults.next("editMessageText", Fault.flood(2), chat=group.id)
        conversation = await ask(telegram, group, SENTENCES["en"])
        await telegram.eventually(lambda: telegram.faults.struck)
        other = await ask(telegram, telegram.avi, TOMORROW["he"])
        await other.finished()
        await conversation.gated()
        telegram.faults.next("sendMessage", Fault.flood(1), chat=group.id)
        await conversation.press("approve")
        await over(serving, 2)
        await conversation.at_rest()
        assert written(tmp_path) == STORY
        limited = [entry for entry in telegram.log.refused(429) if entry.chat == group.id]
        assert len(limited) == 2, "a halted chat is left alone"
        for entry, seconds in zip(limited, (2, 1), strict=True):
            later = next(e for e in telegram.log.calls(chat=group.id) if e.seq > entry.seq)
            assert later.at - entry.at >= seconds - 0.1
        in_private = [e.at for e in telegram.log.calls("sendMessage", telegram.avi.id)]
        assert in_private[-1] - limited[0].at < 2, "the others do not wait"


@pytest.mark.parametrize(
    ("skip", "fault"),
    [
        (CARD, Fault.reset_after_commit()),
        (CHOICE, Fault.garbage(committed=True)),
        (GATE, Fault.server_error(500, committed=True)),
        (FINAL, Fault.reset_after_commit()),
        (CHOICE, Fault.bad_gateway()),
        (FINAL, Fault.reset_before()),
    ],
    ids=["card", "choice", "gate", "final", "choice, not done", "final, not done"],
)
async def test_a_post_whose_answer_was_lost_is_repeated_once_and_says_so(
    tmp_path: Path, skip: int, fault: Fault
) -> None:
    async with served(tmp_path, shown_twice=True) as (telegram, _, group):
        telegram.faults.next("sendMessage", fault, skip=skip, chat=group.id)
        conversation = await ask(telegram, group, SENTENCES["en"])
        await pressing(conversation)
        await conversation.finished()
        await telegram.eventually(lambda: marked(conversation))
        await telegram.eventually(lambda: len(conversation.ours) == 5 + int(fault.committed))
        assert len(marked(conversation)) == len(telegram.faults.struck) == 1
        assert written(tmp_path) == STORY


def marked(conversation: Conversation) -> list[dict[str, Any]]:
    """Messages that said when they came that they may be there twice."""
    return [m for m in conversation.ours if AGAIN in m["_states"][0]["text"]]


async def pressing(conversation: Conversation) -> None:
    """Answer the story's questions in the last message that asks them."""
    for action in ("choose", "approve"):
        await conversation.sees(action)
        asking = [(m, data) for m in conversation.ours for does, data, _ in actions(m) if does == action]
        message, data = next(each for each in asking if each[0] is asking[-1][0])
        await conversation.telegram.press(conversation.user, conversation.chat, message["message_id"], data)


async def test_a_post_that_surely_did_not_happen_is_made_again_without_a_word(tmp_path: Path) -> None:
    async with served(tmp_path) as (telegram, _, group):
        telegram.faults.next("sendMessage", Fault.flood(1), skip=GATE, chat=group.id)
        conversation = await ask(telegram, group, SENTENCES["en"])
        await conversation.story()
        assert not any(AGAIN in text for text in conversation.texts)


async def test_a_card_that_fails_once_is_still_above_what_is_said_below_it(tmp_path: Path) -> None:
    async with served(tmp_path) as (telegram, _, group):
        telegram.faults.next("sendMessage", Fault.flood(1), chat=group.id)
        conversation = await ask(telegram, group, TOMORROW["he"])
        await conversation.finished()
        assert "▰" in conversation.texts[0]
        assert len(conversation.ours) == 2


async def test_a_card_that_somebody_deleted_comes_back_once(tmp_path: Path) -> None:
    async with served(tmp_path) as (telegram, _, group):
        conversation = await ask(telegram, group, SENTENCES["en"])
        await conversation.gated()
        await telegram.delete(group, conversation.card["message_id"])
        await conversation.press("approve")
        await conversation.finished()
        await telegram.eventually(lambda: sum("▰" in text for text in conversation.texts) == 1)
        assert written(tmp_path) == STORY
        cards = [e for e in telegram.log.calls("sendMessage", group.id) if "▰" in str(e.params["text"])]
        assert len(cards) <= 2


@pytest.mark.parametrize("when", ["planning", "gated"])
async def test_a_group_that_becomes_a_supergroup_goes_on_there(tmp_path: Path, when: str) -> None:
    async with served(tmp_path) as (telegram, serving, _):
        group = telegram.add_group("Small team", [telegram.dana, telegram.avi])
        conversation = await ask(telegram, group, SENTENCES["en"])
        if when == "gated":
            _, approve = await conversation.gated()
            gate = conversation.with_button("approve")
            assert gate is not None
            grown = await telegram.upgrade(group)
            await telegram.press(telegram.dana, group, gate[0]["message_id"], approve)
        else:
            await conversation.sees("choose")
            grown = await telegram.upgrade(group)
            choice, choose = await conversation.sees("choose")
            await telegram.press(telegram.dana, group, choice["message_id"], choose)
            conversation = Conversation(telegram, grown, telegram.dana, 0)
            await conversation.press("approve")
        conversation = Conversation(telegram, grown, telegram.dana, 0)
        await conversation.at_rest()
        await telegram.eventually(lambda: any("▰" in text for text in conversation.texts))
        assert sum("▰" in text for text in conversation.texts) == 1, "one card, in the new group"
        assert written(tmp_path) == STORY
        later = await ask(telegram, grown, TOMORROW["en"])
        await over(serving, 2)
        await telegram.eventually(lambda: len(later.ours) == 2)
        refused = [e for e in telegram.log.refused(400) if "upgraded" in str(e.answer)]
        assert len(refused) <= 6, "what moved is not asked for again and again"


@pytest.mark.parametrize("how", ["kicked", "muted", "restricted"])
async def test_a_group_that_closes_is_continued_in_private(tmp_path: Path, how: str) -> None:
    async with served(tmp_path) as (telegram, serving, group):
        conversation = await ask(telegram, group, SENTENCES["en"])
        await conversation.press("pause")
        await conversation.sees("resume")
        message, resume = await conversation.sees("resume")
        await conversation.press("choose")
        await conversation.told("Picked:")
        if how == "kicked":
            await telegram.kick_bot(group)
        elif how == "muted":
            telegram.mute(group)
        else:
            await telegram.restrict_bot(group)
        await telegram.press_raw(telegram.dana, group, message["message_id"], resume, as_it_was=dict(message))
        private = Conversation(telegram, telegram.private(telegram.dana), telegram.dana, 0)
        gate, _ = await private.sees("approve")
        assert "cannot write where you asked" in text_of(gate)
        await private.press("approve")
        await private.finished()
        assert written(tmp_path) == STORY
        assert (await executions(serving))[0].outcome is not None
        refused = [e for e in telegram.log.calls(chat=group.id) if e.status in {400, 403}]
        assert 1 <= len(refused) <= 16, "no loop"


async def test_whoever_blocked_it_finds_the_end_when_they_come_back(tmp_path: Path) -> None:
    async with local_telegram() as telegram:
        async with team(tmp_path, telegram) as serving:
            conversation = await ask(telegram, telegram.avi, SENTENCES["en"])
            gate, approve = await conversation.gated()
            await telegram.block(telegram.avi)
            await telegram.press_raw(telegram.dana, telegram.dana, gate["message_id"], approve, as_it_was=dict(gate))
            await over(serving)
            assert written(tmp_path) == STORY
            await telegram.eventually(lambda: len(telegram.log.refused(403)) >= 4)
            assert len(telegram.log.refused(403)) <= 5, "no loop"
            await all_noted(tmp_path)
        await telegram.unblock(telegram.avi)
        async with product(tmp_path, telegram):
            await conversation.finished()
            await all_noted(tmp_path)
        assert not marked(conversation), "what was refused is not there"


@pytest.mark.parametrize("how", ["closed", "deleted"])
async def test_a_topic_that_is_closed_or_gone_is_continued_where_people_read(tmp_path: Path, how: str) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram):
        forum = telegram.add_forum("Forum", [telegram.dana, telegram.avi])
        topic = await telegram.create_topic(forum, "Tevuot")
        asked = await ask(telegram, forum, SENTENCES["en"], topic=topic)
        gate, approve = await asked.gated()
        await (telegram.delete_topic(forum, topic) if how == "deleted" else telegram.close_topic(forum, topic))
        await telegram.press_raw(telegram.dana, forum, gate["message_id"], approve, as_it_was=dict(gate))
        general = Conversation(telegram, forum, telegram.dana, 0)
        private = Conversation(telegram, telegram.private(telegram.dana), telegram.dana, 0)
        await telegram.eventually(lambda: general.with_button("feedback") or private.with_button("feedback"), 20)
        where = general if general.with_button("feedback") else private
        assert any("continue here" in text for text in where.texts)
        assert written(tmp_path) == STORY


@pytest.mark.parametrize(
    "words",
    [
        "Bad Request: can't parse MessageEntity: Unsupported type specified",
        "Bad Request: message is too long",
        "Bad Request: BUTTON_DATA_INVALID",
    ],
    ids=["entities", "too long", "keyboard"],
)
async def test_a_drawing_that_telegram_refuses_is_drawn_plainer(tmp_path: Path, words: str) -> None:
    async with served(tmp_path) as (telegram, _, group):
        drawn = "reply_markup" if "BUTTON" in words else "entities"
        refusal = Fault.error(400, words)

        def is_rich(params: dict[str, object]) -> bool:
            return bool(params.get(drawn)) and SENTENCES["en"] in str(params["text"])

        for method in ("sendMessage", "editMessageText"):
            telegram.faults.next(method, refusal, times=9, when=is_rich, chat=group.id)
        conversation = await ask(telegram, group, SENTENCES["en"])
        await conversation.story()
        await telegram.eventually(lambda: "✅ Done" in conversation.texts[0])
        assert written(tmp_path) == STORY
        assert 1 <= len(telegram.faults.struck) <= 9


async def test_a_product_that_is_stopped_while_it_posts_asks_once_more_and_says_so(tmp_path: Path) -> None:
    async with local_telegram(shown_twice=True) as telegram:
        async with team(tmp_path, telegram) as serving:
            group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
            slow = Fault.latency(0.5, committed=True)
            telegram.faults.next("sendMessage", slow, chat=group.id, match={"text": "~Approve this?"})
            conversation = await ask(telegram, group, SENTENCES["en"])
            await conversation.gated()
        async with product(tmp_path, telegram) as serving:
            await conversation.press("approve")
            [execution] = await over(serving)
            assert execution.outcome is not None
            await conversation.finished()
        assert written(tmp_path) == STORY
        assert sum(AGAIN in text for text in conversation.texts) <= 1
