"""Told to stop, a process lets effects end and records them; what takes too long is cut, and found by the next start."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.courier import CourierClient, Fault, run_courier
from tests.surfaces.serving import ROOT, clean_environment

pytestmark = pytest.mark.crash


@contextmanager
def product(home: Path, courier: CourierClient, drains: float = 18) -> Generator[subprocess.Popen[str]]:
    """A process of it."""
    command = [sys.executable, "-m", "tests.laboratory.draining", str(home), courier.url, str(drains)]
    process = subprocess.Popen(command, cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def serves(process: subprocess.Popen[str]) -> list[str]:
    """What it says until it serves."""
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        if line.strip() == "serves":
            return said
        said.append(line.strip())
    raise AssertionError(said)


def outcome(home: Path, courier: CourierClient) -> str:
    """Of the execution, once the next process has looked at it."""
    with product(home, courier) as process:
        (said,) = serves(process)
        process.terminate()
        assert process.wait(30) == 0
        return said


def test_an_effect_under_way_ends_and_is_recorded_before_the_process_does(tmp_path: Path) -> None:
    with run_courier() as courier:
        courier.fault(Fault(kind="hold"))
        with product(tmp_path, courier) as process:
            serves(process)
            courier.held()
            began = time.monotonic()
            process.terminate()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            courier.release()
            assert process.wait(30) == 0
            assert time.monotonic() - began < 20
        calls = courier.calls()
        assert outcome(tmp_path, courier) == "succeeded"
        assert courier.calls() == calls, "nothing was done again"
        assert courier.ledger().parcels() == ["letter"]


def test_an_effect_that_takes_too_long_is_cut_and_the_next_start_finds_it(tmp_path: Path) -> None:
    with run_courier() as courier:
        courier.fault(Fault(kind="hold"))
        with product(tmp_path, courier, drains=1) as process:
            serves(process)
            courier.held()
            began = time.monotonic()
            process.terminate()
            assert process.wait(20) == 0
            assert time.monotonic() - began < 4, "the courier itself would have been waited for longer"
        courier.release()
        assert outcome(tmp_path, courier) == "succeeded"
        assert courier.ledger().parcels() == ["letter"], "once, under one key"


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_second_signal_ends_it_at_once_as_a_crash_does(tmp_path: Path, second: signal.Signals) -> None:
    with run_courier() as courier:
        courier.fault(Fault(kind="hold"))
        with product(tmp_path, courier) as process:
            serves(process)
            courier.held()
            process.terminate()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.send_signal(second)
            assert process.wait(5) == -second
        courier.release()
        assert outcome(tmp_path, courier) == "succeeded"
        assert courier.ledger().parcels() == ["letter"]
