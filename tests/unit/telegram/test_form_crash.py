"""A delivery may be handled again, as after a crash between any two effects: what comes of a form is the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.domain.approval import ApprovalKind, ApprovalStatus
from engine.errors import UnavailableError
from tests.unit.forms.made import MEETING, gate
from tests.unit.telegram.forming import GROUP, PRIVATE, CrashError, World, asking
from tests.unit.telegram.stepping import a_step

Delivery = Callable[[], Awaitable[object]]


def opened(action: str) -> Callable[[World, str], Delivery]:
    return lambda world, key: lambda: world.open(action, key=key)


def pressed(label: str) -> Callable[[World, str], Delivery]:
    """The button as it was when it was pressed."""

    def made(world: World, key: str) -> Delivery:
        number, data = world.form.number, world.data(label)
        return lambda: world.press_data(number, data, key=key)

    return made


def said(text: str) -> Callable[[World, str], Delivery]:
    def made(world: World, key: str) -> Delivery:
        reply_to = 0 if world.where.private else world.chat.messages[-1].number
        return lambda: world.say(text, reply_to=reply_to, key=key)

    return made


EDIT = (
    opened("edit"), pressed("Title"), said("x" * 301), said("Kick-off"), pressed("Starts"), said("15:00"), pressed("Time zone"),
    said("Mars/Base"), said("Europe/Berlin"), pressed("Approve with changes"),
)  # fmt: skip
REJECT = (opened("edit"), opened("reject"), said("x" * 2_001), said("no room"))
CHANGE = (
    opened("change"), pressed("2. Look up people: Yoav"), pressed("3. Sum up what was found"), pressed("3. Sum up what was found"),
    pressed("Something else…"), said("only two weeks"), pressed("Change"),
)  # fmt: skip
STEP = (
    opened("edit_step"), pressed("Title"), said("x" * 301), said("Kick-off"), pressed("Starts"), said("15:00"), pressed("Save"),
)  # fmt: skip
GIVEN_UP = (opened("edit"), pressed("Title"), said("Kick-off"), pressed("Title"), said("never mind"))
STORIES: dict[str, Sequence[Callable[[World, str], Delivery]]] = {
    "edit": EDIT,
    "edit in a group": EDIT,
    "reject": REJECT,
    "reject in a group": REJECT,
    "change": CHANGE,
    "step": STEP,
    "step in a group": STEP,
    "given up": GIVEN_UP,
}
MOST_EFFECTS = 60


def begin(story: str) -> World:
    where = GROUP if "group" in story else PRIVATE
    if story.startswith("step"):
        return a_step(where=where)[0]
    world = World(where=where)
    if story == "change":
        return world.about(asking(ApprovalKind.PLAN))
    return world.about(gate(MEETING), ScheduleMeetingArguments)


async def play(world: World, story: str, *, twice: bool = False) -> None:
    for number, step in enumerate(STORIES[story]):
        deliver = step(world, f"telegram:1:{number}")
        try:
            await deliver()
        except CrashError:
            await deliver()
        if twice:
            await deliver()


def outcome(world: World) -> dict[str, Any]:
    """What a form comes to: the decision, what is kept, and what the chat shows in the end."""
    numbers = {"message", "left", "was", "prompt", "prompts"}
    kept = {name: value for name, value in world.draft.items() if name not in numbers}
    return {"decisions": world.door.decisions, "kept": kept, "shown": (world.form.text, world.form.labels)}


@pytest.mark.parametrize("story", STORIES)
async def test_every_delivery_handled_twice_changes_nothing(story: str) -> None:
    once, twice = begin(story), begin(story)
    await play(once, story)
    await play(twice, story, twice=True)
    assert outcome(twice) == outcome(once)
    assert [message.text for message in twice.chat.messages] == [message.text for message in once.chat.messages]
    assert len(once.door.decisions) == (0 if story == "given up" else 1)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("story", STORIES)
async def test_a_crash_at_any_effect_changes_nothing(story: str, after: bool) -> None:
    whole = begin(story)
    await play(whole, story)
    effects = whole.breaking.count
    assert 8 < effects < MOST_EFFECTS
    for at in range(1, effects + 1):
        world = begin(story)
        world.breaking.at, world.breaking.after = at, after
        await play(world, story)
        assert outcome(world) == outcome(whole), f"effect {at}"
        await no_button_does_anything(world)


async def no_button_does_anything(world: World) -> None:
    """A message that nobody knows of, because of the crash, is none of the form's: its buttons only close it."""
    left = [message for message in world.chat.messages if message.body.get("keyboard")]
    assert len(left) <= 1
    for message in left:
        assert await world.press_data(message.number, message.body["keyboard"][0][0]["data"]) == "This form is closed."
        assert message.labels == []


async def test_a_decision_that_was_made_before_the_crash_is_not_somebody_elses() -> None:
    """The tool writes arguments its own way, so that what was decided is not to the letter what was sent."""
    world = World().about(gate({**MEETING, "title": " Old "}), ScheduleMeetingArguments)
    for step in (opened("edit"), pressed("Title"), said("Kick-off"), pressed("Description"), said("one\r\nthree")):
        await step(world, world.key())()
    world.door.model = Spaced
    deliver = pressed("Approve with changes")(world, "last")
    world.breaking.at, world.breaking.after = world.breaking.count + 2, True
    with pytest.raises(CrashError):
        await deliver()
    assert world.door.approval.status is ApprovalStatus.MODIFIED
    await deliver()
    assert world.form.text == "✓ Approved with changes"
    assert len(world.door.decisions) == 1


class Spaced(ScheduleMeetingArguments):
    """Says where it is."""

    where: str = "here"


async def test_an_old_decision_of_ones_own_is_told_as_such() -> None:
    world = begin("edit")
    for step in (opened("edit"), pressed("Title"), said("Kick-off")):
        await step(world, world.key())()
    world.door.approval = replace(
        world.door.approval, status=ApprovalStatus.REJECTED, decided_at=world.clock.now(), decided_by=world.person.id
    )
    await pressed("Approve with changes")(world, "last")()
    assert world.door.decisions == []
    assert "✓" not in world.form.text


async def test_a_decision_that_cannot_be_made_now_is_made_later_and_not_forgotten() -> None:
    world = begin("edit")
    for step in (opened("edit"), pressed("Title"), said("Kick-off")):
        await step(world, world.key())()
    send, world.door.decide = world.door.decide, broken  # type: ignore[method-assign]
    deliver = pressed("Approve with changes")(world, "last")
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await deliver()
    world.door.decide = send  # type: ignore[method-assign]
    await deliver()
    assert world.arguments()["title"] == "Kick-off"


async def broken(*_: object) -> Any:
    raise UnavailableError("storage_unavailable", "Away.")
