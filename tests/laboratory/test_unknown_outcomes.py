"""An effect whose outcome nobody knows is never repeated by itself: a person is asked, and what they say is what is done."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.app import Tizmor, open_tizmor
from bot.settings import Settings
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Decision, DecisionVerb
from engine.domain.effect import AGAIN, HAPPENED, LEAVE
from engine.domain.execution import ExecutionOutcome, StepOutcome
from engine.domain.ids import ChoiceId, ExecutionId, StepId
from engine.domain.request import Request
from engine.domain.snapshot import ExecutionSnapshot
from tests.lab import OWNER
from tests.laboratory.agents import courier_extension
from tests.laboratory.children import in_child
from tests.servers.courier import Fault, Ledger, run_courier, serve_courier
from tests.waiting import until

ASKED_WITHIN = 10.0
"""Seconds from the start of a process to its question."""
NOTE, LAST = StepId("note"), StepId("last")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a process saw before it ended."""

    snapshot: ExecutionSnapshot
    asked_after: Sequence[float]


async def tell(
    home: Path, url: str, text: str, answers: Sequence[ChoiceId] = (), *, failpoint: str | None = None
) -> Seen:
    """One process's share: say it (once, whatever is repeated), answer what is asked, wait for the end or a question nobody
    here answers."""
    began, left, waited = time.monotonic(), list(answers), list[float]()
    settings = Settings(tizmor_home=home, tizmor_failpoint=failpoint)
    async with open_tizmor(settings, extension=courier_extension(url)) as tizmor:
        request = Request(text=text, user_id=OWNER.id, request_key="once")
        execution = await tizmor.orchestrator.start(request, OWNER.id)
        while True:
            snapshot = await rest(tizmor, execution.id)
            asked = pending(snapshot)
            if asked:
                waited.append(time.monotonic() - began)
            if not asked or not left:
                return Seen(snapshot=snapshot, asked_after=waited)
            decision = Decision(verb=DecisionVerb.CHOOSE, choice=left.pop(0))
            await tizmor.gates.decide(OWNER, asked[0].id, decision)


async def rest(tizmor: Tizmor, execution_id: ExecutionId) -> ExecutionSnapshot:
    """Until it ended or asks."""
    return await until(
        lambda: tizmor.orchestrator.get_execution(execution_id), lambda s: s.outcome is not None or bool(pending(s))
    )


def pending(snapshot: ExecutionSnapshot) -> list[Approval]:
    return [a for a in snapshot.approvals if a.status is ApprovalStatus.PENDING]


def killed(home: Path, url: str, text: str, failpoint: str, answers: Sequence[ChoiceId] = ()) -> None:
    """A process that dies there."""
    assert in_child(lambda: _run(home, url, text, answers, failpoint)) == -signal.SIGKILL


def _run(home: Path, url: str, text: str, answers: Sequence[ChoiceId], failpoint: str) -> None:
    asyncio.run(tell(home, url, text, answers, failpoint=failpoint))


def restarted(home: Path, url: str, text: str, answers: Sequence[ChoiceId] = ()) -> Seen:
    """The next process, in this one: it must not die."""
    return asyncio.run(tell(home, url, text, answers))


UNKNOWN = "courier: note unknown letter; last keyed card < note"


@pytest.mark.crash
@pytest.mark.parametrize(
    ("failpoint", "choice", "letters", "outcome"),
    [
        ("effect.after#1", HAPPENED, 1, ExecutionOutcome.SUCCEEDED),
        ("effect.after#1", AGAIN, 2, ExecutionOutcome.SUCCEEDED),
        ("effect.after#1", LEAVE, 1, ExecutionOutcome.FAILED),
        ("effect.before#1", HAPPENED, 0, ExecutionOutcome.SUCCEEDED),
        ("effect.before#1", AGAIN, 1, ExecutionOutcome.SUCCEEDED),
        ("effect.before#1", LEAVE, 0, ExecutionOutcome.FAILED),
    ],
)
def test_killed_in_the_window_the_person_is_asked_and_has_their_way(
    tmp_path: Path, failpoint: str, choice: ChoiceId, letters: int, outcome: ExecutionOutcome
) -> None:
    with run_courier() as courier:
        killed(tmp_path, courier.url, UNKNOWN, failpoint)
        before = courier.ledger().parcels()
        waits = restarted(tmp_path, courier.url, UNKNOWN)
        assert courier.ledger().parcels() == before, "it was repeated by itself"
        assert waits.asked_after[0] < ASKED_WITHIN
        [asked] = pending(waits.snapshot)
        assert asked.kind is ApprovalKind.UNKNOWN_OUTCOME
        assert asked.call is not None
        assert asked.call.arguments == {"parcel": "letter"}
        assert asked.parameters["at"]
        ended = restarted(tmp_path, courier.url, UNKNOWN, [choice]).snapshot
        parcels = courier.ledger().parcels()
    assert ended.outcome is outcome, ended.step_runs
    assert parcels.count("letter") == letters
    went_on = outcome is ExecutionOutcome.SUCCEEDED
    assert parcels.count("card") == int(went_on)
    assert len(ended.approvals) == 1
    if went_on:
        assert ended.artifacts[NOTE]["text"] == "letter: delivered"
    else:
        assert ended.step_runs[NOTE].outcome is StepOutcome.UNKNOWN
        assert ended.step_runs[LAST].outcome is StepOutcome.SKIPPED


@pytest.mark.crash
def test_doing_it_again_is_one_more_try_and_killed_again_it_is_asked_again(tmp_path: Path) -> None:
    with run_courier() as courier:
        killed(tmp_path, courier.url, UNKNOWN, "effect.after#1")
        killed(tmp_path, courier.url, UNKNOWN, "effect.after#1", [AGAIN])
        waits = restarted(tmp_path, courier.url, UNKNOWN).snapshot
        first, second = waits.approvals
        assert (first.chosen, second.status) == (AGAIN, ApprovalStatus.PENDING)
        assert first.parameters["at"] < second.parameters["at"], "it asks about the latest try"
        assert courier.ledger().parcels() == ["letter", "letter"], "the old answer was used twice"
        ended = restarted(tmp_path, courier.url, UNKNOWN, [HAPPENED]).snapshot
        assert ended.outcome is ExecutionOutcome.SUCCEEDED
        assert courier.ledger().parcels() == ["letter", "letter", "card"]


@pytest.mark.crash
@pytest.mark.parametrize("failpoint", ["state.RetryIntent.before#1", "state.RetryIntent.after#1"])
def test_killed_around_the_commit_of_another_try(tmp_path: Path, failpoint: str) -> None:
    with run_courier() as courier:
        killed(tmp_path, courier.url, UNKNOWN, "effect.after#1")
        killed(tmp_path, courier.url, UNKNOWN, failpoint, [AGAIN])
        used_up = failpoint.endswith("after#1")
        seen = restarted(tmp_path, courier.url, UNKNOWN, [LEAVE] if used_up else [])
        letters = courier.ledger().parcels().count("letter")
    assert len(seen.snapshot.approvals) == 1 + used_up
    assert letters == (1 if used_up else 2)


@pytest.mark.crash
def test_what_it_gave_cannot_always_be_known(tmp_path: Path) -> None:
    text = "courier: note blind letter; last keyed card < note"
    with run_courier() as courier:
        killed(tmp_path, courier.url, text, "effect.after#1")
        ended = restarted(tmp_path, courier.url, text, [HAPPENED]).snapshot
        assert courier.ledger().parcels() == ["letter"]
    assert ended.step_runs[NOTE].outcome is StepOutcome.UNKNOWN
    assert ended.step_runs[LAST].outcome is StepOutcome.SKIPPED
    assert ended.result is not None
    assert ended.result["done"] == [{"step": "note", "title": "blind letter", "reason": "told"}]


@pytest.mark.crash
@pytest.mark.parametrize("word", ["read", "keyed", "lookup", "keyed~"])
@pytest.mark.parametrize("failpoint", ["effect.before#1", "effect.after#1", "state.CompleteIntent.after#1"])
def test_no_other_effect_asks_anything_or_happens_twice(tmp_path: Path, word: str, failpoint: str) -> None:
    text = f"courier: note {word} letter; last keyed card < note"
    with run_courier() as courier:
        killed(tmp_path, courier.url, text, failpoint)
        ended = restarted(tmp_path, courier.url, text).snapshot
        ledger = courier.ledger()
    assert ended.outcome is ExecutionOutcome.SUCCEEDED
    assert not ended.approvals
    assert ledger.parcels() == (["card"] if word == "read" else ["letter", "card"])


def _steps(snapshot: ExecutionSnapshot, kind: str) -> list[str]:
    """Ids of the steps in a list of the account."""
    result: Any = snapshot.result
    return [entry["step"] for entry in result[kind]]


async def in_one_process(home: Path, fault: Fault, text: str, answers: Sequence[ChoiceId] = ()) -> tuple[Seen, Ledger]:
    async with serve_courier() as courier:
        courier.faults.add(fault)
        return await tell(home, courier.url, text, answers), courier.ledger


@pytest.mark.parametrize("committed", [True, False])
async def test_an_answer_that_never_came_is_asked_about_at_once(tmp_path: Path, committed: bool) -> None:
    fault = Fault(kind="reset", committed=committed, service="plain")
    seen, ledger = await in_one_process(tmp_path, fault, UNKNOWN)
    [asked] = pending(seen.snapshot)
    assert asked.kind is ApprovalKind.UNKNOWN_OUTCOME
    assert ledger.parcels() == ["letter"] * committed


@pytest.mark.parametrize("status", [401, 422])
async def test_what_was_turned_down_is_not_asked_about(tmp_path: Path, status: int) -> None:
    seen, ledger = await in_one_process(tmp_path, Fault(kind="status", status=status, service="plain"), UNKNOWN)
    assert not seen.snapshot.approvals
    assert seen.snapshot.step_runs[NOTE].outcome is StepOutcome.FAILED
    assert _steps(seen.snapshot, "not_done") == ["note", "last"]
    assert ledger.parcels() == []


async def test_turned_down_the_second_time_the_first_may_still_have_happened(tmp_path: Path) -> None:
    async with serve_courier() as courier:
        courier.faults.add(Fault(kind="reset", committed=True, service="plain"))
        courier.faults.add(Fault(kind="status", status=422, service="plain"))
        seen = await tell(tmp_path, courier.url, UNKNOWN, [AGAIN, LEAVE])
    assert len(seen.asked_after) == 2
    assert seen.snapshot.step_runs[NOTE].outcome is StepOutcome.UNKNOWN


async def test_a_courier_that_cannot_be_reached_was_not_given_anything(tmp_path: Path) -> None:
    async with serve_courier() as courier:
        url = courier.url
    port = int(url.rpartition(":")[2])
    settings = Settings(tizmor_home=tmp_path)
    async with open_tizmor(settings, extension=courier_extension(url)) as tizmor:
        execution = await tizmor.orchestrator.start(UNKNOWN, "owner")
        waits = await until(
            lambda: tizmor.orchestrator.get_execution(execution.id),
            lambda s: NOTE in s.step_runs and s.step_runs[NOTE].retry_at is not None,
        )
        assert not waits.approvals
        async with serve_courier(port) as courier:
            ended = await rest(tizmor, execution.id)
            assert ended.outcome is ExecutionOutcome.SUCCEEDED
            assert courier.ledger.parcels() == ["letter", "card"]
