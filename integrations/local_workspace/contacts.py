"""The contacts port over a ``.vcf`` file, read again whenever it changed; a broken card or line loses only itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from engine.domain.artifact import Contact, Contacts
from engine.errors import UnavailableError
from integrations.local_workspace.cards import Card, parse_cards
from integrations.local_workspace.hebrew import sounds_like, variants, words

_MOST_BYTES = 20 * 1024 * 1024
_ALIKE = 0.5
_SURELY_ALIKE = 0.7
_MARGIN = 0.1
"""Candidates this much less alike than the best are not offered: Dana is not Dina."""
_WITH = frozenset({"עם", "את", "אל", "של", "with", "to", "mr", "mrs", "ms", "dr", "דר", "מר", "גב", "גברת"})
"""Words before a name that are not part of it."""

_Names = tuple[str, ...]
"""The words of one name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A contact, with its names as words."""

    contact: Contact
    full: tuple[_Names, ...]
    """The whole name in each of its spellings."""
    parts: frozenset[str]
    """Every single word of every name and nickname."""
    owner: bool


class LocalContacts:
    """:class:`engine.ports.contacts.ContactBook` over ``path``; a missing file is an empty book."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._entries: tuple[_Entry, ...] = ()

    async def find(self, name: str) -> Contacts:
        """Candidates for a name; see the port. An address finds its owner.

        Raises:
            UnavailableError: ``contacts_unreadable``: the file is there and cannot be read.
        """
        return await asyncio.to_thread(self._find, name)

    def owner(self) -> Contact | None:
        """The workspace's owner: the first card with ``X-TIZMOR-OWNER:TRUE``. Blocking.

        Raises:
            UnavailableError: as :meth:`find`.
        """
        return next((entry.contact for entry in self._loaded() if entry.owner), None)

    def _find(self, name: str) -> Contacts:
        entries = self._loaded()
        address = name.strip().casefold()
        found = [entry.contact for entry in entries if entry.contact.email.casefold() == address and address]
        return Contacts(query=name, items=tuple(found or _candidates(entries, tuple(words(name)))))

    def _loaded(self) -> tuple[_Entry, ...]:
        with self._lock:
            try:
                found = self._path.stat()
                stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
                if stamp != self._stamp:
                    self._entries = tuple(_entry(card) for card in parse_cards(self._read(found.st_size)))
                    self._stamp = stamp
            except FileNotFoundError:
                self._entries, self._stamp = (), None
            except OSError as error:
                raise UnavailableError("contacts_unreadable", f"{self._path.name}: {error.strerror}.") from error
            return self._entries

    def _read(self, size: int) -> str:
        if size > _MOST_BYTES:
            detail = f"{self._path.name} has {size:,} bytes, at most {_MOST_BYTES:,} are read."
            raise UnavailableError("contacts_unreadable", detail)
        content = self._path.read_bytes()
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("cp1255", "replace")


def _entry(card: Card) -> _Entry:
    full = tuple(dict.fromkeys(found for name in card.names if (found := tuple(words(name)))))
    short = {word for name in card.nicknames for word in words(name)}
    return _Entry(
        contact=card.contact,
        full=full,
        parts=frozenset(short.union(*full)),
        owner=card.owner,
    )


def _candidates(entries: tuple[_Entry, ...], wanted: _Names) -> list[Contact]:
    """The best class of match that has anybody: whole, part, across scripts; prefixes go as a last try."""
    bare = _without_leading(wanted)
    if not bare:
        return []
    shorter = [(form, *bare[1:]) for form in variants(bare[0])[1:]]
    tries = [(names, match) for names in dict.fromkeys((wanted, bare)) for match in (_whole, _part, _surely_across)]
    tries += [(names, match) for names in shorter for match in (_whole, _part, _surely_across)]
    tries += [(names, _across) for names in (bare, *shorter)]
    for names, match in tries:
        found = match(entries, names)
        if found:
            return found
    return []


def _without_leading(wanted: _Names) -> _Names:
    """Without words like *with* and עם before the name."""
    while len(wanted) > 1 and wanted[0] in _WITH:
        wanted = wanted[1:]
    return wanted


def _whole(entries: tuple[_Entry, ...], names: _Names) -> list[Contact]:
    return _sorted(entries, lambda entry: names in entry.full or names[::-1] in entry.full)


def _part(entries: tuple[_Entry, ...], names: _Names) -> list[Contact]:
    return _sorted(entries, lambda entry: entry.parts.issuperset(names))


def _sorted(entries: tuple[_Entry, ...], fits: Callable[[_Entry], bool]) -> list[Contact]:
    return sorted((entry.contact for entry in entries if fits(entry)), key=lambda contact: (contact.name, contact.id))


def _surely_across(entries: tuple[_Entry, ...], names: _Names) -> list[Contact]:
    return _across(entries, names, _SURELY_ALIKE)


def _across(entries: tuple[_Entry, ...], names: _Names, least: float = _ALIKE) -> list[Contact]:
    rated = [(_alike(entry, names), entry.contact) for entry in entries]
    best = max((ratio for ratio, _ in rated), default=0.0)
    close = [(ratio, contact) for ratio, contact in rated if ratio >= max(least, best - _MARGIN)]
    return [contact for _, contact in sorted(close, key=lambda pair: (-pair[0], pair[1].name, pair[1].id))]


def _alike(entry: _Entry, names: _Names) -> float:
    """The mean likeness of the wanted words to the entry's; 0 as soon as one is like none."""
    ratios = [max((sounds_like(name, part) for part in entry.parts), default=0.0) for name in names]
    return sum(ratios) / len(ratios) if all(ratios) else 0.0
