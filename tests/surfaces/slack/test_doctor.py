"""What `tizmor doctor` says of Slack: each thing that is wrong by its own name, with what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.env_file import write
from bot.render.texts import LOCALES, bare
from bot.settings import Settings
from bot.slack.examination import Seen, examine_slack
from bot.slack.manifest import EVENTS, MANIFEST, SCOPES, read_manifest
from tests.servers.slackd import Slackd, SlackdOptions, serve_slackd
from tests.surfaces.slack.answers import (
    APP_ID,
    APP_TOKEN,
    BOT_TOKEN,
    CONFIG_TOKEN,
    SIGNING_SECRET,
    Answers,
    answering,
    refused,
)

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SECRETS = {
    "slack_bot_token", "slack_app_token", "slack_signing_secret", "slack_config_token",
}  # fmt: skip
ABSENT = dict.fromkeys(SECRETS | {"slack_app_id", "tizmor_public_url"})


def settings(**values: str | None) -> Settings:
    """Just these, whatever the environment of the test says."""
    made = {k: SecretStr(v) if k in SECRETS and v else v for k, v in values.items()}
    return Settings().model_copy(update={**ABSENT, "tizmor_locale": "en", **made})


def whole(served: Answers, **values: str | None) -> Settings:
    return settings(
        **{"slack_bot_token": BOT_TOKEN, "slack_app_token": APP_TOKEN, "slack_api_url": served.api_url, **values}
    )


async def examined(served: Answers, **values: str | None) -> dict[str, Seen]:
    served.clock = served.clock or (lambda: NOW)
    return {seen.code: seen for seen in await examine_slack(whole(served, **values), lambda: NOW)}


def bad(seen: dict[str, Seen]) -> set[str]:
    return {code for code, one in seen.items() if not one.ok}


async def test_a_sound_app_is_ready_and_says_where_its_events_can_be_seen() -> None:
    async with answering() as served:
        seen = await examined(served)
    assert bad(seen) == set()
    assert next(iter(seen)) == "ready"
    assert bare(seen["ready"].text) == "tizmor in Tevuot, over Socket Mode"
    assert f"/apps/{APP_ID}/event-subscriptions" in seen["events_unseen"].text
    assert bare(seen["channels"].text) == "In 2 channels"


async def test_without_any_token_slack_is_not_set_up_and_nobody_is_asked() -> None:
    seen = await examine_slack(settings(slack_api_url="http://127.0.0.1:9/api/"), lambda: NOW)
    assert [(one.code, one.ok) for one in seen] == [("absent", True)]
    assert "tizmor init" in seen[0].text


async def test_a_missing_permission_is_named_with_what_needs_it() -> None:
    async with answering() as served:
        served.scopes = SCOPES - {"files:write"}
        seen = await examined(served)
    assert bad(seen) == {"scopes_missing"}
    said = bare(seen["scopes_missing"].text)
    assert "files:write" in said
    assert "files.getUploadURLExternal" in said
    assert "chat.update" not in said
    assert "install the app again" in said


async def test_a_permission_too_many_is_named_and_does_no_harm() -> None:
    async with answering() as served:
        served.scopes = SCOPES | {"users:read.email"}
        seen = await examined(served)
    assert bad(seen) == set()
    assert "users:read.email" in seen["scopes_more"].text


async def test_permissions_slack_does_not_tell_are_not_made_up() -> None:
    async with answering() as served:
        served.scopes = frozenset()
        seen = await examined(served)
    assert bad(seen) == set()
    assert "scopes_unknown" in seen


@pytest.mark.parametrize(
    ("off", "wrong"),
    [(timedelta(seconds=59), False), (timedelta(seconds=61), True), (timedelta(minutes=-7), True)],
)
async def test_a_clock_that_is_off_by_more_than_a_minute_is_named(off: timedelta, wrong: bool) -> None:
    async with answering() as served:
        served.clock = lambda: NOW + off
        seen = await examined(served)
    assert ("clock" in bad(seen)) is wrong
    if wrong:
        assert bare(seen["clock"].text).startswith(f"The clock of this machine is off by {7 if off.days else 1} min")


@pytest.mark.parametrize(
    ("token", "named"),
    [
        ("xoxp-1-2", "a person's token"),
        ("xoxe.xoxb-1-2", "token rotation is on"),
        ("xoxe.xoxp-1-2", "an app configuration token"),
        ("xoxe-1-2", "a refresh token"),
        ("xoxc-1-2", "a token out of a browser"),
        (SIGNING_SECRET, "a signing secret"),
        ("https://hooks.slack.com/services/T/B/x", "a webhook"),
        ("xoxb-1 2", "no token of Slack's"),
        ("hello", "no token of Slack's"),
    ],
)
async def test_a_token_of_a_wrong_kind_is_called_what_it_is_and_sent_nowhere(token: str, named: str) -> None:
    async with answering() as served:
        seen = await examined(served, slack_bot_token=token)
    assert bad(seen) == {"token_kind"}
    said = bare(seen["token_kind"].text)
    assert said.startswith("SLACK_BOT_TOKEN is ")
    assert named in said
    assert "xoxb-…" in said
    assert token not in said
    assert served.calls == []


async def test_tokens_in_each_others_place_are_told_as_one_mistake() -> None:
    async with answering() as served:
        seen = await examined(served, slack_bot_token=APP_TOKEN, slack_app_token=BOT_TOKEN)
    assert set(seen) == {"tokens_swapped"}
    assert served.calls == []


async def test_an_app_token_alone_asks_for_the_bot_token() -> None:
    async with answering() as served:
        seen = await examined(served, slack_bot_token=None)
    assert bad(seen) == {"bot_token_missing"}


async def test_tokens_of_two_apps_are_told_apart() -> None:
    async with answering(bots__info={"bot": {"app_id": "A0OTHERAPP"}}) as served:
        seen = await examined(served)
    assert bad(seen) == {"apps_differ"}
    assert "A0OTHERAPP" in seen["apps_differ"].text
    assert APP_ID in seen["apps_differ"].text


async def test_an_app_id_that_is_not_the_bots_is_named_because_init_would_update_the_wrong_app() -> None:
    async with answering() as served:
        seen = await examined(served, slack_app_id="A0OTHERAPP")
        assert bad(seen) == set()
        assert "A0OTHERAPP" in seen["app_id_differs"].text
        assert "app_id_differs" not in await examined(served, slack_app_id=APP_ID)


async def test_a_bot_in_no_channel_still_answers_direct_messages_and_says_how_to_be_invited() -> None:
    async with answering(users__conversations={"channels": []}) as served:
        seen = await examined(served)
    assert bad(seen) == set()
    assert "/invite @tizmor" in bare(seen["no_channel"].text)


@pytest.mark.parametrize(
    ("answers", "code", "says"),
    [
        ({"auth__test": refused("token_revoked")}, "rejected", "token_revoked"),
        ({"auth__test": refused("account_inactive")}, "rejected", "Install the app again"),
        ({"apps__connections__open": refused("invalid_auth")}, "socket_rejected", "connections:write"),
        ({"apps__connections__open": refused("missing_scope", needed="connections:write")}, "socket_scope", "lacks"),
        ({"auth__test": refused("fatal_error")}, "refused", "fatal_error"),
        ({"auth__test": web.Response(status=503, text="<html>")}, "broken", "503"),
        (
            {"auth__test": web.json_response(refused("ratelimited"), status=429, headers={"Retry-After": "12"})},
            "rate_limited",
            "12 seconds",
        ),
        (
            {"auth__test": web.Response(status=429, text="<html>", headers={"Retry-After": "soon"})},
            "rate_limited",
            "30 seconds",
        ),
        ({"auth__test": web.json_response(["not", "an", "object"])}, "broken", "auth.test"),
        ({"auth__test": ConnectionResetError()}, "unreachable", "127.0.0.1"),
    ],
)
async def test_what_slack_answers_has_words_and_a_mend(answers: dict[str, Any], code: str, says: str) -> None:
    async with answering(**answers) as served:
        seen = await examined(served)
    assert code in bad(seen)
    assert says in bare(seen[code].text)
    assert "ready" not in seen


async def test_an_unreachable_slack_is_told_once() -> None:
    dead = await examine_slack(
        settings(slack_bot_token=BOT_TOKEN, slack_app_token=APP_TOKEN, slack_api_url="http://127.0.0.1:9/api/"),
        lambda: NOW,
    )
    assert [one.code for one in dead if not one.ok] == ["unreachable"]


async def test_over_http_it_wants_a_secret_and_an_address() -> None:
    async with answering() as served:
        nothing = await examined(served, slack_app_token=None)
        assert bad(nothing) == {"delivery_missing"}
        odd = await examined(served, slack_app_token=None, slack_signing_secret="not one")
        assert bad(odd) == {"secret_shape", "public_url_missing"}
        assert "/slack/events" in odd["public_url_missing"].text
        plain = await examined(
            served, slack_app_token=None, slack_signing_secret=SIGNING_SECRET, tizmor_public_url="http://x.example"
        )
        assert bad(plain) == {"public_url_plain"}
        right = await examined(
            served, slack_app_token=None, slack_signing_secret=SIGNING_SECRET, tizmor_public_url="https://x.example/"
        )
        assert bad(right) == set()
        assert "https://x.example/slack/events" in bare(right["ready_http"].text)


async def test_with_a_configuration_token_missing_events_and_features_are_named() -> None:
    exported = read_manifest(MANIFEST, None)
    exported["settings"]["event_subscriptions"]["bot_events"].remove("agent_session_stopped")
    del exported["features"]["shortcuts"]
    exported["settings"]["socket_mode_enabled"] = False
    async with answering(apps__manifest__export={"manifest": exported}) as served:
        seen = await examined(served, slack_config_token=CONFIG_TOKEN)
    assert bad(seen) == {"events_missing", "features_missing", "socket_off"}
    assert "agent_session_stopped" in seen["events_missing"].text
    assert "do_this" in seen["features_missing"].text
    assert served.asked("apps.manifest.export")[0].token == CONFIG_TOKEN


async def test_with_a_configuration_token_a_whole_app_is_called_whole() -> None:
    async with answering() as served:
        seen = await examined(served, slack_config_token=CONFIG_TOKEN)
        assert bad(seen) == set()
        assert "complete" in seen
        assert "events_unseen" not in seen
        served.by_method["apps.manifest.export"] = refused("token_expired")
        late = await examined(served, slack_config_token=CONFIG_TOKEN)
    assert bad(late) == set()
    assert "twelve hours" in late["config_rejected"].text


async def test_every_event_that_is_missing_is_named() -> None:
    async with answering(apps__manifest__export={"manifest": {}}) as served:
        seen = await examined(served, slack_config_token=CONFIG_TOKEN)
    assert all(event in seen["events_missing"].text for event in EVENTS)


@pytest.mark.parametrize("locale", LOCALES)
async def test_it_speaks_the_language_of_the_settings_and_tells_no_secret(locale: str) -> None:
    async with answering(users__conversations={"channels": []}) as served:
        served.scopes = frozenset({"chat:write"})
        seen = await examined(served, tizmor_locale=locale)
    said = " ".join(one.text for one in seen.values())
    assert ("חסרות הרשאות" in said) is (locale == "he")
    assert BOT_TOKEN not in said
    assert APP_TOKEN not in said


async def seen_at(slack: Slackd, **values: str | None) -> dict[str, Seen]:
    """What doctor sees of a local Slack, by the clock of this machine."""
    tokens = {"slack_bot_token": slack.bot_token, "slack_app_token": slack.app_token, "slack_api_url": slack.api_url}
    looked = settings(**{**tokens, **values})
    return {seen.code: seen for seen in await examine_slack(looked, lambda: datetime.now(UTC))}


async def test_an_app_made_from_our_manifest_is_ready_in_a_strict_slack_and_nothing_is_left_behind_there() -> None:
    async with serve_slackd(SlackdOptions(manifest=MANIFEST)) as slack:
        slack.add_channel("general", members=[slack.dana])
        seen = await seen_at(slack, slack_config_token=slack.config_token)
        assert bad(seen) == set()
        assert {"ready", "channels", "complete"} <= set(seen)
        over_http = await seen_at(
            slack,
            slack_app_token=None,
            slack_signing_secret=slack.signing_secret,
            tizmor_public_url="https://bot.example.com",
        )
        assert bad(over_http) == set()
        assert slack.connections == 0
        assert slack.warnings == []


async def test_an_app_that_was_not_installed_again_after_a_change_lacks_the_new_permission() -> None:
    granted = tuple(sorted(SCOPES - {"users:read"}))
    async with serve_slackd(SlackdOptions(manifest=MANIFEST, scopes=granted)) as slack:
        seen = await seen_at(slack)
    assert bad(seen) == {"scopes_missing"}
    assert "users:read" in seen["scopes_missing"].text
    assert "no_channel" in seen


async def test_a_clock_that_is_off_and_a_token_that_was_revoked_are_seen_in_a_strict_slack() -> None:
    async with serve_slackd(SlackdOptions(manifest=MANIFEST)) as slack:
        slack.skew = -600
        assert bad(await seen_at(slack)) == {"clock"}
        slack.skew = 0
        await slack.revoke_tokens()
        assert "rejected" in bad(await seen_at(slack))


async def test_an_event_that_is_not_subscribed_is_seen_in_a_strict_slack() -> None:
    manifest = read_manifest(MANIFEST, None)
    manifest["settings"]["event_subscriptions"]["bot_events"].remove("message.im")
    async with serve_slackd(SlackdOptions(manifest=manifest)) as slack:
        seen = await seen_at(slack, slack_config_token=slack.config_token)
    assert bad(seen) == {"events_missing"}
    assert "message.im" in seen["events_missing"].text


def test_a_file_of_tokens_that_others_can_read_is_named(tmp_path: Path) -> None:
    from bot.doctor import examine

    file = tmp_path / ".env"
    write(file, {"TIZMOR_LOCALE": "en"})
    here = {"tizmor_home": tmp_path, "tizmor_env_file": file, "anthropic_api_key": None, "anthropic_base_url": None}
    looked = settings().model_copy(update=here)
    assert [f.ok for f in examine(looked) if f.name == "env file"] == [True]
    file.chmod(0o644)
    found = [f for f in examine(looked) if f.name == "env file"]
    assert not found[0].ok
    assert f"chmod 600 {file}" in found[0].detail
