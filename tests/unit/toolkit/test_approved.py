"""Consent that the world overtook before anything had begun is asked for again, and what is said then is what happens."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from engine.domain.approval import ApprovalStatus, DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import StepId
from engine.domain.json import JsonObject
from engine.errors import UnavailableError
from engine.ports.agents import StepContext
from engine.ports.tools import ToolCall
from tests.lab import Lab, NoteInputs, Publish, World, open_lab, plan, step

P = StepId("p")
TURNED_AWAY = UnavailableError("away", "Not let through.", untouched=True)
LOST = UnavailableError("away", "The answer was lost.")


class Press(Publish):
    """Breaks with these errors, in order; then it works. Only what is not turned away is printed."""

    def __init__(self, *errors: UnavailableError) -> None:
        super().__init__()
        self.errors = list(errors)

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        error = self.errors.pop(0) if self.errors else None
        if error is None or not error.untouched:
            artifact = await super().run(call, arguments)
            if error is None:
                return artifact
        raise error


class Proposing:
    """An agent that proposes what is free at the moment."""

    def __init__(self) -> None:
        self.text = "ten"

    async def __call__(self, inputs: NoteInputs, context: StepContext) -> Artifact:
        return await context.call("publish", {"text": self.text})


async def tried_again(lab: Lab, execution_id: str) -> None:
    """Once the step waits to be tried again, its time comes."""
    await lab.until(execution_id, lambda s: s.step_runs[P].retry_at is not None)
    lab.clock.advance(timedelta(minutes=5))
    await lab.alarms.ring(lab.timer)


def asked_for(press: Press) -> list[object]:
    return [arguments["text"] for _, arguments in press.ledger]


async def test_a_call_that_was_turned_away_is_asked_about_again_where_the_world_has_changed(tmp_path: Path) -> None:
    press, agent = Press(TURNED_AWAY), Proposing()
    world = World(lambda _: plan(step("p", "Publisher")), tools=(press,), behaviours={"Publisher": agent})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        await lab.until(execution.id, lambda s: s.step_runs[P].retry_at is not None)
        agent.text, press.finding = "eleven", "slot_taken"
        await tried_again(lab, execution.id)
        asked = await lab.asked(execution.id, 2)
        assert asked.call is not None
        assert (asked.call.arguments["text"], press.ledger) == ("eleven", [])
        press.errors = [LOST]
        await lab.answer(asked, DecisionVerb.APPROVE)
        await tried_again(lab, execution.id)
        done = await lab.done(execution.id)
        assert [a.status for a in done.approvals] == [ApprovalStatus.APPROVED] * 2
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert (set(asked_for(press)), len({key for key, _ in press.ledger})) == ({"eleven"}, 1), "one effect"


async def test_a_call_that_may_have_been_made_stays_as_it_was_agreed_to(tmp_path: Path) -> None:
    press, agent = Press(LOST), Proposing()
    world = World(lambda _: plan(step("p", "Publisher")), tools=(press,), behaviours={"Publisher": agent})
    async with open_lab(tmp_path, world) as lab:
        execution = await lab.orchestrator.start("x", "owner")
        await lab.answer(await lab.asked(execution.id), DecisionVerb.APPROVE)
        await lab.until(execution.id, lambda s: s.step_runs[P].retry_at is not None)
        agent.text, press.finding = "eleven", "slot_taken"
        await tried_again(lab, execution.id)
        done = await lab.done(execution.id)
        assert (done.outcome, len(done.approvals)) == (ExecutionOutcome.SUCCEEDED, 1)
        assert asked_for(press) == ["ten", "ten"]
