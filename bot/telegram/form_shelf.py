"""Where a guided form is kept, and the message that shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from loguru import logger

from bot.messenger import MessageGoneError
from bot.render.texts import Texts
from bot.telegram.address import PREFIX, Talk
from bot.telegram.api import Target
from bot.telegram.form_pages import ended_body, form_body, prompt_body, wants_prompt
from bot.telegram.form_state import Draft, Scene, draft_of, prompted
from engine.domain.json import JsonObject
from engine.domain.tenant import Principal
from engine.errors import RefusedError
from engine.ports.clock import Clock
from engine.ports.drafts import FormDrafts


class Messages(Protocol):
    """The calls forms make (``bot.telegram.api.TelegramApi``)."""

    async def send(self, target: Target, body: JsonObject) -> int:
        """Send a message; its number."""
        ...

    async def edit(self, chat: int, message: int, body: JsonObject) -> None:
        """Show something else in a message of ours."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose form it is, where, and which delivery is handled."""

    principal: Principal
    user: int
    where: Talk
    key: str

    @property
    def name(self) -> str:
        """Of the form: one at a time for a person in a chat, or in a topic of it."""
        return f"{PREFIX}{self.where.chat}:{self.where.topic}:{self.user}"


class FormShelf:
    """Keeps forms, and shows each in one message that is edited in place.

    Args:
        drafts: where forms are kept.
        messages: Telegram.
        clock: when they were kept.
    """

    def __init__(self, drafts: FormDrafts, messages: Messages, clock: Clock) -> None:
        self._drafts = drafts
        self._messages = messages
        self._clock = clock

    async def read(self, holder: Holder) -> Draft | None:
        """The form somebody has here; None where there is none."""
        return draft_of(await self._drafts.read(holder.name))

    async def keep(self, holder: Holder, draft: Draft) -> None:
        """Keep it as it stands; durable on return."""
        await self._drafts.keep(holder.name, draft.to_json(), self._clock.now())

    async def show(self, holder: Holder, draft: Draft, scene: Scene | None, texts: Texts) -> bool:
        """Show the form as it stands: in its message, or in a new one where there is none. False: Telegram refuses that."""
        where = holder.where
        if scene is None or draft.over:
            await self.end(where, draft.message, draft.over, texts)
            return True
        try:
            draft = await self._shown(holder, draft, scene)
            if wants_prompt(draft, scene) and not draft.prompt:
                reply_to = scene.root or draft.message
                target = Target(chat=where.chat, topic=where.topic, reply_to=reply_to, silent=True)
                number = await self._messages.send(target, prompt_body(draft, scene))
                await self.keep(holder, prompted(draft, number))
        except RefusedError as error:
            logger.bind(code=error.code, detail=error.detail).info("telegram_form_refused")
            return False
        return True

    async def _shown(self, holder: Holder, draft: Draft, scene: Scene) -> Draft:
        body = form_body(draft, scene)
        if draft.message:
            try:
                await self._messages.edit(holder.where.chat, draft.message, body)
            except MessageGoneError:
                logger.bind(message=draft.message).info("telegram_form_gone")
            else:
                return draft
        where = holder.where
        target = Target(chat=where.chat, topic=where.topic, reply_to=draft.about, silent=True)
        draft = replace(draft, message=await self._messages.send(target, body))
        await self.keep(holder, draft)
        return draft

    async def end(self, where: Talk, message: int, words: str, texts: Texts) -> None:
        """Show that a form is over. One that is gone needs no end."""
        if not message:
            return
        try:
            await self._messages.edit(where.chat, message, ended_body(words, texts))
        except (MessageGoneError, RefusedError) as error:
            logger.bind(code=error.code, detail=error.detail).info("telegram_form_refused")
