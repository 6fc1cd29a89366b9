"""How long and how many: the limits of Block Kit's fields, by the type that has them.

A path goes from an object with that ``type`` down its fields; ``*`` is every item of a list. Numbers are characters of
strings and items of lists. Where they come from: the reference pages (read November 2026); tests/contract/blockkit
holds every one that is written down in prose in the SDK of another language against that prose.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Limit(NamedTuple):
    """At least and at most so many characters (of a string) or items (of a list)."""

    least: int
    most: int


def _up_to(most: int, least: int = 1) -> Limit:
    return Limit(least, most)


MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
MARKDOWN_TOTAL: Final = 12_000
"""Characters of all markdown blocks of one message together."""
BLOCKS_BYTES: Final = 10_000
"""UTF-8 bytes of everything said in the blocks of one message. The limit behind ``msg_blocks_too_long`` is not written
down and its measure is not known: 13,297 characters of markdown passed (slackapi/bolt-js#2509), 11,341 characters of
rich text and sections did not (#2867), and task cards failed between 10,571 and 10,821 bytes, whatever the script
(openclaw/openclaw#143882). So this is a line we keep to, not one the platform draws: only ``validate_message`` does."""
VIEW_BYTES: Final = 250_000
TEXT_POSTED: Final = 40_000
TEXT_UPDATED: Final = 4_000
METADATA_BYTES: Final = 8_000
ATTACHMENTS: Final = 100
TABLES: Final = 1
"""Tables of one message."""

_CONFIRM: Final = {
    "confirm/title/text": _up_to(100),
    "confirm/text/text": _up_to(300),
    "confirm/confirm/text": _up_to(30),
    "confirm/deny/text": _up_to(30),
}
ELEMENT: Final = {"action_id": _up_to(255), "placeholder/text": _up_to(150), **_CONFIRM}
"""What every interactive element shares."""
BLOCK: Final = {"block_id": _up_to(255)}
"""What every block shares."""


def _choices(path: str) -> dict[str, Limit]:
    return {
        f"{path}/*/text/text": _up_to(75),
        f"{path}/*/value": _up_to(150),
        f"{path}/*/description/text": _up_to(75),
        f"{path}/*/url": _up_to(3000),
    }


def _select() -> dict[str, Limit]:
    return {
        "options": _up_to(100),
        "option_groups": _up_to(100),
        "option_groups/*/label/text": _up_to(75),
        "option_groups/*/options": _up_to(100),
        **_choices("options"),
        **_choices("option_groups/*/options"),
    }


def _feedback(which: str) -> dict[str, Limit]:
    return {
        f"{which}/text/text": _up_to(75),
        f"{which}/value": _up_to(2000),
        f"{which}/accessibility_label": _up_to(75),
    }


LIMITS: Final[dict[str, dict[str, Limit]]] = {
    "plain_text": {"text": _up_to(3000)},
    "mrkdwn": {"text": _up_to(3000)},
    "raw_text": {"text": _up_to(3000)},
    # elements
    "button": {
        "text/text": _up_to(75),
        "value": _up_to(2000),
        "url": _up_to(3000),
        "accessibility_label": _up_to(75),
    },
    "workflow_button": {"text/text": _up_to(75), "accessibility_label": _up_to(75)},
    "checkboxes": {"options": _up_to(10), **_choices("options")},
    "radio_buttons": {"options": _up_to(10), **_choices("options")},
    "overflow": {"options": _up_to(5), **_choices("options")},
    "static_select": _select(),
    "multi_static_select": _select(),
    "feedback_buttons": {**_feedback("positive_button"), **_feedback("negative_button")},
    "icon_button": {"value": _up_to(2000), "accessibility_label": _up_to(75), "visible_to_user_ids": _up_to(10)},
    "url": {"url": _up_to(3000), "text": _up_to(3000)},
    # blocks
    "actions": {"elements": _up_to(25)},
    "alert": {"text/text": _up_to(200)},
    "card": {
        "title/text": _up_to(150),
        "subtitle/text": _up_to(150),
        "body/text": _up_to(200),
        "actions": _up_to(3),
    },
    "carousel": {"elements": _up_to(10)},
    "container": {"title/text": _up_to(150), "subtitle/text": _up_to(150), "child_blocks": _up_to(10)},
    "context": {"elements": _up_to(10)},
    "context_actions": {"elements": _up_to(5)},
    "header": {"text/text": _up_to(150)},
    "image": {"image_url": _up_to(3000), "alt_text": _up_to(2000), "title/text": _up_to(2000)},
    "input": {"label/text": _up_to(2000), "hint/text": _up_to(2000)},
    "markdown": {"text": _up_to(MARKDOWN_TOTAL)},
    "plan": {"title": _up_to(3000), "tasks": _up_to(50, 0)},
    "task_card": {"task_id": _up_to(255), "title": _up_to(3000)},
    "section": {"text/text": _up_to(3000), "fields": _up_to(10), "fields/*/text": _up_to(2000)},
    "table": {"rows": _up_to(100), "rows/*": _up_to(20), "column_settings": _up_to(20)},
    "data_table": {"rows": _up_to(201, 2), "rows/*": _up_to(20)},
    "video": {
        "alt_text": _up_to(2000),
        "title/text": _up_to(200),
        "author_name": _up_to(50),
        "provider_name": _up_to(50),
        "description/text": _up_to(200),
        "video_url": _up_to(3000),
        "thumbnail_url": _up_to(3000),
    },
}

VIEW: Final[dict[str, Limit]] = {
    "title/text": _up_to(24),
    "submit/text": _up_to(24),
    "close/text": _up_to(24),
    "private_metadata": _up_to(3000, 0),
    "callback_id": _up_to(255),
    "external_id": _up_to(255),
}

SURFACES: Final[dict[str, frozenset[str]]] = {
    surface: frozenset(kinds.split())
    for surface, kinds in {
        "message": "actions card carousel container context context_actions data_table divider file header image input"
        " markdown plan rich_text section table task_card video",
        "modal": "actions alert card context divider header image input rich_text section video",
        "home": "actions card carousel container context data_table divider header image input rich_text section table"
        " video",
    }.items()
}
"""Which blocks may stand where."""
KNOWN: Final = frozenset[str]().union(*SURFACES.values())
_PICKERS: Final = "users conversations channels external static"
INTERACTIVE: Final = frozenset(
    {"button", "workflow_button", "feedback_buttons", "icon_button", "overflow", "checkboxes", "radio_buttons"}
    | {f"{picker}_select" for picker in _PICKERS.split()}
    | {f"multi_{picker}_select" for picker in _PICKERS.split()}
    | {"datepicker", "timepicker", "datetimepicker", "number_input", "rich_text_input", "file_input"}
    | {f"{kind}_text_input" for kind in ("plain", "email", "url")}
)
