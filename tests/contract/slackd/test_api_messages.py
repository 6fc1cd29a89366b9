"""Messages, threads and histories, as the SDK's own client sees them."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, SectionBlock
from slack_sdk.models.metadata import Metadata

from tests.contract.slackd.listening import Sdk, refusal, sdk
from tests.servers.slackd import Slackd, SlackdOptions, serve_slackd
from tests.servers.slackd.sample import sample_manifest

BLOCKS = [
    SectionBlock(text="*Ready?*"),
    ActionsBlock(elements=[ButtonElement(text="Yes", action_id="yes", value="1")]),
]


async def test_the_app_knows_itself_and_its_scopes(slack: Slackd, web: Sdk) -> None:
    me = await web.auth_test()
    assert (me["team_id"], me["user_id"], me["bot_id"]) == (slack.team_id, slack.bot_user_id, slack.world.bot_id)
    assert me.headers["x-oauth-scopes"].split(",") == list(slack.world.granted)
    assert (await web.bots_info(bot=me["bot_id"]))["bot"]["app_id"] == slack.app_id
    assert (await web.team_info())["team"]["id"] == slack.team_id


async def test_a_post_is_stored_as_it_is_answered_and_read_back_by_the_sdks_models(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    metadata = Metadata("step", {"id": "s1"})
    posted = await web.chat_postMessage(channel=general.id, text="Ready?", blocks=BLOCKS, metadata=metadata)
    (stored,) = slack.messages(general)
    assert posted["message"] == stored
    assert posted["ts"] == stored["ts"]
    assert stored["metadata"] == {"event_type": "step", "event_payload": {"id": "s1"}}
    parse: Any = getattr(Block, "parse")  # noqa: B009 - typed in part only
    parsed = [parse(block) for block in stored["blocks"]]
    assert [type(block) for block in parsed] == [SectionBlock, ActionsBlock]
    assert all(block["block_id"] for block in stored["blocks"])
    assert slack.ledger.posts == {(general.id, stored["ts"]): 1}
    assert slack.warnings == []


async def test_stamps_only_ever_grow_though_the_clock_stands_still(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    stamps = [str((await web.chat_postMessage(channel=general.id, text=str(n)))["ts"]) for n in range(3)]
    stamps.append(await slack.say(slack.dana, general, "4"))
    slack.clock.advance(100)
    stamps.append(await slack.say(slack.dana, general, "5"))
    assert sorted(stamps, key=float) == stamps
    assert len(set(stamps)) == 5


async def test_a_thread_is_read_root_first_and_the_channel_without_its_replies(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    root = await slack.say(slack.dana, general, "root")
    other = await slack.say(slack.dana, general, "other")
    await web.chat_postMessage(channel=general.id, text="reply", thread_ts=root)
    thread = await web.conversations_replies(channel=general.id, ts=root)
    history = await web.conversations_history(channel=general.id)
    assert [message["text"] for message in thread["messages"]] == ["root", "reply"]
    assert [message["ts"] for message in history["messages"]] == [other, root]
    assert (thread["messages"][0]["reply_count"], thread["messages"][1]["thread_ts"]) == (1, root)
    with pytest.raises(SlackApiError, match="thread_not_found"):
        await web.conversations_replies(channel=general.id, ts="1.000001")


async def test_histories_are_bounded_by_stamps_and_paged_by_cursor(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    stamps: list[str] = []
    for number in range(5):
        slack.clock.advance(10)
        stamps.append(await slack.say(slack.dana, general, str(number)))
    later = await web.conversations_history(channel=general.id, oldest=stamps[2])
    with_it = await web.conversations_history(channel=general.id, oldest=stamps[2], inclusive=True)
    before = await web.conversations_history(channel=general.id, latest=stamps[2])
    assert [message["text"] for message in later["messages"]] == ["4", "3"]
    assert [message["text"] for message in with_it["messages"]] == ["4", "3", "2"]
    assert [message["text"] for message in before["messages"]] == ["1", "0"]
    paged = [page["messages"] async for page in await web.conversations_history(channel=general.id, limit=2)]
    assert [[message["text"] for message in page] for page in paged] == [["4", "3"], ["2", "1"], ["0"]]
    with pytest.raises(SlackApiError, match="invalid_cursor"):
        await web.conversations_history(channel=general.id, cursor="nonsense")


async def test_metadata_is_read_only_by_who_asks_for_it(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    root = str((await web.chat_postMessage(channel=general.id, text="x", metadata=Metadata("k", {"a": 1})))["ts"])
    plain = await web.conversations_replies(channel=general.id, ts=root)
    asked = await web.conversations_replies(channel=general.id, ts=root, include_all_metadata=True)
    assert "metadata" not in plain["messages"][0]
    assert asked["messages"][0]["metadata"]["event_payload"] == {"a": 1}


async def test_an_edit_keeps_what_it_does_not_name_and_an_empty_list_takes_blocks_away(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    marked = Metadata("k", {"a": 1})
    ts = str((await web.chat_postMessage(channel=general.id, text="a", blocks=BLOCKS, metadata=marked))["ts"])
    await web.chat_update(channel=general.id, ts=ts, text="b")
    kept = slack.message(general, ts) or {}
    assert (kept["text"], len(kept["blocks"]), kept["metadata"]["event_type"]) == ("b", 2, "k")
    assert kept["edited"]["user"] == slack.bot_user_id
    await web.chat_update(channel=general.id, ts=ts, text="c", blocks=[])
    assert "blocks" not in kept
    assert slack.ledger.updates == {(general.id, ts): 2}


async def test_only_the_apps_own_messages_can_be_edited_or_deleted(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    hers = await slack.say(slack.dana, general, "mine")
    mine = str((await web.chat_postMessage(channel=general.id, text="a"))["ts"])
    whisper = str((await web.chat_postEphemeral(channel=general.id, user=slack.dana.id, text="psst"))["message_ts"])
    for ts in (hers, whisper):
        with pytest.raises(SlackApiError, match="cant_update_message"):
            await web.chat_update(channel=general.id, ts=ts, text="b")
    with pytest.raises(SlackApiError, match="cant_delete_message"):
        await web.chat_delete(channel=general.id, ts=hers)
    await web.chat_delete(channel=general.id, ts=mine)
    with pytest.raises(SlackApiError, match="message_not_found"):
        await web.chat_update(channel=general.id, ts=mine, text="b")
    assert slack.ledger.deletes == {(general.id, mine): 1}


async def test_a_reply_needs_a_thread_that_is_there_and_open(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    gone, locked = await slack.say(slack.dana, general, "gone"), await slack.say(slack.dana, general, "locked")
    await slack.delete(slack.dana, general, gone)
    slack.lock_thread(general, locked)
    with pytest.raises(SlackApiError, match="thread_not_found"):
        await web.chat_postMessage(channel=general.id, text="x", thread_ts=gone)
    with pytest.raises(SlackApiError, match="restricted_action_thread_locked"):
        await web.chat_postMessage(channel=general.id, text="x", thread_ts=locked)


async def test_channels_the_app_may_not_write_to(slack: Slackd, web: Sdk) -> None:
    outside = slack.add_channel("outside", members=[slack.dana], bot=False)
    secret = slack.add_channel("secret", members=[slack.dana], bot=False, private=True)
    closed = slack.add_channel("closed", members=[slack.dana], archived=True)
    for channel, error in (
        (outside, "not_in_channel"),
        (secret, "channel_not_found"),
        (closed, "is_archived"),
    ):
        with pytest.raises(SlackApiError, match=error):
            await web.chat_postMessage(channel=channel.id, text="x")
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await web.conversations_history(channel=outside.id)
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await web.chat_postMessage(channel="C00NOWHERE", text="x")
    slack.kick_bot(slack.add_channel("left", members=[slack.dana]))
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await web.chat_postMessage(channel=slack.channel("left").id, text="x")


async def test_an_ephemeral_is_for_a_member_and_in_no_history(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    await web.chat_postEphemeral(channel=general.id, user=slack.dana.id, text="for you")
    with pytest.raises(SlackApiError, match="user_not_in_channel"):
        await web.chat_postEphemeral(channel=general.id, user=slack.avi.id, text="for you")
    assert [message["text"] for message in slack.ephemerals(slack.dana)] == ["for you"]
    assert slack.messages(general) == []
    assert slack.ledger.ephemerals == {(general.id, slack.dana.id): 1}


async def test_direct_conversations_are_opened_by_person_or_written_to_by_person(slack: Slackd, web: Sdk) -> None:
    opened = await web.conversations_open(users=slack.dana.id)
    posted = await web.chat_postMessage(channel=slack.dana.id, text="hello")
    assert opened["channel"]["id"] == posted["channel"] == slack.im(slack.dana).id
    info = await web.conversations_info(channel=posted["channel"])
    assert (info["channel"]["is_im"], info["channel"]["user"]) == (True, slack.dana.id)


async def test_channels_of_the_app_and_all_it_sees(slack: Slackd, web: Sdk) -> None:
    slack.add_channel("general", members=[slack.dana])
    slack.add_channel("outside", members=[slack.dana], bot=False)
    slack.add_channel("secret", members=[slack.dana], bot=False, private=True)
    slack.add_channel("shared", members=[slack.stranger], private=True)
    mine = await web.users_conversations(types="public_channel,private_channel")
    seen = await web.conversations_list(types=["public_channel", "private_channel"])
    assert [channel["name"] for channel in mine["channels"]] == ["general", "shared"]
    assert [channel["name"] for channel in seen["channels"]] == ["general", "outside", "shared"]
    assert [channel["is_ext_shared"] for channel in mine["channels"]] == [False, True]
    assert (await web.conversations_members(channel=mine["channels"][0]["id"]))["members"][0] == slack.dana.id


async def test_people_show_what_they_are_and_strangers_hide_their_address(slack: Slackd, web: Sdk) -> None:
    dana, guest, stranger = [
        (await web.users_info(user=user.id, include_locale=True))["user"]
        for user in (slack.dana, slack.guest, slack.stranger)
    ]
    assert (dana["profile"]["email"], dana["tz"], dana["locale"]) == ("dana@example.com", "Asia/Jerusalem", "en-US")
    assert dana["tz_offset"] in (7200, 10800)
    assert guest["is_restricted"] is True
    assert (stranger["is_stranger"], stranger["team_id"] == slack.team_id) == (True, False)
    assert "email" not in stranger["profile"]
    assert (await web.users_lookupByEmail(email="dana@example.com"))["user"]["id"] == slack.dana.id
    with pytest.raises(SlackApiError, match="user_not_found"):
        await web.users_info(user="U0NOBODY")


async def test_a_permalink_leads_to_the_message_in_its_thread(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    root = await slack.say(slack.dana, general, "root")
    reply = str((await web.chat_postMessage(channel=general.id, text="reply", thread_ts=root))["ts"])
    link = (await web.chat_getPermalink(channel=general.id, message_ts=reply))["permalink"]
    assert link.endswith(f"/archives/{general.id}/p{reply.replace('.', '')}?thread_ts={root}&cid={general.id}")


async def test_a_file_is_uploaded_in_three_steps_by_the_sdk(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    root = await slack.say(slack.dana, general, "root")
    done = await web.files_upload_v2(
        channel=general.id,
        thread_ts=root,
        filename="status.md",
        content="# Status",
        title="Status",
        initial_comment="Here",
    )
    file_id = done["file"]["id"]
    assert slack.file(file_id) == b"# Status"
    shared = slack.messages(general, root)[-1]
    assert (shared["subtype"], shared["text"], shared["files"][0]["id"]) == ("file_share", "Here", file_id)
    assert slack.ledger.uploads == {file_id: 1}
    assert (await web.files_info(file=file_id))["file"]["size"] == 8


async def test_an_upload_of_another_length_than_announced_is_refused(slack: Slackd, web: Sdk) -> None:
    place = await web.files_getUploadURLExternal(filename="a.txt", length=3)
    async with aiohttp.ClientSession() as session:
        for body, status in ((b"four", 400), (b"abc", 200)):
            async with session.post(place["upload_url"], data=body) as answer:
                assert answer.status == status
    await web.files_completeUploadExternal(files=[{"id": place["file_id"]}])
    assert slack.file(place["file_id"]) == b"abc"


async def test_reactions_of_the_app(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    ts = await slack.say(slack.dana, general, "done?")
    await web.reactions_add(channel=general.id, name="eyes", timestamp=ts)
    with pytest.raises(SlackApiError, match="already_reacted"):
        await web.reactions_add(channel=general.id, name="eyes", timestamp=ts)
    assert (slack.message(general, ts) or {})["reactions"] == [
        {"name": "eyes", "users": [slack.bot_user_id], "count": 1}
    ]
    await web.reactions_remove(channel=general.id, name="eyes", timestamp=ts)
    assert (slack.message(general, ts) or {})["reactions"] == []


@pytest.mark.parametrize(
    ("method", "params", "needed"),
    [
        ("chat.postMessage", {"channel": "C1", "text": "x"}, "chat:write"),
        ("users.info", {"user": "U1"}, "users:read"),
        ("reactions.add", {"channel": "C1", "name": "eyes", "timestamp": "1"}, "reactions:write"),
        ("assistant.threads.setSuggestedPrompts", {"channel_id": "D1"}, "assistant:write"),
        ("conversations.history", {"channel": "C1"}, "channels:history,groups:history,im:history,mpim:history"),
    ],
)
async def test_a_scope_that_is_not_granted_is_named(method: str, params: dict[str, Any], needed: str) -> None:
    lost = tuple(needed.split(","))
    async with serve_slackd(SlackdOptions(manifest=sample_manifest(without_scopes=lost))) as slack:
        web = sdk(slack, slack.bot_token)
        with pytest.raises(SlackApiError) as refused:
            await web.api_call(method, params=params)
    assert refusal(refused.value)["error"] == "missing_scope"
    assert refusal(refused.value)["needed"] == needed
    assert not set(refusal(refused.value)["provided"].split(",")) & set(lost)


async def test_the_scope_must_be_the_one_of_the_channels_kind() -> None:
    async with serve_slackd(SlackdOptions(manifest=sample_manifest(without_scopes=("groups:history",)))) as slack:
        secret = slack.add_channel("secret", members=[slack.dana], private=True)
        with pytest.raises(SlackApiError) as refused:
            await sdk(slack, slack.bot_token).conversations_history(channel=secret.id)
    assert (refusal(refused.value)["error"], refusal(refused.value)["needed"]) == ("missing_scope", "groups:history")


async def test_tokens_that_are_wrong_missing_or_taken_away(slack: Slackd, web: Sdk) -> None:
    for token, error in (
        ("", "not_authed"),
        ("xoxb-other", "invalid_auth"),
        (slack.config_token, "not_allowed_token_type"),
    ):
        with pytest.raises(SlackApiError, match=error):
            await sdk(slack, token).auth_test()
    await slack.revoke_tokens()
    with pytest.raises(SlackApiError, match="token_revoked"):
        await web.auth_test()


async def test_methods_and_parameters_nobody_knows_are_noticed(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    with pytest.raises(SlackApiError, match="unknown_method"):
        await web.api_call("chat.postMessages")
    await web.chat_postMessage(channel=general.id, text="x", colour="red")
    assert slack.warnings == ["unknown_parameter:chat.postMessage:colour"]


async def test_the_wire_log_keeps_calls_and_never_tokens(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    await web.chat_postMessage(channel=general.id, text="x")
    await web.api_call("auth.test", data={"token": slack.bot_token})
    (call,) = slack.log.calls("chat.postMessage")
    assert (call.params, call.answer["ok"]) == ({"channel": general.id, "text": "x"}, True)
    everything = repr([entry.as_json() for entry in slack.log])
    assert slack.bot_token not in everything
    assert "User-Agent" in call.headers


async def test_an_installation_that_lags_behind_its_manifest_has_the_old_scopes() -> None:
    options = SlackdOptions(manifest=sample_manifest(), scopes=("chat:write",))
    async with serve_slackd(options) as slack:
        with pytest.raises(SlackApiError, match="missing_scope"):
            await sdk(slack, slack.bot_token).users_info(user=slack.dana.id)
        slack.install()
        await sdk(slack, slack.bot_token).users_info(user=slack.dana.id)


async def test_a_wait_that_fails_tells_what_was_last_on_the_wire(slack: Slackd, web: Sdk) -> None:
    await web.auth_test()
    with pytest.raises(TimeoutError, match=r"auth\.test ok"):
        await slack.eventually(lambda: False, seconds=0.01)
    async with asyncio.TaskGroup() as group:
        general = slack.add_channel("general", members=[slack.dana])
        group.create_task(slack.eventually(lambda: slack.messages(general)))
        await web.chat_postMessage(channel=general.id, text="x")


async def test_without_a_messages_tab_nobody_writes_to_anybody() -> None:
    manifest = sample_manifest()
    manifest["features"]["app_home"] = {"messages_tab_enabled": True, "messages_tab_read_only_enabled": True}
    async with serve_slackd(SlackdOptions(manifest=manifest)) as slack:
        with pytest.raises(PermissionError, match="messages tab"):
            await slack.say(slack.dana, slack.im(slack.dana), "hello")
        await sdk(slack, slack.bot_token).chat_postMessage(channel=slack.dana.id, text="hello")
    del manifest["features"]["app_home"]
    async with serve_slackd(SlackdOptions(manifest=manifest)) as slack:
        with pytest.raises(SlackApiError, match="messages_tab_disabled"):
            await sdk(slack, slack.bot_token).chat_postMessage(channel=slack.dana.id, text="hello")


async def test_a_thread_that_never_was_sends_a_reply_into_the_channel_and_the_test_is_told(
    slack: Slackd, web: Sdk
) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    posted = await web.chat_postMessage(channel=general.id, text="x", thread_ts="1700000000.000001")
    assert "thread_ts" not in posted["message"]
    assert slack.warnings == ["no_such_thread:chat.postMessage:1700000000.000001"]
    for wrong, error in (({"thread_ts": "abc"}, "invalid_thread_ts"), ({"channel": ""}, "channel_not_found")):
        with pytest.raises(SlackApiError, match=error):
            await web.chat_postMessage(**{"channel": general.id, "text": "x"} | wrong)


async def test_the_echo_of_an_edit_has_no_stamp_of_its_own(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    ts = str((await web.chat_postMessage(channel=general.id, text="a"))["ts"])
    await web.chat_postMessage(channel=general.id, text="reply", thread_ts=ts)
    updated = await web.chat_update(channel=general.id, ts=ts, text="b")
    assert updated["ts"] == ts
    assert {"ts", "reply_count"}.isdisjoint(updated["message"])
    assert (slack.message(general, ts) or {})["reply_count"] == 1


async def test_with_oldest_alone_pages_go_forward_in_time(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    stamps = [await slack.say(slack.dana, general, str(number)) for number in range(6)]
    asked = await web.conversations_history(channel=general.id, oldest=stamps[0], limit=2)
    paged = [page["messages"] async for page in asked]
    assert [[message["text"] for message in page] for page in paged] == [["2", "1"], ["4", "3"], ["5"]]


async def test_a_deleted_root_leaves_a_placeholder_as_long_as_it_has_replies(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    root = await slack.say(slack.dana, general, "root")
    reply = str((await web.chat_postMessage(channel=general.id, text="reply", thread_ts=root))["ts"])
    await slack.delete(slack.dana, general, root)
    thread = await web.conversations_replies(channel=general.id, ts=reply)
    assert [message.get("subtype") for message in thread["messages"]] == ["tombstone", None]
    with pytest.raises(SlackApiError, match="message_not_found"):
        await web.chat_update(channel=general.id, ts=root, text="x")
    another = await web.chat_postMessage(channel=general.id, text="reply", thread_ts=root)
    await web.chat_delete(channel=general.id, ts=another["ts"])
    await web.chat_delete(channel=general.id, ts=reply)
    assert slack.messages(general) == []


async def test_a_root_whose_replies_are_gone_is_an_ordinary_message_again(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    root = await slack.say(slack.dana, general, "root")
    reply = str((await web.chat_postMessage(channel=general.id, text="reply", thread_ts=root))["ts"])
    assert (slack.message(general, root) or {})["thread_ts"] == root
    await web.chat_delete(channel=general.id, ts=reply)
    assert {"thread_ts", "reply_count", "latest_reply"}.isdisjoint(slack.message(general, root) or {})


async def test_reading_methods_see_nothing_of_a_json_body(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    ts = await slack.say(slack.dana, general, "root")
    with pytest.raises(SlackApiError, match="missing required field: channel"):
        await web.api_call("chat.getPermalink", json={"channel": general.id, "message_ts": ts})
    await web.api_call("chat.getPermalink", data={"channel": general.id, "message_ts": ts})
