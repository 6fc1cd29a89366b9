"""The session of a thread: shown beside the messages, worth a try, and never in their way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.messenger import Picture, Urgency
from bot.render.card import render_card
from bot.render.view import CardLook, render_view
from bot.slack.address import principal_id
from bot.slack.session import LINE, REST_SECONDS, STATUS, session_picture
from engine.domain.approval import ApprovalKind
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.json import JsonObject
from engine.errors import UnavailableError
from tests.servers.slackd import Fault
from tests.surfaces.slack.scene import Scene, asked, picture, warnings_logged
from tests.unit.render.story import NOW, ask, snapshot

LOOK = CardLook(gated_agents=frozenset())


@pytest.fixture
async def scene() -> AsyncGenerator[Scene]:
    async with asked() as scene:
        yield scene


def session(status: str = "processing", line: str = "", execution: str = "x-secret", title: str = "Do it") -> Picture:
    body: JsonObject = {"status": status, "title": title, "line": line, "execution": execution, "process": "p"}
    return Picture(purpose="session", urgency=Urgency.PROGRESS, body=body)


async def test_a_session_is_made_named_and_moved(scene: Scene) -> None:
    ref = await scene.messenger.post(scene.place, session(line="is planning…"), scene.key("session"))
    made = scene.slack.log.calls(STATUS)[0].params
    assert (made["title"], made["initiator_user_id"]) == ("Do it", scene.slack.dana.id)
    assert scene.slack.session(scene.channel, scene.root) == "processing"
    assert scene.slack.status(scene.channel, scene.root) == "is planning…"
    await scene.messenger.edit(scene.place, ref, session())
    assert scene.slack.status(scene.channel, scene.root) is None, "planning is over"
    await scene.messenger.edit(scene.place, ref, session("suspended"))
    await scene.messenger.edit(scene.place, ref, session("active"))
    assert scene.slack.session(scene.channel, scene.root) == "active"
    assert len(scene.slack.log.calls(LINE)) == 2, "nothing is cleared that is not shown"
    assert await scene.messenger.find(scene.place, scene.key("session"), None) == ref
    assert scene.replies() == [], "it is no message"


@pytest.mark.parametrize("word", ["unknown_method", "missing_scope", "not_an_agent_app"])
async def test_what_slack_cannot_do_here_is_said_once_and_not_tried_again(scene: Scene, word: str) -> None:
    scene.slack.faults.next(STATUS, Fault.error(word), times=9)
    with warnings_logged() as logged:
        ref = await scene.messenger.post(scene.place, session(), scene.key("session"))
        for _ in range(3):
            scene.slack.clock.advance(5)
            await scene.messenger.edit(scene.place, ref, session("active", "is planning…"))
    assert len(scene.slack.log.calls(STATUS)) == 1
    assert len(logged) == 1
    assert scene.slack.status(scene.channel, scene.root) == "is planning…", "the other one works on"


@pytest.mark.parametrize("word", ["channel_not_found", "user_not_in_channel", "a_word_of_next_year"])
async def test_what_slack_refuses_of_one_session_is_as_good_as_shown_and_tried_with_the_next_state(
    scene: Scene, word: str
) -> None:
    scene.slack.faults.next(STATUS, Fault.error(word), times=2)
    with warnings_logged() as logged:
        ref = await scene.messenger.post(scene.place, session(), scene.key("session"))
        await scene.messenger.edit(scene.place, ref, session("suspended"))
        await scene.messenger.edit(scene.place, ref, session("active"))
    assert scene.slack.session(scene.channel, scene.root) == "active"
    assert len(logged) == 1


async def test_a_429_is_honoured_and_holds_no_message(scene: Scene) -> None:
    scene.slack.faults.next(STATUS, Fault.rate_limited(40))
    with pytest.raises(UnavailableError) as failed:
        await scene.messenger.post(scene.place, session(), scene.key("session"))
    assert failed.value.retry_after == timedelta(seconds=40)
    assert scene.messenger.wait(scene.place, f"{scene.channel.id}/session", Urgency.OPEN) == timedelta(seconds=40)
    assert scene.messenger.wait(scene.place, None, Urgency.OPEN) == timedelta(0)
    with pytest.raises(UnavailableError):
        await scene.messenger.post(scene.place, session(), scene.key("session"))
    assert len(scene.slack.log.calls(STATUS)) == 1
    await scene.messenger.post(scene.place, picture("Approve?", "approval:a"), scene.key("approval:a"))


async def test_what_fails_by_itself_rests_after_three_times_and_begins_again_later(scene: Scene) -> None:
    scene.slack.faults.next(STATUS, Fault.server_error(500), times=3)
    with warnings_logged() as logged:
        for _ in range(2):
            with pytest.raises(UnavailableError):
                await scene.messenger.post(scene.place, session(), scene.key("session"))
        for _ in range(3):
            await scene.messenger.post(scene.place, session(), scene.key("session"))
    assert len(scene.slack.log.calls(STATUS)) == 3
    assert len(logged) == 1
    scene.slack.clock.advance(REST_SECONDS)
    await scene.messenger.post(scene.place, session(), scene.key("session"))
    assert scene.slack.session(scene.channel, scene.root) == "processing"


async def test_while_nothing_is_taken_the_last_state_waits_with_the_messages(scene: Scene) -> None:
    scene.slack.faults.next("*", Fault.server_error(503), times=9)
    with pytest.raises(UnavailableError):
        await scene.messenger.post(scene.place, picture("one"), scene.key())
    for _ in range(8):
        scene.slack.clock.advance(5)
        with pytest.raises(UnavailableError):
            await scene.messenger.post(scene.place, session("active"), scene.key("session"))
    await scene.messenger.post(scene.place, session("active"), scene.key("session"))
    assert scene.slack.session(scene.channel, scene.root) == "active"


async def test_a_thread_is_at_work_while_anything_asked_in_it_is_and_waits_while_anything_waits(scene: Scene) -> None:
    refs: dict[str, str] = {}

    async def tell(execution: str, status: str) -> str | None:
        scene.slack.clock.advance(2)
        shown = session(status, execution=execution)
        if execution in refs:
            await scene.messenger.edit(scene.place, refs[execution], shown)
        else:
            refs[execution] = await scene.messenger.post(scene.place, shown, scene.key("session", execution))
        return scene.slack.session(scene.channel, scene.root)

    assert await tell("dana's", "processing") == "processing"
    assert await tell("dana's", "suspended") == "suspended"
    assert await tell("avi's", "processing") == "processing"
    assert await tell("avi's", "active") == "suspended", "dana's question is open"
    assert await tell("noa's", "suspended") == "suspended"
    assert await tell("dana's", "processing") == "processing"
    assert await tell("noa's", "active") == "processing", "it would lose its Stop button"
    assert await tell("dana's", "active") == "active"


async def test_executions_of_other_threads_do_not_count(scene: Scene) -> None:
    other = await scene.slack.say(scene.slack.avi, scene.channel, "do that", lost=True)
    place = scene.place_of(scene.channel, other)
    await scene.messenger.post(scene.place, session(), scene.key("session"))
    await scene.messenger.post(place, session("suspended", execution="x-2"), scene.key("session", "x-2"))
    assert scene.slack.session(scene.channel, scene.root) == "processing"
    assert scene.slack.session(scene.channel, other) == "suspended"


async def test_a_session_is_named_after_the_execution_that_goes_on_longest(scene: Scene) -> None:
    avi = replace(scene.place, user_id=principal_id(scene.slack.team_id, scene.slack.avi.id))

    def last() -> tuple[object, object]:
        sent = scene.slack.log.calls(STATUS)[-1].params
        return sent["title"], sent["initiator_user_id"]

    ref = await scene.messenger.post(scene.place, session(execution="x-1", title="Dana's"), scene.key("session", "x-1"))
    await scene.messenger.post(avi, session(execution="x-2", title="Avi's"), scene.key("session", "x-2"))
    assert last() == ("Dana's", scene.slack.dana.id)
    await scene.messenger.edit(scene.place, ref, session("active", execution="x-1", title="Dana's"))
    assert last() == ("Avi's", scene.slack.avi.id)
    await scene.messenger.edit(avi, ref, session("active", execution="x-2", title="Avi's"))
    assert last() == ("Avi's", scene.slack.avi.id), "of none that goes on, the one that ended"


async def test_the_line_of_one_that_is_planned_stays_while_another_goes_on(scene: Scene) -> None:
    ref = await scene.messenger.post(scene.place, session(line="is planning…"), scene.key("session"))
    await scene.messenger.post(scene.place, session(execution="x-2"), scene.key("session", "x-2"))
    assert scene.slack.status(scene.channel, scene.root) == "is planning…"
    await scene.messenger.edit(scene.place, ref, session())
    assert scene.slack.status(scene.channel, scene.root) is None


async def test_what_is_drawn_counts_before_it_is_told(scene: Scene) -> None:
    def drawn(states: str, **options: Any) -> Picture:
        view = render_view(snapshot("en", states=states, **options), LOOK, now=NOW, names={})
        return scene.messenger.draw(view)[-1]

    await scene.messenger.post(scene.place, drawn("+r.."), scene.key("session", "x-1"))
    drawn("++++", status=ExecutionStatus.DONE, outcome=ExecutionOutcome.SUCCEEDED)
    await scene.messenger.post(scene.place, session("suspended", execution="x-2"), scene.key("session", "x-2"))
    assert scene.slack.session(scene.channel, scene.root) == "suspended"


async def test_as_many_executions_as_are_remembered_and_no_more(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.session.MOST_LIVE", 2)
    for n in range(3):
        scene.slack.clock.advance(5)
        await scene.messenger.post(
            scene.place, session("suspended", execution=f"x-{n}", title=f"{n}"), scene.key("session", f"x-{n}")
        )
    assert [call.params["title"] for call in scene.slack.log.calls(STATUS)] == ["0", "0", "1"]


async def test_a_call_that_slack_does_not_answer_is_given_up_soon_and_counts_as_failed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.session.LONGEST_SECONDS", 0.05)
    scene.slack.faults.next(STATUS, Fault.latency(6_000), times=3)
    with warnings_logged() as logged:
        for _ in range(2):
            with pytest.raises(UnavailableError, match="no answer"):
                await scene.messenger.post(scene.place, session(), scene.key("session"))
        await scene.messenger.post(scene.place, session(), scene.key("session"))
    assert any("slack_extra_rests" in line for line in logged)
    await scene.messenger.post(scene.place, picture("Approve?", "approval:a"), scene.key("approval:a"))
    assert len(scene.replies()) == 1
    scene.slack.clock.advance(6_000)
    await scene.slack.eventually(lambda: scene.slack.session(scene.channel, scene.root) == "processing")


async def test_states_of_a_thread_reach_slack_one_after_another(scene: Scene) -> None:
    scene.slack.faults.next(STATUS, Fault.latency(60))
    tell = scene.messenger.post
    async with asyncio.TaskGroup() as group:
        group.create_task(tell(scene.place, session(), scene.key("session")))
        await scene.slack.eventually(lambda: scene.slack.faults.pending() == 0)
        group.create_task(tell(scene.place, session("active"), scene.key("session")))
        await scene.web.identity()  # whatever was sent before it has arrived
        scene.slack.clock.advance(60)
    assert [call.params["status"] for call in scene.slack.log.calls(STATUS)][-1] == "active"
    assert scene.slack.session(scene.channel, scene.root) == "active"


@pytest.mark.parametrize("locale", ["en", "he"])
def test_a_session_follows_its_card(locale: str) -> None:
    def told(**options: Any) -> tuple[object, Urgency, object]:
        drawn = session_picture(render_card(snapshot(locale, **options), now=NOW), "p")
        return drawn.body["status"], drawn.urgency, drawn.body["line"]

    line = {"en": "is planning…", "he": "מכין תוכנית…"}[locale]
    gate = (ask(locale, ApprovalKind.GATE),)
    assert told(status=ExecutionStatus.PLANNING) == ("processing", Urgency.PROGRESS, line)
    assert told(states="+r..") == ("processing", Urgency.PROGRESS, "")
    assert told(states="+++w", status=ExecutionStatus.WAITING, approvals=gate) == ("suspended", Urgency.SETTLE, "")
    assert told(states="+r..", paused=True) == ("suspended", Urgency.SETTLE, "")
    done = {"status": ExecutionStatus.DONE}
    assert told(states="++++", outcome=ExecutionOutcome.SUCCEEDED, **done) == ("active", Urgency.SETTLE, "")
    assert told(states="+-ss", outcome=ExecutionOutcome.CANCELLED, **done) == ("active", Urgency.SETTLE, "")


def test_a_title_carries_no_mention() -> None:
    card = render_card(snapshot("en"), now=NOW)
    hostile = session_picture(replace(card, title="<!channel> " * 40), "p")
    assert "<" not in str(hostile.body["title"])
    assert len(str(hostile.body["title"])) <= 200
