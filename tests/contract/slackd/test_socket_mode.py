"""Socket Mode, driven by Slack's own SDK and Bolt."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.contract.slackd.listening import Heard, Sdk, connected, sdk
from tests.servers.slackd import Slackd, SlackdOptions, serve_slackd
from tests.servers.slackd.sample import sample_manifest


async def test_a_mention_arrives_twice_under_two_event_ids_and_a_plain_message_once(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    heard = Heard()
    async with connected(slack, heard):
        ts = await slack.say(slack.dana, general, f"{slack.mention} hello")
        await slack.say(slack.dana, general, "by the way")
        await slack.settled()
    assert sorted(heard.types()) == ["app_mention", "message", "message"]
    assert len({body["event_id"] for body in heard.events}) == 3
    assert {body["event"]["ts"] for body in heard.events if "hello" in body["event"]["text"]} == {ts}


async def test_a_mention_in_a_direct_message_is_a_message_only(slack: Slackd) -> None:
    heard = Heard()
    async with connected(slack, heard):
        await slack.say(slack.dana, slack.im(slack.dana), f"{slack.mention} hello")
        await slack.settled()
    assert heard.types() == ["message"]
    assert heard.events[0]["event"]["channel_type"] == "im"


async def test_the_apps_own_post_comes_back_with_its_bot_id_and_an_edit_as_message_changed(
    slack: Slackd, web: Sdk
) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    heard = Heard()
    async with connected(slack, heard):
        posted = await web.chat_postMessage(channel=general.id, text="one")
        await web.chat_update(channel=general.id, ts=str(posted["ts"]), text="two")
        await slack.settled()
    own, change = (body["event"] for body in sorted(heard.events, key=lambda body: body["event"]["event_ts"]))
    assert (own["bot_id"], own["app_id"], own["user"]) == (slack.world.bot_id, slack.app_id, slack.bot_user_id)
    assert (change["subtype"], change["message"]["text"], change["previous_message"]["text"]) == (
        "message_changed",
        "two",
        "one",
    )


async def test_edits_deletions_and_reactions_of_people_are_told(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    heard = Heard()
    async with connected(slack, heard):
        ts = await slack.say(slack.dana, general, "one")
        await slack.edit(slack.dana, general, ts, "two")
        await slack.react(slack.avi, general, ts, "thumbsup")
        await slack.delete(slack.dana, general, ts)
        await slack.settled()
    told = sorted((body["event"] for body in heard.events), key=lambda event: event["event_ts"])
    assert [event.get("subtype", event["type"]) for event in told] == [
        "message",
        "message_changed",
        "reaction_added",
        "message_deleted",
    ]
    assert slack.messages(general) == []


async def test_an_event_without_subscription_or_scope_is_not_delivered() -> None:
    manifest = sample_manifest(without_events=("app_mention",), without_scopes=("channels:history",))
    async with serve_slackd(SlackdOptions(manifest=manifest, warn_unsubscribed=True)) as slack:
        general = slack.add_channel("general", members=[slack.dana])
        heard = Heard()
        async with connected(slack, heard):
            await slack.say(slack.dana, general, f"{slack.mention} hello")
            await slack.settled()
        assert heard.events == []
        assert slack.warnings == ["event_not_subscribed:message.channels", "event_not_subscribed:app_mention"]


async def test_what_is_said_where_the_app_is_not_never_reaches_it(slack: Slackd) -> None:
    private = slack.add_channel("board", members=[slack.dana], bot=False, private=True)
    heard = Heard()
    async with connected(slack, heard):
        await slack.say(slack.dana, private, f"{slack.mention} hello")
        await slack.settled()
    assert heard.events == []


async def test_each_envelope_goes_to_one_connection_and_all_connections_get_some(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    first, second = Heard(), Heard()
    async with connected(slack, first), connected(slack, second):
        for number in range(6):
            await slack.say(slack.dana, general, f"number {number}")
        await slack.settled()
    assert (len(first.events), len(second.events)) == (3, 3)


async def test_an_event_that_is_not_acknowledged_comes_again_under_the_same_id(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    async with aiohttp.ClientSession() as session, await _raw(slack, session) as socket:
        await slack.say(slack.dana, general, "hello")
        first = await socket.receive_json()
        slack.clock.advance(3)
        second = await socket.receive_json()
        slack.clock.advance(3)
        await slack.eventually(
            lambda: len(slack.log.deliveries()) == 2 and slack.log.deliveries()[1].fault == "timeout"
        )
        slack.clock.advance(59)
        assert len(slack.log.deliveries()) == 2
        await asyncio.to_thread(lambda: None)
        slack.clock.advance(1)
        third = await socket.receive_json()
        await socket.send_json({"envelope_id": third["envelope_id"]})
        await slack.settled()
    assert [each["retry_attempt"] for each in (first, second, third)] == [0, 1, 2]
    assert {each["payload"]["event_id"] for each in (first, second, third)} == {first["payload"]["event_id"]}
    assert len({each["envelope_id"] for each in (first, second, third)}) == 3
    assert second["retry_reason"] == "timeout"


async def test_an_event_is_given_up_after_three_retries(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    await slack.say(slack.dana, general, "hello")
    for seconds, tries in ((0, 2), (60, 3), (300, 4)):
        await slack.eventually(lambda tries=tries: len(slack.log.deliveries()) >= tries - (seconds > 0))
        slack.clock.advance(seconds)
    await slack.settled()
    assert [entry.attempt for entry in slack.log.deliveries()] == [0, 1, 2, 3]
    assert {entry.fault for entry in slack.log.deliveries()} == {"connection_failed"}


async def test_a_connection_that_breaks_before_the_ack_makes_the_event_come_again_elsewhere(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    heard = Heard()
    async with aiohttp.ClientSession() as session:
        socket = await _raw(slack, session)
        await slack.say(slack.dana, general, "hello")
        envelope = await socket.receive_json()
        async with connected(slack, heard):
            await socket.close()
            await slack.settled()
    assert [body["event_id"] for body in heard.events] == [envelope["payload"]["event_id"]]
    assert heard.retries == ["1"]


async def test_the_sdk_connects_anew_when_its_link_was_disabled(slack: Slackd) -> None:
    async with connected(slack, Heard(), ping_interval=0.2):
        await slack.disconnect_all("link_disabled")
        await slack.eventually(lambda: [e.name for e in slack.log if e.kind == "socket"].count("hello") >= 2)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_the_sdk_connects_anew_when_it_is_told_to(slack: Slackd, reason: str) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    heard = Heard()
    async with connected(slack, heard):
        before = slack.world.ids.count("connection")
        await slack.disconnect_all(reason)
        await slack.eventually(lambda: any(e.name == "hello" and e.params["connection"] > before for e in slack.log))
        await slack.eventually(lambda: slack.connections == 1)
        await slack.say(slack.dana, general, "hello")
        await slack.settled()
    assert heard.types() == ["message"]


async def test_a_frozen_stream_answers_no_ping_and_the_sdk_notices(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    heard = Heard()
    async with connected(slack, heard, ping_interval=0.2):
        slack.freeze_sockets()
        await slack.say(slack.dana, general, "into the void")
        await slack.eventually(lambda: [e.name for e in slack.log if e.kind == "socket"].count("hello") == 2)
        slack.clock.advance(3)
        await slack.settled()
    assert heard.retries == ["1"]


async def test_killed_sockets_come_back(slack: Slackd) -> None:
    heard = Heard()
    async with connected(slack, heard, ping_interval=0.2):
        slack.kill_sockets()
        assert slack.connections == 0
        await slack.eventually(lambda: slack.connections == 1)


async def test_a_ticket_is_good_for_one_connection(slack: Slackd) -> None:
    xapp = sdk(slack, slack.app_token)
    url = str((await xapp.apps_connections_open(app_token=slack.app_token))["url"])
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        hello = await socket.receive_json()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
    assert (hello["type"], hello["num_connections"]) == ("hello", 1)
    assert hello["connection_info"] == {"app_id": slack.app_id}


async def test_an_eleventh_connection_is_sent_away(slack: Slackd) -> None:
    async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(await _raw(slack, session))
        late = await stack.enter_async_context(await _raw(slack, session, greeting="disconnect"))
        assert (await late.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert not any(e.params.get("connection") == 11 for e in slack.log if e.kind == "socket")


async def test_only_the_app_level_token_opens_a_socket(slack: Slackd, web: Sdk) -> None:
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await web.apps_connections_open(app_token=slack.bot_token)
    xapp = sdk(slack, slack.app_token)
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await xapp.chat_postMessage(channel="C1", text="hello")


async def test_deliveries_can_be_copied_reordered_and_lost_but_for_the_retry(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    heard = Heard()
    async with connected(slack, heard):
        slack.deliveries.next("message", copies=3)
        await slack.say(slack.dana, general, "copied")
        await slack.settled()
        assert len({body["event_id"] for body in heard.events}) == 1
        assert len(heard.events) == 3
        slack.deliveries.next("message", drop_first=True)
        await slack.say(slack.dana, general, "retry only")
        await slack.settled()
        assert (heard.retries[-1], len(heard.events)) == ("1", 4)
        slack.deliveries.hold()
        for word in ("first", "second", "third"):
            await slack.say(slack.dana, general, word)
        slack.deliveries.release("reversed")
        await slack.settled()
        assert [body["event"]["text"] for body in heard.events[-3:]] == ["third", "second", "first"]
        slack.deliveries.next("message", delay=30)
        await slack.say(slack.dana, general, "late")
        await slack.say(slack.dana, general, "prompt")
        await slack.eventually(lambda: heard.events[-1]["event"]["text"] == "prompt")
        slack.clock.advance(30)
        await slack.settled()
        assert heard.events[-1]["event"]["text"] == "late"


async def test_what_was_said_while_the_app_was_down_is_in_the_history_only(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    heard = Heard()
    async with connected(slack, heard):
        ts = await slack.say(slack.dana, general, "anybody?", lost=True)
        await slack.settled()
        history = await web.conversations_history(channel=general.id)
    assert heard.events == []
    assert [message["ts"] for message in history["messages"]] == [ts]


async def test_removal_of_the_app_is_told_and_ends_its_token(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        await web.auth_test()
        # Bolt asks who it is before every listener, and cannot any more: what is delivered is what counts
        await slack.uninstall()
        await slack.eventually(lambda: len(slack.log.deliveries()) >= 2)
        with pytest.raises(SlackApiError, match="account_inactive"):
            await web.auth_test()
    assert {entry.name for entry in slack.log.deliveries()} == {"tokens_revoked", "app_uninstalled"}


async def _raw(
    slack: Slackd, session: aiohttp.ClientSession, greeting: str = "hello"
) -> aiohttp.ClientWebSocketResponse:
    xapp = sdk(slack, slack.app_token)
    url = str((await xapp.apps_connections_open(app_token=slack.app_token))["url"])
    socket = await session.ws_connect(url)
    assert (await socket.receive_json())["type"] == greeting
    return socket
