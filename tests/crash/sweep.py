"""Kill the story at every named point, enumerated, and look at what the world holds afterwards.

``python -m tests.crash.sweep WORKDIR [SHARE/SHARES [model]]`` prints one JSON line per point; with ``model`` the story goes
through a scripted model, and only the points that the offline story does not have are visited. A fork server: everything is
imported once, every run is a forked process, so that a run costs its own work only.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

from loguru import logger

from engine.domain.execution import ExecutionOutcome
from integrations.local_workspace.sample import create_sample
from storage.database import DATABASE_FILE, migrate
from tests.crash.story import tell
from tests.written import our_events

RESTARTS = 3

OF_THE_MODEL = (
    "model.",
    "state.SaveDraft",
    "state.SavePlan",
    "state.ReserveSpend",
    "state.SettleSpend",
    "state.SaveCheck",
)
"""How points begin that only a story with a model passes, or passes otherwise."""


def in_child(work: Callable[[], None]) -> int:
    """Run in a forked process; its exit code, or minus the signal that killed it."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001 - the child's last word
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def run_story(home: Path, failpoint: str | None = None, log: Path | None = None, *, model: bool = False) -> int:
    """One process's share of the story."""

    def work() -> None:
        snapshot = asyncio.run(tell(home, failpoint, log, model=model))
        assert snapshot.execution.outcome is ExecutionOutcome.SUCCEEDED, snapshot.step_runs

    return in_child(work)


def count(home: Path) -> dict[str, int]:
    """What was written, by content."""
    workspace = home / "workspace"
    ours = our_events(workspace / "calendar.ics")
    mails = [message_from_bytes(p.read_bytes()).as_string() for p in (workspace / "outbox").iterdir()]
    agendas = [p.read_text("utf-8") for p in (workspace / "docs" / "agendas").iterdir()]
    return {"events": len(ours), "mails": len(mails), "agendas": len(agendas)}


def enumerate_points(work: Path, *, model: bool) -> list[str]:
    """Every point an undisturbed story passes, in order."""
    home, log = work / "enumerate", work / "points"
    shutil.copytree(work / "template", home)
    code = run_story(home, log=log, model=model)
    assert code == 0, code
    points = log.read_text("utf-8").split()
    return [point for point in points if point.startswith(OF_THE_MODEL)] if model else points


def kill_at(work: Path, template: Path, point: str, *, model: bool) -> dict[str, Any]:
    """Die there, start again until it is done, count."""
    home = work / point.replace("#", "-")
    shutil.copytree(template, home)
    first = run_story(home, point, model=model)
    codes = [first]
    while codes[-1] != 0 and len(codes) <= RESTARTS:
        codes.append(run_story(home, model=model))
    verdict = {"point": point, "killed": first == -signal.SIGKILL, "ended": codes[-1] == 0, **count(home)}
    if verdict["ended"]:
        shutil.rmtree(home)
    return verdict


def small_sample(work: Path) -> Path:
    """A home whose documents are plain text: extraction of other formats has tests of its own and would only cost time."""
    home = work / "template"
    create_sample(home / "workspace", datetime.now(UTC).date())
    for path in (home / "workspace" / "docs").rglob("*.*"):
        if path.suffix not in {".md", ".txt"}:
            path.unlink()
    migrate(home / DATABASE_FILE)
    return home


def main() -> None:
    """Sweep a share of the points."""
    logger.remove()
    work = Path(sys.argv[1])
    share, shares = (int(n) for n in (sys.argv[2] if len(sys.argv) > 2 else "0/1").split("/"))
    model = sys.argv[3:] == ["model"]
    if model:
        importlib.import_module("anthropic")  # once here, instead of in every forked child
    work.mkdir(parents=True, exist_ok=True)
    template = small_sample(work)
    for index, point in enumerate(enumerate_points(work, model=model)):
        if index % shares == share:
            print(json.dumps(kill_at(work, template, point, model=model)), flush=True)


if __name__ == "__main__":
    main()
