"""What a button carries: at most 64 bytes, opaque ids only; what they stand for is looked up, and who may press it."""

from __future__ import annotations

import re

from bot.presses import Press

MOST_BYTES = 64
"""Longest ``callback_data``, in bytes of UTF-8. Source: Bot API, InlineKeyboardButton."""

_CODES = {
    "approve": "a",
    "edit": "e",
    "reject": "r",
    "details": "d",
    "choose": "c",
    "answer": "w",
    "run": "u",
    "change": "g",
    "drop": "o",
    "pause": "p",
    "resume": "s",
    "cancel": "x",
    "feedback": "f",
    "undo": "b",
    "undo_yes": "y",
    "undo_no": "k",
    "retry": "t",
    "back": "v",
    "page": "n",
    "form": "m",
    "plan": "l",
    "edit_step": "i",
    "retry_step": "j",
    "drop_step": "h",
}
_ACTIONS = {code: action for action, code in _CODES.items()}
_ABOUT_EXECUTION = frozenset({"pause", "resume", "cancel", "feedback", "retry", "undo", "undo_yes", "undo_no", "plan"})
_SHAPE = re.compile(r"([a-z]):([0-9A-Za-z_-]{1,32})(?::([0-9A-Za-z.+-]{1,27}))?")


def data_of(press: Press) -> str:
    """The press as a button carries it.

    With ``feedback`` the rest is the rating; with ``page`` and ``form`` it is ``press.choice`` as it stands, which must be
    letters, digits, ``.``, ``+`` and ``-``, at most 27; with ``choose`` it is the choice's :func:`bot.presses.short_token`.

    Raises:
        ValueError: it is no press of ours, or would not fit: our bug.
    """
    about = press.execution if press.action in _ABOUT_EXECUTION else press.approval
    rest = str(press.rating) if press.action == "feedback" else press.choice
    made = ":".join(part for part in (_CODES.get(press.action, ""), about, rest) if part)
    if not _SHAPE.fullmatch(made) or len(made.encode()) > MOST_BYTES:
        raise ValueError(f"{made!r} is no data for a button.")
    return made


def read_data(data: str) -> Press | None:
    """What a button's data stands for; None for anything we did not write."""
    found = _SHAPE.fullmatch(data)
    action = _ACTIONS.get(found[1]) if found else None
    if found is None or action is None:
        return None
    rest = found[3] or ""
    if action == "feedback":
        return Press(action=action, execution=found[2], rating=int(rest)) if rest in {"1", "-1"} else None
    if action in _ABOUT_EXECUTION:
        return Press(action=action, execution=found[2])
    return Press(action=action, approval=found[2], choice=rest)
