"""What an execution shows, posted in Slack, found again, edited, and no faster than Slack takes it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest

from bot.messenger import MessageGoneError, Picture, Urgency
from bot.slack.address import message_ref
from bot.slack.messenger import EVENT_TYPE
from engine.domain.json import JsonObject
from engine.errors import AuthExpiredError, UnavailableError
from tests.servers.slackd import Fault
from tests.surfaces.slack.scene import Scene, asked, picture


@pytest.fixture
async def scene() -> AsyncGenerator[Scene]:
    async with asked() as scene:
        yield scene


# Posting, editing, finding.


async def test_a_message_is_posted_in_its_thread_and_edited_there(scene: Scene) -> None:
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    await scene.messenger.edit(scene.place, ref, picture("two"))
    (message,) = scene.replies()
    assert message_ref(ref).ts == message["ts"]
    assert (message["text"], message["blocks"][0]["text"]) == ("two", "two")
    assert scene.slack.log.calls("chat.postMessage")[0].params.get("reply_broadcast") is None


async def test_its_mark_tells_nobody_what_it_is_about(scene: Scene) -> None:
    await scene.messenger.post(scene.place, picture("one"), scene.key("approval:a-1"))
    (message,) = scene.replies()
    assert message["metadata"]["event_type"] == EVENT_TYPE
    told = json.dumps(message["metadata"])
    assert "x-secret" not in told
    assert "a-1" not in told


@pytest.mark.parametrize("purpose", ["card", "approval:a-1", "final", "final:2"])
async def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(scene: Scene, purpose: str) -> None:
    await scene.messenger.post(scene.place, picture("another"), scene.key("approval:other"))
    scene.slack.faults.next("chat.postMessage", Fault.reset_after_commit())
    with pytest.raises(UnavailableError) as failed:
        await scene.messenger.post(scene.place, picture("one"), scene.key(purpose))
    assert failed.value.retry_after is None
    ref = await scene.restarted().find(scene.place, scene.key(purpose), None)
    assert ref is not None
    await scene.messenger.edit(scene.place, ref, picture("two"))
    assert [m["text"] for m in scene.replies()] == ["another", "two"]


@pytest.mark.parametrize("fault", [Fault.reset_before(), Fault.server_error(500), Fault.server_error(503)])
async def test_a_post_that_did_not_happen_is_not_found(scene: Scene, fault: Fault) -> None:
    scene.slack.faults.next("chat.postMessage", fault)
    with pytest.raises(UnavailableError) as failed:
        await scene.messenger.post(scene.place, picture("one"), scene.key())
    assert failed.value.retry_after is None
    assert await scene.messenger.find(scene.place, scene.key(), None) is None
    await scene.messenger.post(scene.place, picture("one"), scene.key())
    assert len(scene.replies()) == 1


async def test_a_message_is_found_at_the_end_of_a_long_thread(scene: Scene) -> None:
    for n in range(250):
        await scene.slack.say(scene.slack.avi, scene.channel, f"{n}", scene.root, lost=True)
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    assert await scene.messenger.find(scene.place, scene.key(), None) == ref
    assert await scene.messenger.find(scene.place, scene.key(execution="x-other"), None) is None


@pytest.mark.parametrize("known", [True, False])
async def test_a_message_is_found_in_a_thread_longer_than_what_is_looked_through(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    monkeypatch.setattr("bot.slack.messenger.LOOKED_THROUGH", 10)
    for n in range(20):
        await scene.slack.say(scene.slack.avi, scene.channel, f"{n}", scene.root, lost=True)
    scene.slack.clock.advance(3_600)
    since = datetime.fromtimestamp(scene.slack.clock.now(), UTC) if known else None
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    assert await scene.restarted().find(scene.place, scene.key(), since) == ref


async def test_a_message_is_found_though_much_was_said_after_it_and_slacks_clock_is_behind(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.messenger.LOOKED_THROUGH", 10)
    monkeypatch.setattr("bot.slack.messenger.LOOKED_THROUGH_IN_PRIVATE", 10)
    since = datetime.fromtimestamp(scene.slack.clock.now(), UTC) + timedelta(minutes=4)
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    for n in range(20):
        await scene.slack.say(scene.slack.avi, scene.channel, f"{n}", scene.root, lost=True)
    assert await scene.restarted().find(scene.place, scene.key(), since) == ref
    assert await scene.restarted().find(scene.place, scene.key(), since + timedelta(hours=1)) is None, "posted before"


@pytest.mark.parametrize("word", ["missing_scope", "thread_not_found", "not_in_channel"])
async def test_where_nothing_may_be_looked_up_nothing_is_found_and_nothing_is_lost(scene: Scene, word: str) -> None:
    scene.slack.faults.next("conversations.replies", Fault.error(word))
    assert await scene.messenger.find(scene.place, scene.key(), None) is None


# Limits.


async def test_a_429_on_an_edit_is_honoured_and_the_last_state_may_go_as_soon_as_it_ends(scene: Scene) -> None:
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    scene.slack.faults.next("chat.update", Fault.rate_limited(120))
    with pytest.raises(UnavailableError) as failed:
        await scene.messenger.edit(scene.place, ref, picture("two"))
    assert failed.value.retry_after == timedelta(seconds=120)
    assert scene.messenger.wait(scene.place, ref, Urgency.OPEN) == timedelta(seconds=120)
    other = f"{scene.channel.id}/1.0"
    assert scene.messenger.wait(scene.place, other, Urgency.OPEN) == timedelta(seconds=120), (
        "the workspace's limit, not the message's"
    )
    assert scene.messenger.wait(scene.place, None, Urgency.OPEN) == timedelta(0), "a question can still be asked"
    scene.slack.clock.advance(120)
    assert scene.messenger.wait(scene.place, ref, Urgency.OPEN) == timedelta(0)
    await scene.messenger.edit(scene.place, ref, picture("three"))
    assert [m["text"] for m in scene.replies()] == ["three"]


async def test_a_429_on_a_post_is_honoured(scene: Scene) -> None:
    scene.slack.faults.next("chat.postMessage", Fault.rate_limited(30))
    with pytest.raises(UnavailableError) as failed:
        await scene.messenger.post(scene.place, picture("one"), scene.key())
    assert failed.value.retry_after == timedelta(seconds=30)
    assert scene.messenger.wait(scene.place, None, Urgency.OPEN) == timedelta(seconds=30)
    asked = len(scene.slack.log.calls())
    with pytest.raises(UnavailableError) as failed:
        await scene.messenger.post(scene.place, picture("one"), scene.key())
    assert failed.value.retry_after == timedelta(seconds=30)
    assert len(scene.slack.log.calls()) == asked, "Slack is not even asked"


async def test_a_429_on_looking_up_does_not_say_that_nothing_was_posted(scene: Scene) -> None:
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    scene.slack.faults.next("conversations.replies", Fault.rate_limited(30))
    for _ in range(2):
        with pytest.raises(UnavailableError) as failed:
            await scene.messenger.find(scene.place, scene.key(), None)
        assert failed.value.retry_after is None, "with it the sender would post again"
    assert len(scene.slack.log.calls("conversations.replies")) == 1
    scene.slack.clock.advance(30)
    assert await scene.messenger.find(scene.place, scene.key(), None) == ref


async def test_slack_never_has_to_say_429_to_a_sender_that_waits_as_told(scene: Scene) -> None:
    refs = [await scene.messenger.post(scene.place, picture(f"{n}"), scene.key(f"approval:{n}")) for n in range(3)]
    for n in range(120):
        ref = refs[n % 3]
        scene.slack.clock.advance(scene.messenger.wait(scene.place, ref, Urgency.OPEN).total_seconds())
        await scene.messenger.edit(scene.place, ref, picture(f"state {n}"))
    assert all(call.status == 200 for call in scene.slack.log.calls())
    moments = [call.at for call in scene.slack.log.calls("chat.update")]
    assert max(sum(1 for at in moments if 0 <= at - one < 60) for one in moments) <= 50


# Messages that are gone.


async def test_a_message_somebody_deleted_is_gone_and_the_next_one_takes_its_place(scene: Scene) -> None:
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    await scene.slack.delete(scene.slack.dana, scene.channel, message_ref(ref).ts)
    with pytest.raises(MessageGoneError):
        await scene.messenger.edit(scene.place, ref, picture("two"))
    again = await scene.messenger.post(scene.place, picture("two"), scene.key())
    await scene.messenger.edit(scene.place, again, picture("three"))
    assert [m["text"] for m in scene.replies()] == ["three"]


@pytest.mark.parametrize("word", ["edit_window_closed", "cant_update_message"])
async def test_a_message_that_may_not_be_edited_any_more_is_gone(scene: Scene, word: str) -> None:
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    scene.slack.faults.next("chat.update", Fault.error(word))
    with pytest.raises(MessageGoneError):
        await scene.messenger.edit(scene.place, ref, picture("two"))


async def test_who_does_not_know_us_any_more_is_told_apart_from_everything_else(scene: Scene) -> None:
    ref = await scene.messenger.post(scene.place, picture("one"), scene.key())
    await scene.slack.revoke_tokens()
    with pytest.raises(AuthExpiredError):
        await scene.messenger.post(scene.place, picture("one"), scene.key("final"))
    with pytest.raises(AuthExpiredError):
        await scene.messenger.edit(scene.place, ref, picture("two"))
    with pytest.raises(AuthExpiredError):
        await scene.messenger.find(scene.place, scene.key(), None)
    body: JsonObject = {"status": "active", "title": "", "line": "", "execution": "x-secret", "process": "p"}
    session = Picture(purpose="session", urgency=Urgency.SETTLE, body=body)
    with pytest.raises(AuthExpiredError):
        await scene.messenger.post(scene.place, session, scene.key("session"))


# Files.


def file(name: str = "result.md", text: str = "all of it") -> Picture:
    body: JsonObject = {"text": "The whole result", "file": {"name": name, "text": text}, "locale": "en"}
    return Picture(purpose="final:file", urgency=Urgency.NOTIFY, body=body)


async def test_a_long_result_is_attached_and_stays_as_it_is(scene: Scene) -> None:
    key = scene.key("final:file")
    ref = await scene.messenger.post(scene.place, file(), key)
    await scene.messenger.edit(scene.place, ref, file(text="another"))
    assert scene.messenger.wait(scene.place, ref, Urgency.OPEN) == timedelta(0)
    (message,) = scene.replies()
    assert message["text"] == "The whole result"
    name = message["files"][0]["name"]
    assert name.startswith("result-")
    assert name.endswith(".md")
    assert scene.slack.file(message["files"][0]["id"]) == b"all of it"


async def test_a_file_that_may_have_been_attached_is_found_and_not_taken_for_that_of_another_result(
    scene: Scene,
) -> None:
    mine, other = scene.key("final:file"), scene.key("final:file", "x-other")
    await scene.messenger.post(scene.place, file(), other)
    assert await scene.messenger.find(scene.place, mine, None) is None
    scene.slack.faults.next("files.completeUploadExternal", Fault.reset_after_commit())
    with pytest.raises(UnavailableError):
        await scene.messenger.post(scene.place, file(), mine)
    ref = await scene.restarted().find(scene.place, mine, None)
    assert ref is not None
    await scene.messenger.edit(scene.place, ref, file())
    assert len(scene.replies()) == 2


@pytest.mark.parametrize("step", ["files.getUploadURLExternal", "upload"])
async def test_a_file_that_did_not_get_there_is_attached_the_next_time(scene: Scene, step: str) -> None:
    scene.slack.faults.next(step, Fault.server_error(503))
    with pytest.raises(UnavailableError):
        await scene.messenger.post(scene.place, file(), scene.key("final:file"))
    assert await scene.messenger.find(scene.place, scene.key("final:file"), None) is None
    await scene.messenger.post(scene.place, file(), scene.key("final:file"))
    assert len(scene.replies()) == 1


async def test_where_files_are_not_taken_a_message_says_so(scene: Scene) -> None:
    scene.slack.faults.next("files.getUploadURLExternal", Fault.error("file_uploads_disabled"))
    ref = await scene.messenger.post(scene.place, file(), scene.key("final:file"))
    assert "file_uploads_disabled" in scene.replies()[0]["text"]
    await scene.messenger.edit(scene.place, ref, file())
    assert await scene.messenger.find(scene.place, scene.key("final:file"), None) == ref


async def test_a_file_for_a_closed_thread_is_sent_in_private(scene: Scene) -> None:
    scene.slack.archive(scene.channel)
    ref = await scene.messenger.post(scene.place, file(), scene.key("final:file"))
    (message,) = scene.private()
    assert message["files"]
    assert await scene.restarted().find(scene.place, scene.key("final:file"), None) == ref
