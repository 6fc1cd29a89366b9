"""Turns of an assistant that looks things up: search, read what was found, and be done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from engine.domain.json import JsonObject
from engine.domain.tenant import PersonalTime
from engine.errors import PlanError
from engine.planning.draft import DraftStep
from engine.planning.offline.understand import draft_plan
from integrations.scripted_model.office.told import block, task
from integrations.scripted_model.pacing import Pacer
from integrations.scripted_model.scripts import Reply, SayText, UseTools
from integrations.scripted_model.view import RequestView

SEARCH, READ, PEOPLE, APPOINTMENTS = "search_documents", "read_documents", "find_people", "list_appointments"

_TERM = re.compile(r"[\w'\"׳״-]{3,}")
_EMPTY = re.compile(
    r"what|does|the|about|who|when|where|which|how|for|and|with|our|did|was|are|מתי|איפה|של|על|עם|האם|את|מה|מי",
    re.IGNORECASE,
)
_MOST_TERMS, _MOST_READ = 8, 3


def next_lookup(request: RequestView, pace: Pacer | None) -> Reply:
    """The next look-ups the question needs, or ``done``."""
    wanted = task(request)
    if len(request.turns) == 1:
        uses = tuple((name, value) for name, value in _first(wanted) if name in request.tools)
        return UseTools(uses, pace=pace) if uses else SayText("done", pace=pace)
    rows = [row for output in request.outputs for row in block(output.text, "found")]
    documents = [row["n"] for row in rows if "file" in row and "n" in row]
    read = any(output.name == READ for output in request.outputs)
    if documents and not read and READ in request.tools:
        question = str(wanted.get("question", ""))[:500]
        return UseTools(((READ, {"documents": documents[:_MOST_READ], "question": question}),), pace=pace)
    return SayText("done", pace=pace)


def _first(wanted: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    question = str(wanted.get("question", ""))
    today = date.fromisoformat(str(wanted.get("today", "Thursday 1970-01-01")).split()[-1])
    found = [use for step in _drafted(question, today) if (use := _use(step)) is not None]
    terms = [term for term in _TERM.findall(question) if not _EMPTY.fullmatch(term)][:_MOST_TERMS]
    if terms and all(name != SEARCH for name, _ in found):
        found.append((SEARCH, {"terms": terms}))
    yield from found[:4]


def _drafted(question: str, today: date) -> tuple[DraftStep, ...]:
    now = datetime.combine(today, time(9), UTC)
    try:
        return draft_plan(question, locale="en", now=now, personal=PersonalTime()).steps
    except PlanError:
        return ()


def _use(step: DraftStep) -> tuple[str, dict[str, Any]] | None:
    inputs = cast("Mapping[str, Any]", step.inputs)
    match step.agent:
        case "DriveSearchAgent":
            return SEARCH, {name: inputs[name] for name in ("terms", "since", "until") if name in inputs}
        case "ContactSearchAgent":
            return PEOPLE, {"name": inputs["name"]}
        case "AppointmentsAgent":
            until = min(date.fromisoformat(inputs["until"]), date.fromisoformat(inputs["since"]) + timedelta(days=62))
            return APPOINTMENTS, {"since": inputs["since"], "until": until.isoformat()}
        case _:
            return None
