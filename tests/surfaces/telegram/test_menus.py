"""The menus of commands: what people see, in their language, and that a start sets only what is not so already."""

from __future__ import annotations

import re

import pytest

from bot.commands import Command
from bot.render.texts import LOCALES, catalogue
from bot.telegram.api import telegram_api
from bot.telegram.menus import COMMANDS, IN_GROUPS, IN_PRIVATE, bring_up_to_date, menu
from engine.errors import RefusedError
from tests.servers.telegramd import Chat, Fault, Telegramd, User, serve_telegramd


def calls(telegram: Telegramd, name: str) -> int:
    return len([call for call in telegram.log.calls() if call.name == name])


async def started(telegram: Telegramd) -> None:
    async with telegram_api(telegram.token, telegram.api_url) as api:
        await bring_up_to_date(api)


def offered(telegram: Telegramd, user: User, chat: User | Chat) -> dict[str, str]:
    return {command["command"]: command["description"] for command in telegram.menu(user, chat)}


async def test_people_see_the_menu_of_the_place_in_their_language() -> None:
    async with serve_telegramd() as telegram:
        dana, avi, german = telegram.dana, telegram.avi, telegram.stranger
        group = telegram.add_supergroup("Team", [dana, avi])
        await started(telegram)
        assert list(offered(telegram, dana, dana)) == list(IN_PRIVATE)
        assert list(offered(telegram, avi, group)) == list(IN_GROUPS)
        assert offered(telegram, dana, group)["cancel"] == "Stop what is running here"
        assert offered(telegram, avi, avi)["cancel"] == "עצירה של מה שרץ כאן"
        assert offered(telegram, german, german)["status"] == "What is running"
        assert telegram.warnings == []


async def test_a_second_start_sets_nothing_and_only_what_differs_is_set() -> None:
    async with serve_telegramd() as telegram:
        await started(telegram)
        assert calls(telegram, "setMyCommands") == 4
        await started(telegram)
        assert calls(telegram, "setMyCommands") == 4
        async with telegram_api(telegram.token, telegram.api_url) as api:
            await api.set_commands([("old", "Of another version")], scope="all_group_chats", language="he")
            await bring_up_to_date(api)
            assert await api.commands(scope="all_group_chats", language="he") == menu("all_group_chats", "he")
        assert calls(telegram, "setMyCommands") == 6
        await started(telegram)
        assert calls(telegram, "setMyCommands") == 6


async def test_a_start_that_is_refused_on_the_way_is_made_good_by_the_next() -> None:
    async with serve_telegramd() as telegram:
        telegram.faults.next("setMyCommands", Fault.error(400, "Bad Request: BOT_COMMAND_INVALID"), skip=1)
        async with telegram_api(telegram.token, telegram.api_url) as api:
            with pytest.raises(RefusedError):
                await bring_up_to_date(api)
            await bring_up_to_date(api)
            assert await api.commands(scope="all_group_chats", language="he") == menu("all_group_chats", "he")
        assert calls(telegram, "setMyCommands") == 1 + 1 + 3


def test_every_command_has_a_name_and_what_the_menus_offer_means_something() -> None:
    assert set(COMMANDS.values()) == set(Command)
    assert COMMANDS["cancel"] is COMMANDS["stop"] is Command.STOP
    assert set(IN_PRIVATE) | set(IN_GROUPS) <= set(COMMANDS)
    assert "invite" not in {*IN_PRIVATE, *IN_GROUPS}


@pytest.mark.parametrize("locale", LOCALES)
def test_menus_fit_telegram_and_say_everything_they_have_words_for(locale: str) -> None:
    listed = {*menu("all_private_chats", locale), *menu("all_group_chats", locale)}
    assert {name for name, _ in listed} == {
        key.split(".")[1] for key in catalogue(locale) if key.startswith("telegram_menu.")
    }
    for name, description in listed:
        assert re.fullmatch(r"[a-z0-9_]{1,32}", name)
        assert 1 <= len(description) <= 256
        assert description == description.strip()
        assert description.isprintable()  # marks of direction may be taken out by Telegram, and then always differ
