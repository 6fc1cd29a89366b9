"""The product broken on purpose, one guard at a time: what finds nothing then, finds nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.execution.dispatcher import Dispatcher
from engine.safety.resource_locks import ResourceLocks
from storage.writes import approvals, executions, steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Sabotage:
    """One guard less."""

    breaks: Callable[[pytest.MonkeyPatch], None]
    scenario: str
    """In which it is found."""
    sign: str
    """What the sentence that tells of it has in it."""


def takes_nothing_over(patch: pytest.MonkeyPatch) -> None:
    """A new owner leaves alone what the old one had under way; only deaths show it."""
    patch.setattr(executions, "_RECLAIM", f"{executions._RECLAIM} AND 1 = 0")


def _without(sql: str, *conditions: str) -> str:
    """The statement without these conditions."""
    for condition in conditions:
        assert condition in sql, f"{condition!r} is not in {sql}"
        sql = sql.replace(condition, "1 = 1")
    return sql


def _claims_under_an_old_epoch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(steps, "_CLAIM", _without(steps._CLAIM, "executions.epoch = :b_epoch"))


def _claims_whatever_people_said(patch: pytest.MonkeyPatch) -> None:
    flags = ("executions.epoch = :b_epoch", "executions.paused = 0", "executions.cancelled = 0")
    patch.setattr(steps, "_CLAIM", _without(steps._CLAIM, *flags))


def _decides_after_reading(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(approvals, "_DECIDE", _without(approvals._DECIDE, "pending_approvals.status = 'pending'"))


def _ends_without_a_second_look(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(executions, "_MOVE_AT_EPOCH", _without(executions._MOVE_AT_EPOCH, "executions.epoch = :b_epoch"))


def _locks_that_do_not_hold(patch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def hold(locks: ResourceLocks, names: Iterable[str]) -> AsyncGenerator[None]:
        del locks, names
        yield

    patch.setattr(ResourceLocks, "hold", hold)


def _wakes_that_are_lost(patch: pytest.MonkeyPatch) -> None:
    wake = Dispatcher.wake

    def wake_the_sleeping(
        dispatcher: Dispatcher, execution_id: ExecutionId, snapshot: ExecutionSnapshot | None = None
    ) -> None:
        if execution_id not in dispatcher._wakeups:
            wake(dispatcher, execution_id, snapshot)

    patch.setattr(Dispatcher, "wake", wake_the_sleeping)


SABOTAGES: Mapping[str, Sabotage] = {
    "claims under an old epoch": Sabotage(
        breaks=_claims_under_an_old_epoch, scenario="edit-or-step", sign="started after a change of the plan"
    ),
    "claims whatever people said": Sabotage(
        breaks=_claims_whatever_people_said, scenario="cancel-or-end", sign="started after a stop"
    ),
    "decides after reading": Sabotage(
        breaks=_decides_after_reading, scenario="approve-or-reject", sign="after 2 decisions"
    ),
    "ends without a second look": Sabotage(
        breaks=_ends_without_a_second_look, scenario="cancel-or-last-step", sign="a stop was taken"
    ),
    "locks that do not hold": Sabotage(
        breaks=_locks_that_do_not_hold, scenario="two-at-one-press", sign="effects at once under one lock"
    ),
    "wakes that are lost": Sabotage(breaks=_wakes_that_are_lost, scenario="wake-or-rest", sign="ended"),
}
