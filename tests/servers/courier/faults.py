"""Scripted misfortune of calls: which one it strikes, and how."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Kind = Literal["reset", "status", "delay", "hold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to a call."""

    kind: Kind
    """``reset``: the connection is reset instead of an answer. ``status``: that answer instead. ``delay``: so many
    ``seconds`` later. ``hold``: when it is released, as long as that takes."""
    committed: bool = False
    """It strikes when the effect has happened; otherwise before, and then ``reset`` and ``status`` mean that it does not."""
    status: int = 503
    retry_after: int | None = None
    seconds: float = 0.0
    service: str = ""
    """Strikes calls of ``keyed``, ``marked``, ``plain``, ``find`` or ``read`` only; empty: of all."""
    parcel: str = ""
    """Strikes calls about this parcel only; empty: about all."""
    times: int = 1
    """So many calls; -1 every one."""
    skip: int = 0
    """After letting so many pass."""

    def as_json(self) -> dict[str, Any]:
        """For another process."""
        return asdict(self)


class Faults:
    """What is still to happen, in the order it was scripted; a call is struck by the first that fits it."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self._release = asyncio.Event()
        self._holds = asyncio.Condition()
        self._held = 0

    def add(self, fault: Fault) -> None:
        """Script another."""
        self._pending.append(fault)

    def take(self, service: str, parcel: str) -> Fault | None:
        """What strikes this call."""
        for index, fault in enumerate(self._pending):
            if (fault.service and fault.service != service) or (fault.parcel and fault.parcel != parcel):
                continue
            if fault.skip:
                self._pending[index] = replace(fault, skip=fault.skip - 1)
                return None
            if fault.times == 1:
                del self._pending[index]
            else:
                self._pending[index] = replace(fault, times=max(fault.times - 1, -1))
            return fault
        return None

    async def hold(self) -> None:
        """Keep a call until :meth:`release`."""
        release = self._release
        async with self._holds:
            self._held += 1
            self._holds.notify_all()
        try:
            await release.wait()
        finally:
            self._held -= 1

    async def held(self, count: int = 1) -> None:
        """Return once so many calls are being held."""
        async with self._holds:
            await self._holds.wait_for(lambda: self._held >= count)

    def release(self) -> None:
        """Let every call go that is held now, and none that is held later."""
        self._release.set()
        self._release = asyncio.Event()
