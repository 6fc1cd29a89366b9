"""What people write: messages, edits, reactions, commands, and what becomes of them for the bot."""

from __future__ import annotations

import re
from typing import Any, cast

from tests.servers.telegramd.core import ChatRef, Core, UserRef
from tests.servers.telegramd.live import found_entities, words_of
from tests.servers.telegramd.log import Json
from tests.servers.telegramd.methods.files import document_json, new_file
from tests.servers.telegramd.shapes import chat_json, public, user_json
from tests.servers.telegramd.state import GENERAL, Chat, Member, User

ANONYMOUS = User(id=1_087_968_824, first_name="Group", username="GroupAnonymousBot", is_bot=True)
"""In whose name administrators write who do not want to be seen."""
CHANNEL_BOT = User(id=136_817_688, first_name="Channel", username="Channel_Bot", is_bot=True)
"""In whose name channels write in groups."""
_DEEP_LINK = re.compile(r"[A-Za-z0-9_-]{0,64}")


class PeopleVerbs(Core):
    """Texts are plain: mentions, commands and links in them are found as Telegram finds them."""

    async def say(
        self,
        user: UserRef,
        chat: ChatRef,
        text: str = "",
        *,
        topic: int = 0,
        reply_to: int = 0,
        quote: str = "",
        document: tuple[str, bytes] | None = None,
        forwarded: UserRef | Chat | None = None,
        anonymous: bool = False,
        as_channel: ChatRef | None = None,
        ago: float = 0.0,
    ) -> int:
        """Write a message, and tell the bot if it may hear it; the message's number.

        ``forwarded`` is whoever wrote it first: a person, a channel, or the name of somebody who hides. ``document`` is a name
        with bytes; ``text`` is its caption then. ``anonymous``: as the group itself. ``ago``: seconds before now.

        Raises:
            LookupError: no such person, chat, topic or message.
            PermissionError: this person may not write there.
        """
        author, where = self.user(user), self.chat(chat)
        self._may_write(author, where, topic, anonymous=anonymous)
        message = self._begun(author, where, ago, anonymous=anonymous, as_channel=as_channel)
        message |= self._placed(where, topic, reply_to)
        if quote:
            message["quote"] = {"text": quote, "position": 0, "is_manual": True}
        if forwarded is not None:
            message["forward_origin"] = self._origin(forwarded, int(message["date"]))
        message |= _content(text, "caption" if document else "text")
        if document is not None:
            name, content = document
            file = new_file(self.world, name, "application/octet-stream", content)
            self.world.files[file.id] = file
            message["document"] = document_json(file)
        return self._put(author, where, message)

    async def edit(self, user: UserRef, chat: ChatRef, message: int, text: str, *, ago: float = 0.0) -> None:
        """Change one's own message.

        Raises:
            PermissionError: somebody else wrote it.
        """
        author, where = self.user(user), self.chat(chat)
        found = self.message(where, message)
        if found.get("_author") != author.id:
            raise PermissionError(f"{author.first_name} did not write {message}")
        name = "caption" if "document" in found else "text"
        for old in (name, "entities", "caption_entities"):
            found.pop(old, None)
        found |= _content(text, name)
        found["edit_date"] = self.world.today() - int(ago)
        kind = "edited_channel_post" if where.type == "channel" else "edited_message"
        if self._hears(author, where, found):
            self.updates.emit(kind, public(found))
        self.world.touch()

    async def start(self, user: UserRef, payload: str = "", *, ago: float = 0.0) -> int:
        """Press Start in the bot's private chat, perhaps by a link that carries something: ``/start <payload>``.

        Raises:
            ValueError: no link may carry that.
        """
        if not _DEEP_LINK.fullmatch(payload):
            raise ValueError(f"a link carries up to 64 letters of A-Z a-z 0-9 _ -, not {payload!r}")
        return await self.say(user, self.user(user), f"/start {payload}".strip(), ago=ago)

    async def post(self, channel: ChatRef, text: str) -> int:
        """Publish something in a channel.

        Raises:
            ValueError: it is no channel.
        """
        where = self.chat(channel)
        if where.type != "channel":
            raise ValueError(f"{where.title!r} is no channel")
        message: Json = {"sender_chat": chat_json(self.world, where), "chat": chat_json(self.world, where)}
        message["date"] = self.world.today()
        return self._put(None, where, message | _content(text, "text"))

    async def react(self, user: UserRef, chat: ChatRef, message: int, emoji: str) -> None:
        """React to a message; no emoji takes it back. The bot hears it where it asked for it and rules the chat."""
        person, where = self.user(user), self.chat(chat)
        found = self.message(where, message)
        faces = cast("dict[int, str]", found.setdefault("_faces", {}))
        old = faces.pop(person.id, "")
        if emoji:
            faces[person.id] = emoji
        if where.type == "private" or where.is_admin(self.world.bot.id):
            content: Json = {"chat": chat_json(self.world, where), "message_id": message, "user": user_json(person)}
            content["date"] = self.world.today()
            for name, face in (("old_reaction", old), ("new_reaction", emoji)):
                content[name] = [{"type": "emoji", "emoji": face}] if face else []
            self.updates.emit("message_reaction", content)
        self.world.touch()

    async def delete(self, chat: ChatRef, *messages: int) -> None:
        """Take messages away; the bot is never told."""
        where = self.chat(chat)
        for number in messages:
            self.message(where, number)
            del where.messages[number]
            where.gone.add(number)
        self.world.touch()

    def message(self, chat: ChatRef, message: int) -> Json:
        """One message as it stands.

        Raises:
            LookupError: it is not there.
        """
        where = self.chat(chat)
        found = where.messages.get(message)
        if found is None:
            raise LookupError(f"no message {message} in {where.title or where.id}")
        return found

    def tell_service(self, chat: Chat, author: User, **content: Any) -> int:
        """A line Telegram writes into a chat because of something somebody did; the bot always hears it."""
        message: Json = {"from": user_json(author), "chat": chat_json(self.world, chat), "date": self.world.today()}
        number = next(chat.numbers)
        message = {"message_id": number, **message, **content}
        chat.messages[number] = message
        if chat.has(self.world.bot.id) and not (chat.type == "private" and chat.members[author.id].status == "left"):
            self.updates.emit("message", public(message))
        self.world.touch()
        return number

    def _may_write(self, author: User, where: Chat, topic: int, *, anonymous: bool) -> None:
        if where.moved_to is not None:
            raise PermissionError(f"{where.title} became supergroup {where.moved_to}")
        if not where.has(author.id):
            raise PermissionError(f"{author.first_name} is not in {where.title or where.id}")
        admin = where.is_admin(author.id)
        if (anonymous or where.muted or where.status(author.id) == "restricted") and not admin:
            raise PermissionError(f"{author.first_name} is no administrator of {where.title}")
        if topic in (0, GENERAL):
            return
        found = where.topics.get(topic)
        if found is None or found.deleted:
            raise LookupError(f"no topic {topic} in {where.title or where.id}")
        if found.closed and not admin:
            raise PermissionError(f"topic {found.name} is closed")

    def _begun(self, author: User, where: Chat, ago: float, *, anonymous: bool, as_channel: ChatRef | None) -> Json:
        sender, behind = author, None
        if anonymous:
            sender, behind = ANONYMOUS, where
        elif as_channel is not None:
            sender, behind = CHANNEL_BOT, self.chat(as_channel)
        message: Json = {"from": user_json(sender), "chat": chat_json(self.world, where)}
        if behind is not None:
            message["sender_chat"] = chat_json(self.world, behind)
        return message | {"date": int(self.world.clock.now() - ago), "_author": author.id}

    def _placed(self, where: Chat, topic: int, reply_to: int) -> Json:
        """Topic and reply, with the traps of the real one: see ``topic_replies`` and threads of plain supergroups."""
        found: Json = {}
        replied = self.message(where, reply_to) if reply_to else None
        if replied is not None:
            topic = topic or int(replied.get("message_thread_id", 0) if replied.get("is_topic_message") else 0)
            found["reply_to_message"] = {key: value for key, value in replied.items() if key != "reply_to_message"}
        if topic not in (0, GENERAL):
            found |= {"message_thread_id": topic, "is_topic_message": True}
            if replied is None and where.type == "supergroup" and self.world.topic_replies:
                found["reply_to_message"] = where.messages[topic]
        elif replied is not None and where.type == "supergroup" and not where.forum:
            found["message_thread_id"] = replied.get("message_thread_id", replied["message_id"])
        return found

    def _origin(self, forwarded: UserRef | Chat, date: int) -> Json:
        if isinstance(forwarded, str) and not any(
            forwarded == each.first_name.lower() for each in self.world.users.values()
        ):
            return {"type": "hidden_user", "sender_user_name": forwarded, "date": date}
        if isinstance(forwarded, Chat):
            origin: Json = {"type": "channel", "chat": chat_json(self.world, forwarded), "message_id": 1, "date": date}
            if forwarded.type == "channel":
                return origin
            return {"type": "chat", "sender_chat": chat_json(self.world, forwarded), "date": date}
        return {"type": "user", "sender_user": user_json(self.user(forwarded)), "date": date}

    def _put(self, author: User | None, where: Chat, message: Json) -> int:
        number = next(where.numbers)
        message = {"message_id": number, **message}
        where.messages[number] = message
        if author is not None and not author.is_bot and where.type == "private":
            author.met = author.started = True
            if author.blocked:  # whoever writes lets the bot answer
                author.blocked = False
                self.set_member(where, self.world.bot, Member(), author)
        if self._hears(author, where, message):
            if author is not None:
                author.met = True
            self.updates.emit("channel_post" if where.type == "channel" else "message", public(message))
        self.world.touch()
        return number

    def _hears(self, author: User | None, where: Chat, message: Json) -> bool:
        """May the bot see this message? In groups with privacy mode: commands, mentions, replies to it, or as administrator."""
        world, bot = self.world, self.world.bot
        if not where.has(bot.id) or (author is not None and author.is_bot):
            return False
        if where.type in ("private", "channel") or not world.privacy or where.is_admin(bot.id):
            return True
        replied = cast("Json", message.get("reply_to_message", {}))
        return bool(replied.get("_own")) or _addresses(bot.username, message)


def _content(text: str, name: str) -> Json:
    if not text:
        return {}
    found: Json = {name: text}
    entities = found_entities(text)
    if entities:
        found["entities" if name == "text" else "caption_entities"] = entities
    return found


def _addresses(username: str, message: Json) -> bool:
    text = str(message.get("text", message.get("caption", "")))
    entities: list[Json] = message.get("entities") or message.get("caption_entities") or []
    for entity in entities:
        words = words_of(text, entity).lower()
        if entity["type"] == "mention" and words == f"@{username}".lower():
            return True
        name = words.partition("@")[2] if entity["type"] == "bot_command" else None
        if name == username.lower() or (name == "" and entity["offset"] == 0):
            return True
    return False
