"""The plan sheet of one workspace: opened from the card, pressed in, and told in it what came of that.

A sheet shows a moment. What it does not say any more is refused by the door, and then the sheet shows the plan as it is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from bot.presses import Press
from bot.pressing import EDITS
from bot.render.steps import GATED_AGENTS, step_lines
from bot.render.texts import Texts, texts_of
from bot.slack.desk import Desk
from bot.slack.markup.plan_sheet import plan_sheet_view, told_view
from bot.step_questions import was_edited
from engine.domain.ids import ExecutionId
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal
from engine.errors import RefusedError, RequestError, TizmorError
from engine.planning.edit_check import must_be_open
from engine.ports.chat_log import Delivery

_MADE: Mapping[str, str] = {"edit_step": "edit", "retry_step": "retry", "drop_step": "drop"}
"""What an edit is kept as, by the action of its button."""
TWICE = timedelta(seconds=30)
"""Pressed or sent again within so long, it was done twice: a finger trembled, or Slack lost the answer."""


class PlanSheets:
    """Says what it has to say where the person looks: in the sheet."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def open(self, delivery: Delivery, press: Press, principal: Principal) -> None:
        """Show the sheet to whoever pressed.

        Raises:
            NotFoundError: it is another person's.
            ConflictError: the plan cannot be changed any more; ``form_too_old``.
        """
        snapshot = await self._desk.door.execution(principal, ExecutionId(press.execution))
        must_be_open(snapshot)
        await self._desk.show_form(delivery, self._sheet(snapshot))

    async def done(self, delivery: Delivery, press: Press, principal: Principal) -> None:
        """Say that it was taken. A sheet that was closed, or says something else by now, stays as it is."""
        snapshot = await self._seen(principal, press)
        await self._say_taken(delivery, press, await self._texts(snapshot, principal))

    async def refused(self, delivery: Delivery, press: Press, principal: Principal, error: TizmorError) -> bool:
        """Say why not, above the plan as it is now; False where the sheet is not there any more.

        Whoever has just done it, and pressed twice, hears that it was taken.
        """
        snapshot = await self._seen(principal, press)
        texts = await self._texts(snapshot, principal)
        since = delivery.received_at - TWICE
        if snapshot is not None and press.action in EDITS and is_theirs(snapshot, press, principal, since):
            await self._say_taken(delivery, press, texts)
            return True
        words = await self._desk.refusals.words(error, texts)
        return await self._say(delivery, self._sheet(snapshot, words) if snapshot else told_view(press, words, texts))

    def _sheet(self, snapshot: ExecutionSnapshot, told: str = "") -> JsonObject:
        texts = texts_of(snapshot)
        steps = step_lines(snapshot, texts, now=self._desk.clock.now(), gated_agents=GATED_AGENTS)
        if not told and not any(step.ways for step in steps):
            told = texts.say("chat.form.plan_nothing")
        return plan_sheet_view(snapshot.id, steps, texts, told)

    async def _texts(self, snapshot: ExecutionSnapshot | None, principal: Principal) -> Texts:
        return texts_of(snapshot) if snapshot is not None else await self._desk.words_for(principal)

    async def _seen(self, principal: Principal, press: Press) -> ExecutionSnapshot | None:
        """The execution, where the person may see it."""
        with suppress(RequestError):
            return await self._desk.door.execution(principal, ExecutionId(press.execution))
        return None

    async def _say_taken(self, delivery: Delivery, press: Press, texts: Texts) -> None:
        await self._say(delivery, told_view(press, texts.say("plan_version.taken"), texts))

    async def _say(self, delivery: Delivery, view: JsonObject) -> bool:
        payload = delivery.payload
        try:
            await self._desk.web.update_view(str(payload.get("view_id")), view, str(payload.get("view_hash")))
        except RefusedError:
            return False
        return True


def is_theirs(snapshot: ExecutionSnapshot, press: Press, principal: Principal, since: datetime) -> bool:
    """Has this person done to this step what the press stands for, not before then?"""
    way = _MADE.get(press.action)
    return way is not None and was_edited(snapshot, press.approval, principal, since, way)
