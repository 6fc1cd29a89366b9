"""``make chaos`` says what its parts found, and fails where one of them found anything or could not judge."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.laboratory import __main__ as chaos
from tests.laboratory.part import Options, Report


class Trial:
    """A part that finds what it is told to."""

    name = "trial"

    def __init__(self, find: Callable[[Options], Report]) -> None:
        self.find = find

    def run(self, options: Options) -> Report:
        (options.work / "evidence").touch()
        return self.find(options)


def well(_: Options) -> Report:
    return Report(name="trial", figures={"points": 1_234, "lost": 0})


def violated(_: Options) -> Report:
    return Report(name="trial", figures={"points": 1_234, "lost": 1}, violations=["a: gone"])


def broken(_: Options) -> Report:
    raise RuntimeError("no disk")


@pytest.mark.parametrize(
    ("find", "code", "said"),
    [
        (well, 0, "nothing wrong"),
        (violated, 1, "1 VIOLATIONS"),
        (broken, 1, "it could not judge: RuntimeError('no disk')"),
    ],
    ids=["well", "violated", "broken"],
)
def test_the_report_and_the_exit_code_say_what_was_found(
    find: Callable[[Options], Report],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = ModuleType("tests.laboratory.trial")
    module.__dict__["PART"] = Trial(find)
    monkeypatch.setitem(sys.modules, "tests.laboratory.trial", module)
    monkeypatch.setattr(chaos, "PARTS", ("trial",))
    place, out = tmp_path / "place", tmp_path / "out"
    place.mkdir()
    assert chaos.main(["--only", "trial", "--place", str(place), "--out", str(out)]) == code
    assert said in capsys.readouterr().out
    assert said in (out / "report.txt").read_text("utf-8")
    [part] = json.loads((out / "report.json").read_text("utf-8"))["parts"]
    assert bool(part["violations"]) is bool(code)
    assert len(list(place.glob("*/evidence"))) == code, "what was wrong is kept, what was well is not"


def test_a_part_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        chaos.main(["--only", "everything"])
    assert "there is no everything" in capsys.readouterr().err
