"""The agents a planner of this evaluation may use: the product's own, as its registry describes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.domain.agent import AgentSpec
from engine.registry.tool_discovery import builtin
from integrations.local_workspace import open_workspace
from integrations.scheduling.clock import SystemClock


@cache
def office_agents() -> Mapping[str, AgentSpec]:
    """Every agent's card by name. Nothing is run with them."""
    clock = SystemClock()
    with TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder), clock)
        try:
            return builtin(workspace.documents, workspace.contacts, workspace.calendar, clock).specs()
        finally:
            workspace.close()
