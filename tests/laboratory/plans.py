"""Plans written out in the request, so that a test says in one line what is to happen.

``courier: a read box; b keyed box < a; c lookup! letter + card < a b; d unknown note < c``

Steps are divided by ``;``. A step is its id, a word of ``tests.laboratory.agents`` (with ``!`` gated, with ``~`` held), its
parcels divided by ``+`` (an effect each), and after ``<`` the steps it needs: the first is bound as its input, the others only come
first. A request that ends with ``?`` stops at its plan to be agreed to. What a person wants different is such a text, too, and
replaces the plan.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.domain.agent import AgentSpec
from engine.domain.plan import Plan
from engine.errors import PlanError
from engine.planning.check import check_draft
from engine.planning.draft import DraftBinding, DraftStep, PlanDraft
from engine.ports.planning import Brief, Planner, PlanningDesk, PlanQuestion

BEGINS = "courier:"
_STEP = re.compile(r"(?P<id>\w+) (?P<word>[a-z]+)(?P<way>[!~]?) (?P<parcels>[^<]+)(?:< *(?P<needs>[\w ]+))?")
WAYS = {"": "", "!": "Asking", "~": "Held"}
"""How a word is marked, and how its agent's name then ends."""


def name_of(word: str, way: str = "") -> str:
    """The agent's name, and its tool's, for a word and its mark."""
    return f"{word.title()}Courier{WAYS[way]}"


def draft_of(text: str) -> PlanDraft:
    """The plan that a request spells out.

    Raises:
        PlanError: ``request_not_understood``, naming what does not read as a step.
    """
    said = text.strip().removeprefix(BEGINS).strip()
    steps = tuple(_step(part.strip()) for part in said.rstrip("?").split(";"))
    return PlanDraft(steps=steps, understood=said, sure=not said.endswith("?"))


class CourierPlanner:
    """Plans requests that are spelled out; leaves all others to the planner it stands before."""

    def __init__(self, inner: Planner, agents: Mapping[str, AgentSpec]) -> None:
        self._inner = inner
        self._agents = agents

    async def create_plan(self, brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        """As the port says."""
        text = brief.change or brief.request.text
        if not text.startswith(BEGINS):
            return await self._inner.create_plan(brief, desk)
        return check_draft(draft_of(text), self._agents, version=brief.version, planner="courier")


def _step(text: str) -> DraftStep:
    found = _STEP.fullmatch(text)
    if found is None:
        raise PlanError("request_not_understood", f"{text!r} is no step of a courier's plan.")
    first, *others = (found["needs"] or "").split() or [""]
    parcels = [parcel.strip() for parcel in found["parcels"].split("+")]
    return DraftStep(
        id=found["id"],
        agent=name_of(found["word"], found["way"]),
        title=f"{found['word']} {' + '.join(parcels)}",
        inputs={"parcels": parcels},
        bindings={"given": DraftBinding(step=first)} if first else {},
        after=tuple(others),
    )
