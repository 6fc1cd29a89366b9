"""The plan sheet in Slack, tapped twice, delivered twice, or handled again after a crash: the plan is edited once."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.lab import executions
from tests.scenarios.slack_lab import MODES, Mode
from tests.scenarios.slack_plan_sheet_lab import (
    BUTTONS,
    TAKEN,
    edit_form,
    gated,
    labels,
    one_failed,
    says,
    sheet_of,
    tap,
    top,
    version,
    watched,
)
from tests.scenarios.test_slack_gates import inputs
from tests.servers.slackd.faults import Fault

# Once.


@pytest.mark.parametrize("action", ["drop", "retry"])
async def test_pressed_twice_it_is_done_once_and_nothing_else_is_said(tmp_path: Path, action: str) -> None:
    async with one_failed(tmp_path, "en") as (slack, serving, conversation):
        view = await sheet_of(conversation)
        shown, number = deepcopy(view), {"drop": 3, "retry": 4}[action]
        await tap(conversation, view, action, number)
        await slack.eventually(lambda: says(conversation, TAKEN["en"]))
        press: dict[str, Any] = deepcopy(slack.log.deliveries("block_actions")[-1].params) | {"view": shown}
        for _ in range(2):
            press["actions"][0]["action_ts"] = slack.world.stamp()
            updates = len(slack.log.calls("views.update"))
            assert (await slack.send_raw("interactive", press)).ok
            await slack.eventually(lambda before=updates: len(slack.log.calls("views.update")) > before)
            await version(serving, 2)
        assert says(conversation, TAKEN["en"])
        assert slack.ephemerals(slack.dana) == []
        assert (await executions(serving))[0].execution.plan_version == 2


@pytest.mark.parametrize("mode", MODES)
async def test_a_press_that_is_handled_again_after_a_crash_edits_once(tmp_path: Path, mode: Mode) -> None:
    async with watched(tmp_path, "en", mode) as (slack, serving, conversation, found):
        view = await sheet_of(conversation)
        await found.until(3)
        found.again = True
        await tap(conversation, view, "drop", 5)
        await version(serving, 2)
        await found.last(4)
        assert says(conversation, TAKEN["en"])
        assert slack.ephemerals(slack.dana) == []
        assert (await executions(serving))[0].execution.plan_version == 2


@pytest.mark.parametrize("mode", MODES)
async def test_a_form_that_is_handled_again_after_a_crash_edits_once(tmp_path: Path, mode: Mode) -> None:
    async with watched(tmp_path, "en", mode) as (slack, serving, conversation, found):
        form = await edit_form(conversation, await sheet_of(conversation), 4)
        await found.until(4)
        found.again = True
        assert (await slack.submit(slack.dana, form["id"], {inputs(form)["Title"]["block"]: "Once"})).ok
        await version(serving, 2)
        await found.last(5)
        assert slack.ephemerals(slack.dana) == []
        assert (await executions(serving))[0].execution.plan_version == 2


async def test_a_form_is_opened_once_for_a_press_that_is_handled_again(tmp_path: Path) -> None:
    async with watched(tmp_path) as (slack, _, conversation, found):
        view = await sheet_of(conversation)
        await found.until(3)
        found.again = True
        await tap(conversation, view, "edit", 4)
        await slack.eventually(lambda: slack.log.calls("views.push"))
        await found.last(4)
        assert [e.ok for e in slack.log.calls("views.push")] == [True, False]
        assert len(slack.views(slack.dana)) == 2
        assert slack.log.calls("views.update") == [], "nothing is said in the sheet below it"
        assert slack.ephemerals(slack.dana) == []


@pytest.mark.parametrize("mode", MODES)
async def test_the_same_delivery_twice_edits_once(tmp_path: Path, mode: Mode) -> None:
    async with gated(tmp_path, "en", mode) as (slack, serving, conversation):
        view = await sheet_of(conversation)
        shown = deepcopy(view)
        await tap(conversation, view, "drop", 5)
        press = deepcopy(slack.log.deliveries("block_actions")[-1].params) | {"view": shown}
        for _ in range(2):
            assert (await slack.send_raw("interactive", press)).ok
        await version(serving, 2)
        await slack.eventually(lambda: says(conversation, TAKEN["en"]))
        assert slack.ephemerals(slack.dana) == []
        assert (await executions(serving))[0].execution.plan_version == 2


@pytest.mark.parametrize("mode", MODES)
async def test_a_form_that_is_sent_again_because_its_answer_was_lost_is_closed_and_edits_once(
    tmp_path: Path, mode: Mode
) -> None:
    async with gated(tmp_path, "en", mode) as (slack, serving, conversation):
        form = await edit_form(conversation, await sheet_of(conversation), 4)
        assert (await slack.submit(slack.dana, form["id"], {inputs(form)["Title"]["block"]: "Once"})).ok
        await version(serving, 2)
        again = await slack.send_raw("interactive", slack.log.deliveries("view_submission")[-1].params)
        assert (again.ok, again.action) == (True, "clear")
        assert slack.ephemerals(slack.dana) == []
        assert (await executions(serving))[0].execution.plan_version == 2


async def test_a_form_that_comes_too_late_is_said_in_the_sheet(tmp_path: Path) -> None:
    async with gated(tmp_path) as (slack, _, conversation):
        view = await sheet_of(conversation)
        slack.faults.next("views.push", Fault.error("expired_trigger_id"))
        await tap(conversation, view, "edit", 4)
        await slack.eventually(lambda: says(conversation, "took too long to open"))
        assert labels(top(conversation) or {}) == [BUTTONS["en"]] * 2
        await edit_form(conversation, top(conversation) or {}, 4)
