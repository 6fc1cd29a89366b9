"""The ``.env`` file: one ``NAME=value`` a line, for one person's eyes only.

Settings are read from it and ``tizmor init`` writes to it. What others wrote there, comments included, stays as it is.
"""

from __future__ import annotations

import io
import os
import re
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from engine.errors import RequestError

_BARE = re.compile(r"[\w.:/@+-]*")
_LINE_END = re.compile(r"(?:\r\n|\n|\r)\Z")
_AFTER_VALUE = re.compile(
    r"""=[^\S\r\n]*(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\r\n]*?)((?:[^\S\r\n]+\#[^\r\n]*|[^\S\r\n]*)(?:\r\n|\n|\r)?)\Z""",
    re.DOTALL,
)
"""Finds a line's end, its comment included."""


def refuse_if_unsafe(path: Path) -> None:
    """Nothing is read from a file that somebody else could have put there: it names servers that tokens are sent to.

    Raises:
        RequestError: ``env_file_unsafe``; the detail says how to mend it.
    """
    try:
        found = path.stat()
    except OSError:
        return
    if found.st_uid not in {os.geteuid(), 0}:
        raise RequestError("env_file_unsafe", f"{path} belongs to another user and was not read; move it or chown it.")
    if found.st_mode & stat.S_IWOTH:
        raise RequestError("env_file_unsafe", f"{path} can be written by everybody; run: chmod 600 {path}")


def is_private(path: Path) -> bool:
    """Can nobody but its owner read or write it?"""
    return not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def may_be_committed(path: Path) -> bool:
    """Is it in the top folder of a git repository, in whose ``.gitignore`` no line is its name?"""
    folder = path.parent
    if not (folder / ".git").exists():
        return False
    try:
        lines = (folder / ".gitignore").read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        return True
    return not {path.name, f"/{path.name}", f"{path.name}*", "*.env"} & set(lines)


def merged(text: str, values: Mapping[str, str]) -> str:
    """The file's text with these values in their places, new names at its end, and every other byte as it was."""
    missing, parts = dict(values), list[str]()
    for binding in parse_stream(io.StringIO(text, newline="")):
        known = binding.key is not None and binding.key in values
        parts.append(_replaced(binding, values[binding.key]) if known and binding.key else binding.original.string)
        missing.pop(binding.key or "", None)
    whole = "".join(parts)
    if missing and whole and not _LINE_END.search(whole):
        whole += "\n"
    return whole + "".join(f"{name}={_quoted(value)}\n" for name, value in missing.items())


def write(path: Path, values: Mapping[str, str]) -> bool:
    """Put these values into the file, made if need be, with mode 0600; False when they already were there.

    Whole or not at all: a crash leaves the file as it was before.

    Raises:
        RequestError: ``env_file_unwritable``, naming it.
    """
    target = path.resolve()
    try:
        before = target.read_bytes().decode("utf-8") if target.exists() else ""
        after = merged(before, values)
        if after == before and target.exists() and is_private(target):
            return False
        _replace(target, after)
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError("env_file_unwritable", f"{path} cannot be written: {error}.") from error
    return True


def _replace(target: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".env-", dir=target.parent)  # made with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode("utf-8"))
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _replaced(binding: Binding, value: str) -> str:
    """The same line with another value: what stands before the name, ``export`` included, and a comment stay."""
    if binding.value == value:
        return binding.original.string
    original = binding.original.string
    head = original[: original.index(binding.key or "")]
    quote = "'" if head.endswith("'") else ""
    tail = _AFTER_VALUE.search(original)
    return f"{head}{binding.key}{quote}={_quoted(value)}{tail[1] if tail else ''}"


def _quoted(value: str) -> str:
    if _BARE.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
