"""Reads ``requests.toml``: what people ask, in which circumstances, and what a plan of it may look like.

Everything is resolved here: a fixed instant, earlier executions with ids, the plan a change is about. ``README.md`` is the
reference of the notation.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from engine.domain.execution import ExecutionOutcome
from engine.domain.request import dominant_locale
from engine.planning.draft import DraftStep

Scalar = bool | int | float | str

REQUESTS = Path(__file__).with_name("requests.toml")


class Asks(StrEnum):
    """Whether asking, refusing or not being sure is right."""

    NO = "no"
    """It is all there: asking is safe, but not what was wanted."""
    FINE = "fine"
    """Asking is as good as one of the graphs."""
    REQUIRED = "required"
    """A plan the planner is sure of would be a guess, or do half of it in silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an input has to be; one of the three is given."""

    among: tuple[Scalar, ...] = ()
    """Equal to one of these, but for case, spaces and a time's seconds."""
    has: tuple[str, ...] = ()
    """Contains one of these; of a list, one element does."""
    between: tuple[str, str] | None = None
    """From the first to the second, both included: dates or times."""


def _rule(value: Any) -> Rule:
    if isinstance(value, Rule):
        return value
    if not isinstance(value, dict):
        return Rule(among=_several(value))
    table = cast("dict[str, Any]", value)
    if set(table) == {"has"}:
        return Rule(has=tuple(str(one) for one in _several(table["has"])))
    if set(table) == {"between"}:
        first, last = table["between"]
        return Rule(between=(str(first), str(last)))
    raise ValueError(f"{table} is neither a value, a list of values, {{has}} nor {{between}}")


def _several(value: Any) -> tuple[Scalar, ...]:
    return tuple(cast("list[Scalar]", value)) if isinstance(value, list) else (value,)


def _alternatives(value: Any) -> Any:
    return cast("list[Any]", value) if isinstance(value, list) else (value,)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True)


class Wanted(_Table):
    """One step of an expected graph."""

    agent: str
    name: str = Field(default="", alias="as")
    """What other wanted steps of the same request call it."""
    inputs: Annotated[
        tuple[dict[str, Annotated[Rule, BeforeValidator(_rule)]], ...], BeforeValidator(_alternatives)
    ] = Field(default=({},), min_length=1)
    """Alternatives; one of them has to hold."""
    sources: dict[str, str] = Field(default_factory=dict[str, str], alias="from")
    """Input → the wanted step it is bound to, or ``context.artifact`` of an earlier execution."""


class _Answer(_Table):
    question: str
    answer: str


class _Case(_Table):
    id: str
    group: str
    text: str = ""
    now: datetime | None = None
    current: str = ""
    change: str = ""
    earlier: tuple[str, ...] = ()
    answers: tuple[_Answer, ...] = ()
    steps: tuple[Wanted, ...] = ()
    or_steps: tuple[Wanted, ...] = ()
    optional: tuple[Wanted, ...] = ()
    parallel: tuple[str, ...] = ()
    asks: Asks = Asks.NO


class ContextArtifact(_Table):
    """Something an earlier execution gave."""

    id: str
    kind: str
    title: str
    approved: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class Context(_Table):
    """An earlier execution."""

    request: str
    at: datetime
    outcome: ExecutionOutcome
    artifacts: tuple[ContextArtifact, ...] = ()


class CurrentPlan(_Table):
    """The plan a change is about, and the words it was made of."""

    text: str
    steps: tuple[DraftStep, ...]


class _File(_Table):
    now: datetime
    context: dict[str, Context]
    plan: dict[str, CurrentPlan]
    request: tuple[_Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request and everything its planner is told."""

    id: str
    group: str
    text: str
    now: datetime
    graphs: tuple[tuple[Wanted, ...], ...]
    """Each of them is right; empty where only asking is."""
    optional: tuple[Wanted, ...]
    """Steps that may be there besides; each at most once."""
    parallel: tuple[str, ...]
    """Wanted steps of which none may wait for another."""
    asks: Asks
    change: str
    current: CurrentPlan | None
    earlier: Mapping[str, Context]
    answers: tuple[tuple[str, str], ...]
    """Question and answer."""

    @property
    def language(self) -> str:
        """Of the words the planner has to understand here."""
        return dominant_locale(self.change or self.text)

    @property
    def allowed(self) -> Iterator[tuple[Wanted, ...]]:
        """Every graph with the optional steps; those alone where there is no graph."""
        for graph in self.graphs or ((),):
            yield (*graph, *self.optional)


@cache
def load_cases(path: Path = REQUESTS) -> tuple[Case, ...]:
    """The whole set, in the file's order.

    Raises:
        pydantic.ValidationError: a table has a key or value the notation does not know.
        KeyError: a request names a context or plan that is not there.
    """
    file = _File.model_validate(tomllib.loads(path.read_text("utf-8")))
    return tuple(_resolved(case, file) for case in file.request)


def _resolved(case: _Case, file: _File) -> Case:
    current = file.plan[case.current] if case.current else None
    return Case(
        id=case.id,
        group=case.group,
        text=current.text if current else case.text,
        now=case.now or file.now,
        graphs=tuple(graph for graph in (case.steps, case.or_steps) if graph),
        optional=case.optional,
        parallel=case.parallel,
        asks=case.asks,
        change=case.change,
        current=current,
        earlier={name: file.context[name] for name in case.earlier},
        answers=tuple((one.question, one.answer) for one in case.answers),
    )
