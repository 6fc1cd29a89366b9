"""What Slack refuses in a message, and in which words."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.contract.slackd.listening import Sdk, refusal
from tests.servers.slackd import Channel, Slackd

Json = dict[str, Any]


@pytest.fixture
def general(slack: Slackd) -> Channel:
    return slack.add_channel("general", members=[slack.dana])


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str) -> Json:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "OK"}}


INVALID: dict[str, tuple[list[Json], str]] = {
    "fifty-one blocks": ([section("x")] * 51, "/blocks"),
    "the same action id twice in a block": (
        [{"type": "actions", "elements": [button("a"), button("a")]}],
        "/blocks/0/elements/1",
    ),
    "the same action id in two blocks": (
        [{"type": "actions", "elements": [button("a")]}, {"type": "actions", "elements": [button("a")]}],
        "/blocks/1/elements/0",
    ),
    "the same block id twice": ([section("x", block_id="b"), section("y", block_id="b")], "/blocks/1"),
    "a section of 3001 characters": ([section("x" * 3001)], "/blocks/0/text/text"),
    "a block of no type": ([{"text": "x"}], "/blocks/0"),
    "a block of an unknown type": ([{"type": "nope"}], "/blocks/0"),
    "a task that is pending outside a plan": (
        [{"type": "task_card", "task_id": "t", "title": "T", "status": "pending"}],
        "/blocks/0/status",
    ),
    "more than 12,000 characters of markdown": ([{"type": "markdown", "text": "x" * 6001}] * 2, "/blocks"),
}


@pytest.mark.parametrize("case", INVALID)
async def test_blocks_slack_would_refuse_are_refused_with_a_pointer(
    slack: Slackd, web: Sdk, general: Channel, case: str
) -> None:
    blocks, where = INVALID[case]
    with pytest.raises(SlackApiError) as refused:
        await web.chat_postMessage(channel=general.id, text="x", blocks=blocks)
    answer = refusal(refused.value)
    assert answer["error"] == "invalid_blocks"
    assert any(f"[json-pointer:{where}" in message for message in answer["response_metadata"]["messages"]), answer
    assert slack.messages(general) == []
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        await web.blocks_validate(blocks=blocks)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": " \n"}, "no_text"),
        ({"text": "x", "markdown_text": "x"}, "markdown_text_conflict"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": ""}, "invalid_blocks_format"),
        ({"text": "x", "blocks": '"x"'}, "invalid_blocks_format"),
        ({"text": "x", "attachments": [{"text": "a"}] * 101}, "too_many_attachments"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "a", "event_payload": {}, "other": 1}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "a", "event_payload": {"a": "x" * 16_001}}}, "metadata_too_large"),
    ],
)
async def test_messages_slack_would_refuse(slack: Slackd, web: Sdk, general: Channel, params: Json, error: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        await web.api_call("chat.postMessage", json={"channel": general.id, **params})
    assert refusal(refused.value)["error"] == error
    assert slack.messages(general) == []


async def test_a_post_is_cut_and_an_edit_refused_when_they_are_too_long(
    slack: Slackd, web: Sdk, general: Channel
) -> None:
    posted = await web.chat_postMessage(channel=general.id, text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    assert posted["response_metadata"]["warnings"] == ["message_truncated"]
    assert slack.warnings == ["message_truncated:chat.postMessage"]
    await web.chat_update(channel=general.id, ts=posted["ts"], text="y" * 4_000)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await web.chat_update(channel=general.id, ts=posted["ts"], text="y" * 4_001)


async def test_blocks_without_a_text_are_taken_with_a_warning(slack: Slackd, web: Sdk, general: Channel) -> None:
    answer = await web.api_call("chat.postMessage", json={"channel": general.id, "blocks": [section("x")]})
    assert answer["warning"] == "missing_text_in_message"
    assert slack.warnings == ["missing_text_in_message:chat.postMessage"]


async def test_forms_json_and_query_strings_say_the_same(slack: Slackd, web: Sdk, general: Channel) -> None:
    await web.api_call("chat.postMessage", data={"channel": general.id, "text": "form", "unfurl_links": "false"})
    await web.api_call("chat.postMessage", json={"channel": general.id, "text": "json", "unfurl_links": False})
    await web.api_call("chat.postMessage", params={"channel": general.id, "text": "query", "unfurl_links": False})
    blocks = '[{"type":"divider"}]'
    await web.api_call("chat.postMessage", files={}, data={"channel": general.id, "text": "blocks", "blocks": blocks})
    assert [message["text"] for message in slack.messages(general)] == ["form", "json", "query", "blocks"]
    assert slack.messages(general)[-1]["blocks"][0]["type"] == "divider"
    assert slack.warnings == []


async def test_another_name_or_face_needs_its_scope(web: Sdk, general: Channel) -> None:
    with pytest.raises(SlackApiError) as refused:
        await web.chat_postMessage(channel=general.id, text="x", username="Somebody")
    assert refusal(refused.value)["needed"] == "chat:write.customize"


async def test_text_that_is_no_unicode_breaks_nothing(slack: Slackd, web: Sdk, general: Channel) -> None:
    await web.api_call("chat.postMessage", json={"channel": general.id, "text": "a\ud800b\x00c"})
    assert slack.messages(general)[0]["text"] == "a\ud800b\x00c"
    thread = await web.conversations_history(channel=general.id)
    assert thread["messages"][0]["text"] == "a\ud800b\x00c"


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")])
async def test_bodies_that_are_no_objects_are_refused(slack: Slackd, body: str, error: str) -> None:
    headers = {"Authorization": f"Bearer {slack.bot_token}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{slack.api_url}auth.test", data=body, headers=headers) as answer,
    ):
        assert (await answer.json())["error"] == error
