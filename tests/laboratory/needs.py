"""What some experiments need of the machine, and what happens where it is not there: a visible skip, or, in CI, a failure."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.laboratory.disk_full import CannotMountError, namespace

NEED_STRACE = os.environ.get("TIZMOR_TESTS_NEED_STRACE")  # noqa: TID251 - a switch of the tests, not of the product
NEED_SMALL_DISK = os.environ.get("TIZMOR_TESTS_NEED_SMALL_DISK")  # noqa: TID251 - likewise


def need_strace() -> None:
    """Skip where no process can be traced."""
    try:
        trial = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
        reason = f"strace may not trace here: {trial.stderr.strip()}" if trial.returncode else ""
    except FileNotFoundError:
        reason = "strace is not installed"
    _skip(reason, NEED_STRACE)


def need_small_disk() -> None:
    """Skip where no small disk can be mounted."""
    try:
        namespace()
    except CannotMountError as error:
        _skip(str(error), NEED_SMALL_DISK)
    except FileNotFoundError:
        _skip("unshare is not installed", NEED_SMALL_DISK)


def _skip(reason: str, needed: str | None) -> None:
    if reason:
        (pytest.fail if needed else pytest.skip)(reason)
