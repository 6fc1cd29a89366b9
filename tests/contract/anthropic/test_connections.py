"""One pool for all calls, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import warnings
from typing import Any

import pytest

from engine.errors import UnavailableError
from engine.ports.language_model import AnswerLostError
from integrations.anthropic import Timeouts
from tests.contract.anthropic.conftest import (
    BREAK,
    SECOND,
    STALL,
    Opening,
    Server,
    end,
    given,
    options,
    refusal,
    sse,
    start,
    text,
    tool,
    whole,
)
from tests.contract.anthropic.requests import asking, planning


async def test_calls_one_after_the_other_share_a_connection(server: Server, opened: Opening) -> None:
    server.script = [whole(start(), text("Hi"), end())]
    async with opened() as model:
        for _ in range(5):
            await model.ask(asking())
    assert len(server.bodies) == 5
    assert len(server.connections) == 1


async def test_a_refused_call_gives_its_connection_back(server: Server, opened: Opening) -> None:
    server.script = [refusal(529, "overloaded_error"), whole(start(), text("Hi"), end())]
    async with opened() as model:
        with pytest.raises(UnavailableError):
            await model.ask(asking())
        await model.ask(asking())
    assert len(server.connections) == 1


async def test_more_calls_than_connections_wait_their_turn(server: Server, opened: Opening) -> None:
    server.script = [whole(start(), text("Hi"), end())]
    async with opened(options(server.url, connections=2)) as model, asyncio.TaskGroup() as group:
        for _ in range(9):
            group.create_task(model.ask(asking()))
    assert len(server.bodies) == 9
    assert len(server.connections) <= 2


async def test_a_cancelled_call_drops_its_connection_at_once(server: Server, opened: Opening) -> None:
    server.script = [whole(start(), tool(), STALL), whole(start(), text("Hi"), end())]
    async with opened(options(server.url, connections=1)) as model, asyncio.timeout(10):
        call = asyncio.get_running_loop().create_task(model.ask(planning()))
        await server.stalled.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await server.gone.wait()
        assert (await model.ask(asking())).text == "Hi", "its place in the pool is free again"


async def test_waiting_for_a_free_connection_is_not_the_provider_s_silence(server: Server, opened: Opening) -> None:
    gate = asyncio.Event()
    server.script = [whole(start(), gate, text("First"), end()), whole(start(), text("Second"), end())]
    brief = Timeouts(connect=SECOND / 20, first_byte=SECOND / 20, between_events=20 * SECOND, whole=20 * SECOND)
    async with opened(options(server.url, connections=1, timeouts=brief)) as model, asyncio.TaskGroup() as group:
        calls = [group.create_task(model.ask(asking())) for _ in range(2)]
        asyncio.get_running_loop().call_later(0.4, gate.set)  # real time is what is tested here
    assert sorted(call.result().text for call in calls) == ["First", "Second"]


@pytest.mark.parametrize(
    "last",
    [sse("error", error={"type": "api_error", "message": "no"}), given('{"steps": []')],
    ids=["by the provider", "by the listener"],
)
async def test_an_answer_that_is_given_up_early_is_not_listened_to_any_longer(
    server: Server, opened: Opening, last: bytes
) -> None:
    server.script = [whole(start(), tool(), last, STALL), whole(start(), text("Hi"), end())]

    def growing(name: str, read: object) -> None:
        raise LookupError("ours")

    made: list[str] = []

    def make(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
        made.append(repr(work))
        return asyncio.Task(work, loop=loop, **more)

    async with opened(options(server.url, connections=1)) as model, asyncio.timeout(10):
        await model.warm()
        asyncio.get_running_loop().set_task_factory(make)
        with pytest.raises((AnswerLostError, LookupError)):
            await model.ask(planning(), growing)
        await server.gone.wait()
        gc.collect()
        assert (await model.ask(asking())).text == "Hi"
    assert [work for work in made if "async_generator" in work] == [], "a reader was left to the garbage collector"


async def test_leaving_closes_what_is_open(server: Server, opened: Opening) -> None:
    server.script = [
        whole(start(), text("Hi"), end()),
        whole(start(), sse("error", error={"type": "api_error", "message": "no"})),
        whole(start(), BREAK),
    ]
    before = asyncio.all_tasks()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        async with opened() as model:
            for _ in range(3):
                try:
                    await model.ask(asking())
                except UnavailableError:
                    continue
        del model
        gc.collect()
        await asyncio.to_thread(lambda: None)
    assert [str(warning.message) for warning in said if issubclass(warning.category, ResourceWarning)] == []
    assert {task for task in asyncio.all_tasks() - before if "RequestHandler" not in repr(task)} == set()


def test_the_sdk_is_loaded_only_when_a_model_is_used() -> None:
    probe = "import sys, integrations.anthropic; print(sorted({'anthropic', 'httpx2', 'jiter'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"
