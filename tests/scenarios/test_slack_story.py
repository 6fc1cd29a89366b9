"""The story in Slack, over both of its doors and in both languages: one card, one meeting, one invitation, one end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.lab import SENTENCES, make_home, written
from tests.scenarios.slack_lab import MODES, Mode, ask, product
from tests.servers.slackd import SlackdOptions, serve_slackd


@pytest.mark.parametrize("locale", ["he", "en"])
@pytest.mark.parametrize("mode", MODES)
async def test_the_story_is_told_in_one_thread(tmp_path: Path, mode: Mode, locale: str) -> None:
    home = make_home(tmp_path / "home")
    async with serve_slackd(SlackdOptions(realtime=True)) as slack, product(home, slack, mode):
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        conversation = await ask(slack, channel, SENTENCES[locale])
        await conversation.story()
        await slack.settled()
        assert written(home) == {"events": 1, "mails": 1, "agendas": 1}
        assert len(conversation.ours) == 4, [m["text"] for m in conversation.ours]
        assert slack.warnings == []
