"""Interactive elements: where one is among blocks, and what it says when somebody uses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from tests.servers.slackd.log import Json

_ONE_OPTION = ("static_select", "radio_buttons", "overflow", "external_select")
_MANY_OPTIONS = ("checkboxes", "multi_static_select", "multi_external_select")
_FIELDS = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "file_input": ("files", "initial_files"),
    **dict.fromkeys(_ONE_OPTION, ("selected_option", "initial_option")),
    **dict.fromkeys(_MANY_OPTIONS, ("selected_options", "initial_options")),
}


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """(block, element) of everything with an ``action_id``."""
    for block in blocks:
        candidates: list[Any] = [block.get("accessory"), block.get("element"), *(block.get("elements") or [])]
        candidates += block.get("actions") or []
        for element in candidates:
            if isinstance(element, dict) and "action_id" in element:
                yield block, cast("Json", element)
        for inner in ("blocks", "cards", "child_blocks"):
            yield from elements_of(cast("list[Json]", block.get(inner) or []))


def find(blocks: list[Json], action_id: str) -> tuple[Json, Json]:
    """The element of this action id and its block.

    Raises:
        LookupError: there is none; the message lists those there are.
    """
    for block, element in elements_of(blocks):
        if element["action_id"] == action_id:
            return block, element
    there = [element["action_id"] for _, element in elements_of(blocks)]
    raise LookupError(f"no element {action_id!r} to use; there are {there}")


def action(block: Json, element: Json, *, value: str | None, selected: Any, at: str) -> Json:
    """The entry of ``actions`` when somebody uses an element."""
    kind = str(element["type"])
    made: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block.get("block_id", ""),
        "action_ts": at,
    }
    if kind in ("button", "icon_button", "workflow_button"):
        made |= {name: element[name] for name in ("text", "style", "icon") if name in element}
        chosen = element.get("value") if value is None else value
        return made if chosen is None else made | {"value": chosen}
    if kind == "feedback_buttons":
        return made | _feedback(element, value)
    return made | state_of(element, selected if selected is not None else value)


def state_of(element: Json, given: Any) -> Json:
    """What an input holds when a person gave it this (an option by its value), or else from the start."""
    kind = str(element["type"])
    if kind not in _FIELDS:
        return {}
    field, initial = _FIELDS[kind]
    if given is None:
        return {field: element.get(initial, [] if kind in _MANY_OPTIONS else None)}
    if kind in _ONE_OPTION:
        return {field: _option(element, given)}
    if kind in _MANY_OPTIONS:
        return {field: [_option(element, each) for each in given]}
    return {field: given}


def values_of(blocks: list[Json], given: Json) -> Json:
    """``state.values`` of a view or message: what was ``given`` by block id or action id, initial values otherwise.

    A given value is the plain value (a text, a date, an option's value, a list of them), or Slack's own
    ``{action_id: {…}}`` under a block id, which is taken as it is.

    Raises:
        LookupError: something was given for which there is no input.
    """
    values: Json = {}
    left = dict(given)
    for block, element in elements_of(blocks):
        if element["type"] not in _FIELDS:
            continue
        block_id, action_id = str(block.get("block_id")), str(element["action_id"])
        entry: Json = {"type": element["type"]}
        raw = left.pop(block_id, left.pop(action_id, None)) if block_id in left or action_id in left else None
        if isinstance(raw, dict) and action_id in raw:
            entry |= cast("Json", raw)[action_id]
        else:
            entry |= state_of(element, raw)
        values.setdefault(block_id, {})[action_id] = entry
    if left:
        raise LookupError(f"no input for {sorted(left)}; there are {list(values)}")
    return values


def refused_by_client(blocks: list[Json], values: Json) -> list[str]:
    """Why Slack's own client would not send this modal off."""
    problems: list[str] = []
    for block, element in elements_of(blocks):
        if block.get("type") != "input":
            continue
        entry = cast("Json", values[block["block_id"]][element["action_id"]])
        field = _FIELDS[element["type"]][0]
        value = entry.get(field)
        if not value and not block.get("optional", False):
            problems.append(f"{block['block_id']}: must be filled in")
        if isinstance(value, str):
            longest = int(element.get("max_length", 3000))
            if len(value) > longest or (value and len(value) < int(element.get("min_length", 0))):
                problems.append(f"{block['block_id']}: {len(value)} characters are not allowed")
    return problems


def _option(element: Json, value: Any) -> Json:
    if isinstance(value, dict):
        return cast("Json", value)
    of_groups = cast("list[Json]", element.get("option_groups") or [])
    groups = [cast("list[Json]", group.get("options") or []) for group in of_groups]
    options = cast("list[Json]", element.get("options") or []) + [option for group in groups for option in group]
    for option in options:
        if option.get("value") == value:
            return option
    raise LookupError(f"no option {value!r}; there are {[option.get('value') for option in options]}")


def _feedback(element: Json, value: str | None) -> Json:
    buttons = [cast("Json", element[name]) for name in ("positive_button", "negative_button") if name in element]
    for button in buttons:
        if value is None or button.get("value") == value:
            return {"text": button.get("text"), "value": button.get("value")}
    raise LookupError(f"no feedback {value!r}; there are {[button.get('value') for button in buttons]}")
