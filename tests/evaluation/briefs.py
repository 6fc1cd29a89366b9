"""Puts a case before a planner: the brief the product would hand over, with fixed ids in place of an execution's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.domain.agent import AgentSpec
from engine.domain.ids import ExecutionId, PrincipalId, StepId, opaque
from engine.domain.plan import Plan
from engine.domain.request import Request, dominant_locale
from engine.domain.tenant import PersonalTime
from engine.planning.check import check_draft
from engine.planning.draft import PlanDraft
from engine.ports.planning import Brief, Clarification, EarlierArtifact, EarlierExecution
from tests.evaluation.cases import Case
from tests.evaluation.matching import Office

ASKER = PrincipalId("maya")


def brief_of(case: Case, agents: Mapping[str, AgentSpec]) -> Brief:
    """What the planner is told about a case."""
    request = Request(
        text=case.text,
        user_id=ASKER,
        locale=dominant_locale(case.text),
    )
    current = _current(case, agents)
    return Brief(
        request=request,
        now=case.now,
        personal=PersonalTime(timezone=request.timezone),
        version=current.version + 1 if current else 1,
        change=case.change or None,
        current=current,
        answers=tuple(Clarification(question=question, answer=answer) for question, answer in case.answers),
        earlier=tuple(_earlier(case)),
    )


def office_of(case: Case, agents: Mapping[str, AgentSpec]) -> Office:
    """What a plan of a case is compared against."""
    known = {
        f"{name}.{artifact.id}": (_execution(name), StepId(artifact.id))
        for name, context in case.earlier.items()
        for artifact in context.artifacts
    }
    return Office(agents=agents, earlier=known)


def _current(case: Case, agents: Mapping[str, AgentSpec]) -> Plan | None:
    if case.current is None:
        return None
    draft = PlanDraft(steps=case.current.steps, understood=case.current.text)
    return check_draft(draft, agents, version=1, planner="model")


def _earlier(case: Case) -> Iterator[EarlierExecution]:
    number = 0
    for name, context in sorted(case.earlier.items(), key=lambda item: item[1].at):
        artifacts: list[EarlierArtifact] = []
        for artifact in context.artifacts:
            number += 1
            artifacts.append(
                EarlierArtifact(
                    name=f"earlier_{number}",
                    execution_id=_execution(name),
                    step_id=StepId(artifact.id),
                    kind=artifact.kind,
                    title=artifact.title,
                    approved=artifact.approved,
                )
            )
        yield EarlierExecution(
            request=context.request, at=context.at, outcome=context.outcome, artifacts=tuple(artifacts)
        )


def _execution(name: str) -> ExecutionId:
    return ExecutionId(opaque(f"evaluation/{name}"))
