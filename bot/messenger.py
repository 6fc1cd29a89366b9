"""A chat platform outside, as the sender of cards and replies sees it: a Protocol every such surface implements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Protocol

from bot.render.view import ExecutionView
from engine.domain.ids import ConversationId, PrincipalId
from engine.domain.json import JsonObject
from engine.errors import IntegrationError
from engine.ports.message_log import MessageKey


class Urgency(IntEnum):
    """What is sent first when not everything can be sent at once."""

    NOTIFY = 0
    """A question or the end: a person waits for it, and it is never lost."""
    OPEN = 1
    """The card itself: that the request was taken."""
    SETTLE = 2
    """An edit that says how something ended, or that somebody is waited for."""
    PROGRESS = 3
    """An edit that the next one makes worthless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One message's latest state, drawn for a platform."""

    purpose: str
    """``card``, ``approval:<id>``, ``final``, ``final:2`` …; unique within an execution."""
    urgency: Urgency
    body: JsonObject
    """As the platform takes it; equal bodies look the same."""
    aside: bool = False
    """No message of the conversation: nothing waits for it, and it for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an execution is shown."""

    conversation_id: ConversationId
    user_id: PrincipalId
    """Who asked: told in private where the conversation cannot be reached any more."""


class MessageGoneError(IntegrationError):
    """The message that was to be edited is not there any more, or cannot be edited: post the next state anew."""


class Messenger(Protocol):
    """Posts and edits; paces nobody by itself, but says when it may be asked."""

    def draw(self, view: ExecutionView) -> Sequence[Picture]:
        """Every message of an execution in its latest state, in the order in which they are first posted."""
        ...

    @property
    def finds(self) -> bool:
        """Can a message that may have been posted be looked up? Where not, a question, an end and a card whose posting
        nobody is sure of are posted once more, and say so."""
        ...

    def lane(self, place: Place) -> str:
        """Edits of one lane are made one after another; lanes do not wait for each other."""
        ...

    def room(self, place: Place) -> str:
        """Posts of one room are made one after another, and the limits look at nothing finer. A room that is a lane besides
        has one budget for posts and edits."""
        ...

    def blocked(self, place: Place, *, edit: bool) -> timedelta:
        """How long no edit can be made in this place's lane, or no post in its room, whatever message it is; never longer than
        :meth:`wait` says of one."""
        ...

    def wait(self, place: Place, ref: str | None, urgency: Urgency) -> timedelta:
        """How long the platform's limits want one to wait before this call: an edit of ``ref``, or a post where it is None."""
        ...

    async def post(self, place: Place, picture: Picture, key: MessageKey, *, again: bool = False) -> str:
        """Post a new message, marked with the key so that it can be found again where the platform :attr:`finds`.

        Args:
            place: where.
            picture: what.
            key: its mark.
            again: it may be there already, and says so.

        Returns:
            Its name on the platform.

        Raises:
            UnavailableError: nobody knows whether it was posted, or not yet (``retry_after`` where the platform names it).
            AuthExpiredError: the platform does not know us any more.
            RefusedError: it will never be taken like this.
        """
        ...

    async def find(self, place: Place, key: MessageKey, since: datetime | None) -> str | None:
        """The name of a message that carries this key, or None; asked only where the platform :attr:`finds`. Raises as
        :meth:`post`.

        Args:
            place: where it would be.
            key: its mark.
            since: when its posting began by our clock; None: nobody knows.
        """
        ...

    async def edit(self, place: Place, ref: str, picture: Picture) -> None:
        """Show another state in the same message; repeating is harmless.

        Raises:
            MessageGoneError: see there. Otherwise as :meth:`post`.
        """
        ...
