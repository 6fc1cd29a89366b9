"""The story killed at every named point, enumerated; two cores share the work."""

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
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("story", "least"), [((), 200), (("model",), 30)], ids=["offline", "model"])
def test_killed_at_any_point_the_story_ends_once(tmp_path: Path, story: tuple[str, ...], least: int) -> None:
    verdicts: list[dict[str, Any]] = []
    with ExitStack() as stack:
        errors = [stack.enter_context((tmp_path / f"errors{share}").open("w+")) for share in range(SHARES)]
        sweeps = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.crash.sweep", str(tmp_path / f"sweep{n}"), f"{n}/{SHARES}", *story],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=errors[n],
                text=True,
            )
            for n in range(SHARES)
        ]
        for share, process in enumerate(sweeps):
            printed, _ = process.communicate(timeout=880)
            assert process.returncode == 0, (tmp_path / f"errors{share}").read_text("utf-8")[-4000:]
            verdicts += [json.loads(line) for line in printed.splitlines()]
    assert len(verdicts) >= least
    wrong = [v for v in verdicts if not v["ended"] or (v["events"], v["mails"], v["agendas"]) != (1, 1, 1)]
    assert wrong == []
    assert sum(v["killed"] for v in verdicts) > 0.9 * len(verdicts)
