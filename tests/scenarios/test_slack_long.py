"""A result that is longer than a message: on several of them, or whole in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.lab import TOMORROW, crowd, make_home
from tests.scenarios.slack_lab import ask, local_slack, product, words_of
from tests.servers.slackd.faults import Fault

TITLE = "Meeting {n}: what the scales of Tevuot said, and <!channel> nobody heard "


COUNT = 40


def crowded(home: Path, length: int) -> Path:
    """A home with many appointments tomorrow, each with a name of about this length."""
    return crowd(make_home(home), COUNT, f"{TITLE}{'word ' * (length // 5)}")


async def test_a_long_result_is_on_several_messages_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    crowded(tmp_path, 300)
    async with local_slack() as slack, product(tmp_path, slack):
        channel = slack.add_channel("general", members=[slack.dana])
        conversation = await ask(slack, channel, TOMORROW["en"])
        await conversation.finished(60)
        pages = conversation.ours[1:]
        assert 2 <= len(pages) <= 4
        words = " ".join(words_of(page) for page in pages)
        assert all(f"Meeting {n}:" in words for n in range(COUNT))
        assert [f"Part {n} of {len(pages)}" in words_of(page) for n, page in enumerate(pages, 1)] == [True] * len(pages)


@pytest.mark.parametrize("files", ["taken", "refused"])
async def test_a_very_long_result_is_whole_in_a_file(tmp_path: Path, files: str) -> None:
    crowded(tmp_path, 1_500)
    async with local_slack() as slack, product(tmp_path, slack):
        channel = slack.add_channel("general", members=[slack.dana])
        if files == "refused":
            slack.faults.next("files.getUploadURLExternal", Fault.error("file_uploads_disabled"))
        conversation = await ask(slack, channel, TOMORROW["en"])
        await conversation.finished(60)
        await slack.eventually(lambda: len(conversation.ours) == 6, 30)
        last = conversation.ours[-1]
        if files == "taken":
            [file] = last["files"]
            text = slack.file(file["id"]).decode()
            assert all(f"Meeting {n}:" in text for n in range(COUNT))
        else:
            assert "could not be attached" in last["text"]
