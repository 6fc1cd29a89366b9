"""Measures the offline planner on ``requests.json``; ``python -m tests.unit.planning.evaluate`` prints the figures.

A graph is written as ``drive, contact, status(1,2)``: steps in order, with the numbers of the steps they depend on.
``ask`` expects a plan the planner is not sure of (or none), ``refuse`` expects none. Held-out requests were written
before the planner and are not looked at while it is tuned.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from engine.domain.plan import Plan
from engine.domain.tenant import PersonalTime
from engine.errors import PlanError
from engine.planning.planner import OfflinePlanner
from engine.ports.planning import Brief
from tests.unit.planning.office import NOW, OFFICE, asked
from tests.unit.planning.scripted_desk import ScriptedDesk

_AGENTS = {
    "drive": "DriveSearchAgent",
    "contact": "ContactSearchAgent",
    "status": "WeeklyStatusAgent",
    "calendar": "CalendarAgent",
    "appointments": "AppointmentsAgent",
    "editor": "EditorAgent",
    "thread": "ThreadAgent",
}
_NAMES = {agent: name for name, agent in _AGENTS.items()}
_WRITERS = ("calendar", "editor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request and what it should become."""

    text: str
    graph: str
    held_out: bool
    values: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one request."""

    case: Case
    planned: str
    sure: bool
    exact: bool
    right_or_asks: bool
    wrong_write: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Figures of a set of verdicts."""

    count: int
    exact: float
    right_or_asks: float
    wrong_writes: int


def cases() -> tuple[Case, ...]:
    """The evaluation set."""
    raw = cast("list[dict[str, object]]", json.loads(Path(__file__).with_name("requests.json").read_text("utf-8")))
    return tuple(
        Case(
            text=str(one["text"]),
            graph=str(one["graph"]),
            held_out=bool(one["held_out"]),
            values=cast("dict[str, dict[str, object]]", one.get("values", {})),
        )
        for one in raw
    )


async def judge(case: Case) -> Verdict:
    """Plan one request and compare."""
    try:
        brief = Brief(request=asked(case.text), now=NOW, personal=PersonalTime())
        plan = await OfflinePlanner(lambda: OFFICE).create_plan(brief, ScriptedDesk())
    except PlanError:
        silent = case.graph in {"ask", "refuse"}
        return Verdict(case=case, planned="refuse", sure=False, exact=silent, right_or_asks=True, wrong_write=False)
    same = _same(plan, case)
    exact = (plan.sure and same) or (case.graph == "ask" and not plan.sure)
    return Verdict(
        case=case,
        planned=graph_of(plan),
        sure=plan.sure,
        exact=exact,
        right_or_asks=same or not plan.sure,
        wrong_write=plan.sure and not same and _writes_wrongly(plan, case),
    )


def graph_of(plan: Plan) -> str:
    """A plan in the set's notation."""
    number = {step.id: str(position) for position, step in enumerate(plan.steps, start=1)}
    return ", ".join(
        _NAMES[step.agent] + (f"({','.join(number[one] for one in step.depends_on)})" if step.depends_on else "")
        for step in plan.steps
    )


def shares(verdicts: Sequence[Verdict]) -> Shares:
    """Count verdicts."""
    return Shares(
        count=len(verdicts),
        exact=_share(one.exact for one in verdicts),
        right_or_asks=_share(one.right_or_asks for one in verdicts),
        wrong_writes=sum(one.wrong_write for one in verdicts),
    )


def _share(flags: Iterable[bool]) -> float:
    known = list(flags)
    return sum(known) / len(known) if known else 1.0


def _same(plan: Plan, case: Case) -> bool:
    return graph_of(plan) == case.graph and _values_hold(plan, case, list(case.values))


def _values_hold(plan: Plan, case: Case, agents: Sequence[str]) -> bool:
    for agent in agents:
        step = next((step for step in plan.steps if step.agent == agent), None)
        if step is None or any(step.inputs.get(name) != value for name, value in case.values[agent].items()):
            return False
    return True


def _writes_wrongly(plan: Plan, case: Case) -> bool:
    """A step that writes and was not asked for, or a meeting asked for with another day, hour or length."""
    expected = re.findall(r"[a-z]+", case.graph) if case.graph not in {"ask", "refuse"} else []
    planned = [_NAMES[step.agent] for step in plan.steps]
    if any(planned.count(writer) > expected.count(writer) for writer in _WRITERS):
        return True
    return "calendar" in planned and not _values_hold(
        plan, case, [one for one in case.values if one == "CalendarAgent"]
    )


async def judge_all() -> tuple[Verdict, ...]:
    """Every case, in order."""
    return tuple([await judge(case) for case in cases()])


def main() -> None:
    """Print the figures, and the requests that went wrong (``--all``: the held-out ones too)."""
    verdicts = asyncio.run(judge_all())
    for name, held_out in (("tuned", False), ("held out", True)):
        figures = shares([one for one in verdicts if one.case.held_out is held_out])
        sys.stdout.write(
            f"{name:9} {figures.count:3} requests  exact {figures.exact:.0%}  right or asks {figures.right_or_asks:.0%}"
            f"  wrong writes {figures.wrong_writes}\n"
        )
    for one in verdicts:
        if not one.exact and (not one.case.held_out or "--all" in sys.argv):
            sure = "sure" if one.sure else "asks"
            sys.stdout.write(f"- {one.case.text}\n    expected {one.case.graph}\n    planned  {one.planned} ({sure})\n")


if __name__ == "__main__":
    main()
