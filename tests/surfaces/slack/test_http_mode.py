"""Slack over HTTP: signed, committed before it is answered, and closed to everybody else."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

from bot.slack.http import LARGEST
from tests.surfaces.slack.intake import WORDS, Intake, logged, over_http, room, say_everything, soon

JSON, FORM = {"Content-Type": "application/json"}, {"Content-Type": "application/x-www-form-urlencoded"}
BODY = '{"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_uninstalled"}}'


def signed(body: str, secret: str, at: int = 0) -> dict[str, str]:
    """As Slack signs, in the SDK's own reading of it."""
    stamp = str(int(time.time()) + at)
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature or "", **JSON}


async def post(address: str, body: Any, headers: Mapping[str, str]) -> int:
    data = io.BytesIO(body) if isinstance(body, bytes) else body
    async with aiohttp.ClientSession() as session, session.post(address, data=data, headers=headers) as answer:
        text = await answer.text()
        assert len(text) < 200
        return answer.status


async def test_everything_a_person_can_do_is_committed_and_acknowledged_and_nothing_of_it_is_logged() -> None:
    intake = Intake()
    async with logged() as lines, over_http(intake) as (slack, _):
        expected = await say_everything(slack, room(slack))
        assert all(entry.ok for entry in slack.log.deliveries())
        assert sorted(intake.kinds) == expected
        assert slack.log.calls("auth.test") == []
    told = "\n".join(lines)
    for secret in (WORDS, slack.bot_token, slack.signing_secret):
        assert secret not in told


async def test_it_is_answered_only_once_it_is_committed() -> None:
    intake = Intake()
    intake.open.clear()
    async with over_http(intake) as (slack, _):
        await slack.say(slack.dana, slack.im(slack.dana), WORDS)
        await soon(lambda: intake.arrived)
        assert not slack.log.deliveries("message")[0].ok
        intake.open.set()
        await slack.settled()
        assert slack.log.deliveries("message")[0].ok
        assert intake.texts == [WORDS]


async def test_what_cannot_be_committed_is_answered_with_500_and_comes_again() -> None:
    intake = Intake(failures=2)
    async with logged() as lines, over_http(intake) as (slack, _):
        await slack.say(slack.dana, slack.im(slack.dana), WORDS)
        await slack.eventually(lambda: len(slack.log.deliveries("message")) == 2 and intake.failures == 0)
        await slack.eventually(lambda: slack.log.deliveries("message")[1].status == 500)
        slack.clock.advance(60)
        await slack.settled()
        assert [entry.status for entry in slack.log.deliveries("message")] == [500, 500, 200]
        assert intake.texts == [WORDS]
    assert not any(WORDS in line for line in lines)


async def test_a_message_of_which_only_the_retry_arrives_is_taken() -> None:
    intake = Intake()
    async with over_http(intake) as (slack, _):
        slack.deliveries.next("message", drop_first=True)
        await slack.say(slack.dana, slack.im(slack.dana), WORDS)
        await slack.settled()
        assert intake.texts == [WORDS]


async def test_a_form_that_is_wrong_stays_open_with_what_is_wrong() -> None:
    intake = Intake(wrong={"title": "ארוך מדי"})
    async with over_http(intake) as (slack, _):
        view = {"id": "V1", "hash": "1.a", "private_metadata": "edit|e1|a1||0"}
        payload: dict[str, Any] = {"type": "view_submission", "user": {"id": slack.dana.id}, "view": view}
        ack = await slack.send_raw("interactive", payload)
        assert (ack.action, ack.errors) == ("errors", {"title": "ארוך מדי"})
        assert intake.taken == []


@pytest.mark.parametrize(
    "headers",
    [
        JSON,
        signed(BODY, "another secret"),
        signed(BODY + " ", "8f742231b10e8888abcd99yyyzzz85a5"),
        signed(BODY, "8f742231b10e8888abcd99yyyzzz85a5") | {"X-Slack-Signature": "v0="},
        signed(BODY, "8f742231b10e8888abcd99yyyzzz85a5") | {"X-Slack-Signature": "v0=é"},
        signed(BODY, "8f742231b10e8888abcd99yyyzzz85a5") | {"X-Slack-Request-Timestamp": "now"},
        signed(BODY, "8f742231b10e8888abcd99yyyzzz85a5") | {"X-Slack-Request-Timestamp": "9" * 4_000},
        signed(BODY, "8f742231b10e8888abcd99yyyzzz85a5") | {"X-Slack-Request-Timestamp": "٣"},
    ],
    ids=["nothing", "another secret", "another body", "empty", "not ascii", "no time", "endless time", "other digits"],
)
async def test_what_slack_did_not_sign_is_refused(headers: dict[str, str]) -> None:
    intake = Intake()
    async with logged() as lines, over_http(intake) as (slack, address):
        assert slack.signing_secret == "8f742231b10e8888abcd99yyyzzz85a5"
        assert await post(address, BODY, headers) == 401
        assert await post(address, BODY, signed(BODY, slack.signing_secret)) == 200
    assert intake.kinds == ["gone"]
    assert not any("not_taken" in line for line in lines)


@pytest.mark.parametrize(("at", "status"), [(-299, 200), (-301, 401), (302, 401)])
async def test_a_request_that_was_signed_long_ago_or_far_ahead_is_refused(at: int, status: int) -> None:
    async with over_http(Intake()) as (slack, address):
        assert await post(address, BODY, signed(BODY, slack.signing_secret, at)) == status


async def test_without_a_secret_nothing_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "of another app")
    intake = Intake()
    async with over_http(intake, signed=False) as (_, address):
        for secret in ("of another app", "None", " "):
            stamp = str(int(time.time()))
            verifier = SignatureVerifier("placeholder")
            verifier._signing_secret = secret
            signature = verifier.generate_signature(timestamp=stamp, body=BODY)
            headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature or "", **JSON}
            assert await post(address, BODY, headers) == 401
    assert intake.taken == []


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\xff\xfe{", JSON, 400),
        (b"{", JSON, 400),
        (b"[1]", JSON, 400),
        (b"payload=%7B", FORM, 400),
        (b"payload=7", FORM, 400),
        (b'{"authorizations": [7]}', JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (BODY.encode(), {"Content-Type": "text/plain"}, 415),
        (BODY.encode(), {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (b"x" * (LARGEST + 1), JSON, 413),
    ],
    ids=range(10),
)
async def test_what_slack_never_sends_is_refused_before_anything_is_made_of_it(
    body: bytes, headers: dict[str, str], status: int
) -> None:
    intake = Intake()
    async with over_http(intake) as (slack, address):
        marks = signed("", slack.signing_secret) | headers
        assert await post(address, body, marks) == status
    assert intake.taken == []


async def test_a_body_without_an_end_is_cut_off() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(2 * LARGEST // 65_536):
            yield b"x" * 65_536

    async with over_http(Intake()) as (slack, address):
        assert await post(address, endless(), signed("", slack.signing_secret)) == 413


async def test_an_event_that_is_no_object_is_answered_so_that_it_does_not_come_again() -> None:
    body = '{"type": "event_callback", "event": ["message"]}'
    async with over_http(Intake()) as (slack, address):
        assert await post(address, body, signed(body, slack.signing_secret)) == 200
