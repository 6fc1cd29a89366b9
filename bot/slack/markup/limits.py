"""How much Slack takes, and how texts are measured and cut to it.

Lengths are counted in UTF-16 units, which are never fewer than the characters Slack says it counts. A message as a whole
has a limit that Slack does not document: it is refused (``msg_blocks_too_long``) at about 10,600 bytes of UTF-8 in some
messages (openclaw#143882) and 11,300 characters in others (bolt-js#2867), so ours stay below :data:`MESSAGE_BYTES`.
"""

from __future__ import annotations

from collections.abc import Callable

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

_JOINERS = frozenset("\u200d\ufe0f") | frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_LONGEST_EMOJI = 16
_OPEN, _CLOSE = "\u2068", "\u2069"


def units(text: str) -> int:
    """UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2


def weight(text: str) -> int:
    """What a text counts of :data:`MESSAGE_BYTES`: bytes of UTF-8 when it is escaped for mrkdwn, where it can be longest."""
    entities = 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))
    twins = 2 * sum(map(text.count, "*_~@:"))
    return len(text.encode("utf-8", "replace")) + entities + twins


def cut(text: str, limit: int) -> str:
    """The text in at most ``limit`` UTF-16 units, with an ellipsis where it was cut; isolates are closed."""
    return text if units(text) <= limit else f"{_head(text, limit - 1, units)}…"


def cut_weight(text: str, limit: int) -> str:
    """The text weighing at most ``limit`` and an ellipsis where it was cut; isolates are closed."""
    return text if weight(text) <= limit else f"{_head(text, limit, weight)}…"


def head_of_weight(text: str, limit: int) -> str:
    """The longest beginning that weighs at most ``limit``, without an ellipsis; isolates are closed."""
    return text if weight(text) <= limit else _head(text, limit, weight)


def split_at(text: str, limit: int) -> tuple[str, str]:
    """A beginning that weighs at most ``limit`` and ends at a line or a word where there is one, and the rest; isolates are
    closed in the one and opened again in the other."""
    if weight(text) <= limit:
        return text, ""
    least = len(text) - len(text.lstrip(_OPEN)) + 1  # isolates alone are no beginning
    size = max(_fitting(text, limit - 6 if _OPEN in text else limit, weight), least)
    head, rest = text[:size], text[size:]
    for mark in ("\n", " "):
        at = text.rfind(mark, size // 2, size)
        if at > 0:
            head, rest = text[:at].rstrip(), text[at + 1 :].lstrip()
            break
    opened = max(head.count(_OPEN) - head.count(_CLOSE), 0)
    return head + _CLOSE * opened, _OPEN * opened + rest


def _head(text: str, limit: int, measure: Callable[[str], int]) -> str:
    # What closes isolates takes room itself: three bytes each, and cleaned texts hold no more than two in one another.
    size = _fitting(text, max(limit - 6, 0) if _OPEN in text else limit, measure)
    head = text[:size].rstrip()
    return head + _CLOSE * max(head.count(_OPEN) - head.count(_CLOSE), 0)


def _fitting(text: str, limit: int, measure: Callable[[str], int]) -> int:
    """How many characters fit, not parting a letter from its marks nor an emoji from what it is joined to."""
    low, high = 0, min(len(text), max(limit, 0))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle]) <= limit else (low, middle - 1)
    whole = low
    while whole - _LONGEST_EMOJI < low < len(text) and low and (text[low] in _JOINERS or text[low - 1] == "\u200d"):
        low -= 1
    return low
