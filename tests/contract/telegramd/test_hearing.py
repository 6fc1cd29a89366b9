"""What the bot hears of people, in the shapes of the Bot API, and what it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import Bot, Message, MessageOriginChannel, MessageOriginHiddenUser, MessageOriginUser, Update

from tests.contract.telegramd.talking import heard, keyboard, refused
from tests.servers.telegramd import Telegramd

Json = dict[str, Any]
SILENT = ["message_reaction", "chat_member", "my_chat_member", "message", "channel_post", "callback_query"]


def words(updates: list[Update]) -> list[str]:
    return [str(each.effective_message.text) for each in updates if each.effective_message]


def only(updates: list[Update]) -> Message:
    assert len(updates) == 1
    assert updates[0].message is not None
    return updates[0].message


async def test_a_private_chat_is_heard_whole(telegram: Telegramd, bot: Bot) -> None:
    await telegram.say(telegram.avi, telegram.avi, "שלום, מה המצב?")
    message = only(await heard(bot))
    assert (message.text, message.chat.type, message.from_user and message.from_user.language_code) == (
        "שלום, מה המצב?",
        "private",
        "he",
    )
    sent = await bot.send_message(telegram.avi.id, "טוב")
    assert sent.message_id == message.message_id + 1


async def test_a_start_link_carries_something(telegram: Telegramd, bot: Bot) -> None:
    await telegram.start(telegram.dana, "claim-abc_1")
    message = only(await heard(bot))
    assert message.text == "/start claim-abc_1"
    assert [(each.type, each.offset, each.length) for each in message.entities] == [("bot_command", 0, 6)]


async def test_with_privacy_mode_a_group_is_heard_only_where_the_bot_is_meant(telegram: Telegramd, bot: Bot) -> None:
    group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
    mine = (await bot.send_message(group.id, "hello")).message_id
    theirs = await telegram.say(telegram.avi, group, "lunch?")
    await telegram.say(telegram.dana, group, "yes", reply_to=theirs)
    await telegram.say(telegram.dana, group, "/help@somebody_else_bot")
    await telegram.say(telegram.dana, group, f"@{telegram.username}_2 no")
    await telegram.say(telegram.dana, group, "type /help")
    assert await heard(bot) == []
    await telegram.say(telegram.dana, group, f"dear @{telegram.username.upper()}, book")
    await telegram.say(telegram.dana, group, "/ask book")
    await telegram.say(telegram.dana, group, f"/ask@{telegram.username} book")
    await telegram.say(telegram.dana, group, "fine", reply_to=mine)
    assert [text.split()[0] for text in words(await heard(bot))] == [
        "dear",
        "/ask",
        f"/ask@{telegram.username}",
        "fine",
    ]
    telegram.privacy = False
    await telegram.say(telegram.avi, group, "everything now")
    assert words(await heard(bot))[-1] == "everything now"
    assert (await bot.get_me()).can_read_all_group_messages is True


async def test_an_administrator_hears_everything(telegram: Telegramd, bot: Bot) -> None:
    group = telegram.add_supergroup("Team", [telegram.dana])
    await telegram.promote_bot(group)
    await telegram.say(telegram.dana, group, "just talking")
    updates = await heard(bot)
    assert updates[0].my_chat_member is not None
    assert (updates[0].my_chat_member.old_chat_member.status, updates[0].my_chat_member.new_chat_member.status) == (
        "member",
        "administrator",
    )
    assert words(updates[1:]) == ["just talking"]


async def test_forwarded_edited_and_anonymous_messages_say_so(telegram: Telegramd, bot: Bot) -> None:
    dana = telegram.dana
    channel = telegram.add_channel("News", [dana], bot=False)
    for source in (telegram.avi, channel, "Somebody Hidden"):
        await telegram.say(dana, dana, "look", forwarded=source)
    first = await telegram.say(dana, dana, "oen")
    await telegram.edit(dana, dana, first, "one @name")
    updates = await heard(bot)
    origins = [each.message.forward_origin for each in updates[:3] if each.message]
    assert isinstance(origins[0], MessageOriginUser)
    assert isinstance(origins[1], MessageOriginChannel)
    assert isinstance(origins[2], MessageOriginHiddenUser)
    edited = updates[4].edited_message
    assert edited is not None
    assert edited.edit_date is not None
    assert (edited.text, edited.message_id, edited.entities[0].type) == ("one @name", first, "mention")
    group = telegram.add_supergroup("Team", [dana])
    await telegram.say(dana, group, "/ask", anonymous=True)
    await telegram.say(dana, group, "/ask", as_channel=channel)
    updates = await heard(bot, updates[-1].update_id + 1)
    senders = [(each.message.from_user, each.message.sender_chat) for each in updates if each.message]
    assert [user.username for user, _ in senders if user] == ["GroupAnonymousBot", "Channel_Bot"]
    assert [chat.id for _, chat in senders if chat] == [group.id, channel.id]


async def test_documents_quotes_and_old_dates(telegram: Telegramd, bot: Bot) -> None:
    dana = telegram.dana
    number = await telegram.say(dana, dana, "read this", document=("plan.txt", b"plan"), ago=8 * 86_400)
    await telegram.say(dana, dana, "that", reply_to=number, quote="read")
    first, second = (each.message for each in await heard(bot))
    assert first is not None
    assert second is not None
    assert first.document is not None
    assert (first.caption, first.text, first.document.file_name) == ("read this", None, "plan.txt")
    assert (datetime.now(UTC) - first.date).days == 8
    assert second.quote is not None
    assert second.reply_to_message is not None
    assert (second.quote.text, second.reply_to_message.message_id) == ("read", number)


async def test_topics_have_the_traps_of_the_real_ones(telegram: Telegramd, bot: Bot) -> None:
    telegram.privacy = False
    forum = telegram.add_forum("Work", [telegram.dana])
    topic = await telegram.create_topic(forum, "Concerts")
    await telegram.say(telegram.dana, forum, "in the topic", topic=topic)
    await telegram.say(telegram.dana, forum, "in General")
    created, inside, general = (each.message for each in await heard(bot))
    assert created is not None
    assert created.forum_topic_created is not None
    assert inside is not None
    assert (inside.message_thread_id, inside.is_topic_message) == (topic, True)
    assert inside.reply_to_message is not None, "the topic's beginning, although nobody replied"
    assert inside.reply_to_message.forum_topic_created is not None
    assert general is not None
    assert (general.message_thread_id, general.reply_to_message, general.chat.is_forum) == (None, None, True)
    plain = telegram.add_supergroup("Plain", [telegram.dana])
    first = await telegram.say(telegram.dana, plain, "one")
    second = await telegram.say(telegram.dana, plain, "two", reply_to=first)
    await telegram.say(telegram.dana, plain, "three", reply_to=second)
    replies = [each.message for each in (await heard(bot))[-2:]]
    assert [(each.message_thread_id, each.is_topic_message) for each in replies if each] == [
        (first, None),
        (first, None),
    ]


async def test_being_added_blocked_kicked_and_moved(telegram: Telegramd, bot: Bot) -> None:
    dana = telegram.dana
    await telegram.start(dana)
    await telegram.block(dana)
    await telegram.unblock(dana)
    group = telegram.add_group("Team", [dana, telegram.avi], bot=False)
    await telegram.add_bot(group, dana)
    await telegram.kick(group, telegram.avi, dana)
    moved = await telegram.upgrade(group)
    await telegram.kick_bot(moved)
    updates = await heard(bot)
    statuses = [
        (each.my_chat_member.chat.type, each.my_chat_member.new_chat_member.status)
        for each in updates
        if each.my_chat_member
    ]
    assert statuses == [("private", "kicked"), ("private", "member"), ("group", "member"), ("supergroup", "kicked")]
    messages = [each.message for each in updates if each.message]
    assert [each.id for each in messages[1].new_chat_members] == [telegram.bot.id]
    assert messages[2].left_chat_member is not None
    assert (messages[3].migrate_to_chat_id, messages[4].migrate_from_chat_id) == (moved.id, group.id)
    assert await refused(bot.send_message(moved.id, "hello?")) == "Forbidden: bot was kicked from the supergroup chat"


async def test_every_way_of_belonging_to_a_chat_is_read(telegram: Telegramd, bot: Bot) -> None:
    dana = telegram.dana
    group, channel = telegram.add_supergroup("Team", [dana]), telegram.add_channel("News", [dana], bot=False)
    await telegram.promote_bot(group)
    await telegram.restrict_bot(group)
    await telegram.demote_bot(group)
    await telegram.add_bot(channel, dana, admin=True)
    basic = telegram.add_group("Basic", [dana])
    await telegram.promote_bot(basic, can_delete_messages=False)
    updates = await heard(bot)
    statuses = [each.my_chat_member.new_chat_member.status for each in updates if each.my_chat_member]
    assert statuses == ["administrator", "restricted", "member", "administrator", "administrator"]


async def test_whoever_blocked_the_bot_lets_it_answer_by_writing(telegram: Telegramd, bot: Bot) -> None:
    await telegram.start(telegram.dana)
    await telegram.block(telegram.dana)
    await telegram.start(telegram.dana)
    kinds = [name for each in await heard(bot) for name in each.to_dict() if name != "update_id"]
    assert kinds == ["message", "my_chat_member", "my_chat_member", "message"]
    await bot.send_message(telegram.dana.id, "welcome back")


async def test_channels_reactions_and_members_are_heard_where_they_are_asked_for(telegram: Telegramd, bot: Bot) -> None:
    channel = telegram.add_channel("News", [telegram.dana])
    await telegram.post(channel, "extra!")
    updates = await heard(bot)
    assert updates[0].channel_post is not None
    assert (
        updates[0].channel_post.from_user,
        updates[0].channel_post.sender_chat and updates[0].channel_post.sender_chat.id,
    ) == (
        None,
        channel.id,
    )
    number = await telegram.start(telegram.dana)
    await telegram.react(telegram.dana, telegram.dana, number, "👍")
    assert telegram.updates.unheard == {"message_reaction": 1}
    group = telegram.add_supergroup("Team", [telegram.dana])
    await telegram.promote_bot(group)
    await heard(bot, 1, allowed=SILENT)
    await telegram.react(telegram.dana, telegram.dana, number, "🔥")
    await telegram.join(group, telegram.avi)
    kinds = [name for each in (await heard(bot, 1))[-3:] for name in each.to_dict() if name != "update_id"]
    assert kinds == ["message_reaction", "chat_member", "message"]
    assert await bot.set_message_reaction(telegram.dana.id, number, "👀")
    assert telegram.message(telegram.dana, number)["_reactions"] == [{"type": "emoji", "emoji": "👀"}]
    assert await refused(bot.set_message_reaction(telegram.dana.id, number, "🫠")) == "Reaction_invalid"


async def test_a_press_is_heard_and_answered_once(telegram: Telegramd, bot: Bot) -> None:
    dana = telegram.dana
    group = telegram.add_supergroup("Team", [dana, telegram.avi])
    card = await bot.send_message(group.id, "May I?", reply_markup=keyboard([("✅ Yes", "y:1"), ("No", "n:1")]))
    by_label = await telegram.press(dana, group, card.message_id, "Yes")
    by_data = await telegram.press(telegram.avi, group, card.message_id, "n:1")
    first, second = await heard(bot)
    assert first.callback_query is not None
    assert second.callback_query is not None
    assert (first.callback_query.id, first.callback_query.data, first.callback_query.from_user.id) == (
        by_label,
        "y:1",
        dana.id,
    )
    assert (second.callback_query.id, second.callback_query.data) == (by_data, "n:1")
    assert isinstance(first.callback_query.message, Message)
    assert first.callback_query.message.text == "May I?"
    assert first.callback_query.chat_instance == second.callback_query.chat_instance
    await bot.answer_callback_query(by_label, "done", show_alert=True)
    assert telegram.answer(by_label) == {"text": "done", "alert": True, "at": telegram.answers()[0]["at"]}
    assert [each.id for each in telegram.unanswered()] == [by_data]
    old = "Query is too old and response timeout expired or query id is invalid"
    assert await refused(bot.answer_callback_query(by_label)) == old
    assert await refused(bot.answer_callback_query("1")) == old
    telegram.advance(901)
    assert await refused(bot.answer_callback_query(by_data)) == old


async def test_nobody_presses_what_is_not_there_save_by_force(telegram: Telegramd, bot: Bot) -> None:
    dana = telegram.dana
    await telegram.start(dana)
    card = (await bot.send_message(dana.id, "May I?", reply_markup=keyboard([("Yes", "y:1")]))).message_id
    before = dict(telegram.message(dana, card))
    await bot.edit_message_text("Done.", chat_id=dana.id, message_id=card)
    for press in ("Yes", "y:1"):
        with pytest.raises(LookupError, match="0 buttons"):
            await telegram.press(dana, dana, card, press)
    await telegram.press_raw(dana, dana, card, "y:1", as_it_was=before)
    await telegram.press_raw(telegram.avi, dana, card, "\x00" * 64)
    await telegram.delete(dana, card)
    await telegram.press_raw(dana, dana, card, "y:1")
    shown = [each.callback_query for each in (await heard(bot))[1:]]
    assert [each.data for each in shown if each] == ["y:1", "\x00" * 64, "y:1"]
    assert [each.message.is_accessible for each in shown if each and each.message] == [True, True, False]


async def test_people_cannot_do_what_telegram_does_not_let_them(telegram: Telegramd, bot: Bot) -> None:
    group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
    number = await telegram.say(telegram.dana, group, "/ask")
    telegram.mute(group)
    tries = [
        telegram.say(telegram.stranger, group, "let me in"),
        telegram.say(telegram.avi, group, "quiet?"),
        telegram.say(telegram.avi, group, "hidden", anonymous=True),
        telegram.edit(telegram.avi, group, number, "not mine"),
    ]
    for attempt in tries:
        with pytest.raises(PermissionError):
            await attempt
    assert len(await heard(bot)) == 1
