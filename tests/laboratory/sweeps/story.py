"""The story through the local chat: say the sentence (once, whatever is repeated), answer what is asked, see it shown."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from bot.app import Tizmor, open_tizmor
from bot.settings import Settings
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.snapshot import ExecutionSnapshot
from storage.database import DATABASE_FILE, migrate
from tests.laboratory.scenario import Found, Run, Scenario
from tests.laboratory.sweeps.person import OWNER, answer, the_execution
from tests.scenarios.lab import SENTENCES, STORY, make_home, written

SECONDS = 60


class Story(Scenario):
    """One event, one invitation, one agenda, one card, three replies."""

    name = "story"
    needs_courier = False
    least = 200

    def make_home(self, home: Path) -> None:
        """A workspace of plain text; extraction of other formats has tests of its own."""
        make_home(home)
        migrate(home / DATABASE_FILE)

    async def tell(self, run: Run, failpoint: str | None = None, log: Path | None = None) -> None:
        """Until the final reply is in the chat."""
        settings = Settings(tizmor_home=run.home, tizmor_failpoint=failpoint, tizmor_failpoint_log=log)
        async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
            settings = await self.equipped(settings, stack)
            tizmor = await stack.enter_async_context(open_tizmor(settings))
            await tizmor.door.say(OWNER, SENTENCES["he"], "story")
            ended = await self.to_the_end(tizmor)
            assert ended.execution.outcome is ExecutionOutcome.SUCCEEDED, ended.step_runs

    async def to_the_end(self, tizmor: Tizmor) -> ExecutionSnapshot:
        """Answer what is asked, until all of it is done and shown."""
        while True:
            snapshot = await the_execution(tizmor)
            if snapshot is not None:
                await answer(tizmor, snapshot)
                if snapshot.execution.status is ExecutionStatus.DONE and await _shown(tizmor):
                    return snapshot
            await asyncio.sleep(
                0.01
            )  # a person's eye, not a wait for a fact: what is asked is looked at again and again

    async def equipped(self, settings: Settings, stack: AsyncExitStack) -> Settings:
        """With what it is told through."""
        del stack
        return settings

    def judge(self, run: Run) -> Found:
        """By what is in the office."""
        found = Found()
        for what, count in written(run.home).items():
            if count < STORY[what]:
                found.lost.append(f"no {what}")
            if count > STORY[what]:
                found.repeated.append(f"{count} {what}")
        return found


async def _shown(tizmor: Tizmor) -> bool:
    messages: dict[str, str] = {}
    try:
        async with asyncio.timeout(0.05), aclosing(tizmor.door.chat(OWNER, 0)) as stream:
            async for message in stream:
                messages[message.id] = message.kind
    except TimeoutError:
        pass
    kinds = list(messages.values())
    assert kinds.count("card") <= 1, kinds
    return kinds.count("card") == 1 and kinds.count("text") == 1 and kinds.count("reply") == 3


SCENARIO = Story()
