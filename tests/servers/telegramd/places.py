"""Chats themselves: which there are, who is in them, and what administrators do to them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from tests.servers.telegramd.core import ChatRef, UserRef
from tests.servers.telegramd.people import PeopleVerbs
from tests.servers.telegramd.shapes import ADMIN_RIGHTS, user_json
from tests.servers.telegramd.state import Chat, Member, Topic, User

_FIRST_USER = 6_200_000_000
_GIVEN = frozenset({"can_be_edited", "is_anonymous", "can_promote_members"})


class PlaceVerbs(PeopleVerbs):
    """What creators and administrators do. A chat's first member is its creator."""

    def add_user(
        self, first_name: str, *, last_name: str = "", username: str = "", language: str = "en", is_bot: bool = False
    ) -> User:
        """A new person, whom the bot has never met."""
        user = User(
            id=_FIRST_USER + self.world.count("user"),
            first_name=first_name,
            last_name=last_name,
            username=username,
            language_code="" if is_bot else language,
            is_bot=is_bot,
        )
        self.world.users[user.id] = user
        self.world.touch()
        return user

    def private(self, user: UserRef) -> Chat:
        """The chat of the bot and one person."""
        return self.world.private(self.user(user))

    def add_group(self, title: str, members: Iterable[UserRef] = (), *, bot: bool = True) -> Chat:
        """A new basic group."""
        return self._add(
            Chat(id=-self._number(4_000_000_000), type="group", title=title, numbers=self.world.shared), members, bot
        )

    def add_supergroup(
        self, title: str, members: Iterable[UserRef] = (), *, bot: bool = True, username: str = "", forum: bool = False
    ) -> Chat:
        """A new supergroup; its messages are counted from one."""
        chat = Chat(id=-self._number(1_002_000_000_000), type="supergroup", title=title, username=username, forum=forum)
        return self._add(chat, members, bot)

    def add_forum(self, title: str, members: Iterable[UserRef] = (), *, bot: bool = True) -> Chat:
        """A new supergroup with topics; General is there from the start."""
        return self.add_supergroup(title, members, bot=bot, forum=True)

    def add_channel(self, title: str, members: Iterable[UserRef] = (), *, bot: bool = True) -> Chat:
        """A new channel; the bot is an administrator of it, as bots in channels are."""
        chat = self._add(Chat(id=-self._number(1_002_000_000_000), type="channel", title=title), members, bot)
        if bot:
            chat.members[self.world.bot.id] = Member(status="administrator", rights=_rights({}))
        return chat

    async def add_bot(self, chat: ChatRef, by: UserRef, *, admin: bool = False) -> None:
        """Bring the bot into a chat."""
        where, actor = self.chat(chat), self.user(by)
        actor.met = True
        status = Member(status="administrator", rights=_rights({})) if admin else Member()
        self.set_member(where, self.world.bot, status, actor)
        if where.type != "channel":
            bot = user_json(self.world.bot)
            self.tell_service(where, actor, new_chat_members=[bot])

    async def kick_bot(self, chat: ChatRef, by: UserRef | None = None) -> None:
        """Throw the bot out."""
        where = self.chat(chat)
        self.set_member(where, self.world.bot, Member(status="kicked"), self._ruler(where, by))

    async def promote_bot(self, chat: ChatRef, by: UserRef | None = None, **rights: bool) -> None:
        """Make the bot an administrator, with these rights changed from the usual ones."""
        where = self.chat(chat)
        member = Member(status="administrator", rights=_rights(rights))
        self.set_member(where, self.world.bot, member, self._ruler(where, by))

    async def demote_bot(self, chat: ChatRef, by: UserRef | None = None) -> None:
        """Make the bot an ordinary member again."""
        where = self.chat(chat)
        self.set_member(where, self.world.bot, Member(), self._ruler(where, by))

    async def restrict_bot(self, chat: ChatRef, by: UserRef | None = None) -> None:
        """Forbid the bot to write.

        Raises:
            ValueError: it is no supergroup; others cannot restrict single members.
        """
        where = self.chat(chat)
        if where.type != "supergroup":
            raise ValueError(f"{where.title!r} is no supergroup")
        self.set_member(where, self.world.bot, Member(status="restricted"), self._ruler(where, by))

    async def join(self, chat: ChatRef, user: UserRef, by: UserRef | None = None) -> None:
        """Somebody joins a chat, or is brought by another."""
        where, who = self.chat(chat), self.user(user)
        actor = who if by is None else self.user(by)
        self.set_member(where, who, Member(), actor)
        if where.type != "channel":
            self.tell_service(where, actor, new_chat_members=[user_json(who)])

    async def kick(self, chat: ChatRef, user: UserRef, by: UserRef | None = None) -> None:
        """Somebody goes, or is thrown out by another."""
        where, who = self.chat(chat), self.user(user)
        actor = who if by is None else self.user(by)
        self.set_member(where, who, Member(status="left" if actor is who else "kicked"), actor)
        if where.type != "channel":
            self.tell_service(where, actor, left_chat_member=user_json(who))

    async def promote(self, chat: ChatRef, user: UserRef, by: UserRef | None = None, **rights: bool) -> None:
        """Make somebody an administrator."""
        where, who = self.chat(chat), self.user(user)
        self.set_member(where, who, Member(status="administrator", rights=_rights(rights)), self._ruler(where, by))

    async def block(self, user: UserRef) -> None:
        """Stop the bot, in its private chat."""
        self._blocked(self.user(user), blocked=True)

    async def unblock(self, user: UserRef) -> None:
        """Let the bot write again."""
        self._blocked(self.user(user), blocked=False)

    def mute(self, chat: ChatRef, *, muted: bool = True) -> None:
        """Let administrators alone write."""
        self.chat(chat).muted = muted
        self.world.touch()

    async def upgrade(self, chat: ChatRef, *, forum: bool = False) -> Chat:
        """Turn a basic group into a supergroup: another chat with another number; both tell of it.

        Raises:
            ValueError: it is no basic group.
        """
        old = self.chat(chat)
        if old.type != "group" or old.moved_to is not None:
            raise ValueError(f"{old.title!r} is no basic group")
        new = Chat(
            id=-self._number(1_002_000_000_000),
            type="supergroup",
            title=old.title,
            forum=forum,
            members=dict(old.members),
        )
        self.world.chats[new.id] = new
        ruler = self._ruler(old, None)
        old.moved_to = new.id
        self.tell_service(old, ruler, migrate_to_chat_id=new.id)
        self.tell_service(new, ruler, migrate_from_chat_id=old.id)
        return new

    async def create_topic(self, chat: ChatRef, name: str, by: UserRef | None = None) -> int:
        """Begin a topic, in a forum or in a private chat with topics; its number.

        Raises:
            ValueError: there are no topics there.
        """
        where = self.chat(chat)
        if not (where.forum or (where.type == "private" and self.world.has_topics)):
            raise ValueError(f"{where.title or where.id} has no topics")
        number = self.tell_service(
            where, self._ruler(where, by), forum_topic_created={"name": name, "icon_color": 7322096}
        )
        where.topics[number] = Topic(id=number, name=name)
        where.messages[number] |= {"message_thread_id": number, "is_topic_message": True}
        return number

    async def close_topic(self, chat: ChatRef, topic: int) -> None:
        """Let nobody but administrators write there; 0 is General."""
        self._turn(self.chat(chat), topic, closed=True)

    async def reopen_topic(self, chat: ChatRef, topic: int) -> None:
        """Let people write there again."""
        self._turn(self.chat(chat), topic, closed=False)

    async def delete_topic(self, chat: ChatRef, topic: int) -> None:
        """A topic goes with all its messages; the bot is not told."""
        where = self.chat(chat)
        where.topics[topic].deleted = True
        inside = [number for number, each in where.messages.items() if each.get("message_thread_id") == topic]
        await self.delete(where, *inside)

    def _turn(self, where: Chat, topic: int, *, closed: bool) -> None:
        words = "closed" if closed else "reopened"
        ruler = self._ruler(where, None)
        if topic == 0:
            where.general_closed = closed
            self.tell_service(where, ruler, **{f"forum_topic_{words}": {}})
            return
        where.topics[topic].closed = closed
        self.tell_service(where, ruler, message_thread_id=topic, is_topic_message=True, **{f"forum_topic_{words}": {}})

    def _blocked(self, person: User, *, blocked: bool) -> None:
        chat = self.world.private(person)
        person.blocked = blocked
        person.met = True
        self.set_member(chat, self.world.bot, Member(status="kicked" if blocked else "member"), person)

    def _add(self, chat: Chat, members: Iterable[UserRef], bot: bool) -> Chat:
        people = [self.user(each) for each in members]
        statuses = itertools.chain(["creator"], itertools.repeat("member"))
        chat.members = {user.id: Member(status=status) for user, status in zip(people, statuses, strict=False)}
        if bot:
            chat.members[self.world.bot.id] = Member()
        self.world.chats[chat.id] = chat
        self.world.touch()
        return chat

    def _ruler(self, chat: Chat, by: UserRef | None) -> User:
        if by is not None:
            return self.user(by)
        if chat.type == "private":
            return self.world.users[chat.id]
        creator = next((number for number, member in chat.members.items() if member.status == "creator"), None)
        return self.world.users[creator if creator is not None else self.world.bot.id]

    def _number(self, after: int) -> int:
        return after + self.world.count("chat")


def _rights(changed: dict[str, bool]) -> dict[str, bool]:
    return {name: name not in _GIVEN for name in ADMIN_RIGHTS} | changed
