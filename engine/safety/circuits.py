"""The services that everything here calls, and which of them are left alone at the moment. Shared by all executions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from engine.errors import AuthExpiredError, RefusedError, UnavailableError
from engine.ports.clock import Clock
from engine.safety.circuit import Admission, Circuit, admit, failed, given_up, succeeded

T = TypeVar("T")

Watcher = Callable[[str, bool], None]
"""Told of a service and whether it is left alone, each time that changes; must return at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    circuit: Circuit = field(default_factory=Circuit)
    latest: UnavailableError | None = None
    """What it failed with."""


class Circuits:
    """One circuit a service, by its name.

    Args:
        clock: says when a service is asked again.
        watcher: hears when a service is given up, and when it is back.
    """

    def __init__(self, clock: Clock, watcher: Watcher) -> None:
        self._clock = clock
        self._watcher = watcher
        self._services: dict[str, _Service] = {}

    async def call(self, service: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do work that calls a service, or turn it away at once. Cancel: that of the work.

        Raises:
            UnavailableError: the work's; or the latest one of the service, ``untouched``, with the time until it is asked
                again as ``retry_after``.
        """
        admission = self._admit(service)
        try:
            result = await work()
        except UnavailableError as error:
            self._unavailable(service, admission, error)
            raise
        except (AuthExpiredError, RefusedError):
            self._answered(service)
            raise
        except BaseException:
            known = self._services[service]
            self._services[service] = _Service(circuit=given_up(known.circuit, admission), latest=known.latest)
            raise
        self._answered(service)
        return result

    def _admit(self, service: str) -> Admission:
        known = self._services.get(service, _Service())
        circuit, leave = admit(known.circuit, self._clock.now())
        self._services[service] = _Service(circuit=circuit, latest=known.latest)
        if isinstance(leave, timedelta):
            raise _turned_away(service, known.latest, leave)
        return leave

    def _unavailable(self, service: str, admission: Admission, error: UnavailableError) -> None:
        circuit = failed(self._services[service].circuit, admission, self._clock.now(), error.retry_after)
        self._keep(service, _Service(circuit=circuit, latest=error))

    def _answered(self, service: str) -> None:
        self._keep(service, _Service(circuit=succeeded(self._services[service].circuit)))

    def _keep(self, service: str, known: _Service) -> None:
        before, self._services[service] = self._services[service], known
        if before.circuit.is_open != known.circuit.is_open:
            self._watcher(service, known.circuit.is_open)


def _turned_away(service: str, latest: UnavailableError | None, wait: timedelta) -> UnavailableError:
    code, why = (latest.code, latest.detail) if latest is not None else ("unavailable", "")
    detail = f"{service} kept failing and is asked again in {wait.total_seconds():.0f} s. {why}".strip()
    parameters = latest.parameters if latest is not None else None
    return UnavailableError(code, detail, parameters, retry_after=wait, untouched=True)
