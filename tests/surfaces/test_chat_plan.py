"""A plan changed by tapping in the local chat, in Chromium: what stands beside a step, and its form."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from bot.render.texts import Texts
from tests.scenarios.lab import STORY, mail, written
from tests.scenarios.test_story import ENGLISH, HEBREW
from tests.surfaces.serving import demo
from tests.surfaces.test_browser import browser, open_page, pytestmark, shoot

__all__ = ["browser", "pytestmark"]

LANGUAGES = pytest.mark.parametrize(
    ("locale", "sentence"), [("en", ENGLISH), ("he", HEBREW)], ids=["english", "hebrew"]
)
POST = """async ([path, body]) => {
  const sent = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, sent);
  return answer.status;
}"""
TWO = "set up a meeting with Dana on Tuesday at 10 and set up a meeting with Omer on Wednesday at 11"
ONE = "set up a meeting with Dana on Tuesday at 10"


@pytest.fixture
def chromium(browser: Browser) -> Browser:
    return browser


def asked(page: Page, sentence: str) -> Locator:
    """Ask for something; the card, once somebody is asked about a write."""
    expect(page.locator("#text")).not_to_have_value("")  # the page has settled, and offers the story
    page.locator("#text").fill(sentence)
    page.locator("#send").click()
    card = page.locator("article.card").first
    if sentence in {ENGLISH, HEBREW}:
        card.locator(".buttons.choosing button.choice").first.click()
    expect(card.locator(".approval.kind-gate").first).to_be_visible()
    return card


def opened(card: Locator) -> Locator:
    """Press what changes the plan; the buttons beside the steps."""
    card.locator("[data-key=plan0]").click()
    expect(card.locator(".step-ways").first).to_be_visible()
    return card.locator(".step-ways")


def edit(card: Locator, step: str) -> Locator:
    """The form of a step."""
    card.locator(f"[data-key='edit:{step}']").click()
    form = card.locator(".step-form")
    expect(form).to_be_visible()
    return form


def change(page: Page, card: Locator, edit: dict[str, Any], *, to: str = "plan") -> None:
    """What a program, or the same person elsewhere, does to the execution meanwhile."""
    status = page.evaluate(POST, [f"/api/orchestrate/{card.get_attribute('data-execution')}/{to}", edit])
    assert status in {200, 202}


@LANGUAGES
def test_a_step_is_left_out_by_a_button_that_names_it(
    chromium: Browser, tmp_path: Path, locale: str, sentence: str
) -> None:
    texts = Texts(locale)
    with demo(tmp_path) as process:
        page = open_page(chromium, process.link, {"en": "en-US", "he": "he-IL"}[locale])
        card = asked(page, sentence)
        plan = card.get_by_role("button", name=texts.say("action.plan"))
        plan.click()
        expect(card.locator(".step-ways")).to_have_count(2)
        expect(plan).to_have_attribute("aria-expanded", "true")
        expect(card.locator("[data-key='edit:s4']")).to_be_focused()
        expect(card.locator(".sheet-foot")).to_contain_text(texts.say("chat.form.plan_note"))
        shoot(page, f"plan-{locale}-1-open")
        page.keyboard.press("Escape")
        expect(card.locator(".step-ways")).to_have_count(0)
        expect(plan).to_be_focused()
        opened(card)
        agenda = card.locator(".step").nth(4)
        title = agenda.locator(".step-title bdi").inner_text()
        agenda.get_by_role("button", name=f"{texts.say('action.drop_step')}: {title}").click()
        expect(card.locator(".change.is-dropped")).to_have_text(re.compile(re.escape(title)))
        expect(card.locator(".step")).to_have_count(4)
        expect(card.locator(".step-ways")).to_have_count(0)
        expect(page.locator(".taken")).to_have_count(0)
        card.locator(".approval.kind-gate button[data-key^=approve]").click()
        expect(card.locator(".meeting")).to_be_visible()
        assert written(tmp_path) == {**STORY, "agendas": 0}


@LANGUAGES
def test_the_meeting_has_the_title_that_was_written_into_its_step(
    chromium: Browser, tmp_path: Path, locale: str, sentence: str
) -> None:
    texts, wanted = Texts(locale), {"en": "Bread and budget", "he": "לחם ותקציב"}[locale]
    with demo(tmp_path) as process:
        page = open_page(chromium, process.link, {"en": "en-US", "he": "he-IL"}[locale])
        sent: list[Any] = []
        page.on("request", lambda r: sent.append(r.post_data_json) if r.url.endswith("/plan") else None)
        card = asked(page, sentence)
        opened(card)
        form = edit(card, "s4")
        expect(form.locator("h4")).to_have_text(texts.say("chat.form.edit_step"))
        title = form.locator("[name=title]")
        expect(title).to_be_focused()
        title.fill("")
        form.get_by_role("button", name=texts.say("chat.form.save_step")).click()
        fault = form.locator(".edit-part:has([name=title]) .problem")
        expect(fault).to_have_text(texts.say("chat.form.empty"))
        expect(title).to_be_focused()
        expect(title).to_have_attribute("aria-invalid", "true")
        shoot(page, f"plan-{locale}-2-fault")
        title.fill("x" * 301)
        title.press("Enter")
        expect(fault).to_have_text(texts.say("chat.form.long", limit=300))
        title.fill(wanted)
        expect(fault).to_be_hidden()
        shoot(page, f"plan-{locale}-3-form")
        title.press("Enter")
        expect(card.locator(".change.is-changed")).to_have_count(1)
        expect(form).to_have_count(0)
        shoot(page, f"plan-{locale}-4-edited")
        assert sent == [{"edit": {"step": "s4", "inputs": {"title": wanted}}}]
        gate = card.locator(".approval.kind-gate", has_text=wanted)
        gate.locator("button[data-key^=approve]").click()
        expect(card.locator(".meeting-title")).to_have_text(wanted)
        assert f"SUMMARY:{wanted}" in mail(tmp_path)


def test_what_only_the_server_refuses_is_said_at_its_argument(chromium: Browser, tmp_path: Path) -> None:
    texts = Texts("en")
    with demo(tmp_path) as process:
        page = open_page(chromium, process.link, "en-US")
        sent: list[Any] = []
        page.on("request", lambda r: sent.append(r.post_data_json) if r.url.endswith("/plan") else None)
        card = asked(page, ONE)
        opened(card)
        form = edit(card, "s2")
        save = form.get_by_role("button", name=texts.say("chat.form.save_step"))
        save.click()
        expect(form.locator(":scope > .problem")).to_have_text(texts.error("nothing_changes"))
        day = form.locator("[name=on]")
        day.fill("some day")
        save.click()
        expect(form.locator(".edit-part:has([name=on]) .problem")).to_have_text(texts.say("chat.form.unfit"))
        expect(day).to_be_focused()
        assert sent == [{"edit": {"step": "s2", "inputs": {"on": "some day"}}}]
        expect(form.locator(":scope > .problem")).to_be_hidden()
        shoot(page, "plan-en-5-refused")
        day.press("Escape")
        expect(form).to_have_count(0)
        expect(card.locator("[data-key='edit:s2']")).to_be_focused()


def test_a_form_in_use_stays_while_the_card_is_drawn_again_and_goes_with_its_step(
    chromium: Browser, tmp_path: Path
) -> None:
    with demo(tmp_path) as process:
        page = open_page(chromium, process.link, "en-US")
        card = asked(page, ENGLISH)
        opened(card)
        title = edit(card, "s4").locator("[name=title]")
        title.fill("Half a ti")
        change(page, card, {"drop": ["s5"]})
        expect(card.locator(".part.version")).to_contain_text("2")
        expect(card.locator(".step")).to_have_count(4)
        expect(title).to_be_focused()
        page.keyboard.type("tle")
        expect(title).to_have_value("Half a title")
        change(page, card, {}, to="pause")
        expect(card.locator("[data-key=resume0]")).to_be_visible()
        expect(title).to_be_focused()
        change(page, card, {}, to="resume")
        change(page, card, {"edit": {"step": "s4", "inputs": {"title": "Quicker"}}})
        expect(card.locator(".part.version")).to_contain_text("3")
        expect(card.locator(".step-form")).to_have_count(0)
        expect(card.get_by_role("alert").filter(visible=True)).to_have_text(Texts("en").error("step_replaced"))
        assert page.evaluate("document.activeElement.closest('article.card') !== null")
        shoot(page, "plan-en-6-gone")


def test_a_stale_button_says_that_the_step_has_changed(chromium: Browser, tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        page = open_page(chromium, process.link, "en-US")
        card = asked(page, ENGLISH)
        opened(card)
        page.context.route(
            "**/plan", lambda route: (change(page, card, {"drop": ["s5"]}), route.continue_())[1], times=1
        )
        card.locator("[data-key='drop:s5']").click()
        expect(card.locator(".step")).to_have_count(4)
        told = card.get_by_role("alert").filter(has_text=Texts("en").error("step_replaced"))
        expect(told).to_be_visible()


def test_a_step_that_failed_is_tried_again_while_another_one_waits(chromium: Browser, tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        page = open_page(chromium, process.link, "en-US")
        card = asked(page, TWO)
        expect(card.locator(".approval.kind-gate")).to_have_count(2)
        path = tmp_path / "workspace" / "calendar.ics"
        calendar = path.read_text("utf-8")
        path.write_text("BEGIN:VCALENDAR\n", "utf-8")
        card.locator(".approval.kind-gate button[data-key^=approve]").first.click()
        expect(card.locator(".step.is-failed")).to_have_count(1)
        path.write_text(calendar, "utf-8")
        opened(card)
        shoot(page, "plan-en-7-failed")
        failed = card.locator(".step.is-failed")
        failed.get_by_role("button", name=str(Texts("en").say("action.retry_step"))).click()
        expect(card.locator(".change.is-again")).to_have_count(1)
        expect(card.locator(".step.is-failed")).to_have_count(0)
        gates = card.locator(".approval.kind-gate")
        for left in (2, 1):
            expect(gates).to_have_count(left)
            gates.first.locator("button[data-key^=approve]").click()
            expect(gates).to_have_count(left - 1)
        expect(card.locator("button[data-key^=feedback]")).to_have_count(2)
        assert written(tmp_path)["events"] == 2


def test_a_change_is_made_once_however_often_it_is_sent(chromium: Browser, tmp_path: Path) -> None:
    texts = Texts("en")
    with demo(tmp_path) as process:
        page = open_page(chromium, process.link, "en-US")
        card = asked(page, ENGLISH)
        change(page, card, {}, to="pause")
        expect(card.locator("[data-key=resume0]")).to_be_visible()
        opened(card)
        keys: list[str] = []

        def deliver(route: Route) -> None:
            keys.append(route.request.headers["idempotency-key"])
            if len(keys) == 1:
                route.abort()  # it never arrives
                return
            route.fetch()  # it arrives, and then once more
            route.continue_()

        page.context.route("**/plan", deliver)
        leave = card.locator("[data-key='drop:s5']")
        leave.click()
        expect(card.get_by_role("alert").filter(has_text=texts.error("offline"))).to_be_visible()
        expect(leave).to_be_focused()
        leave.click()
        expect(card.get_by_role("status")).to_have_text(texts.say("plan_version.taken"))
        expect(card.get_by_role("alert").filter(visible=True)).to_have_count(0)
        expect(card.locator(".step-ways")).to_have_count(0)
        expect(card.locator("[data-key=plan0]")).to_be_focused()
        shoot(page, "plan-en-8-taken")
        assert keys[0] == keys[1]
        change(page, card, {}, to="resume")
        expect(card.locator(".change.is-dropped")).to_have_count(1)
        expect(card.locator(".part.version")).to_contain_text("2")
        expect(card.get_by_role("status")).to_have_count(0)


def test_another_change_leaves_a_form_that_is_being_written_in(chromium: Browser, tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        page = open_page(chromium, process.link, "en-US")
        card = asked(page, ENGLISH)
        opened(card)
        title = edit(card, "s4").locator("[name=title]")
        title.fill("Bread")
        card.locator("[data-key='drop:s5']").click()
        expect(card.locator(".change.is-dropped")).to_have_count(1)
        expect(title).to_have_value("Bread")
        title.press("Enter")
        expect(card.locator(".approval.kind-gate", has_text="Bread")).to_be_visible()
        expect(card.locator(".step-form, .step-ways")).to_have_count(0)


def test_the_sheet_speaks_the_language_of_its_card(chromium: Browser, tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        page = open_page(chromium, process.link, "he-IL")
        card = asked(page, ONE)
        assert opened(card).first.locator("button").all_inner_texts() == ["Edit", "Leave out"]
        form = edit(card, "s2")
        form.locator("[name=title]").fill("Bread")
        page.locator("#language").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(form.locator("[name=title]")).to_have_value("Bread")
        expect(form.locator("button")).to_have_text(["Save", "Back"])
