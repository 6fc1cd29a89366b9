"""What a button leads to, on whichever surface: a signal, a rating, an undo, a new try, one decision, or a form."""

from __future__ import annotations

from bot.door import ChatDoor, Question
from bot.presses import Press, choice_of
from engine.domain.approval import ApprovalKind, ApprovalStatus, Decision, DecisionVerb
from engine.domain.execution import Signal
from engine.domain.ids import ApprovalId, ExecutionId
from engine.domain.tenant import Principal
from engine.errors import RequestError

EDITS = frozenset({"drop_step", "retry_step"})
"""Actions that edit a plan by themselves, by a button at one of its steps."""

_SIGNALS = {"pause": Signal.PAUSE, "resume": Signal.RESUME, "cancel": Signal.CANCEL}


class Pressing:
    """Repeatable: signals and ratings are, the first decision wins, and there is one undo and one new try."""

    def __init__(self, door: ChatDoor) -> None:
        self._door = door

    async def press(self, principal: Principal, press: Press, key: str) -> Question | None:
        """Do what a press does by itself.

        Args:
            principal: who pressed.
            press: what was pressed.
            key: names the delivery: the same one edits a plan once.

        Returns:
            The open question a form is needed for; None where everything is done.

        Raises:
            RequestError: ``button_unknown``, ``choice_unknown``; else as the door.
        """
        if press.action in _SIGNALS:
            await self._door.signal(principal, ExecutionId(press.execution), _SIGNALS[press.action])
            return None
        if press.action == "undo":
            await self._door.undo(principal, ExecutionId(press.execution))
            return None
        if press.action == "retry":
            await self._door.fork(principal, ExecutionId(press.execution), None, "", "again")
            return None
        if press.action == "feedback":
            await self._door.feedback(principal, ExecutionId(press.execution), press.rating, "")
            return None
        if not press.approval:
            raise unknown_button(press.action)
        if press.action in EDITS:
            await self._door.edit_step(principal, ApprovalId(press.approval), press.action, key)
            return None
        question = await self._door.question(principal, ApprovalId(press.approval))
        decision = at_once(press, question)
        if decision is None:
            if question.approval.status is not ApprovalStatus.PENDING:
                await self._say_why(principal, question)
                raise unknown_button(press.action)
            return question
        await self._door.decide(principal, question.approval.id, decision)
        return None

    async def must_be_open(self, principal: Principal, approval_id: ApprovalId) -> None:
        """Let an open question pass.

        Raises:
            ConflictError: it is closed, with who decided; else as the door.
        """
        question = await self._door.question(principal, approval_id)
        if question.approval.status is not ApprovalStatus.PENDING:
            await self._say_why(principal, question)

    async def _say_why(self, principal: Principal, question: Question) -> None:
        """Ask for what a closed question does not take any more: the refusal has who decided, and when."""
        await self._door.check(principal, question.approval.id, Decision(verb=DecisionVerb.REJECT, comment=""))


def at_once(press: Press, question: Question) -> Decision | None:
    """The decision a button makes by itself; None where a form comes first.

    Raises:
        RequestError: ``choice_unknown``.
    """
    match press.action:
        case "approve" | "run":
            return Decision(verb=DecisionVerb.APPROVE)
        case "back":
            return Decision(verb=DecisionVerb.MODIFY, arguments={"go_back": question.approval.plan_version - 1})
        case "choose":
            choice = choice_of(press.choice, (c.id for c in question.approval.choices))
            if choice is None:
                raise RequestError("choice_unknown", f"There is no choice {press.choice}.")
            return Decision(verb=DecisionVerb.CHOOSE, choice=choice)
        case "reject" if question.approval.kind in {ApprovalKind.CHOICE, ApprovalKind.QUESTION}:
            return Decision(verb=DecisionVerb.REJECT)
        case _:
            return None


def unknown_button(action: str) -> RequestError:
    """A button that is ours no more, or never was."""
    return RequestError("button_unknown", f"There is no button {action!r} here any more.")
