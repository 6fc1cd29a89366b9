"""The real command line in forked processes of a process that has imported everything, and the people who use it in another one.

Only for a process without threads and without a running loop.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import aiohttp
from loguru import logger

from bot.cli import main
from tests.laboratory.ten_steps import MisledError, People, Request

WRITER = "tizmor-writer"
STOP_SECONDS = 30


@dataclass(slots=True, kw_only=True)
class Product:
    """A process of the product."""

    pid: int
    told: IO[str]
    """What it prints, and ``writer ID`` as that thread begins."""
    held: int
    """Where to write a byte for it to begin."""
    url: str = ""
    writer: int = 0
    """The thread that owns the database's write connection, as the kernel numbers it."""
    code: int | None = None
    """How it ended: its exit code, or minus the signal that killed it."""

    def begin(self) -> None:
        """Let it start."""
        os.write(self.held, b"!")
        os.close(self.held)

    def wait_until_ready(self) -> bool:
        """Does it serve? False: it ended before that."""
        for line in self.told:
            if line.startswith("writer "):
                self.writer = int(line.split()[1])
            if "ready: " in line:
                self.url = line.rpartition(" ")[2].strip()
                return True
        return False

    @property
    def alive(self) -> bool:
        """Has it not ended?"""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is None

    def ends_within(self, seconds: float) -> bool:
        """Wait so long for its end."""
        until = time.monotonic() + seconds
        while self.alive and time.monotonic() < until:
            time.sleep(0.005)
        return not self.alive

    def stop(self) -> int:
        """Ask it to end, as an operator does; its exit code. One that does not end is killed."""
        for way, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
            if self.alive:
                os.kill(self.pid, way)
                self.ends_within(patience)
        self.told.close()
        assert self.code is not None
        return self.code


def start(disk: Path, errors: Path, *, held: bool = False) -> Product:
    """The product on a disk's ``home`` and ``workspace``; ``held``: it waits for :meth:`Product.begin`."""
    heard, told = os.pipe()
    wait, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(heard)
        os.close(go)
        _leave(lambda: _product(disk, errors, told, wait))
    os.close(told)
    os.close(wait)
    product = Product(pid=pid, told=os.fdopen(heard, encoding="utf-8", errors="replace"), held=go)
    if not held:
        product.begin()
    return product


def _product(disk: Path, errors: Path, told: int, wait: int) -> None:
    os.read(wait, 1)
    complaints = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(told, 1)
    os.dup2(complaints, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    begin = threading.Thread.run

    def run(self: threading.Thread) -> None:
        if self.name == WRITER:  # of no other: a write of ours would be counted as one of its own
            os.write(told, f"writer {threading.get_native_id()}\n".encode())
        begin(self)

    threading.Thread.run = run
    os.environ["TIZMOR_WORKSPACE"] = str(disk / "workspace")  # noqa: TID251 - a child's
    main(["run", "--home", str(disk / "home"), "--port", "0"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What people saw of a product."""

    asked: Sequence[Request]
    """How far each came."""
    how: str
    """``done``, ``gone`` (the product), ``stuck`` (nothing ended in the time they had) or ``misled``."""
    refusals: int = 0
    words: str = ""
    """How they were misled."""


class Crowd:
    """People in a process of their own."""

    def __init__(self, product: Product, token: str, asked: Sequence[Request], seconds: float) -> None:
        heard, told = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(heard)
            _leave(lambda: _people(product.url, token, asked, seconds, told))
        os.close(told)
        self._heard = heard

    @property
    def is_through(self) -> bool:
        """Has everybody ended, or given up?"""
        return bool(select.select([self._heard], [], [], 0)[0])

    def wait(self) -> Seen:
        """Until they are through."""
        with os.fdopen(self._heard, encoding="utf-8") as answer:
            found: dict[str, Any] = json.loads(answer.read())
        os.waitpid(self.pid, 0)
        asked = [Request.load(each) for each in found["asked"]]
        return Seen(asked=asked, how=found["how"], refusals=found["refusals"], words=found["words"])


def live(product: Product, token: str, asked: Sequence[Request], seconds: float) -> Seen:
    """Have people use it until all is done, it is gone, or time is up."""
    return Crowd(product, token, asked, seconds).wait()


def _people(url: str, token: str, asked: Sequence[Request], seconds: float, told: int) -> None:
    people = People(requests=[replace(request) for request in asked])

    async def lived() -> tuple[str, str]:
        try:
            async with asyncio.timeout(seconds):
                await people.live(url, token)
        except TimeoutError:
            return "stuck", ""
        except MisledError as error:
            return "misled", str(error)
        except aiohttp.ClientError:
            return "gone", ""
        return "done", ""

    how, words = asyncio.run(lived())
    each = [request.dump() for request in people.requests]
    with os.fdopen(told, "w", encoding="utf-8") as out:
        json.dump({"asked": each, "how": how, "words": words, "refusals": people.refusals.total()}, out)


def _leave(work: Callable[[], None]) -> None:
    """What a forked process does, and its end."""
    code = 1
    try:
        logger.remove()
        work()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 1
    except BaseException:  # noqa: BLE001 - the child's last word
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
