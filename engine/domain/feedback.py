"""What a person thought of a result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.domain.ids import ExecutionId, PrincipalId


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One person's verdict on one execution; a later one replaces it."""

    execution_id: ExecutionId
    user_id: PrincipalId
    rating: int
    """1 for a thumb up, -1 for a thumb down."""
    at: datetime
    comment: str = ""
