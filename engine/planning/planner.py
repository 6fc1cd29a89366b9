"""The planner that needs no model, and previews of any planner's plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.domain.agent import AgentSpec
from engine.domain.ids import PrincipalId
from engine.domain.plan import Plan
from engine.domain.request import Request, clean_text, dominant_locale
from engine.domain.tenant import PersonalTime
from engine.errors import PlanError
from engine.planning.check import check_draft
from engine.planning.offline.understand import draft_plan
from engine.ports.clock import Clock
from engine.ports.planning import Brief, Planner, PlanningDesk, PlanQuestion


class OfflinePlanner:
    """Plans by clause splitting, a bilingual lexicon and typed wiring: no model, no I/O, the same plan every time.

    Args:
        agents: gives the agents that may be used now, by name; called once per plan.

    """

    name = "offline"

    def __init__(self, agents: Callable[[], Mapping[str, AgentSpec]]) -> None:
        self._agents = agents

    async def create_plan(self, brief: Brief, desk: PlanningDesk) -> Plan:
        """Plan a request; answers and a change are read as further words of it.

        Raises:
            PlanError: ``request_not_understood``.
        """
        del desk  # There is nobody to ask, and the whole plan is there at once.
        request = brief.request
        words = (request.text, *(one.answer for one in brief.answers), brief.change or "")
        text = "\n".join(word for word in words if word)
        draft = draft_plan(text, locale=request.locale, now=brief.now, personal=brief.personal)
        return check_draft(draft, self._agents(), version=brief.version, planner=self.name)


class PlanPreview:
    """Plans a request without running it: what ``tizmor.planner`` is to a Python client.

    Args:
        planner: makes the plans.
        clock: says what "tomorrow" is.
        timezone: of a request that names none.
        desk: opens what the planner works at for one request: who is charged for it is known from the request.

    """

    def __init__(self, planner: Planner, clock: Clock, timezone: str, desk: Callable[[Request], PlanningDesk]) -> None:
        self._planner = planner
        self._clock = clock
        self._timezone = timezone
        self._desk = desk

    async def create_plan(self, request: str | Request, user_id: str, context: Mapping[str, str] | None = None) -> Plan:
        """The plan an execution of this request would begin with.

        Args:
            request: text, or a whole request.
            user_id: whose request it would be.
            context: may hold ``locale`` and ``timezone``; anything else is ignored.

        Raises:
            RequestError: the text is empty or too long.
            PlanError: ``request_not_understood``; ``plan_needs_answer``, with the question in its detail: ask again with
                the answer in the request.
            IntegrationError: the model did not answer.
        """
        known = context or {}
        if isinstance(request, str):
            text = clean_text(request)
            request = Request(
                text=text,
                user_id=PrincipalId(user_id),
                locale=known.get("locale") or dominant_locale(text),
                timezone=known.get("timezone") or self._timezone,
            )
        brief = Brief(request=request, now=self._clock.now(), personal=PersonalTime(timezone=request.timezone))
        made = await self._planner.create_plan(brief, self._desk(request))
        if isinstance(made, PlanQuestion):
            raise PlanError("plan_needs_answer", made.text, {"question": made.text})
        return made
