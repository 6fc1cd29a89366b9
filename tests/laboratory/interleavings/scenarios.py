"""The scenarios: what people and timers do to each other in the same moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.domain.approval import DecisionVerb
from engine.domain.artifact import Artifact
from engine.domain.execution import Signal
from engine.domain.ids import StepId
from engine.domain.plan import Plan
from engine.errors import UnavailableError
from engine.planning.editing import ChangeInputs, Drop
from engine.ports.agents import StepContext
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from tests.lab import OWNER, NoteInputs, World, note, plan, step
from tests.laboratory.interleavings.evidence import Evidence
from tests.laboratory.interleavings.persons import (
    answers,
    answers_all,
    answers_at,
    cancels_at_retry,
    cancels_during,
    changes,
    edits,
    steers,
)
from tests.laboratory.interleavings.rig import ASKER
from tests.laboratory.interleavings.scenario import ASKS, Diligent, Scenario, world
from tests.laboratory.interleavings.world import network

APPROVE, REJECT, MODIFY = DecisionVerb.APPROVE, DecisionVerb.REJECT, DecisionVerb.MODIFY
PAUSE, RESUME, CANCEL = Signal.PAUSE, Signal.RESUME, Signal.CANCEL

GATED = plan(step("a"), step("p", "Publisher", left="a"))
READS = plan(step("a"), step("b", left="a"))
CHAIN = plan(
    step("f", "Finder"),
    step("p", "Publisher", person="f!"),
    step("q", "Publisher", left="p"),
    step("z", left="q"),
)
WIDE = plan(step("a"), step("b"), step("c", left="a", right="b"), step("p", "Publisher", left="c"), step("d", left="a"))
UNSURE = plan(step("a"), step("b", left="a"), step("c"), sure=False)


def ends(*outcomes: str) -> frozenset[str]:
    """Outcomes that are right."""
    return frozenset(outcomes)


def drafting() -> World:
    """A planner that drafts a read it then keeps or corrects, and takes its time."""

    async def planner(brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        desk.drafted(step("f", "Early", "draft"))
        for _ in range(3):
            await network()
        kept = "draft" if brief.request.text == "keep" else "other"
        steps = plan(step("f", "Early", kept), step("p", "Publisher", left="f"))
        return replace(steps, version=brief.version)

    return replace(world(READS, Early=Diligent()), planner=planner, early=frozenset({"Early"}))


class Flaky:
    """Not there at its first attempts."""

    def __init__(self, times: int) -> None:
        self._left = times

    async def __call__(self, inputs: NoteInputs, context: StepContext) -> Artifact:
        if self._left:
            self._left -= 1
            raise UnavailableError("contacts_unavailable", "not just now")
        return note(inputs.text)


def printed(evidence: Evidence, text: str) -> int:
    """How often the press printed this."""
    return sum(p.text == text for p in evidence.prints)


def what_was_decided_is_printed(evidence: Evidence) -> Sequence[str]:
    """An edit is printed as edited, and a plain yes as asked."""
    taken = [a["status"] for a in evidence.rows.approvals if a["kind"] == "gate"]
    texts = [p.text for p in evidence.prints]
    wanted = {"approved": ["p"], "modified": ["edited"]}.get(taken[0] if taken else "", [])
    return [] if texts == wanted else [f"{taken} came to {texts}"]


def one_execution(evidence: Evidence) -> Sequence[str]:
    """The same delivery is the same execution."""
    number = len(evidence.rows.executions)
    return [] if number == 1 else [f"{number} executions of one delivery"]


def changes_are_taken_up(evidence: Evidence) -> Sequence[str]:
    """A change agreed to is in a plan put before the person, unless they stopped or refused first."""
    agreed = {a["id"] for a in evidence.rows.approvals if a["body"].get("chosen") == "change"}
    taken = {i for a in evidence.rows.approvals for i in a["body"]["parameters"].get("follow_ups", "").split()}
    over = {e["id"] for e in evidence.rows.executions if e["outcome"] in {"cancelled", "rejected"}}
    left = [a for a in evidence.rows.approvals if a["id"] in agreed - taken and a["execution_id"] not in over]
    return [f"the change {a['body']['title']!r} was agreed to and is in no plan" for a in left]


SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="approve-or-reject",
            worlds=lambda _: world(GATED),
            persons=lambda rig: [rig.ask(), answers(rig, OWNER, APPROVE), answers(rig, ASKER, REJECT)],
            ends=ends("succeeded", "rejected"),
        ),
        Scenario(
            name="double-click",
            worlds=lambda _: world(GATED),
            persons=lambda rig: [
                rig.ask(),
                *(answers(rig, who, APPROVE, times=2) for who in (OWNER, ASKER) for _ in range(2)),
            ],
            ends=ends("succeeded"),
        ),
        Scenario(
            name="approve-or-edit",
            worlds=lambda _: world(GATED),
            persons=lambda rig: [
                rig.ask(),
                answers(rig, OWNER, APPROVE),
                answers(rig, ASKER, MODIFY, {"text": "edited"}),
            ],
            ends=ends("succeeded"),
            check=what_was_decided_is_printed,
        ),
        Scenario(
            name="decide-or-expire",
            worlds=lambda _: world(GATED),
            persons=lambda rig: [rig.ask(), answers_at(rig, ASKER, "expires_at"), answers_at(rig, OWNER, "expires_at")],
            ends=ends("succeeded", "rejected"),
        ),
        Scenario(
            name="decide-or-remind",
            worlds=lambda _: world(GATED),
            persons=lambda rig: [rig.ask(), answers_at(rig, ASKER, "remind_at")],
            ends=ends("succeeded"),
        ),
        Scenario(
            name="cancel-or-end",
            worlds=lambda _: world(WIDE),
            persons=lambda rig: [rig.ask(), answers_all(rig, ASKER, 2), steers(rig, OWNER, CANCEL, most=24)],
            ends=ends("succeeded", "cancelled"),
        ),
        Scenario(
            name="cancel-or-last-step",
            worlds=lambda _: world(READS),
            persons=lambda rig: [rig.ask(), cancels_during(rig, OWNER, "b")],
            ends=ends("succeeded", "cancelled"),
        ),
        Scenario(
            name="cancel-or-approve",
            worlds=lambda _: world(GATED),
            persons=lambda rig: [
                rig.ask(),
                answers(rig, ASKER, APPROVE),
                steers(rig, OWNER, CANCEL),
                steers(rig, ASKER, CANCEL),
            ],
            ends=ends("succeeded", "cancelled"),
        ),
        Scenario(
            name="cancel-or-replan",
            worlds=lambda _: world(WIDE, GATED),
            persons=lambda rig: [
                rig.ask(),
                answers_all(rig, ASKER, 6),
                changes(rig, ASKER, "less"),
                steers(rig, OWNER, CANCEL, most=30),
            ],
            ends=ends("succeeded", "cancelled"),
            check=changes_are_taken_up,
        ),
        Scenario(
            name="pause-or-end",
            worlds=lambda _: world(WIDE),
            persons=lambda rig: [
                rig.ask(),
                answers_all(rig, ASKER, 2),
                steers(rig, OWNER, PAUSE, RESUME, PAUSE, RESUME, most=20),
                steers(rig, ASKER, PAUSE, RESUME, most=20),
            ],
            ends=ends("succeeded"),
        ),
        Scenario(
            name="pause-or-approve",
            worlds=lambda _: world(GATED),
            persons=lambda rig: [
                rig.ask(),
                answers(rig, ASKER, APPROVE),
                answers(rig, OWNER, APPROVE),
                steers(rig, OWNER, PAUSE, RESUME),
            ],
            ends=ends("succeeded"),
        ),
        Scenario(
            name="stop-while-paused",
            worlds=lambda _: world(WIDE),
            persons=lambda rig: [
                rig.ask(),
                answers_all(rig, ASKER, 2),
                steers(rig, ASKER, PAUSE, RESUME),
                steers(rig, OWNER, PAUSE, CANCEL),
            ],
            ends=ends("succeeded", "cancelled"),
        ),
        Scenario(
            name="follow-up-or-end",
            worlds=lambda _: world(READS, plan(step("a"), step("c", left="a"))),
            persons=lambda rig: [rig.ask(), changes(rig, ASKER, "else"), answers_all(rig, OWNER, 4)],
            ends=ends("succeeded"),
            check=changes_are_taken_up,
        ),
        Scenario(
            name="two-follow-ups",
            worlds=lambda _: world(WIDE, GATED, READS),
            persons=lambda rig: [
                rig.ask(),
                answers_all(rig, ASKER, 8),
                changes(rig, ASKER, "less"),
                changes(rig, OWNER, "more"),
            ],
            ends=ends("succeeded"),
            check=changes_are_taken_up,
        ),
        Scenario(
            name="cut-or-run",
            worlds=lambda _: world(UNSURE),
            persons=lambda rig: [
                rig.ask(),
                answers(rig, ASKER, MODIFY, {"drop": ["c"]}),
                answers(rig, OWNER, APPROVE),
                answers_all(rig, ASKER, 3),
                steers(rig, OWNER, CANCEL, most=30),
            ],
            ends=ends("succeeded", "cancelled"),
        ),
        Scenario(
            name="edit-or-step",
            worlds=lambda _: world(WIDE),
            persons=lambda rig: [
                rig.ask(),
                answers_all(rig, ASKER, 8),
                edits(rig, ASKER, Drop(steps=(StepId("d"),))),
                edits(rig, OWNER, ChangeInputs(step=StepId("b"), inputs={"text": "other"})),
            ],
            ends=ends("succeeded"),
        ),
        Scenario(
            name="edit-or-stop",
            worlds=lambda _: world(WIDE),
            persons=lambda rig: [
                rig.ask(),
                answers_all(rig, ASKER, 8),
                edits(rig, ASKER, ChangeInputs(step=StepId("p"), inputs={"text": "edited"}), most=26),
                steers(rig, OWNER, PAUSE, RESUME, most=20),
                steers(rig, OWNER, CANCEL, most=40),
            ],
            ends=ends("succeeded", "cancelled"),
        ),
        Scenario(
            name="two-at-one-press",
            worlds=lambda _: world(GATED),
            persons=lambda rig: [
                rig.ask("one"),
                rig.ask("two"),
                answers_all(rig, ASKER, 2),
                answers_all(rig, OWNER, 2),
            ],
            ends=ends("succeeded"),
        ),
        Scenario(
            name="retry-or-cancel",
            worlds=lambda _: world(plan(step("a")), Writer=Flaky(1)),
            persons=lambda rig: [rig.ask(), cancels_at_retry(rig, OWNER)],
            ends=ends("succeeded", "cancelled"),
            relief=ends("UnavailableError('contacts_unavailable"),
        ),
        Scenario(
            name="retry-or-pause",
            worlds=lambda _: world(READS, Writer=Flaky(2)),
            persons=lambda rig: [rig.ask(), steers(rig, OWNER, PAUSE, RESUME, PAUSE, RESUME)],
            ends=ends("succeeded"),
            relief=ends("UnavailableError('contacts_unavailable"),
        ),
        Scenario(
            name="final-or-edit",
            worlds=lambda _: world(WIDE),
            persons=lambda rig: [rig.spoil_chat(), rig.ask(), answers_all(rig, ASKER, 2), answers_all(rig, OWNER, 2)],
            ends=ends("succeeded"),
        ),
        Scenario(
            name="wake-or-rest",
            worlds=lambda _: world(CHAIN),
            persons=lambda rig: [
                rig.ask(),
                answers_all(rig, ASKER, 4),
                steers(rig, OWNER, PAUSE, RESUME, most=30),
            ],
            ends=ends("succeeded"),
        ),
        Scenario(
            name="draft-or-stop",
            worlds=lambda _: drafting(),
            persons=lambda rig: [
                rig.ask(rig.random.choice(("keep", "correct"))),
                answers_all(rig, ASKER, 2),
                steers(rig, OWNER, PAUSE, RESUME),
                steers(rig, ASKER, rig.random.choice((CANCEL, RESUME)), most=24),
            ],
            ends=ends("succeeded", "cancelled"),
        ),
        Scenario(
            name="one-delivery-twice",
            worlds=lambda _: world(GATED),
            persons=lambda rig: [*(rig.ask(key="same") for _ in range(3)), answers_all(rig, ASKER, 1)],
            ends=ends("succeeded"),
            check=one_execution,
        ),
        Scenario(
            name="nobody-answers",
            worlds=lambda _: world(GATED),
            persons=lambda rig: [rig.ask(), steers(rig, OWNER, PAUSE, RESUME)],
            ends=ends(ASKS),
        ),
    )
}
