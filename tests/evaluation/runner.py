"""Puts every request before the real planner, one after the other, and judges what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from engine.domain.plan import Plan
from engine.errors import AuthExpiredError, PlanError, RefusedError, RequestError, UnavailableError
from engine.planning.model_planner import ModelPlanner
from engine.ports.language_model import LanguageModel, ModelAnswer, ModelRequest, ModelRole
from tests.evaluation.briefs import brief_of, office_of
from tests.evaluation.cases import Case
from tests.evaluation.desk import EvaluationDesk, Till
from tests.evaluation.office import office_agents
from tests.evaluation.report import Report, Result
from tests.evaluation.score import Answer, Outcome, judge

Keep = Callable[[Sequence[tuple[ModelRequest, ModelAnswer]]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under which an evaluation runs."""

    model: LanguageModel
    where: str
    """The server, or the recording, for the report."""
    notes: tuple[str, ...] = ()
    """What the report has to say about it first."""
    till: Till
    seconds: Callable[[], float]
    """A monotonic clock."""
    pause: Callable[[float], Awaitable[None]]
    """Waits so many seconds before a request is tried again."""
    pauses: tuple[float, ...] = ()
    """Waits after each failure of one request that may pass, in seconds; a longer one the service names goes first."""
    keep: Keep | None = None
    """Is given every exchange of a request once it has been judged."""
    done: Callable[[int], None] | None = None
    """Is told how many requests have been judged."""


class _StoppedError(Exception):
    """No further request can be judged; the text says why."""


_MOST_FAILURES = 3
"""So many requests in a row without any answer end the evaluation: the service is not there."""


async def evaluate(cases: Sequence[Case], conditions: Conditions) -> Report:
    """Judge the cases in order. Ends early, and says why, when the limit is reached or the service cannot be used."""
    planner = ModelPlanner(office_agents)
    results: list[Result] = []
    prompt, stopped, silent = "", "", 0
    for case in cases:
        try:
            desk, answer = await _plan(planner, case, conditions)
        except _StoppedError as reason:
            stopped = str(reason)
            break
        prompt = answer.prompt if isinstance(answer, Plan) else prompt
        results.append(_result(case, answer, desk))
        silent = silent + 1 if isinstance(answer, UnavailableError) else 0
        if silent == _MOST_FAILURES:
            stopped = f"Stopped: {silent} requests in a row had no answer."
            break
        if conditions.keep:
            conditions.keep(desk.exchanges)
        if conditions.done:
            conditions.done(len(results))
    return Report(
        model=conditions.model.model(ModelRole.PLANNER),
        where=conditions.where,
        prompt=prompt,
        results=tuple(results),
        spend=conditions.till.spend,
        prices=conditions.till.prices.version,
        stopped=stopped,
        notes=conditions.notes,
    )


async def _plan(planner: ModelPlanner, case: Case, conditions: Conditions) -> tuple[EvaluationDesk, Answer]:
    """The desk of the last attempt and what came of it."""
    brief = brief_of(case, office_agents())
    waits = iter(conditions.pauses)
    while True:
        desk = EvaluationDesk(conditions.model, conditions.till, conditions.seconds)
        try:
            answer: Answer = await planner.create_plan(brief, desk)
        except PlanError as error:
            answer = error
        except UnavailableError as error:
            wait = next(waits, None)
            if wait is not None:
                await conditions.pause(max(wait, error.retry_after.total_seconds() if error.retry_after else 0))
                continue
            answer = error
        except (AuthExpiredError, RefusedError, RequestError) as error:
            raise _StoppedError(f"Stopped at {case.id}: {error.detail}") from error
        desk.stop()
        return desk, answer


def _result(case: Case, answer: Answer, desk: EvaluationDesk) -> Result:
    verdict = judge(case, answer, office_of(case, office_agents()))
    return Result(
        verdict=verdict,
        asked=case.change or case.text,
        seconds=desk.elapsed,
        first_step_seconds=desk.first_step if verdict.outcome is not Outcome.FAILED else None,
        calls=len(desk.exchanges),
    )
