"""Where nobody can write any more: the same people elsewhere, else whoever asked, who is told why."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta

import pytest

from bot.messenger import MessageGoneError, Place, Urgency
from bot.render.texts import Texts
from bot.telegram.address import message_ref
from engine.domain.ids import ConversationId, PrincipalId
from engine.errors import RefusedError, UnavailableError
from tests.servers.telegramd import Fault
from tests.surfaces.telegram.scene import BOLD, Scene, asked, file, picture

AGAIN = Texts("en").say("telegram_out.again")
MOVED = Texts("en").say("telegram_out.moved")
MOVED_TOPIC = Texts("en").say("telegram_out.moved_topic")


@pytest.fixture
async def scene() -> AsyncGenerator[Scene]:
    async with asked() as scene:
        yield scene


async def _kick(scene: Scene) -> None:
    await scene.telegram.kick_bot(scene.group)


async def _mute(scene: Scene) -> None:
    scene.telegram.mute(scene.group)


async def _restrict(scene: Scene) -> None:
    await scene.telegram.restrict_bot(scene.group)


@pytest.mark.parametrize("close", [_kick, _mute, _restrict])
async def test_a_closed_group_is_continued_in_private_and_that_is_said_in_every_state(
    scene: Scene, close: Callable[[Scene], Awaitable[None]]
) -> None:
    await close(scene)
    ref = await scene.post(scene.place, picture("question", "approval:a", entities=BOLD))
    assert message_ref(ref).chat == scene.telegram.dana.id
    assert scene.message(ref)["text"] == f"{MOVED}\n\nquestion"
    async with scene.restarted() as messenger:
        scene.clock.advance(timedelta(seconds=5))
        await messenger.edit(scene.place, ref, picture("approved", "approval:a", Urgency.SETTLE))
    assert scene.message(ref)["text"] == f"{MOVED}\n\napproved"


async def test_a_card_in_a_group_that_threw_us_out_is_gone_and_continued_in_private(scene: Scene) -> None:
    ref = await scene.post(scene.place, picture("one"))
    await _kick(scene)
    with pytest.raises(MessageGoneError):
        await scene.edit(scene.place, ref, picture("two"))


async def test_a_topic_that_is_gone_is_continued_in_general_where_the_same_people_read(scene: Scene) -> None:
    forum = scene.telegram.add_forum("Forum", members=[scene.telegram.dana])
    topic = await scene.telegram.create_topic(forum, "Plans")
    root = await scene.telegram.say(scene.telegram.dana, forum, "do it", topic=topic)
    place = scene.place_of(forum, root, topic=topic)
    await scene.telegram.delete_topic(forum, topic)
    ref = await scene.post(place, picture("one"), again=True)
    assert [m["text"] for m in scene.telegram.sent(forum, topic=0)] == [f"{AGAIN}\n{MOVED_TOPIC}\n\none"]
    await scene.edit(place, ref, picture("two"))
    assert scene.texts(forum) == [f"{AGAIN}\n{MOVED_TOPIC}\n\ntwo"]
    scene.clock.advance(timedelta(seconds=5))
    await scene.telegram.close_topic(forum, 0)
    away = await scene.post(place, picture("end", "final"))
    assert scene.message(away)["text"] == f"{MOVED}\n\nend", "and where General is closed too, in private"


async def test_a_topic_that_is_gone_is_continued_in_general_though_the_group_has_room_for_one_message(
    scene: Scene,
) -> None:
    forum = scene.telegram.add_forum("Forum", members=[scene.telegram.dana])
    place = scene.place_of(forum, 1, topic=77)
    for n in range(9):
        await scene.post(place, picture(f"{n}", f"approval:{n}"))
    assert scene.texts(forum) == [f"{MOVED_TOPIC}\n\n{n}" for n in range(9)]


async def test_a_topic_that_was_closed_is_continued_in_private(scene: Scene) -> None:
    forum = scene.telegram.add_forum("Forum", members=[scene.telegram.dana])
    topic = await scene.telegram.create_topic(forum, "Plans")
    root = await scene.telegram.say(scene.telegram.dana, forum, "do it", topic=topic)
    await scene.telegram.close_topic(forum, topic)
    ref = await scene.post(scene.place_of(forum, root, topic=topic), picture("one"))
    assert message_ref(ref).chat == scene.telegram.dana.id


@pytest.mark.parametrize("how", ["never started", "blocked"])
async def test_where_whoever_asked_cannot_be_told_either_it_is_refused(scene: Scene, how: str) -> None:
    user = scene.telegram.dana if how == "blocked" else scene.telegram.avi
    if how == "blocked":
        await scene.telegram.block(user)
    await _kick(scene)
    with pytest.raises(RefusedError) as failed:
        await scene.post(scene.place_of(scene.group, scene.root, user=user), picture("one"))
    assert failed.value.parameters["reason"] in {"blocked", "never_started", "chat_not_found"}


async def test_a_group_is_not_left_for_somebody_of_another_chat(scene: Scene) -> None:
    await _kick(scene)
    place = Place(conversation_id=scene.place.conversation_id, user_id=PrincipalId("slack:T1:U1"))
    with pytest.raises(RefusedError) as failed:
        await scene.post(place, picture("one"))
    assert failed.value.parameters["reason"] == "kicked"


async def test_in_a_private_chat_that_blocks_us_nothing_is_posted_anew(scene: Scene) -> None:
    ref = await scene.post(scene.private, picture("one"))
    await scene.telegram.block(scene.telegram.dana)
    for call in (scene.edit(scene.private, ref, picture("two")), scene.post(scene.private, picture("end", "final"))):
        with pytest.raises(RefusedError) as failed:
            await call
        assert failed.value.parameters["reason"] == "blocked"
    await scene.telegram.unblock(scene.telegram.dana)
    await scene.edit(scene.private, ref, picture("three"))
    assert scene.texts(scene.telegram.private(scene.telegram.dana)) == ["three"]


async def test_a_group_that_became_a_supergroup_is_followed_and_its_old_messages_are_gone(scene: Scene) -> None:
    group = scene.telegram.add_group("Small", members=[scene.telegram.dana])
    root = await scene.telegram.say(scene.telegram.dana, group, "do it")
    place = scene.place_of(group, root)
    card = await scene.post(place, picture("one"))
    larger = await scene.telegram.upgrade(group)
    ref = await scene.post(place, picture("question", "approval:a"))
    assert message_ref(ref).chat == larger.id
    assert scene.messenger.lane(place) == str(larger.id)
    with pytest.raises(MessageGoneError):
        await scene.edit(place, card, picture("two"))
    await scene.edit(place, ref, picture("approved", "approval:a"))
    assert scene.texts(larger) == ["approved"]
    assert scene.messenger.wait(place, None, Urgency.PROGRESS) == scene.api.pace.wait(larger.id, Urgency.PROGRESS)


async def test_a_conversation_of_another_chat_is_refused(scene: Scene) -> None:
    place = Place(conversation_id=ConversationId("slack:T1:C1:1.0"), user_id=scene.place.user_id)
    with pytest.raises(RefusedError):
        await scene.messenger.post(place, picture("one"), scene.key())


async def test_messages_that_went_elsewhere_do_not_wait_for_the_group(scene: Scene) -> None:
    await scene.telegram.kick_bot(scene.group)
    ref = await scene.post(scene.place, picture("one", "approval:a"))
    scene.telegram.faults.next("sendMessage", Fault.flood(300), chat=scene.group.id)
    with pytest.raises(UnavailableError):
        await scene.post(scene.place, picture("two", "final"))
    scene.clock.advance(timedelta(seconds=5))
    assert scene.messenger.wait(scene.place, ref, Urgency.SETTLE) == timedelta(0)
    assert scene.messenger.blocked(scene.place, edit=True) == timedelta(0)
    assert scene.messenger.blocked(scene.place, edit=False) > timedelta(minutes=4)


async def test_a_file_for_a_closed_group_is_sent_in_private(scene: Scene) -> None:
    for close in (_mute, _kick):
        await close(scene)
        scene.clock.advance(timedelta(seconds=5))
        ref = await scene.post(scene.place, file())
        assert message_ref(ref).chat == scene.telegram.dana.id
        assert scene.message(ref)["caption"] == f"{MOVED}\n\nThe whole result"
