"""What every chat outside is joined to."""

from __future__ import annotations

from dataclasses import dataclass

from bot.door import ChatDoor
from bot.inbox import Inbox
from bot.linking import Linking
from bot.messenger import Messenger
from bot.outbox import Outbox
from bot.remote_chat import RemoteChatParts
from bot.render.view import CardLook
from bot.settings import Settings
from engine.ports.clock import Clock
from engine.ports.drafts import FormDrafts
from engine.ports.message_log import MessageLog
from engine.ports.people import People
from engine.ports.remarks import RemarkBook
from engine.ports.store import ExecutionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceParts:
    """The rest of the product, as a surface sees it."""

    settings: Settings
    door: ChatDoor
    inbox: Inbox
    outbox: Outbox
    store: ExecutionStore
    log: MessageLog
    people: People
    remarks: RemarkBook
    drafts: FormDrafts
    linking: Linking
    clock: Clock
    look: CardLook

    def shown(self, messenger: Messenger, prefix: str) -> RemoteChatParts:
        """What its conversations are shown with.

        Args:
            messenger: the platform's.
            prefix: how the ids of its conversations begin.
        """
        return RemoteChatParts(
            messenger=messenger, log=self.log, people=self.people, clock=self.clock, look=self.look, prefix=prefix
        )
