"""The story in Telegram, in every place, over both doors and in both languages: one card, one meeting, one invitation, one end."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from bot.serve import Serving
from tests.scenarios.lab import SENTENCES, STORY, calls_asked, is_hebrew, over, plain, written
from tests.scenarios.telegram_lab import MODES, Conversation, Mode, ask, local_telegram, team, text_of
from tests.servers.telegramd import Telegramd

PLACES = ("private", "group", "topic", "general", "private topic")
TOLD = [(place, MODES[(n + m) % 2], locale) for n, place in enumerate(PLACES) for m, locale in enumerate(("he", "en"))]
"""Every place in both languages, each over the other door."""
LABELS = {
    "en": {"choose": "Yoav Cohen", "approve": "Approve", "edit": "Edit", "reject": "Reject", "details": "Details"},
    "he": {"choose": "יואב כהן", "approve": "אישור", "edit": "עריכה", "reject": "דחייה", "details": "פרטים"},
}


@asynccontextmanager
async def asked(
    telegram: Telegramd, home: Path, place: str, mode: Mode, locale: str
) -> AsyncGenerator[tuple[Serving, Conversation]]:
    """The story, asked by Dana in a place of this kind."""
    members, topic = [telegram.dana, telegram.avi], 0
    match place:
        case "private" | "private topic":
            chat = telegram.private(telegram.dana)
        case "group":
            chat = telegram.add_supergroup("Team", members)
        case _:
            chat = telegram.add_forum("Forum", members)
    async with team(home, telegram, mode) as serving:
        for name in ("Other things", "Tevuot") if place.endswith("topic") else ():
            topic = await telegram.create_topic(chat, name, telegram.dana)
        yield serving, await ask(telegram, chat, SENTENCES[locale], user=telegram.dana, topic=topic)


@pytest.mark.parametrize(("place", "mode", "locale"), TOLD, ids=["-".join(case) for case in TOLD])
async def test_the_story_is_told_where_it_was_asked(tmp_path: Path, place: str, mode: Mode, locale: str) -> None:
    home = tmp_path / "home"
    async with (
        local_telegram(topics=place == "private topic") as telegram,
        asked(telegram, home, place, mode, locale) as (serving, conversation),
    ):
        choice = (await conversation.sees("choose"))[0]
        await conversation.press("choose", LABELS[locale]["choose"])
        gate = (await conversation.sees("approve"))[0]
        for action, label in list(LABELS[locale].items())[1:]:
            assert conversation.with_button(action, label), action
        await everything_is_told(serving, gate)
        assert written(home)["events"] == written(home)["mails"] == 0
        assert await conversation.answer("approve", LABELS[locale]["approve"]) == ""
        await conversation.at_rest()
        assert written(home) == STORY
        [execution] = await over(serving)
        assert execution.outcome is not None
        assert execution.outcome.value == "succeeded"
        card, *replies = conversation.ours
        assert [m["message_id"] for m in replies[:2]] == [choice["message_id"], gate["message_id"]]
        assert [m["_silent"] for m in (card, *replies)] == [False, False, False, False, *(True for _ in replies[3:])]
        assert telegram.ledger.edits(conversation.chat.id, card["message_id"]) >= 1
        assert is_hebrew(text_of(card).split("\n")[0]) is is_hebrew(text_of(replies[2])[:20]) is (locale == "he")
        assert stands_elsewhere(telegram, conversation) == []


async def everything_is_told(serving: Serving, gate: dict[str, Any]) -> None:
    """All that would be done is told before it is agreed to: every argument of the call, in words."""
    [pending] = await calls_asked(serving)
    assert pending.call is not None
    words, given = text_of(gate), cast("dict[str, Any]", dict(pending.call.arguments))
    assert given.keys() == {"title", "starts", "duration_minutes", "timezone", "attendees", "description"}, given
    shown = (given["title"], given["starts"][11:16], str(given["duration_minutes"]), given["timezone"])
    assert [each for each in shown if each not in words] == [], words
    assert all(each["email"] in words for each in given["attendees"]), words
    assert all(plain(line) in words for line in given["description"].splitlines()), words


def stands_elsewhere(telegram: Telegramd, conversation: Conversation) -> list[str]:
    """Messages of ours that are not where they belong: in the chat and topic of the request, and in a group each below it."""
    wrong: list[str] = []
    for chat in telegram.world.chats.values():
        for message in telegram.sent(chat):
            topic = int(message.get("message_thread_id", 0)) if message.get("is_topic_message") else 0
            below = chat.type == "private" or message["reply_to_message"]["message_id"] == conversation.root
            if chat is not conversation.chat or topic != conversation.topic or not below:
                wrong.append(text_of(message))
    return wrong


@pytest.mark.parametrize(("place", "mode"), [("private", "polling"), ("topic", "webhook")])
async def test_within_the_limits_of_life_what_a_person_waits_for_goes_first(
    tmp_path: Path, place: str, mode: Mode
) -> None:
    home = tmp_path / "home"
    async with (
        local_telegram(life_size=True) as telegram,
        asked(telegram, home, place, mode, "en") as (serving, conversation),
    ):
        await conversation.story()
        await over(serving)
        await conversation.at_rest()
        assert telegram.log.refused(429) == []
        calls = [entry for entry in telegram.log.calls(chat=conversation.chat.id) if entry.committed]
        ends = next(e.seq for e in calls if e.name == "sendMessage" and "Done." in str(e.params["text"]))
        shows = next(
            e.seq for e in calls if e.name == "editMessageText" and str(e.params["text"]).startswith("✅ Done")
        )
        assert ends < shows, "the end notifies, the card's last state does not"
