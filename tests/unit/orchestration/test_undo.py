"""An undo is an execution of its own: one, of what that execution did, whoever wants it and however often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.door import OrchestrateCommand
from bot.gateway import ChatBell, Gateway, Services
from bot.inbox import Inbox
from engine.agents.undo_agent import UndoAgent, UndoInputs
from engine.agents.undo_tools import UndoArguments
from engine.domain.agent import ToolSpec
from engine.domain.approval import DecisionVerb
from engine.domain.artifact import Artifact, Undone
from engine.domain.effect import Effect
from engine.domain.execution import ExecutionOutcome, StepOutcome
from engine.domain.ids import ConversationId, ExecutionId, PrincipalId, StepId
from engine.domain.json import JsonObject
from engine.domain.request import Derivation, Origin, Request
from engine.domain.snapshot import ExecutionSnapshot, Undo
from engine.domain.tenant import Principal, Role
from engine.errors import ConflictError, NotAllowedError, NotFoundError, RefusedError, RequestError
from engine.planning.undoing import UNDO_WINDOW
from engine.ports.tools import ToolCall
from storage.chat_store import SqliteChatLog
from storage.database import Database
from tests.lab import OWNER, FakeClock, Lab, Publish, World, open_lab, plan, step
from tests.unit.agents.office import Desk

DANA = Principal(id=PrincipalId("dana"), tenant_id=OWNER.tenant_id, role=Role.MEMBER, name="Dana")
EVE = replace(DANA, id=PrincipalId("eve"), name="Eve")


class Unpublish(Publish):
    """Takes back what was published."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = ToolSpec(name="unpublish", version="1", inputs=UndoArguments, effect=Effect.KEYED, gated=False)
        self.refused = False

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        self.began.set()
        await self.may_end.wait()
        if self.refused:
            raise RefusedError("undo_changed", "Somebody changed it.")
        self.ledger.append((call.key, arguments))
        return Undone(what="agenda_removed", title="note")


@asynccontextmanager
async def room(home: Path, *tools: Publish, clock: FakeClock | None = None) -> AsyncGenerator[tuple[Lab, Gateway]]:
    """A lab whose only publishing tool can be taken back, and its door."""
    publisher = next((tool for tool in tools if tool.spec.name == "publish"), Publish())
    others = tuple(tool for tool in tools if tool.spec.name != "publish")
    undone_by = {"publish": "unpublish"}
    steps = [step("p", "Publisher", "one")]
    if any(tool.spec.name == "save" for tool in others):
        steps.append(step("s", "Saver", "two"))
    world = World(plan=lambda _: plan(*steps), tools=(publisher, *others), undone_by=undone_by)
    async with open_lab(home, world, clock) as lab:
        database: Database = lab.store._database  # pyright: ignore[reportPrivateUsage]
        chat = SqliteChatLog(database)
        services = Services(
            orchestrator=lab.orchestrator,
            gates=lab.gates,
            store=lab.store,
            inbox=Inbox(chat, lab.clock, {}, lambda: None),
            chat=chat,
            bell=ChatBell(),
            clock=lab.clock,
            timezone="Asia/Jerusalem",
            rated=lambda _: None,
            metrics=str,
            surfaces=dict[str, bool],
            editor=lab.editor,
            forker=lab.forker,
            undoer=lab.undoer,
        )
        yield lab, Gateway(services)


async def published(lab: Lab, door: Gateway, by: Principal = DANA) -> ExecutionSnapshot:
    """Somebody had it printed, and it is done."""
    command = OrchestrateCommand(text="Print one", conversation_id=ConversationId("c1"), locale="he")
    begun = await door.orchestrate(by, command)
    await lab.answer(await lab.asked(begun.id), DecisionVerb.APPROVE)
    return await lab.done(begun.id)


async def refusal(door: Gateway, by: Principal, execution_id: ExecutionId) -> str:
    with pytest.raises(RequestError) as refused:
        await door.undo(by, execution_id)
    return refused.value.code


async def test_an_undo_takes_back_what_was_done_in_the_same_conversation_and_name(tmp_path: Path) -> None:
    tool = Unpublish()
    async with room(tmp_path, tool) as (lab, door):
        first = await published(lab, door)
        begun = await door.undo(OWNER, first.id)
        request = begun.execution.request
        assert request.origin == Origin(derivation=Derivation.UNDO, execution_id=first.id)
        asked = first.execution.request
        assert (request.user_id, request.conversation_id, request.locale) == (DANA.id, asked.conversation_id, "he")
        assert "Print one" in request.text
        undo = await lab.done(begun.id)
        assert undo.outcome is ExecutionOutcome.SUCCEEDED
        assert undo.approvals == (), "the press was the consent"
        assert [arguments["effects"] for _, arguments in tool.ledger] == [[f"local/{first.id}/p/1"]]
        assert (await lab.orchestrator.get_execution(first.id)).undo == Undo(
            execution_id=undo.id, outcome=ExecutionOutcome.SUCCEEDED
        )


async def test_wanted_twice_at_once_there_is_one_undo_and_afterwards_it_was_done(tmp_path: Path) -> None:
    tool = Unpublish()
    async with room(tmp_path, tool) as (lab, door):
        first = await published(lab, door)

        async def wanted(by: Principal) -> str:
            try:
                return (await door.undo(by, first.id)).id
            except ConflictError as late:
                return late.parameters["undo"]

        async with asyncio.TaskGroup() as group:
            told = [group.create_task(wanted(by)) for by in (DANA, OWNER, DANA)]
        (only,) = {task.result() for task in told}
        await lab.done(only)
        assert await refusal(door, DANA, first.id) == "undo_done"
        assert len(tool.ledger) == 1
        assert len((await door.executions(OWNER, limit=10, before=None)).items) == 2


async def test_only_who_asked_and_the_owner_may_take_it_back(tmp_path: Path) -> None:
    tool = Unpublish()
    async with room(tmp_path, tool) as (lab, door):
        first = await published(lab, door)
        assert await refusal(door, EVE, first.id) == "not_found"
        assert await refusal(door, replace(DANA, role=Role.NONE), first.id) == "not_found"
        with pytest.raises(NotFoundError):
            await door.may_undo(EVE, first.id)
        assert tool.ledger == []
        assert (await door.may_undo(DANA, first.id)).snapshot.id == first.id


async def test_ten_minutes_after_the_end_it_is_too_late_whatever_the_time_was_spent_on(tmp_path: Path) -> None:
    clock, tool = FakeClock(), Unpublish()
    async with room(tmp_path, tool, clock=clock) as (lab, door):
        first = await published(lab, door)
        clock.advance(UNDO_WINDOW)
        await door.may_undo(DANA, first.id)
    async with room(tmp_path, tool, clock=clock) as (lab, door):  # a restart does not begin the time anew
        await door.feedback(DANA, first.id, 1, "")
        clock.advance(timedelta(milliseconds=1))
        assert await refusal(door, DANA, first.id) == "undo_too_late"
        assert tool.ledger == []


async def test_what_is_not_done_or_did_nothing_is_not_taken_back(tmp_path: Path) -> None:
    async with room(tmp_path, Unpublish()) as (lab, door):
        begun = await door.orchestrate(DANA, OrchestrateCommand(text="Print one"))
        gate = await lab.asked(begun.id)
        assert await refusal(door, DANA, begun.id) == "undo_not_yet"
        await lab.answer(gate, DecisionVerb.REJECT)
        await lab.done(begun.id)
        assert await refusal(door, DANA, begun.id) == "undo_nothing"


async def test_an_undo_is_not_undone_nor_changed(tmp_path: Path) -> None:
    tool = Unpublish()
    tool.may_end.clear()
    async with room(tmp_path, tool) as (lab, door):
        first = await published(lab, door)
        undo = await door.undo(DANA, first.id)
        await tool.began.wait()
        with pytest.raises(ConflictError) as fixed:
            await door.offer_change(DANA, undo.id, "not that", "k")
        assert fixed.value.code == "plan_fixed"
        tool.may_end.set()
        await lab.done(undo.id)
        assert await refusal(door, DANA, undo.id) == "undo_nothing"


async def test_what_cannot_be_taken_back_is_named_and_the_rest_is(tmp_path: Path) -> None:
    tool = Unpublish()
    async with room(tmp_path, tool, Publish(gated=False)) as (lab, door):
        first = await published(lab, door)
        undo = await lab.done((await door.undo(DANA, first.id)).id)
        assert undo.outcome is ExecutionOutcome.PARTIAL
        assert undo.plan is not None
        assert [(step.title, run_of(undo, step.id)) for step in undo.plan.steps if step.title == "s"] == [
            ("s", (StepOutcome.FAILED, "undo_impossible"))
        ]
        assert len(tool.ledger) == 1
        assert undo.plan.version == 1, "there is no other way to look for"


async def test_a_refusal_is_the_end_of_it_and_is_told(tmp_path: Path) -> None:
    tool = Unpublish()
    tool.refused = True
    async with room(tmp_path, tool) as (lab, door):
        first = await published(lab, door)
        undo = await lab.done((await door.undo(DANA, first.id)).id)
        assert undo.outcome is ExecutionOutcome.FAILED
        assert run_of(undo, StepId("u1")) == (StepOutcome.FAILED, "undo_changed")
        assert (await lab.orchestrator.get_execution(first.id)).undo == Undo(
            execution_id=undo.id, outcome=ExecutionOutcome.FAILED
        )
        assert await refusal(door, DANA, first.id) == "undo_done"


async def test_effects_of_another_execution_are_never_taken_back(tmp_path: Path) -> None:
    tool = Unpublish()
    async with room(tmp_path, tool) as (lab, door):
        first, second = await published(lab, door), await published(lab, door)
        forged = UndoInputs(tool="unpublish", effects=(f"local/{second.id}/p/1",))
        origin, agent = Origin(derivation=Derivation.UNDO, execution_id=first.id), UndoAgent(frozenset({"unpublish"}))
        for request in (replace(first.execution.request, origin=origin), first.execution.request):
            with pytest.raises(NotAllowedError, match="undo_foreign"):
                await agent.run(forged, Asked(agent, about=request))
        assert tool.ledger == []


@dataclass(slots=True)
class Asked(Desk):
    """The context of a step of a request."""

    about: Request = field(kw_only=True)

    @property
    def request(self) -> Request:
        return self.about


def run_of(snapshot: ExecutionSnapshot, step_id: StepId) -> tuple[StepOutcome | None, str]:
    run = snapshot.step_runs[step_id]
    return run.outcome, run.error.code if run.error else ""
