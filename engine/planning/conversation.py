"""What a planner is told of earlier executions: the asker's words and references, never what was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from engine.domain.approval import ApprovalKind, ApprovalStatus
from engine.domain.artifact import Person, load
from engine.domain.ids import StepId
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot
from engine.ports.planning import EarlierArtifact, EarlierExecution

MAX_EXECUTIONS = 5
TOLD = frozenset({"title", "starts", "duration_minutes", "timezone", "attendees", "cancel"})
"""Arguments of an approved call that a planner is told."""
MAX_ARTIFACTS = 20


def earlier_executions(snapshots: Iterable[ExecutionSnapshot]) -> tuple[EarlierExecution, ...]:
    """Brief a planner on these executions, given oldest first; artifacts are numbered through, the oldest first."""
    told: list[EarlierExecution] = []
    number = 0
    for snapshot in snapshots:
        artifacts: list[EarlierArtifact] = []
        for artifact in _artifacts(snapshot):
            number += 1
            artifacts.append(replace(artifact, name=f"earlier_{number}"))
        told.append(
            EarlierExecution(
                request=snapshot.execution.request.text,
                at=snapshot.execution.created_at,
                outcome=snapshot.outcome,
                artifacts=tuple(artifacts[:MAX_ARTIFACTS]),
            )
        )
    return tuple(told)


def importable(snapshot: ExecutionSnapshot, step_id: StepId) -> JsonObject | None:
    """What a reference to a step of an earlier execution stands for: the pick made among its candidates, else its artifact."""
    choice = snapshot.latest(ApprovalKind.CHOICE, step_id)
    if choice is not None and choice.status is ApprovalStatus.CHOSEN:
        return next((c.artifact for c in choice.choices if c.id == choice.chosen), None)
    return snapshot.artifacts.get(step_id)


def _artifacts(snapshot: ExecutionSnapshot) -> Iterator[EarlierArtifact]:
    planned = snapshot.plan is not None and snapshot.execution.plan_version > 0
    for step in snapshot.plan.steps if planned and snapshot.plan else ():
        artifact = importable(snapshot, step.id)
        if artifact is None:
            continue
        yield EarlierArtifact(
            name="",
            execution_id=snapshot.id,
            step_id=step.id,
            kind=str(artifact.get("kind")),
            title=step.title,
            approved=_approved(snapshot, step.id),
        )


def _approved(snapshot: ExecutionSnapshot, step_id: StepId) -> JsonObject:
    """What the person consented to or picked themselves: only what says which thing is meant, never its prose, which may
    have been taken from documents."""
    gate = snapshot.latest(ApprovalKind.GATE, step_id, 1)
    if gate is not None and gate.call is not None and gate.status in {ApprovalStatus.APPROVED, ApprovalStatus.MODIFIED}:
        return {name: value for name, value in gate.call.arguments.items() if name in TOLD}
    choice = snapshot.latest(ApprovalKind.CHOICE, step_id)
    picked = next((c.artifact for c in choice.choices if c.id == choice.chosen), None) if choice else None
    person = load(picked) if picked else None
    return {"picked": person.contact.name[:100]} if isinstance(person, Person) else {}
