"""What was done, what was not, and what may have happened, as parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.parts.model import Items, Line, Part, Span, data, ours, para
from bot.render.account import AccountList, AccountRow

_ICONS = {"done": "☑️", "not_done": "⬜", "unknown": "❓"}


def account_parts(lists: Iterable[AccountList]) -> Iterator[Part]:
    """A heading and a line per step for each list."""
    for one in lists:
        yield para(Span(text=f"{_ICONS[one.kind]} "), ours(one.heading, bold=True))
        yield Items(items=tuple(_row(row) for row in one.rows), tight=True)


def _row(row: AccountRow) -> Line:
    title = data(row.title)
    return (title, ours(f" · {row.note}", italic=True)) if row.note else (title,)
