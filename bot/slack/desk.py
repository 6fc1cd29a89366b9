"""What handlers of Slack's deliveries share: the door, the people, the Web API, and words for one person alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from loguru import logger

from bot.conversing import Conversing
from bot.door import ChatDoor
from bot.linking import Linking
from bot.refusals import Refusals
from bot.render.texts import Texts
from bot.slack.address import user_of
from bot.slack.markup.escape import escape
from bot.slack.pace import Pace
from bot.slack.people import SlackPeople
from bot.slack.responses import Responses
from engine.domain.ids import DEFAULT_TENANT, TenantId
from engine.domain.json import JsonObject
from engine.domain.tenant import Principal, Role
from engine.errors import ConflictError, IntegrationError, RefusedError
from engine.ports.chat_log import Delivery
from engine.ports.clock import Clock
from engine.ports.remarks import RemarkBook

_SHOWN = frozenset({"exchanged_trigger_id", "push_limit_reached"})
"""Refusals of a form that this press has opened already, or whose place such forms have taken."""


class Web(Protocol):
    """The calls handlers make (``bot.slack.web.SlackWeb``)."""

    async def user(self, user_id: str) -> Mapping[str, Any]:
        """A person."""
        ...

    async def history(self, channel: str, oldest: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Messages of a channel, oldest first."""
        ...

    async def replies(
        self, channel: str, thread_ts: str, oldest: str = "0", limit: int = 200, *, newest: bool = False
    ) -> Sequence[Mapping[str, Any]]:
        """Messages of a thread, oldest first: the first so many, or the last."""
        ...

    async def post(
        self, channel: str, body: JsonObject, *, thread_ts: str | None = None, metadata: JsonObject | None = None
    ) -> str:
        """Post a message; its timestamp."""
        ...

    async def whisper(self, channel: str, user: str, text: str, *, thread_ts: str | None = None) -> None:
        """Say something only this person sees."""
        ...

    async def open_view(self, trigger_id: str, view: JsonObject) -> None:
        """Open a form."""
        ...

    async def push_view(self, trigger_id: str, view: JsonObject) -> None:
        """Open a form on top of another."""
        ...

    async def update_view(self, view_id: str, view: JsonObject, hash: str) -> None:  # noqa: A002 - Slack's word
        """Show something else in a form, unless it changed since."""
        ...

    async def open_dm(self, user: str) -> str:
        """The channel of direct messages with a person."""
        ...

    async def suggest(self, channel: str, prompts: Sequence[Mapping[str, str]]) -> None:
        """Offer prompts in the messages tab."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One workspace's."""

    team: str
    door: ChatDoor
    conversing: Conversing
    people: SlackPeople
    refusals: Refusals
    linking: Linking
    remarks: RemarkBook
    web: Web
    responses: Responses
    pace: Pace
    """Counts what is posted past the outbox."""
    clock: Clock
    timezone: str
    locale: str
    """Of what belongs to no message."""
    started_at: datetime
    """When this run of the surface began: what was received before may have been half handled by another."""
    tenant: TenantId = DEFAULT_TENANT

    def texts(self, locale: str | None = None) -> Texts:
        """Words in a language, in the installation's zone."""
        return Texts(locale or self.locale, self.timezone)

    async def words_for(self, principal: Principal) -> Texts:
        """Words in the language a person uses Slack in.

        Raises:
            IntegrationError: Slack cannot be asked now.
        """
        user = user_of(principal.id)
        return self.texts(await self.people.locale(user) if user else None)

    async def principal(self, delivery: Delivery) -> Principal:
        """Who did it, from the signed payload.

        Raises:
            IntegrationError: Slack cannot be asked now.
        """
        user = user_of(delivery.user_id)
        if user is None:
            return Principal(id=delivery.user_id, tenant_id=self.tenant, role=Role.NONE)
        return await self.people.principal(user, str(delivery.payload.get("user_team") or ""))

    async def show_form(self, delivery: Delivery, view: JsonObject) -> None:
        """Open a form for whoever pressed: on top of the one in which they did, where they did it in one. Handled again,
        a press opens nothing more.

        Raises:
            ConflictError: ``form_too_old``: Slack takes no form for that press any more.
            IntegrationError: nobody knows whether it is open.
        """
        trigger = str(delivery.payload.get("trigger_id", ""))
        try:
            if delivery.payload.get("view_id"):
                await self.web.push_view(trigger, view)
            else:
                await self.web.open_view(trigger, view)
        except RefusedError as error:
            if error.parameters.get("reason") not in _SHOWN:
                raise ConflictError("form_too_old", error.detail) from error

    async def whisper(self, channel: str, user: str, text: str, thread_ts: str | None = None) -> None:
        """Say something only this person sees, markup escaped. Its failing is no failure of what was done."""
        if not text or not channel:
            return
        try:
            await self.web.whisper(channel, user, escape(text), thread_ts=thread_ts or None)
        except IntegrationError as error:
            logger.bind(code=error.code, detail=error.detail).info("whisper_failed")
