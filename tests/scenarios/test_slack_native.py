"""What Slack has of its own for agents: the state of the session, the line while planning, and feedback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.lab import SENTENCES, TOMORROW, executions, make_home
from tests.scenarios.slack_lab import MODES, Mode, ask, elements, local_slack, product, words_of
from tests.servers.slackd.faults import Fault


@pytest.mark.parametrize("mode", MODES)
async def test_the_session_says_where_it_is(tmp_path: Path, mode: Mode) -> None:
    make_home(tmp_path)
    async with local_slack() as slack, product(tmp_path, slack, mode):
        channel = slack.add_channel("general", members=[slack.dana])
        conversation = await ask(slack, channel, SENTENCES["he"])
        await conversation.sees("choose")
        await slack.eventually(lambda: slack.session(channel, conversation.ts) == "suspended")
        await conversation.press("choose")
        await conversation.press("approve")
        await conversation.finished()
        await slack.eventually(lambda: slack.session(channel, conversation.ts) == "active", 20)
        told = [entry.params["status"] for entry in slack.log.calls("agents.sessions.setStatus")]
        assert "processing" in told
        assert told[-1] == "active"
        assert {e.params["thread_ts"] for e in slack.log.calls("agents.sessions.setStatus")} == {conversation.ts}


@pytest.mark.parametrize("locale", ["he", "en"])
async def test_feedback_is_kept_and_thanked_for(tmp_path: Path, locale: str) -> None:
    make_home(tmp_path)
    async with local_slack() as slack, product(tmp_path, slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        conversation = await ask(slack, channel, TOMORROW[locale])
        final = await conversation.finished()
        element = next(e for e in elements(final) if e["action_id"] == "feedback")
        assert element["type"] == "feedback_buttons"
        good, bad = element["positive_button"]["value"], element["negative_button"]["value"]
        await slack.click(slack.avi, channel, final["ts"], "feedback", value=good)
        await conversation.whispered("רק למי שביקש", slack.avi)
        answers = {"en": ("This helped", "This did not help"), "he": ("זה עזר", "זה לא עזר")}[locale]
        for value, rating, answer in ((good, 1, answers[0]), (bad, -1, answers[1])):
            await slack.click(slack.dana, channel, final["ts"], "feedback", value=value)
            await slack.eventually(lambda a=answer: f": {a}" in words_of(conversation.ours[-1]), 20)
            [execution] = await executions(serving)
            assert execution.feedback == rating
        assert len(conversation.ours) == 2


@pytest.mark.parametrize("error", ["feature_not_enabled", "missing_scope"])
async def test_a_workspace_without_agent_sessions_is_served_all_the_same(tmp_path: Path, error: str) -> None:
    make_home(tmp_path)
    async with local_slack() as slack, product(tmp_path, slack):
        channel = slack.add_channel("general", members=[slack.dana])
        slack.faults.next("agents.sessions.setStatus", Fault.error(error), times=20)
        slack.faults.next("assistant.threads.setStatus", Fault.error(error), times=20)
        conversation = await ask(slack, channel, SENTENCES["en"])
        await conversation.story()
        await conversation.told("Done: Read what")
        assert len(conversation.ours) == 4
        assert len(slack.log.calls("agents.sessions.setStatus")) == 1
