"""What a form is about, as the door gives it: a question, or a step of a plan, which may be another one by now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.door import Question
from bot.step_questions import read_step_question_id
from engine.domain.approval import Approval, Decision
from engine.domain.ids import ApprovalId, ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal
from engine.errors import ConflictError, NotFoundError, TizmorError


class Door(Protocol):
    """What forms ask of ``bot.door.ChatDoor``, which says what each method promises."""

    async def question(self, principal: Principal, approval_id: ApprovalId) -> Question:
        """An approval that the principal may decide, or a step they may edit."""
        ...

    async def check(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> None:
        """Would a decision be taken?"""
        ...

    async def decide(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> Approval:
        """Answer an approval, or edit a step."""
        ...

    async def execution(self, principal: Principal, execution_id: ExecutionId) -> ExecutionSnapshot:
        """One execution."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed:
    """A step that cannot be edited any more."""

    error: TizmorError
    """Why."""
    snapshot: ExecutionSnapshot
    """Of the execution whose step it was."""


async def asked(door: Door, principal: Principal, approval_id: str) -> Question | Lapsed:
    """What a form is about; a question is there whatever its status, a step only while it can be edited.

    Args:
        door: of the product.
        principal: who has the form.
        approval_id: of the question, as the form has it.

    Raises:
        RequestError: as ``bot.door.ChatDoor.question``: there is no such question, or it is none of theirs.
    """
    try:
        return await door.question(principal, ApprovalId(approval_id))
    except (ConflictError, NotFoundError) as error:
        step = read_step_question_id(approval_id)
        if step is None:
            raise
        snapshot = await door.execution(principal, step.execution_id)
        return Lapsed(error=error, snapshot=snapshot)
