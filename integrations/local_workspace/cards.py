"""Reads vCards one by one, so that what is broken loses only itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from engine.domain.artifact import Contact
from engine.domain.ids import opaque
from integrations.local_workspace.hebrew import clean_line

_MOST_CARDS = 20_000
_CARD = re.compile(r"^BEGIN:VCARD[ \t]*\r?$.*?^END:VCARD[ \t]*\r?$", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_BEGIN = re.compile(r"^BEGIN:VCARD[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]\\]+@[^\s<>@,;:\"()\[\]\\]+")
_ALIAS_FIELDS = ("nickname", "x-alias", "x-phonetic-first-name", "x-phonetic-last-name")
_MOST_VALUE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One person's card."""

    contact: Contact
    names: tuple[str, ...]
    """Whole names: FN and every alias of two words or more."""
    nicknames: tuple[str, ...]
    """Names that stand for a part: given name, nicknames."""
    owner: bool
    """Marked ``X-TIZMOR-OWNER:TRUE``."""


def parse_cards(text: str) -> Iterator[Card]:
    """Every card with a name, in order of the file; a UID that was used before does not make two people one."""
    seen: set[str] = set()
    for block in _blocks(text):
        fields = _fields(block)
        card = _card(fields, block, seen) if fields else None
        if card is not None:
            seen.add(card.contact.id)
            yield card


def _blocks(text: str) -> Iterator[str]:
    """Cards as text; one that never ends is dropped where the next begins."""
    for count, match in enumerate(_CARD.finditer(text)):
        if count >= _MOST_CARDS:
            return
        block = match.group()
        begins = [begin.start() for begin in _BEGIN.finditer(block)]
        yield block[begins[-1] :]


def _fields(block: str) -> dict[str, list[Any]]:
    import vobject  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs] - slow to import, untyped

    read = cast("Any", vobject).readOne
    try:
        return cast("dict[str, list[Any]]", read(block, ignoreUnreadable=True).contents)
    except Exception:  # noqa: BLE001 - the library raises whatever its parser meets
        sound = "\n".join(_readable_lines(block, read))
    try:
        return cast("dict[str, list[Any]]", read(sound, ignoreUnreadable=True).contents)
    except Exception:  # noqa: BLE001 - as above: this card is lost, the others are not
        return {}


def _readable_lines(block: str, read: Any) -> Iterator[str]:
    """The lines that parse in a card of their own."""
    for line in re.sub(r"\r?\n[ \t]", "", block).splitlines():
        if re.match("(BEGIN|END|VERSION):", line, re.IGNORECASE):
            yield line
            continue
        try:
            read(f"BEGIN:VCARD\nVERSION:3.0\n{line}\nEND:VCARD\n")
        except Exception:  # noqa: BLE001, S112 - a line that cannot be read is left out
            continue
        yield line


def _card(fields: dict[str, list[Any]], block: str, seen: set[str]) -> Card | None:
    aliases = tuple(alias for field in _ALIAS_FIELDS for alias in _values(fields, field))
    whole = [*_values(fields, "fn"), *_structured(fields)]
    if not whole:
        return None
    uid = next(iter(_values(fields, "uid")), "")
    identity = opaque(f"uid:{uid}") if uid else opaque(f"card:{block}")
    contact = Contact(
        id=identity if identity not in seen else opaque(f"card:{block}:{len(seen)}"),
        name=whole[0],
        email=next((value for value in _values(fields, "email") if _ADDRESS.fullmatch(value)), ""),
        phone=next(iter(_values(fields, "tel")), ""),
        organisation=next(iter(_values(fields, "org")), ""),
        title=next(iter(_values(fields, "title")), ""),
        aliases=tuple(dict.fromkeys(alias for alias in (*whole[1:], *aliases) if alias != whole[0])),
    )
    long = tuple(alias for alias in aliases if " " in alias)
    owner = "true" in (value.lower() for value in _values(fields, "x-tizmor-owner"))
    return Card(contact=contact, names=(*whole, *long), nicknames=aliases, owner=owner)


def _structured(fields: dict[str, list[Any]]) -> list[str]:
    """``N`` as *given family*, where it says something FN did not."""
    found: list[str] = []
    for field in fields.get("n", []):
        given, family = (_flat(getattr(field.value, part, "")) for part in ("given", "family"))
        whole = " ".join(part for part in (given, family) if part)
        if whole and whole not in _values(fields, "fn"):
            found.append(whole)
    return found


def _values(fields: dict[str, list[Any]], name: str) -> list[str]:
    """A field's values, preferred ones first, nicknames apart."""
    given = sorted(fields.get(name, []), key=lambda field: "PREF" not in _types(field))
    flat = [_flat(field.value) for field in given]
    if name in _ALIAS_FIELDS:
        flat = [part.strip() for value in flat for part in value.split(",")]
    return [value for value in flat if value]


def _types(field: Any) -> set[str]:
    params = cast("dict[str, list[str]]", getattr(field, "params", {}))
    return {value.upper() for value in params.get("TYPE", [])} | ({"PREF"} if "PREF" in params else set())


def _flat(value: Any) -> str:
    parts = cast("list[Any]", value) if isinstance(value, list) else [value]
    text = " ".join(str(part) for part in parts if part)
    return clean_line(" ".join(text.split()))[:_MOST_VALUE]
