"""The app's manifest, judged by what the platform's SDK for Node knows of manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.blockkit.samples import spoiled
from tests.servers.blockkit import schema
from tests.servers.blockkit.manifest import LAGGING, validate_manifest

OURS = Path(__file__).parents[3] / "manifest.yml"
SMALL: dict[str, Any] = {
    "display_information": {"name": "Tizmor"},
    "features": {
        "bot_user": {"display_name": "Tizmor"},
        "agent_view": {"agent_description": "Plans", "suggested_prompts": [{"title": "x", "message": "y"}]},
        "slash_commands": [{"command": "/tizmor", "description": "Ask"}],
        "shortcuts": [{"name": "Do this", "type": "message", "callback_id": "do", "description": "Do"}],
    },
    "oauth_config": {"scopes": {"bot": ["chat:write", "assistant:write"]}},
    "settings": {"event_subscriptions": {"bot_events": ["app_mention", "agent_session_stopped"]}},
}


def test_the_products_manifest_is_valid() -> None:
    assert validate_manifest(yaml.safe_load(OURS.read_text("utf-8"))) == []
    assert validate_manifest(SMALL) == []


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        ("display_information/name", "x" * 36, "/display_information/name"),
        ("display_information/long_description", "short", "/display_information/long_description"),
        ("features/agent_view/suggested_prompts", [{"title": "x", "message": "y"}] * 5, "/features/agent_view/suggested_prompts"),
        ("features/slash_commands/0/command", "/" + "x" * 32, "/features/slash_commands/0/command"),
        ("features/shortcuts/0/name", "x" * 25, "/features/shortcuts/0/name"),
        ("setings", {}, "/"),
    ],
)  # fmt: skip
def test_a_length_or_a_stray_table_is_named_at_its_place(path: str, value: Any, pointer: str) -> None:
    problems = validate_manifest(spoiled(SMALL, path, value))
    assert len(problems) == 1
    assert problems[0].endswith(f"[json-pointer:{pointer}]")


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        ("oauth_config/scopes/bot/0", "chat:shout", "/oauth_config/scopes/bot/0"),
        ("settings/event_subscriptions/bot_events/0", "app_shouted", "/settings/event_subscriptions/bot_events/0"),
        ("settings/socket_mod_enabled", True, "/settings"),
        ("features/shortcuts/0/type", "button", "/features/shortcuts/0/type"),
        ("features/bot_user", {}, "/features/bot_user"),
    ],
)
def test_an_unknown_scope_event_or_key_is_named_at_its_place(path: str, value: Any, pointer: str) -> None:
    problems = validate_manifest(spoiled(SMALL, path, value))
    assert len(problems) == 1
    assert problems[0].endswith(f"[json-pointer:{pointer}]")


@pytest.mark.usefixtures("schemas")
def test_what_lags_is_still_lagging() -> None:
    known = schema.definitions()["Manifest"]["properties"]
    enumerated = str(known["oauth_config"]) + str(known["settings"])
    assert {name for name in LAGGING if f"'{name}'" in enumerated} == set(), "drop these from LAGGING"
