"""A story being told while its product dies in the middle of it: a person who answers, and an operator who starts it again."""

from __future__ import annotations

import asyncio
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.laboratory.forks import Forks, Product
from tests.scenarios.lab import copy_home, written

Json = dict[str, Any]

SECONDS = 30
"""Longest wait for one thing to happen."""
RESTARTS = 4
ANSWERED = ("choose", "approve")
AT_WORK = {*ANSWERED, "reject", "edit", "details", "pause", "resume", "cancel"}
"""Buttons that nothing shows any more once the story is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One story, and where the product dies in it."""

    name: str
    mode: str
    """How its messages come in."""
    locale: str = "en"
    place: str = "group"
    point: str | None = None
    """A named point of the product."""
    gate_is_open: bool = False
    """From outside, while the gate waits for its answer."""
    last_edit: str | None = None
    """From outside, at the last edit of the card: the kind of fault that cuts the call."""
    then: str | None = None
    """A point of the process that is started after that one died."""
    kind: str = ""
    """Cases of one kind differ only in door, place and language."""
    log: Path | None = None
    """Where to write the points that are passed."""

    @property
    def home(self) -> str:
        """The folder of the story's home."""
        return self.name.replace("#", "-").replace("*", "any")


@dataclass(frozen=True, slots=True)
class Asked:
    """A button to press."""

    action: str
    message: Any
    """As the chat names it."""
    data: str


class Telling(ABC):
    """One story. Made on the world's loop, for one chat."""

    known: str
    """What the product logs once it listens to the chat."""

    def __init__(self, case: Case, home: Path, forks: Forks) -> None:
        self.case = case
        self.home = home
        self.product: Product | None = None
        self.codes: list[int] = []
        """How its processes ended, in order."""
        self._forks = forks
        self._serves = False
        self._over = False

    # The chat.

    @abstractmethod
    def settings(self) -> Json:
        """How the product is started."""

    @abstractmethod
    def reached_at(self, url: str) -> None:
        """A product serves there."""

    @property
    @abstractmethod
    def listens(self) -> bool:
        """Does the product that serves hear what is said?"""

    @abstractmethod
    async def begin(self) -> None:
        """A person says the sentence."""

    @abstractmethod
    def button(self, action: str) -> Asked | None:
        """A button that can be pressed now."""

    @abstractmethod
    async def press(self, asked: Asked) -> bool:
        """Press it; False: it was not taken, as far as the person sees."""

    @property
    @abstractmethod
    def shows_the_end(self) -> bool:
        """The final reply is there, and nothing in the conversation looks as if it were still going on."""

    @abstractmethod
    def strike_last_edit(self, fault: str) -> None:
        """Cut the call that shows the card as it stays, and call :meth:`kill` then."""

    @abstractmethod
    async def quiet(self) -> None:
        """Wait until the product has taken everything that was said."""

    @abstractmethod
    async def rested(self) -> None:
        """Wait until nothing is on its way, where a chat cannot be asked what arrived."""

    @abstractmethod
    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds in the chat; it is asked whenever anything changes there."""

    @abstractmethod
    def changed(self) -> None:
        """Have it asked now."""

    # The story.

    @property
    def up(self) -> bool:
        """Would the product hear what is said now?"""
        return self._serves and self.listens

    def kill(self) -> None:
        """As ``kill -9`` does."""
        assert self.product is not None
        self.product.kill()

    async def tell(self) -> None:
        """From the first start to the last process's end."""
        if self.case.last_edit:
            self.strike_last_edit(self.case.last_edit)
        async with asyncio.timeout(3 * SECONDS), asyncio.TaskGroup() as group:
            group.create_task(self._operate())
            await self.until(lambda: self.up)
            await self.begin()
            await self._converse()
            await self.quiet()
            await self.until(lambda: self.up and self.shows_the_end)
            self._over = True
            assert self.product is not None
            self.product.stop()

    async def verdict(self) -> Json:
        """Tell it; what is in the office and how its processes ended."""
        failure = ""
        try:
            await self.tell()
        except* (TimeoutError, AssertionError) as errors:
            failure = "; ".join(repr(error) for error in errors.exceptions)
            if self.product is not None and not self.product.died.done():
                self.product.kill()
                await self._forks.ended(self.product)
        return {
            "case": self.case.name,
            "failure": failure,
            "codes": self.codes,
            "twice": self.case.then is not None,
            "errors": (self.home / "errors").read_text("utf-8"),
            **written(self.home),
        }

    async def _operate(self) -> None:
        """Start the product again whenever it is dead."""
        to_die: Json = {"tizmor_failpoint": self.case.point, "tizmor_failpoint_log": self.case.log}
        then = self.case.then
        while not self._over:
            given = {"tizmor_home": str(self.home), "tizmor_port": 0, **self.settings()}
            started = given | {name: str(value) for name, value in to_die.items() if value}
            self.product = await self._forks.start(started, self.home / "errors", known=self.known)
            url = await self.product.serves
            if url is not None:
                self.reached_at(url)
            self._note(serves=url is not None)
            self.codes.append(await self._forks.ended(self.product))
            self._note(serves=False)
            to_die, then = {"tizmor_failpoint": then}, None
            assert len(self.codes) <= RESTARTS, self.codes

    async def _converse(self) -> None:
        """Answer whatever is asked, again where the answer was not taken, until all of it is over."""
        killed = not self.case.gate_is_open
        answered: set[str] = set()
        while not self.shows_the_end:
            asked = self._asked(answered)
            if asked is None or not self.up:
                await self.until(lambda: self.up and (self._asked(answered) is not None or self.shows_the_end))
                continue
            if asked.action == "approve" and not killed:
                killed = True
                await self.rested()
                self.kill()
                await self.until(lambda: not self.up)
                continue
            if await self.press(asked):
                answered.add(asked.action)
            elif self.up:  # it is dying: the chat knows before we do
                await self.until(lambda: not self.up)

    def _asked(self, answered: set[str]) -> Asked | None:
        found = (self.button(action) for action in ANSWERED if action not in answered)
        return next((asked for asked in found if asked is not None), None)

    def _note(self, *, serves: bool) -> None:
        self._serves = serves
        self.changed()


def home_of(case: Case, template: Path, work: Path) -> Path:
    """A new home for a story."""
    return copy_home(template, work / case.home)


def deaths(verdict: Json) -> int:
    """How often its process was killed."""
    return verdict["codes"].count(-signal.SIGKILL)


def problems(verdict: Json, wanted: Json, *, killed: bool = True) -> list[str]:
    """What of a verdict is not as it should be."""
    usual: Json = {"failure": "", "errors": "", "events": 1, "mails": 1, "agendas": 1}
    wrong = [f"{name}: {verdict[name]!r}" for name, value in (usual | wanted).items() if verdict[name] != value]
    # killed after the last thing that is told, nobody need start it again to see the end
    dead = deaths(verdict)
    died = range(1, 3 if verdict["twice"] else 2) if killed else range(1)
    if dead not in died or verdict["codes"][dead:] not in ([[0], []] if killed else [[0]]):
        wrong.append(f"codes: {verdict['codes']}")
    return wrong
