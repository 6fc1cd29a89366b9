"""Which scope each method and each event needs. Read at docs.slack.dev/reference/methods and …/events, November 2026."""

from __future__ import annotations

from collections.abc import Iterable

READ = {"channel": "channels:read", "group": "groups:read", "im": "im:read", "mpim": "mpim:read"}
HISTORY = {"channel": "channels:history", "group": "groups:history", "im": "im:history", "mpim": "mpim:history"}
OPEN = {"im": "im:write", "mpim": "mpim:write"}

BY_CHANNEL: dict[str, dict[str, str]] = {
    "conversations.info": READ,
    "conversations.members": READ,
    "conversations.list": READ,
    "users.conversations": READ,
    "conversations.history": HISTORY,
    "conversations.replies": HISTORY,
    "conversations.open": OPEN,
}
"""Methods whose scope depends on the kind of the channel: any of the family to be called at all, the right one to see it."""

BY_METHOD: dict[str, str] = {
    "bots.info": "users:read",
    "team.info": "team:read",
    "users.info": "users:read",
    "users.list": "users:read",
    "users.lookupByEmail": "users:read.email",
    "conversations.join": "channels:join",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.scheduleMessage": "chat:write",
    "chat.startStream": "chat:write",
    "chat.appendStream": "chat:write",
    "chat.stopStream": "chat:write",
    "agents.sessions.setStatus": "chat:write",
    "agents.sessions.rename": "chat:write",
    "assistant.threads.setStatus": "chat:write",
    "assistant.threads.setTitle": "assistant:write",
    "assistant.threads.setSuggestedPrompts": "assistant:write",
    "reactions.add": "reactions:write",
    "reactions.remove": "reactions:write",
    "reactions.get": "reactions:read",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.delete": "files:write",
    "files.info": "files:read",
}
"""Methods that are not here need none."""

BY_EVENT: dict[str, str] = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "channel_archive": "channels:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "file_shared": "files:read",
}
"""Events that are not here need a subscription only."""

SUBSCRIPTIONS = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}
"""What a message is subscribed by, by the kind of its channel."""


def lacking(method: str, granted: Iterable[str]) -> str | None:
    """What to write into ``needed`` of a ``missing_scope``, before anything is known of the channel; None when enough."""
    have = set(granted)
    family = BY_CHANNEL.get(method)
    if family is not None:
        return None if have & set(family.values()) else ",".join(family.values())
    scope = BY_METHOD.get(method)
    return scope if scope is not None and scope not in have else None


def lacking_for(method: str, kind: str, granted: Iterable[str]) -> str | None:
    """The scope that is missing to call ``method`` on a channel of this kind; None when it is there."""
    scope = BY_CHANNEL.get(method, {}).get(kind)
    return scope if scope is not None and scope not in set(granted) else None
