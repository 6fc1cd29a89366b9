"""Slack fails in every way it knows: nothing is lost, nothing is said twice, and the work is not held up."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.serve import Serving
from tests.scenarios.lab import SENTENCES, STORY, TOMORROW, executions, make_home, written
from tests.scenarios.slack_lab import Conversation, ask, local_slack, product, words_of
from tests.servers.slackd import Channel, Slackd
from tests.servers.slackd.faults import Fault
from tests.waiting import until

CARD, CHOICE, GATE, FINAL = range(4)


@asynccontextmanager
async def served(home: Path) -> AsyncGenerator[tuple[Slackd, Serving, Channel]]:
    """A product, and a channel with Dana in it."""
    make_home(home)
    async with local_slack() as slack, product(home, slack) as serving:
        yield slack, serving, slack.add_channel("general", members=[slack.dana, slack.avi])


def order(conversation: Conversation) -> list[str]:
    """What the thread holds, from the top."""
    kinds = {"card": "plan", "final": "feedback_buttons"}
    return [
        next((k for k, mark in kinds.items() if f"'{mark}'" in str(m["blocks"])), "reply") for m in conversation.ours
    ]


async def test_a_pause_that_slack_wants_is_kept_and_holds_up_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as (slack, serving, channel):
        slack.faults.next("chat.update", Fault.rate_limited(2), times=1)
        conversation = await ask(slack, channel, SENTENCES["en"])
        await conversation.gated()
        slack.faults.next("chat.postMessage", Fault.rate_limited(1), times=1)
        slack.faults.next("chat.update", Fault.rate_limited(1), times=1)
        await conversation.press("approve")
        await until(lambda: executions(serving), lambda found: found[0].outcome is not None)
        assert written(tmp_path) == STORY
        await conversation.finished()
        await conversation.told("Done: Read what")
        assert len(conversation.ours) == 4
        for limited in [e for e in slack.log.calls() if e.status == 429]:
            wait = int(limited.headers.get("Retry-After", "1")) - 0.1
            again = [e for e in slack.log.calls(limited.name) if e.seq > limited.seq]
            assert all(e.at - limited.at >= min(wait, 0.9) for e in again), (limited.name, limited.at, again[0].at)


async def test_a_card_that_has_to_wait_is_still_above_what_is_said_below_it(tmp_path: Path) -> None:
    async with served(tmp_path) as (slack, _, channel):
        slack.faults.next("chat.postMessage", Fault.rate_limited(1))
        conversation = await ask(slack, channel, TOMORROW["en"])
        await conversation.finished()
        await slack.eventually(lambda: len(conversation.ours) == 2)
        assert order(conversation) == ["card", "final"]


async def test_a_card_that_fails_once_is_still_above_what_is_said_below_it(tmp_path: Path) -> None:
    async with served(tmp_path) as (slack, _, channel):
        slack.faults.next("chat.postMessage", Fault.server_error(503))
        conversation = await ask(slack, channel, TOMORROW["he"])
        await conversation.finished()
        await slack.eventually(lambda: len(conversation.ours) == 2)
        assert order(conversation) == ["card", "final"]


async def test_after_a_while_without_slack_there_is_one_state_of_each_message(tmp_path: Path) -> None:
    async with served(tmp_path) as (slack, serving, channel):
        first = await ask(slack, channel, SENTENCES["en"])
        await first.gated()
        for method in ("chat.postMessage", "chat.update", "conversations.replies", "agents.sessions.setStatus"):
            slack.faults.next(method, Fault.server_error(503), times=2)
        await first.press("approve")
        second = await ask(slack, channel, TOMORROW["he"])
        await until(lambda: executions(serving), lambda found: all(e.outcome for e in found) and len(found) == 2)
        before = len(slack.log)
        slack.faults.clear()
        await first.finished()
        await second.finished()
        await first.told("Done: Read what")
        await slack.eventually(lambda: (len(first.ours), len(second.ours)) == (4, 2), 20)
        await slack.settled()
        assert (len(first.ours), len(second.ours)) == (4, 2)
        ok = [e for e in list(slack.log)[before:] if e.name == "chat.postMessage" and e.ok and e.status == 200]
        assert len(ok) <= 3, "a card and a final of the second, a final of the first"


@pytest.mark.parametrize("skip", [CARD, CHOICE, GATE, FINAL], ids=["card", "choice", "gate", "final"])
async def test_a_post_that_happened_although_its_answer_was_lost_is_found_again(tmp_path: Path, skip: int) -> None:
    async with served(tmp_path) as (slack, _, channel):
        slack.faults.next("chat.postMessage", Fault.reset_after_commit(), skip=skip)
        conversation = await ask(slack, channel, SENTENCES["he" if skip % 2 else "en"])
        await conversation.story()
        await slack.settled()
        assert slack.faults.struck == [("chat.postMessage", "reset_after_commit")]
        assert len(conversation.ours) == 4
        assert slack.ledger.repeated() == {}
        assert written(tmp_path) == STORY


async def test_a_post_that_did_not_happen_is_made_again(tmp_path: Path) -> None:
    async with served(tmp_path) as (slack, _, channel):
        slack.faults.next("chat.postMessage", Fault.reset_before(), skip=GATE)
        conversation = await ask(slack, channel, SENTENCES["en"])
        await conversation.story()
        assert len(conversation.ours) == 4


async def test_a_card_that_somebody_deleted_comes_back_once(tmp_path: Path) -> None:
    async with served(tmp_path) as (slack, _, channel):
        conversation = await ask(slack, channel, SENTENCES["en"])
        await conversation.gated()
        await slack.delete(slack.avi, channel, conversation.card["ts"])
        await conversation.press("approve")
        await conversation.finished()
        await slack.eventually(lambda: any("Done: Read what" in text for text in conversation.texts))
        await slack.eventually(lambda: "card" in order(conversation))
        assert sorted(order(conversation)) == ["card", "final", "reply", "reply"]
        cards = [e for e in slack.log.calls("chat.postMessage") if "'plan'" in str(e.params.get("blocks"))]
        assert len(cards) <= 2
        assert written(tmp_path) == STORY
        slack.ledger.marked.clear()  # the card was posted again, as it should be


@pytest.mark.parametrize("how", ["archived", "kicked", "locked"])
async def test_a_thread_that_closes_is_continued_in_private(tmp_path: Path, how: str) -> None:
    async with served(tmp_path) as (slack, serving, channel):
        conversation = await ask(slack, channel, SENTENCES["en"])
        await conversation.sees("choose")
        await conversation.press("pause")
        await conversation.sees("resume")
        await conversation.press("choose")
        if how == "archived":
            slack.archive(channel)
        elif how == "kicked":
            slack.kick_bot(channel)
        else:
            slack.lock_thread(channel, conversation.ts)
        await conversation.press("resume")
        room = slack.im(slack.dana)
        await slack.eventually(lambda: _with(slack, room, "approve"), 20)
        message, action_id = _with(slack, room, "approve") or ({}, "")
        assert "cannot write in the thread" in words_of(message)
        await slack.click(slack.dana, room, str(message["ts"]), action_id)
        await slack.eventually(lambda: _with(slack, room, "feedback"), 20)
        assert written(tmp_path) == STORY
        assert (await executions(serving))[0].outcome is not None
        again = slack.ledger.repeated().values()
        assert all(len(posts) == 2 and posts[0][0] != posts[1][0] for posts in again), "at most once in each place"
        slack.ledger.marked.clear()


def _with(slack: Slackd, room: Channel, action: str) -> tuple[dict[str, object], str] | None:
    for message in slack.messages(room):
        for block in message.get("blocks") or ():
            for element in block.get("elements") or ():
                if str(element.get("action_id", "")).partition(".")[0] == action:
                    return message, str(element["action_id"])
    return None


async def test_with_its_token_revoked_it_is_not_ready_and_goes_on_working(tmp_path: Path) -> None:
    async with served(tmp_path) as (slack, serving, channel), aiohttp.ClientSession() as session:
        async with session.get(f"{serving.url}/readyz") as answer:
            assert answer.status == 200
        conversation = await ask(slack, channel, SENTENCES["en"])
        gate, approve = await conversation.gated()
        slack.world.tokens.dead[slack.bot_token] = "token_revoked"
        await slack.click(slack.dana, channel, gate["ts"], approve)
        await until(lambda: executions(serving), lambda found: found[0].outcome is not None)
        assert written(tmp_path) == STORY

        async def ready() -> int:
            async with session.get(f"{serving.url}/readyz") as answer:
                return answer.status

        assert await until(ready, lambda status: status != 200) == 503
        async with session.get(f"{serving.url}/healthz") as answer:
            assert answer.status == 200


@pytest.mark.parametrize("event", ["uninstalled", "revoked"])
async def test_when_the_app_is_taken_out_it_says_so(tmp_path: Path, event: str) -> None:
    async with served(tmp_path) as (slack, serving, _), aiohttp.ClientSession() as session:
        await (slack.uninstall() if event == "uninstalled" else slack.revoke_tokens())

        async def ready() -> int:
            async with session.get(f"{serving.url}/readyz") as answer:
                return answer.status

        assert await until(ready, lambda status: status != 200) == 503


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long"])
async def test_a_drawing_that_slack_refuses_is_drawn_plainer(tmp_path: Path, error: str) -> None:
    async with served(tmp_path) as (slack, _, channel):
        slack.faults.next("chat.postMessage", Fault.error(error), match={"blocks": "~'plan'"}, times=9)
        slack.faults.next("chat.update", Fault.error(error), match={"blocks": "~'plan'"}, times=9)
        conversation = await ask(slack, channel, SENTENCES["en"])
        await conversation.story()
        await conversation.told("Done: Read what")
        assert len(conversation.ours) == 4
        assert not any("'plan'" in str(m["blocks"]) for m in conversation.ours)
        refused = [e for e in slack.log.calls() if e.fault]
        # blocks that are unknown there are sent no more; what was merely too long is tried again where it tells an outcome
        most = 2 if error.startswith("invalid_blocks") else 6
        assert len(refused) <= most, "what was refused once is not sent again and again"
