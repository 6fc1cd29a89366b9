"""Buttons pressed and forms sent: each becomes a signal, a rating, a form, or one decision that is made once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import cast

from bot.door import Question
from bot.presses import Press, read_press
from bot.pressing import Pressing, unknown_button
from bot.render.texts import texts_of
from bot.slack.address import thread_of, user_of
from bot.slack.asking import Asking
from bot.slack.desk import Desk
from bot.slack.forms import Values, form_view, read_form, refusal_by_input
from bot.slack.markup.forms import TEXT, read_words
from bot.slack.plan_sheets import TWICE, PlanSheets, is_theirs
from engine.domain.ids import ApprovalId, ExecutionId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal, Role
from engine.errors import IntegrationError, RefusedError, RequestError, TizmorError
from engine.ports.chat_log import Delivery

DO_THIS = "do_this"
"""The form about somebody else's message; it is about no approval."""

_Act = Callable[[Delivery, Press, Principal], Awaitable[None]]


class Clicks:
    """Of one workspace. Who pressed comes from Slack's signed payload; what was pressed, from ids we wrote."""

    def __init__(self, desk: Desk, asking: Asking) -> None:
        self._desk = desk
        self._asking = asking
        self._pressing = Pressing(desk.door)
        self._sheets = PlanSheets(desk)

    async def click(self, delivery: Delivery) -> None:
        """A button, or an option of a menu."""
        await self._answering(delivery, self._pressed)

    async def form(self, delivery: Delivery) -> None:
        """A form that :meth:`check` let pass; in between somebody else may have decided."""
        await self._answering(delivery, self._sent)

    async def check(self, delivery: Delivery) -> Mapping[str, str]:
        """What is wrong with a form, by block; empty: it may be sent.

        Raises:
            IntegrationError: that cannot be found out now.
        """
        press, principal = _press(delivery), await self._desk.principal(delivery)
        if press is None or principal.role is Role.NONE:
            return {}
        if press.action == DO_THIS and not read_words(_values(delivery)):
            return {TEXT: (await self._desk.words_for(principal)).say("chat.form.empty")}
        if not press.approval:
            return {}
        texts, question = await self._desk.words_for(principal), None
        try:
            question = await self._question(principal, press)
            texts = texts_of(question.snapshot)
            read = read_form(press.action, question, _values(delivery), texts, self._desk.clock.now())
            if read.decision is None:
                return read.errors
            await self._desk.door.check(principal, question.approval.id, read.decision)
        except IntegrationError:
            raise
        except TizmorError as error:
            if await self._was_saved(press, principal, delivery.received_at - TWICE):
                return {}  # Slack lost the answer; sent again, it has the key it had
            words = await self._desk.refusals.words(error, texts)
            return refusal_by_input(question, _values(delivery), error, words, texts)
        return {}

    async def _pressed(self, delivery: Delivery, press: Press, principal: Principal) -> None:
        if press.action == "page":
            await self._turn(delivery, press, principal)
        elif press.action == "plan":
            await self._sheets.open(delivery, press, principal)
        elif delivery.payload.get("view_id"):
            await self._in_sheet(delivery, press, principal)
        else:
            await self._act(delivery, press, principal)

    async def _in_sheet(self, delivery: Delivery, press: Press, principal: Principal) -> None:
        """Pressed in the plan sheet: what came of it is said there, as long as it is there."""
        try:
            if await self._act(delivery, press, principal):
                await self._sheets.done(delivery, press, principal)
        except IntegrationError:
            raise
        except TizmorError as error:
            if not await self._sheets.refused(delivery, press, principal, error):
                raise

    async def _act(self, delivery: Delivery, press: Press, principal: Principal) -> bool:
        """Do it, or open the form that it needs; whether it is done."""
        question = await self._pressing.press(principal, press, delivery.key)
        if question is None:
            return True
        view = form_view(press.action, question, press, texts_of(question.snapshot))
        if view is None:
            raise unknown_button(press.action)
        await self._desk.show_form(delivery, view)
        return False

    async def _turn(self, delivery: Delivery, press: Press, principal: Principal) -> None:
        """Show another page of a form that only shows; one that was closed or turned meanwhile stays as it is."""
        question = await self._question(principal, press)
        view = form_view("details", question, press, texts_of(question.snapshot))
        if view is not None:
            with suppress(RefusedError):
                payload = delivery.payload
                await self._desk.web.update_view(str(payload.get("view_id")), view, str(payload.get("view_hash")))

    async def _sent(self, delivery: Delivery, press: Press, principal: Principal) -> None:
        if press.action == DO_THIS:
            words = read_words(_values(delivery))
            if words:
                await self._asking.as_told(delivery, principal, press, words)
            return
        try:
            await self._decide(delivery, press, principal)
        except RequestError:
            if not await self._was_saved(press, principal, delivery.received_at):
                raise

    async def _decide(self, delivery: Delivery, press: Press, principal: Principal) -> None:
        question, now = await self._question(principal, press), self._desk.clock.now()
        read = read_form(press.action, question, _values(delivery), texts_of(question.snapshot), now)
        if read.decision is not None:
            await self._desk.door.decide(principal, question.approval.id, read.decision)

    async def _was_saved(self, press: Press, principal: Principal, since: datetime) -> bool:
        """Has this person edited the step of this form since then: as a rule, with this very form before a crash?"""
        about = await self._about(principal, press)
        return about is not None and is_theirs(about, press, principal, since)

    async def _question(self, principal: Principal, press: Press) -> Question:
        return await self._desk.door.question(principal, ApprovalId(press.approval))

    async def _answering(self, delivery: Delivery, act: _Act) -> None:
        """Do it; whatever stands against it is said to the person alone, in the language of what it is about."""
        principal, press = await self._desk.principal(delivery), _press(delivery)
        texts, words = await self._desk.words_for(principal), ""
        channel, thread_ts = str(delivery.payload.get("channel", "")), str(delivery.payload.get("thread_ts") or "")
        try:
            if press is None:
                raise unknown_button("")
            about = await self._about(principal, press)
            if about is not None:
                texts, thread = texts_of(about), thread_of(about.execution.request.conversation_id)
                if thread is not None and not channel:  # a form is sent from nowhere
                    channel, thread_ts = thread.channel, thread.ts
            if principal.role is Role.NONE:
                words = texts.say("conversation.not_yours")
            else:
                await act(delivery, press, principal)
        except IntegrationError:
            raise
        except TizmorError as error:
            words = await self._desk.refusals.words(error, texts)
        await self._desk.whisper(channel, user_of(principal.id) or "", words, thread_ts)

    async def _about(self, principal: Principal, press: Press) -> ExecutionSnapshot | None:
        """The execution it is about, where the person may see it."""
        if not press.execution or principal.role is Role.NONE:
            return None
        with suppress(RequestError):
            return await self._desk.door.execution(principal, ExecutionId(press.execution))
        return None


def _press(delivery: Delivery) -> Press | None:
    return read_press(str(delivery.payload.get("press", "")))


def _values(delivery: Delivery) -> Values:
    values = delivery.payload.get("values")
    return cast("Values", values) if isinstance(values, Mapping) else {}
