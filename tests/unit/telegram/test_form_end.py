"""How a form ends: closed, sent, decided elsewhere, replaced, forgotten, or gone on with in a new message."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.domain.approval import ApprovalStatus, Decision, DecisionVerb
from engine.domain.json import JsonValue
from tests.unit.forms.made import MEETING, gate
from tests.unit.telegram.forming import AVI, World, person


def meeting(locale: str = "en", **more: JsonValue) -> World:
    return World(locale=locale).about(gate({**MEETING, **more}), ScheduleMeetingArguments)


async def test_closing_changes_nothing_and_the_question_stays() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    await world.say("Other")
    await world.press("Close the form")
    assert world.form.text == "Form closed; nothing was changed. The question is still open."
    assert world.form.labels == []
    assert world.door.approval.status is ApprovalStatus.PENDING
    assert await world.say("Kick-off") is None
    await world.open("edit")
    assert "Title: Meeting with Yoav" in world.form.text


async def test_a_question_that_was_decided_meanwhile_says_so_and_closes() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    await world.door.decide(
        replace(person(AVI), role=person().role.OWNER), world.door.approval.id, Decision(verb=DecisionVerb.APPROVE)
    )
    await world.say("Other")
    assert world.form.text.startswith("Avi Cohen was first: already decided (approved) Monday, November 23, 2026")
    assert world.form.labels == []
    assert len(world.door.decisions) == 1
    assert await world.say("again") is None


@pytest.mark.parametrize("status", [ApprovalStatus.SUPERSEDED, ApprovalStatus.EXPIRED])
async def test_a_question_that_is_over_closes_its_form(status: ApprovalStatus) -> None:
    world = meeting()
    await world.open("edit")
    button = world.data("Title")
    world.door.approval = replace(world.door.approval, status=status)
    await world.press_data(world.form.number, button)
    told = {
        "superseded": "This question is not open any more: replaced by something newer.",
        "expired": "This question had expired",
    }
    assert world.form.text.startswith(told[status.value])
    assert world.door.decisions == []


async def test_somebody_who_decided_as_the_form_was_sent_was_first() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    await world.say("Other")
    send = world.door.decide
    owner = replace(person(AVI), role=person().role.OWNER)

    async def late(*args: Any) -> Any:
        world.door.decide = send  # type: ignore[method-assign]
        await send(owner, world.door.approval.id, Decision(verb=DecisionVerb.REJECT))
        return await send(*args)

    world.door.decide = late  # type: ignore[method-assign]
    await world.press("Approve with changes")
    assert world.form.text.startswith("Avi Cohen was first: already decided (rejected)")
    assert len(world.door.decisions) == 1


async def test_opened_again_it_goes_on_below_with_what_was_put_in() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    await world.say("Other")
    first = world.form
    await world.open("edit")
    assert (first.text, first.labels) == ("Another form was opened, so this one is closed.", [])
    assert "✏️ Title: Other" in world.form.text
    assert world.form is not first
    await world.press("Approve with changes")
    assert world.arguments()["title"] == "Other"


async def test_another_form_takes_its_place() -> None:
    world = meeting()
    await world.open("edit")
    first, button = world.form, world.data("Title")
    await world.open("reject")
    assert first.text == "Another form was opened, so this one is closed."
    assert await world.press_data(first.number, button) == "This form is closed."
    await world.say("no room")
    assert (world.decision.verb, world.decision.comment) == (DecisionVerb.REJECT, "no room")


async def test_a_form_older_than_a_day_is_forgotten() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    world.clock.advance(timedelta(days=1, seconds=1))
    assert await world.drafts.forget(world.clock.now() - timedelta(days=1)) == 1
    assert await world.say("Other") is None
    assert await world.press("Leave as it is") == "This form is closed."
    assert (world.form.text, world.form.labels) == ("This form is closed.", [])


async def test_a_form_whose_message_was_deleted_goes_on_in_a_new_one() -> None:
    world = meeting()
    await world.open("edit")
    await world.press("Title")
    world.form.gone = True
    await world.say("Other")
    assert len(world.chat.messages) == 2
    await world.press("Approve with changes")
    assert world.arguments()["title"] == "Other"
