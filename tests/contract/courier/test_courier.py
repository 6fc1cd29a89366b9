"""The courier keeps its word: what it delivers, refuses and suffers."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.servers.courier import Courier, Fault, run_courier, serve_courier


async def ask(courier: Courier, method: str, path: str, **more: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession(courier.url) as session, session.request(method, path, **more) as response:
        return response.status, await response.json()


def box(effect: str = "e1", **more: str) -> dict[str, str]:
    return {"parcel": "box", "effect": effect, **more}


async def test_a_key_delivers_once_and_refuses_another_parcel() -> None:
    async with serve_courier() as courier:
        headers = {"Idempotency-Key": "k1"}
        first = await ask(courier, "POST", "/keyed", json=box(), headers=headers)
        again = await ask(courier, "POST", "/keyed", json=box(), headers=headers)
        other = await ask(courier, "POST", "/keyed", json=box() | {"parcel": "card"}, headers=headers)
        assert first == again == (200, {"parcel": "box"})
        assert other[0] == 422
        assert courier.ledger.counts() == {"e1": 1}


async def test_a_marker_is_found_again_and_delivers_every_time() -> None:
    async with serve_courier() as courier:
        assert (await ask(courier, "GET", "/marked", params={"marker": "m1"}))[0] == 404
        for _ in range(2):
            await ask(courier, "POST", "/marked", json=box(marker="m1"))
        assert await ask(courier, "GET", "/marked", params={"marker": "m1"}) == (200, {"parcel": "box"})
        assert courier.ledger.repeated() == ["e1"]


async def test_plain_parcels_take_no_key_and_reading_counts_them() -> None:
    async with serve_courier() as courier:
        assert (await ask(courier, "POST", "/plain", json=box(), headers={"Idempotency-Key": "k"}))[0] == 400
        await ask(courier, "POST", "/plain", json=box())
        assert (await ask(courier, "GET", "/parcels/box"))[1] == {"parcel": "box", "delivered": 1}


@pytest.mark.parametrize("body", [{}, {"parcel": "", "effect": "e"}, box(colour="red"), {"parcel": 1, "effect": "e"}])
async def test_it_is_strict(body: dict[str, Any]) -> None:
    async with serve_courier() as courier:
        assert (await ask(courier, "POST", "/plain", json=body))[0] == 422
        assert (await ask(courier, "POST", "/plain", data="x"))[0] == 415
        assert (await ask(courier, "POST", "/keyed", json=box()))[0] == 400
        assert not courier.ledger.deliveries


@pytest.mark.parametrize("committed", [True, False])
async def test_a_reset_is_a_reset_before_or_after_the_delivery(committed: bool) -> None:
    async with serve_courier() as courier:
        courier.faults.add(Fault(kind="reset", committed=committed, service="plain"))
        with pytest.raises(aiohttp.ClientError):
            await ask(courier, "POST", "/plain", json=box())
        assert courier.ledger.counts()["e1"] == int(committed)


async def test_faults_strike_what_they_name_after_what_they_skip() -> None:
    async with serve_courier() as courier:
        courier.faults.add(Fault(kind="status", parcel="box", skip=1, times=2, retry_after=3))
        courier.faults.add(Fault(kind="status", status=401, parcel="card", times=-1))
        seen = [(await ask(courier, "POST", "/plain", json=box()))[0] for _ in range(4)]
        locked = [(await ask(courier, "POST", "/plain", json=box() | {"parcel": "card"}))[0] for _ in range(3)]
        assert (seen, locked) == ([200, 503, 503, 200], [401] * 3)


@pytest.mark.parametrize("committed", [True, False])
async def test_a_call_is_held_until_it_is_released(committed: bool) -> None:
    async with serve_courier() as courier, asyncio.TaskGroup() as group:
        courier.faults.add(Fault(kind="hold", committed=committed))
        call = group.create_task(ask(courier, "POST", "/plain", json=box()))
        await courier.faults.held()
        assert len(courier.ledger.deliveries) == int(committed)
        courier.faults.release()
        assert (await call)[0] == 200
        assert courier.ledger.counts() == {"e1": 1}


def test_it_runs_as_a_process_with_the_same_levers() -> None:
    with run_courier() as courier:
        courier.fault(Fault(kind="status", status=418))
        assert courier.ledger().deliveries == []
        assert asyncio.run(_status(courier.url)) == [418, 200]
        assert courier.ledger().counts() == {"e1": 1}
        assert courier.calls() == ["plain box", "plain box"]


async def _status(url: str) -> list[int]:
    async with aiohttp.ClientSession(url) as session:
        found: list[int] = []
        for _ in range(2):
            async with session.post("/plain", json=box()) as response:
                found.append(response.status)
        return found
