"""What was done, not done, and may have happened, in words: of an execution that did not simply succeed.

Read from its recorded result, never worked out anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.render.texts import Phrase, Texts, isolate, shorten
from engine.domain.execution import StepOutcome
from engine.domain.json import JsonObject, JsonValue
from engine.domain.snapshot import ExecutionSnapshot

KINDS = ("done", "not_done", "unknown")
MOST_NAMED = 3
"""Steps named in a line that notifies; more of them are counted."""

_TITLE, _NAMED = 200, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One step."""

    title: str
    note: str
    """Why it was not done, when it may have happened, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountList:
    """Steps that came to the same; there is at least one."""

    kind: str
    """``done``, ``not_done`` or ``unknown``."""
    heading: str
    rows: tuple[AccountRow, ...]


def account_of(snapshot: ExecutionSnapshot, texts: Texts) -> tuple[AccountList, ...]:
    """The lists of an execution; none while it runs, and none of one that takes another back, which tells that itself."""
    execution = snapshot.execution
    if execution.outcome is None or execution.request.undoes:
        return ()
    return account_lists(execution.result, execution.updated_at, texts)


def account_lists(result: JsonObject | None, ended: datetime, texts: Texts) -> tuple[AccountList, ...]:
    """The lists that have something to tell; none of an execution that succeeded.

    Args:
        result: of an execution, as recorded.
        ended: when it ended: times on that day are told without it.
        texts: the language and the zone.
    """
    found: list[AccountList] = []
    for kind in KINDS:
        rows = tuple(_row(entry, ended, texts) for entry in _entries(result, kind))
        if rows:
            found.append(AccountList(kind=kind, heading=texts.say(f"account.{kind}"), rows=rows))
    return tuple(found)


def account_line(lists: Sequence[AccountList], texts: Texts, *, kinds: Sequence[str] = KINDS) -> Phrase:
    """Everything of these kinds in a line: ``Done: a, b. May have happened: c.`` Empty where there is nothing of them."""
    told = [texts.say(f"account.line.{one.kind}", titles=_named(one, texts)) for one in lists if one.kind in kinds]
    return Phrase(" ".join(told))


def nothing_happened(lists: Sequence[AccountList]) -> bool:
    """Nothing was done, and nothing may have been."""
    return all(one.kind == "not_done" for one in lists)


def _named(one: AccountList, texts: Texts) -> Phrase:
    names = [isolate(shorten(row.title, _NAMED)) for row in one.rows[:MOST_NAMED]]
    left = len(one.rows) - MOST_NAMED
    return Phrase("; ".join([*names, texts.say("result.and_more", n=left)] if left > 0 else names))


def _entries(result: JsonObject | None, kind: str) -> Iterator[JsonObject]:
    found: JsonValue = (result or {}).get(kind)
    for entry in found if isinstance(found, list) else ():
        if isinstance(entry, dict):
            yield entry


def _row(entry: JsonObject, ended: datetime, texts: Texts) -> AccountRow:
    reason, at = str(entry.get("reason") or ""), entry.get("at")
    note = texts.at(datetime.fromisoformat(at), today=ended) if isinstance(at, str) else _why(reason, texts)
    return AccountRow(title=shorten(str(entry.get("title") or ""), _TITLE), note=note)


def _why(reason: str, texts: Texts) -> str:
    if not reason or reason == StepOutcome.CANCELLED:
        return ""  # that it was stopped is said of the whole
    key = f"account.why.{reason}"
    return texts.say(key) if texts.knows(key) else texts.error(reason)
