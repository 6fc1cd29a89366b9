"""The product as a process while its storage misbehaves, and while it is being stopped."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from storage.database import DATABASE_FILE
from storage.inspection import inspect
from tests.surfaces.serving import ROOT, clean_environment

PATIENCE = 30.0


@dataclass(slots=True)
class Serving:
    """A process, and how to talk to it."""

    process: subprocess.Popen[str]
    home: Path
    url: str

    def call(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, body and headers."""
        token = (self.home / "api_token").read_text("utf-8").strip()
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data)
        request.add_header("Authorization", f"Bearer {token}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.load(answer), dict(answer.headers)
        except HTTPError as error:
            with error:
                return error.code, json.load(error), dict(error.headers)

    def ask(self) -> int:
        """Ask for something; the status."""
        return self.call("/api/orchestrate", {"request": "find the budget file"})[0]

    def until(self, path: str, status: int) -> dict[str, Any]:
        """What is answered, once it is with this status."""
        end = time.monotonic() + PATIENCE
        while True:
            found, body, _ = self.call(path)
            if found == status or time.monotonic() > end:
                assert found == status, body
                return body

    def leaves(self) -> tuple[int, str]:
        """Exit code, and what was said on standard error."""
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


@contextmanager
def serving(home: Path) -> Generator[Serving]:
    """``tizmor demo`` with standard error kept."""
    command = [sys.executable, "-m", "bot", "demo", "--home", str(home), "--port", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = None
        for line in process.stdout:
            url = url or re.search(r"ready: (\S+)", line)
            if "sign in" in line:
                break
        assert url is not None
        yield Serving(process, home, url[1])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_while_another_program_holds_the_lock_requests_are_refused_at_once_and_then_taken_again(tmp_path: Path) -> None:
    with serving(tmp_path) as product:
        assert product.ask() == 202
        with closing(sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            waited = product.call("/api/orchestrate", {"request": "find the budget file"})
            assert (waited[0], waited[1]["code"]) == (503, "storage_unavailable")
            assert product.until("/readyz", 503)["checks"]["database"] is False
            began = time.monotonic()
            status, refused, headers = product.call("/api/orchestrate", {"request": "find the budget file"})
            assert (status, refused["code"], headers["Retry-After"]) == (503, "storage_unavailable", "2")
            assert time.monotonic() - began < 2, "it was known, and nobody had to wait"
            assert product.call("/api/orchestrate")[0] == 200, "reading goes on"
            shell.execute("ROLLBACK")
        product.until("/readyz", 200)
        assert product.ask() == 202
        product.process.send_signal(signal.SIGTERM)
        code, errors = product.leaves()
    assert code == 0
    told = [json.loads(line)["event"] for line in errors.splitlines() if '"storage_' in line]
    assert told == ["storage_away"], "one line, and not one for each thing that had to wait"


def test_once_the_database_is_deleted_nothing_is_acknowledged_and_the_process_ends_and_says_why(tmp_path: Path) -> None:
    with serving(tmp_path) as product:
        assert product.ask() == 202
        (tmp_path / DATABASE_FILE).unlink()
        began = time.monotonic()
        statuses: set[int] = set()
        while product.process.poll() is None and time.monotonic() - began < PATIENCE:
            try:
                statuses.add(product.ask())
            except OSError:
                break
        code, errors = product.leaves()
    assert code == 1
    assert 202 not in statuses
    assert "deleted" in errors
    assert "tizmor restore" in errors


def test_a_process_that_is_told_to_stop_takes_nothing_more_and_leaves_in_good_order(tmp_path: Path) -> None:
    with serving(tmp_path) as product:
        assert product.ask() == 202
        began = time.monotonic()
        product.process.send_signal(signal.SIGTERM)
        code, _ = product.leaves()
        assert code == 0
        assert time.monotonic() - began < 20
    assert not (tmp_path / "endpoint").exists()
    assert not (tmp_path / f"{DATABASE_FILE}-wal").exists(), "the log was written back"
    assert inspect(tmp_path / DATABASE_FILE, running=False).structure == ()


def test_a_process_that_cannot_store_anything_still_stops_in_time(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as product,
        closing(sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)) as shell,
    ):
        shell.execute("BEGIN IMMEDIATE")
        assert product.ask() == 503
        began = time.monotonic()
        product.process.send_signal(signal.SIGTERM)
        code, errors = product.leaves()
        assert code == 0, errors
        assert time.monotonic() - began < 20


def test_backup_works_beside_a_running_process_and_restore_does_not(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "backup"

    def tizmor(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bot", *arguments, "--home", str(home)]
        return subprocess.run(
            command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
        )

    with serving(home) as product:
        assert product.ask() == 202
        made = tizmor("backup", str(file))
        assert made.returncode == 0, made.stderr
        assert tizmor("backup", str(file)).returncode == 2
        refused = tizmor("restore", str(file))
        assert refused.returncode == 2
        assert "Another Tizmor process" in refused.stderr
        examined = tizmor("doctor")
        assert "database: schema" in examined.stdout
        product.process.send_signal(signal.SIGTERM)
        assert product.leaves()[0] == 0
    restored = tizmor("restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert "not recorded" in restored.stdout
    with serving(home) as product:
        assert len(product.call("/api/orchestrate")[1]["items"]) >= 1
