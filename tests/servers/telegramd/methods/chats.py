"""Chats: who is in them, and small signs of life in them."""

from __future__ import annotations

from typing import Any, cast

from tests.servers.telegramd import access
from tests.servers.telegramd.calls import Call, method
from tests.servers.telegramd.log import Json
from tests.servers.telegramd.refusals import bad_request
from tests.servers.telegramd.shapes import full_chat_json, member_json
from tests.servers.telegramd.state import Member

_ACTIONS = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
]
_FACES = "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳❤‍🔥🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👨‍💻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾🤷‍♂🤷🤷‍♀😡"


@method("getChat", "chat_id")
def get_chat(call: Call) -> Json:
    """A chat with all there is to know about it."""
    return full_chat_json(call.world, access.readable(call))


@method("getChatMember", "chat_id user_id")
def get_chat_member(call: Call) -> Json:
    """How somebody belongs to a chat."""
    chat = access.readable(call)
    return member_json(call.world, chat, access.user_of(call))


@method("leaveChat", "chat_id")
def leave_chat(call: Call) -> bool:
    """Go."""
    world = call.world
    chat = access.readable(call)
    if chat.type == "private":
        raise bad_request("chat member status can't be changed in private chats")
    before = member_json(world, chat, world.bot)
    chat.members[world.bot.id] = Member(status="left")
    after = member_json(world, chat, world.bot)
    call.updates.membership(chat, world.bot, before, after)
    call.entry.committed = True
    return True


@method("sendChatAction", "business_connection_id chat_id message_thread_id action")
def send_chat_action(call: Call) -> bool:
    """Show for some seconds that the bot does something."""
    action = call.text("action").lower()
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = access.writable(call)
    call.world.actions.append((chat.id, call.number("message_thread_id"), action))
    call.entry.committed = True
    call.world.touch()
    return True


@method("setMessageReaction", "chat_id message_id reaction is_big")
def set_message_reaction(call: Call) -> bool:
    """React to a message with one face, or take it back."""
    given = call.items("reaction", "can't parse reaction types JSON object")
    if len(given) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    reactions: list[Json] = []
    for one in given:
        reaction = cast("Json", one if isinstance(one, dict) else {})
        emoji: Any = reaction.get("emoji", "")
        if reaction.get("type") != "emoji" or not emoji or str(emoji).rstrip("\ufe0f") not in _FACES:
            raise bad_request("REACTION_INVALID")
        reactions.append(reaction)
    chat = access.editable(call)
    message = access.message_of(call, chat, "message to react")
    message["_reactions"] = reactions
    call.entry.committed = True
    call.world.touch()
    return True
