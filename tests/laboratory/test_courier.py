"""The product with the courier's agents: every class of effect happens, once, over a real socket."""

from __future__ import annotations

from pathlib import Path

from bot.app import open_tizmor
from bot.settings import Settings
from engine.domain.execution import ExecutionOutcome
from tests.laboratory.agents import courier_extension
from tests.servers.courier import Fault, serve_courier
from tests.waiting import until

EVERYTHING = "courier: a read box; b keyed box + card < a; c lookup letter < a b; d unknown note < c; e keyed~ last < d"


async def test_every_class_of_effect(tmp_path: Path) -> None:
    async with serve_courier() as courier:
        courier.faults.add(Fault(kind="reset", committed=True, service="keyed"))
        courier.faults.add(Fault(kind="reset", committed=True, service="marked"))
        extension = courier_extension(courier.url)
        async with open_tizmor(Settings(tizmor_home=tmp_path), extension=extension) as tizmor:
            execution = await tizmor.orchestrator.start(EVERYTHING, "owner")
            ended = await until(
                lambda: tizmor.orchestrator.get_execution(execution.id), lambda s: s.outcome is not None
            )
        assert ended.outcome is ExecutionOutcome.SUCCEEDED, ended.step_runs
        assert courier.ledger.parcels() == ["box", "card", "letter", "note", "last"]
        assert courier.ledger.repeated() == []
        assert not ended.approvals
