"""Planners: a person's words in, a checked plan out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from engine.domain.agent import AgentSpec
from engine.domain.ids import PrincipalId
from engine.domain.plan import Plan
from engine.domain.request import Request, clean_text, dominant_locale
from engine.domain.tenant import PersonalTime
from engine.planning.check import check_draft
from engine.planning.offline.understand import draft_plan
from engine.ports.clock import Clock
from engine.ports.planning import Planner


class OfflinePlanner:
    """Plans by clause splitting, a bilingual lexicon and typed wiring: no model, no I/O, the same plan every time.

    Args:
        agents: gives the agents that may be used now, by name; called once per plan.

    """

    name = "offline"

    def __init__(self, agents: Callable[[], Mapping[str, AgentSpec]]) -> None:
        self._agents = agents

    async def create_plan(
        self,
        request: Request,
        *,
        now: datetime,
        personal: PersonalTime,
        version: int = 1,
        change: str | None = None,
    ) -> Plan:
        """Plan a request; a change is read as further words of the same request."""
        text = f"{request.text}\n{change}" if change else request.text
        draft = draft_plan(text, locale=request.locale, now=now, personal=personal)
        return check_draft(draft, self._agents(), version=version, planner=self.name)


class PlanPreview:
    """Plans a request without running it: what ``tizmor.planner`` is to a Python client."""

    def __init__(self, planner: Planner, clock: Clock, timezone: str) -> None:
        self._planner = planner
        self._clock = clock
        self._timezone = timezone

    async def create_plan(self, request: str | Request, user_id: str, context: Mapping[str, str] | None = None) -> Plan:
        """The plan an execution of this request would begin with.

        Args:
            request: text, or a whole request.
            user_id: whose request it would be.
            context: may hold ``locale`` and ``timezone``; anything else is ignored.

        Raises:
            RequestError: the text is empty or too long.
            PlanError: ``request_not_understood``.
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
        personal = PersonalTime(timezone=request.timezone)
        return await self._planner.create_plan(request, now=self._clock.now(), personal=personal)
