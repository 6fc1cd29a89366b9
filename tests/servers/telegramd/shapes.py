"""People, chats and messages as JSON of the Bot API 10.0, without what it only keeps for old clients."""

from __future__ import annotations

import copy
from typing import Any, cast

from tests.servers.telegramd.log import Json
from tests.servers.telegramd.state import Chat, Member, User, World

ADMIN_RIGHTS = [
    "can_be_edited",
    "can_manage_chat",
    "can_change_info",
    "can_delete_messages",
    "can_invite_users",
    "can_restrict_members",
    "can_pin_messages",
    "can_manage_topics",
    "can_promote_members",
    "can_manage_video_chats",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_post_messages",
    "can_edit_messages",
    "can_manage_direct_messages",
    "can_manage_tags",
    "is_anonymous",
]
_OF_TYPES = {
    "can_pin_messages": ("group", "supergroup"),
    "can_manage_tags": ("group", "supergroup"),
    "can_manage_topics": ("supergroup",),
    "can_post_messages": ("channel",),
    "can_edit_messages": ("channel",),
    "can_manage_direct_messages": ("channel",),
}
"""Rights that not every type of chat has."""
PERMISSIONS = [
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
]
_TEXT_RIGHTS = PERMISSIONS[:10]


def user_json(user: User) -> Json:
    """Somebody, as in ``from``."""
    optional = {"last_name": user.last_name, "username": user.username, "language_code": user.language_code}
    named = {key: value for key, value in optional.items() if value}
    return {"id": user.id, "is_bot": user.is_bot, "first_name": user.first_name, **named}


def me_json(world: World) -> Json:
    """The bot, as ``getMe`` gives it."""
    return user_json(world.bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": False,
        "supports_guest_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": world.has_topics,
        "allows_users_to_create_topics": world.has_topics,
        "can_manage_bots": False,
    }


def chat_json(world: World, chat: Chat) -> Json:
    """A chat, as in messages."""
    if chat.type == "private":
        person = user_json(world.users[chat.id])
        names = {key: person[key] for key in ("first_name", "last_name", "username") if key in person}
        return {"id": chat.id, **names, "type": "private"}
    found: Json = {"id": chat.id, "title": chat.title, "type": chat.type}
    if chat.username:
        found["username"] = chat.username
    if chat.forum:
        found["is_forum"] = True
    return found


def full_chat_json(world: World, chat: Chat) -> Json:
    """A chat, as ``getChat`` gives it."""
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    found = chat_json(world, chat) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }
    if chat.type in ("group", "supergroup"):
        found["permissions"] = permissions_json(chat)
    return found


def permissions_json(chat: Chat) -> Json:
    """What members who are no administrators may do."""
    return {name: not (chat.muted and name in _TEXT_RIGHTS) for name in PERMISSIONS}


def member_json(world: World, chat: Chat, user: User) -> Json:
    """How somebody belongs to a chat."""
    member = chat.members.get(user.id) or Member(status="left")
    found: Json = {"user": user_json(user), "status": member.status}
    match member.status:
        case "creator":
            found["is_anonymous"] = False
        case "administrator":
            here = [name for name in ADMIN_RIGHTS if chat.type in _OF_TYPES.get(name, (chat.type,))]
            found |= {name: member.rights.get(name, False) for name in here}
        case "restricted":
            found |= {name: member.rights.get(name, False) for name in PERMISSIONS}
            found |= {"is_member": True, "until_date": 0}
        case "kicked":
            found["until_date"] = 0
        case _:
            pass
    return found


def public(message: Json) -> Json:
    """A message as clients see it: a copy, without what only tests see."""
    shown = {key: value for key, value in message.items() if not key.startswith("_")}
    replied = cast("Any", shown.get("reply_to_message"))
    if isinstance(replied, dict):
        shown["reply_to_message"] = public(cast("Json", replied))
    return copy.deepcopy(shown)
