"""Undo as a person sees it in the local chat: the question says what goes, and the end says that it is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.scenarios.lab import STORY, plain, written
from tests.scenarios.test_story import ENGLISH, HEBREW
from tests.surfaces.serving import demo
from tests.surfaces.test_browser import CHROMIUM, NEEDED, browser, open_page, shoot

__all__ = ["browser"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not NEEDED, reason="Chromium is not installed"),
]
CASES = [("he-IL", HEBREW, "הודעת ביטול", "בוטל"), ("en-US", ENGLISH, "cancellation", "Taken back")]


@pytest.mark.parametrize(("locale", "sentence", "cancellation", "undone"), CASES, ids=["hebrew", "english"])
def test_the_end_of_the_story_is_taken_back(
    browser: Browser, tmp_path: Path, locale: str, sentence: str, cancellation: str, undone: str
) -> None:
    with demo(tmp_path) as process:
        page = open_page(browser, process.link, locale)
        page.locator("#text").fill(sentence)
        page.locator("#send").click()
        card = page.locator("article.card").first
        card.locator(".buttons.choosing button.choice").first.click()
        card.locator(".approval.kind-gate .primary").click()
        end = page.locator(".line.reply:has(.undo)")
        expect(end).to_have_count(1)
        assert written(tmp_path) == STORY
        shoot(page, f"undo-{locale}-1-offered")
        end.locator(".undo > button").click()
        question = end.locator(".undo-question")
        expect(question).to_contain_text(cancellation)
        shoot(page, f"undo-{locale}-2-asked")
        page.keyboard.press("Escape")
        expect(question).to_be_hidden()
        end.locator(".undo > button").click()
        question.locator(".primary").click()
        done = page.locator(".line.reply .undone")
        expect(done).to_contain_text(undone)
        expect(page.locator("article.card")).to_have_count(2)
        expect(page.locator("article.card").last.locator(".kind-undone li")).to_have_count(2)
        expect(page.locator(".undo")).to_have_count(0)
        assert cancellation in plain(page.locator("article.card").last.inner_text())
        shoot(page, f"undo-{locale}-3-undone")
        assert written(tmp_path) == {"events": 0, "mails": 2, "agendas": 0}
