"""Size and habits of the code, counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for top in ("bot", "engine", "integrations", "storage") for p in (ROOT / top).rglob("*.py"))
CODE = [p for p in SOURCES if "versions" not in p.parts]
MOST_LINES, MOST_FUNCTION_LINES, MOST_PARAMETERS = 400, 60, 7
JOINED = {"bot/app.py", "bot/cli.py", "bot/doctor.py", "bot/door.py", "bot/serve.py", "bot/settings.py"}
"""Where chats outside are joined to the rest: the composition root, the settings and what an operator types."""
VAGUE = {"utils", "helpers", "manager", "common", "misc", "base"}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES
    for function in functions(path):
        assert (function.end_lineno or 0) - function.lineno < MOST_FUNCTION_LINES, function.name


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_says_what_it_is_for_and_has_a_name(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), "no module docstring"
    assert path.stem not in VAGUE


def test_only_settings_read_the_environment() -> None:
    readers = [p.name for p in CODE if "os.environ" in p.read_text("utf-8") or "os.getenv" in p.read_text("utf-8")]
    assert readers == ["settings.py"]


def test_surfaces_are_named_only_in_their_own_folders() -> None:
    for path in (ROOT / "engine").rglob("*.py"):
        text = path.read_text("utf-8").lower()
        assert "slack" not in text, path
        assert "telegram" not in text, path
