"""A manifest with everything in it, for tests of the server itself; the product's own is in ``manifest.yml``."""

from __future__ import annotations

import copy

from tests.servers.slackd.log import Json

_MANIFEST: Json = {
    "display_information": {"name": "Tizmor"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
        "bot_user": {"display_name": "Tizmor", "always_online": False},
        "agent_view": {"agent_description": "Plans and does.", "suggested_prompts": []},
        "slash_commands": [{"command": "/tizmor", "description": "Ask", "usage_hint": "what to do"}],
        "shortcuts": [
            {"name": "Do this", "type": "message", "callback_id": "do_this", "description": "Do it"},
            {"name": "New", "type": "global", "callback_id": "new_request", "description": "Ask"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "app_mentions:read",
                "assistant:write",
                "channels:history",
                "channels:read",
                "chat:write",
                "commands",
                "files:read",
                "files:write",
                "groups:history",
                "groups:read",
                "im:history",
                "im:read",
                "im:write",
                "mpim:history",
                "mpim:read",
                "reactions:read",
                "reactions:write",
                "team:read",
                "users:read",
                "users:read.email",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "agent_session_stopped",
                "app_home_opened",
                "app_mention",
                "app_uninstalled",
                "message.channels",
                "message.groups",
                "message.im",
                "message.mpim",
                "reaction_added",
                "tokens_revoked",
            ]
        },
        "interactivity": {"is_enabled": True},
        "org_deploy_enabled": False,
        "socket_mode_enabled": True,
        "token_rotation_enabled": False,
    },
}


def sample_manifest(
    *, without_scopes: tuple[str, ...] = (), without_events: tuple[str, ...] = (), socket_mode: bool = True
) -> Json:
    """A fresh copy, less what is named."""
    manifest = copy.deepcopy(_MANIFEST)
    scopes = manifest["oauth_config"]["scopes"]
    scopes["bot"] = [each for each in scopes["bot"] if each not in without_scopes]
    events = manifest["settings"]["event_subscriptions"]
    events["bot_events"] = [each for each in events["bot_events"] if each not in without_events]
    manifest["settings"]["socket_mode_enabled"] = socket_mode
    if not socket_mode:
        events["request_url"] = "https://tizmor.example/slack/events"
    return manifest
