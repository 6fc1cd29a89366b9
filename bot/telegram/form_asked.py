"""What a form is about, as the door gives it: a question, or a step of a plan, which may be another one by now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.door import Question
from bot.render.texts import Texts
from bot.step_questions import read_step_question_id, step_question_id
from bot.telegram.form_state import Draft
from engine.domain.approval import Approval, Decision
from engine.domain.ids import ApprovalId, ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal
from engine.errors import ConflictError, NotFoundError, TizmorError
from engine.planning.editing import PLAN_EDIT, named


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


def was_edited(snapshot: ExecutionSnapshot, draft: Draft, principal: Principal) -> bool:
    """Has this person edited the form's step since the form was opened? Then what stands against its decision is that an
    earlier try made it."""
    edits = [a for a in snapshot.approvals if a.topic == PLAN_EDIT and a.decided_by in principal.ids]
    since = [a for a in edits if a.decided_at is not None and a.decided_at.timestamp() >= draft.opened]
    return any(step_question_id(snapshot.id, step) == draft.approval for a in since for step in named(a.edit or {}))


def texts_of(found: Question | Lapsed) -> Texts:
    """The language of the request, and the zone of who asked it."""
    request = found.snapshot.execution.request
    return Texts(request.locale, request.timezone)
