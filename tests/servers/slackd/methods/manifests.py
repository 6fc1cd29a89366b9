"""The Manifest API: make, change, read and examine an app with a configuration token."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, cast

from tests.servers.slackd.calls import ApiError, Call, method
from tests.servers.slackd.log import Json
from tests.servers.slackd.manifest import AppManifest

_ROOT = {
    "_metadata",
    "display_information",
    "features",
    "oauth_config",
    "settings",
    "functions",
    "workflows",
    "mcp_servers",
    "outgoing_domains",
    "types",
    "datastores",
}
_SETTINGS = {
    "event_subscriptions",
    "interactivity",
    "org_deploy_enabled",
    "socket_mode_enabled",
    "token_rotation_enabled",
    "token_management_enabled",
    "function_runtime",
    "is_mcp_enabled",
    "allowed_ip_address_ranges",
    "is_hosted",
    "hermes_app_type",
    "incoming_webhooks",
}


@method("apps.manifest.validate", "manifest app_id", token="config")
def apps_manifest_validate(call: Call) -> Json:
    """What is wrong with a manifest."""
    _checked(call)
    return {"errors": []}


@method("apps.manifest.create", "manifest", token="config")
def apps_manifest_create(call: Call) -> Json:
    """Make an app; it is installed by a person (``slack.install`` in tests)."""
    manifest = _checked(call)
    world = call.world
    app_id = world.ids.next("A")
    world.apps[app_id] = manifest
    return {
        "app_id": app_id,
        "credentials": {
            "client_id": f"10000000001.{world.ids.count('client'):013d}",
            "client_secret": "client-secret",
            "verification_token": "verification-token",
            "signing_secret": world.signing_secret,
        },
        "oauth_authorize_url": f"https://slack.com/oauth/v2/authorize?client_id=1&scope={','.join(manifest.bot_scopes)}",
    }


@method("apps.manifest.update", "manifest app_id", token="config")
def apps_manifest_update(call: Call) -> Json:
    """Change an app: events and features at once, scopes when it is installed again."""
    manifest = _checked(call)
    world = call.world
    app_id = _app(call)
    changed = set(world.apps[app_id].bot_scopes) != set(manifest.bot_scopes)
    world.apps[app_id] = manifest
    if app_id == world.app_id:
        world.manifest = manifest
    return {"app_id": app_id, "permissions_updated": changed}


@method("apps.manifest.export", "app_id", token="config")
def apps_manifest_export(call: Call) -> Json:
    """An app's manifest."""
    return {"manifest": call.world.apps[_app(call)].raw}


@method("tooling.tokens.rotate", "refresh_token", token="none")
def tooling_tokens_rotate(call: Call) -> Json:
    """Another configuration token for a refresh token, which is good for once."""
    tokens = call.world.tokens
    if call.required("refresh_token") != tokens.refresh:
        raise ApiError("invalid_refresh_token")
    number = call.world.ids.count("rotation") + 1
    tokens.dead[tokens.config] = "token_expired"
    tokens.config, tokens.refresh = f"xoxe.xoxp-1-local-{number}", f"xoxe-1-local-{number}"
    now = int(call.world.clock.now())
    return {
        "token": tokens.config,
        "refresh_token": tokens.refresh,
        "team_id": call.world.team_id,
        "user_id": next(iter(call.world.users)),
        "iat": now,
        "exp": now + 43_200,
    }


def _app(call: Call) -> str:
    app_id = call.required("app_id")
    if app_id not in call.world.apps:
        raise ApiError("app_not_found")
    return app_id


def _checked(call: Call) -> AppManifest:
    given: Any = call.structure("manifest", "invalid_manifest")
    if not isinstance(given, dict):
        raise ApiError("invalid_manifest", errors=[{"message": "must be an object", "pointer": "/"}])
    raw = cast("Json", given)
    problems = _problems(raw)
    if problems:
        raise ApiError("invalid_manifest", errors=[{"message": text, "pointer": where} for where, text in problems])
    return AppManifest(raw)


def _problems(raw: Json) -> list[tuple[str, str]]:
    manifest = AppManifest(raw)
    found = [(f"/{name}", "unknown property") for name in set(raw) - _ROOT]
    found += [(f"/settings/{name}", "unknown property") for name in set(raw.get("settings") or {}) - _SETTINGS]
    name = cast("Json", raw.get("display_information") or {}).get("name")
    if not name or len(str(name)) > 35:
        found.append(("/display_information/name", "must have 1 to 35 characters"))
    agent = cast("Json", raw.get("features") or {}).get("agent_view")
    if isinstance(agent, dict):
        view = cast("Json", agent)
        if len(str(view.get("agent_description", ""))) > 300:
            found.append(("/features/agent_view/agent_description", "must have at most 300 characters"))
        if len(cast("list[Any]", view.get("suggested_prompts") or [])) > 4:
            found.append(("/features/agent_view/suggested_prompts", "at most 4"))
    if (
        manifest.bot_events
        and not manifest.socket_mode
        and not raw["settings"]["event_subscriptions"].get("request_url")
    ):
        found.append(("/settings/event_subscriptions/request_url", "needed without Socket Mode"))
    return found + [("/", text) for text in _by_schema(raw)]


def _by_schema(raw: Json) -> list[str]:
    try:
        module = importlib.import_module("tests.servers.blockkit.manifest")
    except ModuleNotFoundError:
        return []
    validate = cast("Callable[[Json], list[str]] | None", getattr(module, "validate_manifest", None))
    return validate(raw) if validate is not None else []
