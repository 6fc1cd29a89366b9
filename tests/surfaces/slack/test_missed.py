"""What was said while nobody listened is found once, paced, and as if it had been heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.slack.address import Thread
from bot.slack.inbound.events import message_delivery
from bot.slack.missed import (
    FURTHEST,
    LONGEST_PAUSE,
    MOST_CHANNELS,
    MOST_MESSAGES,
    MOST_TRIES,
    OVERLAP,
    PACE,
    Gap,
    Missed,
    Place,
    found_in,
    places,
    threads_in,
)
from bot.slack.web import PAGE, SlackWeb, slack_client
from engine.errors import UnavailableError
from tests.servers.slackd import Fault, Slackd, SlackdOptions, serve_slackd
from tests.surfaces.slack.calling import MANIFEST
from tests.surfaces.slack.intake import WORDS, Intake, Waits, logged, over_socket, room, soon, us
from tests.unit.slack.inbound.payloads import BOT, CHANNEL, DANA, DM, NOW, TEAM, US

HALF = timedelta(seconds=30)
GAP = Gap(since=NOW - timedelta(hours=2), until=NOW - timedelta(minutes=1))
TEAM_ROOM, DIRECT = Place(channel=CHANNEL, kind="channel"), Place(channel=DM, kind="im")


# What is chosen.


def ts(ago: timedelta) -> str:
    return f"{(NOW - ago).timestamp():.6f}"


def said(text: str, ago: timedelta, **more: Any) -> dict[str, Any]:
    return {"type": "message", "user": DANA, "text": text, "ts": ts(ago)} | more


def test_looking_begins_a_little_before_the_gap_and_not_before_yesterday() -> None:
    assert GAP.looked_at_from(NOW) == GAP.since - OVERLAP
    old = Gap(since=NOW - timedelta(days=9), until=NOW)
    assert old.looked_at_from(NOW) == NOW - FURTHEST


def test_looking_begins_nowhere_before_what_a_lost_memory_may_have_acted_on() -> None:
    floor = GAP.since - OVERLAP / 2
    gap = replace(GAP, not_before=floor)
    assert gap.looked_at_from(NOW) == floor
    assert gap.joined(replace(gap, since=floor - OVERLAP)).looked_at_from(NOW) == floor
    assert replace(gap, not_before=GAP.since - 2 * OVERLAP).looked_at_from(NOW) == GAP.since - OVERLAP


def test_two_gaps_are_looked_through_as_one() -> None:
    later = Gap(since=NOW - timedelta(minutes=2), until=NOW)
    assert later.joined(GAP) == Gap(since=GAP.since, until=NOW)
    assert GAP.joined(None) == GAP


def test_only_what_would_have_been_heard_is_found() -> None:
    hour = timedelta(hours=1)
    messages = [
        said(f"<@{BOT}> too old", timedelta(hours=3)),
        said(f"<@{BOT}> do it", hour),
        said("to nobody", hour),
        said("in a thread", hour, thread_ts=ts(timedelta(hours=5))),
        said("of ours", hour, user=BOT, bot_id="BBOT"),
        said(f"<@{BOT}> of another bot", hour, bot_id="B2"),
        said(f"<@{BOT}> joined", hour, subtype="channel_join"),
        {"ts": "never"},
    ]
    found = found_in(messages, TEAM_ROOM, GAP, US, NOW)
    assert [d.text for d in found] == ["do it", "in a thread"]
    assert [d.key for d in found] == [f"slack:{TEAM}:{CHANNEL}:{ts(hour)}"] * 2
    assert all(d.payload["missed"] is True for d in found)
    assert [d.text for d in found_in([said("hi", hour)], DIRECT, GAP, US, NOW)] == ["hi"]


def test_what_was_said_after_we_listened_again_was_not_missed() -> None:
    (found,) = found_in([said("hi", timedelta(seconds=5))], DIRECT, GAP, US, NOW)
    assert found.payload["missed"] is False


def test_channels_in_which_something_was_asked_come_first_then_those_that_moved_last() -> None:
    seconds = int(NOW.timestamp())
    channels = [
        {"id": "C1", "updated": (seconds - 90) * 1000},
        {"id": "C2", "updated": (seconds - 60) * 1000, "is_private": True},
        {"id": "D3", "latest": {"ts": ts(timedelta(seconds=30))}, "is_im": True},
        {"id": "G4", "created": seconds - 500, "is_mpim": True, "is_private": True},
        {"id": "C5", "is_archived": True},
        {"id": "D6", "is_im": True, "is_user_deleted": True},
        {"id": "C7"},
        {"name": "nameless"},
    ]
    chosen = places(channels, {"G4"})
    assert [(p.channel, p.kind) for p in chosen] == [
        ("G4", "mpim"), ("D3", "im"), ("C2", "group"), ("C1", "channel"), ("C7", "channel"),
    ]  # fmt: skip
    assert len(places([{"id": f"C{n}"} for n in range(500)])) == MOST_CHANNELS


def test_threads_that_were_written_in_since_are_looked_at_those_with_us_first() -> None:
    hour, day = timedelta(hours=1), timedelta(hours=20)
    messages = [
        said("others talk", day, latest_reply=ts(hour), reply_count=2),
        said(f"<@{BOT}> plan", day, latest_reply=ts(hour), reply_count=1, thread_ts=ts(day)),
        said("quiet since", day, latest_reply=ts(day), reply_count=1),
        said("no thread", hour),
        said("a reply", hour, thread_ts=ts(day), latest_reply=ts(hour)),
    ]
    assert [t.ts for t in threads_in(messages, TEAM_ROOM, GAP, US, NOW)] == [ts(day), ts(day)]
    first = threads_in(messages[:2], TEAM_ROOM, GAP, US, NOW)[0]
    assert first == Thread(team=TEAM, channel=CHANNEL, ts=ts(day))


# Looking, at a strict Slack.


@dataclass(slots=True)
class Looking:
    slack: Slackd
    missed: Missed
    intake: Intake
    clock: Waits
    threads: list[Thread] = field(default_factory=list[Thread])

    async def look(self, since: timedelta = timedelta(minutes=30)) -> None:
        """A connection that ends a gap, and everything looked through."""
        now = self.clock.now()
        self.missed.connected(now + timedelta(seconds=1), now - since)
        await soon(lambda: self.missed.behind_since is None)


@asynccontextmanager
async def looking(last_heard: datetime | None = None, failures: int = 0) -> AsyncGenerator[Looking]:
    intake, clock, threads = Intake(failures=failures), Waits(), list[Thread]()

    async def recent() -> Sequence[Thread]:
        return threads

    async with serve_slackd(SlackdOptions(manifest=MANIFEST)) as slack:
        async with slack_client(slack.bot_token, slack.api_url, timedelta(seconds=5)) as client:
            missed = Missed(SlackWeb(client), us(slack), intake.receive, clock, recent, last_heard)
            async with asyncio.TaskGroup() as group:
                running = group.create_task(missed.run())
                yield Looking(slack, missed, intake, clock, threads)
                running.cancel()
        assert slack.warnings == []


async def test_everything_said_meanwhile_is_found_in_channels_directly_and_in_threads_old_and_new() -> None:
    async with looking() as at:
        slack, channel = at.slack, room(at.slack)
        old = await slack.say(slack.avi, channel, "long ago")
        at.threads.append(Thread(team=slack.team_id, channel=channel.id, ts=old))
        await slack.say(slack.dana, channel, f"{slack.mention} in a channel", lost=True)
        await slack.say(slack.dana, channel, "to nobody", lost=True)
        await slack.say(slack.avi, slack.im(slack.avi), "directly", lost=True)
        await slack.say(slack.avi, channel, "in a known thread", thread_ts=old, lost=True)
        root = await slack.say(slack.dana, channel, f"{slack.mention} with a thread", lost=True)
        await slack.say(slack.avi, channel, "in a new thread", thread_ts=root, lost=True)
        await at.look()
        assert sorted(at.intake.texts) == [
            "directly", "in a channel", "in a known thread", "in a new thread", "with a thread",
        ]  # fmt: skip
        assert all(d.payload["missed"] for d in at.intake.taken)


async def test_what_was_heard_has_the_key_it_is_found_under() -> None:
    heard = Intake()
    async with over_socket(heard) as (slack, _):
        channel = room(slack)
        root = await slack.say(slack.dana, channel, f"{slack.mention} {WORDS}")
        await slack.say(slack.avi, channel, WORDS, thread_ts=root)
        await slack.settled()
        async with slack_client(slack.bot_token, slack.api_url, timedelta(seconds=5)) as client:
            found, clock = Intake(), Waits()
            missed = Missed(SlackWeb(client), us(slack), found.receive, clock, no_threads, None)
            missed.connected(clock.now() + timedelta(seconds=1), clock.now() - timedelta(minutes=1))
            running = asyncio.get_running_loop().create_task(missed.run())
            await soon(lambda: missed.behind_since is None)
            running.cancel()
            await asyncio.wait([running])
        assert {d.key: d.text for d in found.taken} == {d.key: d.text for d in heard.taken}
        assert {d.key: d.conversation_id for d in found.taken} == {d.key: d.conversation_id for d in heard.taken}


async def test_slack_is_asked_no_faster_than_it_allows_and_left_alone_when_it_says_so() -> None:
    async with looking() as at:
        slack = at.slack
        for number in range(6):
            channel = slack.add_channel(f"room-{number}", [slack.dana])
            await slack.say(slack.dana, channel, f"{slack.mention} {number}", lost=True)
        slack.faults.next("conversations.history", Fault.rate_limited(17), times=2)
        await at.look()
        assert sorted(at.intake.texts) == [str(number) for number in range(6)]
        calls = len(slack.log.calls("conversations.history")) - 2
        assert at.clock.waited.count(timedelta(seconds=17)) == 2
        assert at.clock.waited.count(PACE) >= calls


async def test_a_slack_that_is_away_for_a_while_is_waited_for() -> None:
    async with looking() as at:
        slack = at.slack
        await slack.say(slack.dana, slack.im(slack.dana), WORDS, lost=True)
        slack.faults.next("users.conversations", Fault.server_error(503), times=3)
        slack.faults.next("conversations.history", Fault.server_error(500), times=3)
        await at.look()
        assert at.intake.texts == [WORDS]
        pauses = [wait for wait in at.clock.waited if wait != PACE]
        assert pauses == [timedelta(seconds=s) for s in (2, 4, 8, 2, 4, 8)]


async def test_a_database_that_is_away_for_a_while_is_waited_for() -> None:
    async with looking(failures=2) as at:
        await at.slack.say(at.slack.dana, at.slack.im(at.slack.dana), WORDS, lost=True)
        await at.look()
        assert at.intake.texts == [WORDS]


async def test_what_slack_gave_up_delivering_because_it_could_not_be_kept_is_found_once_it_can() -> None:
    async with looking(failures=1) as at:
        direct = at.slack.im(at.slack.dana)
        await at.slack.say(at.slack.dana, direct, WORDS, lost=True)
        [message] = at.slack.messages(direct)
        event = {**message, "channel": direct.id, "channel_type": "im"}
        refused = message_delivery(event, us(at.slack), at.clock.now())
        assert refused is not None
        with pytest.raises(UnavailableError):
            await at.missed.receive(refused)
        assert at.missed.behind_since is not None
        await soon(lambda: at.missed.behind_since is None)
        assert at.intake.texts == [WORDS]
        await at.missed.receive(refused)
        assert at.missed.behind_since is None


async def test_a_channel_that_cannot_be_read_does_not_hide_the_others() -> None:
    async with logged() as lines, looking() as at:
        slack = at.slack
        for name in ("one", "two"):
            await slack.say(slack.dana, slack.add_channel(name, [slack.dana]), f"{slack.mention} {name}", lost=True)
        slack.faults.next("conversations.history", Fault.error("missing_scope"))
        await at.look()
        assert len(at.intake.texts) == 1
    assert any("slack_channel_unread" in line for line in lines)


async def test_a_channel_slack_could_not_give_is_looked_at_again_a_minute_later() -> None:
    async with logged() as lines, looking() as at:
        slack = at.slack
        await slack.say(slack.dana, slack.im(slack.dana), WORDS, lost=True)
        slack.faults.next("conversations.history", Fault.server_error(500), times=MOST_TRIES)
        await at.look()
        assert at.intake.texts == [WORDS]
        assert at.clock.waited.count(LONGEST_PAUSE) >= 1
    assert len([line for line in lines if "slack_look_back_ended" in line]) == 1


async def test_a_slack_that_is_away_for_longer_is_asked_again_until_it_is_back_and_nothing_is_forgotten_meanwhile() -> (
    None
):
    async with looking() as at:
        slack, rounds = at.slack, 4
        await slack.say(slack.dana, slack.im(slack.dana), WORDS, lost=True)
        slack.faults.next("users.conversations", Fault.server_error(503), times=rounds * MOST_TRIES)
        since = at.clock.now() - timedelta(minutes=5)
        at.missed.connected(at.clock.now() + timedelta(seconds=1), since)
        await soon(lambda: at.clock.waited)
        async with asyncio.timeout(20):
            while (behind := at.missed.behind_since) is not None:
                assert behind == since
                await asyncio.sleep(0)
        assert at.intake.texts == [WORDS]
        rests = [wait for wait in at.clock.waited if wait == LONGEST_PAUSE]
        assert len(rests) == rounds * 3  # the last two pauses between tries are as long


async def test_a_token_that_is_refused_is_tried_again_a_minute_later() -> None:
    async with logged() as lines, looking() as at:
        slack = at.slack
        await slack.say(slack.dana, slack.im(slack.dana), WORDS, lost=True)
        slack.faults.next("conversations.history", Fault.error("token_revoked"))
        await at.look()
        assert at.intake.texts == [WORDS]
        assert at.clock.waited.count(LONGEST_PAUSE) == 1
        assert len(slack.log.calls("users.conversations")) == 2
    assert len([line for line in lines if "slack_look_back_ended" in line]) == 1


async def test_a_gap_that_could_not_be_looked_through_for_a_day_is_given_up() -> None:
    async with logged() as lines, looking() as at:
        at.missed.connected(at.clock.now() - FURTHEST, at.clock.now() - FURTHEST - timedelta(hours=1))
        await soon(lambda: at.missed.behind_since is None)
        assert at.slack.log.calls() == []
    assert any("slack_gap_given_up" in line for line in lines)


# Busy channels.


async def test_in_a_busy_channel_a_thousand_messages_are_looked_through_at_the_pace_slack_allows() -> None:
    async with logged() as lines, looking() as at:
        slack = at.slack
        channel, quiet = room(slack), slack.add_channel("quiet", [slack.dana])
        for number in range(MOST_MESSAGES - 1):
            await slack.say(slack.dana, channel, f"talk {number}", lost=True)
        await slack.say(slack.avi, channel, f"{slack.mention} {WORDS}", lost=True)
        await slack.say(slack.avi, channel, f"{slack.mention} out of reach", lost=True)
        await at.look()
        assert at.intake.texts == [WORDS]
        calls = slack.log.calls("conversations.history")
        assert [call.params["channel"] for call in calls] == [channel.id] * (MOST_MESSAGES // PAGE) + [quiet.id]
        assert at.clock.waited == [PACE, PACE * (MOST_MESSAGES // PAGE)]
    assert any("slack_channel_looked_at_in_part" in line for line in lines)


# Which gaps.


async def test_a_first_start_looks_at_nothing() -> None:
    async with looking(None) as at:
        at.missed.connected(at.clock.now(), None)
        assert at.missed.behind_since is None
        await asyncio.sleep(0)
        assert at.slack.log.calls() == []


async def test_a_later_start_looks_from_when_an_earlier_process_last_heard() -> None:
    heard = datetime.now(UTC) - timedelta(minutes=10)
    async with looking(heard) as at:
        assert at.missed.behind_since == heard  # until it was looked through, whatever happens
        await at.slack.say(at.slack.dana, at.slack.im(at.slack.dana), WORDS, lost=True)
        at.missed.connected(at.clock.now() + timedelta(seconds=1), None)
        await soon(lambda: at.missed.behind_since is None)
        assert at.intake.texts == [WORDS]
        oldest = float(at.slack.log.calls("conversations.history")[0].params["oldest"])
        assert oldest == pytest.approx((heard - OVERLAP).timestamp())


async def test_a_line_changed_without_a_gap_looks_at_nothing() -> None:
    async with looking() as at:
        now = at.clock.now()
        at.missed.connected(now, now)
        await asyncio.sleep(0)
        assert at.missed.behind_since is None
        assert at.slack.log.calls() == []


async def test_a_bug_in_looking_neither_takes_the_surface_with_it_nor_ends_the_looking() -> None:
    class Odd:
        """Gives once what no Slack gives."""

        def __init__(self) -> None:
            self.left = 1

        async def channels(self) -> Sequence[dict[str, Any]]:
            return [{"id": "C1"}]

        async def history(self, channel: str, oldest: str, limit: int) -> Sequence[dict[str, Any]]:
            if self.left:
                self.left -= 1
                raise RuntimeError(channel)
            return [{"user": DANA, "text": f"<@{BOT}> {WORDS}", "ts": f"{(clock.now() - HALF).timestamp():.6f}"}]

        async def replies(
            self, channel: str, thread_ts: str, oldest: str = "0", limit: int = 200
        ) -> Sequence[dict[str, Any]]:
            raise NotImplementedError

    clock, intake = Waits(), Intake()
    missed = Missed(Odd(), US, intake.receive, clock, no_threads, None)
    async with logged() as lines, asyncio.TaskGroup() as group:
        running = group.create_task(missed.run())
        missed.connected(clock.now(), clock.now() - HALF * 2)
        await soon(lambda: missed.behind_since is None)
        assert intake.texts == [WORDS]
        assert LONGEST_PAUSE in clock.waited
        assert not running.done()
        running.cancel()
    assert any("slack_look_back_broke" in line for line in lines)


async def no_threads() -> Sequence[Thread]:
    return ()
