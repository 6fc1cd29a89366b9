"""Buttons, modals, commands and shortcuts: pressed by people here, heard by Bolt, answered by the SDK."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.contract.slackd.listening import Heard, Sdk, connected, refusal, sdk
from tests.servers.slackd import Channel, Slackd, SlackdOptions, serve_slackd
from tests.servers.slackd.sample import sample_manifest

Json = dict[str, Any]


def card(*actions: Json) -> list[Json]:
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": "A gate"}},
        {"type": "actions", "elements": list(actions)},
    ]


def button(action_id: str, value: str = "g1") -> Json:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": action_id}, "value": value}


MENU: Json = {
    "type": "static_select",
    "action_id": "which",
    "placeholder": {"type": "plain_text", "text": "Which Yoav?"},
    "options": [
        {"text": {"type": "plain_text", "text": "Yoav L."}, "value": "yl"},
        {"text": {"type": "plain_text", "text": "Yoav K."}, "value": "yk"},
    ],
}


def form(*, initial: str = "", notify: bool = False, external_id: str = "") -> Json:
    element: Json = {"type": "plain_text_input", "action_id": "text", "max_length": 20}
    if initial:
        element["initial_value"] = initial
    blocks: list[Json] = [
        {"type": "input", "block_id": "title", "label": {"type": "plain_text", "text": "Title"}, "element": element},
        {
            "type": "input",
            "block_id": "day",
            "optional": True,
            "label": {"type": "plain_text", "text": "Day"},
            "element": {"type": "datepicker", "action_id": "date", "initial_date": "2026-11-25"},
        },
    ]
    view: Json = {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "Edit"},
        "submit": {"type": "plain_text", "text": "Save"},
        "private_metadata": "g1",
        "blocks": blocks,
    }
    return view | ({"notify_on_close": True} if notify else {}) | ({"external_id": external_id} if external_id else {})


async def posted(slack: Slackd, web: Sdk, blocks: list[Json]) -> tuple[Channel, str]:
    general = slack.add_channel("general", members=[slack.dana, slack.avi])
    root = await slack.say(slack.dana, general, "go")
    answer = await web.chat_postMessage(channel=general.id, text="A gate", blocks=blocks, thread_ts=root)
    return general, str(answer["ts"])


async def opened(slack: Slackd, web: Sdk, heard: Heard, view: Json) -> Json:
    """A modal opened by Dana's click."""
    general, ts = await posted(slack, web, card(button("edit")))
    await slack.click(slack.dana, general, ts, "edit")
    await web.views_open(trigger_id=heard.interactions[-1]["trigger_id"], view=view)
    return slack.views(slack.dana)[-1]


async def test_a_click_carries_who_where_what_and_how_to_answer(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        general, ts = await posted(slack, web, card(button("approve"), button("reject")))
        ack = await slack.click(slack.avi, general, ts, "approve")
    (press,) = heard.interactions
    root = slack.messages(general)[0]["ts"]
    assert ack.ok
    assert (press["type"], press["user"]["id"], press["team"]["id"]) == ("block_actions", slack.avi.id, slack.team_id)
    assert press["channel"]["id"] == general.id
    assert press["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": general.id,
        "is_ephemeral": False,
        "thread_ts": root,
    }
    assert press["message"]["thread_ts"] == root
    assert (press["actions"][0]["action_id"], press["actions"][0]["value"]) == ("approve", "g1")
    assert press["actions"][0]["block_id"] == press["message"]["blocks"][1]["block_id"]


async def test_a_choice_from_a_menu_and_what_was_chosen_before_it_are_told(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        general, ts = await posted(slack, web, card(MENU, button("go")))
        await slack.click(slack.dana, general, ts, "which", selected="yk")
        await slack.click(slack.dana, general, ts, "go")
    choice, press = heard.interactions
    assert choice["actions"][0]["selected_option"]["value"] == "yk"
    (values,) = press["state"]["values"].values()
    assert values["which"]["selected_option"]["value"] == "yk"
    with pytest.raises(LookupError, match="no option"):
        await slack.click(slack.dana, general, ts, "which", selected="nobody")


async def test_a_button_that_was_taken_away_can_only_be_pressed_on_an_old_screen(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        general, ts = await posted(slack, web, card(button("approve")))
        old = dict(slack.message(general, ts) or {})
        await web.chat_update(channel=general.id, ts=ts, text="Done", blocks=[])
        with pytest.raises(LookupError, match="approve"):
            await slack.click(slack.dana, general, ts, "approve")
        ack = await slack.click(slack.dana, general, ts, "approve", stale=old)
    assert ack.ok
    assert heard.interactions[0]["actions"][0]["action_id"] == "approve"


async def test_two_people_may_press_at_once(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        general, ts = await posted(slack, web, card(button("approve")))
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(slack.click([slack.dana, slack.avi][number % 2], general, ts, "approve"))
    assert len(heard.interactions) == 50
    assert len({press["trigger_id"] for press in heard.interactions}) == 50


async def test_a_press_nobody_acknowledges_is_tried_once_and_fails(slack: Slackd, web: Sdk) -> None:
    general, ts = await posted(slack, web, card(button("approve")))
    ack = await slack.click(slack.dana, general, ts, "approve")
    assert (ack.ok, ack.reason) == (False, "connection_failed")
    assert len(slack.log.deliveries("block_actions")) == 1


async def test_without_interactivity_in_the_manifest_no_press_is_told() -> None:
    manifest = sample_manifest()
    manifest["settings"]["interactivity"]["is_enabled"] = False
    async with serve_slackd(SlackdOptions(manifest=manifest)) as slack:
        general = slack.add_channel("general", members=[slack.dana])
        answer = await sdk(slack, slack.bot_token).chat_postMessage(
            channel=general.id, text="x", blocks=card(button("approve"))
        )
        ack = await slack.click(slack.dana, general, str(answer["ts"]), "approve")
    assert ack.reason == "interactivity_disabled"


async def test_a_trigger_is_good_for_three_seconds_and_once(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        general, ts = await posted(slack, web, card(button("edit")))
        await slack.click(slack.dana, general, ts, "edit")
        await slack.click(slack.dana, general, ts, "edit")
        first, second = (press["trigger_id"] for press in heard.interactions)
        await web.views_open(trigger_id=first, view=form())
        with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
            await web.views_open(trigger_id=first, view=form())
        slack.clock.advance(3.1)
        with pytest.raises(SlackApiError, match="expired_trigger_id"):
            await web.views_open(trigger_id=second, view=form())
        with pytest.raises(SlackApiError, match="invalid_trigger_id"):
            await web.views_open(trigger_id="1.2.3", view=form())
    (view,) = slack.views(slack.dana)
    assert View(**view).callback_id == "form"
    assert slack.views(slack.avi) == []


async def test_a_modal_is_sent_off_with_what_was_written_and_what_was_there(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        view = await opened(slack, web, heard, form(initial="Draft"))
        ack = await slack.submit(slack.dana, view["id"], {"title": "Weekly"})
    values = heard.interactions[-1]["view"]["state"]["values"]
    assert values == {
        "title": {"text": {"type": "plain_text_input", "value": "Weekly"}},
        "day": {"date": {"type": "datepicker", "selected_date": "2026-11-25"}},
    }
    assert heard.interactions[-1]["view"]["private_metadata"] == "g1"
    assert ack.ok
    assert slack.views(slack.dana) == []


async def test_slacks_own_client_does_not_send_what_is_missing_or_too_long(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        view = await opened(slack, web, heard, form())
        for wrong in ({}, {"title": "x" * 21}):
            with pytest.raises(AssertionError, match="title"):
                await slack.submit(slack.dana, view["id"], wrong)
        with pytest.raises(LookupError, match="no input"):
            await slack.submit(slack.dana, view["id"], {"title": "x", "colour": "red"})
    assert [press["type"] for press in heard.interactions] == ["block_actions"]


async def test_errors_keep_a_modal_open_and_update_push_and_clear_do_what_they_say(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        view = await opened(slack, web, heard, form(initial="a"))
        heard.view_answer = {"response_action": "errors", "errors": {"title": "too short", "nowhere": "?"}}
        ack = await slack.submit(slack.dana, view["id"])
        assert ack.errors == {"title": "too short", "nowhere": "?"}
        assert slack.warnings == ["error_for_unknown_block:nowhere"]
        assert len(slack.views(slack.dana)) == 1
        heard.view_answer = {"response_action": "update", "view": form(initial="b")}
        await slack.submit(slack.dana, view["id"])
        assert slack.views(slack.dana)[0]["blocks"][0]["element"]["initial_value"] == "b"
        heard.view_answer = {"response_action": "push", "view": form(initial="c")}
        await slack.submit(slack.dana, view["id"])
        below, top = slack.views(slack.dana)
        assert (top["previous_view_id"], top["root_view_id"]) == (below["id"], below["id"])
        heard.view_answer = {"response_action": "clear"}
        await slack.submit(slack.dana, top["id"])
        assert slack.views(slack.dana) == []


async def test_a_modal_is_updated_only_while_it_is_open_and_unchanged(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        view = await opened(slack, web, heard, form(initial="a", external_id="gate-1"))
        old = view["hash"]
        updated = await web.views_update(external_id="gate-1", hash=old, view=form(initial="b", external_id="gate-1"))
        assert updated["view"]["id"] == view["id"]
        with pytest.raises(SlackApiError, match="hash_conflict"):
            await web.views_update(view_id=view["id"], hash=old, view=form())
        await slack.close_view(slack.dana, view["id"])
        with pytest.raises(SlackApiError, match="not_found"):
            await web.views_update(view_id=view["id"], view=form())


async def test_a_closed_modal_is_told_only_when_it_asked_for_it(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        view = await opened(slack, web, heard, form(initial="a"))
        assert await slack.close_view(slack.dana, view["id"]) is None
        slack.clock.advance(10)
        general = slack.channel("general")
        ts = slack.messages(general)[-1]["ts"]
        await slack.click(slack.dana, general, ts, "edit")
        await web.views_open(trigger_id=heard.interactions[-1]["trigger_id"], view=form(initial="a", notify=True))
        ack = await slack.close_view(slack.dana, slack.views(slack.dana)[0]["id"], clear=True)
    assert ack is not None
    assert ack.ok
    assert (heard.interactions[-1]["type"], heard.interactions[-1]["is_cleared"]) == ("view_closed", True)


async def test_a_command_never_has_a_thread_and_is_answered_at_once_for_one_person(slack: Slackd) -> None:
    heard = Heard(command_answer={"text": "On it", "response_type": "ephemeral"})
    general = slack.add_channel("general", members=[slack.dana])
    async with connected(slack, heard):
        ack = await slack.command(slack.dana, general, "/tizmor", "status")
    (command,) = heard.commands
    assert ack.ok
    assert "thread_ts" not in command
    assert (command["text"], command["user_id"], command["channel_id"]) == ("status", slack.dana.id, general.id)
    assert [message["text"] for message in slack.ephemerals(slack.dana)] == ["On it"]
    assert (await slack.command(slack.dana, general, "/other")).reason == "unknown_command"


async def test_shortcuts_carry_the_message_they_were_chosen_on(slack: Slackd) -> None:
    heard = Heard()
    general = slack.add_channel("general", members=[slack.dana])
    async with connected(slack, heard):
        root = await slack.say(slack.dana, general, "root")
        ts = await slack.say(slack.dana, general, "please do", root)
        assert (await slack.shortcut(slack.avi, general, ts, "do_this")).ok
        assert (await slack.global_shortcut(slack.avi, "new_request")).ok
    on_message, anywhere = heard.interactions
    assert (on_message["message_ts"], on_message["message"]["thread_ts"], on_message["user"]["id"]) == (
        ts,
        root,
        slack.avi.id,
    )
    assert anywhere["type"] == "shortcut"
    assert (await slack.shortcut(slack.avi, general, ts, "not_declared")).reason == "unknown_shortcut"


async def test_a_response_url_serves_five_times_within_thirty_minutes(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        general, ts = await posted(slack, web, card(button("approve")))
        await slack.click(slack.dana, general, ts, "approve")
        await slack.click(slack.dana, general, ts, "approve")
    first, second = (AsyncWebhookClient(press["response_url"]) for press in heard.interactions)
    for number in range(5):
        answer = await first.send(text=f"answer {number}", response_type="ephemeral")
        assert (answer.status_code, answer.body) == (200, "ok")
    assert (await first.send(text="one more")).status_code == 404
    assert len(slack.ephemerals(slack.dana)) == 5
    await second.send(text="Done", replace_original=True)
    assert (slack.message(general, ts) or {})["text"] == "Done"
    slack.clock.advance(1801)
    assert (await second.send(text="late")).status_code == 404


async def test_an_ephemeral_with_buttons_is_pressed_replaced_and_deleted_by_its_response_url(
    slack: Slackd, web: Sdk
) -> None:
    heard = Heard()
    general = slack.add_channel("general", members=[slack.dana])
    async with connected(slack, heard):
        shown = await web.chat_postEphemeral(
            channel=general.id, user=slack.dana.id, text="Sure?", blocks=card(button("sure"))
        )
        await slack.click(slack.dana, general, str(shown["message_ts"]), "sure")
    press = heard.interactions[0]
    assert press["container"]["is_ephemeral"] is True
    assert "message" not in press
    answer = AsyncWebhookClient(press["response_url"])
    await answer.send(text="Yes", replace_original=True)
    assert slack.ephemerals(slack.dana)[0]["text"] == "Yes"
    await answer.send(delete_original=True)
    assert slack.ephemerals(slack.dana) == []


async def test_a_home_view_is_published_and_opened(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    home: Json = {"type": "home", "blocks": card(button("refresh"))}
    async with connected(slack, heard):
        published = await web.views_publish(user_id=slack.dana.id, view=home)
        await slack.open_home_tab(slack.dana)
        await slack.open_messages_tab(slack.dana)
        await slack.settled()
        await slack.click_in_view(slack.dana, published["view"]["id"], "refresh")
    assert sorted(body["event"]["tab"] for body in heard.events) == ["home", "messages"]
    assert heard.interactions[0]["container"] == {"type": "view", "view_id": published["view"]["id"]}
    again = await web.views_publish(user_id=slack.dana.id, view=home)
    assert again["view"]["id"] == published["view"]["id"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await web.views_publish(user_id=slack.dana.id, view=home, hash=published["view"]["hash"] + "x")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"title": {"type": "plain_text", "text": "x" * 25}}, "/view/title/text"),
        ({"submit": None}, "/view/submit"),
        ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
        ({"type": "model"}, "/view/type"),
    ],
)
async def test_a_view_slack_would_refuse_is_refused_with_a_pointer(
    slack: Slackd, web: Sdk, change: Json, where: str
) -> None:
    trigger = slack.world.new_trigger(slack.dana.id)
    with pytest.raises(SlackApiError) as refused:
        await web.views_open(trigger_id=trigger, view=form() | change)
    answer = refusal(refused.value)
    assert answer["error"] == "invalid_arguments"
    assert any(where in message for message in answer["response_metadata"]["messages"])


async def test_a_view_of_more_than_250_kilobytes_is_too_large(slack: Slackd, web: Sdk) -> None:
    big = form() | {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 90}
    with pytest.raises(SlackApiError) as refused:
        await web.views_open(trigger_id=slack.world.new_trigger(slack.dana.id), view=big)
    assert refusal(refused.value)["error"] == "view_too_large"


async def test_a_forged_interaction_can_be_sent_as_it_is(slack: Slackd) -> None:
    heard = Heard()
    async with connected(slack, heard):
        ack = await slack.send_raw("interactive", {"type": "block_actions", "actions": [{"action_id": "x"}]})
    assert ack.ok
    assert heard.interactions[0]["actions"] == [{"action_id": "x"}]


async def test_the_response_url_refuses_what_slack_never_gave(slack: Slackd) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{slack.world.base_url}/response/T1/999", json={"text": "x"}) as answer,
    ):
        assert answer.status == 404


async def test_a_view_that_is_wrong_in_an_answer_to_a_modal_is_noticed(slack: Slackd, web: Sdk) -> None:
    heard = Heard()
    async with connected(slack, heard):
        view = await opened(slack, web, heard, form(initial="a"))
        heard.view_answer = {"response_action": "update", "view": form() | {"submit": None}}
        await slack.submit(slack.dana, view["id"])
    assert slack.views(slack.dana)[0]["hash"] == view["hash"]
    (warning,) = slack.warnings
    assert warning.startswith("refused_view_in_answer:invalid_arguments")
