"""The product as a process, over real sockets: start, memory, first event, the story without the person's time."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from tests.surfaces.serving import Process, demo

STORY = "read what we did in December at Tevuot, understand the strategy and set up a meeting with Yoav"
ROUNDS = 5


def figures() -> dict[str, float]:
    """Measure; medians of the rounds, in seconds and MB."""
    starts: list[float] = []
    memory = 0.0
    with tempfile.TemporaryDirectory() as home:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            with demo(Path(home)) as process:
                starts.append(time.perf_counter() - began)
                memory = resident(process.pid)
        with demo(Path(home)) as process:
            first, story = asyncio.run(measure(process))
            after = resident(process.pid)
        began = time.perf_counter()
        with demo(Path(home), "--model", "scripted") as process:
            model_ready = time.perf_counter() - began
            asyncio.run(measure(process))
            with_model = resident(process.pid)
    return {
        "model_ready": model_ready,
        "model_mb": with_model,
        "ready": statistics.median(starts),
        "interpreter": statistics.median(bare_start() for _ in range(ROUNDS)),
        "idle_mb": memory,
        "after_stories_mb": after,
        "first_event": statistics.median(first),
        "story": statistics.median(story),
        "first_story": story[0],
    }


def table(found: dict[str, float]) -> str:
    """One line a figure."""
    return (
        f"ready                      {found['ready']:.2f} s  (a bare interpreter: {found['interpreter']:.2f} s)\n"
        f"idle memory                {found['idle_mb']:.0f} MB, after {ROUNDS} stories {found['after_stories_mb']:.0f} MB\n"
        f"POST to first event, p50   {found['first_event'] * 1000:.0f} ms\n"
        f"story without the person   {found['story']:.2f} s, first {found['first_story']:.2f} s\n"
        f"with a (scripted) model    ready {found['model_ready']:.2f} s, after {ROUNDS} stories {found['model_mb']:.0f} MB,"
        " its server included (targets: 3 s, 200 MB)"
    )


def resident(pid: int) -> float:
    """Resident memory in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def bare_start() -> float:
    """Seconds an interpreter takes to start and end."""
    began = time.perf_counter()
    os.waitpid(os.posix_spawn(sys.executable, [sys.executable, "-c", ""], {}), 0)
    return time.perf_counter() - began


async def measure(process: Process) -> tuple[list[float], list[float]]:
    """Seconds to the first event, and of whole stories whose questions are answered at once."""
    first: list[float] = []
    story: list[float] = []
    headers = {"Authorization": f"Bearer {process.token}"}
    async with aiohttp.ClientSession(process.url, headers=headers) as http:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            async with http.post("/api/orchestrate", json={"request": STORY}) as response:
                execution = (await response.json())["id"]
            async with http.get(f"/api/orchestrate/stream/{execution}") as stream:
                async for line in stream.content:
                    if line.startswith(b"data:") and len(first) == len(story):
                        first.append(time.perf_counter() - began)
                    if line.startswith(b"data:"):
                        await answer(http, execution)
            story.append(time.perf_counter() - began)
    return first, story


async def answer(http: aiohttp.ClientSession, execution: str) -> None:
    """Answer whatever is asked."""
    async with http.get(f"/api/orchestrate/{execution}") as response:
        body: dict[str, Any] = await response.json()
    for approval in body["approvals"]:
        if approval["status"] == "pending":
            choice = {"decision": "choose", "choice": approval["choices"][0]["id"]} if approval["choices"] else None
            async with http.post(
                f"/api/approvals/{approval['id']}", json=choice or {"decision": "approve"}
            ) as response:
                await response.read()
