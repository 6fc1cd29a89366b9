"""Stopped and then killed: the next process tells what was done, what was not, and what may have been, and begins nothing."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_tizmor
from bot.settings import Settings
from engine.domain.event import EventType
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import ExecutionId, StepId
from engine.domain.snapshot import ExecutionSnapshot
from tests.lab import OWNER
from tests.laboratory.agents import courier_extension
from tests.laboratory.children import in_child
from tests.servers.courier import CourierClient, Fault, run_courier, serve_courier
from tests.waiting import until

STOPPED_WITHIN = 0.5
"""Seconds from a stop to the last step that starts."""


async def stopped_in_flight(home: Path, courier: CourierClient, text: str, failpoint: str) -> None:
    """Stop it while the courier holds its first call, let that go, and die where it says."""
    settings = Settings(tizmor_home=home, tizmor_failpoint=failpoint)
    async with open_tizmor(settings, extension=courier_extension(courier.url)) as tizmor:
        execution = await tizmor.orchestrator.start(text, OWNER.id)
        await asyncio.to_thread(courier.held)
        await tizmor.orchestrator.cancel(execution.id)
        await asyncio.to_thread(courier.release)
        await until(lambda: tizmor.orchestrator.get_execution(execution.id), lambda s: s.outcome is not None)


async def afterwards(home: Path, url: str) -> ExecutionSnapshot:
    """How it stands once the next process has looked at it."""
    async with open_tizmor(Settings(tizmor_home=home), extension=courier_extension(url)) as tizmor:

        async def newest() -> ExecutionSnapshot:
            page = await tizmor.door.executions(OWNER, limit=1, before=None)
            return page.items[0]

        return await until(newest, lambda s: s.outcome is not None)


def told(snapshot: ExecutionSnapshot) -> dict[str, list[str]]:
    result: Any = snapshot.result
    return {kind: [entry["step"] for entry in result[kind]] for kind in ("done", "not_done", "unknown")}


@pytest.mark.crash
@pytest.mark.parametrize(
    ("word", "failpoint", "wanted", "outcome"),
    [
        ("unknown", "effect.after#1", {"done": [], "not_done": ["b"], "unknown": ["a"]}, "unknown"),
        ("keyed", "effect.after#1", {"done": [], "not_done": ["b"], "unknown": ["a"]}, "unknown"),
        ("unknown", "state.CompleteIntent.after#1", {"done": ["a"], "not_done": ["b"], "unknown": []}, "cancelled"),
        ("keyed", "state.CompleteIntent.after#1", {"done": ["a"], "not_done": ["b"], "unknown": []}, "cancelled"),
        ("keyed", "state.SettleStep.after#1", {"done": ["a"], "not_done": ["b"], "unknown": []}, "succeeded"),
    ],
)
def test_what_is_recorded_is_what_is_told(
    tmp_path: Path, word: str, failpoint: str, wanted: dict[str, list[str]], outcome: str
) -> None:
    with run_courier() as courier:
        courier.fault(Fault(kind="hold"))
        text = f"courier: a {word} letter; b keyed card < a"
        died = in_child(lambda: asyncio.run(stopped_in_flight(tmp_path, courier, text, failpoint)))
        assert died == -signal.SIGKILL
        ended = asyncio.run(afterwards(tmp_path, courier.url))
        assert courier.ledger().parcels() == ["letter"]
    assert ended.outcome is ExecutionOutcome.CANCELLED
    assert not ended.approvals
    assert told(ended) == wanted
    ran = ended.step_runs[StepId("a")].outcome
    assert (ran.value if ran else None) == outcome


async def test_nothing_starts_after_a_stop_and_it_has_ended_well_within_half_a_second(tmp_path: Path) -> None:
    chains = [
        f"s{n}x0 read p{n}; " + "; ".join(f"s{n}x{k} read p{n} < s{n}x{k - 1}" for k in range(1, 10)) for n in range(15)
    ]
    async with (
        serve_courier() as courier,
        open_tizmor(Settings(tizmor_home=tmp_path), extension=courier_extension(courier.url)) as tizmor,
    ):
        execution = await tizmor.orchestrator.start("courier: " + "; ".join(chains), OWNER.id)
        await until(
            lambda: tizmor.orchestrator.get_execution(execution.id),
            lambda s: sum(run.outcome is not None for run in s.step_runs.values()) >= 20,
        )
        began = time.monotonic()
        await tizmor.orchestrator.cancel(execution.id)
        events = [event async for event in tizmor.orchestrator.events(ExecutionId(execution.id))]
        took = time.monotonic() - began
    kinds = [event.type for event in events]
    stop = kinds.index(EventType.CANCEL_REQUESTED)
    assert kinds[:stop].count(EventType.STEP_STARTED) >= 20
    assert EventType.STEP_STARTED not in kinds[stop:]
    assert took < STOPPED_WITHIN
    print(f"ended {1000 * took:.0f} ms after the stop")
