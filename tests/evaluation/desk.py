"""The desk a planner works at while it is evaluated: asks the model, keeps every answer, adds up what it cost, times it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engine.domain.plan import Step
from engine.domain.spend import Money, PriceTable, Spend
from engine.errors import RequestError
from engine.ports.language_model import AnswerLostError, Growing, LanguageModel, ModelAnswer, ModelRequest


@dataclass(slots=True, kw_only=True)
class Till:
    """What all calls of an evaluation used together."""

    prices: PriceTable
    limit: Money | None = None
    spend: Spend = field(default_factory=Spend)

    def admit(self) -> None:
        """Let the next call through.

        Raises:
            RequestError: ``evaluation_limit``: as much as was allowed has been spent. One call may pass the limit, none
                begins beyond it.
        """
        if self.limit is not None and self.spend.cost >= self.limit:
            spent = f"${self.spend.cost.dollars:.4f}"
            raise RequestError("evaluation_limit", f"{spent} has been spent; --limit-usd is {self.limit.dollars:g}.")

    def book(self, model: str, answer: ModelAnswer | AnswerLostError) -> None:
        """Add a call that was made, whole or broken off."""
        cost = self.prices.cost(model, answer.usage)
        self.spend += Spend(calls=1, usage=answer.usage, cost=cost or Money(), unpriced=int(cost is None))


class EvaluationDesk:
    """``PlanningDesk`` for one request. Nothing drafted is started.

    Args:
        model: is asked.
        till: shared by all requests.
        seconds: a monotonic clock, in seconds.
    """

    def __init__(self, model: LanguageModel, till: Till, seconds: Callable[[], float]) -> None:
        self._model = model
        self._till = till
        self._seconds = seconds
        self._began = seconds()
        self._ended: float | None = None
        self.exchanges: list[tuple[ModelRequest, ModelAnswer]] = []
        """Every whole answer with what it answers, in order."""
        self.first_step: float | None = None
        """Seconds until the first step of a draft was complete, if one ever was."""

    @property
    def elapsed(self) -> float:
        """Seconds since the request was handed over, until :meth:`stop`."""
        return (self._seconds() if self._ended is None else self._ended) - self._began

    def stop(self) -> None:
        """The plan is there."""
        self._ended = self._seconds()

    async def ask(self, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
        """Ask within the limit. Raises as ``LanguageModel.ask``, and as :meth:`Till.admit`."""
        self._till.admit()
        try:
            answer = await self._model.ask(request, growing)
        except AnswerLostError as lost:
            self._till.book(self._model.model(request.role), lost)
            raise
        self._till.book(answer.model, answer)
        self.exchanges.append((request, answer))
        return answer

    def drafted(self, step: Step) -> None:
        """Note when the first step was there."""
        del step
        if self.first_step is None:
            self.first_step = self.elapsed

    def withdrawn(self) -> None:
        """Note that what was drafted is wrong."""
