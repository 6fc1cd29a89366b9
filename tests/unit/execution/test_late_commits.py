"""What was kept after whoever sent it had given up, and what was kept while the clock was put back: both are acted on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine.domain.approval import ApprovalStatus, DecisionVerb
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.request import Request
from engine.ports.changes import Change
from tests.lab import Lab, Publish, World, open_lab, plan, step
from tests.unit.execution.following import Blocked, changing, plan_asked, running


@asynccontextmanager
async def kept_too_late(lab: Lab) -> AsyncGenerator[asyncio.Event]:
    """Commits that begin in the block land, and whoever waits for them never hears; the event says that one landed."""
    commit, landed = lab.store.commit, asyncio.Event()

    async def late(*changes: Change) -> bool:
        await commit(*changes)
        landed.set()
        await asyncio.Event().wait()
        raise AssertionError

    lab.store.commit = late
    try:
        yield landed
    finally:
        lab.store.commit = commit


async def given_up(lab: Lab, sent: Coroutine[Any, Any, object]) -> None:
    """Send something, and give up once it is kept and before that is known."""
    async with kept_too_late(lab) as landed:
        task = asyncio.get_running_loop().create_task(sent)
        await landed.wait()
        task.cancel()
        await asyncio.wait([task])


async def test_a_request_kept_too_late_is_begun_when_it_is_sent_again(tmp_path: Path) -> None:
    request = Request(text="go", user_id=PrincipalId("owner"), tenant_id=DEFAULT_TENANT, request_key="k1")
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("a")))) as lab:
        await given_up(lab, lab.orchestrator.start(request, "owner"))
        again = await lab.orchestrator.start(request, "owner")
        assert (await lab.done(again.id)).outcome is ExecutionOutcome.SUCCEEDED


async def test_an_answer_kept_too_late_is_acted_on_when_it_is_sent_again(tmp_path: Path) -> None:
    press = Publish()
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("p", "Publisher")), tools=(press,))) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        asked = await lab.asked(execution.id)
        await given_up(lab, lab.answer(asked, DecisionVerb.APPROVE))
        assert press.ledger == []
        assert (await lab.answer(asked, DecisionVerb.APPROVE)).status is ApprovalStatus.APPROVED
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.SUCCEEDED
        assert len(press.ledger) == 1


async def test_a_stop_kept_too_late_stops_when_it_is_sent_again(tmp_path: Path) -> None:
    slow = Blocked()
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("b", "Slow")), behaviours={"Slow": slow})) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        await running(lab, execution.id, "b")
        await given_up(lab, lab.orchestrator.cancel(execution.id))
        await lab.orchestrator.cancel(execution.id)
        assert (await lab.done(execution.id)).outcome is ExecutionOutcome.CANCELLED


async def test_a_plan_changed_after_the_clock_was_put_back_is_asked_about_before_it_runs(tmp_path: Path) -> None:
    plans = {None: plan(step("a"), sure=False), "less": plan(step("b"), sure=False)}
    async with open_lab(tmp_path, World(plan=changing(plans))) as lab:
        execution = await lab.orchestrator.start("go", "owner")
        first = await plan_asked(lab, execution.id, 1)
        lab.clock.advance(timedelta(minutes=-10))
        await lab.answer(first, DecisionVerb.MODIFY, arguments={"text": "less"})
        second = await plan_asked(lab, execution.id, 2)
        assert second.created_at < first.created_at
        await lab.answer(second, DecisionVerb.REJECT)
        done = await lab.done(execution.id)
        assert done.outcome is ExecutionOutcome.REJECTED
        assert not done.artifacts
        assert [a.id for a in done.approvals] == [first.id, second.id]
