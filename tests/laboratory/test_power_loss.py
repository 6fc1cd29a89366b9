"""The model of a disk by value; then the product itself: no power cut loses what was told, or leaves anything broken."""

from __future__ import annotations

from math import inf
from pathlib import Path
from random import Random

import pytest

from tests.laboratory.needs import need_strace
from tests.laboratory.power_loss.disk import Change, Disk, Fate, File
from tests.laboratory.power_loss.experiment import Wish, experiment
from tests.laboratory.power_loss.record import Conditions
from tests.laboratory.power_loss.trace import calls

ROOT = "/disk"


def write(file: File, offset: int, data: bytes | None) -> None:
    file.pending.append(Change(offset, data, ended=True))


def found(file: File, fate: Fate, draws: int = 200) -> set[bytes]:
    return {file.after_cut(fate, Random(seed)) for seed in range(draws)}


def test_what_was_synced_is_there_whatever_happens() -> None:
    file = File()
    write(file, 0, b"old")
    file.sync_begins()()
    write(file, 0, b"new")
    assert found(file, "none") == {b"old"}
    assert found(file, "all") == {b"new"}
    assert found(file, "some") == found(file, "torn") == {b"old", b"new"}


def test_a_sync_keeps_only_what_was_written_before_it_began() -> None:
    file = File()
    write(file, 0, b"a")
    unfinished = Change(1, b"b")
    file.pending.append(unfinished)
    ends = file.sync_begins()
    write(file, 2, b"c")
    unfinished.ended = True
    ends()
    assert file.stable == b"a"
    assert file.content() == b"abc"


def test_a_write_is_torn_between_sectors_and_never_within_one() -> None:
    file = File()
    write(file, 100, b"x" * 1000)
    for content in found(file, "torn"):
        padded = content.ljust(1536, b"\0")
        assert {padded[100:512], padded[512:1024], padded[1024:1100]} <= {
            b"x" * 412,
            b"x" * 512,
            b"x" * 76,
            bytes(412),
            bytes(512),
            bytes(76),
        }
    assert len(found(file, "torn")) > 4


def test_a_later_write_may_be_there_without_an_earlier_one() -> None:
    file = File()
    write(file, 0, b"first")
    write(file, 512, b"second")
    assert bytes(512) + b"second" in found(file, "some")
    assert b"first" in found(file, "some")


def test_a_new_length_is_a_change_like_any_other() -> None:
    file = File(stable=b"0123456789")
    write(file, 4, None)
    assert found(file, "some") == {b"0123", b"0123456789"}


def names(disk: Disk, draws: int = 300) -> set[tuple[str, ...]]:
    return {tuple(disk.after_cut("all", "some", Random(seed))) for seed in range(draws)}


def test_a_name_is_there_for_good_only_when_its_folder_was_synced() -> None:
    disk = Disk(ROOT)
    disk.name("/disk/a", File())()
    assert names(disk) == {(), ("/disk/a",)}
    disk.sync_begins(ROOT)()
    assert names(disk) == {("/disk/a",)}


def test_a_file_in_a_folder_whose_own_name_was_not_synced_may_be_gone() -> None:
    disk = Disk(ROOT)
    disk.name("/disk/new", disk.folder)()
    disk.name("/disk/new/a", File())()
    disk.sync_begins("/disk/new")()
    assert names(disk) == {(), ("/disk/new/a",)}
    disk.sync_begins(ROOT)()
    assert names(disk) == {("/disk/new/a",)}


def test_a_file_put_in_place_is_the_old_one_or_the_new_one() -> None:
    disk = Disk(ROOT)
    disk.keep("/disk/a", b"old")
    beside = File()
    write(beside, 0, b"new")
    disk.name("/disk/.a.part", beside)()
    beside.sync_begins()()
    disk.name("/disk/a", beside)()
    disk.name("/disk/.a.part", None)()
    contents = {disk.after_cut("torn", "some", Random(seed))["/disk/a"] for seed in range(100)}
    assert contents == {b"old", b"new"}


def test_calls_that_overlap_are_read_with_where_they_began_and_ended(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    log.write_text(
        "7 fdatasync(3<\\x2f\\x61> <unfinished ...>\n"
        '8 pwrite64(3<\\x2f\\x61>, "\\x01\\x02", 2, 512) = 2\n'
        "7 <... fdatasync resumed>)          = 0\n"
        '8 openat(AT_FDCWD<\\x2f>, "\\x2f\\x62", O_RDONLY) = -1 ENOENT (No such file or directory)\n'
        "8 +++ exited with 0 +++\n",
        "ascii",
    )
    write_, sync = calls(log)
    assert (write_.name, write_.file, write_.texts, write_.numbers) == ("pwrite64", "/a", [b"\x01\x02"], [2, 512])
    assert (sync.name, sync.number, sync.ended, sync.file) == ("fdatasync", 0, 2, "/a")


def wish(**more: int) -> Wish:
    return Wish(seed=1, jobs=1, until=inf, **{"requests": 1, "starts": 1, "images": 100, "restarts": 0, **more})


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_no_power_cut_loses_what_was_told_or_does_anything_twice(fast_path: Path) -> None:
    need_strace()
    judged, size = experiment(fast_path, wish(requests=2, starts=2, images=400, restarts=6))
    assert judged.words == []
    assert not judged.faulty
    assert size["told"] >= 120
    assert len(judged.distinct) >= 400
    assert judged.restarts >= 1


@pytest.mark.crash
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("what", "seen"), [("NORMAL", "lost"), ("OFF", "corrupt"), ("files", "torn")])
def test_the_laboratory_sees_a_sync_that_is_missing(fast_path: Path, what: str, seen: str) -> None:
    need_strace()
    judged, _ = experiment(fast_path, wish(), Conditions(weakened=what))
    assert judged.faulty[seen] > 0
