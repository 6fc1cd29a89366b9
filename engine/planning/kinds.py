"""Kinds of artifacts as inputs see them: which a field takes, and whether what a step gives will do."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from engine.domain.artifact import Contacts, Person


def artifact_kinds(annotation: Any) -> tuple[str, ...]:
    """The artifact kinds a field's annotation accepts; empty for a field that is filled with literals."""
    waiting, kinds = [annotation], list[str]()
    while waiting:
        current = waiting.pop()
        if get_origin(current) in (Union, types.UnionType):
            waiting.extend(get_args(current))
        elif kind := _kind(current):
            kinds.append(kind)
    return tuple(kinds)


def _kind(artifact: Any) -> str:
    if not (isinstance(artifact, type) and is_dataclass(artifact)):
        return ""
    if "kind" not in {field.name for field in fields(artifact)}:
        return ""
    hint = get_type_hints(artifact)["kind"]
    return cast("str", get_args(hint)[0]) if get_origin(hint) is Literal else ""


PERSON, CONTACTS = _kind(Person), _kind(Contacts)
"""One settled person; candidates, of which ``one`` takes one."""


def accepts(accepted: Sequence[str], given: str, *, one: bool) -> bool:
    """Will an artifact of the kind ``given`` do, or ``one`` of it? A person is one already; of contacts, one is a person."""
    if one:
        return given in {CONTACTS, PERSON} and PERSON in accepted
    return given in accepted
