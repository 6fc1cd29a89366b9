"""What each of Telegram's deliveries leads to. Repeatable: a crash may come before a delivery is noted as handled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from loguru import logger

from bot.commands import steering
from bot.conversing import Said
from bot.render.texts import Texts
from bot.telegram.address import Talk, message_key
from bot.telegram.clicks import Clicks
from bot.telegram.desk import Desk, number
from bot.telegram.form import Forms
from bot.telegram.orders import ABOUT_ONESELF, Orders
from bot.telegram.remembering import Remembering
from engine.domain.request import dominant_locale
from engine.domain.tenant import Principal, Role
from engine.errors import IntegrationError, RequestError, TizmorError
from engine.ports.chat_log import Delivery, Outgoing

TOO_OLD = timedelta(hours=24)
"""A message that is older when it is handled starts nothing: Telegram keeps what we have not heard for a day."""


class TelegramHandler:
    """``bot.inbox.Handler`` of one bot."""

    def __init__(self, desk: Desk, forms: Forms, orders: Orders) -> None:
        self._desk = desk
        self._forms = forms
        self._orders = orders
        self._remembering = Remembering(desk)
        self._clicks = Clicks(desk, forms)
        self._kinds: Mapping[str, Callable[[Delivery], Awaitable[None]]] = {
            "message": self._message,
            "command": self._command,
            "edited": self._edited,
            "click": self._clicks.click,
            "member": self._member,
            "moved": self._moved,
        }

    async def handle(self, delivery: Delivery) -> Outgoing | None:
        """See the protocol."""
        kind = self._kinds.get(delivery.kind)
        if kind is None:
            logger.bind(kind=delivery.kind).warning("delivery_unknown")
            return None
        await kind(delivery)
        return None

    async def broken(self, delivery: Delivery) -> Outgoing | None:
        """See the protocol: the person is told where they spoke."""
        texts = self._desk.texts_for(delivery)
        if delivery.kind == "click":
            await self._clicks.answer(delivery, texts.error("internal_error"))
        else:
            await self._desk.tell(delivery, texts.error("internal_error"))
        return None

    # What is said.

    async def _message(self, delivery: Delivery) -> None:
        principal, talk = await self._desk.principal(delivery), await self._desk.talk(delivery)
        addressed = talk.private or bool(delivery.payload.get("addressed"))
        if await self._shows_a_code(delivery, talk):
            return
        if principal.role is Role.NONE:
            await self._refuse(delivery, talk, addressed=addressed)
            return
        if self._is_too_old(delivery):
            if addressed:
                await self._desk.tell(delivery, self._say(delivery, "too_old"))
            return
        if not delivery.payload.get("forwarded") and await self._is_of_a_form(delivery, principal, talk):
            return
        if addressed or await self._desk.door.asked_in(self._desk.tenant, talk.conversation_id):
            await self._remembering.keep(delivery, principal, talk)
        await self._heard(delivery, principal, talk, addressed=addressed)

    async def _heard(self, delivery: Delivery, principal: Principal, talk: Talk, *, addressed: bool) -> None:
        if delivery.payload.get("forwarded"):
            if addressed:  # somebody else's words are material: only the person's own ask for something
                await self._desk.tell(delivery, self._say(delivery, "forwarded"))
            return
        if not delivery.text.strip():
            if addressed:
                key = "only_files" if delivery.payload.get("files") else "help"
                await self._desk.tell(delivery, self._say(delivery, key))
            return
        said = _said(delivery, principal, talk, addressed=addressed)
        await self._hear(delivery, replace(said, about=await self._desk.about(delivery)))
        if addressed and delivery.payload.get("files"):
            await self._desk.tell(delivery, self._say(delivery, "file_unread"))

    async def _is_of_a_form(self, delivery: Delivery, principal: Principal, talk: Talk) -> bool:
        replied = number(delivery.payload.get("reply"), "message")
        where = Talk(chat=talk.chat, topic=talk.topic)
        taken = await self._forms.said(principal, where, delivery.text, replied, delivery.key)
        if taken is None:
            return False
        await self._desk.tell(delivery, taken.words)
        return True

    async def _hear(self, delivery: Delivery, said: Said) -> None:
        texts = self._desk.texts(dominant_locale(said.text))
        try:
            words = await self._desk.conversing.hear(said)
        except IntegrationError:
            raise
        except TizmorError as error:
            words = await self._desk.refusals.words(error, texts)
        given = steering(said.text)
        if given is not None and given.command in ABOUT_ONESELF and not said.private:
            await self._desk.tell_alone(delivery, words, texts)
        else:
            await self._desk.tell(delivery, words)

    async def _edited(self, delivery: Delivery) -> None:
        """Words changed after they were sent: where they started something that still runs, a change of plan is offered."""
        principal, talk = await self._desk.principal(delivery), await self._desk.talk(delivery)
        if await self._shows_a_code(delivery, talk) or principal.role is Role.NONE or self._is_too_old(delivery):
            return
        if not await self._desk.door.asked_in(self._desk.tenant, talk.conversation_id):
            if delivery.payload.get("addressed") and not talk.private:
                # our name came in with the edit: now it is said to us
                await self._message(replace(delivery, kind="message"))
            return
        await self._remembering.keep(delivery, principal, talk)
        key = message_key(number(delivery.payload, "chat"), number(delivery.payload, "message"))
        for snapshot in await self._desk.door.thread(principal, talk.conversation_id):
            request = snapshot.execution.request
            started = (request.request_key or "").endswith(f":{key}")
            if started and snapshot.outcome is None and delivery.text.strip() not in {"", request.text}:
                try:
                    await self._desk.door.offer_change(principal, snapshot.id, delivery.text, delivery.key)
                except RequestError:
                    return

    async def _command(self, delivery: Delivery) -> None:
        """A command, which says by itself what it wants."""
        principal, talk = await self._desk.principal(delivery), await self._desk.talk(delivery)
        if await self._shows_a_code(delivery, talk) or self._is_too_old(delivery):
            return
        if principal.role is Role.NONE and not self._orders.is_for_strangers(delivery):
            await self._refuse(delivery, talk, addressed=True)
            return
        asked = self._orders.request(delivery)
        if asked is None:
            await self._orders.obey(delivery, principal, talk)
            return
        await self._remembering.keep(asked.delivery, principal, talk)
        said = _said(asked.delivery, principal, talk, addressed=True, anew=True, dry_run=asked.dry_run)
        await self._hear(asked.delivery, said)

    # What happens to us.

    async def _member(self, delivery: Delivery) -> None:
        """Our place in a chat changed. Nothing is started or dropped for it: what cannot be sent is tried again by itself."""
        payload = delivery.payload
        status, kind = str(payload.get("status", "")), str(payload.get("type", ""))
        logger.bind(chat=number(payload, "chat"), status=status).info("telegram_membership")
        if kind == "private" or status not in {"member", "administrator"}:
            return
        if str(payload.get("before", "")) in {"member", "administrator", "restricted"}:
            return
        principal = await self._desk.principal(delivery)
        stranger = principal.role is Role.NONE
        words = await self._desk.to_stranger(delivery) if stranger else self._say(delivery, "greeting")
        await self._desk.tell(delivery, words)

    async def _moved(self, delivery: Delivery) -> None:
        """A group got another id: what was held there goes on under the new one."""
        payload = delivery.payload
        self._desk.calls.moved(number(payload, "chat"), number(payload, "to"))
        logger.bind(chat=number(payload, "chat"), to=number(payload, "to")).info("telegram_group_moved")

    async def _shows_a_code(self, delivery: Delivery, talk: Talk) -> bool:
        """Did somebody write a code where others read it, whoever they are and however long ago? It is void then."""
        spoilt = "" if talk.private else self._desk.people.spoil(delivery.text)
        if spoilt:
            await self._desk.tell(delivery, self._desk.spoilt(spoilt, self._texts(delivery)))
        return bool(spoilt)

    async def _refuse(self, delivery: Delivery, talk: Talk, *, addressed: bool) -> None:
        """A stranger, politely and not too often; what they say among themselves is none of our business."""
        if addressed and not delivery.payload.get("forwarded") and self._desk.may_refuse(delivery):
            await self._desk.tell(delivery, await self._desk.to_stranger(delivery))
        elif await self._desk.door.asked_in(self._desk.tenant, talk.conversation_id):
            principal = await self._desk.principal(delivery)
            await self._remembering.keep(delivery, principal, talk)

    def _is_too_old(self, delivery: Delivery) -> bool:
        """Written so long ago that nobody expects it to be acted on."""
        return delivery.sent_at is not None and delivery.sent_at < self._desk.clock.now() - TOO_OLD

    def _say(self, delivery: Delivery, key: str) -> str:
        return self._desk.conversing.say(self._texts(delivery), key)

    def _texts(self, delivery: Delivery) -> Texts:
        if delivery.text.strip():
            return self._desk.texts(dominant_locale(delivery.text))
        return self._desk.texts_for(delivery)


def _said(
    delivery: Delivery, principal: Principal, talk: Talk, *, addressed: bool, anew: bool = False, dry_run: bool = False
) -> Said:
    return Said(
        principal=principal,
        conversation_id=talk.conversation_id,
        text=delivery.text,
        key=message_key(number(delivery.payload, "chat"), number(delivery.payload, "message")),
        addressed=addressed,
        private=talk.private,
        sent_at=delivery.sent_at,
        anew=anew,
        dry_run=dry_run,
    )
