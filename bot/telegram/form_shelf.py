"""Where a guided form is kept, and the message that shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from loguru import logger

from bot.messenger import MessageGoneError
from bot.render.texts import Texts
from bot.telegram.address import PREFIX, Talk
from bot.telegram.api import Target
from bot.telegram.calls import unshown
from bot.telegram.form_pages import ended_body, form_body, prompt_body, wants_prompt
from bot.telegram.form_state import UNSEEN, Draft, Scene, draft_of, prompted
from engine.domain.json import JsonObject
from engine.domain.tenant import Principal
from engine.errors import IntegrationError
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

    async def restore(self, holder: Holder, before: Draft | None) -> None:
        """Keep what there was before a form was opened that could not be shown: nobody would know what it asks."""
        if before is None or (before.handled == holder.key and not before.message):
            await self._drafts.drop(holder.name)
        else:
            await self.keep(holder, before)

    async def show(self, holder: Holder, draft: Draft, scene: Scene | None, texts: Texts) -> str:
        """Show the form as it stands: in its message, or in a new one where there is none.

        Returns:
            Key of the words for why Telegram does not show it; empty where it does, or may.

        Raises:
            IntegrationError: storage is away.
        """
        where = holder.where
        if scene is None or draft.over:
            ended = [await self.end(where, number, draft.over, texts) for number in (draft.message, draft.left)]
            return next(filter(None, ended), "")
        why, draft = await self._shown(holder, draft, scene)
        if why:
            return why
        if draft.left:
            key = "below" if draft.left == draft.was else "moved"
            await self.end(where, draft.left, texts.say(f"telegram_form.{key}"), texts)
            draft = replace(draft, left=0)
            await self.keep(holder, draft)
        if wants_prompt(draft, scene) and not draft.prompt:
            await self._prompt(holder, draft, scene)
        return ""

    async def end(self, where: Talk, message: int, words: str, texts: Texts) -> str:
        """Show that a form is over. One that is gone needs no end. Returns as :meth:`show`."""
        if not message:
            return ""
        try:
            await self._messages.edit(where.chat, message, ended_body(words, texts))
        except MessageGoneError:
            return ""
        except IntegrationError as error:
            return _unshown(error)
        return ""

    async def _shown(self, holder: Holder, draft: Draft, scene: Scene) -> tuple[str, Draft]:
        where, body = holder.where, form_body(draft, scene)
        if draft.message:
            try:
                await self._messages.edit(where.chat, draft.message, body)
            except MessageGoneError:
                logger.bind(message=draft.message).info("telegram_form_gone")
            except IntegrationError as error:
                return _unshown(error), draft
            else:
                return "", draft
        target = Target(chat=where.chat, topic=where.topic, reply_to=draft.about, silent=True)
        try:
            number = await self._messages.send(target, body)
        except IntegrationError as error:  # one that may be there is a form of nobody's: its buttons close it
            return _unshown(error) or "telegram_talk.busy", draft
        draft = replace(draft, message=number)
        await self.keep(holder, draft)
        return "", draft

    async def _prompt(self, holder: Holder, draft: Draft, scene: Scene) -> None:
        """Ask for a reply. A reply to the form does as well, so that nothing is lost where this is not sent."""
        where = holder.where
        target = Target(chat=where.chat, topic=where.topic, reply_to=scene.root or draft.message, silent=True)
        try:
            number = await self._messages.send(target, prompt_body(draft, scene))
        except IntegrationError as error:
            if _unshown(error):
                return
            number = UNSEEN
        await self.keep(holder, prompted(draft, number))


def _unshown(error: IntegrationError) -> str:
    logger.bind(code=error.code, detail=error.detail).info("telegram_form_unshown")
    return unshown(error)
