"""What comes to the product from outside it: agents and tools of one's own, and a planner that knows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.ports.agents import Agent
from engine.ports.planning import Planner
from engine.ports.tools import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """Agents and tools beside the product's; a name that is taken already is refused at the start."""

    agents: tuple[Agent, ...] = ()
    tools: tuple[Tool, ...] = ()
    around: Callable[[Planner], Planner] = lambda planner: planner
    """Makes of each of the product's planners the one to plan with; by default the same."""


NOTHING_MORE = Extension()
