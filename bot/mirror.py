"""Shows the questions of people's executions on their other accounts too: one account per message, in private, edited to the
outcome. Not the card, not the progress, not the end: those are told where it was asked.

A mirror is a chat's second sender. Where a question stands is a row like any other message's, under the private place of the
account, which no execution is held in: so it is found again after a crash, and takes part in no conversation there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from loguru import logger

from bot.linking import Linking
from bot.messenger import Messenger, Picture, Place, Urgency
from bot.remote_chat import RemoteChat, RemoteChatParts, Sent
from bot.render.view import ExecutionView
from bot.sending import RESTING
from bot.services import keep_running
from engine.concurrency import Wakeup
from engine.domain.approval import Approval, ApprovalStatus
from engine.domain.ids import ConversationId, ExecutionId, PrincipalId
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import TizmorError
from engine.ports.message_log import MessageKey

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)
"""Between looks at an execution whose questions could not be looked after."""
MOST_REMEMBERED = 2_000
"""Executions of which it is known what was shown; of others the log is asked."""

_QUESTION, _REMINDER = "approval:", "remind:"


class Mirrored(Protocol):
    """What a platform makes of a question that is shown where nobody asked."""

    def __call__(self, body: JsonObject, title: str, locale: str) -> JsonObject:
        """The drawing with one line that says what it is about; the same for every state, so that edits keep it.

        Args:
            body: a question, as the platform draws it.
            title: of the request: somebody's words.
            locale: the language of the line.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorParts:
    """What a mirror is joined to."""

    chat: RemoteChatParts
    """As the surface's own sender has them: the messenger may be the same one."""
    linking: Linking
    place: Callable[[PrincipalId], ConversationId | None]
    """Where an account of this platform is told things in private; None where it cannot be."""
    mirrored: Mirrored


class Mirror:
    """``bot.outbox.Watcher`` of one platform.

    Args:
        parts: what it is joined to.
        again: has an execution shown once more; ``Outbox.mark``.
        sent: told how sending goes.
    """

    def __init__(self, parts: MirrorParts, again: Callable[[ExecutionId], None], sent: Sent | None = None) -> None:
        self._parts = parts
        self._again = again
        self._sent = sent
        self._chat_parts = replace(parts.chat, messenger=QuestionMessenger(parts.chat.messenger, parts.mirrored))
        self._chats: dict[PrincipalId, RemoteChat] = {}
        self._linked: dict[PrincipalId, frozenset[PrincipalId]] = {}
        """Whose questions each of them may send."""
        self._senders: dict[PrincipalId, asyncio.Task[None]] = {}
        self._waiting: dict[ExecutionId, ExecutionSnapshot] = {}
        self._told: dict[tuple[ExecutionId, PrincipalId], _Told] = {}
        self._pauses: dict[ExecutionId, timedelta] = {}
        self._links_changed = False
        self._bell = Wakeup()

    def owns(self, conversation_id: ConversationId) -> bool:
        """See the protocol."""
        return conversation_id.startswith(self._parts.chat.prefix)

    async def behind(self) -> Sequence[ExecutionId]:
        """See the protocol: what was shown and has changed, and what is open and was never shown."""
        linking, prefix = self._parts.linking, self._parts.chat.prefix
        here = linking.linked(prefix)
        askers = here.union(*(linking.also(account) for account in here))
        return await self._parts.chat.log.behind_elsewhere(prefix, askers) if askers else ()

    @property
    def waiting(self) -> int:
        """How many executions wait to be looked at, and messages to be sent."""
        return len(self._waiting) + sum(chat.waiting for chat in self._chats.values())

    def show(self, snapshot: ExecutionSnapshot) -> None:
        """See the protocol. Whose asker has no account here is not even kept."""
        if self._accounts(snapshot.execution.request.user_id):
            self._waiting[snapshot.id] = snapshot
            self._bell.ring()

    async def run(self) -> None:
        """Look after questions until cancelled. What breaks a round is told, and the next one begins after a pause: the
        surface beside it never hears of it."""
        await keep_running(f"mirror {self._parts.chat.prefix}", self._serve, self._parts.chat.clock)

    async def _serve(self) -> None:
        linking = self._parts.linking
        linking.watch(self._heard_of_links)
        self._heard_of_links()  # some may have been made while nobody watched
        try:
            async with asyncio.TaskGroup() as group:
                self._senders = {account: group.create_task(chat.run()) for account, chat in self._chats.items()}
                while True:
                    await self._bell.wait()
                    if self._links_changed:
                        await self._look_at_links()
                    while self._waiting and not self._links_changed:
                        await self._look_at(next(iter(self._waiting.values())), group)
        finally:
            linking.unwatch(self._heard_of_links)

    def _heard_of_links(self) -> None:
        self._links_changed = True
        self._bell.ring()

    async def _look_at_links(self) -> None:
        """What waited to be sent to an account whose links are others now is not sent any more; whatever is open is looked at
        anew."""
        self._links_changed = False
        self._drop_changed()
        for execution_id in await self.behind():
            self._again(execution_id)

    def _drop_changed(self) -> None:
        """Send nothing more to accounts whose links are others than when they were first told something."""
        changed = [account for account, also in self._linked.items() if self._parts.linking.also(account) != also]
        for account in changed:
            del self._chats[account], self._linked[account]
            self._senders.pop(account).cancel()
        self._told = {name: told for name, told in self._told.items() if name[1] not in changed}

    async def _look_at(self, snapshot: ExecutionSnapshot, group: asyncio.TaskGroup) -> None:
        try:
            for account in self._accounts(snapshot.execution.request.user_id):
                await self._show_to(account, snapshot, group)
        except TizmorError as error:
            logger.bind(execution_id=snapshot.id, code=error.code).error("mirror_failed")
            group.create_task(self._come_back(snapshot.id))
        else:
            self._pauses.pop(snapshot.id, None)
        finally:
            if self._waiting.get(snapshot.id) is snapshot:  # else there is a newer one
                del self._waiting[snapshot.id]

    async def _come_back(self, execution_id: ExecutionId) -> None:
        pause = self._pauses.get(execution_id, FIRST_PAUSE)
        self._pauses[execution_id] = min(pause * 2, LONGEST_PAUSE)
        await self._parts.chat.clock.sleep(pause)
        self._again(execution_id)

    def _accounts(self, asker: PrincipalId) -> list[PrincipalId]:
        """The asker's accounts here, where they have several at all."""
        also = self._parts.linking.also(asker)
        return sorted(a for a in also | {asker} if a.startswith(self._parts.chat.prefix)) if also else []

    async def _show_to(self, account: PrincipalId, snapshot: ExecutionSnapshot, group: asyncio.TaskGroup) -> None:
        place = self._parts.place(account)
        if place is None:
            return
        told = await self._told_of(snapshot.id, account, place)
        questions = tuple(told.worth_telling(snapshot.approvals))
        news = tuple((a.id, a.status, a.reminded_at) for a in questions)
        if not questions or (news == told.last and snapshot.status not in RESTING):
            return  # mere progress
        asker, also = snapshot.execution.request.user_id, self._parts.linking.also(account)
        person = await self._parts.linking.person(account)
        if person is None or asker not in person.ids:
            return
        if asker not in self._parts.linking.also(account) | {account}:
            return  # unlinked while its platform was asked, which takes its time
        told.note(questions)
        request = replace(snapshot.execution.request, conversation_id=place, user_id=account)
        execution = replace(snapshot.execution, request=request)
        chat = self._chat_of(account, also, group)
        await chat.show(replace(snapshot, execution=execution, approvals=questions))
        told.last = news
        self._drop_changed()  # unlinked while it was drawn: nothing was sent yet

    async def _told_of(self, execution_id: ExecutionId, account: PrincipalId, place: ConversationId) -> _Told:
        name = (execution_id, account)
        if name not in self._told:
            logged = await self._parts.chat.log.messages(execution_id, place)
            self._told[name] = _Told(purposes=set(logged))
            while len(self._told) > MOST_REMEMBERED:
                del self._told[next(iter(self._told))]
        return self._told[name]

    def _chat_of(self, account: PrincipalId, also: frozenset[PrincipalId], group: asyncio.TaskGroup) -> RemoteChat:
        """One sender for each account, with the links it had: whoever cannot be reached keeps nobody waiting."""
        if account not in self._chats:
            self._chats[account] = chat = RemoteChat(self._chat_parts, self._again, self._sent)
            self._linked[account] = also
            self._senders[account] = group.create_task(chat.run())
        return self._chats[account]


@dataclass(slots=True)
class _Told:
    """What one account was told of one execution."""

    purposes: set[str]
    """Messages that are there, or on their way."""
    last: object = None
    """The state of its questions that was last handed on."""
    missed: set[str] = field(default_factory=set[str])
    """Reminders that came before their question was shown here, which is news enough by itself."""

    def worth_telling(self, approvals: Sequence[Approval]) -> list[Approval]:
        """Open questions, and the outcome of those that were shown here: of one that was answered before, nothing is said."""
        asked = [a for a in approvals if a.status is ApprovalStatus.PENDING or f"{_QUESTION}{a.id}" in self.purposes]
        return [a if self._reminds(a) else replace(a, reminded_at=None) for a in asked]

    def _reminds(self, approval: Approval) -> bool:
        """Is its reminder shown here, or worth it?"""
        reminder = f"{_REMINDER}{approval.id}"
        if approval.reminded_at is None or reminder in self.purposes:
            return True
        if f"{_QUESTION}{approval.id}" not in self.purposes:
            self.missed.add(reminder)
        return approval.status is ApprovalStatus.PENDING and reminder not in self.missed

    def note(self, approvals: Sequence[Approval]) -> None:
        """They are told."""
        self.purposes.update(f"{_QUESTION}{a.id}" for a in approvals)
        self.purposes.update(f"{_REMINDER}{a.id}" for a in approvals if a.reminded_at is not None)


class QuestionMessenger:
    """``bot.messenger.Messenger`` that draws another's questions and reminders, and nothing else.

    Args:
        messenger: the platform's.
        mirrored: puts the line above each that says what it is about.
    """

    def __init__(self, messenger: Messenger, mirrored: Mirrored) -> None:
        self._messenger = messenger
        self._mirrored = mirrored

    def draw(self, view: ExecutionView) -> Sequence[Picture]:
        """See the protocol."""
        card = view.card
        return [
            replace(picture, body=self._mirrored(picture.body, card.title, card.locale))
            for picture in self._messenger.draw(view)
            if picture.purpose.startswith((_QUESTION, _REMINDER))
        ]

    @property
    def finds(self) -> bool:
        """See the protocol."""
        return self._messenger.finds

    def lane(self, place: Place) -> str:
        """See the protocol."""
        return self._messenger.lane(place)

    def room(self, place: Place) -> str:
        """See the protocol."""
        return self._messenger.room(place)

    def blocked(self, place: Place, *, edit: bool) -> timedelta:
        """See the protocol."""
        return self._messenger.blocked(place, edit=edit)

    def wait(self, place: Place, ref: str | None, urgency: Urgency) -> timedelta:
        """See the protocol."""
        return self._messenger.wait(place, ref, urgency)

    async def post(self, place: Place, picture: Picture, key: MessageKey, *, again: bool = False) -> str:
        """See the protocol."""
        return await self._messenger.post(place, picture, key, again=again)

    async def find(self, place: Place, key: MessageKey, since: datetime | None) -> str | None:
        """See the protocol."""
        return await self._messenger.find(place, key, since)

    async def edit(self, place: Place, ref: str, picture: Picture) -> None:
        """See the protocol."""
        await self._messenger.edit(place, ref, picture)
