"""Reasons, answers and changes of a plan, asked for in the chat."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.approval import ApprovalKind, DecisionVerb
from engine.domain.ids import StepId
from engine.domain.plan import Step
from engine.errors import RequestError
from tests.unit.forms.made import MEETING, gate
from tests.unit.render.story import ask
from tests.unit.telegram.forming import GROUP, World, asking


async def test_a_reason_is_asked_for_and_what_is_written_rejects() -> None:
    world = World().about(gate(MEETING))
    await world.open("reject")
    assert world.form.text == (
        "✏️ Reject\nSet up the meeting\n\nWhy not? (helps to do better)\nWrite it here, as a message."
    )
    assert world.form.labels == [["Reject without a reason"], ["Close the form"]]
    await world.say(" no\r\nroom ")
    assert (world.decision.verb, world.decision.comment) == (DecisionVerb.REJECT, "no\nroom")
    assert (world.form.text, world.form.labels) == ("✗ Rejected", [])


@pytest.mark.parametrize(
    ("action", "kind", "button", "words"),
    [
        ("reject", ApprovalKind.GATE, "דחייה בלי נימוק", "✗ נדחה"),
        ("drop", ApprovalKind.PLAN, "ביטול התוכנית בלי נימוק", "✗ התוכנית בוטלה"),
    ],
)
async def test_a_reason_can_be_left_out(action: str, kind: ApprovalKind, button: str, words: str) -> None:
    world = World(locale="he").about(asking(kind, "he"))
    await world.open(action)
    await world.press(button)
    assert (world.decision.verb, world.decision.comment) == (DecisionVerb.REJECT, None)
    assert world.form.text == words


async def test_words_that_are_too_long_are_asked_for_again_and_nothing_is_decided() -> None:
    world = World().about(gate(MEETING))
    await world.open("reject")
    await world.say("x" * 2_001)
    assert "⚠️ The comment is too long." in world.form.text
    assert world.door.decisions == []
    await world.say("short")
    assert world.decision.comment == "short"


async def test_an_answer_is_given_in_ones_own_words() -> None:
    world = World().about(asking(ApprovalKind.QUESTION, title="Which of the two reports?"))
    await world.open("answer")
    assert "Which of the two reports?" in world.form.text
    assert world.form.labels == [["Close the form"]]
    await world.say("the second, please")
    assert (world.decision.verb, world.decision.answer) == (DecisionVerb.ANSWER, "the second, please")
    assert world.form.text == "Answered: the second, please"


async def test_a_plan_is_changed_by_steps_and_by_words() -> None:
    world = World().about(asking(ApprovalKind.PLAN))
    await world.open("change")
    assert "Steps to keep\n1. ✅ Search documents: Tevuot, December\n2. ✅ Look up people: Yoav" in world.form.text
    assert world.form.labels[-2:] == [["Something else…"], ["Close the form"]]
    await world.press("2. Look up people: Yoav")
    await world.press("5. Write the agenda")
    assert "2. ⬜ Look up people: Yoav" in world.form.text
    await world.press("5. Write the agenda")
    assert "5. ✅ Write the agenda" in world.form.text
    await world.press("Something else…")
    assert "What should be different?" in world.form.text
    assert "For example: only the last two weeks" in world.form.text
    await world.say("only two weeks")
    assert "What should be different?\nonly two weeks" in world.form.text
    assert world.door.decisions == []
    await world.press("Change")
    assert world.decision.verb is DecisionVerb.MODIFY
    assert world.arguments() == {"drop": ["s2"], "text": "only two weeks"}
    assert world.form.text == "The plan is being changed"


async def test_words_alone_change_a_plan_and_can_be_left_as_they_were() -> None:
    world = World().about(asking(ApprovalKind.PLAN))
    await world.open("change")
    await world.press("Something else…")
    await world.say("only two weeks")
    await world.press("Something else…")
    await world.press("Leave as it is")
    await world.press("Change")
    assert world.arguments() == {"text": "only two weeks"}


async def test_a_change_that_changes_nothing_is_not_sent() -> None:
    world = World().about(asking(ApprovalKind.PLAN))
    await world.open("change")
    told = await world.press_data(world.form.number, f"m:{'b' * 32}:s.{world.user}")
    assert told == "Say what should change, or take out a step."
    assert world.door.decisions == []


async def test_a_long_plan_has_pages() -> None:
    world = World().about(asking(ApprovalKind.PLAN))
    shot = world.door.shot
    assert shot.plan is not None
    more = tuple(Step(id=StepId(f"m{n}"), agent="DriveSearchAgent", title=f"More {n} " + "w" * 190) for n in range(30))
    world.door.shot = replace(shot, plan=replace(shot.plan, steps=(*shot.plan.steps, *more)))
    await world.open("change")
    for _ in range(4):
        await world.press("Next part")
    await world.press(world.form.labels[-4][0])
    await world.press("Change")
    assert world.arguments() == {"drop": ["m29"]}


async def test_in_a_group_what_is_asked_is_answered_with_a_reply() -> None:
    world = World(where=GROUP).about(gate(MEETING))
    await world.open("reject")
    prompt = world.chat.messages[-1]
    assert prompt.text == "Reply to this message: Why not? (helps to do better)"
    assert prompt.body["force_reply"] == {"placeholder": "Why not? (helps to do better)"}
    assert (prompt.target.reply_to, prompt.target.topic) == (40, 9)
    await world.say("x" * 2_001)
    again = world.chat.messages[-1]
    assert again.text.startswith("⚠️ The comment is too long.\nReply to this message:")
    await world.say("no room", reply_to=again.number)
    assert world.decision.comment == "no room"
    assert len(world.chat.messages) == 3


async def test_a_form_of_a_question_without_one_is_refused() -> None:
    world = World().about(ask("en", ApprovalKind.CHOICE))
    with pytest.raises(RequestError, match="button_unknown"):
        await world.open("approve_all")
