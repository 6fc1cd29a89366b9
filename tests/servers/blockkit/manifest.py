"""Would the platform take this app manifest? Judged by the types of its SDK for Node and by the limits in its prose."""

from __future__ import annotations

from typing import Any, Final

from tests.servers.blockkit import schema
from tests.servers.blockkit.limits import Limit
from tests.servers.blockkit.pointers import at, is_list, is_object, problem

LAGGING: Final = {
    "assistant:write": "a bot scope since 2024; the reference of scopes lists it, the SDK's enumeration does not (8.2.0)",
    "agent_session_stopped": "an event since August 2026 (docs.slack.dev/reference/events); the enumeration is older",
    "agent_session_title_changed": "as agent_session_stopped",
}
"""What the SDK's enumerations do not know yet, with the reason why it is right all the same."""

LIMITS: Final[dict[str, Limit]] = {
    "display_information/name": Limit(1, 35),
    "display_information/description": Limit(1, 140),
    "display_information/long_description": Limit(175, 4000),
    "features/bot_user/display_name": Limit(1, 80),
    "features/agent_view/agent_description": Limit(1, 300),
    "features/agent_view/suggested_prompts": Limit(0, 4),
    "features/shortcuts": Limit(0, 10),
    "features/shortcuts/*/name": Limit(1, 24),
    "features/shortcuts/*/description": Limit(1, 150),
    "features/shortcuts/*/callback_id": Limit(1, 255),
    "features/slash_commands": Limit(0, 50),
    "features/slash_commands/*/command": Limit(2, 32),
    "features/slash_commands/*/description": Limit(1, 2000),
    "features/slash_commands/*/usage_hint": Limit(1, 1000),
    "features/unfurl_domains": Limit(0, 5),
    "oauth_config/redirect_urls": Limit(0, 1000),
    "settings/event_subscriptions/bot_events": Limit(0, 100),
    "settings/event_subscriptions/user_events": Limit(0, 100),
}


def validate_manifest(manifest: Any) -> list[str]:
    """The problems of a manifest, with JSON pointers; what ``LAGGING`` names is let through."""
    if not is_object(manifest):
        return [problem("a manifest is an object", "")]
    known = {"_metadata", "display_information", "features", "oauth_config", "settings", "functions"}
    told = [problem(f"invalid additional property: {name}", "") for name in sorted(set(manifest) - known)]
    told += [one for one in schema.problems_of(_without_lagging(manifest), "Manifest", "") if one not in told]
    for path, (least, most) in LIMITS.items():
        for value, where in at(manifest, path, ""):
            if (isinstance(value, str) or is_list(value)) and not least <= len(value) <= most:
                told.append(problem(f"must be between {least} and {most} long, is {len(value)}", where))
    return told


def _without_lagging(node: Any) -> Any:
    if is_object(node):
        return {key: _without_lagging(value) for key, value in node.items()}
    if is_list(node):
        return [_without_lagging(item) for item in node if not (isinstance(item, str) and item in LAGGING)]
    return node
