"""A message from one agent to another within an execution."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.domain.ids import ExecutionId, StepId

MAX_MESSAGE_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMessage:
    """Durable, addressed to an agent by name, bounded."""

    execution_id: ExecutionId
    sender: StepId
    recipient: str
    """Agent name."""
    text: str
    at: datetime
