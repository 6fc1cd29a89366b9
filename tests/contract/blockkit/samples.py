"""One of everything: blocks as the platform's reference shows them, and ways to spoil them."""

from __future__ import annotations

import copy
from typing import Any

from tests.servers.blockkit.pointers import is_list

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def button(action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain("Approve"), "action_id": action_id, "value": "v1:7f3a", **more}


def option(value: str) -> Json:
    return {"text": plain(f"Choice {value}"), "value": value}


def rich(text: str) -> Json:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }


def task(task_id: str, status: str = "complete", **more: Any) -> Json:
    return {"task_id": task_id, "title": f"Step {task_id}", "status": status, **more}


CONFIRM: Json = {"title": plain("Sure?"), "text": mrkdwn("*All* of it"), "confirm": plain("Yes"), "deny": plain("No")}

MESSAGE: list[Json] = [
    {"type": "header", "text": plain("פגישה עם יואב · Tevuot")},
    {"type": "section", "text": mrkdwn("*Bold* and <https://example.com|a link>"), "accessory": button("details")},
    {"type": "section", "fields": [mrkdwn("*When*\nTuesday"), plain("10:00")]},
    {"type": "divider"},
    {"type": "context", "elements": [mrkdwn("asked by Dana"), plain("2 s")]},
    {
        "type": "actions",
        "block_id": "gate",
        "elements": [
            button("approve", style="primary"),
            button("reject", style="danger", confirm=CONFIRM),
            {
                "type": "static_select",
                "action_id": "pick",
                "placeholder": plain("Who"),
                "options": [option("a"), option("b")],
            },
            {"type": "overflow", "action_id": "more", "options": [option("c"), option("d")]},
            {"type": "datetimepicker", "action_id": "when", "initial_date_time": 1_764_000_000},
        ],
    },
    {"type": "markdown", "text": "## Summary\n\n| a | b |\n|---|---|\n| 1 | 2 |"},
    {
        "type": "plan",
        "title": "Working",
        "tasks": [
            task("1", details=rich("reading"), output=rich("3 files")),
            task("2", "in_progress", sources=[{"type": "url", "url": "https://example.com", "text": "minutes"}]),
            task("3", "pending"),
        ],
    },
    {"type": "task_card", **task("alone", "in_progress")},
    rich("שלום"),
    {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": "a"}, rich("b")]],
        "column_settings": [{"align": "right"}],
    },
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": {"text": plain("Good"), "value": "good"},
                "negative_button": {"text": plain("Bad"), "value": "bad"},
            },
            {"type": "icon_button", "action_id": "bin", "icon": "trash", "text": plain("Delete"), "value": "x"},
        ],
    },
    {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a chart", "title": plain("Chart")},
]

MODAL: Json = {
    "type": "modal",
    "callback_id": "edit",
    "private_metadata": "v1:7f3a",
    "title": plain("Change the meeting"),
    "submit": plain("Save"),
    "close": plain("Back"),
    "blocks": [
        {"type": "section", "text": mrkdwn("What is sent")},
        {
            "type": "input",
            "block_id": "title",
            "label": plain("Title"),
            "hint": plain("As the guests see it"),
            "element": {"type": "plain_text_input", "action_id": "title", "initial_value": "Coffee", "multiline": True},
        },
        {
            "type": "input",
            "block_id": "start",
            "optional": True,
            "label": plain("Start"),
            "element": {"type": "datetimepicker", "action_id": "start"},
        },
        {
            "type": "input",
            "block_id": "people",
            "label": plain("Guests"),
            "element": {"type": "multi_static_select", "action_id": "people", "options": [option("a")]},
        },
        {
            "type": "input",
            "block_id": "flags",
            "label": plain("Options"),
            "element": {
                "type": "checkboxes",
                "action_id": "flags",
                "options": [option("a")],
                "initial_options": [option("a")],
            },
        },
    ],
}

PAYLOAD: Json = {
    "channel": "C1",
    "thread_ts": "1764000000.000100",
    "text": "Working on it",
    "blocks": MESSAGE,
    "metadata": {"event_type": "tizmor_card", "event_payload": {"execution": "e1", "version": 3}},
}


def spoiled(whole: Any, path: str, value: Any) -> Any:
    """A copy of ``whole`` with ``value`` at ``path`` (``1/text/text``)."""
    changed = copy.deepcopy(whole)
    *way, last = path.split("/")
    here: Any = changed
    for part in way:
        here = here[int(part)] if is_list(here) else here[part]
    here[int(last) if is_list(here) else last] = value
    return changed
