"""A service that keeps failing is left alone by everybody, probed by one, and back for all."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.domain.agent import ToolSpec
from engine.domain.approval import DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.effect import Effect
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import DEFAULT_TENANT, ExecutionId, StepId
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import RefusedError, RequestError, UnavailableError
from engine.ports.language_model import ModelRole
from engine.ports.tools import ToolCall
from engine.safety.circuit import (
    LONGEST_PAUSE,
    MOST_FAILURES,
    PAUSE,
    Admission,
    Circuit,
    admit,
    failed,
    given_up,
    succeeded,
)
from engine.safety.circuits import Circuits
from engine.safety.guarded_model import GuardedModel
from engine.toolkit.guarded import Guarded
from tests.lab import FakeClock, Lab, Publish, PublishArguments, World, note, open_lab, plan, step
from tests.unit.execution.model import ScriptedModel, question, said

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
AWAY = UnavailableError("model_overloaded", "Too much to do.", {"model": "m"})


def failing(circuit: Circuit, times: int, now: datetime = NOW, retry_after: timedelta | None = None) -> Circuit:
    for _ in range(times):
        circuit, leave = admit(circuit, now)
        assert isinstance(leave, Admission)
        circuit = failed(circuit, leave, now, retry_after)
    return circuit


def test_it_opens_after_so_many_failures_in_a_row_and_says_for_how_long() -> None:
    almost = failing(Circuit(), MOST_FAILURES - 1)
    assert not almost.is_open
    assert not failing(succeeded(almost), MOST_FAILURES - 1).is_open
    opened = failing(almost, 1)
    assert admit(opened, NOW + SECOND) == (opened, PAUSE - SECOND)


@pytest.mark.parametrize(
    ("asked", "pause"),
    [(None, PAUSE), (SECOND, PAUSE), (2 * PAUSE, 2 * PAUSE), (timedelta(days=1), LONGEST_PAUSE)],
)
def test_it_stays_open_as_long_as_the_service_asks_within_bounds(asked: timedelta | None, pause: timedelta) -> None:
    opened = failing(Circuit(), MOST_FAILURES, retry_after=asked)
    assert admit(opened, NOW)[1] == pause


def test_one_probe_goes_through_and_closes_it() -> None:
    probed, leave = admit(failing(Circuit(), MOST_FAILURES), NOW + PAUSE)
    assert isinstance(leave, Admission)
    assert leave.probe
    assert admit(probed, NOW + PAUSE + SECOND)[1] == PAUSE - SECOND
    assert not succeeded(probed).is_open


def test_a_probe_that_fails_opens_it_again_at_once() -> None:
    later = NOW + PAUSE
    probed, leave = admit(failing(Circuit(), MOST_FAILURES), later)
    assert isinstance(leave, Admission)
    again = failed(probed, leave, later, None)
    assert admit(again, later)[1] == PAUSE


def test_a_probe_that_was_cancelled_or_never_ended_makes_room_for_another() -> None:
    later = NOW + PAUSE
    probed, leave = admit(failing(Circuit(), MOST_FAILURES), later)
    assert isinstance(leave, Admission)
    assert isinstance(admit(given_up(probed, leave), later)[1], Admission)
    assert isinstance(admit(probed, later + PAUSE)[1], Admission)


def test_what_was_begun_before_it_opened_says_nothing_about_the_time_since() -> None:
    first, leave = admit(Circuit(), NOW)
    assert isinstance(leave, Admission)
    opened = failing(first, MOST_FAILURES)
    assert failed(opened, leave, NOW + 2 * SECOND, None) == opened


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_clock_that_is_set_anywhere_turns_nobody_away_for_longer_than_the_longest_pause(jump: timedelta) -> None:
    leave = admit(failing(Circuit(), MOST_FAILURES, retry_after=timedelta(days=1)), NOW + jump)[1]
    assert isinstance(leave, Admission) or timedelta() < leave <= LONGEST_PAUSE


class AnyCalls(RuleBasedStateMachine):
    """Calls that begin and end in any order at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.circuit, self.now = Circuit(), NOW
        self.under_way: list[Admission] = []

    @rule()
    def begin(self) -> None:
        was_open = self.circuit.is_open
        self.circuit, leave = admit(self.circuit, self.now)
        if isinstance(leave, Admission):
            assert leave.probe == was_open
            self.under_way.append(leave)
        else:
            assert was_open
            assert timedelta() < leave <= LONGEST_PAUSE

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), how=st.sampled_from(["succeeded", "failed", "given up"]), asked=st.integers(0, 1_000))
    def end(self, data: st.DataObject, how: str, asked: int) -> None:
        leave = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        if how == "succeeded":
            self.circuit = succeeded(self.circuit)
            assert not self.circuit.is_open
        elif how == "failed":
            self.circuit = failed(self.circuit, leave, self.now, asked * SECOND)
        else:
            self.circuit = given_up(self.circuit, leave)

    @rule(seconds=st.integers(0, 400))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @invariant()
    def one_probe_at_a_time_and_never_shut_for_good(self) -> None:
        assert self.circuit.failures < MOST_FAILURES or self.circuit.is_open
        leave = admit(self.circuit, self.now + LONGEST_PAUSE)[1]
        assert isinstance(leave, Admission)


TestAnyCalls = AnyCalls.TestCase


@dataclass
class Told:
    clock: FakeClock = field(default_factory=FakeClock)
    heard: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])

    def circuits(self) -> Circuits:
        return Circuits(self.clock, lambda service, is_open: self.heard.append((service, is_open)))


async def asked(model: GuardedModel, role: ModelRole = ModelRole.AGENT) -> str:
    try:
        return (await model.ask(question("?"))).text
    except UnavailableError as error:
        return "turned away" if error.untouched else "failed"


async def test_a_model_that_is_away_is_not_asked_until_it_may_be_back() -> None:
    told, inner = Told(), ScriptedModel(*[AWAY] * MOST_FAILURES, said("yes"))
    model = GuardedModel(inner, told.circuits())
    assert [await asked(model) for _ in range(MOST_FAILURES + 3)] == ["failed"] * MOST_FAILURES + ["turned away"] * 3
    assert (len(inner.requests), told.heard) == (MOST_FAILURES, [("scripted", True)])
    with pytest.raises(UnavailableError) as away:
        await model.ask(question("?"))
    assert (away.value.retry_after, away.value.parameters) == (PAUSE, {"model": "m"})
    told.clock.advance(PAUSE)
    inner.may_answer.clear()
    async with asyncio.TaskGroup() as group:
        probe = group.create_task(asked(model))
        await asyncio.sleep(0)
        assert await asked(model) == "turned away"
        inner.may_answer.set()
    assert (probe.result(), await asked(model), told.heard[-1]) == ("yes", "yes", ("scripted", False))


async def test_an_answer_that_is_a_no_is_an_answer() -> None:
    told = Told()
    errors = [*[AWAY] * (MOST_FAILURES - 1), RefusedError("model_request_invalid", "No."), AWAY, said("yes")]
    model = GuardedModel(ScriptedModel(*errors), told.circuits())
    for _ in range(MOST_FAILURES - 1):
        await asked(model)
    with pytest.raises(RefusedError):
        await model.ask(question("?"))
    assert [await asked(model), await asked(model)] == ["failed", "yes"]
    assert told.heard == []


async def test_a_probe_that_is_cancelled_lets_the_next_one_through() -> None:
    told, inner = Told(), ScriptedModel(*[AWAY] * MOST_FAILURES, said("yes"))
    model = GuardedModel(inner, told.circuits())
    for _ in range(MOST_FAILURES):
        await asked(model)
    told.clock.advance(PAUSE)
    inner.may_answer.clear()
    probe = asyncio.ensure_future(asked(model))  # noqa: TID251 - to be cancelled
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.wait([probe])
    inner.may_answer.set()
    assert await asked(model) == "yes"


class Post(Publish):
    """Publishes through a service that may be away."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.spec = ToolSpec(
            name="publish", version="1", inputs=PublishArguments, effect=Effect.KEYED, gated=True, service="post"
        )
        self.errors = list(errors)
        self.calls = 0

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return await super().run(call, arguments)


CALL = ToolCall(tenant_id=DEFAULT_TENANT, execution_id=ExecutionId("e"), step_id=StepId("s"), number=1)


async def test_tools_of_one_service_share_its_circuit() -> None:
    told = Told()
    circuits = told.circuits()
    broken, other = Post(*[UnavailableError("away", "Away.")] * 9), Post()
    tools = Guarded(broken, circuits), Guarded(other, circuits)
    for _ in range(MOST_FAILURES):
        with pytest.raises(UnavailableError):
            await tools[0].run(CALL, {"text": "x"})
    for tool in tools:
        with pytest.raises(UnavailableError) as away:
            await tool.run(CALL, {"text": "x"})
        assert away.value.untouched
        with pytest.raises(UnavailableError):
            await tool.check({"text": "x"})
        with pytest.raises(UnavailableError):
            await tool.find(CALL)
    assert (broken.calls, other.calls) == (MOST_FAILURES, 0)
    assert told.heard == [("post", True)]


async def test_an_error_of_ours_says_nothing_about_the_service() -> None:
    told = Told()
    tool = Guarded(Post(*[RequestError("slot_taken", "Taken.")] * MOST_FAILURES), told.circuits())
    for _ in range(MOST_FAILURES):
        with pytest.raises(RequestError):
            await tool.run(CALL, {"text": "x"})
    assert await tool.run(CALL, {"text": "x"}) == note("x")


async def put_off(lab: Lab, execution_id: str, attempts: int) -> datetime:
    """When the step is tried again after so many attempts."""

    def waits(snapshot: ExecutionSnapshot) -> bool:
        run = snapshot.step_runs[StepId("p")]
        return run.attempts == attempts and run.retry_at is not None

    return (await lab.until(execution_id, waits)).step_runs[StepId("p")].retry_at or NOW


async def test_what_one_execution_found_out_holds_for_all(tmp_path: Path) -> None:
    tool = Post(*[UnavailableError("away", "Away.")] * MOST_FAILURES)
    world = World(plan=lambda _: plan(step("p", "Publisher")), tools=(tool,))
    async with open_lab(tmp_path, world) as lab:
        first = await lab.orchestrator.start("one", "owner")
        await lab.answer(await lab.asked(first.id), DecisionVerb.APPROVE)
        for attempts in range(1, MOST_FAILURES):
            await put_off(lab, first.id, attempts)
            lab.clock.advance(timedelta(seconds=20))
            await lab.alarms.ring(lab.timer)
        assert (await lab.done(first.id)).outcome is ExecutionOutcome.FAILED
        second = await lab.orchestrator.start("two", "owner")
        await lab.answer(await lab.asked(second.id), DecisionVerb.APPROVE)
        retry_at = await put_off(lab, second.id, 1)
        assert (tool.calls, world.left_alone) == (MOST_FAILURES, [("post", True)])
        assert retry_at == lab.clock.now() + PAUSE
        lab.clock.advance(PAUSE)
        await lab.alarms.ring(lab.timer)
        assert (await lab.done(second.id)).outcome is ExecutionOutcome.SUCCEEDED
        assert (len(tool.ledger), world.left_alone[-1]) == (1, ("post", False))
