"""What an agent has besides messages: streams, sessions with their Stop button, status lines, prompts."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.contract.slackd.listening import Heard, Sdk, connected, sdk
from tests.servers.slackd import Channel, Slackd, SlackdOptions, serve_slackd
from tests.servers.slackd.sample import sample_manifest

Json = dict[str, Any]


@pytest.fixture
def general(slack: Slackd) -> Channel:
    return slack.add_channel("general", members=[slack.dana])


async def test_the_sdks_stream_helper_writes_a_message_piece_by_piece(
    slack: Slackd, web: Sdk, general: Channel
) -> None:
    root = await slack.say(slack.dana, general, "tell me")
    stream = await web.chat_stream(
        channel=general.id,
        thread_ts=root,
        recipient_team_id=slack.team_id,
        recipient_user_id=slack.dana.id,
        buffer_size=4,
    )
    for word in ("one ", "two ", "three"):
        await stream.append(markdown_text=word)
    await stream.stop(blocks=[{"type": "divider"}], session_status="active")
    (message,) = [each for each in slack.messages(general, root) if each["ts"] != root]
    assert (message["text"], message["streaming_state"]) == ("one two three", "completed")
    assert message["blocks"][0]["type"] == "divider"
    assert slack.session(general, root) == "active"
    assert slack.warnings == []


async def test_a_stream_in_a_channel_needs_its_reader_named(slack: Slackd, web: Sdk, general: Channel) -> None:
    root = await slack.say(slack.dana, general, "tell me")
    with pytest.raises(SlackApiError, match="missing_recipient_team_id"):
        await web.chat_startStream(channel=general.id, thread_ts=root)
    with pytest.raises(SlackApiError, match="missing_recipient_user_id"):
        await web.chat_startStream(channel=general.id, thread_ts=root, recipient_team_id=slack.team_id)
    dm = slack.im(slack.dana)
    asked = await slack.say(slack.dana, dm, "tell me")
    await web.chat_startStream(channel=dm.id, thread_ts=asked)


async def test_a_stream_ends_after_five_minutes_though_pieces_still_come(slack: Slackd, web: Sdk) -> None:
    dm = slack.im(slack.dana)
    ts = str((await web.chat_startStream(channel=dm.id, thread_ts=await slack.say(slack.dana, dm, "go")))["ts"])
    slack.clock.advance(299)
    await web.chat_appendStream(channel=dm.id, ts=ts, markdown_text="still here")
    slack.clock.advance(1)
    for call in (web.chat_appendStream, web.chat_stopStream):
        with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
            await call(channel=dm.id, ts=ts, markdown_text="late")


async def test_only_a_stream_of_the_apps_own_can_be_continued(slack: Slackd, web: Sdk) -> None:
    dm = slack.im(slack.dana)
    hers = await slack.say(slack.dana, dm, "go")
    mine = str((await web.chat_postMessage(channel=dm.id, text="x"))["ts"])
    with pytest.raises(SlackApiError, match="message_not_owned_by_app"):
        await web.chat_appendStream(channel=dm.id, ts=hers, markdown_text="x")
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await web.chat_appendStream(channel=dm.id, ts=mine, markdown_text="x")


@pytest.mark.parametrize(
    "chunk",
    [
        {"type": "unheard_of"},
        {"type": "task_update", "id": "1", "title": "T", "status": "maybe"},
        {"type": "plan_update"},
    ],
)
async def test_chunks_slack_does_not_know_are_refused(slack: Slackd, web: Sdk, chunk: Json) -> None:
    dm = slack.im(slack.dana)
    ts = str((await web.chat_startStream(channel=dm.id, thread_ts=await slack.say(slack.dana, dm, "go")))["ts"])
    with pytest.raises(SlackApiError, match="invalid_chunks"):
        await web.chat_appendStream(channel=dm.id, ts=ts, chunks=[chunk])
    good = {"type": "task_update", "id": "1", "title": "T", "status": "complete"}
    await web.chat_appendStream(channel=dm.id, ts=ts, chunks=[good])


async def test_the_stop_button_is_there_while_something_is_processed_and_ends_streams(
    slack: Slackd, web: Sdk, general: Channel
) -> None:
    heard = Heard()
    async with connected(slack, heard):
        root = await slack.say(slack.dana, general, "go")
        with pytest.raises(AssertionError, match="no Stop button"):
            await slack.press_native_stop(slack.dana, general, root)
        answer = await web.agents_sessions_setStatus(
            channel_id=general.id, thread_ts=root, status="processing", initiator_user_id=slack.dana.id
        )
        streamed = await web.chat_startStream(
            channel=general.id, thread_ts=root, recipient_team_id=slack.team_id, recipient_user_id=slack.dana.id
        )
        await slack.press_native_stop(slack.dana, general, root)
        await slack.settled()
        with pytest.raises(SlackApiError, match="stopped_by_user"):
            await web.chat_appendStream(channel=general.id, ts=streamed["ts"], markdown_text="x")
    (stop,) = [body["event"] for body in heard.events if body["event"]["type"] == "agent_session_stopped"]
    assert (stop["channel"], stop["thread_ts"], stop["user"]) == (general.id, root, slack.dana.id)
    assert stop["streaming_message_ts"] == [streamed["ts"]]
    assert answer["status"] == "processing"
    assert slack.session(general, root) == "processing"


async def test_a_session_without_the_stop_subscription_is_taken_with_a_warning() -> None:
    manifest = sample_manifest(without_events=("agent_session_stopped",))
    async with serve_slackd(SlackdOptions(manifest=manifest)) as slack:
        general = slack.add_channel("general", members=[slack.dana])
        root = await slack.say(slack.dana, general, "go")
        web = sdk(slack, slack.bot_token)
        answer = await web.agents_sessions_setStatus(channel_id=general.id, thread_ts=root, status="processing")
        assert answer["warning"] == "missing_agent_session_stopped_event_subscription"
        with pytest.raises(AssertionError, match="not subscribed"):
            await slack.press_native_stop(slack.dana, general, root)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"status": "busy"}, "invalid_status"),
        ({"status": "active", "title": "x" * 201}, "title_too_long"),
        ({"status": "active", "initiator_user_id": "U0NOBODY"}, "user_not_in_channel"),
        ({"status": "active", "thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
async def test_sessions_slack_would_refuse(slack: Slackd, web: Sdk, general: Channel, params: Json, error: str) -> None:
    root = await slack.say(slack.dana, general, "go")
    with pytest.raises(SlackApiError, match=error):
        await web.agents_sessions_setStatus(**{"channel_id": general.id, "thread_ts": root} | params)
    with pytest.raises(SlackApiError, match="session_not_found"):
        await web.agents_sessions_rename(channel_id=general.id, thread_ts=root, title="T")


async def test_a_status_line_goes_with_the_next_message_and_after_two_minutes(slack: Slackd, web: Sdk) -> None:
    dm = slack.im(slack.dana)
    root = await slack.say(slack.dana, dm, "go")
    await web.assistant_threads_setStatus(channel_id=dm.id, thread_ts=root, status="is thinking…")
    assert slack.status(dm, root) == "is thinking…"
    slack.clock.advance(120)
    assert slack.status(dm, root) is None
    await web.assistant_threads_setStatus(channel_id=dm.id, thread_ts=root, status="is thinking…")
    await web.chat_postMessage(channel=dm.id, text="done", thread_ts=root)
    assert slack.status(dm, root) is None
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await web.assistant_threads_setStatus(
            channel_id=dm.id, thread_ts=root, status="x", loading_messages=[str(n) for n in range(11)]
        )


async def test_up_to_four_prompts_are_suggested_in_the_messages_tab(slack: Slackd, web: Sdk) -> None:
    dm = slack.im(slack.dana)
    prompts = [{"title": f"T{n}", "message": f"M{n}"} for n in range(4)]
    await web.assistant_threads_setSuggestedPrompts(channel_id=dm.id, prompts=prompts)
    assert slack.prompts(dm) == prompts
    for wrong, error in ((prompts * 2, "too_many_prompts"), ([{"title": "T"}], "invalid_arguments")):
        with pytest.raises(SlackApiError, match=error):
            await web.assistant_threads_setSuggestedPrompts(channel_id=dm.id, prompts=wrong)
