"""A service outside that delivers parcels, strict, over a real socket, with a ledger of what happened.

It offers each class of effect: ``POST /keyed`` (one delivery per ``Idempotency-Key``), ``POST /marked`` with ``GET /marked?marker=``
(our marker can be found again), ``POST /plain`` (neither) and ``GET /parcels/{parcel}`` (a read).

In an asyncio test: ``async with serve_courier() as courier`` gives ``courier.url``, ``courier.ledger`` (``counts()``,
``repeated()``, ``parcels()``), ``courier.calls`` and ``courier.faults`` (``add(Fault(kind="reset", committed=True))``, ``held()``,
``release()``). From a world without a loop, and where the product is killed: ``with run_courier() as courier``, with the same as
blocking methods (``fault``, ``ledger``, ``calls``, ``held``, ``release``). By hand: ``python -m tests.servers.courier``.

Agents and tools of the product that call it: ``tests.laboratory.agents``; requests that plan with them: ``tests.laboratory.plans``.
"""

from tests.servers.courier.client import CourierClient, run_courier
from tests.servers.courier.faults import Fault
from tests.servers.courier.ledger import Delivery, Ledger
from tests.servers.courier.server import Courier, serve_courier

__all__ = ["Courier", "CourierClient", "Delivery", "Fault", "Ledger", "run_courier", "serve_courier"]
