"""The parts of one running server, as its verbs see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tests.servers.nursery import Nursery
from tests.servers.telegramd.faults import Faults
from tests.servers.telegramd.flood import FloodGate
from tests.servers.telegramd.options import TelegramdOptions
from tests.servers.telegramd.shapes import member_json
from tests.servers.telegramd.state import Chat, Member, User, World
from tests.servers.telegramd.updates import Updates

UserRef: TypeAlias = User | int | str
ChatRef: TypeAlias = Chat | User | int | str


@dataclass(slots=True, kw_only=True)
class Parts:
    """Made once, by the server."""

    options: TelegramdOptions
    world: World
    nursery: Nursery
    updates: Updates
    gate: FloodGate
    faults: Faults


class Core:
    """What every group of verbs stands on."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.world = parts.world
        self.updates = parts.updates

    def user(self, user: UserRef) -> User:
        """A person by object, number, first name in lower case, or name with ``@``.

        Raises:
            LookupError: there is no such person.
        """
        if isinstance(user, User):
            return user
        people = self.world.users
        by_name = (each for each in people.values() if user in (each.first_name.lower(), f"@{each.username}"))
        found = people.get(user) if isinstance(user, int) else next(by_name, None)
        if found is None:
            raise LookupError(f"no person {user!r} in this Telegram")
        return found

    def chat(self, chat: ChatRef) -> Chat:
        """A chat by object, number or title; a person stands for the private chat with the bot.

        Raises:
            LookupError: there is no such chat.
        """
        if isinstance(chat, Chat):
            return chat
        if isinstance(chat, User):
            return self.world.private(chat)
        if isinstance(chat, int) and chat in self.world.users:
            return self.world.private(self.world.users[chat])
        chats = self.world.chats
        found = chats.get(chat) if isinstance(chat, int) else None
        found = found or next((each for each in chats.values() if each.title and each.title == chat), None)
        if found is None:
            raise LookupError(f"no chat {chat!r} in this Telegram")
        return found

    def set_member(self, chat: Chat, user: User, member: Member, by: User) -> None:
        """Somebody belongs to a chat in another way from here on; the bot is told if it should be."""
        before = member_json(self.world, chat, user)
        chat.members[user.id] = member
        after = member_json(self.world, chat, user)
        if before != after:
            self.updates.membership(chat, by, before, after)
        self.world.touch()
