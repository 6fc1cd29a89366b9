"""What the documentation tells people to type exists."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
MAKE = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def blocks(page: Path) -> str:
    text = page.read_text("utf-8")
    fenced = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", text), *re.findall(r"^    (\S.*)$", text, re.MULTILINE)])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_exist(page: Path) -> None:
    typed = blocks(page)
    for target in re.findall(r"^make ([a-z]+)", typed, re.MULTILINE):
        assert target in MAKE, target
    commands = {name for name in app if not name.startswith("-")}
    for command in re.findall(r"^tizmor ([a-z]+)", typed, re.MULTILINE):
        assert command in commands, command
    for module in re.findall(r"^python -m ([\w.]+)", typed, re.MULTILINE):
        assert find_spec(module), module


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), link
