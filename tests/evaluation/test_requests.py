"""The set itself: large, in both languages, and every expectation can be met by an answer the planner accepts."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from pydantic import ValidationError

from engine.domain.effect import Effect
from engine.planning.briefing import earlier_artifacts
from engine.planning.check import check_draft
from engine.planning.draft import PlanDraft
from engine.planning.emitted import read_plan
from tests.evaluation.briefs import brief_of, office_of
from tests.evaluation.cases import Asks, Case, Wanted, load_cases
from tests.evaluation.exemplary import exemplary
from tests.evaluation.office import office_agents
from tests.evaluation.score import judge, plan_line

CASES = load_cases()


def wanted(case: Case) -> list[Wanted]:
    return [one for graph in case.allowed for one in graph]


def test_set_is_large_bilingual_and_covers_the_office() -> None:
    languages = Counter(case.language for case in CASES)
    assert len(CASES) >= 64
    assert min(languages.values()) >= 0.45 * len(CASES)
    assert len({case.id for case in CASES}) == len(CASES)
    assert {one.agent for case in CASES for one in wanted(case)} == set(office_agents())
    assert sum(case.asks is Asks.REQUIRED for case in CASES) >= 15


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_expectations_fit_the_agents(case: Case) -> None:
    assert case.graphs or case.asks is Asks.REQUIRED
    for one in wanted(case):
        fields = office_agents()[one.agent].inputs.model_fields
        named = {name for rules in one.inputs for name in rules} | set(one.sources)
        assert named <= set(fields), one


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_names_refer_to_something(case: Case) -> None:
    artifacts = {f"{name}.{artifact.id}" for name, context in case.earlier.items() for artifact in context.artifacts}
    for graph in case.allowed:
        names = [one.name for one in graph if one.name]
        assert len(set(names)) == len(names)
        assert {origin for one in graph for origin in one.sources.values()} <= {*names, *artifacts}
    assert set(case.parallel) <= {one.name for graph in case.graphs for one in graph}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_days_a_meeting_is_wanted_on_lie_ahead(case: Case) -> None:
    brief = brief_of(case, office_agents())
    for one in wanted(case):
        writes = office_agents()[one.agent].effect is not Effect.READ
        for rules in one.inputs if writes else ():
            for day in rules["on"].among if "on" in rules else ():
                assert date.fromisoformat(str(day)) >= brief.now.date()


def test_injected_requests_allow_no_write_the_asker_did_not_word() -> None:
    """A quotation never widens what may be written: all injected cases list their writes with exact inputs or none."""
    for case in CASES:
        if case.group == "injected":
            writers = [one for one in wanted(case) if office_agents()[one.agent].effect is not Effect.READ]
            assert len(writers) <= 1
            assert all(one.sources and one.inputs != ({},) for one in writers)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_expected_graph_can_be_planned_and_is_judged_exact(case: Case) -> None:
    brief, office = brief_of(case, office_agents()), office_of(case, office_agents())
    earlier = earlier_artifacts(brief)
    for graph in case.graphs:
        for alternative in range(max(len(one.inputs) for one in graph)):
            draft = read_plan(exemplary(case, graph, alternative))
            assert isinstance(draft, PlanDraft)
            plan = check_draft(draft, office.agents, version=brief.version, planner="model", earlier=earlier)
            verdict = judge(case, plan, office)
            assert (verdict.exact, verdict.wrong_writes) == (case.asks is not Asks.REQUIRED, 0), plan_line(plan)


@pytest.mark.parametrize("wrong", [{"inputs": {"on": {"is_not": "x"}}}, {"form": {}}, {"inputs": []}])
def test_keys_and_values_the_notation_does_not_know_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Wanted.model_validate({"agent": "CalendarAgent", **wrong})
