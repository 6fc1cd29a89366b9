"""Messages of the bot's: what is taken, how it is kept, and in which words the rest is refused."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Bot, LinkPreviewOptions, MessageEntity, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken

from tests.contract.telegramd.talking import keyboard, leftovers, ptb, raw, refused
from tests.servers.telegramd import Telegramd, TelegramdOptions

Json = dict[str, Any]


async def test_the_bot_knows_itself(telegram: Telegramd, bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.first_name) == (telegram.bot.id, telegram.username, "Tizmor")
    assert (me.can_read_all_group_messages, me.has_topics_enabled) == (False, False)
    assert leftovers(me) == []


async def test_a_message_comes_back_as_it_stands_and_a_person_sees_it(telegram: Telegramd, bot: Bot) -> None:
    await telegram.start(telegram.dana)
    sent = await bot.send_message(
        telegram.dana.id,
        "🎵 hello ",
        entities=[MessageEntity("bold", 3, 5)],
        reply_markup=keyboard([("Approve ✅", "a:1"), ("Reject", "r:1")]),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    assert leftovers(sent) == []
    assert sent.text == "🎵 hello"
    assert [(each.type, each.offset, each.length) for each in sent.entities] == [("bold", 3, 5)]
    assert sent.chat.id == telegram.dana.id
    assert telegram.ledger.texts(telegram.dana.id) == ["🎵 hello"]
    state = telegram.ledger.states(telegram.dana.id, sent.message_id)[0]
    assert state.keyboard == (("Approve ✅", "Reject"),)
    assert telegram.warnings == []


UNREACHABLE: dict[str, tuple[str, type[Exception]]] = {
    "nobody": ("Chat not found", BadRequest),
    "never met": ("Chat not found", BadRequest),
    "never started": ("Forbidden: bot can't initiate conversation with a user", Forbidden),
    "blocked": ("Forbidden: bot was blocked by the user", Forbidden),
    "deleted": ("Forbidden: user is deactivated", Forbidden),
    "kicked from a group": ("Forbidden: bot was kicked from the group chat", Forbidden),
    "kicked from a supergroup": ("Forbidden: bot was kicked from the supergroup chat", Forbidden),
    "not in a group": ("Forbidden: bot is not a member of the group chat", Forbidden),
    "muted": ("Not enough rights to send text messages to the chat", BadRequest),
    "no administrator of a channel": ("Need administrator rights in the channel chat", BadRequest),
}


async def _unreachable(telegram: Telegramd, case: str) -> int:
    dana, avi = telegram.dana, telegram.avi
    await telegram.start(dana)
    match case:
        case "nobody":
            return 12345
        case "never met":
            return avi.id
        case "never started":
            await telegram.say(avi, telegram.add_group("Team", [avi]), "/help")
            return avi.id
        case "blocked":
            await telegram.block(dana)
            return dana.id
        case "deleted":
            dana.gone = True
            return dana.id
        case "kicked from a group":
            group = telegram.add_group("Team", [dana])
            await telegram.kick_bot(group)
            return group.id
        case "kicked from a supergroup":
            group = telegram.add_supergroup("Team", [dana])
            await telegram.kick_bot(group)
            return group.id
        case "not in a group":
            return telegram.add_group("Team", [dana], bot=False).id
        case "muted":
            group = telegram.add_supergroup("Team", [dana])
            telegram.mute(group)
            return group.id
        case _:
            channel = telegram.add_channel("News", [dana])
            await telegram.demote_bot(channel)
            return channel.id


@pytest.mark.parametrize("case", UNREACHABLE)
async def test_who_cannot_be_reached_is_told_apart(telegram: Telegramd, bot: Bot, case: str) -> None:
    chat = await _unreachable(telegram, case)
    words, kind = UNREACHABLE[case]
    with pytest.raises(kind) as caught:
        await bot.send_message(chat, "hello")
    assert str(caught.value) == words
    assert telegram.ledger.shown == {}


async def test_a_group_that_moved_says_where_to(telegram: Telegramd, bot: Bot) -> None:
    group = telegram.add_group("Team", [telegram.dana])
    await bot.send_message(group.id, "one")
    moved = await telegram.upgrade(group)
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(group.id, "two")
    assert caught.value.new_chat_id == moved.id
    answer = await raw(telegram, "sendMessage", chat_id=group.id, text="two")
    assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert answer["parameters"] == {"migrate_to_chat_id": moved.id}
    sent = await bot.send_message(moved.id, "two")
    assert sent.message_id < 5, "supergroups count their own messages"
    assert (await bot.get_chat(group.id)).id == group.id


def entity(kind: str, offset: int, length: int, **more: Any) -> Json:
    return {"type": kind, "offset": offset, "length": length, **more}


REFUSED: dict[str, tuple[Json, str]] = {
    "no text": ({"text": ""}, "message text is empty"),
    "spaces": ({"text": " \n "}, "text must be non-empty"),
    "4,097 letters": ({"text": "x" * 4097}, "message is too long"),
    "2,049 emoji": ({"text": "😀" * 2049}, "message is too long"),
    "10,000 emoji": ({"text": "😀" * 10_000}, "text is too long"),
    "65 bytes of data": (
        {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "é" * 33}]]}},
        "BUTTON_DATA_INVALID",
    ),
    "a button that does nothing": (
        {"reply_markup": {"inline_keyboard": [[{"text": "x"}]]}},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    "a button without a label": (
        {"reply_markup": {"inline_keyboard": [[{"callback_data": "x"}]]}},
        "can't parse inline keyboard button: Can't find field \"text\"",
    ),
    "a keyboard that is no table": (
        {"reply_markup": {"inline_keyboard": [{"text": "x"}]}},
        'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
    ),
    "101 buttons": (
        {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]] * 101}},
        "reply markup is too long",
    ),
    "a link that is none": (
        {"reply_markup": {"inline_keyboard": [[{"text": "x", "url": "javascript:1"}]]}},
        "inline keyboard button URL 'javascript:1' is invalid: Wrong HTTP URL",
    ),
    "an entity of no type": (
        {"entities": [entity("loud", 0, 1)]},
        "can't parse MessageEntity: Unsupported type specified",
    ),
    "an entity beyond the text": (
        {"text": "abc", "entities": [entity("bold", 1, 3)]},
        "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 4",
    ),
    "an entity that begins beyond the text": (
        {"text": "abc", "entities": [entity("bold", 3, 1)]},
        "entity begins after the end of the text at UTF-16 offset 3",
    ),
    "an entity that begins within a letter": (
        {"text": "😀abc", "entities": [entity("bold", 1, 2)]},
        "entity begins in a middle of a UTF-16 symbol at byte offset 4",
    ),
    "an entity that ends within a letter": (
        {"text": "ab😀c", "entities": [entity("bold", 0, 3)]},
        "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 6",
    ),
    "a negative offset": ({"entities": [entity("bold", -1, 1)]}, "receive an entity with incorrect offset -1"),
    "a link to nowhere": (
        {"entities": [entity("text_link", 0, 1)]},
        "can't parse MessageEntity: Can't find field \"url\"",
    ),
    "a parse mode of no kind": ({"parse_mode": "bbcode"}, "unsupported parse_mode"),
    "a reply to nothing": ({"reply_parameters": {"message_id": 99}}, "message to be replied not found"),
    "no chat": ({"chat_id": ""}, "chat_id is empty"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_refused_and_in_which_words(telegram: Telegramd, case: str) -> None:
    await telegram.start(telegram.dana)
    params, words = REFUSED[case]
    answer = await raw(telegram, "sendMessage", {"chat_id": telegram.dana.id, "text": "hello"} | params)
    assert (answer["ok"], answer["status"], answer["error_code"]) == (False, 400, 400)
    assert answer["description"] == f"Bad Request: {words}"
    assert telegram.ledger.shown == {}
    assert telegram.warnings == []


TAKEN: dict[str, Json] = {
    "4,096 letters and spaces around them": {"text": "x" * 4096 + " "},
    "2,048 emoji": {"text": "😀" * 2048},
    "64 bytes of data": {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "é" * 32}]]}},
    "100 buttons": {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x"}] * 5] * 20}},
    "code within a quotation": {"text": "abcdef", "entities": [entity("blockquote", 0, 6), entity("code", 1, 2)]},
    "bold within italic": {"text": "abcdef", "entities": [entity("italic", 0, 6), entity("bold", 1, 2)]},
    "entities side by side": {"text": "abcdef", "entities": [entity("bold", 0, 3), entity("code", 3, 3)]},
    "a reply that may go without": {"reply_parameters": {"message_id": 99, "allow_sending_without_reply": True}},
}


@pytest.mark.parametrize("case", TAKEN)
async def test_what_is_just_within_the_limits_is_taken_without_a_word(telegram: Telegramd, case: str) -> None:
    await telegram.start(telegram.dana)
    answer = await raw(telegram, "sendMessage", {"chat_id": telegram.dana.id, "text": "hello"} | TAKEN[case])
    assert answer["ok"] is True
    assert telegram.warnings == []


WARNED: dict[str, tuple[Json, str]] = {
    "overlapping": ({"entities": [entity("bold", 0, 3), entity("italic", 2, 3)]}, "entities:overlap:italic@2"),
    "bold code": ({"entities": [entity("bold", 0, 5), entity("code", 1, 2)]}, "entities:combined_with_code:code@1"),
    "quoted quotation": (
        {"entities": [entity("blockquote", 0, 5), entity("expandable_blockquote", 1, 2)]},
        "entities:quote_in_quote:expandable_blockquote@1",
    ),
    "101 entities": (
        {"text": "x" * 101, "entities": [entity("bold", n, 1) for n in range(101)]},
        "entities_ignored:101",
    ),
    "a mention by hand": ({"entities": [entity("mention", 0, 5)]}, "entity_ignored:mention"),
    "nine in a row": (
        {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x"}] * 9]}},
        "keyboard_row:9",
    ),
    "a field of no button": (
        {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x", "colour": "red"}]]}},
        "button:['colour']:x",
    ),
    "a parameter nobody knows": ({"parsemode": "HTML"}, "unknown_parameter:sendMessage:parsemode"),
    "an option nobody knows": (
        {"link_preview_options": {"disabled": True}},
        "unknown_field:link_preview_options:disabled",
    ),
    "a thread where there are none": ({"message_thread_id": 7}, "thread_where_there_are_no_topics:"),
    "markdown": ({"parse_mode": "MarkdownV2"}, "parse_mode_not_simulated:markdownv2"),
}


@pytest.mark.parametrize("case", WARNED)
async def test_what_is_let_through_but_surely_a_mistake_is_warned_of(telegram: Telegramd, case: str) -> None:
    group = telegram.add_group("Team", [telegram.dana])
    params, warning = WARNED[case]
    answer = await raw(telegram, "sendMessage", {"chat_id": group.id, "text": "hello"} | params)
    assert answer["ok"] is True
    assert [each.startswith(warning) for each in telegram.warnings] == [True]


async def test_what_is_taken_out_of_a_text_moves_what_follows(telegram: Telegramd) -> None:
    await telegram.start(telegram.dana)
    given = "\n\u202bab\r\u202c\tcd  "
    answer = await raw(
        telegram,
        "sendMessage",
        chat_id=telegram.dana.id,
        text=given,
        entities=[entity("bold", 7, 4), entity("italic", 2, 2)],
    )
    assert answer["result"]["text"] == "ab cd"
    assert answer["result"]["entities"] == [entity("italic", 0, 2), entity("bold", 3, 2)]


async def test_wrong_tokens_methods_and_addresses(telegram: Telegramd, bot: Bot) -> None:
    other = f"{telegram.bot.id}:{'B' * 35}"
    assert (await raw(telegram, "getMe", token=other))["description"] == "Unauthorized"
    assert (await raw(telegram, "getMe", token="rubbish"))["description"] == "Not Found"
    assert (await raw(telegram, "sendmessage", chat_id=1, text="x"))["description"] == "Bad Request: chat not found"
    assert telegram.warnings == []
    unknown = await raw(telegram, "sendTelepathy")
    assert (unknown["status"], unknown["description"]) == (404, "Not Found: method not found")
    assert telegram.warnings == ["unknown_method:sendTelepathy"]
    telegram.revoke_token()
    with pytest.raises(InvalidToken):
        await bot.get_me()
    for wrong in (other, "12:short"):
        with pytest.raises(InvalidToken):
            async with ptb(telegram, wrong):
                pass


async def test_replies_are_shown_and_those_to_nothing_refused(telegram: Telegramd, bot: Bot) -> None:
    group = telegram.add_supergroup("Team", [telegram.dana])
    asked = await telegram.say(telegram.dana, group, "/ask something")
    sent = await bot.send_message(group.id, "yes", reply_parameters=ReplyParameters(asked))
    assert sent.reply_to_message is not None
    assert (sent.reply_to_message.message_id, sent.message_thread_id, sent.is_topic_message) == (asked, asked, None)
    await telegram.delete(group, asked)
    words = await refused(bot.send_message(group.id, "yes", reply_parameters=ReplyParameters(asked)))
    assert words == "Message to be replied not found"
    alone = await bot.send_message(
        group.id, "yes", reply_parameters=ReplyParameters(asked, allow_sending_without_reply=True)
    )
    assert alone.reply_to_message is None


async def test_topics_of_forums(telegram: Telegramd, bot: Bot) -> None:
    forum = telegram.add_forum("Work", [telegram.dana])
    topic = await telegram.create_topic(forum, "Concerts")
    inside = await bot.send_message(forum.id, "here", message_thread_id=topic)
    assert (inside.message_thread_id, inside.is_topic_message) == (topic, True)
    general = await bot.send_message(forum.id, "there")
    assert (general.message_thread_id, general.is_topic_message) == (None, None)
    for wrong in (1, 99):
        words = await refused(bot.send_message(forum.id, "x", message_thread_id=wrong))
        assert words == "Message thread not found"
    await telegram.close_topic(forum, topic)
    assert await refused(bot.send_message(forum.id, "x", message_thread_id=topic)) == "Topic_closed"
    await telegram.promote_bot(forum)
    await bot.send_message(forum.id, "an administrator may", message_thread_id=topic)
    await telegram.reopen_topic(forum, topic)
    await telegram.delete_topic(forum, topic)
    assert await refused(bot.send_message(forum.id, "x", message_thread_id=topic)) == "Message thread not found"
    assert [each["text"] for each in telegram.sent(forum)] == ["there"]
    assert telegram.warnings == []


class TestTopicsOfPrivateChats:
    @pytest.fixture
    def options(self) -> TelegramdOptions:
        return TelegramdOptions(flood=None, topics=True)

    async def test_they_are_kept_apart(self, telegram: Telegramd, bot: Bot) -> None:
        assert (await bot.get_me()).has_topics_enabled is True
        await telegram.start(telegram.dana)
        topic = await telegram.create_topic(telegram.dana, "Holidays")
        await telegram.say(telegram.dana, telegram.dana, "where to?", topic=topic)
        update = (await bot.get_updates())[-1]
        assert update.message is not None
        assert (update.message.message_thread_id, update.message.is_topic_message) == (topic, True)
        sent = await bot.send_message(telegram.dana.id, "Haifa", message_thread_id=topic)
        assert sent.message_thread_id == topic
        assert (
            await refused(bot.send_message(telegram.dana.id, "x", message_thread_id=99)) == "Message thread not found"
        )
        assert [each["text"] for each in telegram.sent(telegram.dana, topic=topic)] == ["Haifa"]
        assert telegram.sent(telegram.dana, topic=0) == []


async def test_documents_are_kept_with_their_bytes(telegram: Telegramd, bot: Bot) -> None:
    await telegram.start(telegram.dana)
    sent = await bot.send_document(telegram.dana.id, "שלום".encode(), filename="תוצאה.txt", caption="all of it")
    assert leftovers(sent) == []
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.file_size, sent.caption) == ("תוצאה.txt", 8, "all of it")
    assert telegram.file(telegram.sent(telegram.dana)[0]) == "שלום".encode()
    again = await bot.send_document(telegram.dana.id, sent.document.file_id)
    assert again.document == sent.document
    words = await refused(bot.send_document(telegram.dana.id, b"x", filename="x", caption="x" * 1025))
    assert words == "Message caption is too long"
    assert await refused(bot.send_document(telegram.dana.id, b"", filename="x")) == "File must be non-empty"
    assert telegram.warnings == []
