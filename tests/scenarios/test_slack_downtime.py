"""What happens while nobody is there: found on start, answered once, and said to be late."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.backup import copy_database
from storage.codec import instant
from storage.database import DATABASE_FILE
from storage.restore import restore
from tests.scenarios.lab import SENTENCES, STORY, TOMORROW, executions, make_home, plain, written
from tests.scenarios.slack_lab import Conversation, Mode, ask, local_slack, product, words_of


@pytest.mark.parametrize(
    "mode",
    [
        "socket",
        "http",
    ],
)
async def test_what_was_said_while_it_was_down_is_answered_once_and_said_to_be_late(tmp_path: Path, mode: Mode) -> None:
    make_home(tmp_path)
    async with local_slack(start=time.time() - 120, retry_after=(0.0, 9e4, 9e4)) as slack:
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        async with product(tmp_path, slack, mode):
            running = await ask(slack, channel, SENTENCES["en"])
            await running.gated()
            await slack.settled()
        slack.down()
        mention = await ask(slack, channel, TOMORROW["en"])
        private = await ask(slack, slack.im(slack.avi), TOMORROW["he"], user=slack.avi, mention=False)
        await slack.say(slack.avi, channel, "not for you")
        await running.says("stop")
        slack.up()
        async with product(tmp_path, slack, mode) as serving:
            for conversation in (running, mention, private):
                await conversation.finished(12)
            await slack.eventually(lambda: any("Stopped:" in text for text in running.texts))
            await slack.eventually(lambda: "found only now" in plain(words_of(mention.card)))
            assert "found only now" in words_of(mention.card)
            assert any("\u0590" < sign < "\u05ff" for sign in words_of(private.card))
            assert len(await executions(serving)) == 3
            assert written(tmp_path)["events"] == 0
        async with product(tmp_path, slack, mode) as serving:
            await (await ask(slack, channel, TOMORROW["he"])).finished()
            assert len(await executions(serving)) == 4, "nothing is found a second time"
        assert len(mention.ours) == len(private.ours) == 2


async def test_a_gate_survives_a_restart_and_what_was_pressed_meanwhile_is_pressed_again(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_slack() as slack:
        channel = slack.add_channel("general", members=[slack.dana])
        async with product(tmp_path, slack):
            conversation = await ask(slack, channel, SENTENCES["he"])
            gate, approve = await conversation.gated()
            await slack.settled()
        slack.down()
        assert not (await slack.click(slack.dana, channel, gate["ts"], approve)).ok
        slack.up()
        posted = len(conversation.ours)
        async with product(tmp_path, slack, "http"):
            assert conversation.with_button("approve") is not None
            assert written(tmp_path)["events"] == 0
            await conversation.press("approve")
            await conversation.finished()
        assert len(conversation.ours) == posted + 1
        assert written(tmp_path) == STORY


async def test_a_line_that_breaks_loses_nothing(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_slack() as slack, product(tmp_path, slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana])
        first = await ask(slack, channel, SENTENCES["en"])
        await first.sees("choose")
        slack.kill_sockets()
        lost = await slack.say(slack.dana, channel, f"{slack.mention} {TOMORROW['en']}", lost=True)
        await slack.eventually(lambda: slack.connections == 1, 20)
        await first.press("choose")
        await slack.disconnect_all("refresh_requested")
        await first.press("approve")
        await first.finished()
        second = Conversation(slack, channel, slack.dana, lost)
        await second.finished()
        assert len(await executions(serving)) == 2
        assert (len(first.ours), len(second.ours)) == (4, 2)
        assert written(tmp_path) == STORY


def restored(home: Path, copy: Path) -> None:
    restore(home, copy, instant(datetime.now(UTC)))


def cut_short(home: Path, copy: Path) -> None:
    """As a database is whose log is gone."""
    (home / DATABASE_FILE).write_bytes(copy.read_bytes())


@pytest.mark.parametrize("went_back", [restored, cut_short])
async def test_what_was_acted_on_after_a_backup_is_not_begun_again_and_what_is_said_since_is_found(
    tmp_path: Path, went_back: Callable[[Path, Path], None]
) -> None:
    make_home(tmp_path)
    copy = tmp_path / "copy"
    async with local_slack(start=time.time(), retry_after=(0.0, 9e4, 9e4)) as slack:
        channel = slack.add_channel("general", members=[slack.dana])
        async with product(tmp_path, slack):
            await (await ask(slack, channel, TOMORROW["he"])).finished()
            copy_database(tmp_path / DATABASE_FILE, copy)
            told = await ask(slack, channel, SENTENCES["en"])
            await told.story()
            assert written(tmp_path) == STORY
            await slack.settled()
        said = len(told.ours)
        went_back(tmp_path, copy)
        for _ in range(2):  # the second time a restart, soon after
            async with product(tmp_path, slack) as serving:
                before = len(await executions(serving))
                lost = await slack.say(slack.dana, channel, f"{slack.mention} {TOMORROW['en']}", lost=True)
                slack.kill_sockets()
                await slack.eventually(lambda: slack.connections == 1, 20)
                await Conversation(slack, channel, slack.dana, lost).finished()
                assert len(await executions(serving)) == before + 1
                assert before <= 2
        assert len(told.ours) == said
        assert written(tmp_path) == STORY
