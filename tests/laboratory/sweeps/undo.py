"""The story taken back after it ended: whatever dies meanwhile, nothing of it is left, and it is taken back once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.app import Tizmor
from engine.domain.execution import ExecutionStatus
from engine.domain.snapshot import ExecutionSnapshot
from engine.failpoints import failpoint
from tests.laboratory.scenario import Found, Run
from tests.laboratory.sweeps.courier_story import left_behind
from tests.laboratory.sweeps.person import OWNER, answer, executions
from tests.laboratory.sweeps.story import Story
from tests.scenarios.lab import written

BEGINS = "undo.begins"
LETTERS = 2
"""The invitation, and that it is off."""


class Undo(Story):
    """Killed from the moment it is wanted."""

    name = "undo"
    least = 60

    async def to_the_end(self, tizmor: Tizmor) -> ExecutionSnapshot:
        """Answer until the first is done, want it back, answer until the second is done."""
        while True:
            found = await executions(tizmor)
            assert len(found) <= 2, [each.execution.request.text for each in found]
            for each in found:
                await answer(tizmor, each)
            if found and all(each.execution.status is ExecutionStatus.DONE for each in found):
                if len(found) == 2:
                    return found[0]
                failpoint(BEGINS)
                await tizmor.door.undo(OWNER, found[0].id)
            await asyncio.sleep(0.01)  # a person's eye

    def judge(self, run: Run) -> Found:
        """By what is left in the office: a letter that was sent stays, and another says that the meeting is off."""
        found = Found(lost=left_behind(run.home))
        left = written(run.home)
        found.wrong += [f"{count} {what} are left" for what, count in left.items() if count and what != "mails"]
        if left["mails"] < LETTERS:
            found.lost.append("nobody was told that it is off")
        if left["mails"] > LETTERS:
            found.repeated.append(f"{left['mails']} letters were sent")
        return found

    def visited(self, passed: Sequence[str]) -> list[str]:
        """See the scenario."""
        return list(passed[passed.index(f"{BEGINS}#1") :])


SCENARIO = Undo()
