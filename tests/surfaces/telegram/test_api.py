"""The Bot API as we call it, over real sockets: each call once, each failure told as what it means, the token told to nobody."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.messenger import Urgency
from bot.telegram import wire
from bot.telegram.api import LONGEST_PAUSE, Target, TelegramApi, telegram_api
from bot.telegram.pace import Pace
from engine.domain.json import JsonObject
from engine.errors import AuthExpiredError, IntegrationError, RefusedError, UnavailableError
from tests.surfaces.telegram.answering import TOKEN, Answer, Hand, answering, bad, break_off, good, listening, says

WORDS: JsonObject = {"text": "hello"}
GROUP, NEW_GROUP, DANA = -500, -1_000_500, 11
FLOOD = bad(429, "Too Many Requests: retry after 7", retry_after=7)
SENT = good({"message_id": 41})


def unused_root() -> str:
    """Where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


Call = Callable[[TelegramApi], Awaitable[object]]
EVERY_CALL: dict[str, Call] = {
    "getMe": lambda api: api.identity(),
    "getUpdates": lambda api: api.updates(7, timedelta(0)),
    "setWebhook": lambda api: api.set_webhook("https://example.org/telegram/webhook", "s"),
    "deleteWebhook": lambda api: api.delete_webhook(),
    "getWebhookInfo": lambda api: api.webhook(),
    "setMyCommands": lambda api: api.set_commands([("ask", "Ask")], language="he"),
    "deleteMyCommands": lambda api: api.set_commands([]),
    "getMyCommands": lambda api: api.commands(),
    "getChat": lambda api: api.chat(GROUP),
    "getChatMember": lambda api: api.member(GROUP, DANA),
    "sendMessage": lambda api: api.send(Target(chat=GROUP), WORDS),
    "sendDocument": lambda api: api.send_file(Target(chat=GROUP), "result.md", "all of it"),
    "editMessageText": lambda api: api.edit(GROUP, 5, WORDS),
    "answerCallbackQuery": lambda api: api.answer("q", "Done"),
}


# Failures.


UNCLEAR = [
    break_off, bad(500, "Internal Server Error"), says(502, "<html>Bad Gateway</html>"), says(200, '{"ok": tr'),
    says(200, [1]), says(200, {"result": 1}), says(200, "<html>"),
]  # fmt: skip


@pytest.mark.parametrize("method", EVERY_CALL)
async def test_where_nobody_knows_whether_it_was_done_that_is_said_and_it_is_asked_once(method: str) -> None:
    async with answering(*UNCLEAR) as at:
        for _ in UNCLEAR:
            with pytest.raises(UnavailableError) as failed:
                await EVERY_CALL[method](at.api)
            assert failed.value.retry_after is None
            assert (failed.value.code, failed.value.parameters["method"]) == ("telegram_unavailable", method)
        assert [asked for asked, _ in at.asked] == [method] * len(UNCLEAR)


@pytest.mark.parametrize("method", EVERY_CALL)
async def test_a_429_names_how_long_telegram_wants_to_be_left_alone(method: str) -> None:
    async with answering(FLOOD) as at:
        with pytest.raises(UnavailableError) as failed:
            await EVERY_CALL[method](at.api)
        assert (failed.value.code, failed.value.retry_after) == ("rate_limited", timedelta(seconds=7))
        assert len(at.asked) == 1


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (bad(429, "Too Many Requests: retry after 0", retry_after=0), 1),
        (bad(429, "Too Many Requests: retry after 0", retry_after=0.25), 1),
        (bad(429, "Too Many Requests"), 30),
        (bad(429, "Too Many Requests", retry_after="soon"), 30),
        (bad(429, "Too Many Requests", retry_after=True), 30),
        (says(429, "<html>slow down</html>"), 30),
        (says(200, {"ok": False, "error_code": 429, "description": "x", "parameters": {"retry_after": 3}}), 3),
        (says(429, {"ok": False, "error_code": 429, "description": "x", "parameters": [7]}), 30),
    ],
    ids=range(8),
)
async def test_a_429_of_any_shape_is_a_pause(answer: Answer, seconds: int) -> None:
    async with answering(answer) as at:
        with pytest.raises(UnavailableError) as failed:
            await at.api.send(Target(chat=GROUP), WORDS)
        assert failed.value.retry_after == timedelta(seconds=seconds)


async def test_a_429_halts_that_chat_alone() -> None:
    async with answering(FLOOD) as at:
        for call in (at.api.edit(GROUP, 5, WORDS), at.api.answer("q")):
            with pytest.raises(UnavailableError):
                await call
        assert at.api.pace.wait(GROUP, Urgency.NOTIFY) == timedelta(seconds=7)
        at.clock.seconds += 1
        assert at.api.pace.wait(DANA, Urgency.PROGRESS) == timedelta(0)


async def test_what_nobody_listens_to_surely_did_not_happen() -> None:
    async with telegram_api(TOKEN, unused_root(), pace=Pace(Hand())) as api:
        for method, call in EVERY_CALL.items():
            with pytest.raises(UnavailableError) as failed:
                await call(api)
            assert failed.value.code == "unreachable", method
            assert failed.value.retry_after == timedelta(seconds=1), method


async def test_the_longer_nothing_reaches_telegram_the_longer_everybody_waits_until_something_does() -> None:
    clock, root = Hand(), unused_root()
    async with telegram_api(TOKEN, root, pace=Pace(clock)) as api:
        pauses: list[timedelta | None] = []
        for _ in range(6):
            with pytest.raises(UnavailableError) as failed:
                await api.send(Target(chat=DANA), WORDS)
            pauses.append(failed.value.retry_after)
            assert api.pace.wait(GROUP, Urgency.NOTIFY) == failed.value.retry_after, "nobody is sent anything"
            clock.seconds += 30
        assert pauses == [timedelta(seconds=s) for s in (1, 7.5, 15, 20, 20, 20)]
        assert pauses[-1] == LONGEST_PAUSE
        with pytest.raises(UnavailableError):
            await api.identity()
        assert api.pace.wait(GROUP, Urgency.NOTIFY) == LONGEST_PAUSE
        async with listening(root, bad(400, "Bad Request: chat not found")):
            with pytest.raises(RefusedError):
                await api.chat(GROUP)
        assert api.pace.wait(GROUP, Urgency.NOTIFY) == timedelta(0), "it answers"


@pytest.mark.parametrize("status", [302, 403, 404, 407])
async def test_what_another_server_than_telegram_s_turns_away_did_not_happen(status: int) -> None:
    async with answering(says(status, "<html>corporate</html>", {"Location": "http://127.0.0.1:1/"})) as at:
        with pytest.raises(UnavailableError) as failed:
            await at.api.send(Target(chat=GROUP), WORDS)
        assert (failed.value.code, failed.value.retry_after) == ("unreachable", timedelta(seconds=1))


async def test_a_call_that_gets_no_answer_ends_and_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.telegram.api.ANSWER", timedelta(milliseconds=50))

    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with answering(silent) as at:
        with pytest.raises(UnavailableError) as failed:
            await at.api.updates(1, timedelta(0))
        assert (failed.value.code, failed.value.retry_after) == ("telegram_unavailable", None)
        assert failed.value.parameters["reason"] == "ReadTimeout"


async def test_a_call_that_is_answered_drop_by_drop_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    # No drop is waited for in vain; all of them together may take a tenth of a second.
    monkeypatch.setattr("bot.telegram.api.ANSWER", timedelta(seconds=10))
    monkeypatch.setattr("bot.telegram.api.CONNECT", timedelta(seconds=-9.9))

    async def dripping(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.01)

    async with answering(dripping) as at:
        with pytest.raises(UnavailableError) as failed:
            await at.api.updates(1, timedelta(0))
        assert failed.value.parameters["reason"] == "TimeoutError"


async def test_for_want_of_a_connection_of_our_own_it_did_not_happen_and_others_do_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "CONNECTIONS", 1)
    monkeypatch.setattr(wire, "POOL", timedelta(milliseconds=10))
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        begun.set()
        await may_end.wait()
        return await SENT(request)

    async with answering(slow) as at, asyncio.TaskGroup() as group:
        group.create_task(at.api.send(Target(chat=DANA), WORDS))
        await begun.wait()
        with pytest.raises(UnavailableError) as failed:
            await at.api.send(Target(chat=GROUP), WORDS)
        may_end.set()
        assert (failed.value.code, failed.value.retry_after) == ("unreachable", timedelta(seconds=1))
        assert at.api.pace.wait(-7, Urgency.NOTIFY) == timedelta(0)


@pytest.mark.parametrize("answer", [bad(401, "Unauthorized"), bad(404, "Not Found")], ids=["unknown", "malformed"])
async def test_a_token_telegram_does_not_know_is_told_apart_from_everything_else(answer: Answer) -> None:
    async with answering(answer) as at:
        with pytest.raises(AuthExpiredError) as failed:
            await at.api.identity()
        assert failed.value.code == "telegram_token_refused"


async def test_a_method_a_server_does_not_know_is_no_bad_token() -> None:
    async with answering(good({"id": 1}), bad(404, "Not Found: method not found")) as at:
        await at.api.identity()
        with pytest.raises(RefusedError) as failed:
            await at.api.commands()
        assert failed.value.parameters["reason"] == "method"


REFUSALS = {
    "Bad Request: chat not found": "chat_not_found",
    "Bad Request: PEER_ID_INVALID": "chat_not_found",
    "Forbidden: the group chat was deleted": "chat_not_found",
    "Forbidden: bot was blocked by the user": "blocked",
    "Forbidden: user is deactivated": "blocked",
    "Forbidden: bot can't initiate conversation with a user": "never_started",
    "Forbidden: bot was kicked from the supergroup chat": "kicked",
    "Forbidden: bot is not a member of the group chat": "kicked",
    "Bad Request: CHANNEL_PRIVATE": "kicked",
    "Bad Request: not enough rights to send text messages to the chat": "no_rights",
    "Bad Request: have no rights to send a message": "no_rights",
    "Bad Request: have no write access to the chat": "no_rights",
    "Bad Request: need administrator rights in the channel chat": "no_rights",
    "Bad Request: CHAT_WRITE_FORBIDDEN": "no_rights",
    "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN": "no_rights",
    "Bad Request: TOPIC_CLOSED": "topic_closed",
    "Bad Request: TOPIC_DELETED": "topic_gone",
    "Bad Request: message thread not found": "topic_gone",
    "Bad Request: message is too long": "too_long",
    "Bad Request: text is too long": "too_long",
    "Bad Request: message caption is too long": "too_long",
    "Bad Request: message text is empty": "empty",
    "Bad Request: text must be non-empty": "empty",
    "Bad Request: can't parse entities: Character '.' is reserved": "entities",
    'Bad Request: can\'t parse MessageEntity: Field "offset" must be of type Number': "entities",
    "Bad Request: entity beginning at UTF-16 offset 7 ends after the end of the text": "entities",
    "Bad Request: ENTITIES_TOO_LONG": "entities",
    "Bad Request: BUTTON_DATA_INVALID": "keyboard",
    "Bad Request: reply markup is too long": "keyboard",
    "Bad Request: inline keyboard button text must be non-empty": "keyboard",
    "Bad Request: can't parse reply keyboard markup JSON object": "keyboard",
    "Bad Request: A_WORD_OF_NEXT_YEAR": "other",
}


@pytest.mark.parametrize("description", REFUSALS)
async def test_what_telegram_refuses_has_a_stable_word(description: str) -> None:
    async with answering(bad(403 if description.startswith("Forbidden") else 400, description)) as at:
        with pytest.raises(RefusedError) as failed:
            await at.api.send(Target(chat=GROUP), WORDS)
        assert failed.value.parameters["reason"] == REFUSALS[description]
        assert failed.value.detail.lower().endswith(f"{description.removeprefix('Bad Request: ')}.".lower())


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to …", "webhook_active"),
        ("Conflict: terminated by other getUpdates request; make sure that only one …", "other_poller"),
        ("Conflict: terminated by setWebhook request", "other_poller"),
    ],
)
async def test_who_else_takes_the_updates_is_named(description: str, reason: str) -> None:
    async with answering(bad(409, description)) as at:
        with pytest.raises(RefusedError) as failed:
            await at.api.updates(1, timedelta(0))
        assert failed.value.parameters["reason"] == reason


async def test_a_file_that_is_too_large_is_refused_by_whoever_stands_before_telegram() -> None:
    async with answering(says(413, "<html>Request Entity Too Large</html>")) as at:
        with pytest.raises(RefusedError) as failed:
            await at.api.send_file(Target(chat=GROUP), "a.md", "x")
        assert failed.value.parameters["reason"] == "too_large"


# The token.


async def test_the_token_is_in_no_log_and_in_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    faults = [
        break_off,
        says(502, f"<html>POST /bot{TOKEN}/sendMessage</html>"),
        says(200, f"POST /bot{TOKEN}/sendMessage"),
        bad(400, f"Bad Request: /bot{TOKEN}/sendMessage"),
        bad(401, f"Unauthorized: {TOKEN}"),
        says(302, "", {"Location": f"http://127.0.0.1:1/bot{TOKEN}/getMe"}),
        good({}),
        SENT,
    ]
    told: list[str] = []
    async with answering(*faults) as at:
        told += [repr(at.api), repr(at.api._bot), str(at.api._bot)]
        for _ in faults:
            told += await failures(at.api.send(Target(chat=GROUP), WORDS))
    async with telegram_api(TOKEN, unused_root(), pace=Pace(Hand())) as api:
        told += await failures(api.identity())
    for root in ("gopher://127.0.0.1", "no address", "http://[::1", "http://127.0.0.1:99999"):
        async with telegram_api(TOKEN, root, pace=Pace(Hand())) as api:
            told += await failures(api.identity())
    assert len(told) > 12
    everything = [*told, *(record.getMessage() + str(record.exc_info) for record in caplog.records)]
    assert [text for text in everything if TOKEN in text or TOKEN.partition(":")[2] in text] == []


async def failures(call: Awaitable[object]) -> list[str]:
    """Every text of an error, and of what caused it."""
    try:
        await call
    except IntegrationError as error:
        chain: list[BaseException] = [error]
        while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
            chain.append(cause)
        texts = [text for one in chain for text in (str(one), repr(one), repr(one.args))]
        return [*texts, error.detail, repr(error.parameters)]
    return []


# Who we are, and what reaches us.


async def test_who_we_are() -> None:
    me = {
        "id": 7, "is_bot": True, "username": "tizmor_bot", "first_name": "Tizmor", "can_join_groups": True,
        "can_read_all_group_messages": False, "has_topics_enabled": True,
    }  # fmt: skip
    async with answering(good(me)) as at:
        identity = await at.api.identity()
    assert (identity.id, identity.username, identity.name) == (7, "tizmor_bot", "Tizmor")
    assert (identity.joins_groups, identity.reads_all_groups, identity.has_topics) == (True, False, True)


async def test_updates_come_as_they_are_and_an_odd_one_breaks_no_others() -> None:
    odd: list[Any] = [
        {"update_id": 1, "message": {"date": "yesterday"}},
        {"update_id": 2, "never_heard_of": []},
        "update",
        None,
    ]
    async with answering(good(odd)) as at:
        found = await at.api.updates(1, timedelta(seconds=0), 50)
        assert found == odd[:2]
        method, asked = at.asked[0]
    assert (method, asked["offset"], asked["timeout"], asked["limit"]) == ("getUpdates", "1", "0", "50")
    assert json.loads(asked["allowed_updates"]) == ["message", "edited_message", "callback_query", "my_chat_member"]


async def test_a_question_for_updates_takes_no_connection_from_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CONNECTIONS", 1)
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.match_info["method"] == "getUpdates":
            begun.set()
            await may_end.wait()
            return await good([])(request)
        return await SENT(request)

    async with answering(handle) as at, asyncio.TaskGroup() as group:
        group.create_task(at.api.updates(1, timedelta(seconds=50)))
        await begun.wait()
        assert await at.api.send(Target(chat=DANA), WORDS) == 41
        may_end.set()


async def test_menus_and_webhooks_are_set_as_telegram_takes_them() -> None:
    async with answering(good(True)) as at:
        await at.api.set_commands([("ask", "Ask")], scope="all_group_chats", language="he")
        await at.api.set_commands([], scope="all_group_chats", language="he")
        await at.api.set_webhook("https://example.org/x", "secret")
        await at.api.delete_webhook()
        (_, menu), (taken, away), (_, hook), (left, _) = at.asked
    assert json.loads(menu["commands"]) == [{"command": "ask", "description": "Ask"}]
    assert json.loads(menu["scope"]) == json.loads(away["scope"]) == {"type": "all_group_chats"}
    assert (menu["language_code"], taken, left) == ("he", "deleteMyCommands", "deleteWebhook")
    assert (hook["url"], hook["secret_token"]) == ("https://example.org/x", "secret")
    assert "callback_query" in json.loads(hook["allowed_updates"])
    assert "drop_pending_updates" not in hook
