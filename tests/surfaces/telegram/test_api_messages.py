"""What is said over the Bot API: as we drew it, where the chat is now, and counted."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest

from bot.messenger import MessageGoneError, Urgency
from bot.telegram.api import Target
from engine.domain.json import JsonObject
from engine.errors import RefusedError
from tests.surfaces.telegram.answering import Answering, answering, bad, good

WORDS: JsonObject = {"text": "hello"}
GROUP, NEW_GROUP, DANA = -500, -1_000_500, 11
SENT = good({"message_id": 41})


# Messages.


async def test_a_message_is_sent_with_entities_and_keys_and_no_markup_of_anybody_s() -> None:
    body: JsonObject = {
        "text": "😀 <b>hi</b> *you*",
        "entities": [{"type": "bold", "offset": 0, "length": 2}, {"type": "text_link", "offset": 3, "length": 1, "url": "https://example.org"}],
        "keyboard": [[{"text": "Approve", "data": "a:1"}, {"text": "Reject", "data": "r:1"}], []],
        "locale": "en",
        "execution": "x-1",
    }  # fmt: skip
    async with answering(SENT) as at:
        assert await at.api.send(Target(chat=GROUP, topic=3, reply_to=9, silent=True), body) == 41
        ((method, asked),) = at.asked
    assert method == "sendMessage"
    assert asked.keys() == {
        "chat_id", "message_thread_id", "reply_parameters", "disable_notification", "text", "entities",
        "link_preview_options", "reply_markup",
    }  # fmt: skip
    assert asked["text"] == body["text"]
    assert [entity["type"] for entity in json.loads(asked["entities"])] == ["bold", "text_link"]
    assert json.loads(asked["link_preview_options"]) == {"is_disabled": True}
    assert json.loads(asked["reply_parameters"]) == {"message_id": 9, "allow_sending_without_reply": True}
    assert [[key["callback_data"] for key in row] for row in json.loads(asked["reply_markup"])["inline_keyboard"]] == [
        ["a:1", "r:1"]
    ]


async def test_in_general_and_on_its_own_a_message_names_neither_topic_nor_reply() -> None:
    async with answering(SENT) as at:
        await at.api.send(Target(chat=GROUP), WORDS)
        assert at.asked[0][1].keys() == {"chat_id", "text", "link_preview_options"}


async def test_a_question_of_a_form_opens_a_field_for_its_answer_and_is_edited_without_one() -> None:
    body: JsonObject = {"text": "When?", "force_reply": {"placeholder": "x" * 80}}
    async with answering(SENT) as at:
        await at.api.send(Target(chat=GROUP), body)
        await at.api.edit(GROUP, 41, body)
        (_, sent), (_, edited) = at.asked
    assert json.loads(sent["reply_markup"]) == {
        "force_reply": True,
        "selective": True,
        "input_field_placeholder": "x" * 64,
    }
    assert "reply_markup" not in edited


@pytest.mark.parametrize("filler", ["a", "😀", "א", "\u2068"], ids=["letter", "emoji", "hebrew", "isolate"])
async def test_a_text_that_is_too_long_is_cut_and_its_entities_with_it(filler: str) -> None:
    text = filler * 5_000
    body: JsonObject = {
        "text": text,
        "entities": [
            {"type": "bold", "offset": 0, "length": 10_000},
            {"type": "code", "offset": 9_000, "length": 4},
            *({"type": "italic", "offset": n, "length": 1} for n in range(200)),
        ],
    }
    async with answering(SENT) as at:
        await at.api.send(Target(chat=GROUP), body)
        asked = at.asked[0][1]
    length = len(asked["text"].encode("utf-16-le")) // 2
    assert 4_000 < length <= 4_096
    assert asked["text"].endswith("…")
    entities: list[dict[str, Any]] = json.loads(asked["entities"])
    assert len(entities) == 100
    assert all(one["offset"] + one["length"] <= length for one in entities)
    assert "code" not in {one["type"] for one in entities}


async def test_letters_that_cannot_be_sent_do_not_keep_the_others() -> None:
    async with answering(SENT) as at:
        await at.api.send(Target(chat=GROUP), {"text": "half \ud83d of an emoji"})
        await at.api.send_file(Target(chat=GROUP), "a.md", "half \ud83d of an emoji", "half \ud83d")
        assert at.asked[0][1]["text"] == "half \ufffd of an emoji"
        assert at.asked[1][1]["caption"] == "half \ufffd"


async def test_a_file_has_a_name_and_a_caption_that_fits_and_is_never_empty() -> None:
    async with answering(SENT) as at:
        await at.api.send_file(Target(chat=GROUP, topic=3), "result.md", "", "x" * 2_000)
        method, asked = at.asked[0]
    assert (method, asked["document"], asked["message_thread_id"]) == ("sendDocument", ("result.md", b"\n"), "3")
    assert len(asked["caption"]) <= 1_024


async def test_an_edit_that_changes_nothing_and_an_answer_that_comes_too_late_are_fine() -> None:
    same = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same …"
    late = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    async with answering(bad(400, same), bad(400, late), bad(400, "Bad Request: QUERY_ID_INVALID")) as at:
        await at.api.edit(GROUP, 5, WORDS)
        await at.api.answer("q", "x" * 300, alert=True)
        await at.api.answer("q")
        assert len(at.asked[1][1]["text"]) == 200
        assert at.asked[1][1]["show_alert"] == "true"


@pytest.mark.parametrize(
    "words",
    [
        "message to edit not found",
        "message can't be edited",
        "there is no text in the message to edit",
        "MESSAGE_ID_INVALID",
        "MESSAGE_EDIT_TIME_EXPIRED",
        "MESSAGE_AUTHOR_REQUIRED",
    ],
)
async def test_a_message_that_can_be_edited_no_more_is_gone(words: str) -> None:
    async with answering(bad(400, f"Bad Request: {words}")) as at:
        with pytest.raises(MessageGoneError):
            await at.api.edit(GROUP, 5, WORDS)


async def test_what_it_replies_to_being_gone_it_is_sent_all_the_same() -> None:
    async with answering(bad(400, "Bad Request: message to be replied not found"), SENT) as at:
        assert await at.api.send(Target(chat=GROUP, topic=3, reply_to=9), WORDS) == 41
        (_, first), (_, second) = at.asked
    assert "reply_parameters" in first
    assert "reply_parameters" not in second
    assert second["message_thread_id"] == "3"


MIGRATED = bad(
    400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=NEW_GROUP
)  # fmt: skip


async def test_a_group_that_became_a_supergroup_is_followed_and_remembered() -> None:
    async with answering(MIGRATED, SENT) as at:
        assert await at.api.send(Target(chat=GROUP, reply_to=9), WORDS) == 41
        assert at.api.present(GROUP) == NEW_GROUP
        await at.api.send(Target(chat=GROUP, reply_to=9), WORDS)
        await at.api.send_file(Target(chat=GROUP), "a.md", "x")
        chats = [asked["chat_id"] for _, asked in at.asked]
        assert chats == [str(GROUP), str(NEW_GROUP), str(NEW_GROUP), str(NEW_GROUP)]
        assert all("reply_parameters" not in asked for _, asked in at.asked[1:]), (
            "that number means another message there"
        )


async def test_a_message_of_a_group_that_moved_is_gone_so_that_no_other_is_overwritten() -> None:
    async with answering(MIGRATED) as at:
        for _ in range(2):
            with pytest.raises(MessageGoneError):
                await at.api.edit(GROUP, 5, WORDS)
        assert len(at.asked) == 1, "known the second time"


async def test_a_group_that_moves_on_and_on_is_followed_once_a_call() -> None:
    async with answering(MIGRATED) as at:
        with pytest.raises(RefusedError):
            await at.api.send(Target(chat=GROUP), WORDS)
        assert len(at.asked) <= 3


async def test_a_move_that_is_heard_of_otherwise_is_followed_too_through_every_earlier_one() -> None:
    async with answering(SENT) as at:
        at.api.moved(GROUP, -6)
        at.api.moved(-6, NEW_GROUP)
        await at.api.send(Target(chat=GROUP), WORDS)
        assert at.asked[0][1]["chat_id"] == str(NEW_GROUP)


# What is counted.


async def test_whatever_shows_something_in_a_chat_is_counted_whoever_sends_it() -> None:
    async with answering(SENT) as at:
        await at.api.send(Target(chat=DANA), WORDS)
        await at.api.send_file(Target(chat=12), "a.md", "x")
        await at.api.edit(13, 5, WORDS)
        await at.api.answer("q")
        waits = [at.api.pace.wait(chat, Urgency.NOTIFY) for chat in (DANA, 12, 13, 14)]
        assert waits == [timedelta(seconds=1.05)] * 3 + [timedelta(0)]


async def test_a_message_that_is_refused_counts_too(scripted: Answering) -> None:
    with pytest.raises(RefusedError):
        await scripted.api.send(Target(chat=DANA), WORDS)
    assert scripted.api.pace.wait(DANA, Urgency.NOTIFY) > timedelta(0)


@pytest.fixture
async def scripted() -> AsyncGenerator[Answering]:
    async with answering(bad(400, "Bad Request: x")) as at:
        yield at
