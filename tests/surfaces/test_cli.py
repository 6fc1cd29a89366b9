"""The command line as a person types it: real processes, their output and exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.local_workspace.sample import create_sample
from tests.surfaces.serving import ROOT, clean_environment, demo
from tests.written import NOTHING, written


def tizmor(*arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=ROOT,
        env={**clean_environment(), **environment},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    create_sample(tmp_path / "workspace", datetime.now(UTC).date())
    return tmp_path


def test_ask_plans_asks_and_does_it(home: Path) -> None:
    run = tizmor("ask", "set up a meeting with Yoav tomorrow at 11", "--home", str(home), typed="1\na\n")
    assert run.returncode == 0, run.stderr
    assert "Yoav Cohen" in run.stdout
    assert "Yoav Levi" in run.stdout
    assert "2026" in run.stdout or "202" in run.stdout
    assert {k: len(v) for k, v in written(home).items()} == {"events": 1, "mails": 1, "agendas": 0}


def test_ask_speaks_hebrew_and_a_no_writes_nothing(home: Path) -> None:
    run = tizmor("ask", "תקבע פגישה עם דנה מחר ב-11", "--home", str(home), typed="לא\n")
    assert run.returncode == 0, run.stderr
    assert "לא אושר" in run.stdout
    assert written(home) == NOTHING


def test_an_edit_at_the_prompt_is_checked_and_written(home: Path) -> None:
    typed = "duration_minutes=lots\ntitle=Coffee\n"
    run = tizmor("ask", "set up a meeting with Dana tomorrow at 11", "--home", str(home), typed=typed)
    assert run.returncode == 0, run.stderr
    assert "duration_minutes" in run.stdout
    assert "SUMMARY:Coffee" in (home / "workspace" / "calendar.ics").read_text("utf-8")


def test_unanswered_stays_open_with_exit_75(home: Path) -> None:
    run = tizmor("ask", "set up a meeting with Yoav", "--home", str(home))
    assert run.returncode == 75, run.stderr
    assert written(home) == NOTHING


def test_json_is_one_object(home: Path) -> None:
    run = tizmor("ask", "מה יש לי מחר?", "--home", str(home), "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["outcome"] == "succeeded"


@pytest.mark.parametrize(("request_text", "word"), [("", "empty"), ("x" * 20_000, "characters")])
def test_bad_requests_are_named(home: Path, request_text: str, word: str) -> None:
    run = tizmor("ask", request_text, "--home", str(home))
    assert run.returncode == 2
    assert word in run.stderr
    assert "Traceback" not in run.stderr


def test_what_is_in_use_is_named_and_ask_talks_to_the_running_process(tmp_path: Path) -> None:
    with demo(tmp_path / "one") as process:
        port = re.sub(r".*:", "", process.url)
        taken = tizmor("demo", "--home", str(tmp_path / "two"), "--port", port)
        assert taken.returncode == 2
        assert f"Port {port}" in taken.stderr
        locked = tizmor("demo", "--home", str(tmp_path / "one"), "--port", "0")
        assert locked.returncode == 2
        assert "Another Tizmor process" in locked.stderr
        shared = tizmor("ask", "find the budget file", "--home", str(tmp_path / "one"), "--json")
        assert shared.returncode == 0, shared.stderr
        assert json.loads(shared.stdout)["outcome"] == "succeeded"


def test_doctor_names_what_is_wrong_and_tells_no_secret(home: Path) -> None:
    fine = tizmor("doctor", "--home", str(home))
    assert fine.returncode == 0, fine.stdout
    nowhere = {"SLACK_BOT_TOKEN": "xoxb-secret-1", "SLACK_API_URL": "http://127.0.0.1:9/api/"}
    wrong = tizmor("doctor", "--home", str(home), "--json", TIZMOR_TIMEZOME="x", **nowhere)
    assert wrong.returncode == 1
    assert "TIZMOR_TIMEZOME" in wrong.stdout
    assert "xoxb-secret-1" not in wrong.stdout + wrong.stderr


@pytest.mark.parametrize(
    ("environment", "word"),
    [({"TIZMOR_TIMEZONE": "Mars/Base"}, "TIZMOR_TIMEZONE"), ({"TIZMOR_PORT": "many"}, "TIZMOR_PORT")],
)
def test_a_bad_setting_is_named(home: Path, environment: dict[str, str], word: str) -> None:
    run = tizmor("doctor", "--home", str(home), **environment)
    assert run.returncode == 2
    assert word in run.stderr
    assert "Traceback" not in run.stderr


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    run = tizmor("run", "--home", str(tmp_path / "file" / "home"), "--port", "0")
    assert run.returncode == 2
    assert "cannot be written" in run.stderr
