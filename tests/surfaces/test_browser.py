"""The story as a person lives it: Chromium, the local chat, both languages, a crash in the middle.

``TIZMOR_SCREENSHOTS=DIR`` keeps pictures. Without Chromium the tests are skipped, visibly, except where
``TIZMOR_TESTS_NEED_CHROMIUM`` says that it must be there.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.scenarios.test_story import ENGLISH, HEBREW
from tests.surfaces.serving import demo
from tests.written import NOTHING, written

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDED = os.environ.get("TIZMOR_TESTS_NEED_CHROMIUM")  # noqa: TID251 - a switch of the tests, not of the product
SHOTS = os.environ.get("TIZMOR_SCREENSHOTS")  # noqa: TID251
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not NEEDED, reason="Chromium is not installed"),
]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    assert CHROMIUM is not None, "Chromium must be installed here"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


def open_page(browser: Browser, link: str, locale: str, scheme: Literal["dark", "light"] = "light") -> Page:
    context = browser.new_context(locale=locale, color_scheme=scheme, viewport={"width": 1100, "height": 900})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(link)
    return page


def shoot(page: Page, name: str) -> None:
    if not SHOTS:
        return
    Path(SHOTS).mkdir(parents=True, exist_ok=True)
    for width, size in (("wide", (1100, 1400)), ("phone", (390, 1600))):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # pyright: ignore[reportArgumentType] - one of its literals
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}-{scheme}.png")
    page.set_viewport_size({"width": 1100, "height": 900})
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")


@pytest.mark.parametrize(("locale", "sentence"), [("he-IL", HEBREW), ("en-US", ENGLISH)], ids=["hebrew", "english"])
def test_the_story_in_the_local_chat_with_a_crash_at_the_gate(
    browser: Browser, tmp_path: Path, locale: str, sentence: str
) -> None:
    with demo(tmp_path) as process:
        page = open_page(browser, process.link, locale)
        composer = page.locator("#text")
        expect(composer).to_have_value(re.compile(re.escape(sentence), re.IGNORECASE))
        shoot(page, f"{locale}-0-empty")
        page.locator("#send").click()
        card = page.locator("article.card")
        expect(card).to_have_count(1)
        choices = card.locator(".buttons.choosing button.choice")
        expect(choices).to_have_count(2)
        shoot(page, f"{locale}-1-choice")
        choices.first.click()
        gate = card.locator(".approval.kind-gate")
        expect(gate).to_be_visible()
        expect(gate).to_contain_text("@example.com")
        assert written(tmp_path) == NOTHING
        shoot(page, f"{locale}-2-gate")
        port = int(process.url.rsplit(":", 1)[1])
        process.kill()
    with demo(tmp_path, port=port) as process:
        expect(page.locator("#connection")).to_have_attribute("data-state", "connected", timeout=20_000)
        expect(gate).to_be_visible()
        gate.locator("button[data-key^=approve]").click()
        expect(card.locator(".status.tone-good, .status.tone-success, .status.tone-ok, .status")).to_be_visible()
        expect(card.locator("button[data-key^=feedback]")).to_have_count(2)
        expect(card).to_have_count(1)
        card.locator("button[data-key^=feedback]").first.click()
        shoot(page, f"{locale}-3-done")
        counts = {kind: len(found) for kind, found in written(tmp_path).items()}
        assert counts == {"events": 1, "mails": 1, "agendas": 1}


def test_a_rejected_meeting_and_a_stopped_request(browser: Browser, tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        page = open_page(browser, process.link, "en-US")
        page.locator("#text").fill("set up a meeting with Dana on Tuesday at 10")
        page.locator("#send").click()
        page.locator(".approval.kind-gate button[data-key^=reject]").click()
        expect(page.locator("article.card button[data-key^=feedback]")).to_have_count(2)
        page.locator("#text").fill("set up a meeting with Yoav")
        page.locator("#send").click()
        second = page.locator("article.card").nth(1)
        second.locator("button[data-key^=pause]").click()
        second.locator("button[data-key^=resume]").click()
        second.locator("button[data-key^=cancel]").click()
        expect(second.locator("button[data-key^=pause]")).to_have_count(0)
        assert written(tmp_path) == NOTHING


def test_an_edited_meeting_is_written_as_edited(browser: Browser, tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        page = open_page(browser, process.link, "en-US")
        page.locator("#text").fill("set up a meeting with Dana on Tuesday at 10")
        page.locator("#send").click()
        gate = page.locator(".approval.kind-gate")
        gate.locator("button[data-key^=edit]").click()
        gate.locator("input[name=title], textarea[name=title]").first.fill("Coffee with Dana")
        gate.locator("form button.primary").click()
        expect(page.locator("article.card button[data-key^=feedback]")).to_have_count(2)
        assert "Coffee with Dana" in (tmp_path / "workspace" / "calendar.ics").read_text("utf-8")
