"""The plan sheet in Slack: a plan changed by tapping its steps, by whoever may, and never as it was before."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.presses import Press
from bot.serve import Serving
from bot.step_questions import step_question_id
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import StepId
from engine.planning.editing import ChangeInputs
from tests.scenarios.lab import NOTHING, SENTENCES, STORY, executions, mail, make_home, over, plain, written
from tests.scenarios.slack_lab import MODES, Conversation, Mode, ask, elements, local_slack, product, words_of
from tests.scenarios.slack_plan_sheet_lab import (
    AGENDA,
    BUDGET,
    BUTTONS,
    EMPTY,
    MEETING,
    NOT_YOURS,
    OWNER,
    REPLACED,
    SHEET,
    STAYS,
    TAKEN,
    TITLE,
    button,
    edit_form,
    gated,
    labels,
    one_failed,
    says,
    second_gate,
    sheet_of,
    tap,
    top,
    version,
)
from tests.scenarios.test_slack_gates import inputs
from tests.servers.slackd import Slackd
from tests.servers.slackd.faults import Fault

# What is there.


@pytest.mark.parametrize("locale", ["en", "he"])
async def test_the_sheet_shows_every_step_and_what_can_be_done_to_it(tmp_path: Path, locale: str) -> None:
    async with gated(tmp_path, locale) as (_, serving, conversation):
        view = await sheet_of(conversation)
        [snapshot] = await executions(serving)
        assert snapshot.plan is not None
        shown = words_of(view)
        assert view["title"]["text"] == SHEET[locale]
        assert all(f"{n}. {plain(step.title)}" in shown for n, step in enumerate(snapshot.plan.steps, 1))
        assert labels(view) == [BUTTONS[locale]] * 2
        assert STAYS[locale] in shown
        assert "submit" not in view or view["submit"] is None


# What is done.


@pytest.mark.parametrize("locale", ["en", "he"])
@pytest.mark.parametrize("mode", MODES)
async def test_a_step_that_is_left_out_is_not_done(tmp_path: Path, mode: Mode, locale: str) -> None:
    async with gated(tmp_path, locale, mode) as (slack, serving, conversation):
        await tap(conversation, await sheet_of(conversation), "drop", 5)
        await slack.eventually(lambda: says(conversation, TAKEN[locale]))
        assert labels(top(conversation) or {}) == []
        assert len(slack.views(slack.dana)) == 1
        edited = await version(serving, 2)
        assert edited.plan is not None
        assert "EditorAgent" not in {step.agent for step in edited.plan.steps}
        await conversation.press("approve")
        await conversation.finished()
        assert written(tmp_path) == {**STORY, "agendas": 0}
        assert slack.ephemerals(slack.dana) == []


@pytest.mark.parametrize("locale", ["en", "he"])
@pytest.mark.parametrize("mode", MODES)
async def test_an_edited_step_is_done_as_edited_and_its_form_closes_the_sheet(
    tmp_path: Path, mode: Mode, locale: str
) -> None:
    async with gated(tmp_path, locale, mode) as (slack, serving, conversation):
        _, first = await conversation.sees("approve")
        form = await edit_form(conversation, await sheet_of(conversation), 4)
        assert plain(form["title"]["text"]) == {"en": "Edit a step", "he": "עריכת שלב"}[locale]
        title = inputs(form)[TITLE[locale]]
        wrong = await slack.submit(slack.dana, form["id"], {title["block"]: "   "})
        assert wrong.errors == {title["block"]: EMPTY[locale]}
        assert len(slack.views(slack.dana)) == 2, "it stays open"
        sent = await slack.submit(slack.dana, form["id"], {title["block"]: BUDGET[locale]})
        assert (sent.ok, sent.action) == (True, "clear")
        assert slack.views(slack.dana) == [], "the sheet below shows what was"
        edited = await version(serving, 2)
        assert edited.plan is not None
        assert edited.plan.origin.value == "edit"
        assert written(tmp_path) == NOTHING
        await second_gate(conversation, first)
        await conversation.finished()
        assert written(tmp_path) == STORY
        assert f"SUMMARY:{BUDGET[locale]}" in mail(tmp_path)
        assert slack.ephemerals(slack.dana) == []


@pytest.mark.parametrize(("locale", "mode"), [("en", "socket"), ("he", "http")])
async def test_what_failed_is_tried_again_while_something_else_waits(tmp_path: Path, locale: str, mode: Mode) -> None:
    async with one_failed(tmp_path, locale, mode) as (slack, serving, conversation):
        view = await sheet_of(conversation)
        await tap(conversation, view, "retry", 4)
        await slack.eventually(lambda: says(conversation, TAKEN[locale]))
        await version(serving, 2)
        await conversation.press("approve")
        await slack.eventually(lambda: written(tmp_path)["events"] == 1 and not conversation.with_button("approve"), 20)
        await conversation.press("choose")
        await conversation.press("approve")
        [done] = await over(serving)
        assert done.outcome is ExecutionOutcome.SUCCEEDED
        assert written(tmp_path) == {"events": 2, "mails": 2, "agendas": 0}


# What does not fit.


async def test_what_only_the_agent_refuses_is_said_under_its_field(tmp_path: Path) -> None:
    async with gated(tmp_path) as (slack, serving, conversation):
        [snapshot] = await executions(serving)
        dated = ChangeInputs(step=StepId(MEETING), inputs={"since": "2031-01-05"})
        await serving.tizmor.door.edit_plan(OWNER, snapshot.id, dated, "k")
        await version(serving, 2)
        form = await edit_form(conversation, await sheet_of(conversation), 4)
        since = next(made for made in inputs(form).values() if made.get("initial_value") == "2031-01-05")
        wrong = await slack.submit(slack.dana, form["id"], {since["block"]: "the fifth"})
        assert list(wrong.errors) == [since["block"]]


# Who may, and when.


async def test_somebody_else_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    async with gated(tmp_path) as (slack, serving, conversation):
        await conversation.press("plan", user=slack.avi)
        await conversation.whispered(NOT_YOURS, slack.avi)
        assert slack.views(slack.avi) == []
        [snapshot] = await executions(serving)
        view = await sheet_of(conversation)
        for action in ("drop", "edit"):
            await slack.click_in_view(slack.avi, view["id"], button(view, action, 5))
            await slack.eventually(lambda: says(conversation, NOT_YOURS))
            await slack.close_view(slack.dana, view["id"])
            view = await sheet_of(conversation)
        question = step_question_id(snapshot.id, StepId(AGENDA))
        forged = Press(action="drop_step", execution=snapshot.id, approval=question).value
        card = conversation.card
        plan = next(str(e["action_id"]) for e in elements(card) if str(e["action_id"]).startswith("plan"))
        await slack.click(slack.avi, conversation.channel, card["ts"], plan, value=forged)
        await slack.eventually(lambda: len(slack.ephemerals(slack.avi)) == 2)
        assert (await executions(serving))[0].execution.plan_version == 1


async def test_the_owner_may_change_what_somebody_else_asked_for(tmp_path: Path) -> None:
    async with gated(tmp_path) as (slack, serving, conversation):
        code = await serving.tizmor.slack.claim_code() if serving.tizmor.slack else None
        await slack.command(slack.avi, conversation.channel, "/tizmor", f"claim {code}")
        await slack.eventually(lambda: slack.ephemerals(slack.avi))
        await conversation.press("plan", user=slack.avi)
        await slack.eventually(lambda: slack.views(slack.avi))
        [view] = slack.views(slack.avi)
        await slack.click_in_view(slack.avi, view["id"], button(view, "drop", 5))
        await version(serving, 2)


async def test_a_stale_sheet_says_so_and_shows_the_plan_as_it_is_now(tmp_path: Path) -> None:
    async with gated(tmp_path) as (slack, serving, conversation):
        view = await sheet_of(conversation)
        [snapshot] = await executions(serving)
        other = ChangeInputs(step=StepId(MEETING), inputs={"title": "Elsewhere"})
        await serving.tizmor.door.edit_plan(OWNER, snapshot.id, other, "elsewhere")
        await version(serving, 2)
        await tap(conversation, view, "edit", 4)
        await slack.eventually(lambda: says(conversation, REPLACED))
        assert len(slack.views(slack.dana)) == 1
        fresh = top(conversation) or {}
        assert labels(fresh) == [BUTTONS["en"]] * 2
        await tap(conversation, fresh, "drop", 5)
        await slack.eventually(lambda: says(conversation, TAKEN["en"]))
        await version(serving, 3)


@asynccontextmanager
async def unread(home: Path, text: str) -> AsyncGenerator[tuple[Slackd, Serving, Conversation]]:
    """Something asked by Dana while no document can be read: what looks for them is tried again and again."""
    docs = make_home(home) / "workspace" / "docs"
    shutil.rmtree(docs)
    docs.write_text("no folder", "utf-8")
    async with local_slack() as slack, product(home, slack) as serving:
        conversation = await ask(slack, slack.add_channel("general", members=[slack.dana]), text)
        await conversation.sees("plan")
        yield slack, serving, conversation


async def test_a_step_that_waits_for_one_that_was_edited_has_changed_too(tmp_path: Path) -> None:
    async with unread(tmp_path, SENTENCES["en"]) as (slack, serving, conversation):
        await conversation.sees("choose")
        view = await sheet_of(conversation)
        [snapshot] = await executions(serving)
        terms = ChangeInputs(step=StepId("s1"), inputs={"terms": ["Tevuot"]})
        await serving.tizmor.door.edit_plan(OWNER, snapshot.id, terms, "elsewhere")
        await version(serving, 2)
        await tap(conversation, view, "drop", 3)
        await slack.eventually(lambda: says(conversation, REPLACED))
        assert (await executions(serving))[0].execution.plan_version == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Read what we did in December at Tevuot", "Nothing would be left of"),
        ("תקרא מה עשינו בדצמבר בתבואות", "לא היה נשאר דבר"),
    ],
    ids=["en", "he"],
)
async def test_a_plan_is_not_left_out_as_a_whole(tmp_path: Path, text: str, words: str) -> None:
    async with unread(tmp_path, text) as (slack, serving, conversation):
        await tap(conversation, await sheet_of(conversation), "drop", 1)
        await slack.eventually(lambda: says(conversation, words))
        assert len(labels(top(conversation) or {})) == 2
        assert (await executions(serving))[0].execution.plan_version == 1


async def test_a_form_of_a_step_that_has_changed_meanwhile_says_so_where_it_is_open(tmp_path: Path) -> None:
    async with gated(tmp_path) as (slack, serving, conversation):
        form = await edit_form(conversation, await sheet_of(conversation), 4)
        [snapshot] = await executions(serving)
        other = ChangeInputs(step=StepId(MEETING), inputs={"title": "Elsewhere"})
        await serving.tizmor.door.edit_plan(OWNER, snapshot.id, other, "elsewhere")
        await version(serving, 2)
        late = await slack.submit(slack.dana, form["id"], {inputs(form)["Title"]["block"]: "Mine"})
        assert list(late.errors.values()) == [REPLACED]
        assert (await executions(serving))[0].execution.plan_version == 2


async def test_a_sheet_of_something_that_is_over_has_nothing_to_press_any_more(tmp_path: Path) -> None:
    async with gated(tmp_path) as (slack, _, conversation):
        view = await sheet_of(conversation)
        card = dict(conversation.card)
        await conversation.press("cancel")
        await conversation.finished()
        await tap(conversation, view, "drop", 5)
        await slack.eventually(lambda: says(conversation, "This has already ended."))
        assert labels(top(conversation) or {}) == []
        await slack.close_view(slack.dana, view["id"])
        await slack.click(slack.dana, conversation.channel, card["ts"], "plan", stale=card)
        await conversation.whispered("This has already ended.")
        assert slack.views(slack.dana) == []


async def test_a_sheet_that_was_closed_has_its_refusal_said_in_the_thread(tmp_path: Path) -> None:
    async with gated(tmp_path) as (slack, serving, conversation):
        view = await sheet_of(conversation)
        [snapshot] = await executions(serving)
        other = ChangeInputs(step=StepId(MEETING), inputs={"title": "Elsewhere"})
        await serving.tizmor.door.edit_plan(OWNER, snapshot.id, other, "elsewhere")
        await version(serving, 2)
        slack.faults.next("views.update", Fault.error("not_found"))
        await tap(conversation, view, "drop", 4)
        await conversation.whispered(REPLACED)
