"""Scripted misfortune, and what the SDK makes of it."""

from __future__ import annotations

import asyncio

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler

from tests.contract.slackd.listening import Sdk, refusal, sdk
from tests.servers.slackd import Channel, Fault, Limit, Slackd, SlackdOptions, serve_slackd
from tests.servers.slackd.sample import sample_manifest


@pytest.fixture
def general(slack: Slackd) -> Channel:
    return slack.add_channel("general", members=[slack.dana])


@pytest.fixture
def once(slack: Slackd) -> Sdk:
    """A client that tries once."""
    client = sdk(slack, slack.bot_token)
    client.retry_handlers = []
    return client


async def test_a_rate_limit_is_raised_with_its_wait_and_the_call_not_done(
    slack: Slackd, once: Sdk, general: Channel
) -> None:
    slack.faults.next("chat.postMessage", Fault.rate_limited(12))
    with pytest.raises(SlackApiError, match="ratelimited") as refused:
        await once.chat_postMessage(channel=general.id, text="x")
    response = getattr(refused.value, "response")  # noqa: B009
    assert (response.status_code, response.headers["Retry-After"]) == (429, "12")
    assert slack.messages(general) == []
    await once.chat_postMessage(channel=general.id, text="x")
    assert slack.faults.struck == [("chat.postMessage", "status")]


async def test_the_sdks_retry_waits_as_long_as_it_is_told(slack: Slackd, general: Channel) -> None:
    client = sdk(slack, slack.bot_token)
    client.retry_handlers = [AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
    slack.faults.next("chat.postMessage", Fault.rate_limited(0))
    await client.chat_postMessage(channel=general.id, text="x")
    assert len(slack.log.calls("chat.postMessage")) == 2
    assert len(slack.messages(general)) == 1


async def test_a_connection_that_breaks_after_the_commit_doubles_the_post_of_a_client_that_tries_again(
    slack: Slackd, web: Sdk, general: Channel
) -> None:
    slack.faults.next("chat.postMessage", Fault.reset_after_commit())
    await web.chat_postMessage(channel=general.id, text="x", metadata={"event_type": "k", "event_payload": {"id": 1}})
    await web.chat_postMessage(channel=general.id, text="y", metadata={"event_type": "k", "event_payload": {"id": 2}})
    assert len(slack.messages(general)) == 3
    (posts,) = slack.ledger.repeated().values()
    assert [channel for channel, _ in posts] == [general.id, general.id]
    assert [entry.fault for entry in slack.log.calls("chat.postMessage")] == ["reset_after_commit", None, None]


async def test_a_connection_that_breaks_before_has_done_nothing(slack: Slackd, once: Sdk, general: Channel) -> None:
    slack.faults.next("chat.postMessage", Fault.reset_before())
    with pytest.raises(OSError):
        await once.chat_postMessage(channel=general.id, text="x")
    assert slack.messages(general) == []
    slack.faults.next("chat.update", Fault.reset_after_commit())
    ts = str((await once.chat_postMessage(channel=general.id, text="x"))["ts"])
    with pytest.raises(OSError):
        await once.chat_update(channel=general.id, ts=ts, text="y")
    assert (slack.message(general, ts) or {})["text"] == "y"


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_error_is_no_json(slack: Slackd, once: Sdk, general: Channel, status: int) -> None:
    slack.faults.next("chat.postMessage", Fault.server_error(status))
    with pytest.raises(SlackApiError) as refused:
        await once.chat_postMessage(channel=general.id, text="x")
    assert getattr(refused.value, "response").status_code == status  # noqa: B009
    assert slack.messages(general) == []


async def test_an_error_may_be_scripted_for_the_second_call_of_one_channel(
    slack: Slackd, once: Sdk, general: Channel
) -> None:
    other = slack.add_channel("other", members=[slack.dana])
    slack.faults.next("chat.postMessage", Fault.error("msg_too_long"), skip=1, match={"channel": other.id})
    slack.faults.next("chat.postMessage", Fault.error("fatal_error"), when=lambda params: params["text"] == "boom")
    slack.faults.next("chat.postMessage", Fault.error("team_access_not_granted"), match={"text": "~secret"})
    await once.chat_postMessage(channel=other.id, text="1")
    await once.chat_postMessage(channel=general.id, text="2")
    for channel, text, error in (
        (other, "3", "msg_too_long"),
        (general, "boom", "fatal_error"),
        (general, "a secret b", "team_access_not_granted"),
    ):
        with pytest.raises(SlackApiError, match=error):
            await once.chat_postMessage(channel=channel.id, text=text)
    assert slack.faults.pending() == 0
    assert [message["text"] for channel in (other, general) for message in slack.messages(channel)] == ["1", "2"]


async def test_latency_ends_when_the_clock_says_so(slack: Slackd, once: Sdk, general: Channel) -> None:
    slack.faults.next("chat.postMessage", Fault.latency(50))
    async with asyncio.TaskGroup() as group:
        call = group.create_task(once.chat_postMessage(channel=general.id, text="x"))
        await slack.eventually(lambda: slack.log.calls("chat.postMessage"))
        assert slack.messages(general) == []
        slack.clock.advance(50)
        await call
    assert len(slack.messages(general)) == 1


async def test_a_channel_takes_a_short_burst_and_then_a_message_a_second(
    slack: Slackd, once: Sdk, general: Channel
) -> None:
    other = slack.add_channel("other", members=[slack.dana])
    for number in range(4):
        await once.chat_postMessage(channel=general.id, text=str(number))
    with pytest.raises(SlackApiError, match="ratelimited") as refused:
        await once.chat_postMessage(channel=general.id, text="5")
    assert getattr(refused.value, "response").headers["Retry-After"] == "1"  # noqa: B009
    await once.chat_postMessage(channel=other.id, text="elsewhere")
    slack.clock.advance(1)
    await once.chat_postMessage(channel=general.id, text="5")
    assert len(slack.messages(general)) == 5


async def test_edits_are_limited_in_the_whole_workspace(slack: Slackd, once: Sdk, general: Channel) -> None:
    ts = str((await once.chat_postMessage(channel=general.id, text="x"))["ts"])
    for number in range(50):
        await once.chat_update(channel=general.id, ts=ts, text=str(number))
    with pytest.raises(SlackApiError, match="ratelimited") as refused:
        await once.chat_update(channel=general.id, ts=ts, text="51")
    wait = int(getattr(refused.value, "response").headers["Retry-After"])  # noqa: B009
    assert wait in (1, 2)
    slack.clock.advance(wait)
    await once.chat_update(channel=general.id, ts=ts, text="51")


async def test_other_limits_can_be_set_and_apps_outside_the_marketplace_read_once_a_minute() -> None:
    options = SlackdOptions(
        manifest=sample_manifest(), marketplace=False, tiers={"chat.postMessage": Limit(6000, 6000)}
    )
    async with serve_slackd(options) as slack:
        client = sdk(slack, slack.bot_token)
        general = slack.add_channel("general", members=[slack.dana])
        for number in range(20):
            await client.chat_postMessage(channel=general.id, text=str(number))
        history = await client.conversations_history(channel=general.id, limit=100)
        assert (len(history["messages"]), history["has_more"]) == (15, True)
        with pytest.raises(SlackApiError) as refused:
            await client.conversations_history(channel=general.id)
        assert refusal(refused.value)["error"] == "ratelimited"


async def test_an_upload_and_a_response_url_can_fail_too(slack: Slackd, web: Sdk, general: Channel) -> None:
    slack.faults.next("upload", Fault.server_error())
    with pytest.raises(Exception, match="upload"):
        await web.files_upload_v2(channel=general.id, filename="a.txt", content="abc")
    assert slack.ledger.uploads == {}
