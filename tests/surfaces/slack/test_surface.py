"""Slack as a part of the running product: whether it hears, what it keeps when it is started again, who may become its owner."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.cli import about_slack
from bot.gateway import Gateway
from bot.serve import Serving, serve
from bot.slack.address import SURFACE
from bot.slack.surface import SlackSurface
from engine.errors import UnavailableError
from storage.codec import instant
from storage.database import open_database
from storage.message_log_store import SqliteMessageLog
from tests.scenarios.lab import TOMORROW, executions, make_home, plain
from tests.scenarios.slack_lab import local_slack, product, slack_settings, whispered
from tests.servers.slackd import Slackd, User
from tests.servers.slackd.faults import Fault
from tests.surfaces.slack.intake import logged, soon
from tests.waiting import until


def surface_of(serving: Serving) -> SlackSurface:
    assert serving.tizmor.slack is not None
    return serving.tizmor.slack


# Hearing nothing.


@asynccontextmanager
async def deaf(home: Path, slack: Slackd, locale: str = "en") -> AsyncGenerator[tuple[Serving, list[str]]]:
    """The product with nothing but the bot's token, and what is printed at its start."""
    settings = slack_settings(make_home(home), slack, tizmor_locale=locale)
    settings = settings.model_copy(update={"slack_app_token": None, "slack_signing_secret": None})
    async with serve(settings, outside=True) as serving:
        await slack.eventually(lambda: slack.log.calls("auth.test"))
        yield serving, [await about_slack(serving.tizmor, settings)]


@pytest.mark.parametrize(("locale", "words"), [("en", "Nothing reaches Tizmor"), ("he", "שום דבר לא מגיע")])
async def test_with_the_bots_token_alone_it_is_not_ready_and_says_so_once(
    tmp_path: Path, locale: str, words: str
) -> None:
    async with logged() as lines, local_slack() as slack, deaf(tmp_path, slack, locale) as (serving, printed):
        await soon(lambda: any("slack_known" in line for line in lines))
        assert not surface_of(serving).ready
        assert (await serving.tizmor.door.ready())["slack"] is False
        assert len(printed) == 1  # and no code, which could be sent nowhere
        assert words in printed[0]
        assert "SLACK_APP_TOKEN" in printed[0]
        assert "SLACK_SIGNING_SECRET" in printed[0]
        assert len([line for line in lines if line.startswith("ERROR slack_no_delivery")]) == 1


async def test_with_the_bots_token_alone_nothing_is_looked_for_and_nothing_noted_as_heard(tmp_path: Path) -> None:
    async with local_slack() as slack:
        await slack.say(slack.dana, slack.im(slack.dana), TOMORROW["en"], lost=True)
        async with logged() as lines, deaf(tmp_path, slack):
            await soon(lambda: any("slack_known" in line for line in lines))
        assert slack.log.calls("users.conversations") == []
    async with open_database(tmp_path, now=instant(datetime.now(UTC))) as database:
        assert await SqliteMessageLog(database).last_heard(SURFACE) is None


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_with_either_way_in_it_has_no_trouble(tmp_path: Path, mode: Any) -> None:
    async with local_slack() as slack, product(make_home(tmp_path), slack, mode) as serving:
        surface = surface_of(serving)
        await soon(lambda: surface.ready)
        assert surface.trouble == ""
        settings = slack_settings(tmp_path, slack, mode)
        assert "claim" in await about_slack(serving.tizmor, settings)


# Started again.


async def test_a_command_that_was_half_done_when_the_surface_broke_opens_no_second_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, broken, orchestrate, heard = list[None](), [False], Gateway.orchestrate, SqliteMessageLog.heard
    open_line = SlackSurface._open_line  # pyright: ignore[reportPrivateUsage]

    async def counted(self: SlackSurface, *given: Any) -> Any:
        runs.append(None)
        return await open_line(self, *given)

    async def refused(self: Gateway, *given: Any) -> Any:
        if len(runs) < 2:
            broken[0] = True
            raise UnavailableError("storage_unavailable", "away")
        return await orchestrate(self, *given)

    async def unheard(self: SqliteMessageLog, *given: Any) -> None:
        if broken[0] and len(runs) < 2:
            raise RuntimeError("the surface breaks")
        await heard(self, *given)

    monkeypatch.setattr(SlackSurface, "_open_line", counted)
    monkeypatch.setattr(Gateway, "orchestrate", refused)
    monkeypatch.setattr(SqliteMessageLog, "heard", unheard)
    async with local_slack() as slack, product(make_home(tmp_path), slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana])
        await slack.command(slack.dana, channel, "/tizmor", TOMORROW["en"])
        await soon(lambda: broken[0])
        await slack.disconnect_all()  # at the next connection it notes what it heard, and breaks
        found = await until(partial(executions, serving), bool)
        await slack.settled()
        roots = [m for m in slack.messages(channel) if m.get("thread_ts", m["ts"]) == m["ts"] and m.get("bot_id")]
        assert len(roots) == 1
        assert len(found) == 1
        assert str(found[0].execution.request.conversation_id).endswith(f":{roots[0]['ts']}")


# Owners who left.


async def claim(slack: Slackd, serving: Serving, user: User) -> None:
    code = await surface_of(serving).claim_code()
    assert code is not None
    await slack.command(user, slack.im(user), "/tizmor", f"claim {code}")
    await whispered(slack, user, "You are the owner now")


async def test_a_start_after_the_owner_left_offers_the_place_to_somebody_else(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_slack() as slack:
        async with product(tmp_path, slack) as serving:
            await claim(slack, serving, slack.avi)
        async with product(tmp_path, slack) as serving:
            assert await surface_of(serving).claim_code() is None
        slack.deactivate(slack.avi)
        async with product(tmp_path, slack) as serving:
            await claim(slack, serving, slack.dana)
            assert await surface_of(serving).claim_code() is None


@pytest.mark.parametrize("fault", [Fault.server_error(503), Fault.error("missing_scope"), Fault.error("invalid_auth")])
async def test_while_slack_does_not_say_whether_the_owner_left_no_code_is_offered(tmp_path: Path, fault: Fault) -> None:
    async with local_slack() as slack, product(make_home(tmp_path), slack) as serving:
        await claim(slack, serving, slack.avi)
        slack.deactivate(slack.avi)
        slack.faults.next("users.info", fault)
        assert await surface_of(serving).claim_code() is None
        assert await surface_of(serving).claim_code() is not None


async def test_a_mistyped_claim_is_seen_by_nobody_else_and_the_code_is_void(tmp_path: Path) -> None:
    async with local_slack() as slack, product(make_home(tmp_path), slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        code = await surface_of(serving).claim_code()
        await slack.command(slack.dana, channel, "/tizmor", f"clam {code}")
        await whispered(slack, slack.dana, "the code is void")
        await slack.command(slack.avi, channel, "/tizmor", f"claim {code}")
        await whispered(slack, slack.avi, "not valid")
        assert [m for m in slack.messages(channel) if str(code) in plain(str(m["text"]))] == []


# What owners are told.


async def test_whoever_tells_the_owners_something_learns_whether_anybody_was_told(tmp_path: Path) -> None:
    async with local_slack() as slack, product(make_home(tmp_path), slack, tizmor_locale="en") as serving:
        surface = surface_of(serving)
        assert not await surface.tell_owners("storage_notice.answers"), "nobody owns it yet"
        await claim(slack, serving, slack.avi)
        assert await surface.tell_owners("storage_notice.answers")
        slack.faults.next("chat.postMessage", Fault.error("not_in_channel"))
        assert not await surface.tell_owners("storage_notice.answers")
        assert len([m for m in slack.messages(slack.im(slack.avi)) if "can save again" in plain(str(m))]) == 1
    assert not await surface.tell_owners("storage_notice.answers"), "it does not know who it is any more"
