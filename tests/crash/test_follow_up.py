"""A follow-up killed at every named point comes to the same: the effect under way made and recorded, the plan changed once."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.crash.sweeping import ROOT

SHARES = 2


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_killed_at_any_point_a_follow_up_comes_to_the_same(tmp_path: Path) -> None:
    verdicts: list[dict[str, Any]] = []
    with ExitStack() as stack:
        errors = [stack.enter_context((tmp_path / f"errors{share}").open("w+")) for share in range(SHARES)]
        sweeps = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.crash.follow_up_sweep", str(tmp_path / f"sweep{n}"), f"{n}/{SHARES}"],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=errors[n],
                text=True,
            )
            for n in range(SHARES)
        ]
        for share, process in enumerate(sweeps):
            printed, _ = process.communicate(timeout=580)
            assert process.returncode == 0, (tmp_path / f"errors{share}").read_text("utf-8")[-4000:]
            verdicts += [json.loads(line) for line in printed.splitlines()]
    assert len(verdicts) >= 55
    assert [v for v in verdicts if not v["ended"] or v["runs"] > 2 or v["keys"] != 1] == []
    assert sum(v["killed"] for v in verdicts) > 0.9 * len(verdicts)
