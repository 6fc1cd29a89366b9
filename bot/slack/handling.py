"""What each of Slack's deliveries leads to. Repeatable: a crash may come before a delivery is noted as handled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from loguru import logger

from bot.commands import Command, Order, order
from bot.conversing import Said
from bot.render.texts import Texts
from bot.slack.address import Thread, request_key, thread_of, user_of
from bot.slack.asking import Asking
from bot.slack.clicks import Clicks
from bot.slack.desk import Desk
from bot.slack.markup.escape import escape
from bot.slack.remembering import Remembering
from engine.domain.request import dominant_locale
from engine.domain.tenant import Principal, Role
from engine.errors import IntegrationError, RequestError, TizmorError
from engine.ports.chat_log import Delivery, Outgoing

TOO_OLD = timedelta(hours=25)
"""A message that is older when it is handled starts nothing; looking back reaches a day."""
MOST_PROMPTS = 4
"""As many as the messages tab shows."""


class SlackHandler:
    """``bot.inbox.Handler`` of one workspace."""

    def __init__(self, desk: Desk, gone: Callable[[], None]) -> None:
        self._desk = desk
        self._gone = gone
        self._remembering = Remembering(desk)
        self._asking = Asking(desk)
        self._clicks = Clicks(desk, self._asking)
        self._kinds: Mapping[str, Callable[[Delivery], Awaitable[None]]] = {
            "message": self._message,
            "edited": self._edited,
            "deleted": self._remembering.forget,
            "click": self._clicks.click,
            "form": self._clicks.form,
            "command": self._command,
            "shortcut": self._shortcut,
            "stopped": self._stopped,
            "opened": self._opened,
            "gone": self._uninstalled,
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
        """See the protocol: the person is told where they spoke, and nothing is said in the local chat."""
        thread, user = thread_of(delivery.conversation_id), user_of(delivery.user_id)
        texts = self._desk.texts(dominant_locale(delivery.text) if delivery.text else None)
        channel = thread.channel if thread else str(delivery.payload.get("channel", ""))
        words = texts.error("internal_error")
        await self._desk.whisper(channel, user or "", words, thread.ts if thread else None)
        return None

    async def check(self, delivery: Delivery) -> Mapping[str, str]:
        """What is wrong with a form, by block; empty: it may be sent."""
        return await self._clicks.check(delivery)

    async def _message(self, delivery: Delivery) -> None:
        payload, thread = delivery.payload, thread_of(delivery.conversation_id)
        addressed = bool(payload.get("dm") or payload.get("mentioned"))
        known = await self._desk.door.asked_in(self._desk.tenant, delivery.conversation_id)
        if thread is None or not (addressed or known):
            return
        principal = await self._desk.principal(delivery)
        if spoilt := self._desk.people.spoil(delivery.text):  # kept nowhere, and good for nothing any more
            texts = self._desk.texts(dominant_locale(delivery.text))
            await self._whisper(principal, thread, texts.say(spoilt))
            return
        if known or principal.role is not Role.NONE:  # nobody without a role has a thread kept
            await self._remembering.keep(delivery, principal)
        if not delivery.text.strip():
            await self._nothing_said(delivery, principal, thread, addressed=addressed)
            return
        if addressed and self._is_too_old(delivery):
            texts = self._desk.texts(dominant_locale(delivery.text))
            await self._whisper(principal, thread, texts.say("conversation.too_old"))
            return
        said = Said(
            principal=principal,
            conversation_id=delivery.conversation_id,
            text=delivery.text,
            key=delivery.key,
            addressed=addressed,
            private=bool(payload.get("dm")),
            sent_at=delivery.sent_at,
        )
        await self._hear(said, thread)

    async def _nothing_said(self, delivery: Delivery, principal: Principal, thread: Thread, *, addressed: bool) -> None:
        """Our name alone, or a file without a word."""
        if not addressed or principal.role is Role.NONE:
            return
        texts = await self._desk.words_for(principal)
        key = "conversation.only_files" if delivery.payload.get("files") else "conversation.help"
        await self._whisper(principal, thread, texts.say(key))

    async def _edited(self, delivery: Delivery) -> None:
        """Words changed after they were sent: where they started something that still runs, a change of plan is offered."""
        payload, thread = delivery.payload, thread_of(delivery.conversation_id)
        if thread is None:
            return
        key = request_key(thread.team, thread.channel, str(payload.get("ts")))
        if not await self._desk.door.asked_in(self._desk.tenant, delivery.conversation_id):
            if payload.get("mentioned"):  # our name came in with the edit: now it is said to us
                await self._message(replace(delivery, key=key, kind="message"))
            return
        principal = await self._desk.principal(delivery)
        if self._desk.people.spoil(delivery.text):
            return
        await self._remembering.keep(delivery, principal)
        if principal.role is Role.NONE:
            return
        for snapshot in await self._desk.door.thread(principal, delivery.conversation_id):
            request = snapshot.execution.request
            started = (request.request_key or "").endswith(f":{key}")
            if started and snapshot.outcome is None and request.text != delivery.text.strip():
                try:
                    await self._desk.door.offer_change(principal, snapshot.id, delivery.text, delivery.key)
                except RequestError:
                    return

    async def _hear(self, said: Said, thread: Thread) -> None:
        texts = self._desk.texts(dominant_locale(said.text))
        if said.principal.role is Role.NONE:
            words: str = texts.say("conversation.not_for_you") if said.addressed else ""
        else:
            words = await self._words(said, texts)
        await self._whisper(said.principal, thread, words)

    async def _words(self, said: Said, texts: Texts) -> str:
        try:
            return await self._desk.conversing.hear(said)
        except IntegrationError:
            raise
        except TizmorError as error:
            return await self._desk.refusals.words(error, texts)

    async def _command(self, delivery: Delivery) -> None:
        given = order(delivery.text)
        locale = given.locale if given.command is not Command.ASK else dominant_locale(given.rest)
        texts = self._desk.texts(locale)
        principal = await self._desk.principal(delivery)
        try:
            words = await self._obey(given, delivery, principal, texts)
        except IntegrationError:
            raise
        except TizmorError as error:
            words = await self._desk.refusals.words(error, texts)
        if words and not await self._desk.responses.answer(_address(delivery), escape(words)):
            channel = str(delivery.payload.get("channel", ""))
            await self._desk.whisper(channel, user_of(principal.id) or "", words)

    async def _obey(self, given: Order, delivery: Delivery, principal: Principal, texts: Texts) -> str:
        if principal.role is Role.NONE:
            return texts.say("conversation.not_for_you")
        match given.command:
            case Command.ASK if given.rest:
                return await self._asking.in_channel(delivery, principal, given.rest)
            case Command.CLAIM if not given.rest:
                return texts.say("conversation.claim_usage")
            case Command.CLAIM:
                claimed = await self._desk.people.claim(principal, given.rest)
                return texts.say("conversation.claimed" if claimed else "conversation.claim_refused")
            case Command.LINK:
                return await self._link(given, principal, texts)
            case Command.UNLINK:
                await self._desk.linking.unlink(principal)
                return texts.say("linking.unlinked")
            case _:
                live = await self._desk.conversing.all_live(principal)
                return await self._desk.conversing.steer(principal, given.command, live, texts)

    async def _link(self, given: Order, principal: Principal, texts: Texts) -> str:
        """Be one person here and in another chat: take the code of there, or give one for there."""
        linking = self._desk.linking
        if not given.rest:
            return texts.say("linking.issued", code=await linking.issue(principal))
        return texts.say(f"linking.{(await linking.redeem(principal, given.rest)).value}")

    async def _shortcut(self, delivery: Delivery) -> None:
        principal = await self._desk.principal(delivery)
        await self._asking.about_message(delivery, principal)

    async def _stopped(self, delivery: Delivery) -> None:
        """Slack's own Stop button."""
        principal, thread = await self._desk.principal(delivery), thread_of(delivery.conversation_id)
        if thread is None:
            return
        texts = await self._desk.words_for(principal)
        if principal.role is Role.NONE:
            await self._whisper(principal, thread, texts.say("conversation.not_yours"))
            return
        found = await self._desk.door.thread(principal, delivery.conversation_id)
        live = [snapshot for snapshot in found if snapshot.outcome is None]
        if live:
            await self._desk.conversing.steer(principal, Command.STOP, live, texts)
        else:
            words = "conversation.nothing_runs" if found else "conversation.not_yours"
            await self._whisper(principal, thread, texts.say(words))

    async def _opened(self, delivery: Delivery) -> None:
        """Somebody looks at the messages tab: offer what can be asked."""
        principal = await self._desk.principal(delivery)
        if principal.role is Role.NONE:
            return
        texts = await self._desk.words_for(principal)
        prompts = [
            {"title": str(texts.say(f"chat_prompts.title_{n}")), "message": str(texts.say(f"chat_prompts.message_{n}"))}
            for n in range(1, MOST_PROMPTS + 1)
        ]
        try:
            await self._desk.web.suggest(str(delivery.payload.get("channel", "")), prompts)
        except IntegrationError as error:
            logger.bind(code=error.code, detail=error.detail).info("suggestions_failed")

    async def _uninstalled(self, delivery: Delivery) -> None:
        del delivery
        logger.error("slack_uninstalled")
        self._gone()

    def _is_too_old(self, delivery: Delivery) -> bool:
        """Written so long ago that nobody expects it to be acted on."""
        return delivery.sent_at is not None and delivery.sent_at < self._desk.clock.now() - TOO_OLD

    async def _whisper(self, principal: Principal, thread: Thread, words: str) -> None:
        user = user_of(principal.id)
        if user:
            await self._desk.whisper(thread.channel, user, words, thread.ts)


def _address(delivery: Delivery) -> str:
    """Where a command wants to be answered."""
    return str(delivery.payload.get("response_url", ""))
