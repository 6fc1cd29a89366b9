"""A step of a plan that is edited in a guided form: once it was, it is another one, as after the next version is made."""

from __future__ import annotations

from dataclasses import replace

from bot.door import Question
from bot.step_questions import STEP_EDIT, step_question_id
from bot.telegram.address import Talk
from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.domain.approval import Approval, ApprovalStatus, Decision
from engine.domain.ids import ApprovalId, ExecutionId, PrincipalId, StepId
from engine.domain.tenant import Principal
from engine.errors import ConflictError, NotFoundError, RequestError, TizmorError
from engine.planning.editing import ChangeInputs, edit_id, kept
from tests.unit.forms.made import MEETING, gate
from tests.unit.telegram.forming import PRIVATE, Door, Message, Target, World

EXECUTION, STEP = ExecutionId("e" * 32), StepId("s4")
SHEET = 50
"""Number of the message its button is under."""


class StepDoor(Door):
    """The door to one step."""

    gone: TizmorError | None = None
    """Why it cannot be edited any more."""
    unfit: bool = False
    """Its agent takes no other arguments."""

    async def question(self, principal: Principal, approval_id: ApprovalId) -> Question:
        found = await super().question(principal, approval_id)
        if self.gone is not None:
            raise self.gone
        return found

    async def check(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> None:
        await self.question(principal, approval_id)
        if self.unfit:
            raise RequestError("inputs_invalid", "Field inputs: title: no.", {"faults": "title: no"})

    async def decide(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> Approval:
        self._breaking.before()
        await self.check(principal, approval_id, decision)
        self.decisions.append((principal.id, decision))
        self.edited(principal.id)
        self._breaking.done()
        return replace(self.approval, status=ApprovalStatus.MODIFIED)

    def edited(self, by: PrincipalId) -> None:
        """Somebody edited it."""
        edit = ChangeInputs(step=STEP, inputs={"title": "Other"})
        made = kept(self.shot, edit_id(EXECUTION, f"{by}"), edit, by, self.clock.now())
        self.shot = replace(self.shot, approvals=(made,))
        self.gone = ConflictError("step_replaced", "The step was edited.")


def a_step(locale: str = "en", where: Talk = PRIVATE) -> tuple[World, StepDoor]:
    """A step that sets up a meeting, and the sheet it is edited from."""
    question = replace(gate(MEETING), id=step_question_id(EXECUTION, STEP), topic=STEP_EDIT, step_id=STEP)
    world = World(locale=locale, where=where).about(replace(question, execution_id=EXECUTION), ScheduleMeetingArguments)
    shot = replace(world.door.shot, execution=replace(world.door.shot.execution, id=EXECUTION), approvals=())
    door = world.door = StepDoor(world.clock, world.door.approval, shot, world.breaking)
    door.model = ScheduleMeetingArguments
    sheet = {"text": "Edit the plan", "entities": [], "keyboard": [[{"text": "✏️ 4", "data": "i:p"}]]}
    world.chat.messages.append(Message(SHEET, Target(chat=where.chat), sheet))
    return world, door


def unknown() -> NotFoundError:
    """What the door says where the plan has no such step, whoever asks."""
    return NotFoundError("step_unknown", "There is no such step.")
