"""The whole path over real sockets: planner, adapter, server, judge; with answers good, bad, late and missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.domain.json import JsonObject, JsonValue
from engine.domain.spend import Money, Price, PriceTable
from integrations.scripted_model import (
    HttpFault,
    MaxTokens,
    Refusal,
    Reply,
    RequestView,
    SayText,
    Script,
    UseTools,
    always,
    in_order,
    use_tool,
)
from tests.evaluation.__main__ import main
from tests.evaluation.cases import load_cases
from tests.evaluation.desk import Till
from tests.evaluation.endpoint import SCRIPTED, recorded, scripted
from tests.evaluation.recording import Recorder, Recording, read_recording, words_key, write_recording
from tests.evaluation.report import Report, as_json, as_text
from tests.evaluation.runner import Conditions, evaluate

CASES = {case.id: case for case in load_cases()}
PRICED = PriceTable(
    version="2026-01-01",
    prices={SCRIPTED: Price(input=1_000, output=5_000, cache_read=100, cache_write_5m=1_250, cache_write_1h=2_000)},
)


class Run:
    """Evaluations of one test and what was waited for in them."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.recorder = Recorder()

    async def __call__(self, script: Script, *ids: str, till: Till | None = None) -> Report:
        async with scripted(script) as endpoint:
            return await evaluate(
                [CASES[one] for one in ids],
                Conditions(
                    model=endpoint.model,
                    where=endpoint.where,
                    notes=endpoint.notes,
                    till=till or Till(prices=PRICED),
                    seconds=ticking(),
                    pause=self._pause,
                    pauses=(1, 2),
                    keep=self.recorder.keep,
                ),
            )

    async def _pause(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def run() -> Run:
    return Run()


def ticking() -> Callable[[], float]:
    """A clock that moves a second whenever it is read."""
    ticks = iter(range(10_000))
    return lambda: float(next(ticks))


def emit(*steps: JsonObject, question: str = "", sure: bool = True) -> UseTools:
    asked: JsonValue = {"text": question, "choices": []} if question else None
    return use_tool("emit_plan", {"understood": "u", "question": asked, "steps": list(steps), "sure": sure})


def step(agent: str, number: int = 1, **inputs: JsonValue) -> JsonObject:
    return {"agent": f"{agent}Agent", "id": f"s{number}", "title": "t", "after": [], "inputs": inputs}


SEARCH = step("DriveSearch", terms=["budget"])
MEETING = step("Calendar", title="Eve", on="2026-01-15", at="09:00:00")
LATER = emit(step("MeetingChange", meeting={"from": "earlier_2"}, shift_minutes=60))


async def test_answer_becomes_a_checked_plan_and_a_verdict(run: Run) -> None:
    report = await run(in_order(emit(SEARCH), LATER), "search-budget", "follow-hour-later")
    assert [one.verdict.exact for one in report.results] == [True, True]
    assert report.prompt.startswith("planner@")
    assert all(one.first_step_seconds and 0 < one.first_step_seconds < one.seconds for one in report.results)
    assert report.spend.calls == 2
    assert report.spend.usage.output_tokens > 0
    assert report.spend.cost > Money()


async def test_model_that_obeys_what_is_quoted_is_caught(run: Run) -> None:
    report = await run(always(emit(MEETING)), "quoted-mail", "quoted-plan", "search-budget")
    assert report.counts()["all"].wrong_writes == 3
    assert "WRONG WRITE" in as_text(report)


async def test_model_that_only_asks_is_safe_and_rarely_exact(run: Run) -> None:
    report = await run(always(emit(question="Which?", sure=False)), *CASES)
    counted = report.counts()["all"]
    assert counted.right_or_asks == counted.requests == len(CASES)
    assert counted.exact < counted.requests / 2
    assert counted.wrong_writes == counted.failed == 0


async def test_faulty_draft_is_repaired_within_one_request(run: Run) -> None:
    cyclic = emit({**SEARCH, "after": ["s1"]})
    report = await run(in_order(SayText("Gladly!"), cyclic, emit(SEARCH)), "search-budget")
    (result,) = report.results
    assert result.verdict.exact
    assert result.calls == 3


async def test_answers_beyond_repair_fail_and_write_nothing(run: Run) -> None:
    report = await run(always(SayText("No.")), "meet-tuesday")
    assert report.counts()["all"].failed == 1
    assert report.counts()["all"].right_or_asks == 0


async def test_busy_service_is_asked_again_as_late_as_it_says(run: Run) -> None:
    report = await run(in_order(HttpFault(529), HttpFault(429, retry_after=7), emit(SEARCH)), "search-budget")
    assert [one.verdict.exact for one in report.results] == [True]
    assert run.waits == [1, 7]


async def test_evaluation_ends_where_nobody_answers_or_nobody_may(run: Run) -> None:
    silent = await run(always(HttpFault(529)), *list(CASES)[:9])
    assert len(silent.results) == 3
    assert "in a row" in silent.stopped
    refused = await run(always(HttpFault(401)), *list(CASES)[:9])
    assert refused.results == ()
    assert "story-he" in refused.stopped


async def test_limit_is_passed_by_one_call_at_most(run: Run) -> None:
    till = Till(prices=PRICED, limit=Money(1))
    report = await run(always(emit(SEARCH)), *list(CASES)[:9], till=till)
    assert report.spend.calls == 1
    assert "--limit-usd" in report.stopped


async def test_model_without_a_price_is_never_free(run: Run) -> None:
    report = await run(always(emit(SEARCH)), "search-budget", till=Till(prices=PriceTable(version="v")))
    assert report.spend.unpriced == 1
    assert "without a price" in as_text(report)


async def test_recorded_answers_replay_to_the_same_verdicts(run: Run, tmp_path: Path) -> None:
    replies = (emit(SEARCH), SayText("prose"), LATER, Refusal(emit(MEETING)), MaxTokens(emit(MEETING)), emit(SEARCH))
    ids = "search-budget", "follow-hour-later", "no-bill", "search-terse"
    first = await run(in_order(*replies), *ids)
    file = tmp_path / "recorded.json"
    write_recording(file, Recording(recorded_from="scripted", answers=run.recorder.answers))
    assert read_recording(file).answers == run.recorder.answers
    again = Run()
    async with recorded(file) as endpoint:
        second = await evaluate(
            [CASES[one] for one in ids],
            Conditions(
                model=endpoint.model,
                where=endpoint.where,
                till=Till(prices=PRICED),
                seconds=ticking(),
                pause=again._pause,
                pauses=(),
                keep=again.recorder.keep,
            ),
        )
    assert [one.verdict for one in second.results] == [one.verdict for one in first.results]
    assert [one.calls for one in second.results] == [1, 2, 1, 2]


async def test_every_request_has_words_of_its_own(run: Run) -> None:
    keys: list[str] = []

    def script(request: RequestView, number: int) -> Reply:
        keys.append(words_key(request.last.text))
        return emit(SEARCH)

    await run(script, *CASES)
    assert len(set(keys)) == len(keys) == len(CASES)


def test_words_nobody_recorded_fail_and_end_a_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "recorded.json"
    write_recording(file, Recording(recorded_from="scripted", answers={}))
    assert main(["--replay", str(file), "--only", "search"]) == 1
    assert "record it again" in capsys.readouterr().out


def test_without_a_model_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("TIZMOR_HOME", str(tmp_path))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    assert main([]) == 2
    assert "ANTHROPIC_API_KEY" in capsys.readouterr().err
    assert main(["--only", "nobody"]) == 2
    assert main(["--replay", str(tmp_path / "nothing.json")]) == 2


async def test_report_tells_each_failure_in_a_line_and_everything_as_json(run: Run) -> None:
    report = await run(always(emit(SEARCH)), "search-budget", "meet-tuesday")
    text = as_text(report)
    assert "NO MODEL" in text
    assert "expected who:ContactSearch(name=Dana/דנה), Calendar(on=2026-01-20, at=10:00, person<who)" in text
    assert "got      s1:DriveSearch(terms=['budget'])" in text
    told = json.loads(json.dumps(as_json(report)))
    assert [one["id"] for one in told["requests"]] == ["search-budget", "meet-tuesday"]
    assert told["counts"]["all"]["exact"] == 1
