"""The Web API as we call it, over real sockets: each call once, each failure told as what it means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.messenger import MessageGoneError
from bot.slack.web import SlackWeb, slack_client
from engine.domain.json import JsonObject
from engine.errors import AuthExpiredError, RefusedError, UnavailableError
from tests.servers.slackd import Fault, Slackd
from tests.surfaces.slack.calling import calling, room, serving
from tests.surfaces.slack.scene import warnings_logged

WORDS = {"text": "hello"}


@pytest.fixture
async def slack_and_web() -> AsyncGenerator[tuple[Slackd, SlackWeb]]:
    async with calling() as (slack, web):
        yield slack, web


# Failures.

Calls = dict[str, Callable[[SlackWeb, str, str], Awaitable[object]]]
EVERY_CALL: Calls = {
    "auth.test": lambda web, channel, user: web.identity(),
    "users.info": lambda web, channel, user: web.user(user),
    "users.conversations": lambda web, channel, user: web.channels(),
    "conversations.history": lambda web, channel, user: web.history(channel, "0", 10),
    "conversations.replies": lambda web, channel, user: web.replies(channel, "1.0"),
    "chat.postMessage": lambda web, channel, user: web.post(channel, WORDS),
    "chat.update": lambda web, channel, user: web.update(channel, "1.0", WORDS),
    "chat.postEphemeral": lambda web, channel, user: web.whisper(channel, user, "psst"),
    "views.open": lambda web, channel, user: web.open_view("1.2.x", {"type": "modal"}),
    "views.push": lambda web, channel, user: web.push_view("1.2.x", {"type": "modal"}),
    "views.update": lambda web, channel, user: web.update_view("V1", {"type": "modal"}, "h"),
    "conversations.open": lambda web, channel, user: web.open_dm(user),
    "chat.getPermalink": lambda web, channel, user: web.permalink(channel, "1.0"),
    "agents.sessions.setStatus": lambda web, channel, user: web.session_status(
        channel, "1.0", "active", title="", user=user
    ),
    "assistant.threads.setStatus": lambda web, channel, user: web.thinking(channel, "1.0", "…"),
    "assistant.threads.setSuggestedPrompts": lambda web, channel, user: web.suggest(channel, [{"title": "a"}]),
    "files.getUploadURLExternal": lambda web, channel, user: web.upload(channel, None, "a.md", "x", ""),
    "upload": lambda web, channel, user: web.upload(channel, None, "a.md", "x", ""),
    "files.completeUploadExternal": lambda web, channel, user: web.upload(channel, None, "a.md", "x", ""),
}
READS = {"users.info", "users.conversations", "conversations.history", "conversations.replies", "chat.getPermalink"}


@pytest.mark.parametrize("method", EVERY_CALL)
async def test_a_call_that_fails_is_made_once_and_says_it_may_work_later(
    slack_and_web: tuple[Slackd, SlackWeb], method: str
) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    for fault in (Fault.server_error(503), Fault.reset_before(), Fault.reset_after_commit()):
        slack.faults.next(method, fault, times=2)
        with pytest.raises(UnavailableError) as failed:
            await EVERY_CALL[method](web, channel.id, slack.dana.id)
        assert failed.value.retry_after is None, "nobody knows whether it was done"
        assert (failed.value.code, failed.value.parameters["method"]) == ("slack_unavailable", method)
        # What only reads goes as GET, which aiohttp repeats by itself where a connection had been kept.
        assert slack.faults.pending() == 1 or method in READS, "asked once"
        slack.faults.clear()


@pytest.mark.parametrize("method", [name for name in EVERY_CALL if name != "upload"])
async def test_a_429_names_how_long_slack_wants_to_be_left_alone(
    slack_and_web: tuple[Slackd, SlackWeb], method: str
) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    slack.faults.next(method, Fault.rate_limited(217))
    with pytest.raises(UnavailableError) as failed:
        await EVERY_CALL[method](web, channel.id, slack.dana.id)
    assert failed.value.retry_after == timedelta(seconds=217)


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("token_revoked", AuthExpiredError),
        ("account_inactive", AuthExpiredError),
        ("invalid_auth", AuthExpiredError),
        ("not_authed", AuthExpiredError),
        ("token_expired", AuthExpiredError),
        ("internal_error", UnavailableError),
        ("fatal_error", UnavailableError),
        ("service_unavailable", UnavailableError),
        ("ratelimited", UnavailableError),
        ("is_archived", RefusedError),
        ("missing_scope", RefusedError),
        ("a_word_of_next_year", RefusedError),
    ],
)
async def test_slacks_words_for_failing_are_told_as_what_to_do(
    slack_and_web: tuple[Slackd, SlackWeb], word: str, error: type[Exception]
) -> None:
    slack, web = slack_and_web
    slack.faults.next("chat.postMessage", Fault.error(word))
    with pytest.raises(error) as failed:
        await web.post(room(slack).id, WORDS)
    assert word in str(failed.value)


@pytest.mark.parametrize("word", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_a_message_that_can_be_edited_no_more_is_gone(slack_and_web: tuple[Slackd, SlackWeb], word: str) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    slack.faults.next("chat.update", Fault.error(word))
    with pytest.raises(MessageGoneError):
        await web.update(channel.id, await web.post(channel.id, WORDS), WORDS)


async def test_a_revoked_token_and_a_removed_app_are_told_by_the_real_thing(
    slack_and_web: tuple[Slackd, SlackWeb],
) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    await slack.revoke_tokens()
    with pytest.raises(AuthExpiredError, match="token_revoked"):
        await web.post(channel.id, WORDS)


async def test_what_slack_finds_wrong_with_blocks_is_named(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    slack, web = slack_and_web
    blocks = [{"type": "section"}] * 51
    with pytest.raises(RefusedError) as failed:
        await web.post(room(slack).id, {"text": "x", "blocks": blocks})
    assert failed.value.parameters["reason"] == "invalid_blocks"
    assert "[ERROR]" in failed.value.detail


async def test_a_call_that_takes_too_long_is_given_up_though_it_may_still_be_done() -> None:
    async with calling(timedelta(seconds=0.2)) as (slack, web):
        channel = room(slack)
        slack.faults.next("chat.postMessage", Fault.latency(600))
        with pytest.raises(UnavailableError) as failed:
            await web.post(channel.id, WORDS)
        assert failed.value.retry_after is None
        slack.clock.advance(600)
        await slack.eventually(lambda: len(slack.messages(channel)) == 1)


async def test_a_call_that_is_cancelled_stops() -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        asked.set()
        await answer.wait()
        return web.json_response({"ok": True})

    async with serving(slow) as url, slack_client("xoxb-1", url, timedelta(seconds=60)) as client:
        async with asyncio.TaskGroup() as group:
            call = group.create_task(SlackWeb(client).post("C1", WORDS))
            await asked.wait()
            call.cancel()
        assert call.cancelled()
        answer.set()


SENSELESS = {
    "no JSON": web.Response(text="<html>", content_type="application/json"),
    "a page": web.Response(text="<html>Sign in to the network</html>", content_type="text/html"),
    "plain text": web.Response(text="ok", content_type="text/plain"),
    "a list": web.Response(text="[1]", content_type="application/json"),
    "null": web.Response(text="null", content_type="application/json"),
    "nothing": web.Response(body=b""),
    "no Unicode": web.Response(body=b"\xff\xfe{", content_type="application/json"),
    "no reason": web.Response(text='{"ok": false}', content_type="application/json"),
    "half an answer": web.Response(text='{"ok": tr', content_type="application/json"),
}


@pytest.mark.parametrize("kind", SENSELESS)
async def test_an_answer_that_is_not_slacks_is_no_answer(kind: str) -> None:
    answer = SENSELESS[kind]

    async def strange(request: web.Request) -> web.Response:
        return web.Response(body=answer.body, headers={"Content-Type": answer.headers.get("Content-Type", "")})

    async with serving(strange) as url, slack_client("xoxb-1", url, timedelta(seconds=5)) as client:
        with pytest.raises(UnavailableError) as failed:
            await SlackWeb(client).post("C1", WORDS)
        assert failed.value.retry_after is None


@pytest.mark.parametrize(
    ("header", "seconds"), [("", 30), ("soon", 30), ("nan", 30), ("1e999", 30), ("-5", 0), ("1.5", 1.5)]
)
async def test_a_429_whose_pause_is_no_number_still_means_a_pause(header: str, seconds: float) -> None:
    async def busy(request: web.Request) -> web.Response:
        return web.Response(status=429, text="slow down", headers={"Retry-After": header} if header else {})

    async with serving(busy) as url, slack_client("xoxb-1", url, timedelta(seconds=5)) as client:
        with pytest.raises(UnavailableError) as failed:
            await SlackWeb(client).post("C1", WORDS)
        assert failed.value.retry_after == timedelta(seconds=seconds)


# The client.


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert AsyncWebClient().proxy, "the SDK takes it by itself: the test is about something"
    async with calling() as (slack, web):
        assert (await web.identity()).team_id == slack.team_id
        await web.upload(room(slack).id, None, "a.md", "x", "")


async def test_a_proxy_that_was_named_is_used() -> None:
    async def proxy(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "team_id": "T-through-proxy"})

    async with (
        serving(proxy) as url,
        slack_client("xoxb-1", "http://slack.invalid/api/", timedelta(seconds=5), proxy=url) as client,
    ):
        assert (await SlackWeb(client).identity()).team_id == "T-through-proxy"


async def test_connections_are_closed_at_the_end() -> None:
    async with slack_client("xoxb-1", "http://127.0.0.1:9/api/", timedelta(seconds=5)) as client:
        session = client.session
        assert session is not None
        assert not session.closed
    assert session.closed


# What is asked.


async def test_who_we_are_and_what_we_may_do(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    slack, web = slack_and_web
    identity = await web.identity()
    assert (identity.team_id, identity.bot_user_id) == (slack.team_id, slack.bot_user_id)
    assert identity.bot_id == slack.world.bot_id
    assert "chat:write" in identity.scopes
    assert identity.url.startswith("https://")
    assert identity.team_name


async def test_a_person_is_looked_up(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    slack, web = slack_and_web
    assert (await web.user(slack.dana.id))["id"] == slack.dana.id
    with pytest.raises(RefusedError, match="user_not_found"):
        await web.user("U0NOBODY00")


async def test_every_open_conversation_is_listed_over_all_pages(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    slack, web = slack_and_web
    made = {slack.add_channel(f"room-{n}", [slack.dana], private=n % 3 == 0).id for n in range(230)}
    slack.add_channel("old", [slack.dana], archived=True)
    made.add(slack.add_channel("three", [slack.dana, slack.avi], group_dm=True).id)
    made.add(slack.im(slack.dana).id)
    found = [channel["id"] for channel in await web.channels()]
    assert made <= set(found)
    assert len(found) == len(set(found))
    assert not any(channel.get("is_archived") for channel in await web.channels())
    assert len(slack.log.calls("users.conversations")) >= 4, "more than one page"


async def test_the_newest_messages_come_oldest_first(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    stamps = [await slack.say(slack.dana, channel, f"message {n}", lost=True) for n in range(250)]
    assert [m["ts"] for m in await web.history(channel.id, "0", 1_000)] == stamps
    assert [m["ts"] for m in await web.history(channel.id, stamps[100], 1_000)] == stamps[101:]
    assert [m["ts"] for m in await web.history(channel.id, "0", 210)] == stamps[-210:]


async def test_a_thread_is_read_over_all_pages_with_our_own_marks(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    root = await slack.say(slack.dana, channel, "root", lost=True)
    stamps = [root, *[await slack.say(slack.dana, channel, f"{n}", root, lost=True) for n in range(205)]]
    mark = {"event_type": "tizmor_message", "event_payload": {"key": "k1"}}
    stamps.append(await web.post(channel.id, WORDS, thread_ts=root, metadata=mark))
    found = await web.replies(channel.id, root, limit=1_000)
    assert [m["ts"] for m in found] == stamps
    assert found[-1]["metadata"] == mark
    assert [m["ts"] for m in await web.replies(channel.id, root)] == stamps[:200]


async def test_the_end_of_a_thread_is_read_where_its_newest_messages_are_wanted(
    slack_and_web: tuple[Slackd, SlackWeb], monkeypatch: pytest.MonkeyPatch
) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    root = await slack.say(slack.dana, channel, "root", lost=True)
    stamps = [root, *[await slack.say(slack.dana, channel, f"{n}", root, lost=True) for n in range(230)]]
    assert [m["ts"] for m in await web.replies(channel.id, root, limit=50, newest=True)] == stamps[-50:]
    assert [m["ts"] for m in await web.replies(channel.id, root, stamps[200], 50, newest=True)] == [root, *stamps[201:]]
    assert [m["ts"] for m in await web.replies(channel.id, root, limit=1_000, newest=True)] == stamps
    monkeypatch.setattr("bot.slack.web.MOST_GONE_THROUGH", 100)
    with warnings_logged() as logged:
        found = await web.replies(channel.id, root, limit=50, newest=True)
    assert [m["ts"] for m in found] == stamps[50:100], "no thread is gone through for ever"
    assert any("slack_thread_read_in_part" in line for line in logged)


@pytest.mark.parametrize(("cursor", "calls"), [("same", 2), ("other", 100)])
async def test_pages_that_never_end_are_left(cursor: str, calls: int) -> None:
    asked: list[str] = []

    async def endless(request: web.Request) -> web.Response:
        asked.append(str(dict(await request.post()).get("cursor") or request.query.get("cursor")))
        following = "again" if cursor == "same" else f"page-{len(asked)}"
        page = {"ok": True, "channels": [{"id": "C1"}], "response_metadata": {"next_cursor": following}}
        return web.json_response(page)

    async with serving(endless) as url, slack_client("xoxb-1", url, timedelta(seconds=5)) as client:
        with warnings_logged() as logged:
            async with asyncio.timeout(20):
                found = await SlackWeb(client).channels()
    assert (len(asked), len(found)) == (calls, calls)
    assert sum("slack_pages_left_out" in line for line in logged) == 1


async def test_a_post_unfurls_nothing_and_makes_no_mention_of_its_own(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    ts = await web.post(channel.id, {"text": "see #general, @avi and http://a.example"})
    sent = slack.log.calls("chat.postMessage")[-1].params
    assert (sent["unfurl_links"], sent["unfurl_media"], sent["link_names"], sent["parse"]) == (
        False,
        False,
        False,
        "none",
    )
    assert "reply_broadcast" not in sent
    assert "blocks" not in sent
    await web.update(channel.id, ts, WORDS)
    sent = slack.log.calls("chat.update")[-1].params
    assert (sent["link_names"], sent["parse"]) == (False, "none"), "Slack's own default for edits is another one"
    await web.whisper(channel.id, slack.dana.id, "only you")
    sent = slack.log.calls("chat.postEphemeral")[-1].params
    assert (sent["link_names"], sent["parse"]) == (False, "none")


async def test_an_edit_keeps_the_mark_and_leaves_no_old_blocks(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    mark = {"event_type": "tizmor_message", "event_payload": {"key": "k1"}}
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "first"}}]
    ts = await web.post(channel.id, {"text": "first", "blocks": blocks}, metadata=mark)
    await web.update(channel.id, ts, {"text": "second"})
    message = slack.message(channel, ts)
    assert message is not None
    assert (message["text"], message.get("blocks"), message["metadata"]) == ("second", None, mark)


async def test_a_whisper_is_seen_by_one_person(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    root = await slack.say(slack.dana, channel, "root", lost=True)
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "only you"}}]
    await web.whisper(channel.id, slack.avi.id, "only you", thread_ts=root, blocks=blocks)
    assert [m["text"] for m in slack.ephemerals(slack.avi)] == ["only you"]
    assert slack.ephemerals(slack.dana) == []


async def test_a_direct_conversation_is_opened_and_a_link_is_made(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    slack, web = slack_and_web
    channel = await web.open_dm(slack.dana.id)
    assert channel == slack.im(slack.dana).id
    ts = await web.post(channel, WORDS)
    assert ts.replace(".", "") in await web.permalink(channel, ts)


async def test_a_link_is_asked_for_once_for_each_message_and_the_oldest_are_forgotten(
    slack_and_web: tuple[Slackd, SlackWeb], monkeypatch: pytest.MonkeyPatch
) -> None:
    slack, web = slack_and_web
    monkeypatch.setattr("bot.slack.web.MOST_LINKS", 2)
    channel = room(slack).id
    slack.faults.next("chat.getPermalink", Fault.error("message_not_found"))
    stamps = [await web.post(channel, WORDS) for _ in range(3)]
    with pytest.raises(RefusedError):
        await web.permalink(channel, stamps[0])
    links = [await web.permalink(channel, ts) for ts in stamps[:2] * 2]
    assert links[:2] == links[2:]
    assert len(set(links)) == 2
    assert len(slack.log.calls("chat.getPermalink")) == 3, "what failed is asked for again"
    await web.permalink(channel, stamps[2])
    await web.permalink(channel, stamps[1])
    assert len(slack.log.calls("chat.getPermalink")) == 4
    assert await web.permalink(channel, stamps[0]) == links[0]
    assert len(slack.log.calls("chat.getPermalink")) == 5


async def test_a_link_slack_does_not_name_is_none() -> None:
    async def mute(request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async with serving(mute) as url, slack_client("xoxb-1", url, timedelta(seconds=5)) as client:
        assert await SlackWeb(client).permalink("C1", "1.0") == ""


WARNED = "missing_agent_session_stopped_event_subscription"


@pytest.mark.parametrize(
    ("answer", "times"),
    [
        ({"warning": WARNED}, 1),
        ({"response_metadata": {"warnings": ["another", WARNED]}}, 1),
        ({"warning": "another"}, 0),
        ({}, 0),
    ],
)
async def test_that_nobody_would_hear_of_the_stop_button_is_said_once(answer: dict[str, object], times: int) -> None:
    async def warning(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, **answer})

    async with serving(warning) as url, slack_client("xoxb-1", url, timedelta(seconds=5)) as client:
        web_api = SlackWeb(client)
        with warnings_logged() as logged:
            for _ in range(3):
                await web_api.session_status("C1", "1.0", "processing", title="Do it", user="U1")
    assert sum(WARNED in line for line in logged) == times


async def test_a_session_is_made_and_moved_and_a_line_is_shown_and_cleared(
    slack_and_web: tuple[Slackd, SlackWeb],
) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    root = await slack.say(slack.dana, channel, "root", lost=True)
    await web.session_status(channel.id, root, "processing", title="t" * 300, user=slack.dana.id)
    assert slack.session(channel, root) == "processing"
    await web.session_status(channel.id, root, "active", title="", user="")
    assert slack.session(channel, root) == "active"
    await web.thinking(channel.id, root, "is planning…")
    assert slack.status(channel, root) == "is planning…"
    await web.thinking(channel.id, root, "")
    assert slack.status(channel, root) is None
    await web.suggest(slack.im(slack.dana).id, [{"title": "One", "message": "Do one"}])
    assert [p["title"] for p in slack.prompts(slack.im(slack.dana))] == ["One"]


async def test_a_text_becomes_a_file_in_the_thread(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    root = await slack.say(slack.dana, channel, "root", lost=True)
    file_id = await web.upload(channel.id, root, "תוצאה.md", "שלום " * 1_000, "the whole of it")
    assert slack.file(file_id).decode() == "שלום " * 1_000
    shared = slack.messages(channel, root)[-1]
    assert (shared["text"], shared["files"][0]["name"]) == ("the whole of it", "תוצאה.md")
    await web.upload(channel.id, None, "empty.md", "", "")


async def test_an_upload_whose_bytes_are_not_taken_is_refused_and_not_shown(
    slack_and_web: tuple[Slackd, SlackWeb],
) -> None:
    slack, web = slack_and_web
    channel = room(slack)
    slack.faults.next("upload", Fault(kind="status", status=413))
    with pytest.raises(RefusedError, match="413"):
        await web.upload(channel.id, None, "a.md", "x", "")
    assert slack.messages(channel) == []


async def test_a_form_is_opened_once_for_whoever_pressed(slack_and_web: tuple[Slackd, SlackWeb]) -> None:
    _, web = slack_and_web
    view: JsonObject = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []}
    with pytest.raises(RefusedError, match=r"invalid_trigger|expired_trigger|invalid_arguments|exchanged_trigger"):
        await web.open_view("1.2.forged", view)
    with pytest.raises(RefusedError, match=r"invalid_trigger|expired_trigger|invalid_arguments|exchanged_trigger"):
        await web.push_view("1.2.forged", view)
    with pytest.raises(RefusedError, match=r"not_found|view_not_found"):
        await web.update_view("V0NONE", view, "hash")
