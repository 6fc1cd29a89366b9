"""Versions of a plan in the local chat, in Chromium: what changed, the way back, another try."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.surfaces.serving import demo
from tests.surfaces.test_browser import browser, open_page, pytestmark, shoot
from tests.written import written

CHANGE = """async ([execution, text]) => {
  const sent = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ text }) };
  return (await fetch(`/api/orchestrate/${execution}/plan`, sent)).status;
}"""
__all__ = ["browser", "pytestmark"]


@pytest.fixture
def chromium(browser: Browser) -> Browser:
    return browser


@pytest.mark.parametrize(
    ("locale", "words"), [("en-US", "and find Dana"), ("he-IL", "ותמצא גם את דנה")], ids=["english", "hebrew"]
)
def test_a_changed_plan_leads_back_and_what_failed_is_tried_again(
    chromium: Browser, tmp_path: Path, locale: str, words: str
) -> None:
    with demo(tmp_path) as process:
        page = open_page(chromium, process.link, locale)
        expect(page.locator("#text")).not_to_have_value("")
        page.locator("#send").click()
        card = page.locator("article.card").first
        expect(card.locator(".buttons.choosing button.choice")).to_have_count(2)
        assert page.evaluate(CHANGE, [card.get_attribute("data-execution"), words]) == 202
        expect(card.locator(".part.version")).to_contain_text("2")
        expect(card.locator(".change.is-added")).to_have_count(1)
        shoot(page, f"{locale}-changed")
        card.locator("button[data-key=back]").click()
        expect(card.locator(".part.version")).to_contain_text("3")
        expect(card.locator(".change.is-dropped")).to_have_count(1)
        card.locator(".buttons.choosing button.choice").first.click()
        expect(card.locator(".approval.kind-gate")).to_be_visible()
        path = tmp_path / "workspace" / "calendar.ics"
        calendar = path.read_text("utf-8")
        path.write_text("BEGIN:VCALENDAR\n", "utf-8")
        card.locator(".approval.kind-gate button[data-key^=approve]").click()
        again = card.locator("button[data-key=retry0]")
        expect(again).to_be_visible()
        path.write_text(calendar, "utf-8")
        again.click()
        second = page.locator("article.card").nth(1)
        gate = second.locator(".approval.kind-gate")
        expect(gate).to_be_visible()
        shoot(page, f"{locale}-again")
        gate.locator("button[data-key^=approve]").click()
        expect(second.locator(".meeting")).to_be_visible()
        assert {k: len(v) for k, v in written(tmp_path).items()} == {"events": 1, "mails": 1, "agendas": 1}
