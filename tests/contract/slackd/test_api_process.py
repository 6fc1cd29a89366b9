"""The server as a process of its own, driven over its control interface."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from slack_sdk.errors import SlackApiError

from tests.contract.slackd.listening import sdk
from tests.servers.slackd import Fault, SlackdClient, run_slackd
from tests.servers.slackd.client import connect_slackd
from tests.servers.slackd.sample import sample_manifest


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.yml"
    path.write_text(yaml.safe_dump(sample_manifest()), "utf-8")
    return path


async def test_every_verb_works_from_another_process_and_state_outlives_the_app(manifest: Path) -> None:
    async with run_slackd(manifest) as slack:
        general = await slack.add_channel("general", members=[slack.dana, slack.avi])
        root = await slack.say(slack.dana, general, f"{slack.mention} hello")
        web = sdk(slack, slack.bot_token)
        web.retry_handlers = []
        await slack.faults.next("chat.postMessage", Fault.reset_after_commit(), match={"text": "~hel"})
        with pytest.raises(OSError):
            await web.chat_postMessage(channel=general.id, text="hello", thread_ts=root)
        await slack.eventually(lambda: _has_two(slack, general.id, root))
        before = await slack.now()
        await slack.advance(60)
        assert await slack.now() == before + 60
        assert (await slack.ledger())["posts"] != {}
        assert [entry["name"] for entry in await slack.log() if entry["kind"] == "api"] == ["chat.postMessage"]
        assert await slack.warnings() == []
        assert (await slack.command(slack.dana, general, "/tizmor", "help")).reason == "connection_failed"
        with pytest.raises(LookupError, match="no channel"):
            await slack.say(slack.dana, "nowhere", "x")
        async with connect_slackd(slack.info) as second:
            assert len(await second.messages(general)) == 2


async def test_on_real_time_the_clock_moves_by_itself_and_can_be_moved_ahead(manifest: Path) -> None:
    async with run_slackd(manifest, realtime=True) as slack:
        first = await slack.now()
        second = await slack.now()
        await slack.advance(1000)
        assert first < second
        assert await slack.now() - second >= 1000
        await slack.revoke_tokens()
        with pytest.raises(SlackApiError, match="token_revoked"):
            await sdk(slack, slack.bot_token).chat_postMessage(channel="C1", text="x")


async def _has_two(slack: SlackdClient, channel: str, root: str) -> bool:
    return len(await slack.messages(channel, root)) == 2
