"""How much Slack takes, and how texts are measured and cut to it.

Lengths are counted in UTF-16 units, which are never fewer than the characters Slack says it counts. A message as a whole
has a limit that Slack does not document: it is refused (``msg_blocks_too_long``) at about 10,600 bytes of UTF-8 in some
messages (openclaw#143882) and 11,300 characters in others (bolt-js#2867), so ours stay below :data:`MESSAGE_BYTES`.
"""

from __future__ import annotations

from bot.parts.scale import Scale

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_BYTES = 9_000
"""Weight of all texts of one message together, see :func:`weight`."""
VIEW_BYTES = 200_000
"""JSON of a form; Slack takes 250,000."""
SECTION = 3_000
CONTEXT = 1_900
PLAN_TITLE = 200
TASK_TITLE = 240
BUTTON = 75
BUTTON_SHOWN = 30
"""Of a button's label, this much is sure to be seen: ``button`` in Slack's reference of block elements."""
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
"""Of the dialog before a button does something."""
OPTION = 75
OPTION_VALUE = 150
PLACEHOLDER = 150
VIEW_TITLE = 24
LABEL = 150
"""Label of an input; Slack takes 2,000."""
HINT = 400
INPUT = 3_000
"""Characters of a text input."""
OPTIONS = 100
FALLBACK = 1_000
"""The text beside the blocks: what notifications show. An edit of a message takes no more than 4,000."""


def weight(text: str) -> int:
    """What a text counts of :data:`MESSAGE_BYTES`: bytes of UTF-8 when it is escaped for mrkdwn, where it can be longest."""
    entities = 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))
    twins = 2 * sum(map(text.count, "*_~@:"))
    return len(text.encode("utf-8", "replace")) + entities + twins


MRKDWN = Scale(weight=weight)
"""How Slack counts."""
