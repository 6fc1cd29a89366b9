"""What the app asks Slack for, and why: each Web API method and event the code uses, with the scopes it needs.

The least permissions are those listed here, and ``manifest.yml`` asks for no others: a test holds this table to the calls
in ``bot/slack`` and to the manifest, both ways. Sources: the ``Scopes`` of each page under
https://docs.slack.dev/reference/methods and https://docs.slack.dev/reference/events, November 2026; that
``assistant.threads.setStatus`` takes ``chat:write`` since 5 March 2026
(https://docs.slack.dev/changelog/2026/03/05/set-status-scope-update), and that an app with ``agent_view`` has
``assistant:write`` (https://docs.slack.dev/ai/agent-sessions).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import quote

from engine.errors import RequestError

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
EVENTS_PATH = "/slack/events"
"""Where the web door takes everything Slack sends over HTTP."""

COMMAND = "/tizmor"
SHORTCUT = "do_this"

_HISTORY = frozenset({"channels:history", "groups:history", "im:history", "mpim:history"})
_READ = frozenset({"channels:read", "groups:read", "im:read", "mpim:read"})
_CHAT = frozenset({"chat:write"})
_FILES = frozenset({"files:write"})
_PEOPLE = frozenset({"users:read"})
_AGENT = frozenset({"assistant:write"})
_NONE = frozenset[str]()

METHODS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "agents.sessions.setStatus": _CHAT,
        "assistant.threads.setStatus": _CHAT,
        "assistant.threads.setSuggestedPrompts": _AGENT,
        "auth.test": _NONE,
        "bots.info": _PEOPLE,
        "chat.getPermalink": _NONE,
        "chat.postEphemeral": _CHAT,
        "chat.postMessage": _CHAT,
        "chat.update": _CHAT,
        "conversations.history": _HISTORY,
        "conversations.open": frozenset({"im:write"}),  # with one person only, never a group
        "conversations.replies": _HISTORY,
        "files.completeUploadExternal": _FILES,
        "files.getUploadURLExternal": _FILES,
        "users.conversations": _READ,
        "users.info": _PEOPLE,
        "views.open": _NONE,
        "views.push": _NONE,
        "views.update": _NONE,
    }
)
"""Methods called with the bot's token, and the bot scopes each needs for every kind of conversation it is called with."""

OTHER_METHODS: Mapping[str, str] = MappingProxyType(
    {
        "apps.connections.open": "app-level token with connections:write",
        "apps.manifest.create": "app configuration token",
        "apps.manifest.export": "app configuration token",
        "apps.manifest.update": "app configuration token",
        "apps.manifest.validate": "app configuration token",
    }
)
"""Methods called with another token, which no bot scope governs, and with which."""

EVENTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "agent_session_stopped": _CHAT,
        "app_home_opened": _NONE,
        "app_mention": frozenset({"app_mentions:read"}),
        "app_uninstalled": _NONE,
        "message.channels": frozenset({"channels:history"}),
        "message.groups": frozenset({"groups:history"}),
        "message.im": frozenset({"im:history"}),
        "message.mpim": frozenset({"mpim:history"}),
        "tokens_revoked": _NONE,
    }
)
"""Subscribed events and the bot scopes each needs."""

FEATURES: Mapping[str, frozenset[str]] = MappingProxyType(
    {"slash_commands": frozenset({"commands"}), "shortcuts": frozenset({"commands"}), "agent_view": _AGENT}
)
"""Parts of the app that need a scope of their own."""

SCOPES: frozenset[str] = _NONE.union(*METHODS.values(), *EVENTS.values(), *FEATURES.values())
"""Every bot scope the code needs."""


def why(scope: str) -> tuple[str, ...]:
    """What stops working without the scope: methods, events and features, sorted."""
    return tuple(
        sorted(use for table in (METHODS, EVENTS, FEATURES) for use, scopes in table.items() if scope in scopes)
    )


def read_manifest(path: Path, public_url: str | None) -> dict[str, Any]:
    """The manifest as Slack takes it; with a public address for delivery over HTTP, without one for Socket Mode.

    Raises:
        RequestError: ``manifest_unreadable``, naming the file and what is wrong with it.
    """
    import yaml  # noqa: PLC0415 - only setting up needs it

    try:
        found: object = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RequestError("manifest_unreadable", f"{path} cannot be read: {error}", {"path": str(path)}) from error
    if not isinstance(found, dict) or "display_information" not in found:
        raise RequestError("manifest_unreadable", f"{path} is no app manifest", {"path": str(path)})
    manifest = cast("dict[str, Any]", found)
    return manifest if public_url is None else _over_http(manifest, public_url.rstrip("/") + EVENTS_PATH)


def creation_link(manifest: Mapping[str, Any]) -> str:
    """Opens Slack's own page for making an app, with this manifest filled in."""
    import yaml  # noqa: PLC0415 - only setting up needs it

    text = yaml.safe_dump(dict(manifest), sort_keys=False, allow_unicode=True, width=10_000)
    return f"https://api.slack.com/apps?new_app=1&manifest_yaml={quote(text, safe='')}"


def missing_from(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What the code needs and an app as exported by Slack does not have, by kind; empty where nothing is missing.

    Kinds: ``scopes``, ``events``, ``features``.
    """
    features, settings = _part(manifest, "features"), _part(manifest, "settings")
    scopes = _part(_part(manifest, "oauth_config"), "scopes").get("bot") or ()
    events = _part(settings, "event_subscriptions").get("bot_events") or ()
    needed = {
        "scopes": SCOPES - set(scopes),
        "events": set(EVENTS) - set(events),
        "features": set(_missing_features(features, settings)),
    }
    return {kind: tuple(sorted(names)) for kind, names in needed.items() if names}


def _missing_features(features: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    commands = [command.get("command") for command in features.get("slash_commands") or ()]
    shortcuts = [shortcut.get("callback_id") for shortcut in features.get("shortcuts") or ()]
    present = {
        "agent_view": "agent_view" in features,
        "bot_user": "bot_user" in features,
        "messages_tab": bool(_part(features, "app_home").get("messages_tab_enabled")),
        COMMAND: COMMAND in commands,
        SHORTCUT: SHORTCUT in shortcuts,
        "interactivity": bool(_part(settings, "interactivity").get("is_enabled")),
    }
    return [name for name, there in present.items() if not there]


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return whole.get(name) or {}


def _over_http(manifest: Mapping[str, Any], url: str) -> dict[str, Any]:
    """The same app, delivered to a public address in the place of a socket."""
    settings, features = _part(manifest, "settings"), _part(manifest, "features")
    commands = [{**command, "url": url} for command in features.get("slash_commands") or ()]
    delivery = {
        "event_subscriptions": {"request_url": url, **_part(settings, "event_subscriptions")},
        "interactivity": {**_part(settings, "interactivity"), "request_url": url},
        "socket_mode_enabled": False,
    }
    return {
        **manifest,
        "features": {**features, "slash_commands": commands},
        "settings": {**settings, **delivery},
    }
