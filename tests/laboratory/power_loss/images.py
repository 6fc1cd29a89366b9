"""Disks as a power cut may leave them, drawn by chance from every instant of a recording."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from random import Random

from tests.laboratory.power_loss.disk import Fate, Naming
from tests.laboratory.power_loss.record import Recording
from tests.laboratory.power_loss.replay import Replay, Told

FATES: tuple[Fate, ...] = ("none", "all", "some", "torn")
NAMINGS: tuple[Naming, ...] = ("none", "all", "first", "some")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One disk. Valid until the next one is drawn: ``told`` goes on."""

    instant: int
    """The line of the recording after which the power went."""
    draw: int
    """Which draw of that instant it is; with the seed and the instant it makes the same image again."""
    fates: tuple[Fate, Naming]
    files: dict[str, bytes]
    told: Told
    whole: dict[str, set[bytes]]

    @property
    def digest(self) -> bytes:
        """Equal for equal disks."""
        found = blake2b(digest_size=16)
        for name, content in self.files.items():
            found.update(f"{len(name)} {name} ".encode(errors="surrogateescape") + _digest(content))
        return found.digest()

    def lay_out(self, root: str, target: Path) -> None:
        """Write it to a folder."""
        shutil.rmtree(target, ignore_errors=True)
        for name, content in self.files.items():
            path = target / name.removeprefix(root + "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def images(recording: Recording, *, seed: int, draws: float, share: tuple[int, int] = (0, 1)) -> Iterator[Image]:
    """Images in the order of their instants.

    Args:
        recording: of the process.
        seed: of all chance.
        draws: how many of an instant, at most and on average; an instant with nothing unsynced has one only.
        share: (n, of): the n-th of so many who divide the instants among them.
    """
    replay = Replay(recording.disk, recording.before)
    mine, of = share
    for number, instant in enumerate(replay.run(recording.calls())):
        if number % of != mine:
            continue
        random = Random(f"{seed}/{instant}/how many")
        wanted = int(draws) + (random.random() < draws % 1)
        for draw in range(wanted if replay.disk.unsynced else min(wanted, 1)):
            yield _draw(replay, seed, instant, draw)


def image(recording: Recording, *, seed: int, instant: int, draw: int) -> Image:
    """One image again."""
    replay = Replay(recording.disk, recording.before)
    for happened in replay.run(recording.calls()):
        if happened == instant:
            return _draw(replay, seed, instant, draw)
    raise LookupError(f"Nothing happened at {instant}.")


@lru_cache(maxsize=64)
def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


def _draw(replay: Replay, seed: int, instant: int, draw: int) -> Image:
    random = Random(f"{seed}/{instant}/{draw}")
    fate, naming = random.choice(FATES), random.choice(NAMINGS)
    files = replay.disk.after_cut(fate, naming, random)
    return Image(instant=instant, draw=draw, fates=(fate, naming), files=files, told=replay.told, whole=replay.whole)
