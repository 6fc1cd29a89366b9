"""Commands in Telegram: the menus that offer them, and what each is answered with, where."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.lab import SENTENCES, TOMORROW, executions, is_hebrew, over, written
from tests.scenarios.telegram_lab import Conversation, ask, heard, local_telegram, product, team, text_of

IN_PRIVATE = {"ask", "plan", "status", "approvals", "pause", "resume", "cancel", "help", "start"}
IN_GROUPS = {"ask", "status", "approvals", "pause", "resume", "cancel", "help"}


async def test_menus_offer_commands_by_place_and_language(tmp_path: Path) -> None:
    async with local_telegram() as telegram:
        async with team(tmp_path, telegram):
            group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
            await telegram.eventually(lambda: len(telegram.log.calls("setMyCommands")) == 4)
            for user, locale in ((telegram.dana, "en"), (telegram.avi, "he"), (telegram.stranger, "en")):
                for chat, least in ((telegram.private(user), IN_PRIVATE), (group, IN_GROUPS)):
                    menu = telegram.menu(user, chat)
                    assert least <= {each["command"] for each in menu}
                    assert all(is_hebrew(each["description"]) is (locale == "he") for each in menu)
            assert "plan" not in {each["command"] for each in telegram.menu(telegram.dana, group)}
        async with product(tmp_path, telegram):
            await telegram.eventually(lambda: len(telegram.log.calls("getMyCommands")) == 8)
            assert len(telegram.log.calls("setMyCommands")) == 4, "what is as it should be is left alone"


@pytest.mark.parametrize("locale", ["en", "he"])
async def test_commands_are_answered_in_private(tmp_path: Path, locale: str) -> None:
    words = {
        "en": (
            "One task is open",
            "One thing waits",
            "Write what you want done",
            "Read what we did",
            "Hello",
            "Pausing",
        ),
        "he": ("משימה אחת פתוחה", "דבר אחד מחכה", "כותבים מה רוצים", "תקרא מה עשינו", "שלום", "בהשהיה"),
    }[locale]
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        user = telegram.dana if locale == "en" else telegram.avi
        conversation = await ask(telegram, user, SENTENCES[locale])
        await conversation.sees("choose")
        for command, answer in zip(("status", "approvals", "help", "plan", "start", "pause"), words, strict=True):
            before = telegram.sent(user)[-1]["message_id"]
            await conversation.says(f"/{command}")

            def said(after: int = before, words: str = answer) -> bool:
                return any(words in text_of(m) for m in telegram.sent(user) if m["message_id"] > after)

            await telegram.eventually(said)
        await conversation.says("/cancel")
        await conversation.at_rest()
        assert len(await executions(serving)) == 1


async def test_what_is_about_a_person_is_answered_to_them_alone(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram):
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
        conversation = await ask(telegram, group, SENTENCES["en"])
        await conversation.sees("choose")
        count = len(conversation.ours)
        for command, answer in (("status", "One task is open"), ("approvals", "One thing waits"), ("plan", "1. ")):
            await telegram.say(telegram.dana, group, f"/{command}@{telegram.username}")
            await heard(telegram, telegram.dana, answer)
        assert len(conversation.ours) == count
        await telegram.say(telegram.avi, group, "/status")
        await heard(telegram, telegram.avi, "אין לך כרגע משימה פתוחה")
        await telegram.block(telegram.avi)
        await telegram.say(telegram.avi, group, "/approvals")
        told = await conversation.told(f"@{telegram.username}")
        assert is_hebrew(told)
        assert len(telegram.sent(telegram.avi)) == 1


@pytest.mark.parametrize("place", ["private", "group"])
async def test_a_plan_that_was_only_asked_for_is_not_run(tmp_path: Path, place: str) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
        chat = telegram.private(telegram.dana) if place == "private" else group
        root = await telegram.say(telegram.dana, chat, f"/plan {SENTENCES['he']}")
        conversation = Conversation(telegram, chat, telegram.dana, root)
        await conversation.told("התוכנית מוכנה")
        [execution] = await over(serving)
        assert execution.execution.request.text == SENTENCES["he"]
        assert [run for run in execution.step_runs.values() if run.attempts] == []
        assert written(tmp_path)["events"] == 0


async def test_a_command_without_its_request_says_how_it_is_used(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        await telegram.say(telegram.dana, telegram.dana, "/ask")
        await heard(telegram, telegram.dana, "Ask what?")
        await telegram.say(telegram.dana, telegram.dana, "/plan")
        await heard(telegram, telegram.dana, "no open task")
        await telegram.say(telegram.dana, telegram.dana, "/nonsense")
        await heard(telegram, telegram.dana, "no such command")
        assert await executions(serving) == []


async def test_steering_in_a_group_is_about_what_is_held_there(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
        private = await ask(telegram, telegram.dana, SENTENCES["en"])
        first = await ask(telegram, group, SENTENCES["en"])
        await first.sees("choose")
        await private.sees("choose")
        await telegram.say(telegram.avi, group, "/cancel")
        await first.told("אין לך כרגע משימה פתוחה")
        await telegram.say(telegram.dana, group, "/cancel")
        await first.told("Stopping it")
        await first.finished()
        states = {
            each.execution.request.conversation_id.split(":")[1]: each.outcome for each in await executions(serving)
        }
        assert states[str(telegram.dana.id)] is None
        assert str(states[str(group.id)]) == "cancelled"
        await telegram.say(telegram.dana, telegram.dana, "/cancel")
        await private.finished()
        await telegram.say(telegram.dana, group, TOMORROW["en"].replace("What", f"/ask@{telegram.username} What"))
        await over(serving, 3)
