"""What an evaluation found, as text for people and JSON for comparing. Seconds are rounded to milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

from engine.domain.json import JsonObject, JsonValue
from engine.domain.spend import Spend
from tests.evaluation.score import Tally, Verdict, tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One request's verdict and what making the plan took."""

    verdict: Verdict
    asked: str
    """The words the planner had to understand."""
    seconds: float
    first_step_seconds: float | None
    """Until the first step of a draft was complete; None where none ever was."""
    calls: int
    """Answers of the model that came whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole evaluation."""

    model: str
    where: str
    """The server that was asked, or the recording that was replayed."""
    prompt: str
    """``name@version`` of the planner's prompt; empty if no plan was made."""
    results: tuple[Result, ...]
    spend: Spend
    prices: str
    """Version of the price table."""
    stopped: str = ""
    """Why it ended before the last request, if it did."""
    notes: tuple[str, ...] = field(default=())

    def counts(self) -> dict[str, Tally]:
        """Per group, per language and for all, in that order."""
        verdicts = [one.verdict for one in self.results]
        groups = {one.group: one for one in verdicts}
        languages = sorted({one.language for one in verdicts})
        return {
            **{group: tally(one for one in verdicts if one.group == group) for group in groups},
            **{language: tally(one for one in verdicts if one.language == language) for language in languages},
            "all": tally(verdicts),
        }


def as_text(report: Report) -> str:
    """For the terminal: a line per group and language, what it cost and took, and every request that is not exact."""
    return "\n".join((*_head(report), "", *_table(report), "", *_figures(report), "", *_failures(report.results), ""))


def as_json(report: Report) -> JsonObject:
    """Everything the text says, and each request."""
    usage = report.spend.usage
    return {
        "model": report.model,
        "where": report.where,
        "prompt": report.prompt,
        "stopped": report.stopped,
        "notes": list(report.notes),
        "counts": {name: _plain(asdict(counted)) for name, counted in report.counts().items()},
        "spend": {
            "calls": report.spend.calls,
            "usage": _plain(asdict(usage)),
            "usd": report.spend.cost.dollars,
            "unpriced_calls": report.spend.unpriced,
            "prices": report.prices,
        },
        "seconds": {name: _percentiles(report.results, of) for name, of in _TIMES.items()},
        "requests": [_request(one) for one in report.results],
    }


def _head(report: Report) -> Iterator[str]:
    yield f"{report.model} at {report.where}, prompt {report.prompt or '-'}, {len(report.results)} requests"
    yield from report.notes
    if report.stopped:
        yield report.stopped


def _table(report: Report) -> Iterator[str]:
    yield f"{'':14}{'requests':>9}{'exact':>12}{'right or asks':>16}{'asked':>8}{'wrong writes':>14}{'failed':>8}"
    for name, counted in report.counts().items():
        yield (
            f"{name:14}{counted.requests:>9}{_share(counted.exact, counted.requests):>12}"
            f"{_share(counted.right_or_asks, counted.requests):>16}{counted.asked:>8}{counted.wrong_writes:>14}"
            f"{counted.failed:>8}"
        )


def _figures(report: Report) -> Iterator[str]:
    spend, usage = report.spend, report.spend.usage
    cached = _share(usage.cache_read_tokens, usage.all_input_tokens)
    repaired = sum(one.calls > 1 for one in report.results)
    yield f"calls    {spend.calls}; {repaired} requests took more than one"
    yield f"tokens   {usage.all_input_tokens} in, read from a cache {cached}; {usage.output_tokens} out"
    unpriced = f", and {spend.unpriced} calls of a model without a price" if spend.unpriced else ""
    yield f"cost     ${spend.cost.dollars:.4f}{unpriced} (prices of {report.prices})"
    for name, of in _TIMES.items():
        times = _percentiles(report.results, of)
        shown = f"p50 {times['p50']} s, p95 {times['p95']} s" if times["p50"] is not None else "not measured"
        yield f"{name:9}{shown}"


def _failures(results: Sequence[Result]) -> Iterator[str]:
    for one in results:
        verdict = one.verdict
        if verdict.exact:
            continue
        kind = "WRONG WRITE" if verdict.wrong_writes else "safe" if verdict.right_or_asks else "not right"
        yield f"- {verdict.id} ({kind}): {' '.join(one.asked.split())[:160]}"
        yield f"    expected {verdict.expected}"
        yield f"    got      {verdict.got}"


def _request(one: Result) -> JsonObject:
    told = {**asdict(one.verdict), **{key: value for key, value in asdict(one).items() if key != "verdict"}}
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in told.items()}


_TIMES: dict[str, Callable[[Result], float | None]] = {
    "plan": lambda one: one.seconds,
    "step": lambda one: one.first_step_seconds,
}
"""Until the answer was checked, and until its first step was complete."""


def _percentiles(results: Iterable[Result], of: Callable[[Result], float | None]) -> dict[str, JsonValue]:
    """Nearest rank; None where nothing was measured."""
    times = sorted(value for one in results if (value := of(one)) is not None)
    return {f"p{rank}": round(times[-(-len(times) * rank // 100) - 1], 3) if times else None for rank in (50, 95)}


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.0%})" if whole else "0"


def _plain(table: dict[str, int]) -> JsonObject:
    return dict(table)
