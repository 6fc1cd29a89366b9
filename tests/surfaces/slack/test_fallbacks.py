"""Where Slack does not take what is said as it is, or where it is said: another way, and each tried once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.messenger import MessageGoneError, Picture, Urgency
from bot.slack.address import message_ref
from engine.domain.ids import ConversationId, PrincipalId
from engine.domain.json import JsonObject
from engine.errors import RefusedError, UnavailableError
from tests.servers.slackd import Fault
from tests.surfaces.slack.scene import Scene, asked, has_blocks, is_rich, picture, section, warnings_logged


@pytest.fixture
async def scene() -> AsyncGenerator[Scene]:
    async with asked() as scene:
        yield scene


# Threads that are closed.


async def close(scene: Scene, how: str) -> None:
    match how:
        case "archived":
            scene.slack.archive(scene.channel)
        case "kicked":
            scene.slack.kick_bot(scene.channel)
        case "root deleted":
            await scene.slack.delete(scene.slack.dana, scene.channel, scene.root)
        case "locked":
            scene.slack.lock_thread(scene.channel, scene.root)
        case _:
            scene.slack.faults.next(
                "chat.postMessage", Fault.error(how), times=99, when=lambda p: p["channel"] == scene.channel.id
            )


CLOSED = [
    "archived",
    "kicked",
    "locked",
    "root deleted",
    "channel_not_found",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
]


@pytest.mark.parametrize("how", CLOSED)
async def test_where_the_thread_is_closed_whoever_asked_is_told_in_private_and_why(scene: Scene, how: str) -> None:
    await close(scene, how)
    ref = await scene.messenger.post(scene.place, picture("Approve?", "approval:a-1"), scene.key("approval:a-1"))
    assert scene.replies() == []
    (message,) = scene.private()
    assert message_ref(ref).channel == scene.slack.im(scene.slack.dana).id
    assert message["text"].splitlines()[1] == "Approve?"
    why = message["blocks"][0]["elements"][0]["text"]
    assert f"<#{scene.channel.id}>" in why
    assert message["blocks"][1]["text"] == "Approve?"


async def test_what_is_told_in_private_is_edited_there_and_still_says_why(scene: Scene) -> None:
    scene.slack.archive(scene.channel)
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    why = scene.private()[0]["blocks"][0]
    await scene.restarted().edit(scene.place, ref, picture("two"))
    (message,) = scene.private()
    assert message["blocks"][0]["elements"] == why["elements"]
    assert message["blocks"][1]["text"] == "two"


async def test_what_may_have_been_told_in_private_is_found_there(scene: Scene) -> None:
    scene.slack.archive(scene.channel)
    direct = scene.slack.im(scene.slack.dana).id
    scene.slack.faults.next("chat.postMessage", Fault.reset_after_commit(), when=lambda p: p["channel"] == direct)
    with pytest.raises(UnavailableError):
        await scene.messenger.post(scene.place, picture("one"), scene.key())
    now = datetime.fromtimestamp(scene.slack.clock.now(), UTC)
    ref = await scene.restarted().find(scene.place, scene.key(), now)
    assert ref is not None
    assert message_ref(ref).channel == direct
    assert await scene.restarted().find(scene.place, scene.key(), now + timedelta(hours=1)) is None, "posted before"
    assert len(scene.private()) == 1


async def test_a_card_in_a_channel_that_closes_is_gone_and_goes_on_in_private(scene: Scene) -> None:
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    scene.slack.archive(scene.channel)
    with pytest.raises(MessageGoneError):
        await scene.messenger.edit(scene.place, ref, picture("two"))
    await scene.messenger.post(scene.place, picture("two"), scene.key())
    assert len(scene.private()) == 1


async def test_a_hebrew_card_says_why_in_hebrew(scene: Scene) -> None:
    scene.slack.archive(scene.channel)
    one = picture("שלום")
    await scene.messenger.post(scene.place, replace(one, body={**one.body, "locale": "he"}), scene.key())
    assert "אי אפשר לכתוב עוד" in scene.private()[0]["blocks"][0]["elements"][0]["text"]


@pytest.mark.parametrize("word", ["cannot_dm_bot", "user_disabled", "users_not_found", "missing_scope"])
async def test_where_nobody_can_be_told_it_is_refused_and_asked_no_more(scene: Scene, word: str) -> None:
    scene.slack.archive(scene.channel)
    scene.slack.faults.next("conversations.open", Fault.error(word))
    with pytest.raises(RefusedError):
        await scene.messenger.post(scene.place, picture("one"), scene.key())


async def test_somebody_slack_does_not_know_cannot_be_told_in_private(scene: Scene) -> None:
    scene.slack.archive(scene.channel)
    place = replace(scene.place, user_id=PrincipalId("web:somebody"))
    with pytest.raises(RefusedError, match="is_archived"):
        await scene.messenger.post(place, picture("one"), scene.key())
    assert await scene.messenger.find(place, scene.key(), None) is None


async def test_what_cannot_be_looked_up_in_private_is_not_found_there(scene: Scene) -> None:
    scene.slack.faults.next("conversations.open", Fault.error("user_disabled"))
    assert await scene.messenger.find(scene.place, scene.key(), None) is None


async def test_a_conversation_of_another_surface_is_refused(scene: Scene) -> None:
    place = replace(scene.place, conversation_id=ConversationId("chat:1"))
    with pytest.raises(RefusedError):
        await scene.messenger.post(place, picture("one"), scene.key())
    assert scene.slack.log.calls() == []


async def test_a_closed_direct_conversation_has_no_other_place(scene: Scene) -> None:
    direct = scene.slack.im(scene.slack.dana)
    root = await scene.slack.say(scene.slack.dana, direct, "do it", lost=True)
    scene.slack.faults.next("chat.postMessage", Fault.error("messages_tab_disabled"))
    with pytest.raises(RefusedError):
        await scene.messenger.post(scene.place_of(direct, root), picture("one"), scene.key())
    assert len(scene.slack.log.calls("chat.postMessage")) == 1
    assert await scene.messenger.find(scene.place_of(direct, root), scene.key(), None) is None
    assert scene.slack.log.calls("conversations.history") == [], "it has been looked through"


# Drawings Slack does not take.


async def test_a_rich_drawing_that_is_refused_is_drawn_plain_and_rich_is_not_tried_again(
    scene: Scene,
) -> None:
    scene.slack.faults.next("chat.postMessage", Fault.error("invalid_blocks"), times=9, when=is_rich)
    with warnings_logged() as logged:
        ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    assert scene.replies()[0]["blocks"][0]["type"] == "section"
    await scene.messenger.edit(scene.place, ref, picture("two"))
    await scene.messenger.post(scene.place, picture("three", "final"), scene.key("final"))
    assert [is_rich(c.params) for c in scene.slack.log.calls("chat.postMessage")] == [True, False, False]
    assert [is_rich(c.params) for c in scene.slack.log.calls("chat.update")] == [False]
    assert sum("drawing_refused" in line for line in logged) == 1
    assert await scene.restarted().post(scene.place, picture("four", "final:2"), scene.key("final:2"))
    assert is_rich(scene.slack.log.calls("chat.postMessage")[-2].params), "the next process tries again"


@pytest.mark.parametrize("word", ["msg_blocks_too_long", "msg_blocks_too_many", "invalid_arguments", "no_text"])
async def test_one_message_that_is_too_much_for_slack_makes_no_other_one_plain(scene: Scene, word: str) -> None:
    scene.slack.faults.next("chat.postMessage", Fault.error(word))
    with warnings_logged():
        big = await scene.messenger.post(scene.place, picture("big"), scene.key())
    await scene.messenger.post(scene.place, picture("small", "final"), scene.key("final"))
    assert [is_rich(c.params) for c in scene.slack.log.calls("chat.postMessage")] == [True, False, True]
    await scene.messenger.edit(scene.place, big, picture("as big", urgency=Urgency.PROGRESS))
    assert not is_rich(scene.slack.log.calls("chat.update")[-1].params), "not refused at every step"
    scene.slack.clock.advance(5)
    await scene.messenger.edit(scene.place, big, picture("asks", urgency=Urgency.SETTLE))
    scene.slack.clock.advance(5)
    await scene.messenger.edit(scene.place, big, picture("goes on", urgency=Urgency.PROGRESS))
    assert [is_rich(c.params) for c in scene.slack.log.calls("chat.update")] == [False, True, True]


async def test_a_long_message_that_is_shortened_and_still_refused_makes_no_other_one_plain(scene: Scene) -> None:
    scene.slack.faults.next("chat.postMessage", Fault.error("msg_too_long"), times=2)
    await scene.messenger.post(scene.place, picture("big"), scene.key())
    scene.slack.clock.advance(5)
    await scene.messenger.post(scene.place, picture("small", "final"), scene.key("final"))
    assert [is_rich(c.params) for c in scene.slack.log.calls("chat.postMessage")] == [True, True, False, True]


@pytest.mark.parametrize("word", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
async def test_where_no_blocks_are_taken_it_is_said_in_text(scene: Scene, word: str) -> None:
    scene.slack.faults.next("chat.postMessage", Fault.error(word), times=9, when=has_blocks)
    await scene.messenger.post(scene.place, picture("Ask &amp; answer"), scene.key())
    (message,) = scene.replies()
    assert (message["text"], message.get("blocks")) == ("Ask &amp; answer", None)
    assert len(scene.slack.log.calls("chat.postMessage")) == 3


async def test_progress_of_a_card_without_blocks_is_not_refused_at_every_step(scene: Scene) -> None:
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    scene.slack.faults.next("chat.update", Fault.error("invalid_blocks"), times=99, when=has_blocks)
    for n in range(5):
        scene.slack.clock.advance(5)
        await scene.messenger.edit(scene.place, ref, picture(f"{n}", urgency=Urgency.PROGRESS))
    tried = [has_blocks(c.params) for c in scene.slack.log.calls("chat.update")]
    assert tried == [True, True, False, False, False, False, False]
    scene.slack.faults.clear()
    await scene.messenger.edit(scene.place, ref, picture("asks", urgency=Urgency.SETTLE))
    assert scene.replies()[0]["blocks"][0]["type"] == "section", "its buttons are worth a try"
    await scene.messenger.edit(scene.place, ref, picture("goes on", urgency=Urgency.PROGRESS))
    assert scene.replies()[0]["blocks"][0]["text"]["text"] == "goes on"


async def test_a_text_that_is_too_long_is_sent_shorter_and_keeps_its_buttons(scene: Scene) -> None:
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    scene.slack.faults.next("chat.update", Fault.error("msg_too_long"))
    await scene.messenger.edit(scene.place, ref, Picture(purpose="card", urgency=Urgency.NOTIFY, body={
        "text": "word " * 2_000, "blocks": [section("buttons")],
    }))  # fmt: skip
    message = scene.replies()[0]
    assert len(message["text"]) <= 1_000
    assert message["blocks"][0]["text"]["text"] == "buttons"


@pytest.mark.parametrize("text", ["🧨" * 10_000, "שלום " * 10_000, "&lt;!channel&gt; " * 5_000, "a" * 50_000])
async def test_no_text_is_longer_than_what_slack_edits(scene: Scene, text: str) -> None:
    body: JsonObject = {"text": text}
    long = Picture(purpose="card", urgency=Urgency.NOTIFY, body=body)
    ref = await scene.messenger.post(scene.place, long, scene.key())
    await scene.messenger.edit(scene.place, ref, long)
    assert all(call.ok for call in scene.slack.log.calls()), "taken at the first try"
    assert len(scene.replies()[0]["text"].encode("utf-16-le")) // 2 <= 3_900


async def test_what_is_wrong_with_anything_else_is_not_mended_by_drawing_it_plainer(scene: Scene) -> None:
    scene.slack.faults.next("chat.postMessage", Fault.error("metadata_too_large"))
    with pytest.raises(RefusedError):
        await scene.messenger.post(scene.place, picture("one"), scene.key())
    assert len(scene.slack.log.calls("chat.postMessage")) == 1
