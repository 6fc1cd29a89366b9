"""Valid payloads pass; each way to spoil one is named at its place, by the judge whose matter it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.blockkit.samples import (
    MESSAGE,
    MODAL,
    PAYLOAD,
    Json,
    button,
    mrkdwn,
    option,
    plain,
    rich,
    spoiled,
    task,
)
from tests.servers.blockkit import Surface, rules, schema, sdk, validate_blocks, validate_message, validate_view
from tests.servers.blockkit.limits import BLOCKS_BYTES

SECTION = {"type": "section", "text": mrkdwn("x")}


def test_what_the_reference_shows_is_valid() -> None:
    assert validate_blocks(MESSAGE, "message") == []
    assert validate_message(PAYLOAD) == []
    assert validate_view(MODAL) == []
    assert validate_view({"type": "home", "blocks": [SECTION]}) == []


def told(problems: list[str], text: str, pointer: str) -> bool:
    return any(text in one and one.endswith(f"[json-pointer:{pointer}]") for one in problems)


SPOILED_FOR_SCHEMAS: list[tuple[str, list[Json], str, str]] = [
    ("an unknown block", [{"type": "bubble"}], "unsupported type: bubble", "/blocks/0/type"),
    ("an unknown field", [{**SECTION, "colour": "red"}], "invalid additional property: colour", "/blocks/0"),
    ("mrkdwn in a header", [{"type": "header", "text": mrkdwn("x")}], "must be 'plain_text'", "/blocks/0/text/type"),
    ("a missing field", [{"type": "header"}], "missing required field: text", "/blocks/0"),
    ("a style", spoiled(MESSAGE, "5/elements/0/style", "loud"), "must be one of", "/blocks/5/elements/0/style"),
    ("an unknown element", spoiled(MESSAGE, "5/elements/0/type", "lever"), "unsupported type: lever", "/blocks/5/elements/0/type"),
    ("an input as an action", spoiled(MESSAGE, "5/elements/0/type", "file_input"), "file_input", "/blocks/5/elements/0/type"),
    ("a number as text", spoiled(MESSAGE, "1/text/text", 7), "must be a string", "/blocks/1/text/text"),
    ("mrkdwn in a menu", spoiled(MESSAGE, "5/elements/2/options/1/text", mrkdwn("x")), "must be 'plain_text'", "/blocks/5/elements/2/options/1/text/type"),
    ("a state of a task", spoiled(MESSAGE, "7/tasks/1/status", "done"), "must be one of", "/blocks/7/tasks/1/status"),
    ("a field of a task", spoiled(MESSAGE, "7/tasks/0/details", "text"), "must be a object", "/blocks/7/tasks/0/details"),
    ("a part of rich text", spoiled(MESSAGE, "9/elements/0/elements/0/type", "txt"), "unsupported type: txt", "/blocks/9/elements/0/elements/0/type"),
]  # fmt: skip


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize(("blocks", "text", "pointer"), [row[1:] for row in SPOILED_FOR_SCHEMAS], ids=[row[0] for row in SPOILED_FOR_SCHEMAS])  # fmt: skip
def test_the_schemas_name_the_place_and_only_the_member_that_was_meant(
    blocks: list[Any], text: str, pointer: str
) -> None:
    problems = [
        one for index, block in enumerate(blocks) for one in schema.problems_of_block(block, f"/blocks/{index}")
    ]
    assert len(problems) == 1
    assert told(problems, text, pointer)
    assert told(validate_blocks(blocks, "message"), text, pointer)


def longer(path: str, size: int) -> list[Json]:
    return spoiled(MESSAGE, path, "x" * size)


def many(count: int, one: Callable[[int], Any]) -> list[Any]:
    return [one(number) for number in range(count)]


SPOILED_FOR_RULES: list[tuple[str, Any, Surface, str, str]] = [
    ("section text", longer("1/text/text", 3001), "message", "less than 3001", "/blocks/1/text/text"),
    ("empty text", longer("1/text/text", 0), "message", "more than 0", "/blocks/1/text/text"),
    ("field", longer("2/fields/0/text", 2001), "message", "less than 2001", "/blocks/2/fields/0/text"),
    ("fields", spoiled(MESSAGE, "2/fields", many(11, lambda _: plain("x"))), "message", "less than 11 items", "/blocks/2/fields"),
    ("header", longer("0/text/text", 151), "message", "less than 151", "/blocks/0/text/text"),
    ("button", longer("5/elements/0/text/text", 76), "message", "less than 76", "/blocks/5/elements/0/text/text"),
    ("value", longer("5/elements/0/value", 2001), "message", "less than 2001", "/blocks/5/elements/0/value"),
    ("url", spoiled(MESSAGE, "5/elements/0/url", "x" * 3001), "message", "less than 3001", "/blocks/5/elements/0/url"),
    ("action id", longer("5/elements/0/action_id", 256), "message", "less than 256", "/blocks/5/elements/0/action_id"),
    ("block id", longer("5/block_id", 256), "message", "less than 256", "/blocks/5/block_id"),
    ("confirm", longer("5/elements/1/confirm/text/text", 301), "message", "less than 301", "/blocks/5/elements/1/confirm/text/text"),
    ("placeholder", longer("5/elements/2/placeholder/text", 151), "message", "less than 151", "/blocks/5/elements/2/placeholder/text"),
    ("option", longer("5/elements/2/options/0/text/text", 76), "message", "less than 76", "/blocks/5/elements/2/options/0/text/text"),
    ("option value", longer("5/elements/2/options/0/value", 151), "message", "less than 151", "/blocks/5/elements/2/options/0/value"),
    ("overflow", spoiled(MESSAGE, "5/elements/3/options", many(6, lambda n: option(str(n)))), "message", "less than 6 items", "/blocks/5/elements/3/options"),
    ("actions", [{"type": "actions", "elements": many(26, lambda n: button(str(n)))}], "message", "less than 26 items", "/blocks/0/elements"),
    ("context", [{"type": "context", "elements": many(11, lambda _: plain("x"))}], "message", "less than 11 items", "/blocks/0/elements"),
    ("tasks", [{"type": "plan", "title": "x", "tasks": many(51, lambda n: task(str(n)))}], "message", "less than 51 items", "/blocks/0/tasks"),
    ("no options", [{"type": "actions", "elements": [{"type": "static_select", "action_id": "a"}]}], "message", "either options or option_groups", "/blocks/0/elements/0"),
    ("nothing in a section", [{"type": "section"}], "message", "text or fields", "/blocks/0"),
    ("51 blocks", many(51, lambda _: SECTION), "message", "no more than 50", "/blocks"),
    ("101 blocks", many(101, lambda _: SECTION), "modal", "no more than 100", "/blocks"),
    ("the same action twice", [{"type": "actions", "elements": [button("a")]}, {**SECTION, "accessory": button("a")}], "message", "already exists", "/blocks/1/accessory/action_id"),
    ("the same block id twice", [{**SECTION, "block_id": "b"}, {**SECTION, "block_id": "b"}], "message", "already exists", "/blocks/1/block_id"),
    ("markdown in total", many(2, lambda _: {"type": "markdown", "text": "x" * 6001}), "message", "12002 characters of markdown", "/blocks"),
    ("a pending task alone", [{"type": "task_card", **task("1", "pending")}], "message", "cannot be pending", "/blocks/0/status"),
    ("the same task twice", [{"type": "plan", "title": "x", "tasks": [task("1"), task("1")]}], "message", "already exists", "/blocks/0/tasks/1/task_id"),
    ("two tables", many(2, lambda _: {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}), "message", "only_one_table_allowed", "/blocks/1"),
    ("markdown in a modal", [{"type": "markdown", "text": "x"}], "modal", "not supported in a modal", "/blocks/0/type"),
    ("a plan at home", [{"type": "plan", "title": "x", "tasks": []}], "home", "not supported in a home", "/blocks/0/type"),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "surface", "text", "pointer"), [row[1:] for row in SPOILED_FOR_RULES], ids=[row[0] for row in SPOILED_FOR_RULES])  # fmt: skip
def test_the_rules_know_lengths_counts_and_what_holds_between_blocks(
    blocks: list[Any], surface: Surface, text: str, pointer: str
) -> None:
    assert told(list(rules.problems_of_blocks(blocks, surface)), text, pointer)
    assert told(validate_blocks(blocks, surface), text, pointer)


@pytest.mark.parametrize(
    ("path", "size"),
    [("1/text/text", 3000), ("2/fields/0/text", 2000), ("0/text/text", 150), ("5/elements/0/text/text", 75),
     ("5/elements/0/value", 2000), ("5/elements/0/action_id", 255), ("5/elements/2/options/0/value", 150),
     ("6/text", 12_000)],
)  # fmt: skip
@pytest.mark.parametrize("letter", ["x", "ש", "🧭"], ids=["latin", "hebrew", "emoji"])
def test_exactly_at_the_limit_is_valid_in_any_script(path: str, size: int, letter: str) -> None:
    assert validate_blocks(spoiled(MESSAGE, path, letter * size), "message") == []


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ({"type": "section", "text": mrkdwn("x" * 3001)}, "3000"),
        ({"type": "section"}, "text or fields"),
        ({"type": "header", "text": plain("x" * 151)}, "150"),
        ({"type": "plan", "title": "x", "tasks": [task("1", "done")]}, "status"),
        ({"type": "context_actions", "elements": []}, "elements"),
        ({"type": "markdown"}, "not a markdown"),
    ],
)
def test_the_models_of_the_python_sdk_refuse_what_they_know(block: Json, text: str) -> None:
    assert any(text in one for one in sdk.problems_of_block(block, "/blocks/0"))


SPOILED_VIEWS: list[tuple[str, Json, str, str]] = [
    ("title", spoiled(MODAL, "title/text", "x" * 25), "less than 25", "/view/title/text"),
    ("submit", spoiled(MODAL, "submit/text", "x" * 25), "less than 25", "/view/submit/text"),
    ("close", spoiled(MODAL, "close/text", "x" * 25), "less than 25", "/view/close/text"),
    ("metadata", spoiled(MODAL, "private_metadata", "x" * 3001), "less than 3001", "/view/private_metadata"),
    ("callback", spoiled(MODAL, "callback_id", "x" * 256), "less than 256", "/view/callback_id"),
    ("label", spoiled(MODAL, "blocks/1/label/text", "x" * 2001), "less than 2001", "/view/blocks/1/label/text"),
    ("no title", {key: value for key, value in MODAL.items() if key != "title"}, "missing required field: title", "/view"),
    ("no submit", {key: value for key, value in MODAL.items() if key != "submit"}, "submit is required", "/view"),
    ("no blocks", {**MODAL, "blocks": []}, "at least 1 block", "/view/blocks"),
    ("size", {**MODAL, "blocks": many(90, lambda n: {"type": "input", "label": plain("x"), "element": {"type": "plain_text_input", "action_id": str(n), "initial_value": "x" * 3000}})}, "view_too_large", "/view"),
    ("focus", spoiled(spoiled(MODAL, "blocks/1/element/focus_on_load", True), "blocks/2/element/focus_on_load", True), "only one element", "/view/blocks/2/element"),
    ("home with a submit", {"type": "home", "submit": plain("x"), "blocks": [SECTION]}, "invalid additional property: submit", "/view"),
    ("dialog", {"type": "dialog"}, "type modal or home", "/view/type"),
]  # fmt: skip


@pytest.mark.parametrize(("view", "text", "pointer"), [row[1:] for row in SPOILED_VIEWS], ids=[row[0] for row in SPOILED_VIEWS])  # fmt: skip
def test_a_spoiled_view_is_named_at_its_place(view: Json, text: str, pointer: str) -> None:
    assert told(validate_view(view), text, pointer)


@pytest.mark.usefixtures("schemas")
def test_a_views_unknown_field_is_named() -> None:
    assert told(validate_view({**MODAL, "width": "wide"}), "invalid additional property: width", "/view")


SPOILED_PAYLOADS: list[tuple[str, Json, str, str]] = [
    ("no text", {"channel": "C1"}, "no_text", "/text"),
    ("no fallback", {**PAYLOAD, "text": " "}, "blocks need a fallback text", "/text"),
    ("long update", {"ts": "1764000000.000100", "text": "x" * 4001}, "msg_too_long", "/text"),
    ("long post", {"text": "x" * 40_001}, "msg_too_long", "/text"),
    ("both kinds of text", {"text": "x", "markdown_text": "x"}, "markdown_text_conflict", "/markdown_text"),
    ("metadata without payload", {**PAYLOAD, "metadata": {"event_type": "x"}}, "invalid_metadata_format", "/metadata"),
    ("large metadata", spoiled(PAYLOAD, "metadata/event_payload/note", "x" * 8000), "metadata_too_large", "/metadata"),
    ("attachments", {"text": "x", "attachments": many(101, lambda _: {"text": "x"})}, "too_many_attachments", "/attachments"),
    ("a thread that is no stamp", {**PAYLOAD, "thread_ts": 1764000000.0001}, "not a time stamp", "/thread_ts"),
    ("a block", spoiled(PAYLOAD, "blocks/1/text/text", ""), "more than 0", "/blocks/1/text/text"),
    ("weight", spoiled(PAYLOAD, "blocks/6/text", "ש" * (BLOCKS_BYTES // 2)), "msg_blocks_too_long", "/blocks"),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "text", "pointer"), [row[1:] for row in SPOILED_PAYLOADS], ids=[row[0] for row in SPOILED_PAYLOADS])  # fmt: skip
def test_a_spoiled_message_is_named_at_its_place(payload: Json, text: str, pointer: str) -> None:
    assert told(validate_message(payload), text, pointer)


def test_what_is_not_even_a_list_of_blocks_is_said_and_does_not_break_a_judge() -> None:
    assert validate_blocks({"type": "section"}, "message") == ["must be a list [json-pointer:/blocks]"]
    assert validate_message([]) == ["a message is an object [json-pointer:/]"]
    wild: list[Any] = [
        "text", None, {"type": 7}, {"type": "plan", "title": "x", "tasks": ["x"]}, {"type": "actions", "elements": "x"},
        {"type": "section", "text": "x", "fields": 3}, {"type": "rich_text", "elements": [[]]}, {"type": "input"},
    ]  # fmt: skip
    for block in wild:
        assert validate_blocks([block], "message"), block


def test_a_payload_that_is_judged_is_left_as_it_was() -> None:
    before = repr(PAYLOAD)
    validate_message(PAYLOAD)
    validate_blocks([rich("x"), *MESSAGE], "modal")
    assert repr(PAYLOAD) == before
