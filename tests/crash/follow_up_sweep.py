"""A follow-up killed at every named point: while it is offered, agreed to, planned, and an effect is under way meanwhile.

``python -m tests.crash.follow_up_sweep WORKDIR [SHARE/SHARES]`` prints one JSON line per point.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from engine.domain.approval import Approval, ApprovalStatus, DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.json import JsonObject
from engine.domain.request import Request
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import ConflictError
from engine.failpoints import arm
from engine.planning.follow_up import CHANGE, FOLLOW_UP
from engine.ports.tools import ToolCall
from storage.database import DATABASE_FILE, migrate
from tests.crash.sweep import RESTARTS, in_child
from tests.lab import OWNER, Lab, Publish, World, note, open_lab, plan, step

SECONDS = 20
PLANS = {
    None: plan(step("a"), step("p", "Publisher", "one", left="a"), step("w", left="p")),
    "no w": plan(step("a"), step("c", left="a")),
}


class Press(Publish):
    """Prints into a file, and not before a change has been agreed to: the plan changes while its effect is under way."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home
        self.agreed = asyncio.Event()

    @property
    def has_begun(self) -> bool:
        return (self._home / "begun").exists()

    @property
    def printed(self) -> list[str]:
        ledger = self._home / "ledger"
        return ledger.read_text("utf-8").split() if ledger.exists() else []

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        (self._home / "begun").touch()
        await self.agreed.wait()
        with (self._home / "ledger").open("a", encoding="utf-8") as ledger:
            ledger.write(f"{call.key}\n")
        return note(str(arguments["text"]))


async def tell(home: Path) -> ExecutionSnapshot:
    """Go on with the story from wherever it stands, to its end."""
    press = Press(home)
    async with (
        asyncio.timeout(SECONDS),
        open_lab(home, World(plan=lambda change: PLANS[change], tools=(press,))) as lab,
    ):
        request = Request(text="go", user_id=OWNER.id, request_key="story")
        execution = await lab.orchestrator.start(request, OWNER.id)
        while True:
            snapshot = await lab.orchestrator.get_execution(execution.id)
            if snapshot.execution.status is ExecutionStatus.DONE:
                return snapshot
            offers = [a for a in snapshot.approvals if a.topic == FOLLOW_UP]
            if press.has_begun and not offers:
                await lab.orchestrator.offer_change(execution.id, "no w", OWNER.id, "m1")
            if any(offer.status is ApprovalStatus.CHOSEN for offer in offers):
                press.agreed.set()
            await _answer(lab, [a for a in snapshot.approvals if a.status is ApprovalStatus.PENDING])
            await asyncio.to_thread(lambda: None)


async def _answer(lab: Lab, asked: list[Approval]) -> None:
    for approval in asked:
        try:
            if approval.topic == FOLLOW_UP:
                await lab.answer(approval, DecisionVerb.CHOOSE, choice=CHANGE)
            else:
                await lab.answer(approval, DecisionVerb.APPROVE)
        except ConflictError:
            continue


def run_story(home: Path, failpoint: str | None = None, log: Path | None = None) -> int:
    """One process's share of the story."""

    def passed(point: str) -> None:
        if log is not None:
            with log.open("a", encoding="utf-8") as points:
                points.write(f"{point}\n")

    def work() -> None:
        arm(failpoint, passed)
        snapshot = asyncio.run(tell(home))
        assert snapshot.outcome is ExecutionOutcome.SUCCEEDED, snapshot
        assert (snapshot.execution.plan_version, len(snapshot.plan.steps if snapshot.plan else ())) == (2, 2), snapshot
        assert sorted(snapshot.artifacts) == ["a", "p", "v2c"], snapshot
        assert all(a.status is not ApprovalStatus.PENDING for a in snapshot.approvals), snapshot

    return in_child(work)


def kill_at(work: Path, point: str) -> dict[str, Any]:
    """Die there, start again until it is done, look at what was printed."""
    home = work / point.replace("#", "-")
    shutil.copytree(work / "template", home)
    codes = [run_story(home, point)]
    while codes[-1] != 0 and len(codes) <= RESTARTS:
        codes.append(run_story(home))
    printed = Press(home).printed
    return {
        "point": point,
        "killed": codes[0] == -signal.SIGKILL,
        "ended": codes[-1] == 0,
        "runs": len(codes),
        "keys": len(set(printed)),
    }


def main() -> None:
    """Sweep a share of the points."""
    work = Path(sys.argv[1])
    share, shares = (int(n) for n in (sys.argv[2] if len(sys.argv) > 2 else "0/1").split("/"))
    (work / "template").mkdir(parents=True)
    migrate(work / "template" / DATABASE_FILE)
    shutil.copytree(work / "template", work / "enumerate")
    log = work / "points"
    assert run_story(work / "enumerate", log=log) == 0
    for index, point in enumerate(log.read_text("utf-8").split()):
        if index % shares == share:
            print(json.dumps(kill_at(work, point)), flush=True)


if __name__ == "__main__":
    main()
