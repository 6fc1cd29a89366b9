"""How what an execution shows becomes messages: which there are, what goes first, and what is sent instead."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messenger import Picture, Urgency
from bot.render.texts import FIRST_STRONG_ISOLATE, POP_ISOLATE
from bot.render.view import CardLook, ExecutionView, render_view
from bot.slack.address import Thread
from bot.slack.drawings import MOST_BLOCKS, Ladder, clip, moved
from engine.domain.approval import ApprovalKind, ApprovalStatus
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.json import JsonValue, content_hash
from tests.servers.slackd import Fault
from tests.surfaces.slack.scene import Scene, asked, is_rich
from tests.unit.render.story import NOW, ask, snapshot

DONE, WAITING = ExecutionStatus.DONE, ExecutionStatus.WAITING
LOOK = CardLook(gated_agents=frozenset({"SchedulingAgent"}))
STATES: dict[str, dict[str, Any]] = {
    "planning": {"status": ExecutionStatus.PLANNING},
    "running": {"states": "+r.."},
    "gate": {"states": "+++w", "status": WAITING, "approvals": [(ApprovalKind.GATE, ApprovalStatus.PENDING)]},
    "choice": {"states": "+w..", "status": WAITING, "approvals": [(ApprovalKind.CHOICE, ApprovalStatus.PENDING)]},
    "plan": {"states": "....", "status": WAITING, "approvals": [(ApprovalKind.PLAN, ApprovalStatus.PENDING)]},
    "question": {"states": "+++w", "status": WAITING, "approvals": [(ApprovalKind.QUESTION, ApprovalStatus.PENDING)]},
    "paused": {"states": "+r..", "paused": True},
    "rejected": {
        "states": "+++x",
        "status": DONE,
        "outcome": ExecutionOutcome.REJECTED,
        "approvals": [(ApprovalKind.GATE, ApprovalStatus.REJECTED)],
    },
    "failed": {"states": "+-ss", "status": DONE, "outcome": ExecutionOutcome.FAILED},
    "succeeded": {
        "states": "++++",
        "status": DONE,
        "outcome": ExecutionOutcome.SUCCEEDED,
        "approvals": [(ApprovalKind.GATE, ApprovalStatus.APPROVED)],
    },
}


def view(name: str, locale: str = "en") -> ExecutionView:
    options = dict(STATES[name])
    approvals = tuple(ask(locale, kind, status) for kind, status in options.pop("approvals", ()))
    return render_view(snapshot(locale, approvals=approvals, **options), LOOK, now=NOW, names={})


@pytest.fixture
async def scene() -> AsyncGenerator[Scene]:
    async with asked() as scene:
        yield scene


def drawn(scene: Scene, name: str, locale: str = "en") -> dict[str, Picture]:
    return {picture.purpose: picture for picture in scene.messenger.draw(view(name, locale))}


async def test_there_is_one_card_one_reply_for_each_question_one_for_the_end_and_the_session(scene: Scene) -> None:
    assert list(drawn(scene, "running")) == ["card", "session"]
    assert list(drawn(scene, "gate")) == ["card", "approval:ap-gate", "session"]
    assert list(drawn(scene, "succeeded")) == ["card", "approval:ap-gate", "final", "session"]


async def test_what_a_person_waits_for_goes_first_and_what_the_next_state_makes_worthless_last(scene: Scene) -> None:
    def urgencies(name: str) -> dict[str, Urgency]:
        return {purpose: picture.urgency for purpose, picture in drawn(scene, name).items()}

    assert urgencies("planning")["card"] is Urgency.OPEN
    assert urgencies("gate") == {
        "card": Urgency.OPEN,
        "approval:ap-gate": Urgency.NOTIFY,
        "session": Urgency.SETTLE,
    }
    card = drawn(scene, "planning")["card"]
    await scene.messenger.post(scene.place, card, scene.key("card", "x-en"))
    assert urgencies("running")["card"] is Urgency.PROGRESS
    assert urgencies("gate")["card"] is Urgency.SETTLE
    ended = urgencies("succeeded")
    assert ended == {
        "card": Urgency.SETTLE,
        "approval:ap-gate": Urgency.SETTLE,
        "final": Urgency.NOTIFY,
        "session": Urgency.SETTLE,
    }


async def test_a_card_that_another_process_posted_is_known_once_it_is_edited(scene: Scene) -> None:
    ref = await scene.restarted().post(scene.place, drawn(scene, "planning")["card"], scene.key("card", "x-en"))
    assert drawn(scene, "running")["card"].urgency is Urgency.OPEN
    await scene.messenger.edit(scene.place, ref, drawn(scene, "running")["card"])
    assert drawn(scene, "running")["card"].urgency is Urgency.PROGRESS


@pytest.mark.parametrize("locale", ["en", "he"])
@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("taken", ["rich", "plain"])
async def test_every_state_is_taken_at_the_first_try(scene: Scene, name: str, locale: str, taken: str) -> None:
    if taken == "plain":
        scene.slack.faults.next("chat.postMessage", Fault.error("invalid_blocks"))
    for picture in scene.messenger.draw(view(name, locale)):
        wait = scene.messenger.wait(scene.place, None, Urgency.OPEN)
        scene.slack.clock.advance(wait.total_seconds())
        await scene.messenger.post(scene.place, picture, scene.key(picture.purpose))
    assert [call.answer for call in scene.slack.log.calls() if not call.ok and call.fault is None] == []


async def test_equal_states_are_equal_drawings_whatever_slack_has_refused_meanwhile(scene: Scene) -> None:
    def hashes() -> list[str]:
        return [content_hash(picture.body) for picture in scene.messenger.draw(view("gate"))]

    before = hashes()
    scene.slack.faults.next("chat.postMessage", Fault.error("invalid_blocks"), when=is_rich)
    card = drawn(scene, "gate")["card"]
    await scene.messenger.post(scene.place, card, scene.key())
    assert not is_rich(scene.slack.log.calls("chat.postMessage")[-1].params)
    assert hashes() == before


@given(
    st.text(st.sampled_from("xb של🧨&;<>!@#\u2068\u2069 \n"), max_size=120),
    st.integers(12, 60),
)
def test_a_text_is_cut_within_its_length_and_never_through_markup(raw: str, longest: int) -> None:
    escaped = raw.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("x", "<@U1>")
    cut = clip(escaped, longest)
    assert len(cut.encode("utf-16-le")) <= 2 * longest
    assert re.sub(r"&(amp|lt|gt);|<@U1>", "", cut).translate({ord(c): None for c in "b של🧨;!@#…\n\u2068\u2069"}) == ""
    if len(escaped.encode("utf-16-le")) <= 2 * longest:
        assert cut == escaped


def test_a_cut_closes_the_isolates_it_leaves_open() -> None:
    cut = clip(f"{FIRST_STRONG_ISOLATE}{'שלום ' * 100}{POP_ISOLATE}", 50)
    assert cut.count(FIRST_STRONG_ISOLATE) == cut.count(POP_ISOLATE) == 1


def test_a_message_with_as_many_blocks_as_slack_takes_says_why_it_is_elsewhere_in_its_text_alone() -> None:
    blocks: list[JsonValue] = [{"type": "divider"}] * MOST_BLOCKS
    told = moved({"text": "x", "blocks": blocks, "locale": "en"}, Thread(team="T", channel="C1", ts="1"))
    assert told["blocks"] == blocks
    assert str(told["text"]).endswith("\nx")
    fewer = moved({"text": "x", "blocks": blocks[1:], "locale": "en"}, Thread(team="T", channel="D1", ts="1"))
    assert len(cast("list[JsonValue]", fewer["blocks"])) == MOST_BLOCKS


def test_after_a_refusal_the_next_way_is_plainer_and_the_last_one_is_text() -> None:
    body = {"text": "word " * 2_000, "blocks": ["rich"], "plain": ["plain"]}
    ladder = Ladder(body, plain=False)
    assert (ladder.way, ladder.drawing()["blocks"]) == ("rich", ["rich"])
    assert ladder.descend("msg_too_long")
    assert (ladder.way, len(str(ladder.drawing()["text"])) <= 1_000) == ("rich", True)
    assert ladder.descend("msg_too_long")
    assert (ladder.way, ladder.drawing()["blocks"]) == ("plain", ["plain"])
    assert ladder.descend("invalid_blocks")
    assert (ladder.way, "blocks" in ladder.drawing()) == ("text", False)
    assert not ladder.descend("no_text")
    assert Ladder(body, plain=True).way == "plain"
    assert Ladder(body, plain=False, bare=True).way == "text"
    assert Ladder({"text": "x", "blocks": ["only"]}, plain=True).way == "plain"
