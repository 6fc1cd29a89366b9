"""Plans by asking a language model through one tool, ``emit_plan``; nothing it says is believed before it is checked.

Steps show while the answer streams. An answer with a fault is withdrawn whole and its faults are named to the model, twice
at most. Every request begins with the same bytes: tool, prompt and catalogue depend on the agents alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from engine.domain.agent import AgentSpec
from engine.domain.json import JsonObject
from engine.domain.plan import Plan
from engine.errors import PlanError, RefusedError
from engine.planning.briefing import briefing, earlier_artifacts, must_plan
from engine.planning.catalogue import EMIT_PLAN, agent_catalogue, emit_plan
from engine.planning.check import Known, check_draft, findings
from engine.planning.draft import PlanDraft
from engine.planning.emitted import read_plan
from engine.planning.finding import Finding, finding, invalid
from engine.planning.growing import GrowingPlan
from engine.planning.repair import repaired
from engine.ports.language_model import Message, ModelAnswer, ModelRequest, ModelRole, ModelTool, StopReason, Text
from engine.ports.planning import Brief, PlanningDesk, PlanQuestion
from engine.prompts import load_prompt

MAX_REPAIRS = 2
MAX_ANSWER_TOKENS = 16_384
"""Room for some fifty steps and for what the model thinks before them; all of it is reserved before each call."""

_Findings = tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """What the agents come to in a request."""

    agents: Mapping[str, AgentSpec]
    catalogue: str
    tool: ModelTool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Making:
    """One plan being made."""

    brief: Brief
    desk: PlanningDesk
    offer: _Offer
    known: Known


class ModelPlanner:
    """Plans anything the agents can do, in the words of any language the model knows.

    Args:
        agents: gives the agents that may be used now, by name; called once per plan.

    """

    name = "model"

    def __init__(self, agents: Callable[[], Mapping[str, AgentSpec]]) -> None:
        self._agents = agents
        self._prompt = load_prompt("engine.planning.prompts", "planner", 2)
        self._strict = True
        self._offer: _Offer | None = None

    async def create_plan(self, brief: Brief, desk: PlanningDesk) -> Plan | PlanQuestion:
        """See ``engine.ports.planning.Planner``. A plan keeps the ids of the current plan's steps where the model kept
        them, whatever it changed in them: :func:`engine.planning.revise.reconciled` makes them safe to store.

        Cancel: stops at once; what was drafted is withdrawn.

        Raises:
            PlanError: ``draft_invalid`` after two repairs; ``model_refused``; ``request_not_understood``: asked often enough,
                and still there is nothing the agents could do.
            IntegrationError: as ``PlanningDesk.ask``; what was drafted is withdrawn.
        """
        offer = self._offered()
        known = Known(agents=offer.agents, earlier=earlier_artifacts(brief))
        making = _Making(brief=brief, desk=desk, offer=offer, known=known)
        messages = (Message(role="user", parts=(Text(text=briefing(brief)),)),)
        found: _Findings = ()
        for _ in range(1 + MAX_REPAIRS):
            growing = GrowingPlan(known)
            try:
                answer = await self._ask(making, messages, growing)
                read = _judged(answer, making)
            except BaseException:
                desk.withdrawn()
                raise
            if isinstance(read, Plan):
                return self._made(read, answer, growing, desk)
            desk.withdrawn()
            if isinstance(read, PlanQuestion):
                return read
            found, messages = read, repaired(messages, answer, read)
        raise invalid(found)

    async def _ask(self, making: _Making, messages: tuple[Message, ...], growing: GrowingPlan) -> ModelAnswer:
        def heard(tool: str, written: JsonObject) -> None:
            for step in growing.take(written) if tool == EMIT_PLAN else ():
                making.desk.drafted(step)

        request = self._request(making.offer, messages, strict=self._strict)
        try:
            return await making.desk.ask(request, heard)
        except RefusedError as error:
            if error.code != "model_request_invalid" or not request.tools[0].strict:
                raise
        # A schema within the published limits may still be too large a grammar, and some compatible servers know no strict
        # tools. Such a refusal comes before any work, so it is worth one more try.
        answer = await making.desk.ask(self._request(making.offer, messages, strict=False), heard)
        self._strict = False
        return answer

    def _request(self, offer: _Offer, messages: tuple[Message, ...], *, strict: bool) -> ModelRequest:
        return ModelRequest(
            role=ModelRole.PLANNER,
            prompt=self._prompt,
            messages=messages,
            catalogue=offer.catalogue,
            tools=(replace(offer.tool, strict=offer.tool.strict and strict),),
            must_use=EMIT_PLAN,
            max_tokens=MAX_ANSWER_TOKENS,
        )

    def _offered(self) -> _Offer:
        agents = dict(self._agents())
        if self._offer is None or self._offer.agents != agents:
            self._offer = _Offer(agents=agents, catalogue=agent_catalogue(agents), tool=emit_plan(agents))
        return self._offer

    def _made(self, plan: Plan, answer: ModelAnswer, growing: GrowingPlan, desk: PlanningDesk) -> Plan:
        if tuple(growing.steps) != plan.steps[: len(growing.steps)]:
            desk.withdrawn()
        return replace(plan, prompt=self._prompt.ref, model=answer.model)


def _judged(answer: ModelAnswer, making: _Making) -> Plan | PlanQuestion | _Findings:
    if answer.stop is StopReason.REFUSED:
        raise PlanError("model_refused", f"{answer.model} declined to plan this; ask for it in other words.")
    read, enough = _read(answer), must_plan(making.brief)
    if isinstance(read, PlanQuestion) and enough:
        return (finding("question_too_late", "", "no more questions: plan, with sure false"),)
    if not isinstance(read, PlanDraft):
        return read
    if enough and not read.steps:
        detail = (
            f"No agent can do what was asked: {read.understood or 'the model says no more'}. Ask for something else."
        )
        raise PlanError("request_not_understood", detail, {"request": read.understood})
    agents, earlier = making.known.agents, making.known.earlier
    if found := findings(read, agents, earlier):
        return found
    plan = check_draft(read, agents, version=making.brief.version, planner=ModelPlanner.name, earlier=earlier)
    return replace(plan, sure=plan.sure and not enough)


def _read(answer: ModelAnswer) -> PlanDraft | PlanQuestion | _Findings:
    if answer.stop is StopReason.MAX_TOKENS:
        return (finding("cut", "", "it was cut at the length limit; make a shorter plan, with short titles"),)
    call = next(iter(answer.tool_uses), None)
    if call is None:
        return (finding("no_plan", "", "it is prose; only a call of emit_plan is read"),)
    if len(answer.tool_uses) > 1:
        return (finding("several_plans", "", f"{len(answer.tool_uses)} calls; exactly one is read"),)
    if call.name != EMIT_PLAN:
        return (finding("unknown_tool", "", f"there is no tool but {EMIT_PLAN}"),)
    return read_plan(call.input)
