"""A courier in a process of its own, and its levers: blocking, so that a world without an event loop can use them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.servers.courier.faults import Fault
from tests.servers.courier.ledger import Ledger

ROOT = Path(__file__).parents[3]


class CourierClient:
    """Levers of a courier at this address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def fault(self, fault: Fault) -> None:
        """Script a fault."""
        self._call("POST", "/control/faults", fault.as_json())

    def ledger(self) -> Ledger:
        """What was delivered so far."""
        return Ledger.from_json(self._call("GET", "/control/ledger")["deliveries"])

    def calls(self) -> list[str]:
        """``service parcel`` of every call that arrived, in order."""
        return self._call("GET", "/control/ledger")["calls"]

    def held(self, count: int = 1) -> None:
        """Return once so many calls are being held."""
        self._call("GET", f"/control/held?count={count}")

    def release(self) -> None:
        """Let held calls go."""
        self._call("POST", "/control/release")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            return json.loads(answer.read())
        finally:
            connection.close()


@contextmanager
def run_courier() -> Generator[CourierClient]:
    """Start a courier as a process of its own, and end it with the block."""
    command = [sys.executable, "-m", "tests.servers.courier"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"the courier did not start: {process.wait()}")
            yield CourierClient(url)
        finally:
            process.terminate()
