"""Dates and months a text names, in Hebrew and English: what decides which period a document belongs to."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from integrations.local_workspace.hebrew import normalise, variants

_HEBREW_MONTHS = (
    "ינואר", "פברואר", "מרץ", "אפריל", "מאי", "יוני", "יולי", "אוגוסט", "ספטמבר", "אוקטובר", "נובמבר", "דצמבר"
)  # fmt: skip
_ENGLISH_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december"
)  # fmt: skip
_NUMBERS: dict[str, int] = {
    **{name: number for number, name in enumerate(_HEBREW_MONTHS, 1)},
    **{name: number for number, name in enumerate(_ENGLISH_MONTHS, 1)},
    **{name[:3]: number for number, name in enumerate(_ENGLISH_MONTHS, 1)},
    "sept": 9, "מרס": 3,
}  # fmt: skip
_ALSO_WORDS = {"may", "mar", "march", "מאי"}
"""Month names that are words or names as well: alone, without a year or day, they date nothing."""

_MONTH = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_YEAR = r"(?P<y>(?:19|20)\d\d)"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<!\d){_YEAR}[-_./](?P<m>[01]?\d)[-_./](?P<d>[0-3]?\d)(?!\d)",
        rf"(?<!\d){_YEAR}(?P<m>[01]\d)(?P<d>[0-3]\d)(?!\d)",
        rf"(?<![\d.])(?P<d>[0-3]?\d)[./](?P<m>[01]?\d)[./]{_YEAR}(?!\d)",
        rf"(?<!\w)(?P<d>[0-3]?\d)(?:st|nd|rd|th)?[ _-](?:of )?[בל]?(?P<n>{_MONTH})[ _,-]+{_YEAR}(?!\d)",
        rf"(?<![^\W_])(?P<n>{_MONTH})\.? (?P<d>[0-3]?\d)(?:st|nd|rd|th)?,? {_YEAR}(?!\d)",
        rf"(?<![^\W_])[ושהכלבמ]{{0,2}}(?P<n>{_MONTH})\.?[ _,-]*(?:of )?{_YEAR}(?!\d)",
        rf"(?<!\d){_YEAR}[ _-](?P<n>{_MONTH})(?![^\W_])",
        rf"(?<![\d.])(?<!\d[-_/]){_YEAR}[-_./](?P<m>[01]\d)(?![\d]|[-_./]\d)",
        rf"(?<![\d._/-])(?P<m>[01]?\d)[./]{_YEAR}(?!\d)",
        rf"(?<![^\W_])(?:q|רבעון )(?P<q>[1-4])[ _-]+{_YEAR}(?!\d)",
        r"(?<!\d)(?P<y2>(?:19|20)\d\d)[ _-]?q(?P<q2>[1-4])(?!\d)",
    )
)
_BARE_MONTH = re.compile(rf"(?<![^\W_])[ושהכלבמ]{{0,2}}(?P<n>{_MONTH})(?![^\W_])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A day, month or quarter; both ends inclusive."""

    first: date
    last: date

    def overlaps(self, since: date | None, until: date | None) -> bool:
        """Whether any day of it lies in the period; an open end reaches for ever."""
        return (until is None or self.first <= until) and (since is None or self.last >= since)


def month_number(word: str) -> int | None:
    """1 to 12 for a month's name in either language, Hebrew prefixes and all; None for other words."""
    return next((_NUMBERS[v] for v in variants(normalise(word)) if v in _NUMBERS), None)


def month_names(number: int) -> tuple[str, str]:
    """The month in Hebrew and in English, lower case."""
    return _HEBREW_MONTHS[number - 1], _ENGLISH_MONTHS[number - 1]


def named_spans(text: str, *, around: date, bare: bool = True) -> tuple[Span, ...]:
    """Every day, month and quarter a text names, without repeats, in order of pattern.

    Args:
        text: any text; the caller bounds its length.
        around: a month without a year is the latest such month that begins on or before this day.
        bare: whether months without a year count at all.
    """
    folded = normalise(text)
    found: dict[Span, None] = {}
    for pattern in _PATTERNS:
        folded = pattern.sub(lambda match: _take(match, found), folded)
    if bare:
        found.update(dict.fromkeys(_without_year(folded, around)))
    return tuple(found)


def _take(match: re.Match[str], found: dict[Span, None]) -> str:
    """Note the span and blank its words, so that 3 December 2025 is a day and not its month as well."""
    span = _span(match.groupdict())
    if span is None:
        return match.group()
    found[span] = None
    return "|"


def _span(parts: dict[str, str | None]) -> Span | None:
    year = int(parts.get("y") or parts.get("y2") or 0)
    quarter = parts.get("q") or parts.get("q2")
    if quarter:
        last = int(quarter) * 3
        return Span(first=date(year, last - 2, 1), last=date(year, last, monthrange(year, last)[1]))
    month = _NUMBERS[parts["n"] or ""] if parts.get("n") else int(parts.get("m") or 0)
    if not 1 <= month <= 12:
        return None
    length = monthrange(year, month)[1]
    if not parts.get("d"):
        return Span(first=date(year, month, 1), last=date(year, month, length))
    day = int(parts["d"] or 0)
    return Span(first=date(year, month, day), last=date(year, month, day)) if 1 <= day <= length else None


def _without_year(text: str, around: date) -> Iterator[Span]:
    for match in _BARE_MONTH.finditer(text):
        name = match["n"]
        if name in _ALSO_WORDS or (len(name) == 3 and name.isascii()):
            continue
        month = _NUMBERS[name]
        year = around.year if month <= around.month else around.year - 1
        yield Span(first=date(year, month, 1), last=date(year, month, monthrange(year, month)[1]))
