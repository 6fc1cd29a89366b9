"""Questions on the page, pressed and typed in Chromium: what the page sends for each way to answer."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright, expect

from tests.surfaces.test_browser import QUIET
from tests.unit.render.preview import application

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDED = os.environ.get("TIZMOR_TESTS_NEED_CHROMIUM")  # noqa: TID251 - a switch of the tests, not of the product
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not NEEDED, reason="Chromium is not installed"),
]

Sent = asyncio.Queue[tuple[str, dict[str, Any]]]


@asynccontextmanager
async def shown(state: str, locale: str = "en") -> AsyncGenerator[tuple[Page, Sent]]:
    """The card at a state of the story, and what the page sends."""
    assert CHROMIUM is not None, "Chromium must be installed here"
    sent: Sent = asyncio.Queue()

    async def decide(request: web.Request) -> web.Response:
        sent.put_nowait((request.match_info["id"], await request.json()))
        return web.json_response({})

    app = application(locale, state)
    app.router.add_post("/api/approvals/{id}", decide)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            page = await browser.new_page(locale=locale, viewport={"width": 390, "height": 844})
            page.set_default_timeout(20_000)
            await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            yield page, sent
            await browser.close()
    finally:
        await runner.cleanup()


async def answer(sent: Sent) -> tuple[str, dict[str, Any]]:
    """What was sent, within ten seconds."""
    async with asyncio.timeout(10):
        return await sent.get()


async def test_a_suggested_answer_is_one_press() -> None:
    async with shown("question") as (page, sent):
        await page.locator(".approval button.choice").nth(1).click()
        assert await answer(sent) == ("ap-question", {"decision": "choose", "choice": "c2"})


async def test_ones_own_words_are_sent_as_written() -> None:
    async with shown("question", "he") as (page, sent):
        field = page.locator(".approval form textarea")
        await expect(field).to_have_attribute("placeholder", "תשובה אחרת…")
        await field.fill("  דצמבר 2023  ")
        await page.locator(".approval form button").click()
        assert await answer(sent) == ("ap-question", {"decision": "answer", "answer": "דצמבר 2023"})


async def test_an_empty_answer_is_not_sent() -> None:
    async with shown("question") as (page, sent):
        await page.locator(".approval form textarea").fill("   ")
        await page.locator(".approval form button").click()
        assert await page.evaluate("document.querySelector('.approval').ariaBusy") is None
        assert sent.empty()


async def test_going_on_spending_is_the_first_button_and_there_is_nothing_to_type() -> None:
    async with shown("budget") as (page, sent):
        await expect(page.locator(".approval textarea")).to_have_count(0)
        first = page.locator(".approval .ways button").first
        await expect(first).to_have_text("Go on")
        await first.click()
        assert await answer(sent) == ("ap-budget", {"decision": "choose", "choice": "go_on"})


async def test_going_on_without_the_model_is_one_press() -> None:
    async with shown("unavailable", "he") as (page, sent):
        await page.get_by_text("להמשיך בלי המודל", exact=True).click()
        assert await answer(sent) == ("ap-model_unavailable", {"decision": "choose", "choice": "offline"})


async def test_a_number_in_a_models_text_opens_its_source() -> None:
    async with shown("written") as (page, _):
        await page.locator(".prose .reference").first.click()
        await expect(page.locator(".sources li").first).to_be_visible()
        await expect(page.locator(".block.found")).not_to_contain_text("###")


async def test_what_a_change_is_about_cannot_be_edited_and_goes_back_as_it_came() -> None:
    async with shown("moving") as (page, sent):
        await page.locator("[data-key='edit']").click()
        await expect(page.locator("form output")).to_have_count(2)
        await page.locator("form input[name=title]").fill("Coffee")
        await page.locator("form button.primary").click()
        _, decision = await answer(sent)
        assert (decision["decision"], decision["arguments"]["title"]) == ("modify", "Coffee")
        assert decision["arguments"]["meeting_id"] == "a81f0c@tizmor"
        assert decision["arguments"]["instead_of"].endswith("[1a2b3c4d]")
        assert decision["arguments"]["starts"] == "2026-01-05T11:00:00+02:00"
