"""An execution that no run gets past for a fault of ours ends with what it has, and its owner is told: nothing stops in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.domain.approval import DecisionVerb
from engine.domain.event import Event, EventType
from engine.domain.execution import ExecutionOutcome, Signal, StepOutcome, StepStatus
from engine.domain.ids import StepId
from engine.execution import quarantine
from engine.execution.dispatcher import MOST_FAILURES
from engine.execution.run import ExecutionRun
from engine.execution.working_copy import WorkingCopy
from tests.lab import Lab, Publish, World, open_lab, plan, step

STEPS = plan(step("a"), step("p", "Publisher", left="a"), step("z", left="p"))


class BugError(RuntimeError):
    """A fault of ours."""


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs break as soon as one of these steps is recorded."""
    steps: list[str] = []
    decide = ExecutionRun._decide

    def breaking(self: ExecutionRun, unit: object) -> None:
        copy: WorkingCopy = self._copy
        if any(copy.run(StepId(name)).status is StepStatus.DONE for name in steps):
            raise BugError("no way past this")
        decide(self, unit)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(ExecutionRun, "_decide", breaking)
    return steps


def told(lab: Lab) -> list[Event]:
    heard: list[Event] = []
    lab.state.watch(lambda event: heard.append(event) if event.type is EventType.EXECUTION_FINISHED else None)
    return heard


async def test_what_was_done_stays_done_and_what_was_not_is_said(tmp_path: Path, after: list[str]) -> None:
    tool = Publish()
    async with open_lab(tmp_path, World(plan=lambda _: STEPS, tools=(tool,))) as lab:
        heard = told(lab)
        execution = await lab.orchestrator.start("x", "owner")
        asked = await lab.asked(execution.id)
        after.append("p")
        await lab.answer(asked, DecisionVerb.APPROVE)
        done = await lab.done(execution.id)
        broken = len(lab.telemetry.failures)
    assert (done.outcome, len(tool.ledger), len(heard)) == (ExecutionOutcome.PARTIAL, 1, 1)
    assert done.execution.error is not None
    assert done.execution.error.code == "execution_quarantined"
    assert "BugError" in done.execution.error.detail
    outcomes = {name: run.outcome for name, run in done.step_runs.items()}
    assert outcomes == {"a": StepOutcome.SUCCEEDED, "p": StepOutcome.SUCCEEDED, "z": StepOutcome.CANCELLED}
    assert broken == MOST_FAILURES


async def test_a_stop_that_a_fault_of_ours_stood_before_is_a_stop(tmp_path: Path, after: list[str]) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: STEPS, tools=(Publish(),))) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.asked(execution.id)
        after.append("a")
        await lab.orchestrator.signal(execution.id, Signal.CANCEL)
        done = await lab.done(execution.id)
    assert done.outcome is ExecutionOutcome.CANCELLED


async def test_where_not_even_that_can_be_told_it_is_put_aside_and_said_so(
    tmp_path: Path, after: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(*_: object) -> None:
        raise BugError("nor past this")

    monkeypatch.setattr(quarantine, "ending", unable)
    after.append("a")
    async with open_lab(tmp_path, World(plan=lambda _: STEPS, tools=(Publish(),))) as lab:
        heard = told(lab)
        execution = await lab.orchestrator.start("x", "owner")
        done = await lab.done(execution.id)
    assert (done.outcome, len(heard)) == (ExecutionOutcome.FAILED, 1)
    assert done.execution.error is not None
    assert done.execution.error.code == "execution_quarantined"


async def test_one_thing_that_keeps_it_from_being_told_hides_nothing_for_good(
    tmp_path: Path, after: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ending, calls = quarantine.ending, list[object]()

    def once(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise BugError("not now")
        return ending(*args)

    monkeypatch.setattr(quarantine, "ending", once)
    after.append("a")
    async with open_lab(tmp_path, World(plan=lambda _: STEPS, tools=(Publish(),))) as lab:
        done = await lab.done((await lab.orchestrator.start("x", "owner")).id)
    assert (done.outcome, len(calls)) == (ExecutionOutcome.PARTIAL, 2)
    assert done.step_runs[StepId("a")].outcome is StepOutcome.SUCCEEDED


async def test_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decide = ExecutionRun._decide
    broken: set[str] = set()

    def breaking(self: ExecutionRun, unit: object) -> None:
        if self._execution_id in broken:
            raise BugError("no way past this")
        decide(self, unit)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(ExecutionRun, "_decide", breaking)
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("a")))) as lab:
        first = await lab.orchestrator.start("x", "owner")
        broken.add(first.id)
        second = await lab.orchestrator.start("y", "owner")
        outcomes = [(await lab.done(one.id)).outcome for one in (first, second)]
    assert outcomes == [ExecutionOutcome.FAILED, ExecutionOutcome.SUCCEEDED]
