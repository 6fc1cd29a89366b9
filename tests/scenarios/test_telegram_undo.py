"""Undo in Telegram: the button asks, the answer does it once, the rest is refused over the chat and kindly."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.serve import Serving
from tests.scenarios.lab import SENTENCES, STORY, executions, over, written
from tests.scenarios.telegram_lab import MODES, Conversation, Mode, answered, ask, local_telegram, team, text_of
from tests.scenarios.undoing import UNDONE, WORDS, rename_meeting, too_late


@asynccontextmanager
async def told(
    home: Path, locale: str = "en", mode: Mode = "polling", *, shown_twice: bool = False
) -> AsyncGenerator[tuple[Conversation, Serving]]:
    """The story to its end, in a group in which Avi is as well."""
    async with local_telegram(shown_twice=shown_twice) as telegram, team(home, telegram, mode) as serving:
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
        conversation = await ask(telegram, group, SENTENCES[locale])
        await conversation.story()
        await conversation.sees("undo")
        yield conversation, serving


@pytest.mark.parametrize("locale", ["he", "en"])
@pytest.mark.parametrize("mode", MODES)
async def test_the_story_is_taken_back_after_a_question(tmp_path: Path, mode: Mode, locale: str) -> None:
    words = WORDS[locale]
    async with told(tmp_path, locale, mode) as (conversation, serving):
        final, _ = await conversation.sees("undo")
        assert await conversation.answer("undo") == ""
        question, _ = await conversation.sees("undo_yes")
        assert all(part in text_of(question) for part in words.asked), text_of(question)
        assert written(tmp_path) == STORY, "nothing is done before the answer"
        assert await conversation.answer("undo_yes") == ""
        await over(serving, 2)
        assert words.row in await conversation.told(words.done)
        first = await conversation.told(words.first)
        assert first == text_of(next(m for m in conversation.ours if m["message_id"] == final["message_id"]))
        assert conversation.with_button("undo") is None
        assert conversation.with_button("undo_yes") is None
        assert written(tmp_path) == UNDONE


async def test_left_as_it_is_it_stays_and_can_be_asked_again(tmp_path: Path) -> None:
    async with told(tmp_path) as (conversation, serving):
        await conversation.answer("undo")
        await conversation.answer("undo_no")
        await conversation.told("Nothing was taken back.")
        assert conversation.with_button("undo_yes") is None
        await conversation.answer("undo")
        await conversation.answer("undo_yes")
        await over(serving, 2)
        assert written(tmp_path) == UNDONE


async def test_others_are_refused_at_either_button(tmp_path: Path) -> None:
    async with told(tmp_path) as (conversation, serving):
        refused = "זה אפשרי רק למי שביקש"
        avi = conversation.telegram.avi
        assert (await conversation.answer("undo", user=avi)).startswith(refused)
        await conversation.answer("undo")
        assert (await conversation.answer("undo_yes", user=avi)).startswith(refused)
        assert (await conversation.answer("undo_no", user=avi)).startswith(refused)
        assert len(await executions(serving)) == 1
        assert written(tmp_path) == STORY


async def test_answered_twice_it_is_done_once(tmp_path: Path) -> None:
    async with told(tmp_path) as (conversation, serving):
        telegram = conversation.telegram
        await conversation.answer("undo")
        question, yes = await conversation.sees("undo_yes")
        presses = [
            await telegram.press(conversation.user, conversation.chat, int(question["message_id"]), yes)
            for _ in range(2)
        ]
        await over(serving, 2)
        told_twice = [await answered(telegram, press) for press in presses]
        assert told_twice[0] == ""
        assert WORDS["en"].twice in told_twice[1] or told_twice[1] == ""
        assert len(await executions(serving)) == 2
        assert written(tmp_path) == UNDONE


@pytest.mark.parametrize("locale", ["he", "en"])
async def test_too_late_is_said_over_the_chat(tmp_path: Path, locale: str) -> None:
    async with told(tmp_path, locale) as (conversation, serving):
        await conversation.answer("undo")
        with too_late():
            telegram = conversation.telegram
            for action in ("undo", "undo_yes"):
                assert WORDS["en"].late in await conversation.answer(action)
            final, _ = await conversation.sees("undo")
            stale = dict(final)
            await conversation.answer("feedback")  # whatever has the end drawn again, its button goes then
            await telegram.eventually(lambda: not conversation.with_button("undo"))
            data = next(
                d
                for row in stale["reply_markup"]["inline_keyboard"]
                for b in row
                if (d := b["callback_data"])[0] == "b"
            )
            press = await telegram.press_raw(conversation.user, conversation.chat, int(final["message_id"]), data)
            assert WORDS["en"].late in await answered(telegram, press), "pressed where it is gone already"
        assert len(await executions(serving)) == 1
        assert written(tmp_path) == STORY


@pytest.mark.parametrize("locale", ["he", "en"])
async def test_a_meeting_somebody_changed_stays_and_the_rest_goes(tmp_path: Path, locale: str) -> None:
    async with told(tmp_path, locale) as (conversation, serving):
        rename_meeting(tmp_path)
        await conversation.answer("undo")
        await conversation.answer("undo_yes")
        await over(serving, 2)
        await conversation.told(WORDS[locale].theirs)
        assert written(tmp_path) == {"events": 1, "mails": 1, "agendas": 0}
