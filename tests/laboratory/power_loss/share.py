"""One process's share of the images of a recording."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

from storage.database import DATABASE_FILE
from tests.laboratory.power_loss.images import Image, images
from tests.laboratory.power_loss.judge import Judge
from tests.laboratory.power_loss.record import Recording
from tests.laboratory.power_loss.restart import goes_on

MOST_TOLD = 10
"""Faults that are told in words; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a share is asked for."""

    seed: int
    mine: int
    of: int
    draws: float
    restarts: float
    """On such a share of them, drawn by chance, the product is started."""
    until: float
    """``time.time()`` at which to stop."""


class Share:
    """Judges its images."""

    def __init__(self, work: Path, order: Order) -> None:
        self._recording = Recording.load(work)
        self._order = order
        self._place = work / f"share{order.mine}"
        self._judge = Judge(self._recording.disk, self._recording.disk / "home" / DATABASE_FILE, self._place / "judge")
        self._random = Random(f"{order.seed}/{order.mine}")
        self._seen: set[tuple[bytes, int]] = set()
        self.faulty: Counter[str] = Counter()
        self.words: list[str] = []
        self.restarts = 0
        self.drawn = 0

    def run(self) -> None:
        """All of it, or until time is up."""
        order = self._order
        for image in images(self._recording, seed=order.seed, draws=order.draws, share=(order.mine, order.of)):
            self.drawn += 1
            known = (image.digest, image.told.count)
            if known not in self._seen:
                self._seen.add(known)
                self._look_at(image)
            if time.time() > order.until:
                break

    @property
    def distinct(self) -> list[str]:
        """The images' digests."""
        return sorted({digest.hex() for digest, _ in self._seen})

    def _look_at(self, image: Image) -> None:
        faults = self._judge.faults(image)
        self.faulty.update({fault.kind for fault in faults})
        self._tell(image, [f"{fault.kind}: {fault.words}" for fault in faults])
        if not faults and self._random.random() < self._order.restarts:
            self.restarts += 1
            self._restart(image)

    def _restart(self, image: Image) -> None:
        disk = self._place / "disk"
        image.lay_out(str(self._recording.disk), disk)
        wrong = goes_on(disk, self._recording.asked, image.told)
        self.faulty.update({f"restart {words.partition(':')[0]}" for words in wrong})
        self._tell(image, [f"after a restart, {words}" for words in wrong])

    def _tell(self, image: Image, words: list[str]) -> None:
        place = f"seed {self._order.seed} instant {image.instant} draw {image.draw} {'/'.join(image.fates)}"
        room = MOST_TOLD - len(self.words)
        self.words += [f"{said} ({place})" for said in words[:3]][: max(room, 0)]
