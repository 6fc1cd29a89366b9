"""What `tizmor doctor` says of Telegram: each thing that is wrong by its own name, with what to do, and nothing changed by it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.doctor import examine
from bot.render.texts import LOCALES, bare, catalogue
from bot.settings import Settings
from bot.telegram import examination
from bot.telegram.api import telegram_api
from bot.telegram.examination import HARMLESS, Surroundings, examine_telegram
from tests.servers.telegramd import Fault, Telegramd, TelegramdOptions, serve_telegramd
from tests.unit.storage.test_recent import at_home

SECRET, PUBLIC = "a-secret_1", "https://bot.example.com"
OURS = f"{PUBLIC}/telegram/webhook"
SECRETS = {"telegram_bot_token", "telegram_webhook_secret"}
ABSENT: dict[str, Any] = dict.fromkeys(SECRETS | {"tizmor_public_url", "slack_bot_token", "slack_app_token"})
READS = {"getMe", "getWebhookInfo", "getChat", "getChatMember"}
RUNNING = Surroundings(running=True)


def settings(**values: Any) -> Settings:
    """Just these, whatever the environment of the test says."""
    made = {name: SecretStr(value) if name in SECRETS and value else value for name, value in values.items()}
    return Settings().model_copy(update={**ABSENT, "tizmor_locale": "en", **made})


def known(telegram: Telegramd, **values: Any) -> Settings:
    return settings(**{"telegram_bot_token": telegram.token, "telegram_api_url": telegram.api_url, **values})


def now() -> datetime:
    return datetime.now(UTC)


async def examined(telegram: Telegramd, around: Surroundings | None = None, **values: Any) -> dict[str, str]:
    """Code and bare text of everything seen; nothing but reading was done."""
    before = len(telegram.log.calls())
    seen = await examine_telegram(known(telegram, **values), now, around)
    assert {call.name for call in telegram.log.calls()[before:]} <= READS
    assert telegram.warnings == []
    assert all(one.ok == (one.code in HARMLESS) for one in seen)
    assert len({one.code for one in seen}) == len(seen)
    for one in seen:
        assert telegram.token not in one.text
        assert SECRET not in one.text
    return {one.code: bare(one.text) for one in seen}


def bad(seen: dict[str, str]) -> set[str]:
    return set(seen) - HARMLESS


async def set_webhook(telegram: Telegramd, url: str) -> None:
    async with telegram_api(telegram.token, telegram.api_url) as api:
        await api.set_webhook(url, SECRET)


# Before anybody is asked.


async def test_without_a_token_telegram_is_not_set_up_and_nobody_is_asked() -> None:
    seen = await examine_telegram(settings(telegram_api_url="http://127.0.0.1:9"), now)
    assert [(one.code, one.ok) for one in seen] == [("absent", True)]
    assert "tizmor init --telegram" in seen[0].text


async def test_a_webhook_secret_alone_asks_for_the_token() -> None:
    seen = await examine_telegram(settings(telegram_webhook_secret=SECRET), now)
    assert [(one.code, one.ok) for one in seen] == [("token_missing", False)]


@pytest.mark.parametrize(
    "token",
    [
        "hello",
        "xoxb-1-2",
        "@tizmor_bot",
        "123456:AAE-short",
        "bot7100000001:AAE-a_local_token_of_no_worth_00001",
        "7:a b",
    ],
)
async def test_what_is_no_token_is_named_and_sent_nowhere(token: str) -> None:
    async with serve_telegramd() as telegram:
        seen = await examined(telegram, telegram_bot_token=token)
        assert telegram.log.calls() == []
    assert bad(seen) == {"token_shape"}
    assert token not in seen["token_shape"]


# Telegram itself.


async def test_a_sound_bot_is_ready_and_says_what_it_hears_in_groups() -> None:
    async with serve_telegramd() as telegram:
        seen = await examined(telegram)
    assert list(seen) == ["ready", "privacy_on"]
    assert seen["ready"] == "@tizmor_bot, asking Telegram for updates"
    assert "mentions of @tizmor_bot" in seen["privacy_on"]


async def test_another_token_is_refused_with_where_to_find_the_right_one() -> None:
    async with serve_telegramd() as telegram:
        seen = await examined(telegram, telegram_bot_token=f"1{telegram.token}")
    assert list(seen) == ["rejected"]
    assert "/mybots" in seen["rejected"]


async def test_a_revoked_token_is_refused() -> None:
    async with serve_telegramd() as telegram:
        telegram.revoke_token()
        assert list(await examined(telegram)) == ["rejected"]


async def test_a_server_that_is_not_there_is_named() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        token = TelegramdOptions().token
        seen = await examine_telegram(settings(telegram_bot_token=token, telegram_api_url=url), now)
    assert [one.code for one in seen] == ["unreachable"]
    assert url.removeprefix("http://") in bare(seen[0].text)


async def test_a_server_that_never_answers_is_waited_for_no_longer_than_somebody_sits_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(examination, "PATIENCE", timedelta(milliseconds=100))
    async with serve_telegramd() as telegram:
        telegram.faults.next("getMe", Fault.silence_before())
        assert list(await examined(telegram)) == ["unreachable"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.server_error(), "broken"),
        (Fault.bad_gateway(), "broken"),
        (Fault.garbage(), "broken"),
        (Fault.reset_before(), "broken"),
        (Fault.flood(7), "rate_limited"),
        (Fault.error(400, "Bad Request: something"), "refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind + str(value.status),
)
async def test_an_answer_that_is_of_no_use_is_called_what_it_is(fault: Fault, code: str) -> None:
    async with serve_telegramd() as telegram:
        telegram.faults.next("getMe", fault)
        seen = await examined(telegram)
    assert list(seen) == [code]
    if code == "rate_limited":
        assert "7 seconds" in seen[code]


async def test_a_question_that_fails_on_the_way_leaves_the_others_to_be_asked() -> None:
    async with serve_telegramd() as telegram:
        telegram.faults.next("getWebhookInfo", Fault.server_error())
        seen = await examined(telegram)
    assert bad(seen) == {"broken"}
    assert "privacy_on" in seen
    assert "ready" not in seen


# The webhook.


async def test_a_webhook_set_elsewhere_is_in_the_way_of_asking() -> None:
    async with serve_telegramd() as telegram:
        await set_webhook(telegram, "https://other.example.com/hook")
        seen = await examined(telegram)
        assert bad(await examined(telegram, RUNNING)) == {"webhook_elsewhere"}
    assert bad(seen) == {"webhook_elsewhere"}
    assert "https://other.example.com/hook" in seen["webhook_elsewhere"]
    assert "tizmor init --telegram" in seen["webhook_elsewhere"]


async def test_our_own_webhook_of_before_goes_with_the_next_start() -> None:
    async with serve_telegramd() as telegram:
        await set_webhook(telegram, OURS)
        seen = await examined(telegram, tizmor_public_url=f"{PUBLIC}/")
        while_asking = await examined(telegram, RUNNING, tizmor_public_url=PUBLIC)
    assert bad(while_asking) == {"webhook_elsewhere"}
    assert bad(seen) == set()
    assert OURS in seen["webhook_left"]


async def test_over_a_webhook_that_is_set_it_is_ready() -> None:
    async with serve_telegramd() as telegram:
        await set_webhook(telegram, OURS)
        over_http = {"telegram_webhook_secret": SECRET, "tizmor_public_url": PUBLIC}
        for around in (RUNNING, None):
            seen = await examined(telegram, around, **over_http)
            assert list(seen) == ["ready_http", "privacy_on"]
    assert seen["ready_http"] == f"@tizmor_bot, over a webhook at {OURS}"


@pytest.mark.parametrize(
    ("running", "url", "code", "fine"),
    [
        (False, "", "webhook_to_be_set", True),
        (True, "", "webhook_missing", False),
        (False, "https://other.example.com/", "webhook_other", False),
        (True, "https://other.example.com/", "webhook_other", False),
    ],
    ids=["before the start", "lost while running", "elsewhere before the start", "elsewhere while running"],
)
async def test_a_webhook_that_is_not_ours_is_told(running: bool, url: str, code: str, fine: bool) -> None:
    async with serve_telegramd() as telegram:
        if url:
            await set_webhook(telegram, url)
        seen = await examined(
            telegram, Surroundings(running=running), telegram_webhook_secret=SECRET, tizmor_public_url=PUBLIC
        )
    assert code in seen
    assert (code not in bad(seen)) is fine
    if url:
        assert url in seen[code]
        assert OURS in seen[code]


async def test_deliveries_that_fail_are_told_with_telegrams_own_words_and_those_that_work_again_are_not() -> None:
    async with serve_telegramd() as telegram:
        info = {
            "url": OURS,
            "has_custom_certificate": False,
            "pending_update_count": 3,
            "last_error_date": 1_796_000_000,
            "last_error_message": "SSL error {error:0A000086:SSL routines::certificate verify failed}",
        }
        over_http = {"telegram_webhook_secret": SECRET, "tizmor_public_url": PUBLIC}
        for waiting, found in ((3, {"webhook_failing"}), (0, set[str]())):
            answer = {"ok": True, "result": {**info, "pending_update_count": waiting}}
            telegram.faults.next("getWebhookInfo", Fault(kind="answer", answer=answer))
            seen = await examined(telegram, RUNNING, **over_http)
            assert bad(seen) == found
            if waiting:
                assert "certificate verify failed" in seen["webhook_failing"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (None, "public_url_missing"),
        ("http://bot.example.com", "public_url_plain"),
        ("bot.example.com", "public_url_plain"),
        ("https://", "public_url_plain"),
        ("https://bot.example.com:8080", "public_url_port"),
        ("https://bot.example.com:99999", "public_url_port"),
        ("https://bot.example.com:8443", ""),
        ("https://bot.example.com:443/behind/", ""),
    ],
)
async def test_a_public_address_telegram_does_not_deliver_to_is_told(url: str | None, code: str) -> None:
    async with serve_telegramd() as telegram:
        seen = await examined(telegram, telegram_webhook_secret=SECRET, tizmor_public_url=url)
    assert bad(seen) == ({code} if code else set())
    assert ("webhook_to_be_set" in seen) is not bool(code)


async def test_what_waits_at_telegram_is_told_while_nobody_takes_it() -> None:
    async with serve_telegramd() as telegram:
        await telegram.start(telegram.dana)
        await telegram.say(telegram.dana, telegram.dana, "what do I have tomorrow?")
        assert (await examined(telegram))["pending"].startswith("2 updates wait")
        assert "pending" not in await examined(telegram, RUNNING)


# Groups, topics and the clock.


async def test_a_bot_that_is_handed_everything_is_told_that_it_needs_less() -> None:
    async with serve_telegramd(TelegramdOptions(privacy=False, topics=True)) as telegram:
        seen = await examined(telegram)
    assert bad(seen) == set()
    assert list(seen) == ["ready", "privacy_off", "topics"]
    assert "/setprivacy" in seen["privacy_off"]


async def test_a_bot_that_may_not_join_groups_says_where_to_change_that() -> None:
    async with serve_telegramd() as telegram:
        me = {
            "id": 7_100_000_001,
            "is_bot": True,
            "first_name": "T",
            "username": "tizmor_bot",
            "can_join_groups": False,
        }
        telegram.faults.next("getMe", Fault(kind="answer", answer={"ok": True, "result": me}))
        seen = await examined(telegram)
    assert list(seen) == ["ready", "groups_off"]
    assert "/setjoingroups" in seen["groups_off"]


async def test_a_group_in_which_it_may_not_write_is_named() -> None:
    async with serve_telegramd() as telegram:
        fine = telegram.add_supergroup("Fine", [telegram.dana])
        muted = telegram.add_supergroup("Quiet", [telegram.dana])
        telegram.mute(muted)
        ruled = telegram.add_group("Ruled", [telegram.dana])
        telegram.mute(ruled)
        await telegram.promote_bot(ruled)
        groups = (fine.id, ruled.id, muted.id)
        seen = await examined(telegram, Surroundings(groups=groups))
        assert bad(seen) == {"group_silent"}
        assert "Quiet" in seen["group_silent"]
        restricted = telegram.add_supergroup("Tied", [telegram.dana])
        await telegram.restrict_bot(restricted)
        assert "Tied" in (await examined(telegram, Surroundings(groups=(restricted.id,))))["group_silent"]


async def test_a_group_in_which_it_may_send_no_files_is_named() -> None:
    async with serve_telegramd() as telegram:
        group = telegram.add_supergroup("Words only", [telegram.dana])
        chat = {
            "id": group.id,
            "type": "supergroup",
            "title": "Words only",
            "permissions": {"can_send_documents": False},
        }
        telegram.faults.next("getChat", Fault(kind="answer", answer={"ok": True, "result": chat}))
        seen = await examined(telegram, Surroundings(groups=(group.id,)))
    assert bad(seen) == {"group_no_files"}
    assert "Words only" in seen["group_no_files"]


async def test_a_group_it_was_removed_from_is_told_and_does_no_harm() -> None:
    async with serve_telegramd() as telegram:
        group = telegram.add_supergroup("Gone", [telegram.dana])
        await telegram.kick_bot(group)
        seen = await examined(telegram, Surroundings(groups=(group.id,)))
        assert bad(seen) == set()
        assert {"ready", "group_gone"} <= set(seen)
        assert "group_gone" in await examined(telegram, Surroundings(groups=(-100_123,)))
        there = telegram.add_supergroup("Still to be seen", [telegram.dana])
        for member in ({"status": "left"}, {"status": "kicked"}, {"status": "restricted", "is_member": False}):
            telegram.faults.next("getChatMember", Fault(kind="answer", answer={"ok": True, "result": member}))
            seen = await examined(telegram, Surroundings(groups=(there.id,)))
            assert "Still to be seen" in seen["group_gone"]


async def test_a_group_that_became_a_supergroup_is_not_called_gone() -> None:
    async with serve_telegramd() as telegram:
        group = telegram.add_group("Grown", [telegram.dana])
        upgraded = await telegram.upgrade(group)
        seen = await examined(telegram, Surroundings(running=True, groups=(group.id, upgraded.id)))
    assert list(seen) == ["ready", "privacy_on"]


@pytest.mark.parametrize(
    ("off", "wrong"),
    [
        (timedelta(seconds=50), ""),
        (timedelta(minutes=3, seconds=30), "3 min"),
        (timedelta(hours=-30, minutes=-30), "30 h"),
    ],
    ids=["a little", "ahead", "behind"],
)
async def test_a_clock_that_is_off_by_more_than_a_minute_is_named(off: timedelta, wrong: str) -> None:
    async with serve_telegramd() as telegram:
        seen = await examine_telegram(known(telegram), lambda: now() + off)
    texts = {one.code: bare(one.text) for one in seen}
    assert bad(texts) == ({"clock"} if wrong else set())
    assert texts.get("clock", "").startswith(f"The clock of this machine is off by {wrong}" if wrong else "")


# The command.


async def test_doctor_lists_what_it_saw_of_telegram_and_looks_into_the_groups_it_was_asked_in(tmp_path: Path) -> None:
    at_home(tmp_path, "telegram:-1002000000000:0:7")
    async with serve_telegramd() as telegram:
        looking = asyncio.to_thread(lambda: list(examine(known(telegram, tizmor_home=tmp_path))))
        seen = {one.name: one for one in await looking}
    assert seen["telegram ready"].ok
    assert "-1002000000000" in seen["telegram group gone"].detail
    assert "\u2068" not in seen["telegram ready"].detail


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sentence_is_there_for_nothing(locale: str) -> None:
    said = Path(examination.__file__).read_text("utf-8")
    keys = {key.split(".", 1)[1] for key in catalogue(locale) if key.startswith("doctor_telegram.")}
    assert {key for key in keys if f'"{key}"' not in said} == set()
    assert keys >= HARMLESS
