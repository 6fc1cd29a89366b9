"""What is said in a conversation becomes a request, an answer, a signal or an offer; and only from who may."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.conversing import Conversing, Said
from bot.gateway import ChatBell, Gateway, Services
from bot.inbox import Inbox
from engine.domain.approval import ApprovalKind, ApprovalStatus
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import DEFAULT_TENANT, ConversationId, ExecutionId, PrincipalId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal, Role
from engine.errors import NotAllowedError
from engine.orchestration.undo import Undoer
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from storage.chat_store import SqliteChatLog
from storage.database import Database
from tests.lab import Lab, Publish, World, open_lab, plan, step

DANA = Principal(id=PrincipalId("paper:dana"), tenant_id=DEFAULT_TENANT, role=Role.MEMBER)
AVI = Principal(id=PrincipalId("paper:avi"), tenant_id=DEFAULT_TENANT, role=Role.MEMBER)
NOBODY = Principal(id=PrincipalId("paper:guest"), tenant_id=DEFAULT_TENANT, role=Role.NONE)
THREAD = ConversationId("paper:room:1")


@dataclass(slots=True)
class Room:
    lab: Lab
    conversing: Conversing

    async def hear(
        self, text: str, *, key: str = "", by: Principal = DANA, addressed: bool = True, where: ConversationId = THREAD
    ) -> str:
        said = Said(principal=by, conversation_id=where, text=text, key=key or text, addressed=addressed)
        return await self.conversing.hear(said)

    async def executions(self, user: Principal | None = None) -> list[ExecutionSnapshot]:
        found = await self.lab.store.executions(DEFAULT_TENANT, user.ids if user else None, limit=20, before=None)
        return [await self.lab.orchestrator.get_execution(e) for e in found]

    async def only(self) -> ExecutionId:
        (found,) = await self.executions()
        return found.id


@asynccontextmanager
async def open_room(home: Path, world: World) -> AsyncGenerator[Room]:
    async with open_lab(home, world) as lab:
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
            editor=lab.editor,
            forker=lab.forker,
            undoer=Undoer(lab.orchestrator, lab.clock, {}),
            rated=lambda _: None,
            metrics=lambda: "",
            surfaces=dict[str, bool],
        )
        yield Room(lab=lab, conversing=Conversing(Gateway(services), "Asia/Jerusalem"))


def gated() -> World:
    """A plan that stops at a gate."""
    return World(plan=lambda _: plan(step("a"), step("p", "Publisher", left="a")), tools=(Publish(),))


async def test_a_message_to_us_starts_one_execution_however_often_it_is_handled(tmp_path: Path) -> None:
    async with open_room(tmp_path, World(plan=lambda _: plan(step("a")))) as room:
        for _ in range(3):
            assert await room.hear("do it", key="m1") == ""
        (snapshot,) = await room.executions()
        assert snapshot.execution.request.conversation_id == THREAD


async def test_a_message_handled_again_while_its_own_execution_runs_offers_nothing(tmp_path: Path) -> None:
    async with open_room(tmp_path, gated()) as room:
        await room.hear("do it", key="m1")
        await room.lab.asked(await room.only())
        await room.hear("do it", key="m1")
        (snapshot,) = await room.executions()
        assert [a.kind for a in snapshot.approvals] == [ApprovalKind.GATE]


async def test_what_others_say_in_the_thread_starts_nothing_and_offers_nothing(tmp_path: Path) -> None:
    async with open_room(tmp_path, gated()) as room:
        await room.hear("do it", key="m1")
        await room.lab.asked(await room.only())
        assert await room.hear("make it two copies", by=AVI, addressed=False) == ""
        assert await room.hear("stop", by=AVI, addressed=False) == ""
        (snapshot,) = await room.executions()
        assert len(snapshot.approvals) == 1
        assert snapshot.outcome is None
        assert not snapshot.execution.cancelled


async def test_somebody_else_who_speaks_to_us_in_the_thread_gets_an_execution_of_their_own(tmp_path: Path) -> None:
    async with open_room(tmp_path, gated()) as room:
        await room.hear("do it", key="m1")
        await room.lab.asked(await room.only())
        await room.hear("do mine", by=AVI)
        assert len(await room.executions(AVI)) == 1
        assert len(await room.executions(DANA)) == 1


async def test_a_follow_up_of_whoever_asked_is_offered_as_a_change_once(tmp_path: Path) -> None:
    async with open_room(tmp_path, gated()) as room:
        await room.hear("do it", key="m1")
        execution = await room.only()
        await room.lab.asked(execution)
        for _ in range(2):
            assert await room.hear("make it two copies", key="m2", addressed=False) == ""
        snapshot = await room.lab.orchestrator.get_execution(execution)
        offers = [a for a in snapshot.approvals if a.topic == "follow_up"]
        assert [a.title for a in offers] == ["make it two copies"]


@pytest.mark.parametrize(("word", "told"), [("stop", "Stopping"), ("עצור", "בעצירה")])
async def test_a_word_stops_it(tmp_path: Path, word: str, told: str) -> None:
    async with open_room(tmp_path, gated()) as room:
        await room.hear("do it", key="m1")
        execution = await room.only()
        await room.lab.asked(execution)
        assert told in await room.hear(word, addressed=False)
        done = await room.lab.done(execution)
        assert done.outcome is ExecutionOutcome.CANCELLED


async def test_pause_and_resume_are_words_too(tmp_path: Path) -> None:
    async with open_room(tmp_path, gated()) as room:
        await room.hear("do it", key="m1")
        execution = await room.only()
        await room.lab.asked(execution)
        await room.hear("pause")
        assert (await room.lab.orchestrator.get_execution(execution)).execution.paused
        await room.hear("המשך")
        assert not (await room.lab.orchestrator.get_execution(execution)).execution.paused


async def test_a_question_of_the_planner_is_answered_by_writing_in_the_thread(tmp_path: Path) -> None:
    async def planner(brief: Brief, desk: PlanningDesk) -> object:
        return plan(step("a")) if brief.answers else PlanQuestion(text="Which month?")

    async with open_room(tmp_path, World(plan=lambda _: plan(step("a")), planner=planner)) as room:  # pyright: ignore[reportArgumentType]
        await room.hear("do it", key="m1")
        execution = await room.only()
        await room.lab.asked(execution)
        await room.hear("December", addressed=False)
        done = await room.lab.done(execution)
        (question,) = done.approvals
        assert (question.status, question.answer) == (ApprovalStatus.APPROVED, "December")


async def test_with_nothing_running_a_word_says_so_and_starts_nothing(tmp_path: Path) -> None:
    async with open_room(tmp_path, gated()) as room:
        assert "no open task" in await room.hear("stop")
        assert "אין לך כרגע משימה פתוחה" in await room.hear("סטטוס")
        assert await room.executions() == []


async def test_status_and_approvals_name_what_there_is(tmp_path: Path) -> None:
    async with open_room(tmp_path, gated()) as room:
        await room.hear("do it", key="m1")
        await room.lab.asked(await room.only())
        assert "do it" in await room.hear("status")
        assert "do it" in await room.hear("approvals")
        assert "do it" not in await room.hear("approvals", by=AVI)


async def test_an_answer_that_is_handled_again_after_a_crash_starts_and_offers_nothing(tmp_path: Path) -> None:
    async def planner(brief: Brief, desk: PlanningDesk) -> object:
        return plan(step("a")) if brief.answers else PlanQuestion(text="Which month?")

    async with open_room(tmp_path, World(plan=lambda _: plan(step("a")), planner=planner)) as room:  # pyright: ignore[reportArgumentType]
        await room.hear("do it", key="m1")
        execution = await room.only()
        await room.lab.asked(execution)
        await room.hear("December", key="m2")
        await room.lab.done(execution)
        await room.hear("December", key="m2")
        assert len(await room.executions()) == 1


async def test_a_follow_up_that_is_handled_again_after_the_end_starts_nothing(tmp_path: Path) -> None:
    async with open_room(tmp_path, gated()) as room:
        await room.hear("do it", key="m1")
        execution = await room.only()
        await room.lab.asked(execution)
        await room.hear("make it two copies", key="m2")
        await room.hear("stop", key="m3")
        await room.lab.done(execution)
        await room.hear("make it two copies", key="m2")
        assert len(await room.executions()) == 1


async def test_an_owners_passing_words_reach_nobody_elses_execution(tmp_path: Path) -> None:
    owner = Principal(id=PrincipalId("paper:boss"), tenant_id=DEFAULT_TENANT, role=Role.OWNER)
    async with open_room(tmp_path, gated()) as room:
        await room.hear("do it", key="m1")
        execution = await room.only()
        await room.lab.asked(execution)
        assert await room.hear("wait", by=owner, addressed=False) == ""
        assert not (await room.lab.orchestrator.get_execution(execution)).execution.paused
        await room.hear("what do I have tomorrow", by=owner)
        assert len(await room.executions(owner)) == 1, "what an owner asks for is the owner's own"
        await room.hear("stop", by=owner)
        done = await room.lab.done(execution)
        assert done.outcome is ExecutionOutcome.CANCELLED, "a word that is said to us reaches it"


async def test_what_is_said_to_somebody_else_is_no_answer_and_no_change(tmp_path: Path) -> None:
    async with open_room(tmp_path, gated()) as room:
        await room.hear("do it", key="m1")
        execution = await room.only()
        await room.lab.asked(execution)
        await room.hear("@avi are you coming to lunch?", addressed=False)
        assert len((await room.lab.orchestrator.get_execution(execution)).approvals) == 1


async def test_in_private_a_word_stops_what_runs_in_another_thread_and_in_public_it_says_how(tmp_path: Path) -> None:
    async with open_room(tmp_path, gated()) as room:
        await room.hear("do it", key="m1")
        execution = await room.only()
        await room.lab.asked(execution)
        assert "/tizmor stop" in await room.hear("stop", where=ConversationId("paper:other:2"))
        said = Said(
            principal=DANA,
            conversation_id=ConversationId("paper:dm:3"),
            text="stop",
            key="m9",
            addressed=True,
            private=True,
        )
        await room.conversing.hear(said)
        done = await room.lab.done(execution)
        assert done.outcome is ExecutionOutcome.CANCELLED


async def test_nobody_without_a_role_gets_anything_done(tmp_path: Path) -> None:
    async with open_room(tmp_path, gated()) as room:
        with pytest.raises(NotAllowedError):
            await room.hear("do it", by=NOBODY)
        assert await room.executions() == []
