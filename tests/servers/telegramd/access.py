"""Which chats the bot reaches, and for what: the refusals of Telegram in its own order."""

from __future__ import annotations

import re

from tests.servers.telegramd.calls import Call
from tests.servers.telegramd.log import Json
from tests.servers.telegramd.refusals import bad_request, forbidden
from tests.servers.telegramd.state import GENERAL, Chat, User, World

_NUMBER = re.compile(r"-?[0-9]{1,19}")
_FORUM_LIKE = ("supergroup", "private")


def find_chat(world: World, wanted: str) -> Chat | None:
    """A chat by number or public name; private ones are there once the bot has met the person."""
    if wanted.startswith("@"):
        return next((each for each in world.chats.values() if each.username and f"@{each.username}" == wanted), None)
    number = int(wanted) if _NUMBER.fullmatch(wanted) else 0
    user = world.users.get(number)
    if user is not None and not user.is_bot and (user.met or user.started):
        return world.private(user)
    found = world.chats.get(number)
    return None if found is None or found.type == "private" else found


def readable(call: Call) -> Chat:
    """The chat of a call that reads.

    Raises:
        ApiError: it is not there, or closed to the bot.
    """
    return _inside(call, writing=False)


def editable(call: Call) -> Chat:
    """The chat of a call that changes what the bot wrote there."""
    chat = _inside(call, writing=True)
    _reaches_person(call.world, chat)
    return chat


def writable(call: Call) -> Chat:
    """The chat of a call that writes.

    Raises:
        ApiError: it moved, it is not there, the person does not let the bot write, or its members may not.
    """
    chat = editable(call)
    bot = call.world.bot.id
    if chat.type == "channel" and not chat.is_admin(bot):
        raise bad_request("need administrator rights in the channel chat")
    restricted = chat.members[bot].status == "restricted"
    if chat.type in ("group", "supergroup") and not chat.is_admin(bot) and (chat.muted or restricted):
        what = "documents" if call.method == "sendDocument" else "text messages"
        raise bad_request(f"not enough rights to send {what} to the chat")
    return chat


def topic_of(call: Call, chat: Chat) -> int:
    """The topic a message goes to; 0 for the General one and where there are none.

    Raises:
        ApiError: there is no such topic, or it is closed.
    """
    wanted = call.number("message_thread_id")
    if wanted <= 0 or chat.type not in _FORUM_LIKE or (chat.type == "supergroup" and not chat.forum):
        if wanted > 0:  # Telegram takes no notice of it
            call.warn(f"thread_where_there_are_no_topics:{chat.id}")
        closed = chat.forum and chat.general_closed
    else:
        topic = chat.topics.get(wanted)
        if wanted == GENERAL or topic is None or topic.deleted:
            raise bad_request("message thread not found")
        closed = topic.closed
    if closed and not chat.is_admin(call.world.bot.id):
        raise bad_request("TOPIC_CLOSED")
    return wanted if chat.forum or (chat.type == "private" and wanted > 0) else 0


def message_of(call: Call, chat: Chat, what: str) -> Json:
    """The message a call names; ``what`` says what it would be done to.

    Raises:
        ApiError: it is not there.
    """
    found = chat.messages.get(call.number("message_id"))
    if found is None:
        raise bad_request(f"{what} not found")
    return found


def user_of(call: Call, name: str = "user_id") -> User:
    """The person a call names.

    Raises:
        ApiError: nobody has that number.
    """
    number = call.number(name)
    if number <= 0:
        raise bad_request("invalid user_id specified")
    found = call.world.users.get(number)
    if found is None or not (found.met or found.started or found is call.world.bot):
        raise bad_request("PARTICIPANT_ID_INVALID")
    return found


def _inside(call: Call, *, writing: bool) -> Chat:
    world = call.world
    wanted = call.text("chat_id")
    if not wanted:
        raise bad_request("chat_id is empty")
    chat = find_chat(world, wanted)
    if chat is None:
        raise bad_request("chat not found")
    call.entry.chat = chat.id
    if chat.moved_to is not None and writing:
        words = "group chat was upgraded to a supergroup chat"
        raise bad_request(words, migrate_to_chat_id=chat.moved_to)
    if chat.type != "private":
        _is_member(world, chat, writing=writing)
    return chat


def _is_member(world: World, chat: Chat, *, writing: bool) -> None:
    if chat.has(world.bot.id) or chat.moved_to is not None:
        return
    if not writing and (chat.type == "group" or chat.username):
        return
    kicked = chat.status(world.bot.id) == "kicked"
    raise forbidden(f"bot {'was kicked from' if kicked else 'is not a member of'} the {chat.type} chat")


def _reaches_person(world: World, chat: Chat) -> None:
    if chat.type != "private":
        return
    user = world.users[chat.id]
    if user.gone:
        raise forbidden("user is deactivated")
    if user.blocked:
        raise forbidden("bot was blocked by the user")
    if not user.started:
        raise forbidden("bot can't initiate conversation with a user")
