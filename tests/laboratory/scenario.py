"""A story that the sweeps kill: told by as many processes as it takes, judged from outside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.courier import CourierClient


@dataclass(frozen=True, slots=True)
class Run:
    """One telling of a scenario, in as many processes as it takes."""

    home: Path
    courier: CourierClient | None
    """The world outside, where the scenario has one; nobody else uses it meanwhile."""

    @property
    def name(self) -> str:
        """Of this run alone among those of a sweep."""
        return self.home.name


@dataclass(slots=True)
class Found:
    """What is wrong, a sentence each."""

    lost: list[str] = field(default_factory=list[str])
    """What was accepted, and neither came to an end nor waits for somebody."""
    repeated: list[str] = field(default_factory=list[str])
    """What was done more than once, though nobody asked for it again."""
    wrong: list[str] = field(default_factory=list[str])
    """Anything else."""


class Scenario(ABC):
    """A story that is over whatever happens on the way, and its judge."""

    name: str
    """Of its module."""
    needs_courier = True
    least: int
    """Points an undisturbed run passes at least: fewer, and the sweep shows less than it says."""

    def prepare(self) -> None:  # noqa: B027 - most have nothing to prepare
        """Before anything is forked: what every process of a sweep has loaded, or has otherwise than the product."""

    @abstractmethod
    def make_home(self, home: Path) -> None:
        """What every run begins with."""

    @abstractmethod
    async def tell(self, run: Run, failpoint: str | None = None, log: Path | None = None) -> None:
        """One process's share: begin, or go on from wherever the last one died, until it is over. Dies at ``failpoint``, and
        writes the points it passes to ``log``.

        Raises:
            AssertionError: what a person sees is not as it should be.
            TimeoutError: it does not come to an end.
        """

    @abstractmethod
    def judge(self, run: Run) -> Found:
        """Look at everything from outside, once it is over."""

    def visited(self, passed: Sequence[str]) -> list[str]:
        """Of the points an undisturbed run passes, in order, those at which it is killed."""
        return list(passed)
