"""A person's answer to an approval: judged purely, decided by one compare-and-set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from pydantic import BaseModel, ValidationError

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Decision, DecisionVerb
from engine.domain.event import EventType
from engine.domain.ids import ApprovalId, ExecutionId
from engine.domain.json import JsonObject
from engine.domain.tenant import Principal
from engine.errors import ConflictError, NotFoundError, RequestError
from engine.orchestration.state_manager import StateManager
from engine.ports.changes import DecideApproval
from engine.ports.clock import Clock
from engine.ports.store import ExecutionStore
from engine.safety.authoriser import Action, authorise

_VERBS: Mapping[ApprovalKind, frozenset[DecisionVerb]] = {
    ApprovalKind.PLAN: frozenset({DecisionVerb.APPROVE, DecisionVerb.REJECT, DecisionVerb.MODIFY}),
    ApprovalKind.GATE: frozenset({DecisionVerb.APPROVE, DecisionVerb.REJECT, DecisionVerb.MODIFY}),
    ApprovalKind.CHOICE: frozenset({DecisionVerb.CHOOSE, DecisionVerb.REJECT}),
    ApprovalKind.QUESTION: frozenset({DecisionVerb.ANSWER, DecisionVerb.CHOOSE, DecisionVerb.REJECT}),
    ApprovalKind.UNKNOWN_OUTCOME: frozenset({DecisionVerb.CHOOSE}),
}

MAX_COMMENT = 2_000

Schemas = Callable[[str], type[BaseModel]]
"""The argument model of a tool by name."""


class HitlGates:
    """Decides approvals. ``wake`` is told which execution can move again."""

    def __init__(
        self,
        store: ExecutionStore,
        state: StateManager,
        clock: Clock,
        schemas: Schemas,
        wake: Callable[[ExecutionId], None],
    ) -> None:
        self._store = store
        self._state = state
        self._clock = clock
        self._schemas = schemas
        self._wake = wake

    async def decide(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> Approval:
        """Answer once. Repeating the same answer as the same person gives the decided approval again.

        Raises:
            NotFoundError: no such approval for this principal.
            NotAllowedError: somebody else's.
            ConflictError: ``already_decided``; parameters ``who``, ``when``, and ``own`` where that was the same person, from
                whichever account.
            RequestError: the answer does not fit the question; nothing was decided.
        """
        approval = await self.question(principal, approval_id)
        if approval.status is not ApprovalStatus.PENDING:
            self._wake(approval.execution_id)  # the answer may have been kept after its sender had given up
            return _already(approval, principal, decision, self._schemas)
        decided = judge(approval, decision, principal, self._clock.now(), self._schemas)
        if not await self._close(decided):
            again = await self._store.approval(approval_id)
            return _already(again or approval, principal, decision, self._schemas)
        return decided

    async def question(self, principal: Principal, approval_id: ApprovalId) -> Approval:
        """An approval this principal may decide, as it stands.

        Raises:
            NotFoundError: no such approval for this principal.
            NotAllowedError: somebody else's.
        """
        asked = await self._store.asked(approval_id)
        if asked is None:
            raise NotFoundError("approval_unknown", f"There is no approval {approval_id}.", {"id": approval_id})
        authorise(principal, Action.DECIDE, tenant=asked.tenant_id, owner=asked.user_id)
        return asked.approval

    async def check(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> None:
        """Would :meth:`decide` take this answer? Changes nothing. Raises as :meth:`decide`."""
        approval = await self.question(principal, approval_id)
        if approval.status is not ApprovalStatus.PENDING:
            _already(approval, principal, decision, self._schemas)
            return
        judge(approval, decision, principal, self._clock.now(), self._schemas)

    def schema(self, tool: str) -> JsonObject:
        """JSON schema of a tool's arguments."""
        schema: JsonObject = self._schemas(tool).model_json_schema()
        return schema

    async def expire(self, approval: Approval) -> bool:
        """Close an approval nobody answered in time; False when somebody just did."""
        now = self._clock.now()
        return await self._close(replace(approval, status=ApprovalStatus.EXPIRED, decided_at=now))

    async def _close(self, decided: Approval) -> bool:
        event = self._state.event(
            decided.execution_id,
            EventType.APPROVAL_DECIDED,
            approval=decided.id,
            status=decided.status.value,
            by=decided.decided_by,
        )
        won = await self._state.commit(DecideApproval(approval=decided), event)
        if won:
            self._wake(decided.execution_id)
        return won


def judge(approval: Approval, decision: Decision, principal: Principal, now: datetime, schemas: Schemas) -> Approval:
    """The approval as decided, purely.

    Raises:
        ConflictError: ``approval_expired``.
        RequestError: ``decision_unfit``, ``choice_unknown``, ``arguments_invalid``, ``answer_empty``, ``comment_too_long``.
    """
    if approval.expires_at is not None and approval.expires_at <= now:
        raise ConflictError("approval_expired", f"Approval {approval.id} expired at {approval.expires_at.isoformat()}.")
    if decision.verb not in _VERBS[approval.kind]:
        allowed = ", ".join(sorted(v.value for v in _VERBS[approval.kind]))
        raise RequestError(
            "decision_unfit", f"A {approval.kind.value} takes one of: {allowed}; not {decision.verb.value}."
        )
    if max(len(decision.comment or ""), len(decision.answer or "")) > MAX_COMMENT:
        raise RequestError("comment_too_long", f"A comment or an answer has at most {MAX_COMMENT} characters.")
    decided = replace(
        approval, decided_at=now, decided_by=principal.id, comment=decision.comment, said_in=decision.said_in
    )
    match decision.verb:
        case DecisionVerb.APPROVE:
            return replace(decided, status=ApprovalStatus.APPROVED)
        case DecisionVerb.REJECT:
            return replace(decided, status=ApprovalStatus.REJECTED)
        case DecisionVerb.CHOOSE:
            return _chosen(decided, decision)
        case DecisionVerb.ANSWER:
            return _answered(decided, decision)
        case DecisionVerb.MODIFY:
            return _modified(decided, decision, schemas)


def _chosen(decided: Approval, decision: Decision) -> Approval:
    if decision.choice not in {choice.id for choice in decided.choices}:
        offered = ", ".join(choice.id for choice in decided.choices)
        raise RequestError("choice_unknown", f"Field choice: {decision.choice!r} is not one of {offered}.")
    return replace(decided, status=ApprovalStatus.CHOSEN, chosen=decision.choice)


def _answered(decided: Approval, decision: Decision) -> Approval:
    if decided.topic:
        raise RequestError("decision_unfit", "This question is answered with one of its choices.")
    if not (decision.answer or "").strip():
        raise RequestError("answer_empty", "Field answer: write an answer.")
    return replace(decided, status=ApprovalStatus.APPROVED, answer=decision.answer)


def _modified(decided: Approval, decision: Decision, schemas: Schemas) -> Approval:
    if decision.arguments is None:
        raise RequestError("arguments_invalid", "Field arguments: modify needs the new arguments.")
    if decided.call is None:
        edit = _plan_edit(decision.arguments, decided.plan_version)
        return replace(decided, status=ApprovalStatus.MODIFIED, edit=edit)
    try:
        model = schemas(decided.call.tool).model_validate(decision.arguments)
    except ValidationError as error:
        raise _invalid(error) from error
    arguments: JsonObject = model.model_dump(mode="json")
    return replace(
        decided,
        status=ApprovalStatus.MODIFIED,
        call=replace(decided.call, arguments=arguments),
        original_call=decided.call,
    )


def _plan_edit(arguments: JsonObject, version: int) -> JsonObject:
    older = arguments.get("go_back")
    if set(arguments) == {"go_back"} and type(older) is int and 0 < older < version:
        return {"go_back": older}
    drop, text = arguments.get("drop", []), arguments.get("text", "")
    fits = isinstance(drop, list) and all(isinstance(d, str) for d in drop) and isinstance(text, str)
    if not fits or set(arguments) - {"drop", "text"} or not (drop or text):
        takes = '{"drop": [step ids], "text": "…"}, or {"go_back": an older version}'
        raise RequestError("arguments_invalid", f"Field arguments: a plan takes {takes}.")
    return {"drop": drop, "text": text}


def _invalid(error: ValidationError) -> RequestError:
    faults = "; ".join(f"{'.'.join(str(p) for p in e['loc']) or 'arguments'}: {e['msg']}" for e in error.errors()[:5])
    field = ".".join(str(part) for part in error.errors()[0]["loc"])
    return RequestError("arguments_invalid", f"Field arguments: {faults}.", {"faults": faults, "field": field})


def _already(approval: Approval, principal: Principal, decision: Decision, schemas: Schemas) -> Approval:
    by_them = approval.decided_by in principal.ids
    if by_them and _is_the_same(approval, decision, schemas):
        return approval
    when = approval.decided_at.isoformat() if approval.decided_at else ""
    raise ConflictError(
        "already_decided",
        f"Approval {approval.id} was already {approval.status.value} by {approval.decided_by or 'the engine'} at {when}.",
        {
            "who": approval.decided_by or "",
            "when": when,
            "status": approval.status.value,
            "own": "yes" if by_them else "",
        },
    )


def _is_the_same(approval: Approval, decision: Decision, schemas: Schemas) -> bool:
    """Did this decision, given before, make the approval what it is?"""
    match decision.verb:
        case DecisionVerb.APPROVE:
            return approval.status is ApprovalStatus.APPROVED and approval.answer is None
        case DecisionVerb.REJECT:
            return approval.status is ApprovalStatus.REJECTED
        case DecisionVerb.CHOOSE:
            return approval.status is ApprovalStatus.CHOSEN and approval.chosen == decision.choice
        case DecisionVerb.ANSWER:
            return approval.status is ApprovalStatus.APPROVED and approval.answer == decision.answer
        case DecisionVerb.MODIFY:
            return approval.status is ApprovalStatus.MODIFIED and _edits_alike(approval, decision, schemas)


def _edits_alike(approval: Approval, decision: Decision, schemas: Schemas) -> bool:
    """Compared as they are kept: completed and in the tool's own terms."""
    try:
        again = _modified(approval, decision, schemas)
    except RequestError:
        return False
    return (again.call, again.edit) == (approval.call, approval.edit)
