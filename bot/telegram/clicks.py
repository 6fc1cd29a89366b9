"""Buttons pressed: each becomes a signal, a rating, a form, or one decision that is made once. Every one is answered."""

from __future__ import annotations

from loguru import logger

from bot.forms.decisions import block_of
from bot.presses import Press
from bot.pressing import EDITS, Pressing, unknown_button
from bot.render.texts import Texts, texts_of
from bot.render.undo import undo_block
from bot.telegram.address import Talk
from bot.telegram.api import ANSWER_CHARACTERS, Target
from bot.telegram.calls import shown
from bot.telegram.desk import Desk, number
from bot.telegram.form import Forms
from bot.telegram.markup.details import details_body
from bot.telegram.markup.undo import undo_answered, undo_body
from bot.telegram.plan_sheets import PlanSheets
from bot.telegram.presses import read_data
from engine.domain.ids import ApprovalId, ExecutionId
from engine.domain.tenant import Principal, Role
from engine.errors import ConflictError, IntegrationError, TizmorError
from engine.planning.edit_check import must_be_open
from engine.ports.chat_log import Delivery


class Clicks:
    """Of one bot. Who pressed is Telegram's own word; what was pressed, ids we wrote."""

    def __init__(self, desk: Desk, forms: Forms) -> None:
        self._desk = desk
        self._forms = forms
        self._pressing = Pressing(desk.door)
        self._sheets = PlanSheets(desk)

    async def click(self, delivery: Delivery) -> None:
        """Do what the button stands for; whatever stands against it is said to whoever pressed it, and to nobody else."""
        principal, texts = await self._desk.principal(delivery), self._desk.texts_for(delivery)
        press = read_data(str(delivery.payload.get("data", "")))
        try:
            if press is None:
                raise unknown_button("")
            if principal.role is Role.NONE:
                words: str = texts.say("conversation.not_yours")
            elif delivery.payload.get("known") is False:
                words = await self._unknown(press, principal)
            else:
                words = await self._pressed(delivery, press, principal, texts)
        except IntegrationError:
            raise
        except TizmorError as error:
            words = await self._desk.refusals.words(error, texts)
        await self.answer(delivery, words)

    async def answer(self, delivery: Delivery, words: str) -> None:
        """The button stops waiting; words are shown over the chat. Its failing is no failure of what was done."""
        told = words if len(words) <= ANSWER_CHARACTERS else f"{words[: ANSWER_CHARACTERS - 1]}…"
        try:
            await self._desk.calls.answer(str(delivery.payload.get("callback", "")), told, alert=bool(words))
        except IntegrationError as error:
            logger.bind(code=error.code, detail=error.detail).info("telegram_button_unanswered")

    async def _pressed(self, delivery: Delivery, press: Press, principal: Principal, texts: Texts) -> str:
        payload = delivery.payload
        where = Talk(chat=number(payload, "chat"), topic=number(payload, "topic"))
        message, ours = number(payload, "message"), payload.get("known") is True
        if press.action == "page" and not ours:
            raise unknown_button(press.action)  # nobody says whose message would be drawn over
        match press.action:
            case "form":
                return await self._forms.pressed(principal, press, where, message, delivery.key, known=ours)
            case "details" | "page":
                return await self._show_details(press, principal, where, message)
            case "undo" | "undo_yes" | "undo_no":
                return await self._undo(press, principal, where, message, delivery)
            case "plan":
                target = Target(chat=where.chat, topic=where.topic, reply_to=message, silent=True)
                return await self._sheets.open(principal, ExecutionId(press.execution), target)
            case action if action in EDITS:
                return await self._sheets.press(principal, press, where, message, delivery.key, known=ours)
            case _:
                about = message if ours or press.action != "edit_step" else 0  # a sheet is drawn over in the end
                return await self._done(delivery, press, principal, where, about) or (
                    texts.say("telegram_talk.thanks") if press.action == "feedback" else ""
                )

    async def _done(self, delivery: Delivery, press: Press, principal: Principal, where: Talk, about: int) -> str:
        """Do it, or open the form that it takes."""
        question = await self._pressing.press(principal, press, delivery.key)
        if question is None:
            return ""
        return await self._forms.open(principal, press, question, where, about, delivery.key)

    async def _undo(self, press: Press, principal: Principal, where: Talk, message: int, delivery: Delivery) -> str:
        """Ask whether to take it back, in a message that says what exactly that is; or do what was answered there."""
        execution = ExecutionId(press.execution)
        if press.action == "undo":
            found = await self._desk.door.may_undo(principal, execution)
            texts = texts_of(found.snapshot)
            block = undo_block(found.snapshot, texts, now=self._desk.clock.now(), undone_by=found.undone_by)
            if block is None:  # its time ended this very moment
                raise ConflictError("undo_too_late", f"Execution {execution} cannot be taken back any more.")
            target = Target(chat=where.chat, topic=where.topic, reply_to=message, silent=True)
            return await shown(self._desk.calls.send(target, undo_body(block, texts, press.execution)), texts)
        if press.action == "undo_yes":
            snapshot = await self._desk.door.undo(principal, execution)
            texts, words = texts_of(snapshot), "undo.going_on"
        else:
            texts, words = texts_of(await self._desk.door.execution(principal, execution)), "undo.kept"
        answered = undo_answered(texts.say(words), texts)
        if delivery.payload.get("known") is not True:
            return ""  # nobody says whose message would be drawn over
        return await shown(self._desk.calls.edit(where.chat, message, answered), texts)

    async def _unknown(self, press: Press, principal: Principal) -> str:
        """The message has no such button: it lost it while it was pressed, and who decided is told, or it never had it, and
        nothing is done."""
        if press.action in {"undo", "undo_yes"}:
            await self._desk.door.may_undo(principal, ExecutionId(press.execution))
        if press.action == "plan":
            must_be_open(await self._desk.door.execution(principal, ExecutionId(press.execution)))
        if press.approval and press.action not in {"form", "page", "details"}:
            await self._pressing.must_be_open(principal, ApprovalId(press.approval))
        raise unknown_button(press.action)

    async def _show_details(self, press: Press, principal: Principal, where: Talk, message: int) -> str:
        """Every argument, in a message of its own whose pages turn in place."""
        question = await self._desk.door.question(principal, ApprovalId(press.approval))
        texts = texts_of(question.snapshot)
        block = block_of(question, texts)
        if block is None:
            raise unknown_button(press.action)
        page = int(press.choice) if press.choice.isdecimal() else 0
        body = details_body(block, texts, page)
        if press.action == "page":
            return await shown(self._desk.calls.edit(where.chat, message, body), texts)
        target = Target(chat=where.chat, topic=where.topic, reply_to=message, silent=True)
        return await shown(self._desk.calls.send(target, body), texts)
