"""From an event of Slack's to its acknowledgement, at 200 events a second, one in twenty a request that runs.

The product is a process of its own with its real settings on a real disk (every commit flushed), over Socket Mode and over
HTTP; the local Slack and everybody in it are this process. Beside it, in the same run: a flush of this disk, and the same load
on a process that acknowledges and does nothing else, which is what our measuring costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import sqlite3
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from storage.database import DATABASE_FILE
from tests.bench.contest import ROOT
from tests.bench.product import resident
from tests.scenarios.lab import make_home
from tests.scenarios.slack_lab import MODES, Mode, elements
from tests.servers.slackd import Channel, Slackd, SlackdOptions, User, limits, serve_slackd

RATE = 200
PATTERN = "rraccrccaccRcarccaccccarrcaccrcacracrac"
"""Two requests among forty events: ``R`` in a channel (two events: the message and the mention), ``r`` a remark in a thread,
``a`` an answer (a button pressed), ``c`` talk in a channel. The first letter is the other request, in private."""
ASKED = (
    "what do I have tomorrow?",
    "מה יש לי מחר?",
    "find the budget file",
    "set up a meeting with Dana on Tuesday at 10",
)
PEOPLE, CHANNELS = 40, 5
ECHO_SECONDS = 10.0
FLUSHES = 300
GOAL = 0.25
SETTLED_SECONDS = 30.0
"""How long what was asked may still run before it is counted."""


def figures(place: Path, seconds: float) -> dict[str, Any]:
    """Measure; times in seconds."""
    found: dict[str, Any] = {"rate": RATE, "seconds": seconds, "flush": flushes(place)}
    with _unjudged():
        _measure_both(place, seconds, found)
    found["flush afterwards"] = flushes(place)
    return found


def _measure_both(place: Path, seconds: float, found: dict[str, Any]) -> None:
    for mode in MODES:
        found[f"echo {mode}"] = asyncio.run(
            _measured(place / f"echo-{mode}", mode, min(seconds, ECHO_SECONDS), echo=True)
        )
        found[mode] = asyncio.run(_measured(place / f"slack-{mode}", mode, seconds, echo=False))


@contextmanager
def _unjudged() -> Generator[None]:
    """The local Slack takes every message as valid: judging one keeps it, and so what it measures, busy for 50 ms."""
    judged = limits._judged
    limits._judged = lambda validator, *given: []
    try:
        yield
    finally:
        limits._judged = judged


def table(found: dict[str, Any]) -> str:
    """One line a figure."""
    lines = [f"{found['rate']} events/s for {found['seconds']:.0f} s; acknowledged within, ms:  p50    p99    most"]
    for mode in MODES:
        for name in (mode, f"echo {mode}"):
            one = found[name]
            lines.append(f"  {name:<41}{_three(one['all'])}   sent late p99 {one['late'] * 1000:.1f} ms")
            if name == mode:
                lines += [f"    {kind:<39}{_three(one[kind])}" for kind in ("requests", "remarks", "answers", "talk")]
                lines.append(
                    f"    {one['events']} events, {one['missed']} not acknowledged at once; asked {one['asked']}, made"
                    f" {one['executions']}, still running {one['running']}; {one['cpu']:.0%} of a core, {one['mb']:.0f} MB"
                )
    lines.append(f"  a flush of this disk, before             {_three(found['flush'])}")
    lines.append(f"  a flush of this disk, afterwards         {_three(found['flush afterwards'])}")
    for mode in MODES:
        verdict = "met   " if found[mode]["all"]["p99"] <= GOAL and not found[mode]["missed"] else "MISSED"
        lines.append(f"  {verdict} {mode}: p99 <= {GOAL * 1000:.0f} ms, every event acknowledged")
    return "\n".join(lines)


def flushes(place: Path) -> dict[str, float]:
    """What one page written and flushed to this disk takes."""
    times: list[float] = []
    with (place / "flushed").open("wb", buffering=0) as file:
        for _ in range(FLUSHES):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return spread(times)


def spread(times: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and most."""
    if not times:
        return dict.fromkeys(("p50", "p99", "most"), 0.0)
    ordered = sorted(times)
    return {"p50": median(ordered), "p99": ordered[int(0.99 * (len(ordered) - 1))], "most": ordered[-1]}


def _three(times: dict[str, float]) -> str:
    return "".join(f"{times[name] * 1000:7.1f}" for name in ("p50", "p99", "most"))


@dataclass(slots=True)
class Workspace:
    """Everybody in it, and what they do at what moment."""

    slack: Slackd
    chance: random.Random = field(default_factory=lambda: random.Random(200))
    people: list[User] = field(default_factory=list[User])
    channels: list[Channel] = field(default_factory=list[Channel])
    threads: deque[tuple[Channel, str, User]] = field(default_factory=lambda: deque(maxlen=50))
    """Where something was asked of late, and by whom."""
    pressable: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=200))
    """Messages of the product's: channel and ts."""
    askers: dict[tuple[str, str], User] = field(default_factory=dict[tuple[str, str], User])
    asked: int = 0
    read: int = 0
    """Entries of the wire log that were looked through for messages."""
    kinds: dict[str, str] = field(default_factory=dict[str, str])
    """What a message was, by its ts."""

    def populate(self) -> None:
        """Let people in."""
        self.people = [self.slack.add_user(f"person{n}") for n in range(PEOPLE)]
        self.channels = [self.slack.add_channel(f"room{n}", members=self.people) for n in range(CHANNELS)]

    async def act(self, letter: str) -> None:
        """One event, or both of a mention."""
        who, channel = self.chance.choice(self.people), self.chance.choice(self.channels)
        if letter in "RD":
            await self._ask(who, channel if letter == "R" else self.slack.im(who))
        elif letter == "r" and self.threads:
            place, root, asker = self.chance.choice(self.threads)
            other = asker if place.kind == "im" else next(each for each in self.people if each is not asker)
            if place.kind != "im":
                self.kinds[await self.slack.say(other, place, "as we said last week", root)] = "remarks"
                return
            self.kinds[await self.slack.say(who, channel, "nobody in particular")] = "talk"
        elif letter == "a" and (press := self._press()) is not None:
            await self.slack.click(*press)
        else:
            self.kinds[await self.slack.say(who, channel, "lunch at one?")] = "talk"

    async def _ask(self, who: User, place: Channel) -> None:
        words = self.chance.choice(ASKED)
        text = words if place.kind == "im" else f"{self.slack.mention} {words}"
        ts = await self.slack.say(who, place, text)
        self.kinds[ts] = "requests"
        self.threads.append((place, ts, who))
        self.askers[place.id, ts] = who
        self.asked += 1

    def _press(self) -> tuple[User, str, str, str] | None:
        """Somebody's own button: an answer that is waited for, or what they think of a result."""
        for entry in (self.slack.log[n] for n in range(self.read, len(self.slack.log))):
            if entry.kind == "api" and entry.name == "chat.postMessage" and entry.ok and entry.answer.get("ok"):
                self.pressable.append((entry.answer["channel"], entry.answer["ts"]))
        self.read = len(self.slack.log)
        for channel, ts in reversed(self.pressable):
            message = self.slack.message(channel, ts) or {}
            who = self.askers.get((channel, str(message.get("thread_ts"))))
            actions = {str(each.get("action_id")) for each in elements(message)}
            action = next((a for a in sorted(actions) if a.startswith(("approve", "choose.", "feedback"))), None)
            if who is not None and action is not None:
                self.pressable.remove((channel, ts))
                self.pressable.appendleft((channel, ts))  # another one's turn
                return who, channel, ts, action
        return None


async def _measured(home: Path, mode: Mode, seconds: float, *, echo: bool) -> dict[str, Any]:
    async with serve_slackd(SlackdOptions(realtime=True)) as slack:
        workspace = Workspace(slack)
        workspace.populate()
        async with _app(home, slack, mode, echo=echo) as pid:
            await _warm(workspace, echo=echo)
            first, cpu = len(slack.log), _cpu(pid)
            gc.collect()
            gc.disable()  # a pause of ours would be taken for one of the product's
            try:
                late = await _load(workspace, seconds)
                used = (_cpu(pid) - cpu) / seconds
                await slack.settled(SETTLED_SECONDS)
            finally:
                gc.enable()
            found = _acknowledged(workspace, first) | {"late": spread(late)["p99"], "cpu": used, "mb": resident(pid)}
            if not echo:
                found |= await _executions(home / DATABASE_FILE) | {"asked": workspace.asked}
            return found


async def _load(workspace: Workspace, seconds: float) -> list[float]:
    """An event every so often, whatever became of those before; how late each was sent."""
    loop, late = asyncio.get_running_loop(), list[float]()
    pattern = "D" + PATTERN
    began, events, number = loop.time(), 0, 0
    async with asyncio.TaskGroup() as group:
        while events < seconds * RATE:
            due = began + events / RATE
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            late.append(loop.time() - due)
            letter = pattern[number % len(pattern)]
            group.create_task(workspace.act(letter))
            number, events = number + 1, events + (2 if letter == "R" else 1)
    return late


async def _warm(workspace: Workspace, *, echo: bool) -> None:
    """One request to its end, so that what happens once is over."""
    slack = workspace.slack
    await workspace.act("D")
    if not echo:
        await slack.eventually(lambda: len(slack.log.calls("chat.postMessage")) >= 2, 60)
    await slack.settled()


def _acknowledged(workspace: Workspace, first: int) -> dict[str, Any]:
    """Times to the acknowledgement, of everything and by kind."""
    kinds: dict[str, list[float]] = {"requests": [], "remarks": [], "answers": [], "talk": []}
    times, missed, events = list[float](), 0, 0
    for entry in list(workspace.slack.log)[first:]:
        if entry.kind != "delivery":
            continue
        kind = "answers" if entry.name == "block_actions" else ""
        event: dict[str, Any] = entry.params.get("event") or {}
        kind = kind or workspace.kinds.get(str(event.get("ts")), "")
        events += 1
        if entry.acked_after is None or entry.attempt:
            missed += 1
            continue
        times.append(entry.acked_after)
        if kind:
            kinds[kind].append(entry.acked_after)
    by_kind = {kind: spread(some) for kind, some in kinds.items()}
    return {"all": spread(times), "events": events, "missed": missed, **by_kind}


async def _executions(database: Path) -> dict[str, int]:
    """How many there are, and how many still run once they had time to end."""
    until = time.monotonic() + SETTLED_SECONDS
    while True:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            (made,) = connection.execute("SELECT count(*) FROM executions").fetchone()
            running = "SELECT count(*) FROM executions WHERE status IN ('planning', 'running')"
            (left,) = connection.execute(running).fetchone()
            (inbox,) = connection.execute("SELECT count(*) FROM inbox WHERE handled_at IS NULL").fetchone()
        if not left + inbox or time.monotonic() > until:
            return {"executions": made, "running": left + inbox}
        await asyncio.sleep(0.5)


@asynccontextmanager
async def _app(home: Path, slack: Slackd, mode: Mode, *, echo: bool) -> AsyncGenerator[int]:
    """The product, or what only acknowledges, as a process that listens to this Slack; its process id."""
    proof = {"SLACK_APP_TOKEN": slack.app_token} if mode == "socket" else {"SLACK_SIGNING_SECRET": slack.signing_secret}
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TIZMOR_", "SLACK_"))}  # noqa: TID251 - a child's
    environment |= {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_API_URL": slack.api_url, "TIZMOR_ENV_FILE": "", **proof}
    command = [sys.executable, "-m", "tests.bench.slack_echo", mode]
    if not echo:
        make_home(home)
        command = [sys.executable, "-m", "bot", "run", "--home", str(home), "--port", "0"]
    home.mkdir(exist_ok=True)
    with (home / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        assert "ready: " in line, f"{line!r}; see {home / 'log'}"
        if mode == "http":
            await slack.eventually(lambda: echo or slack.log.calls("auth.test"), 30)
            while not await slack.deliver_to(line.split("ready: ")[1].split()[0] + "/slack/events"):
                await asyncio.sleep(0.1)
        else:
            await slack.eventually(lambda: slack.connections == 1, 30)
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


def _cpu(pid: int) -> float:
    """Seconds of processor time a process used."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
