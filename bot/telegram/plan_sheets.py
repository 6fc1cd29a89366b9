"""Plan sheets: shown to whoever wants to change a plan, and taken out of use once something on them was done."""

from __future__ import annotations

from loguru import logger

from bot.presses import Press
from bot.pressing import Pressing, unknown_button
from bot.render.card import Card, render_card
from bot.render.texts import texts_of
from bot.step_questions import read_step_question_id, step_question_id
from bot.telegram.address import MessageRef, Talk, talk_of
from bot.telegram.api import Target
from bot.telegram.calls import shown
from bot.telegram.desk import Desk
from bot.telegram.markup.plan_sheet import can_be_changed, sheet_body, taken_body
from engine.domain.ids import ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal
from engine.errors import IntegrationError
from engine.planning.edit_check import must_be_open
from engine.planning.editing import edit_id
from engine.ports.chat_log import Delivery
from engine.ports.message_log import MessageKey


class PlanSheets:
    """Of one bot. Who may change a plan is the door's to say."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pressing = Pressing(desk.door)

    async def open(self, principal: Principal, execution_id: ExecutionId, target: Target) -> str:
        """Send the sheet of a plan. Handled again, it is sent again: either can be pressed.

        Returns:
            Words for whoever wanted it, where it is not shown; else empty.

        Raises:
            RequestError: nobody may change that plan any more, or not this person.
        """
        snapshot = await self._desk.door.execution(principal, execution_id)
        card, texts = self._card(snapshot), texts_of(snapshot)
        step = next((step for step in card.steps if step.ways), None)
        if step is None:
            must_be_open(snapshot)
            return texts.say("chat.form.plan_nothing")
        # Whoever may look at it may not change it for that.
        await self._desk.door.question(principal, step_question_id(execution_id, step.id))
        return await shown(self._send(snapshot, card, target), texts)

    async def press(
        self, principal: Principal, press: Press, where: Talk, message: int, key: str, *, known: bool
    ) -> str:
        """Leave a step out, or do it again; what else stands on the sheet is about a version that is over then.

        Args:
            principal: who pressed.
            press: the button's.
            where: the chat, and the topic.
            message: the sheet.
            key: of the delivery; handled again, it changes nothing.
            known: the message is seen to have this button, so that it is a sheet of ours.

        Returns:
            Words for whoever pressed; empty where the sheet says them.

        Raises:
            RequestError: as ``bot.door.ChatDoor.edit_step``.
            UnavailableError: handle the delivery again.
        """
        step = read_step_question_id(press.approval)
        if step is None:
            raise unknown_button(press.action)
        await self._pressing.press(principal, press, key)
        snapshot = await self._desk.door.execution(principal, step.execution_id)
        texts = texts_of(snapshot)
        words = texts.say("plan_version.taken")
        if not known:
            return words
        try:
            await self._desk.calls.edit(where.chat, message, taken_body(texts, _edited(snapshot, key)))
        except IntegrationError as error:
            logger.bind(code=error.code, detail=error.detail).info("telegram_sheet_left")
            return words
        return ""

    async def offer(self, principal: Principal, delivery: Delivery, target: Target) -> None:
        """Send the sheet of the one plan of theirs that can be changed, where there is one and no other. Its failing is no
        failure of anything."""
        live = await self._desk.conversing.all_live(principal, until=delivery.sent_at)
        found = [(snapshot, card) for snapshot in live if can_be_changed(card := self._card(snapshot))]
        if len(found) == 1:
            await shown(self._send(*found[0], target), self._desk.texts())

    async def _send(self, snapshot: ExecutionSnapshot, card: Card, target: Target) -> None:
        """Send it, and note whose it is: what is said in reply to it is about that plan."""
        message = await self._desk.calls.send(target, sheet_body(card))
        conversation = snapshot.execution.request.conversation_id
        if talk_of(conversation) is not None:  # one that is held elsewhere is not shown here for that
            ref = MessageRef(chat=target.chat, message=message)
            key = MessageKey(execution_id=snapshot.id, conversation_id=conversation, purpose=f"sheet:{ref}")
            await self._desk.log.shown(key, str(ref), "")

    def _card(self, snapshot: ExecutionSnapshot) -> Card:
        return render_card(snapshot, now=self._desk.clock.now())


def _edited(snapshot: ExecutionSnapshot, key: str) -> int:
    """The version of the plan that a delivery edited, however long ago."""
    made = edit_id(snapshot.id, key)
    return next((a.plan_version for a in snapshot.approvals if a.id == made), snapshot.execution.plan_version)
