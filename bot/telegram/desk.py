"""What handlers of Telegram's deliveries share: the door, the people, the Bot API, and words for whoever spoke."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from loguru import logger

from bot.claims import OWNER_CODE_SPOILT
from bot.conversing import Conversing
from bot.door import ChatDoor
from bot.refusals import Refusals
from bot.render.texts import Phrase, Texts, known_locale
from bot.telegram.address import PREFIX, MessageRef, Talk, talk_of, user_of
from bot.telegram.api import Identity, Target
from bot.telegram.calls import PacedCalls
from bot.telegram.markup.words import words_body
from bot.telegram.people import TelegramPeople
from engine.domain.ids import DEFAULT_TENANT, ExecutionId, TenantId
from engine.domain.json import JsonObject
from engine.domain.tenant import Principal
from engine.errors import IntegrationError, UnavailableError
from engine.ports.chat_log import Delivery
from engine.ports.clock import Clock
from engine.ports.message_log import MessageLog
from engine.ports.remarks import RemarkBook

REFUSED_EVERY = timedelta(minutes=10)
"""A stranger is told so often that they are one; in between, what they say is passed over."""
MOST_REFUSED = 1_000
WORDS_WAIT = timedelta(seconds=2)
"""Longest that words wait where Telegram wants a pause: what the person does next in that chat waits with them."""
WORDS_AGAIN = timedelta(seconds=1)
"""Shortest pause before they are tried again, whatever Telegram says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One bot's."""

    bot: Identity
    door: ChatDoor
    conversing: Conversing
    people: TelegramPeople
    refusals: Refusals
    remarks: RemarkBook
    log: MessageLog
    calls: PacedCalls
    present: Callable[[int], int]
    """The id a group has by now."""
    clock: Clock
    timezone: str
    locale: str
    """Of what belongs to no message."""
    tenant: TenantId = DEFAULT_TENANT
    _refused: OrderedDict[tuple[int, int], datetime] = field(default_factory=OrderedDict[tuple[int, int], datetime])
    """When a stranger was last told so, by chat and person."""

    def texts(self, locale: str | None = None) -> Texts:
        """Words in a language, in the installation's zone."""
        return Texts(locale or self.locale, self.timezone)

    def texts_for(self, delivery: Delivery) -> Texts:
        """Words in the language a person uses Telegram in."""
        language = str(delivery.payload.get("language", ""))
        return self.texts(known_locale(language) if language else None)

    async def principal(self, delivery: Delivery) -> Principal:
        """Who did it, from Telegram's own word.

        Raises:
            UnavailableError: storage is away.
        """
        user = user_of(delivery.user_id)
        if user is None or delivery.payload.get("anonymous"):
            return self.people.nobody(user or 0)
        payload = delivery.payload
        return await self.people.principal(user, str(payload.get("name", "")), str(payload.get("language", "")))

    async def talk(self, delivery: Delivery) -> Talk:
        """The conversation a message belongs to: in a group, the thread of replies it stands in, or begins."""
        payload = delivery.payload
        here = Talk(chat=number(payload, "chat"), topic=number(payload, "topic"))
        if here.private:
            return here
        return await self._thread(payload, here) or Talk(
            chat=here.chat, topic=here.topic, root=number(payload, "message")
        )

    async def about(self, delivery: Delivery) -> ExecutionId | None:
        """The execution whose message a message replies to."""
        reply = delivery.payload.get("reply")
        if not isinstance(reply, dict) or not reply.get("ours"):
            return None
        ref = MessageRef(chat=number(delivery.payload, "chat"), message=number(reply, "message"))
        found = await self.log.at(PREFIX, str(ref))
        return None if found is None else found[0]

    async def _thread(self, payload: JsonObject, here: Talk) -> Talk | None:
        replied = number(payload.get("reply"), "message")
        if not replied:
            return None
        found = await self.log.at(PREFIX, str(MessageRef(chat=here.chat, message=replied)))
        if found is not None:
            return talk_of(found[1])
        begun = Talk(chat=here.chat, topic=here.topic, root=replied)
        return begun if await self.door.asked_in(self.tenant, begun.conversation_id) else None

    async def tell(self, delivery: Delivery, words: str) -> bool:
        """Say something to whoever did this, where they did it; False where that is not known to be told. Its failing is no
        failure of what was done."""
        chat, message = number(delivery.payload, "chat"), number(delivery.payload, "message")
        reply = message if chat < 0 and delivery.kind != "click" else 0
        where = Target(chat=chat, topic=number(delivery.payload, "topic"), reply_to=reply, silent=True)
        return await self.say(where, words)

    async def say(self, target: Target, words: str) -> bool:
        """Say something somewhere; False where it could not be said, or nobody knows."""
        if not words or not target.chat:
            return False
        patience = WORDS_WAIT
        while True:
            try:
                await self.calls.send(target, words_body(words))
            except IntegrationError as error:
                named = error.retry_after if isinstance(error, UnavailableError) else None
                pause = WORDS_AGAIN if named is None else max(named, WORDS_AGAIN)
                if named is None or pause > patience:
                    logger.bind(code=error.code, detail=error.detail).info("telegram_words_lost")
                    return False
            else:
                return True
            patience -= pause
            await self.clock.sleep(pause)

    def spoilt(self, key: str, texts: Texts) -> str:
        """That a code which others may have read is void now.

        Args:
            key: what :meth:`bot.claims.Claims.spoil` gave.
            texts: the language it is said in.
        """
        return self.conversing.say(texts, "code_spoilt") if key == OWNER_CODE_SPOILT else texts.say(key)

    async def tell_alone(self, delivery: Delivery, words: str, texts: Texts) -> None:
        """Say what a group need not read to whoever did this, in private; where they never wrote there, ask them to."""
        user = user_of(delivery.user_id) or 0
        if words and not await self.say(Target(chat=user, silent=True), words):
            await self.tell(delivery, self.write_me(texts))

    def write_me(self, texts: Texts) -> str:
        """That something is for our private chat."""
        return texts.say("telegram_talk.write_me", bot=Phrase(f"@{self.bot.username}"))

    async def to_stranger(self, delivery: Delivery) -> str:
        """Why somebody nobody knows can ask for nothing, in the language of their Telegram: what they wrote may be a code.

        Raises:
            IntegrationError: storage is away.
        """
        texts = self.texts_for(delivery)
        if delivery.payload.get("anonymous"):
            return self.conversing.say(texts, "anonymous")
        return self.conversing.say(texts, "not_for_you" if await self.people.has_owner() else "no_owner")

    def may_refuse(self, delivery: Delivery) -> bool:
        """Is a stranger to be told now that they are one? Not every time, so that nobody can make us flood a chat."""
        name, now = (number(delivery.payload, "chat"), user_of(delivery.user_id) or 0), self.clock.now()
        before = self._refused.get(name)
        if before is not None and before <= now < before + REFUSED_EVERY:
            return False
        self._refused[name] = now
        self._refused.move_to_end(name)
        while len(self._refused) > MOST_REFUSED:
            self._refused.popitem(last=False)
        return True


def number(payload: object, name: str) -> int:
    """A number of a delivery's payload; 0 where there is none."""
    value = cast("Mapping[str, object]", payload).get(name) if isinstance(payload, Mapping) else None
    return value if isinstance(value, int) else 0
