"""Reads prompt files: ``<name>.v<version>.md`` beside the code that asks with them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from engine.domain.prompt import Prompt


@cache
def load_prompt(package: str, name: str, version: int) -> Prompt:
    """One version of a prompt.

    Args:
        package: of the folder that holds it, such as ``engine.planning.prompts``.
        name: file name without version and ending.
        version: 1 and up; the text of a released version never changes.

    Raises:
        FileNotFoundError: the product does not ship it.
    """
    text = files(package).joinpath(f"{name}.v{version}.md").read_text(encoding="utf-8")
    return Prompt(name=name, version=version, text=text)
