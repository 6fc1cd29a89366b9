"""Edits, deletions, menus, chats: what the bot changes, and in which words it may not."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatMember,
    MessageEntity,
)

from tests.contract.telegramd.talking import keyboard, leftovers, raw, refused
from tests.servers.telegramd import Telegramd

Json = dict[str, Any]
SAME = (
    "Message is not modified: specified new message content and reply markup are exactly the same as a current content"
    " and reply markup of the message"
)


async def test_every_state_of_a_message_is_kept(telegram: Telegramd, bot: Bot) -> None:
    dana = telegram.dana
    await telegram.start(dana)
    rows = keyboard([("Stop", "s:1")])
    card = (await bot.send_message(dana.id, "one", reply_markup=rows)).message_id
    edited = await bot.edit_message_text("two", chat_id=dana.id, message_id=card, reply_markup=rows)
    assert leftovers(edited) == []
    await bot.edit_message_reply_markup(chat_id=dana.id, message_id=card)
    await bot.edit_message_text("two", chat_id=dana.id, message_id=card, entities=[MessageEntity("bold", 0, 3)])
    states = telegram.ledger.states(dana.id, card)
    assert [(state.text, state.keyboard, len(state.entities)) for state in states] == [
        ("one", (("Stop",),), 0),
        ("two", (("Stop",),), 0),
        ("two", (), 0),
        ("two", (), 1),
    ]
    assert telegram.ledger.edits(dana.id, card) == 3
    assert telegram.ledger.texts(dana.id) == ["two"]
    assert [state["text"] for state in telegram.message(dana, card)["_states"]] == ["one", "two", "two", "two"]


async def test_edits_that_change_nothing_or_nothing_of_ours_are_refused(telegram: Telegramd, bot: Bot) -> None:
    dana = telegram.dana
    theirs = await telegram.start(dana)
    rows = keyboard([("Stop", "s:1")])
    card = (await bot.send_message(dana.id, "one", reply_markup=rows)).message_id

    async def edit(text: str, message: int, **more: Any) -> str:
        return await refused(bot.edit_message_text(text, chat_id=dana.id, message_id=message, **more))

    assert await edit("one ", card, reply_markup=rows) == SAME
    assert await edit("x", theirs) == "Message can't be edited"
    assert await edit("x", 999) == "Message to edit not found"
    assert await edit("x" * 4097, card) == "Message is too long"
    await bot.edit_message_text("one", chat_id=dana.id, message_id=card)
    assert "reply_markup" not in telegram.message(dana, card), "a keyboard that is not given goes"
    await bot.delete_message(dana.id, card)
    assert await edit("x", card) == "Message to edit not found"
    await telegram.block(dana)
    assert await edit("x", card) == "Forbidden: bot was blocked by the user"
    assert telegram.ledger.states(dana.id, card)[-1].gone
    assert telegram.warnings == []


async def test_deleting_ones_own_for_two_days_and_others_where_the_bot_rules(telegram: Telegramd, bot: Bot) -> None:
    group = telegram.add_supergroup("Team", [telegram.dana])
    theirs = await telegram.say(telegram.dana, group, "/ask")
    first, second = [(await bot.send_message(group.id, text)).message_id for text in ("one", "two")]
    assert await bot.delete_message(group.id, first)
    assert await refused(bot.delete_message(group.id, first)) == "Message to delete not found"
    assert await refused(bot.delete_message(group.id, theirs)) == "Message can't be deleted for everyone"
    telegram.advance(49 * 3600)
    assert await refused(bot.delete_message(group.id, second)) == "Message can't be deleted"
    await telegram.promote_bot(group)
    assert await bot.delete_message(group.id, second)
    assert await bot.delete_message(group.id, theirs)
    assert telegram.messages(group) == []


async def test_menus_by_scope_and_language(telegram: Telegramd, bot: Bot) -> None:
    group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
    await telegram.start(telegram.dana)
    await telegram.start(telegram.avi)
    ask, help_ = BotCommand("ask", "Ask for something"), BotCommand("help", "What I can do")
    await bot.set_my_commands([help_])
    await bot.set_my_commands([ask, help_], BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([BotCommand("ask", "לבקש משהו")], BotCommandScopeAllPrivateChats(), "he")
    assert await bot.get_my_commands(BotCommandScopeAllPrivateChats()) == (ask, help_)
    assert await bot.get_my_commands(BotCommandScopeAllGroupChats()) == ()

    def offered(user: Any, chat: Any) -> list[str]:
        return [each["description"] for each in telegram.menu(user, chat)]

    assert offered(telegram.dana, telegram.dana) == ["Ask for something", "What I can do"]
    assert offered(telegram.avi, telegram.avi) == ["לבקש משהו"]
    assert offered(telegram.avi, group) == ["What I can do"]
    await bot.set_my_commands([ask], BotCommandScopeChat(group.id))
    await bot.set_my_commands([help_, ask], BotCommandScopeChatMember(group.id, telegram.dana.id))
    assert offered(telegram.avi, group) == ["Ask for something"]
    assert offered(telegram.dana, group) == ["What I can do", "Ask for something"]
    await bot.delete_my_commands(BotCommandScopeAllPrivateChats(), "he")
    assert offered(telegram.avi, telegram.avi) == ["Ask for something", "What I can do"]


BAD_MENUS: dict[str, tuple[Json, str]] = {
    "a capital": ({"commands": [{"command": "Ask", "description": "x"}]}, "BOT_COMMAND_INVALID"),
    "33 letters": ({"commands": [{"command": "a" * 33, "description": "x"}]}, "BOT_COMMAND_INVALID"),
    "no description": (
        {"commands": [{"command": "ask", "description": ""}]},
        "BOT_COMMAND_DESCRIPTION_INVALID",
    ),
    "257 letters": ({"commands": [{"command": "ask", "description": "x" * 257}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
    "a scope of no kind": (
        {"scope": {"type": "everybody"}},
        "can't parse BotCommandScope: Unsupported type specified",
    ),
    "a chat nobody knows": ({"scope": {"type": "chat", "chat_id": 5}}, "chat not found"),
    "a language of no kind": ({"language_code": "hebrew"}, "language code is invalid"),
}


@pytest.mark.parametrize("case", BAD_MENUS)
async def test_menus_telegram_would_not_take(telegram: Telegramd, case: str) -> None:
    params, words = BAD_MENUS[case]
    usual: Json = {"commands": []}
    answer = await raw(telegram, "setMyCommands", usual | params)
    assert answer["description"] == f"Bad Request: {words}"


async def test_an_answer_holds_two_hundred_letters(telegram: Telegramd, bot: Bot) -> None:
    query = await telegram.press_raw(telegram.dana, telegram.dana, 1, "x")
    assert await refused(bot.answer_callback_query(query, "x" * 201)) == "Message_too_long"
    await bot.answer_callback_query(query, "x" * 200)


async def test_chats_and_members_can_be_asked_for(telegram: Telegramd, bot: Bot) -> None:
    group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi], username="our_team")
    await telegram.say(telegram.dana, group, "/ask")
    telegram.avi.met = True
    found = await bot.get_chat("@our_team")
    assert (found.id, found.title, found.type) == (group.id, "Team", "supergroup")
    assert found.permissions is not None
    assert found.permissions.can_send_messages is True
    assert leftovers(found) == []
    statuses = {
        who: (await bot.get_chat_member(group.id, who)).status
        for who in (telegram.dana.id, telegram.avi.id, telegram.bot.id)
    }
    assert list(statuses.values()) == ["creator", "member", "member"]
    await telegram.promote_bot(group)
    assert leftovers(await bot.get_chat_member(group.id, telegram.bot.id)) == []
    telegram.stranger.met = True
    assert (await bot.get_chat_member(group.id, telegram.stranger.id)).status == "left"
    assert await refused(bot.get_chat_member(group.id, 5)) == "Participant_id_invalid"
    private = await bot.get_chat(telegram.dana.id)
    assert (private.first_name, private.type) == ("Dana", "private")
    assert leftovers(private) == []


async def test_typing_and_leaving(telegram: Telegramd, bot: Bot) -> None:
    group = telegram.add_supergroup("Team", [telegram.dana])
    await bot.send_chat_action(group.id, "typing")
    assert telegram.actions == [(group.id, 0, "typing")]
    assert await refused(bot.send_chat_action(group.id, "dreaming")) == "Wrong parameter action in request"
    assert await bot.leave_chat(group.id)
    assert await refused(bot.send_message(group.id, "x")) == "Forbidden: bot is not a member of the supergroup chat"
    update = (await bot.get_updates())[-1].my_chat_member
    assert update is not None
    assert update.new_chat_member.status == "left"
