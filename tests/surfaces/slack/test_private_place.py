"""What was asked for elsewhere is shown in a person's direct messages, found again there, and edited without a word on moving."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from bot.messenger import MessageGoneError, Picture, Place
from bot.slack.address import Private, message_ref, principal_id, private_of, thread_of
from bot.slack.mirror import mirrored, place_of
from engine.domain.ids import ConversationId, ExecutionId
from engine.errors import UnavailableError
from engine.ports.message_log import MessageKey
from tests.servers.blockkit import validate_blocks
from tests.servers.slackd import Fault
from tests.surfaces.slack.scene import Scene, asked, picture


@pytest.fixture
async def scene() -> AsyncGenerator[Scene]:
    async with asked() as scene:
        yield scene


def place(scene: Scene) -> Place:
    account = principal_id(scene.slack.team_id, scene.slack.dana.id)
    found = place_of(scene.slack.team_id, account)
    assert found is not None
    return Place(conversation_id=found, user_id=account)


def key(scene: Scene, purpose: str = "approval:a-1") -> MessageKey:
    return MessageKey(execution_id=ExecutionId("x"), conversation_id=place(scene).conversation_id, purpose=purpose)


def about(text: str) -> Picture:
    drawn = picture(text, "approval:a-1")
    return Picture(
        purpose=drawn.purpose, urgency=drawn.urgency, body=mirrored(drawn.body, "a <!channel> *thing*", "en")
    )


async def test_it_is_posted_and_edited_in_private_and_says_what_it_is_about(scene: Scene) -> None:
    ref = await scene.messenger.post(place(scene), about("one"), key(scene))
    await scene.messenger.edit(place(scene), ref, about("two"))
    (message,) = scene.private()
    assert message_ref(ref).ts == message["ts"]
    assert message.get("thread_ts") is None
    note, body = message["blocks"]
    assert body["text"] == "two"
    line = note["elements"][0]["text"]
    assert line.startswith("About what you asked for elsewhere:")
    assert "<!channel>" not in line
    assert message["text"].startswith(line)
    assert "I cannot write" not in message["text"]
    assert validate_blocks(message["blocks"], "message") == []
    assert scene.replies() == []


async def test_a_post_whose_answer_was_lost_is_found_in_private_and_not_repeated(scene: Scene) -> None:
    await scene.messenger.post(place(scene), about("another"), key(scene, "approval:other"))
    scene.slack.faults.next("chat.postMessage", Fault.reset_after_commit())
    with pytest.raises(UnavailableError):
        await scene.messenger.post(place(scene), about("one"), key(scene))
    ref = await scene.restarted().find(place(scene), key(scene), None)
    assert ref is not None
    await scene.messenger.edit(place(scene), ref, about("two"))
    assert [m["blocks"][-1]["text"] for m in scene.private()] == ["another", "two"]
    assert await scene.messenger.find(place(scene), key(scene, "approval:none"), None) is None
    read = [call.params["channel"] for call in scene.slack.log.calls("conversations.replies")]
    assert read == [], "no thread is looked through"


async def test_one_that_was_deleted_is_gone(scene: Scene) -> None:
    ref = await scene.messenger.post(place(scene), about("one"), key(scene))
    await scene.slack.delete(scene.slack.dana, message_ref(ref).channel, message_ref(ref).ts)
    with pytest.raises(MessageGoneError):
        await scene.messenger.edit(place(scene), ref, about("two"))


def test_a_private_place_is_no_thread_and_a_thread_no_private_place() -> None:
    private = Private(team="T1", user="U1")
    assert private_of(private.conversation_id) == private
    assert thread_of(private.conversation_id) is None
    for other in ("slack:T1:C1:1.2", "slack:T1:U1", "telegram:1:2:3", "", "slack:T1:@U1"):
        assert private_of(ConversationId(other)) is None
    assert place_of("T1", principal_id("T2", "U1")) is None
    assert place_of("T1", principal_id("T1", "U1")) == private.conversation_id
