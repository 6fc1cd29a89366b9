"""A version of a prompt never changes its text: what was planned and written with it could no longer be told."""

from __future__ import annotations

import json
from pathlib import Path

from engine.prompts import load_prompt

ROOT = Path(__file__).parents[2]
LOCK = Path(__file__).with_name("prompts.json")


def shipped() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((ROOT / "engine").rglob("prompts/*.md")):
        name, _, version = path.stem.rpartition(".v")
        package = ".".join(path.parent.relative_to(ROOT).parts)
        prompt = load_prompt(package, name, int(version))
        found[f"{package.split('.')[1]}/{prompt.ref}"] = prompt.content_hash
    return found


def test_every_prompt_is_the_text_its_version_was_released_with() -> None:
    locked = json.loads(LOCK.read_text("utf-8"))
    assert shipped() == locked, "a changed text is a new file, name.vN+1.md, and a new line in prompts.json"


def test_names_of_prompts_are_unique() -> None:
    names = [key.split("/")[1] for key in shipped()]
    assert len(names) == len(set(names))
