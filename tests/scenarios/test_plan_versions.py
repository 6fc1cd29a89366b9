"""A plan's versions as people meet them in a chat: what changed, the way back, and another try of what failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.domain.execution import ExecutionOutcome
from tests.scenarios.lab import SENTENCES, STORY, executions, make_home, over, written
from tests.scenarios.slack_lab import ask as ask_in_slack
from tests.scenarios.slack_lab import local_slack, words_of
from tests.scenarios.slack_lab import product as with_slack
from tests.scenarios.telegram_lab import ask as ask_in_telegram
from tests.scenarios.telegram_lab import local_telegram, team, text_of
from tests.scenarios.test_slack_thread import pick

BUDGET = {"en": "find the budget file instead", "he": "תמצא במקום זה את קובץ התקציב"}
CHANGE = {"en": "Change the plan", "he": "לשנות"}
SECOND = {"en": "Version 2 of the plan", "he": "גרסה 2 של התוכנית"}
BROKEN = "BEGIN:VCALENDAR\nthis is no calendar\n"


@pytest.mark.parametrize("locale", ["en", "he"])
async def test_in_slack_a_changed_plan_says_what_changed_and_leads_back(tmp_path: Path, locale: str) -> None:
    make_home(tmp_path)
    async with local_slack() as slack, with_slack(tmp_path, slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana])
        conversation = await ask_in_slack(slack, channel, SENTENCES[locale])
        await conversation.gated()
        await conversation.says(BUDGET[locale])
        await pick(conversation, CHANGE[locale])
        asked, _ = await conversation.sees("back")
        assert "+ " in words_of(asked)
        await slack.eventually(lambda: SECOND[locale] in words_of(conversation.card))
        await conversation.press("back")
        await conversation.press("approve")
        await conversation.finished()
        [execution] = await executions(serving)
        assert execution.plan is not None
        assert (execution.plan.version, execution.plan.origin.value) == (3, "return")
        assert written(tmp_path) == STORY


@pytest.mark.parametrize("locale", ["en", "he"])
async def test_in_telegram_a_changed_plan_says_what_changed_and_leads_back(tmp_path: Path, locale: str) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        chat = telegram.private(telegram.dana)
        conversation = await ask_in_telegram(telegram, chat, SENTENCES[locale], user=telegram.dana)
        await conversation.gated()
        await conversation.says(BUDGET[locale])
        await conversation.press("choose", CHANGE[locale])
        asked, _ = await conversation.sees("back")
        assert "+ " in text_of(asked)
        await telegram.eventually(lambda: SECOND[locale] in text_of(conversation.card))
        await conversation.says("/plan")
        await conversation.told("Back to version 1")  # in the language Dana uses Telegram in
        await conversation.says({"en": "Back to version 1", "he": "חזרה לגרסה 1"}[locale])
        await conversation.press("approve")
        await conversation.finished()
        [execution] = await executions(serving)
        assert execution.plan is not None
        assert (execution.plan.version, execution.plan.origin.value) == (3, "return")
        assert written(tmp_path) == STORY


async def test_in_slack_what_failed_is_tried_again_with_a_button(tmp_path: Path) -> None:
    workspace = make_home(tmp_path) / "workspace"
    calendar = (workspace / "calendar.ics").read_text("utf-8")
    async with local_slack() as slack, with_slack(tmp_path, slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana])
        conversation = await ask_in_slack(slack, channel, SENTENCES["en"])
        await conversation.gated()
        (workspace / "calendar.ics").write_text(BROKEN, "utf-8")
        await conversation.press("approve")
        await conversation.sees("retry")
        # Finals go before edits: the first gate may keep its buttons for a moment.
        await slack.eventually(lambda: not conversation.with_button("approve"))
        (workspace / "calendar.ics").write_text(calendar, "utf-8")
        await conversation.press("retry")
        await conversation.press("approve")
        again, first = await over(serving, 2)
        assert (first.outcome, again.outcome) == (ExecutionOutcome.PARTIAL, ExecutionOutcome.SUCCEEDED)
        assert again.plan is not None
        assert [step.agent for step in again.plan.steps] == ["CalendarAgent"]
        assert written(tmp_path) == STORY


async def test_in_telegram_what_failed_is_tried_again_with_a_button(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        path = tmp_path / "workspace" / "calendar.ics"
        calendar = path.read_text("utf-8")
        conversation = await ask_in_telegram(
            telegram, telegram.private(telegram.dana), SENTENCES["he"], user=telegram.dana
        )
        await conversation.gated()
        path.write_text(BROKEN, "utf-8")
        await conversation.press("approve")
        await conversation.sees("retry")
        # Finals go before edits: the first gate may keep its buttons for a moment.
        await telegram.eventually(lambda: not conversation.with_button("approve"))
        path.write_text(calendar, "utf-8")
        await conversation.press("retry")
        await conversation.press("approve")
        again, first = await over(serving, 2)
        assert (first.outcome, again.outcome) == (ExecutionOutcome.PARTIAL, ExecutionOutcome.SUCCEEDED)
        assert written(tmp_path) == STORY
