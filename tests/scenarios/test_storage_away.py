"""While nothing can be stored, chats are told nothing is taken: their messages come again, and the owner hears of it once."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.render.texts import Texts
from bot.serve import serve
from storage.backup import copy_database
from storage.database import DATABASE_FILE
from tests.scenarios.lab import TOMORROW, executions, make_home, plain
from tests.scenarios.slack_lab import local_slack, slack_settings
from tests.scenarios.slack_lab import product as slack_product
from tests.scenarios.telegram_lab import heard, local_telegram, team
from tests.scenarios.test_slack_who import claim as claim_in_slack

AWAY = "לא מצליח לשמור"
BACK = "שוב שומר נתונים"


async def test_a_message_in_telegram_sent_meanwhile_is_acted_on_once_when_it_can_be_stored(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram, tizmor_locale="he") as serving:
        with closing(sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            await telegram.say(telegram.avi, telegram.avi, TOMORROW["he"])
            await heard(telegram, telegram.dana, AWAY, 20)
            assert await executions(serving) == []
            shell.execute("ROLLBACK")
        await heard(telegram, telegram.dana, BACK, 20)
        await telegram.eventually(lambda: len(telegram.sent(telegram.avi)) > 0, 30)
        assert len(await executions(serving)) == 1
        assert len([m for m in telegram.sent(telegram.dana) if AWAY in str(m)]) == 1


async def test_a_message_in_slack_is_not_acknowledged_meanwhile_and_comes_again(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with (
        local_slack(retry_after=(0.0, 8.0, 16.0)) as slack,
        slack_product(tmp_path, slack, tizmor_locale="en") as serving,
    ):
        await claim_in_slack(slack, serving, slack.dana)
        with closing(sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            asking = asyncio.ensure_future(slack.say(slack.avi, slack.im(slack.avi), TOMORROW["en"]))  # noqa: TID251 - may outlast the lock
            owner = slack.im(slack.dana)
            await slack.eventually(lambda: any("cannot save" in str(m) for m in slack.messages(owner)), 20)
            assert await executions(serving) == []
            shell.execute("ROLLBACK")
        await slack.eventually(lambda: any("can save again" in str(m) for m in slack.messages(owner)), 20)
        await asking
        await slack.eventually(lambda: len(slack.messages(slack.im(slack.avi))) > 1, 60)
        assert len(await executions(serving)) == 1


async def test_that_commits_are_missing_is_told_to_the_owner_once_a_chat_can_tell_it(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_slack() as slack:
        async with slack_product(tmp_path, slack, tizmor_locale="en") as serving:
            await claim_in_slack(slack, serving, slack.dana)
            copy_database(tmp_path / DATABASE_FILE, tmp_path / "early")
            await slack.say(slack.dana, slack.im(slack.dana), TOMORROW["en"])
            await slack.eventually(lambda: len(slack.messages(slack.im(slack.dana))) > 2, 20)
        (tmp_path / DATABASE_FILE).write_bytes((tmp_path / "early").read_bytes())
        slack.down()
        settings = slack_settings(tmp_path, slack, tizmor_locale="en")
        words = str(Texts("en").say("storage_notice.missing"))
        async with serve(settings, outside=True):
            slack.up()
            await slack.eventually(
                lambda: any(words in plain(str(m)) for m in slack.messages(slack.im(slack.dana))), 20
            )
            assert len([m for m in slack.messages(slack.im(slack.dana)) if words in plain(str(m))]) == 1
