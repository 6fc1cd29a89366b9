"""What the chat page says while a plan is changed is what every surface says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.render.texts import LOCALES, catalogue, page_texts
from bot.web.plan_words import SHEET, sheet_texts
from tests.surfaces.web.conftest import Served

STATIC = Path(__file__).parents[3] / "bot" / "web" / "static"


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_page_is_given_the_words_of_the_locale(served: Served, locale: str) -> None:
    given = (await served.ask("GET", f"/api/chat/texts?locale={locale}")).json
    assert given["locale"] == locale
    assert {name: given[name] for name in SHEET} == {name: catalogue(locale)[key] for name, key in SHEET.items()}


def test_every_word_the_sheet_and_its_forms_ask_for_exists() -> None:
    scripts = {name: (STATIC / name).read_text("utf-8") for name in ("sheet.js", "form.js")}
    used = {
        key for text in scripts.values() for key in re.findall(r"""\btell\(["`]([a-z_.]+)["`]""", text, re.IGNORECASE)
    }
    faults = {f"fault.{name}" for name in re.findall(r"""unfit\("(\w+)"\)""", scripts["form.js"])}
    codes = {f"error.{name}" for name in re.findall(r'(?:code: |return |[?:] )"([a-z]+_[a-z_]+)"', scripts["sheet.js"])}
    known = page_texts("he") | sheet_texts("he")
    assert {"sheet.note", "sheet.taken", "fault.empty", "zone"} <= used
    assert len(codes) >= 5
    assert (used | faults | codes) - set(known) == set()
