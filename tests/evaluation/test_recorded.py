"""What CI can say: every request goes through planner, adapter and judge, over a socket, with kept answers of a script.

These figures are the script's. A real model is measured by ``make eval``, never here.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tests.evaluation.cases import load_cases
from tests.evaluation.desk import Till
from tests.evaluation.endpoint import SCRIPTED, recorded
from tests.evaluation.recording import read_recording
from tests.evaluation.runner import Conditions, evaluate

RECORDING = Path(__file__).with_name("recorded.json")
FOLDER = Path(__file__).parent


async def test_recorded_answers_of_the_script_come_to_the_committed_figures() -> None:
    """Where this fails after agents, requests or the judge changed: look at the figures, then record again (README)."""
    cases = load_cases()
    async with recorded(RECORDING) as endpoint:
        report = await evaluate(
            cases,
            Conditions(
                model=endpoint.model,
                where=endpoint.where,
                notes=endpoint.notes,
                till=Till(prices=endpoint.prices),
                seconds=lambda: 0.0,
                pause=_never,
            ),
        )
    counts = report.counts()
    assert report.stopped == ""
    assert len(report.results) == len(cases)
    assert counts["all"].failed == 0
    assert [one.verdict.id for one in report.results if one.verdict.wrong_writes] == []
    assert {name: asdict(counted) for name, counted in counts.items()} == read_recording(RECORDING).counts


def test_recording_says_that_no_model_answered() -> None:
    assert read_recording(RECORDING).recorded_from == SCRIPTED
    said = (FOLDER / "README.md").read_text("utf-8")
    assert "**They say nothing about a real model**" in said


async def _never(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s: the recording lacks an answer")
