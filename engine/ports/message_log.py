"""Where each message of an execution went in a chat outside, and which state of it is shown there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.domain.ids import ConversationId, ExecutionId, PrincipalId

EVERY_SURFACE = "*"
"""Stands for all surfaces where it is noted until when everything said was heard: a database was restored then, and what was said
before is looked for on none of them any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKey:
    """Names one message: unique, and the same after every restart."""

    execution_id: ExecutionId
    conversation_id: ConversationId
    purpose: str
    """``card``, ``approval:<id>``, ``final`` …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedMessage:
    """What is known of one message."""

    ref: str | None
    """The surface's own name of it; None: it is to be posted."""
    content_hash: str
    """Of the state that is shown; empty while there is none."""
    uncertain: bool = False
    """Its posting began, and nobody knows whether it was posted."""
    sending_at: datetime | None = None
    """When that began; None: nobody knows either, or it did not."""


class MessageLog(Protocol):
    """Durable; one row per message."""

    async def messages(self, execution_id: ExecutionId, conversation_id: ConversationId) -> Mapping[str, LoggedMessage]:
        """Everything an execution has in its conversation, by purpose."""
        ...

    async def posting(self, key: MessageKey, at: datetime) -> None:
        """A message is about to be posted: committed before the call, so that a crash after it is looked up, not repeated."""
        ...

    async def shown(self, key: MessageKey, ref: str | None, content_hash: str) -> None:
        """A state of a message is shown under this name."""
        ...

    async def lost(self, key: MessageKey) -> None:
        """The message is not there any more; the next state is posted anew."""
        ...

    async def up_to_date(self, execution_id: ExecutionId, conversation_id: ConversationId, seq: int) -> None:
        """Everything of an execution is shown up to its event ``seq``."""
        ...

    async def behind(self, prefix: str) -> Sequence[ExecutionId]:
        """Executions in conversations whose id begins like this that show less than their last event, oldest first."""
        ...

    async def behind_elsewhere(self, prefix: str, askers: Iterable[PrincipalId]) -> Sequence[ExecutionId]:
        """What these people asked for in other conversations, oldest first: executions that are shown besides in conversations
        whose id begins like this, with less than their last event, and such as have an open question and are not shown there
        at all."""
        ...

    async def heard(self, surface: str, at: datetime) -> None:
        """A surface was connected at this instant; written behind."""
        ...

    async def last_heard(self, surface: str) -> datetime | None:
        """When a surface was last known to be connected, or None."""
        ...

    async def at(self, prefix: str, ref: str) -> tuple[ExecutionId, ConversationId] | None:
        """The execution a message belongs to, and the conversation it was posted for, by the message's name; None: no
        message of an execution. Only conversations whose id begins like this are looked through."""
        ...

    async def cursor(self, surface: str) -> str | None:
        """How far a surface has read what its platform holds for it, in the platform's own terms; None: it never has."""
        ...

    async def move_cursor(self, surface: str, cursor: str, at: datetime) -> None:
        """It has read so far; durable on return. Also counts as :meth:`heard`."""
        ...
