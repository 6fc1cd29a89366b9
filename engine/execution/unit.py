"""What one turn of a run commits together."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.domain.execution import ExecutionOutcome
from engine.execution.attempt import StepAttempt
from engine.execution.recording import Record
from engine.ports.changes import Change


@dataclass(slots=True)
class Unit:
    """Filled by the decisions of a turn, in the order of its fields."""

    records: list[Record] = field(default_factory=list[Record])
    """Must be recorded, each on its own if not together."""
    planned: list[tuple[Change, ...]] = field(default_factory=list[tuple[Change, ...]])
    """What planning came to: must be recorded too."""
    changes: list[Change] = field(default_factory=list[Change])
    """Decisions: taken again from a fresh copy when they lose."""
    claims: list[StepAttempt] = field(default_factory=list[StepAttempt])
    stale: bool = False
    """The copy does not know all that this commits."""
    complete: bool = False
    """Everything that is next is in it: once it stands, only news or what ends can move the execution."""
    done: bool = False
    """The execution ends with it."""
    ends: ExecutionOutcome | None = None
    """How, where there is a plan; what that changes is worked out as it is committed."""

    def together(self) -> list[Change]:
        """Everything, as one transaction."""
        return [
            *(c for changes in self.planned for c in changes),
            *(c for record in self.records for c in record.changes),
            *self.changes,
        ]
