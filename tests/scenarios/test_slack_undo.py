"""Undo in Slack: asked first, done once, told in the thread; too late, by others or twice it is refused in private."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.lab import NOTHING, SENTENCES, STORY, executions, make_home, over, plain, written
from tests.scenarios.slack_lab import MODES, Conversation, Mode, ask, elements, local_slack, product, words_of
from tests.scenarios.undoing import UNDONE, WORDS, rename_meeting, too_late
from tests.servers.slackd import Slackd


async def told_of_undo(conversation: Conversation, words: str) -> dict[str, Any]:
    """Wait until a message of the thread shows this."""
    slack = conversation.slack
    await slack.eventually(lambda: any(words in words_of(m) for m in conversation.ours), 20)
    return dict(next(m for m in conversation.ours if words in words_of(m)))


async def story_of(slack: Slackd, locale: str) -> Conversation:
    channel = slack.add_channel("general", members=[slack.dana, slack.avi])
    conversation = await ask(slack, channel, SENTENCES[locale])
    await conversation.story()
    return conversation


@pytest.mark.parametrize("locale", ["he", "en"])
@pytest.mark.parametrize("mode", MODES)
async def test_the_story_is_taken_back_in_its_thread(tmp_path: Path, mode: Mode, locale: str) -> None:
    home, words = make_home(tmp_path / "home"), WORDS[locale]
    async with local_slack() as slack, product(home, slack, mode) as serving:
        conversation = await story_of(slack, locale)
        assert written(home) == STORY
        final, _ = await conversation.sees("undo")
        button = next(e for e in elements(final) if str(e["action_id"]).startswith("undo"))
        asked = plain(button["confirm"]["text"]["text"])
        assert all(part in asked for part in words.asked), asked
        await conversation.press("undo")
        await over(serving, 2)
        assert words.done in await conversation.told(words.done)
        await told_of_undo(conversation, words.row)
        first = await told_of_undo(conversation, words.first)
        assert first["ts"] == final["ts"], "where it was offered it says that it was done"
        await slack.settled()
        assert conversation.with_button("undo") is None
        assert written(home) == UNDONE
        assert slack.warnings == []


async def test_others_are_refused_and_nothing_happens(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack) as serving:
        conversation = await story_of(slack, "en")
        await conversation.press("undo", user=slack.avi)
        await conversation.whispered("זה אפשרי רק למי שביקש", slack.avi)
        assert len(await executions(serving)) == 1
        assert written(home) == STORY


async def test_pressed_twice_it_is_done_once_and_later_it_was_done(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack) as serving:
        conversation = await story_of(slack, "en")
        final, action = await conversation.sees("undo")
        stale = dict(final)
        for _ in range(2):
            await slack.click(slack.dana, conversation.channel, stale["ts"], action, stale=stale)
        await over(serving, 2)
        await told_of_undo(conversation, WORDS["en"].first)
        await slack.click(slack.dana, conversation.channel, stale["ts"], action, stale=stale)
        await conversation.whispered(WORDS["en"].twice)
        await slack.settled()
        assert len(await executions(serving)) == 2
        assert written(home) == UNDONE


@pytest.mark.parametrize("locale", ["he", "en"])
async def test_too_late_it_is_said_kindly_and_to_that_person_alone(tmp_path: Path, locale: str) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack):
        conversation = await story_of(slack, locale)
        await conversation.sees("undo")
        with too_late():
            await conversation.press("undo")
            await conversation.whispered(WORDS[locale].late)
            pair = next(e for m in conversation.ours for e in elements(m) if e["type"] == "feedback_buttons")
            final, rate = (await conversation.sees("feedback"))[0], str(pair["action_id"])
            value = pair["positive_button"]["value"]  # whatever has the end drawn again, its button goes then
            await slack.click(slack.dana, conversation.channel, str(final["ts"]), rate, value=value)
            await slack.eventually(lambda: conversation.with_button("undo") is None)
        assert written(home) == STORY


@pytest.mark.parametrize("locale", ["he", "en"])
async def test_a_meeting_somebody_changed_stays_and_the_rest_goes(tmp_path: Path, locale: str) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack) as serving:
        conversation = await story_of(slack, locale)
        rename_meeting(home)
        await conversation.press("undo")
        await over(serving, 2)
        await told_of_undo(conversation, WORDS[locale].theirs)
        await slack.settled()
        assert written(home) == {"events": 1, "mails": 1, "agendas": 0}


async def test_what_wrote_nothing_has_nothing_to_undo(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack):
        channel = slack.add_channel("general", members=[slack.dana])
        conversation = await ask(slack, channel, "What do I have tomorrow?")
        await conversation.finished()
        assert conversation.with_button("undo") is None
        assert written(home) == NOTHING
