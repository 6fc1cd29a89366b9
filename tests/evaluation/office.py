"""The agents a planner of this evaluation may use: the product's own, as its registry describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.domain.agent import AgentSpec
from engine.domain.ids import ConversationId, TenantId
from engine.ports.remarks import Remark
from engine.registry.tool_discovery import builtin
from integrations.local_workspace import open_workspace
from integrations.scheduling.clock import SystemClock


class _NothingSaid:
    """A conversation nobody is in."""

    async def keep(self, *remarks: Remark) -> None:
        """Keep nothing."""

    async def read(self, tenant: TenantId, conversation: ConversationId, *, limit: int) -> Sequence[Remark]:
        """Nothing."""
        return ()


@cache
def office_agents() -> Mapping[str, AgentSpec]:
    """Every agent's card by name. Nothing is run with them."""
    clock = SystemClock()
    with TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder), clock)
        try:
            office = workspace.documents, workspace.contacts, workspace.calendar
            return builtin(*office, clock, _NothingSaid()).specs()
        finally:
            workspace.close()
