"""The chat page shows data as text, runs under a strict policy, and has every word it uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.render.texts import page_texts

STATIC = Path(__file__).parents[3] / "bot" / "web" / "static"
SCRIPTS = sorted(STATIC.glob("*.js"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_never_make_markup_from_text(script: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|DOMParser"
    assert not re.search(forbidden, script.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|@import|url\(|(src|href)=\"//", text)


def test_the_page_has_nothing_inline() -> None:
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text)


def test_every_word_the_page_asks_for_exists() -> None:
    words = page_texts("he")
    used = {key for script in SCRIPTS for key in re.findall(r"\bsay\(\"([\w.]+)\"", script.read_text(encoding="utf-8"))}
    assert len(used) > 20
    assert used <= set(words)
    assert {"connected", "connecting", "disconnected"} <= set(words)


def test_every_icon_of_a_step_is_drawn() -> None:
    drawn = (STATIC / "dom.js").read_text(encoding="utf-8")
    icons = [
        "pending",
        "ready",
        "running",
        "asking",
        "held",
        "timer",
        "paused",
        "succeeded",
        "failed",
        "skipped",
        "cancelled",
        "rejected",
        "unknown",
    ]
    assert [icon for icon in icons if f"\n  {icon}:" not in drawn] == []
