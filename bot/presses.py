"""What a button, menu or form of ours stands for: opaque ids only, written into it and read back from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.domain.ids import ChoiceId, opaque
from engine.domain.json import JsonValue

_SHORT = 16
_SAFE_ID = re.compile(r"[A-Za-z0-9_.:-]{1,40}")

_SEPARATOR = "|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Something a person can do to an execution or an approval."""

    action: str
    """``approve edit reject details choose answer run change back drop pause resume cancel retry feedback undo page
    plan edit_step retry_step drop_step`` …"""
    execution: str = ""
    approval: str = ""
    choice: str = ""
    rating: int = 0

    @property
    def name(self) -> str:
        """Unique within a message: an action is there once for each thing it is about. At most 255 characters."""
        return ".".join(
            part for part in (self.action, self.approval[:40], self.choice, str(self.rating or "")) if part
        )[:255]

    @property
    def value(self) -> str:
        """For a button, an option of a menu, or a form's private metadata."""
        return _SEPARATOR.join((self.action, self.execution, self.approval, self.choice, str(self.rating)))

    def to_json(self) -> Mapping[str, JsonValue]:
        """For a delivery's payload."""
        return {"press": self.value}


def read_press(value: str) -> Press | None:
    """What a value stands for; None for anything we did not write."""
    parts = value.split(_SEPARATOR)
    if len(parts) != 5 or not parts[0] or parts[4] not in {"-1", "0", "1"}:
        return None
    action, execution, approval, choice, rating = parts
    return Press(action=action, execution=execution, approval=approval, choice=choice, rating=int(rating))


def choice_token(choice: str) -> str:
    """What a button says of a choice: its id, or a digest of one that could be somebody's text or not fit."""
    return choice if _SAFE_ID.fullmatch(choice) else f"~{opaque(choice)}"


def short_token(choice: str) -> str:
    """The same in sixteen characters, for where little fits."""
    return opaque(choice, _SHORT)


def choice_of(token: str, choices: Iterable[str]) -> ChoiceId | None:
    """Which of an approval's choices a token from a button names; None where it names none of them."""
    return next((ChoiceId(choice) for choice in choices if token in {choice_token(choice), short_token(choice)}), None)
