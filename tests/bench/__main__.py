"""Figures of ``docs/performance.md``: start, memory, first event, the story without the person's time. ``make bench``."""

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


def main() -> None:
    """Measure and print one line a figure, median of the rounds."""
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
    python = statistics.median(bare_start() for _ in range(ROUNDS))
    print(f"ready                      {statistics.median(starts):.2f} s  (a bare interpreter: {python:.2f} s)")
    print(f"idle memory                {memory:.0f} MB, after {ROUNDS} stories {after:.0f} MB")
    print(f"POST to first event, p50   {statistics.median(first) * 1000:.0f} ms")
    print(f"story without the person   {statistics.median(story):.2f} s, first {story[0]:.2f} s")


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


if __name__ == "__main__":
    main()
