"""The real product started on a disk after a power cut: everything that was told must come to its end, once."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp
from loguru import logger

from bot.serve import serve
from bot.settings import Settings
from tests.laboratory.power_loss.replay import Told
from tests.laboratory.ten_steps import MisledError, People, Request, wrong

SECONDS = 60


def goes_on(disk: Path, asked: Sequence[Request], told: Told) -> list[str]:
    """Start it in a forked process, let people go on where they were, and say what is lost or repeated in the end.

    Whoever was told that their request is taken only waits; the first of those who were not asks again, under the same key.
    """
    everybody = [_as_told(request, told) for request in asked]
    untold = [request for request in everybody if not (request.said or request.execution)]
    people = [request for request in everybody if request not in untold[1:]]
    return _in_child(lambda: asyncio.run(_to_the_end(disk, people)))


def _as_told(request: Request, told: Told) -> Request:
    fresh = replace(request, execution="", seen=0, outcome="", said=request.word in told.messages)
    if request.execution in told.events or request.execution in told.executions:
        return replace(fresh, execution=request.execution, seen=told.events.get(request.execution, 0))
    return fresh


async def _to_the_end(disk: Path, people: Sequence[Request]) -> list[str]:
    home = disk / "home"
    settings = Settings(tizmor_env_file=None, tizmor_home=home, tizmor_workspace=disk / "workspace", tizmor_port=0)
    try:
        async with asyncio.timeout(SECONDS), serve(settings) as serving:
            await People(requests=people).live(serving.url, (home / "api_token").read_text("utf-8").strip())
    except (TimeoutError, aiohttp.ClientError, MisledError) as error:
        return [f"it did not come to its end: {error!r}", *wrong(disk / "workspace", people)]
    return wrong(disk / "workspace", people)


def _in_child(work: Callable[[], list[str]]) -> list[str]:
    """What a forked process found; that it broke is a finding too."""
    heard, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(heard)
        found = ["it broke"]
        try:
            logger.remove()
            found = work()
        except BaseException as error:  # noqa: BLE001 - the child's last word
            traceback.print_exc(file=sys.stderr)
            found = [f"it broke: {error!r}"]
        finally:
            with os.fdopen(told, "w") as out:
                json.dump(found, out)
            os._exit(0)
    os.close(told)
    with os.fdopen(heard) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else ["it broke without a word"]
