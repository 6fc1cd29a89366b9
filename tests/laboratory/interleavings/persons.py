"""What persons do in the scenarios: each is one task, and acts when chance lets it."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.domain.approval import ApprovalKind, DecisionVerb
from engine.domain.event import EventType
from engine.domain.execution import Signal
from engine.domain.json import JsonObject
from engine.domain.tenant import Principal
from engine.planning.editing import PlanEdit
from engine.planning.follow_up import CHANGE, FOLLOW_UP
from tests.laboratory.interleavings.rig import Rig
from tests.laboratory.interleavings.world import network


async def answers(
    rig: Rig, who: Principal, verb: DecisionVerb, arguments: JsonObject | None = None, *, times: int = 1
) -> None:
    """Answer the first question as soon as it is open, and again."""
    asked = await rig.asked()
    for _ in range(times):
        await rig.decide(who, asked, verb, arguments=arguments)


async def steers(rig: Rig, who: Principal, *signals: Signal, most: int = 14) -> None:
    """Send signals, each some time after the one before."""
    execution = await rig.begun()
    for signal in signals:
        await rig.sometime(most)
        await rig.signal(who, execution, signal)


async def answers_all(rig: Rig, who: Principal, questions: int) -> None:
    """Say yes to whatever is asked, the moment it is."""
    for number in range(1, questions + 1):
        asked = await rig.asked(number)
        if asked is None:
            return
        approval = await rig.approval(asked)
        if approval.choices:
            await rig.decide(who, asked, DecisionVerb.CHOOSE, choice=approval.choices[0].id)
        else:
            await rig.decide(who, asked, DecisionVerb.APPROVE)


async def answers_at(rig: Rig, who: Principal, instant: str) -> None:
    """Answer a question about when it is reminded of, or expires."""
    asked = await rig.asked()
    if asked is None:
        return
    when = getattr(await rig.approval(asked), instant)
    await rig.at(when - timedelta(milliseconds=rig.random.choice((0, 1, 3, 6))))
    await rig.decide(who, asked, DecisionVerb.APPROVE)


async def changes(rig: Rig, who: Principal, text: str) -> None:
    """Write a change while it runs, and agree to it."""
    execution = await rig.begun()
    await rig.sometime()
    if await rig.offer(who, execution, text, text):
        return
    offers = [a for a in await rig.pending(execution) if a.topic == FOLLOW_UP]
    if offers:
        await rig.decide(who, offers[0].id, DecisionVerb.CHOOSE, choice=CHANGE)


async def approves_plans(rig: Rig, who: Principal, questions: int = 6) -> None:
    """Run every plan that is put before a person; what else is asked is somebody else's."""
    for number in range(1, questions + 1):
        asked = await rig.asked(number)
        if asked is None:
            return
        if (await rig.approval(asked)).kind in {ApprovalKind.PLAN, ApprovalKind.GATE}:
            await rig.decide(who, asked, DecisionVerb.APPROVE)


async def cancels_during(rig: Rig, who: Principal, step_id: str) -> None:
    """Cancel while this step is under way, or just after."""
    await rig.until(
        lambda: any((e.type, e.payload.get("step")) == (EventType.STEP_STARTED, step_id) for e in rig.events)
    )
    for _ in range(rig.random.randrange(5)):
        await network()
    await rig.signal(who, await rig.begun(), Signal.CANCEL)


async def cancels_at_retry(rig: Rig, who: Principal) -> None:
    """Cancel when a step is tried again: a little before, in the same tick, or a little after."""
    waits = "retry_at"
    await rig.until(lambda: any(waits in e.payload for e in rig.events))
    for event in [e for e in rig.events if waits in e.payload]:
        when = datetime.fromisoformat(str(event.payload[waits]))
        await rig.at(when + timedelta(milliseconds=rig.random.choice((-3, -1, 0, 0, 1))))
        await rig.signal(who, event.execution_id, Signal.CANCEL)


async def edits(rig: Rig, who: Principal, edit: PlanEdit, most: int = 20) -> None:
    """Edit the plan, some time after it was made."""
    execution = await rig.begun()
    await rig.sometime(most)
    await rig.edit(who, execution, edit, f"{who.id} {edit}")
