"""The offline planner's whole way: clauses, intents, steps, and one honest sentence about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from engine.domain.tenant import PersonalTime
from engine.errors import PlanError
from engine.planning.draft import PlanDraft
from engine.planning.offline.clauses import split_clauses
from engine.planning.offline.intent import Intent, Kind
from engine.planning.offline.interpret import interpret
from engine.planning.offline.phrases import phrase
from engine.planning.offline.wiring import Wired, wire

_MAX_QUOTED = 80
_MAX_PARTS = 5
_SECOND = re.compile(r"(?:with|(ו?עם))\s")
_VERBS = {"en": "schedule a meeting", "he": "תקבע פגישה"}


def draft_plan(text: str, *, locale: str, now: datetime, personal: PersonalTime) -> PlanDraft:
    """Draft a plan for a request. Pure: the same words at the same instant give the same draft.

    Args:
        text: the asker's own words, cleaned.
        locale: the language of titles and of ``understood``.
        now: when it was asked, aware.
        personal: the asker's zone, week and hours.

    Raises:
        PlanError: ``request_not_understood``: no clause was one this planner knows.

    """
    local = now.astimezone(ZoneInfo(personal.timezone))
    clauses = split_clauses(text)
    wired = wire(_read(clauses, local.date(), personal), locale=locale, now=local)
    if not wired.steps:
        raise _not_understood(text)
    return PlanDraft(
        steps=wired.steps,
        understood=_understood(wired, locale),
        sure=not (wired.left or wired.doubts or wired.uninvited),
    )


def _read(clauses: Sequence[str], today: date, personal: PersonalTime) -> list[Intent]:
    intents: list[Intent] = []
    for clause in clauses:
        again = _SECOND.match(clause)
        if again and intents and intents[-1].kind is Kind.MEET:
            # "… with Dana at 10 and with Yoav at 12": the second half borrows the verb of the first.
            intents.append(
                interpret(f"{_VERBS['he' if again[1] else 'en']} {clause.removeprefix('ו')}", today, personal)
            )
        else:
            intents.append(interpret(clause, today, personal))
    return intents


def _understood(wired: Wired, locale: str) -> str:
    sentence = phrase(locale, "understood", steps="; ".join(step.title for step in wired.steps))
    for name, others in wired.uninvited:
        sentence += phrase(locale, "one_person", name=name, others=others)
    if wired.left:
        sentence += phrase(locale, "left_out", parts=_parts([f"«{_short(part)}»" for part in wired.left]))
    if wired.doubts:
        sentence += phrase(locale, "unclear", parts=_parts([phrase(locale, doubt) for doubt in wired.doubts]))
    return sentence


def _parts(parts: Sequence[str]) -> str:
    return ", ".join(parts[:_MAX_PARTS]) + (" …" if len(parts) > _MAX_PARTS else "")


def _short(text: str) -> str:
    return text if len(text) <= _MAX_QUOTED else text[: _MAX_QUOTED - 1] + "…"


def _not_understood(text: str) -> PlanError:
    return PlanError(
        "request_not_understood",
        f"Nothing in {_short(text)!r} is something the offline planner can do; ask for a search, a summary, a contact,"
        " the calendar, a meeting or an agenda.",
        {"request": _short(text)},
    )
