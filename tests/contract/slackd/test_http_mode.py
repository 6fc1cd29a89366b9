"""HTTP mode: what we sign, the SDK's own verifier accepts; what is not answered comes again when Slack's would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web as aioweb
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock, SignatureVerifier

from tests.contract.slackd.listening import Heard, Sdk, listening_app, sdk
from tests.servers.slackd import Slackd

Json = dict[str, Any]


@dataclass(slots=True)
class Endpoint:
    """An app's address that answers as it is told and keeps raw requests."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list[tuple[int, dict[str, str]]])
    """Status and headers of the next answers; then 200."""
    requests: list[tuple[dict[str, str], str]] = field(default_factory=list[tuple[dict[str, str], str]])

    async def handle(self, request: aioweb.Request) -> aioweb.StreamResponse:
        body = await request.text()
        self.requests.append((dict(request.headers), body))
        if '"url_verification"' in body:
            return aioweb.json_response({"challenge": json.loads(body)["challenge"]})
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        return aioweb.Response(status=status, headers=headers)


@asynccontextmanager
async def serving(handler: Any) -> AsyncGenerator[str]:
    app = aioweb.Application()
    app.router.add_post("/slack/events", handler)
    runner = aioweb.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await aioweb.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


def bolt_handler(slack: Slackd, heard: Heard) -> Any:
    app = listening_app(slack, heard)

    async def handle(request: aioweb.Request) -> aioweb.StreamResponse:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return handle


async def test_a_bolt_app_hears_events_presses_and_commands_over_signed_http(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    heard = Heard(command_answer={"text": "On it"})
    async with serving(bolt_handler(slack, heard)) as url:
        assert await slack.deliver_to(url)
        await slack.say(slack.dana, general, f"{slack.mention} hello & <hi> \N{HEBREW LETTER SHIN}")
        await slack.settled()
        blocks = [
            {"type": "actions", "elements": [{"type": "button", "action_id": "ok", "text": PLAIN, "value": "1&2"}]}
        ]
        posted = await web.chat_postMessage(channel=general.id, text="x", blocks=blocks)
        await slack.settled()
        press = await slack.click(slack.dana, general, str(posted["ts"]), "ok")
        command = await slack.command(slack.dana, general, "/tizmor", "status of a&b")
    assert sorted(heard.types()) == ["app_mention", "message", "message"]
    assert (press.ok, press.status) == (True, 200)
    assert heard.interactions[0]["actions"][0]["value"] == "1&2"
    assert heard.commands[0]["text"] == "status of a&b"
    assert command.payload is not None
    assert slack.ephemerals(slack.dana)[0]["text"] == "On it"


async def test_a_wrong_secret_is_noticed_by_bolt(slack: Slackd) -> None:
    heard = Heard()
    handler = bolt_handler(slack, heard)
    slack.world.signing_secret = "another"
    async with serving(handler) as url:
        assert not await slack.deliver_to(url)


async def test_every_kind_of_request_carries_a_signature_the_sdk_accepts(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    endpoint = Endpoint()
    async with serving(endpoint.handle) as url:
        await slack.deliver_to(url)
        await slack.say(slack.dana, general, "שלום")
        await slack.settled()
        await slack.command(slack.dana, general, "/tizmor", "עזרה")
        await slack.global_shortcut(slack.dana, "new_request")
    verifier = SignatureVerifier(slack.signing_secret)
    assert len(endpoint.requests) == 4
    for headers, body in endpoint.requests:
        assert verifier.is_valid_request(body, headers)
        assert not verifier.is_valid_request(body + " ", headers)
    command, shortcut = (parse_qs(body) for _, body in endpoint.requests[2:])
    assert command["text"] == ["עזרה"]
    assert json.loads(shortcut["payload"][0])["callback_id"] == "new_request"


async def test_slacks_wall_can_be_wrong_by_more_than_the_verifier_takes(slack: Slackd, web: Sdk) -> None:
    slack.skew = 400
    headers = slack.parts.posts.sign("body")

    class Ahead(Clock):
        def now(self) -> float:
            return super().now() + 400

    assert not SignatureVerifier(slack.signing_secret).is_valid_request("body", headers)
    assert SignatureVerifier(slack.signing_secret, Ahead()).is_valid_request("body", headers)
    assert (await web.auth_test()).headers["Date"]


async def test_an_event_is_tried_at_once_after_a_minute_and_after_five(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    endpoint = Endpoint(answers=[(500, {}), (500, {}), (500, {}), (500, {})])
    async with serving(endpoint.handle) as url:
        await slack.deliver_to(url)
        await slack.say(slack.dana, general, "hello")
        for tries, seconds in ((2, 60), (3, 300)):
            await slack.eventually(lambda tries=tries: len(slack.log.deliveries("message")) == tries)
            await slack.eventually(lambda: slack.log.deliveries("message")[-1].fault)
            slack.clock.advance(seconds - 1)
            assert len(slack.log.deliveries("message")) == tries
            slack.clock.advance(1)
        await slack.settled()
    sent = [headers for headers, body in endpoint.requests if "event_callback" in body]
    assert [headers.get("X-Slack-Retry-Num") for headers in sent] == [None, "1", "2", "3"]
    assert [headers.get("X-Slack-Retry-Reason") for headers in sent] == [None, *["http_error"] * 3]
    bodies = {body for _, body in endpoint.requests if "event_callback" in body}
    assert len(bodies) == 1


async def test_no_retry_counts_with_an_error_only(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    endpoint = Endpoint(answers=[(500, {"X-Slack-No-Retry": "1"})])
    async with serving(endpoint.handle) as url:
        await slack.deliver_to(url)
        await slack.say(slack.dana, general, "hello")
        await slack.settled()
    assert len(slack.log.deliveries("message")) == 1


async def test_an_address_nobody_listens_on_is_a_failed_connection(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    async with serving(Endpoint().handle) as url:
        pass
    assert not await slack.deliver_to(url)
    await slack.say(slack.dana, general, "hello")
    await slack.eventually(
        lambda: [entry.fault for entry in slack.log.deliveries("message")] == ["connection_failed"] * 2
    )
    ack = await slack.command(slack.dana, general, "/tizmor", "help")
    assert (ack.ok, ack.reason) == (False, "connection_failed")


PLAIN = {"type": "plain_text", "text": "OK"}


@pytest.mark.parametrize("reachable", [True, False])
async def test_down_means_that_nothing_arrives(slack: Slackd, reachable: bool) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    endpoint = Endpoint()
    async with serving(endpoint.handle) as url:
        await slack.deliver_to(url)
        if not reachable:
            slack.down()
        ack = await slack.command(slack.dana, general, "/tizmor", "help")
        slack.up()
    assert ack.ok is reachable
    assert len(endpoint.requests) == 1 + reachable


async def test_an_app_that_does_not_answer_in_three_seconds_is_asked_again(slack: Slackd) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    released = asyncio.Event()
    numbers: list[str | None] = []

    async def slow(request: aioweb.Request) -> aioweb.StreamResponse:
        numbers.append(request.headers.get("X-Slack-Retry-Num"))
        if len(numbers) == 1:
            await released.wait()
        return aioweb.Response()

    async with serving(slow) as url:
        slack.parts.posts.url = url
        await slack.say(slack.dana, general, "hello")
        async with asyncio.timeout(5):
            while not numbers:
                await asyncio.to_thread(lambda: None)
        slack.clock.advance(3)
        await slack.settled()
        released.set()
    assert numbers == [None, "1"]
    assert slack.log.deliveries()[0].fault == "timeout"


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")  # by the SDK's own hand
async def test_a_code_of_an_installation_is_traded_for_the_bots_token(slack: Slackd) -> None:
    answer = await sdk(slack, "").oauth_v2_access(client_id="1", client_secret="s", code="code-1")
    assert (answer["access_token"], answer["team"]["id"]) == (slack.bot_token, slack.team_id)
    with pytest.raises(SlackApiError, match="invalid_code"):
        await sdk(slack, "").oauth_v2_access(client_id="1", client_secret="s", code="code-1")
