"""The thread is the conversation: changes of plan, words and buttons that steer, and other people's words."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.serve import Serving
from tests.scenarios.lab import SENTENCES, STORY, TOMORROW, executions, make_home, written
from tests.scenarios.slack_lab import Conversation, ask, elements, local_slack, product, words_of
from tests.servers.slackd import Slackd
from tests.servers.slackd.faults import Fault


@asynccontextmanager
async def asked(home: Path, locale: str = "en") -> AsyncGenerator[tuple[Slackd, Serving, Conversation]]:
    """The story, asked by Dana."""
    make_home(home)
    async with local_slack() as slack, product(home, slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana, slack.avi, slack.guest])
        yield slack, serving, await ask(slack, channel, SENTENCES[locale])


async def pick(conversation: Conversation, label: str) -> None:
    """Press the choice of this label."""
    found, _ = await conversation.sees("choose")
    await conversation.slack.eventually(lambda: _labelled(conversation, label))
    message, action_id = _labelled(conversation, label) or (found, "")
    await conversation.slack.click(conversation.user, conversation.channel, str(message["ts"]), action_id)


def _labelled(conversation: Conversation, label: str) -> tuple[dict[str, object], str] | None:
    for message in conversation.ours:
        for element in elements(message):
            if label in str(element.get("text")):
                return dict(message), str(element["action_id"])
    return None


@pytest.mark.parametrize(
    ("locale", "words", "change"),
    [("en", "find the budget file instead", "Change the plan"), ("he", "תמצא במקום זה את קובץ התקציב", "לשנות")],
    ids=["en", "he"],
)
async def test_a_follow_up_is_offered_as_a_change_and_done_when_agreed(
    tmp_path: Path, locale: str, words: str, change: str
) -> None:
    async with asked(tmp_path, locale) as (_slack, serving, conversation):
        await conversation.gated()
        await conversation.says(words)
        await pick(conversation, change)
        plan, _ = await conversation.sees("run")
        assert plan["thread_ts"] == conversation.ts
        assert written(tmp_path)["events"] == 0
        await conversation.press("run")
        await conversation.press("approve")
        await conversation.finished()
        [execution] = await executions(serving)
        assert execution.plan is not None
        assert execution.plan.version == 2
        assert written(tmp_path) == STORY


async def test_a_follow_up_may_be_left_and_the_plan_goes_on(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, serving, conversation):
        await conversation.gated()
        await conversation.says("what about the budget?")
        await pick(conversation, "Leave it")
        await slack.settled()
        await conversation.press("approve")
        await conversation.finished()
        assert len(await executions(serving)) == 1
        assert written(tmp_path) == STORY


async def test_an_edited_request_is_offered_as_a_change(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, _, conversation):
        await conversation.gated()
        await slack.edit(slack.dana, conversation.channel, conversation.ts, f"{slack.mention} find the budget file")
        await conversation.told("find the budget file")
        await pick(conversation, "Change the plan")
        await conversation.sees("run")


@pytest.mark.parametrize(
    "word",
    [
        "Stop it!",
        "עצור!",
        "תפסיק",
    ],
    ids=["en", "he", "he-tafsik"],
)
async def test_a_stop_word_in_the_thread_stops(tmp_path: Path, word: str) -> None:
    async with asked(tmp_path, "en" if word.isascii() else "he") as (slack, serving, conversation):
        await conversation.gated()
        await conversation.says(word)
        await conversation.finished(5)
        [execution] = await executions(serving)
        assert execution.outcome is not None
        assert execution.outcome.value == "cancelled"
        await slack.eventually(lambda: conversation.with_button("approve") is None)
        assert written(tmp_path)["events"] == written(tmp_path)["mails"] == 0


async def test_slacks_own_stop_button_stops(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_slack() as slack, product(tmp_path, slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        slack.faults.next("agents.sessions.setStatus", Fault.rate_limited(20), match={"status": "suspended"})
        conversation = await ask(slack, channel, SENTENCES["he"])
        await conversation.sees("choose")
        await slack.eventually(lambda: slack.session(channel, conversation.ts) == "processing")
        await slack.press_native_stop(slack.avi, channel, conversation.ts)
        await conversation.whispered("רק למי שביקש", slack.avi)
        assert (await executions(serving))[0].outcome is None
        await slack.press_native_stop(slack.dana, channel, conversation.ts)
        await conversation.finished()
        [execution] = await executions(serving)
        assert execution.outcome is not None
        assert execution.outcome.value == "cancelled"


async def test_pause_and_resume_are_buttons_and_words(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, _serving, conversation):
        await conversation.sees("choose")
        await conversation.press("pause")
        await conversation.sees("resume")
        assert conversation.with_button("pause") is None
        await conversation.press("choose")
        await slack.settled()
        assert conversation.with_button("approve") is None
        await conversation.press("resume")
        await conversation.sees("approve")
        await conversation.says("חכה")
        await conversation.sees("resume")
        await conversation.says("go on")
        await conversation.sees("pause")
        await conversation.press("approve")
        await conversation.finished()
        assert conversation.with_button("resume") is None
        assert written(tmp_path) == STORY


async def test_other_peoples_words_start_and_change_nothing(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, serving, conversation):
        await conversation.gated()
        posted = len(conversation.ours)
        for user, words in (
            (slack.avi, "approve it, and write to everybody"),
            (slack.avi, TOMORROW["en"]),
            (slack.guest, "stop"),
            (slack.avi, f"{slack.mention} stop"),
        ):
            await conversation.says(words, user=user)
        await slack.settled()
        await slack.eventually(lambda: slack.ephemerals(slack.avi))
        await conversation.press("approve")
        await conversation.finished()
        assert len(await executions(serving)) == 1
        assert len(conversation.ours) == posted + 1
        assert written(tmp_path) == STORY


async def test_a_member_may_ask_for_something_of_their_own_in_the_same_thread(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, serving, conversation):
        await conversation.gated()
        await conversation.says(f"{slack.mention} {TOMORROW['he']}", user=slack.avi)
        await slack.eventually(lambda: conversation.with_button("feedback"))
        assert len(await executions(serving)) == 2
        await conversation.press("approve")
        await slack.eventually(lambda: len([m for m in conversation.ours if "feedback" in str(m["blocks"])]) == 2, 20)
        assert written(tmp_path) == STORY


async def test_a_second_request_in_the_thread_is_one_more_execution(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, serving, conversation):
        await conversation.story()
        await conversation.says(f"{slack.mention} {TOMORROW['en']}")
        await slack.eventually(lambda: len([m for m in conversation.ours if "feedback" in str(m["blocks"])]) == 2, 20)
        second, first = await executions(serving)
        assert second.execution.request.conversation_id == first.execution.request.conversation_id
        await conversation.says("thanks!")
        await slack.settled()
        assert len(await executions(serving)) == 2, "words after the end that do not name us start nothing"


async def test_what_others_said_in_the_thread_is_read_by_a_step(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_slack() as slack, product(tmp_path, slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        root = await slack.say(slack.avi, channel, "the pilot moves to February because the scales arrive late")
        conversation = Conversation(slack, channel, slack.dana, root)
        await slack.say(slack.dana, channel, f"{slack.mention} sum up what was said in this thread", root)
        final = await conversation.finished()
        assert "February" in words_of(final)
        [execution] = await executions(serving)
        assert "February" not in execution.execution.request.text
