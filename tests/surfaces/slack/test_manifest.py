"""The app asks Slack for what the code uses and for nothing else: code, table and manifest are compared both ways."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import manifest as table
from bot.slack.inbound.events import event_delivery
from bot.slack.inbound.interactions import interaction_delivery
from bot.slack.web import Identity
from engine.errors import RequestError
from tests.servers.blockkit.manifest import validate_manifest
from tests.servers.slackd import scopes as read_elsewhere

ROOT = Path(__file__).parents[3]
SOURCES = sorted((ROOT / "bot" / "slack").rglob("*.py"))
MANIFEST = table.read_manifest(table.MANIFEST, None)
UPLOADS = {"files_upload_v2": ("files.getUploadURLExternal", "files.completeUploadExternal")}
"""Methods of the SDK that call several of Slack's."""


def api_methods() -> dict[str, tuple[str, ...]]:
    """Slack's methods by the SDK's names for them, read out of the SDK."""
    source = inspect.getsource(AsyncWebClient)
    called = re.findall(r"async def (\w+)\((?:(?!async def).)*?self\.api_call\(\s*\"([\w.]+)\"", source, re.DOTALL)
    return {name: (method,) for name, method in called} | UPLOADS


SDK = api_methods()
KNOWN = {method for methods in SDK.values() for method in methods} | set(table.METHODS) | set(table.OTHER_METHODS)


def calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield node


def first_word(call: ast.Call) -> str | None:
    """The first argument, where it is a text."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def called_methods() -> dict[str, set[str]]:
    """Methods the code calls, and from which files: the SDK's own functions, and calls that begin with a method's name."""
    found: dict[str, set[str]] = {}
    for path in SOURCES:
        for call in calls(path):
            by_name = SDK.get(call.func.attr, ()) if isinstance(call.func, ast.Attribute) else ()
            word = first_word(call)
            for method in (*by_name, *([word] if word in KNOWN else [])):
                found.setdefault(method, set()).add(path.name)
    return found


def understood(function: Callable[..., object]) -> set[str]:
    """The words a function tells apart with ``match``."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    cases = [node for node in ast.walk(tree) if isinstance(node, ast.MatchValue)]
    return {c.value.value for c in cases if isinstance(c.value, ast.Constant) and isinstance(c.value.value, str)}


def test_the_sdks_methods_are_read_out_of_it() -> None:
    assert SDK["chat_postMessage"] == ("chat.postMessage",)
    assert SDK["assistant_threads_setStatus"] == ("assistant.threads.setStatus",)
    assert len(SDK) > 200


def test_every_method_the_code_calls_is_in_the_table() -> None:
    called = called_methods()
    strange = {
        method: files for method, files in called.items() if method not in {*table.METHODS, *table.OTHER_METHODS}
    }
    assert strange == {}, "say in bot/slack/manifest.py which scope each needs"


def test_every_method_of_the_table_is_called() -> None:
    assert sorted({*table.METHODS, *table.OTHER_METHODS} - set(called_methods())) == []


def test_every_event_that_is_understood_is_subscribed_and_the_other_way_round() -> None:
    assert understood(event_delivery) == {event.partition(".")[0] for event in table.EVENTS}


OURS = Identity(
    team_id="T00000001",
    team_name="Tevuot",
    bot_user_id="U0BOT0001",
    bot_id="B00000001",
    app_id="A00000001",
    url="https://tevuot.slack.com/",
    scopes=table.SCOPES,
)
KINDS = {"message.channels": "channel", "message.groups": "group", "message.im": "im", "message.mpim": "mpim"}
EXAMPLES: dict[str, dict[str, Any]] = {
    **{
        event: {"type": "message", "channel_type": kind, "text": "<@U0BOT0001> hello", "ts": "1.000001"}
        for event, kind in KINDS.items()
    },
    "app_mention": {"type": "app_mention", "text": "<@U0BOT0001> hello", "ts": "1.000001"},
    "agent_session_stopped": {"type": "agent_session_stopped", "thread_ts": "1.000001", "streaming_message_ts": []},
    "app_home_opened": {"type": "app_home_opened", "tab": "messages"},
    "app_uninstalled": {"type": "app_uninstalled"},
    "tokens_revoked": {"type": "tokens_revoked", "tokens": {"bot": ["U0BOT0001"], "oauth": []}},
}


@pytest.mark.parametrize("event", sorted(table.EVENTS))
def test_every_subscribed_event_leads_to_something(event: str) -> None:
    said = {"channel": "C00000001", "user": "U00000001", "event_ts": "1.000001", **EXAMPLES[event]}
    body = {"type": "event_callback", "event_id": "Ev00000001", "team_id": "T00000001", "event": said}
    assert event_delivery(body, OURS, datetime(2026, 11, 25, tzinfo=UTC)) is not None


def test_commands_and_the_shortcut_are_understood_and_buttons_need_interactivity() -> None:
    assert {"block_actions", "view_submission", "message_action", ""} <= understood(interaction_delivery)
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True


def test_the_manifest_has_the_tables_scopes_and_events_and_no_others() -> None:
    scopes = MANIFEST["oauth_config"]["scopes"]
    assert scopes["bot"] == sorted(table.SCOPES)
    assert list(scopes) == ["bot"]
    events = MANIFEST["settings"]["event_subscriptions"]
    assert events["bot_events"] == sorted(table.EVENTS)
    assert list(events) == ["bot_events"]
    assert [c["command"] for c in MANIFEST["features"]["slash_commands"]] == [table.COMMAND]
    assert [(s["callback_id"], s["type"]) for s in MANIFEST["features"]["shortcuts"]] == [(table.SHORTCUT, "message")]
    assert table.missing_from(MANIFEST) == {}


@pytest.mark.parametrize("method", sorted(table.METHODS))
def test_scopes_of_a_method_are_those_read_by_somebody_else(method: str) -> None:
    by_channel = read_elsewhere.BY_CHANNEL.get(method)
    one = read_elsewhere.BY_METHOD.get(method)
    theirs: set[str | None] = set(by_channel.values()) if by_channel else {one} - {None}
    if method == "conversations.open":
        theirs -= {"mpim:write"}  # never with a group
    assert set(table.METHODS[method]) == theirs


@pytest.mark.parametrize("event", sorted(event for event in table.EVENTS if event != "agent_session_stopped"))
def test_scopes_of_an_event_are_those_read_by_somebody_else(event: str) -> None:
    """The session's event needs what the session itself needs; the other table lists subscriptions only."""
    one = read_elsewhere.BY_EVENT.get(event)
    assert set(table.EVENTS[event]) == {one} - {None}


@pytest.mark.parametrize("url", [None, "https://bot.example.com"])
def test_the_manifest_is_one_slack_takes(url: str | None) -> None:
    assert validate_manifest(table.read_manifest(table.MANIFEST, url)) == []


def test_it_is_an_agent_of_the_present_kind_over_a_socket() -> None:
    features, settings = MANIFEST["features"], MANIFEST["settings"]
    assert "assistant_view" not in features
    assert 0 < len(features["agent_view"]["suggested_prompts"]) <= 4
    assert features["app_home"]["messages_tab_enabled"] is True
    assert features["app_home"]["messages_tab_read_only_enabled"] is False
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["token_rotation_enabled"] is False


def test_prompts_are_there_in_both_languages() -> None:
    messages = [prompt["message"] for prompt in MANIFEST["features"]["agent_view"]["suggested_prompts"]]
    assert sum(bool(re.search("[א-ת]", message)) for message in messages) == len(messages) / 2


def test_every_scope_says_what_it_is_for() -> None:
    for scope in table.SCOPES:
        assert table.why(scope), scope
    assert table.why("files:write") == ("files.completeUploadExternal", "files.getUploadURLExternal")


def test_the_documentation_lists_every_scope_and_event() -> None:
    page = (ROOT / "docs" / "slack.md").read_text("utf-8")
    assert sorted(scope for scope in table.SCOPES if f"`{scope}`" not in page) == []
    assert sorted(event for event in table.EVENTS if f"`{event}`" not in page) == []
    told = set(re.findall(r"`((?:[a-z_]+):[a-z.]+)`", page)) - {"connections:write"}
    assert told <= set(table.SCOPES), "a scope that is not asked for"


def test_a_changed_app_keeps_its_name_and_is_told_what_it_lacks() -> None:
    changed = cast("dict[str, Any]", yaml.safe_load(table.MANIFEST.read_text("utf-8")))
    changed["display_information"]["name"] = "Other"
    changed["oauth_config"]["scopes"]["bot"].remove("chat:write")
    changed["features"].pop("agent_view")
    assert table.missing_from(changed) == {"scopes": ("chat:write",), "features": ("agent_view",)}


def test_a_manifest_without_its_parts_lacks_everything_and_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "app.yml"
    path.write_text("display_information: {name: Small}\n")
    assert table.missing_from(table.read_manifest(path, None))["scopes"] == tuple(sorted(table.SCOPES))
    assert table.read_manifest(path, "https://x.example")["settings"]["socket_mode_enabled"] is False
    path.write_text("- not a manifest")
    with pytest.raises(RequestError):
        table.read_manifest(path, None)
