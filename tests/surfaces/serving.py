"""The product as a process of its own, on a free loopback port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A running ``tizmor demo``."""

    pid: int
    url: str
    link: str
    token: str

    def kill(self) -> None:
        """As a crash does."""
        os.kill(self.pid, signal.SIGKILL)


def clean_environment() -> dict[str, str]:
    """For a child: none of the developer's own settings."""
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("TIZMOR_", "SLACK_"))}  # noqa: TID251 - a child's
    return {**outer, "TIZMOR_ENV_FILE": ""}


@contextmanager
def demo(home: Path, *more: str, port: int = 0) -> Generator[Process]:
    """Serve until the block ends; ended by its own process id. ``more`` are further options of the command."""
    environment = clean_environment()
    command = [sys.executable, "-m", "bot", "demo", "--home", str(home), "--port", str(port), *more]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if "sign in" in line:
                break
        url = re.search(r"ready: (\S+)", printed)
        link = re.search(r"sign in: (\S+)", printed)
        assert url is not None, printed
        assert link is not None, printed
        token = (home / "api_token").read_text("utf-8").strip()
        yield Process(pid=process.pid, url=url[1], link=link[1], token=token)
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()
