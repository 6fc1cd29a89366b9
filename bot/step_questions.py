"""Steps of a plan that is open, as questions: each can be left out, done again, or edited in the form a call is edited in.

Such a question is stored nowhere. Its id says whose step it is about and everything else is read from the execution, so that
a button that was drawn long ago is about the plan as it is now, or is refused with its reason.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.door import Question
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Decision, DecisionVerb
from engine.domain.effect import Call
from engine.domain.ids import ApprovalId, ExecutionId, PrincipalId, StepId, opaque
from engine.domain.json import JsonObject, canonical
from engine.domain.plan import Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal
from engine.errors import ConflictError, NotFoundError, RequestError
from engine.orchestration.plan_editor import PlanEditor
from engine.planning.edit_check import must_be_open, must_be_unfinished
from engine.planning.editing import PLAN_EDIT, ChangeInputs, Drop, PlanEdit, Retry, edit_id, named

STEP_EDIT = "step_edit"
"""Topic of a question about a step's arguments."""

_MARK = "p"
"""No digit of a stored question's id: those are hexadecimal."""
_DIGITS, _HEX = 8, 32
_LENGTH = len(_MARK) + 22 + _DIGITS


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAddress:
    """Which step such an id means."""

    execution_id: ExecutionId
    digest: str
    """Of the step's id."""


def step_question_id(execution_id: ExecutionId, step_id: StepId) -> ApprovalId:
    """The id of the question about a step: 31 letters, digits, ``-`` and ``_``.

    Raises:
        ValueError: the execution's id is not 32 hexadecimal digits, as every one of ours is.
    """
    packed = base64.urlsafe_b64encode(bytes.fromhex(execution_id)).decode().rstrip("=")
    made = f"{_MARK}{packed}{opaque(step_id, _DIGITS)}"
    if len(made) != _LENGTH:
        raise ValueError(f"{execution_id!r} is no id of an execution of ours.")
    return ApprovalId(made)


def read_step_question_id(approval_id: str) -> StepAddress | None:
    """What such an id means; None for every other."""
    if len(approval_id) != _LENGTH or not approval_id.startswith(_MARK):
        return None
    packed, digest = approval_id[len(_MARK) : -_DIGITS], approval_id[-_DIGITS:]
    try:
        found = base64.b64decode(f"{packed}==", altchars=b"-_", validate=True).hex()
    except (binascii.Error, ValueError):
        return None
    return StepAddress(execution_id=ExecutionId(found), digest=digest) if len(found) == _HEX else None


def was_edited(
    snapshot: ExecutionSnapshot, approval_id: str, principal: Principal, since: datetime, way: str = ""
) -> bool:
    """Has this person edited this step since? Then what stands against a press or a form of theirs is, as a rule, that an
    earlier try of the same has made it.

    Args:
        snapshot: of the execution.
        approval_id: of the question about the step.
        principal: who, in whichever chat.
        since: not before then.
        way: ``edit``, ``retry`` or ``drop``; empty: however.
    """
    edits = [a for a in snapshot.approvals if a.topic == PLAN_EDIT and a.decided_by in principal.ids]
    made = [a.edit or {} for a in edits if (a.decided_at or a.created_at) >= since]
    steps = (step for edit in made if not way or way in edit for step in named(edit))
    return any(step_question_id(snapshot.id, step) == approval_id for step in steps)


class StepQuestions:
    """Reads and answers them. It authorises nothing: the door does.

    Args:
        editor: carries edits out.
    """

    def __init__(self, editor: PlanEditor) -> None:
        self._editor = editor

    def question(self, snapshot: ExecutionSnapshot, approval_id: ApprovalId) -> Question:
        """The question about a step, as its form needs it; it is open.

        Raises:
            NotFoundError: ``step_unknown``: the plan has no such step.
            ConflictError: ``step_replaced``: an edit changed it; or as :meth:`PlanEditor.edit`: the plan cannot be edited,
                or the step is done.
        """
        step = _step(snapshot, approval_id)
        spec = self._editor.agents().get(step.agent)
        approval = Approval(
            id=approval_id,
            execution_id=snapshot.id,
            kind=ApprovalKind.GATE,
            plan_version=snapshot.execution.plan_version,
            created_at=snapshot.execution.created_at,
            status=ApprovalStatus.PENDING,
            step_id=step.id,
            title=step.title,
            topic=STEP_EDIT,
            call=Call(tool=step.agent, version=spec.version if spec else "", arguments=step.inputs),
        )
        return Question(
            approval=approval,
            snapshot=replace(snapshot, approvals=(*snapshot.approvals, approval)),
            schema=spec.inputs.model_json_schema() if spec else None,
        )

    async def check(self, question: Question, decision: Decision) -> None:
        """Would these arguments be taken?

        Raises:
            ConflictError: as :meth:`PlanEditor.edit`.
            RequestError: ``inputs_invalid``; ``decision_unfit``: a step is edited, and nothing else.
        """
        edit = _edit(question, decision)
        await self._editor.check(question.snapshot.id, edit)

    async def decide(self, question: Question, decision: Decision, by: PrincipalId) -> Approval:
        """Edit the step. The same arguments again change nothing.

        Raises:
            ConflictError: as :meth:`PlanEditor.edit`.
            RequestError: as :meth:`check`.
        """
        approval, edit = question.approval, _edit(question, decision)
        await self._editor.edit(approval.execution_id, edit, by, _key(question, edit))
        return replace(approval, status=ApprovalStatus.MODIFIED, decided_by=by, edit=decision.arguments)

    async def act(
        self, snapshot: ExecutionSnapshot, approval_id: ApprovalId, action: str, by: PrincipalId, key: str
    ) -> None:
        """Leave a step out, or do it again.

        Args:
            snapshot: of the execution.
            approval_id: of the question about the step.
            action: ``drop_step`` or ``retry_step``.
            by: who wants it.
            key: names the delivery: the same one changes once.

        Raises:
            NotFoundError: ``step_unknown``.
            ConflictError: as :meth:`question`.
            RequestError: ``button_unknown``.
        """
        if any(a.id == edit_id(snapshot.id, key) for a in snapshot.approvals):
            return  # the step may be gone since, by this very delivery
        step = _step(snapshot, approval_id)
        edits: Mapping[str, PlanEdit] = {"drop_step": Drop(steps=(step.id,)), "retry_step": Retry(step=step.id)}
        if action not in edits:
            raise RequestError("button_unknown", f"There is no button {action!r} here any more.")
        await self._editor.edit(snapshot.id, edits[action], by, key)


def _step(snapshot: ExecutionSnapshot, approval_id: ApprovalId) -> Step:
    """The step that is meant, where it can be edited."""
    found, plan = read_step_question_id(approval_id), must_be_open(snapshot)
    digest = found.digest if found else ""
    step = next((step for step in plan.steps if opaque(step.id, _DIGITS) == digest), None)
    if step is not None:
        must_be_unfinished(snapshot, step)
        return step
    edits = (a.edit for a in snapshot.approvals if a.topic == PLAN_EDIT and a.edit is not None)
    if any(opaque(step_id, _DIGITS) == digest for edit in edits for step_id in named(edit)):
        raise ConflictError(
            "step_replaced", f"The step was edited; version {plan.version} of the plan has it as it is now."
        )
    raise NotFoundError("step_unknown", f"The plan of {snapshot.id} has no such step.", {"step": ""})


def _edit(question: Question, decision: Decision) -> ChangeInputs:
    """What an answer comes to: the arguments that are not what they were."""
    approval, arguments = question.approval, decision.arguments
    if decision.verb is not DecisionVerb.MODIFY or arguments is None:
        raise RequestError("decision_unfit", f"A step takes one of: modify; not {decision.verb.value}.")
    before: JsonObject = approval.call.arguments if approval.call else {}
    names = [name for name in {**before, **arguments} if before.get(name) != arguments.get(name)]
    return ChangeInputs(step=approval.step_id or StepId(""), inputs={name: arguments.get(name) for name in names})


def _key(question: Question, edit: ChangeInputs) -> str:
    """Names an edit of one version: going back to an older one makes room for the same edit again."""
    return f"{question.approval.id}/{question.approval.plan_version}/{opaque(canonical(edit.inputs))}"
