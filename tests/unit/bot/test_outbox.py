"""What could not be shown is shown later; what no surface owns is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.outbox import Outbox
from engine.domain.ids import ConversationId, ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import UnavailableError
from tests.lab import World, open_lab, plan, step


@dataclass(slots=True)
class Board:
    prefix: str = ""
    fails: list[Exception] = field(default_factory=list[Exception])
    shown: list[str] = field(default_factory=list[str])

    def owns(self, conversation_id: ConversationId) -> bool:
        return conversation_id.startswith(self.prefix)

    async def behind(self) -> Sequence[ExecutionId]:
        return []

    async def show(self, snapshot: ExecutionSnapshot) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.shown.append(snapshot.id)


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.to_thread(lambda: None)


async def test_what_failed_to_be_shown_is_shown_again_without_news(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("a")))) as lab:
        execution = await lab.orchestrator.start("do it", "dana")
        await lab.done(execution.id)
        board = Board(fails=[UnavailableError("storage_unavailable", "away"), ValueError("ours")])
        outbox = Outbox(lab.state, lab.clock, board)
        running = asyncio.get_running_loop().create_task(outbox.run())
        outbox.mark(execution.id)
        await until(lambda: board.shown == [execution.id])
        running.cancel()
        await asyncio.wait([running])


async def test_a_surface_shows_its_own_conversations_and_the_local_one_the_others(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("a")))) as lab:
        execution = await lab.orchestrator.start("do it", "dana")
        await lab.done(execution.id)
        local, outside = Board(), Board(prefix="paper:")
        outbox = Outbox(lab.state, lab.clock, local)
        await outbox.add("paper", outside)
        running = asyncio.get_running_loop().create_task(outbox.run())
        outbox.mark(execution.id)
        await until(lambda: local.shown == [execution.id])
        assert outside.shown == []
        running.cancel()
        await asyncio.wait([running])


@dataclass(slots=True)
class Glass:
    """A mirror."""

    prefix: str
    before: list[ExecutionId] = field(default_factory=list[ExecutionId])
    shown: list[str] = field(default_factory=list[str])

    def owns(self, conversation_id: ConversationId) -> bool:
        return conversation_id.startswith(self.prefix)

    async def behind(self) -> Sequence[ExecutionId]:
        return self.before

    def show(self, snapshot: ExecutionSnapshot) -> None:
        self.shown.append(snapshot.id)


async def test_mirrors_see_what_their_own_surface_does_not_show_even_while_the_home_fails(tmp_path: Path) -> None:
    async with open_lab(tmp_path, World(plan=lambda _: plan(step("a")))) as lab:
        execution = await lab.orchestrator.start("do it", "dana")
        await lab.done(execution.id)
        home = Board(fails=[UnavailableError("storage_unavailable", "away")])
        here, there = Glass("local"), Glass("paper:", before=[execution.id])
        outbox = Outbox(lab.state, lab.clock, home)
        await outbox.add_mirror("local", here)
        await outbox.add_mirror("paper", there)
        running = asyncio.get_running_loop().create_task(outbox.run())
        await until(lambda: home.shown == [execution.id])
        assert here.shown == [], "held there, it is its surface's own"
        assert set(there.shown) == {execution.id}
        assert len(there.shown) >= 2, "also when the home could not show it"
        running.cancel()
        await asyncio.wait([running])
