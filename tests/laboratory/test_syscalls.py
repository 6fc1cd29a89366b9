"""Some of the calls with which ten steps are written, failed once each. ``make chaos`` fails all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.laboratory.needs import need_strace
from tests.laboratory.syscalls import every_case, run_cases, spread, violations_of
from tests.laboratory.syscalls.case import Case

CASES = [
    ("writer", "pwrite64", 41, "ENOSPC"),
    ("writer", "fdatasync", 9, "EIO"),
    ("files", "fsync", 1, "EIO"),
    ("writer", "fdatasync", 20, "KILL"),
    ("files", "rename", 1, "KILL"),
    ("writer", "pwrite64", 700, "EIO"),
    ("starting", "fdatasync", 1, "EIO"),
    ("files", "write", 1, "ENOSPC"),
    ("writer", "pwrite64", 333, "KILL"),
    ("starting", "pwrite64", 3, "KILL"),
]


def test_every_call_is_a_case_and_three_seeds_have_every_fault() -> None:
    counts = {"writer": {"pwrite64": 200, "fdatasync": 5}, "starting": {}, "files": {"rename": 2}}
    cases = [every_case(counts, seed) for seed in (1, 2, 3)]
    assert [len(each) for each in cases] == [207, 207, 207]
    assert sorted(map(str, spread(cases[0]))) == sorted(map(str, cases[0]))
    assert len({str(case) for each in cases for case in each}) == 200 * 3 + 5 * 2 + 2 * 2


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_a_failed_call_loses_nothing_and_nothing_is_done_twice(fast_path: Path) -> None:
    need_strace()
    wanted = [Case(series=series, call=call, nth=nth, fault=fault) for series, call, nth, fault in CASES]
    verdicts = run_cases(fast_path, wanted, jobs=2)
    assert violations_of(verdicts) == []
    assert len(verdicts) == len(wanted)
    assert all(verdict["struck"] for verdict in verdicts), verdicts
    assert {verdict["how"] for verdict in verdicts if verdict["case"]["fault"] == "KILL"} == {"gone"}
