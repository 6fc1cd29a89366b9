"""The Manifest API, as an installer uses it."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from tests.contract.slackd.listening import refusal, sdk
from tests.servers.slackd import Slackd
from tests.servers.slackd.sample import sample_manifest


async def test_an_app_is_made_read_changed_and_installed(slack: Slackd) -> None:
    config = sdk(slack, slack.config_token)
    manifest = sample_manifest()
    await config.apps_manifest_validate(manifest=manifest)
    made = await config.apps_manifest_create(manifest=manifest)
    exported = await config.apps_manifest_export(app_id=made["app_id"])
    assert exported["manifest"] == manifest
    assert made["credentials"]["signing_secret"] == slack.signing_secret
    fewer = sample_manifest(without_scopes=("team:read",))
    updated = await config.apps_manifest_update(app_id=made["app_id"], manifest=fewer)
    assert updated["permissions_updated"] is True
    token = slack.install(made["app_id"])
    with pytest.raises(SlackApiError, match="missing_scope"):
        await sdk(slack, token).team_info()


async def test_a_manifest_slack_would_refuse_is_refused_with_pointers(slack: Slackd) -> None:
    wrong = sample_manifest()
    wrong["display_information"]["name"] = "x" * 36
    wrong["settings"]["socket_mode"] = True
    wrong["features"]["agent_view"]["suggested_prompts"] = [{"title": "T", "message": "M"}] * 5
    with pytest.raises(SlackApiError) as refused:
        await sdk(slack, slack.config_token).apps_manifest_validate(manifest=wrong)
    answer = refusal(refused.value)
    assert answer["error"] == "invalid_manifest"
    assert {
        "/display_information/name",
        "/settings/socket_mode",
        "/features/agent_view/suggested_prompts",
    } <= {each["pointer"] for each in answer["errors"]}


async def test_only_a_configuration_token_may_and_it_is_rotated_once(slack: Slackd) -> None:
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await sdk(slack, slack.bot_token).apps_manifest_export(app_id=slack.app_id)
    old, refresh = slack.config_token, slack.refresh_token
    rotated = await sdk(slack, "").tooling_tokens_rotate(refresh_token=refresh)
    assert rotated["token"] == slack.config_token != old
    with pytest.raises(SlackApiError, match="token_expired"):
        await sdk(slack, old).apps_manifest_export(app_id=slack.app_id)
    with pytest.raises(SlackApiError, match="invalid_refresh_token"):
        await sdk(slack, "").tooling_tokens_rotate(refresh_token=refresh)
    await sdk(slack, slack.config_token).apps_manifest_export(app_id=slack.app_id)
