"""Messages of the app's."""

from __future__ import annotations

import re
from typing import Any, cast

from tests.servers.slackd.calls import ApiError, Call, method
from tests.servers.slackd.limits import POST_TEXT, UPDATE_TEXT, check_message
from tests.servers.slackd.log import Json
from tests.servers.slackd.state import Channel

_STAMP = re.compile(r"\d+(\.\d+)?")
_EARLIEST, _AHEAD = 631_152_000, 3_600
"""1990, and an hour from now: what a ``thread_ts`` must lie between."""
_USER = re.compile(r"[UW][A-Z0-9]{2,}")
_COUNTS = ("reply_count", "reply_users", "reply_users_count", "latest_reply")
_DRESS = "icon_emoji icon_url username"
_CONTENT = f"text blocks attachments markdown_text metadata parse link_names as_user {_DRESS}"


@method(
    "chat.postMessage",
    f"channel thread_ts reply_broadcast unfurl_links unfurl_media mrkdwn container_id {_CONTENT}",
)
def chat_post_message(call: Call) -> Json:
    """Write a message, or a reply."""
    channel = call.channel(writing=True)
    content = check_message(call, longest=POST_TEXT)
    _check_dress(call)
    message = author_of(call) | content
    thread = thread_of(call, channel)
    if thread is not None:
        message |= {"thread_ts": thread["ts"], "parent_user_id": thread.get("user", "")}
    post(call, channel, message)
    return {"channel": channel.id, "ts": message["ts"], "message": message}


@method("chat.update", f"channel ts reply_broadcast file_ids {_CONTENT}")
def chat_update(call: Call) -> Json:
    """Edit a message of the app's own. Blocks, attachments and metadata that are not given stay."""
    channel = call.channel(writing=True)
    message = own_message(call, channel, call.required("ts"), "cant_update_message")
    if (channel.id, message["ts"]) in call.world.streams:
        stream = call.world.streams[channel.id, message["ts"]]
        if stream.state == "streaming":
            raise ApiError("streaming_state_conflict")
    content = check_message(call, longest=UPDATE_TEXT)
    previous = dict(message)
    if "text" not in call.args and "markdown_text" not in call.args:
        content["text"] = message["text"]
    message |= content
    for name in ("blocks", "metadata"):
        if name in content and not content[name]:
            del message[name]
    message["edited"] = {"user": call.world.bot_user_id, "ts": f"{int(call.world.clock.now())}.000000"}
    call.world.ledger.updates[channel.id, message["ts"]] += 1
    call.events.changed(channel, message, previous)
    echo = {name: value for name, value in message.items() if name not in ("ts", "reactions", *_COUNTS)}
    return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": echo}


@method("chat.delete", "channel ts as_user")
def chat_delete(call: Call) -> Json:
    """Delete a message of the app's own."""
    channel = call.channel(writing=True)
    message = own_message(call, channel, call.required("ts"), "cant_delete_message")
    remove(channel, message)
    call.world.ledger.deletes[channel.id, message["ts"]] += 1
    call.events.deleted(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


@method("chat.postEphemeral", f"channel user thread_ts {_CONTENT}")
def chat_post_ephemeral(call: Call) -> Json:
    """Show something to one person, until that person looks away."""
    user = call.required("user")
    if not _USER.fullmatch(user):
        raise ApiError("invalid_arguments", "input must match regex pattern: ^[UW][A-Z0-9]{2,}$ [json-pointer:/user]")
    channel = call.channel(writing=True)
    content = check_message(call, longest=POST_TEXT)
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    message = author_of(call) | content | {"ts": call.world.stamp(), "channel": channel.id, "for_user": user}
    if call.text("thread_ts"):
        message["thread_ts"] = call.text("thread_ts")
    call.world.ephemerals.append(message)
    call.world.ledger.ephemerals[channel.id, user] += 1
    return {"message_ts": message["ts"]}


@method("chat.getPermalink", "channel message_ts")
def chat_get_permalink(call: Call) -> Json:
    """A link to a message."""
    channel = call.channel()
    ts = call.required("message_ts")
    message = channel.messages.get(ts)
    if message is None:
        raise ApiError("message_not_found")
    link = f"https://{call.world.domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    thread = message.get("thread_ts")
    if thread is not None and thread != ts:
        link += f"?thread_ts={thread}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


@method(
    "chat.scheduleMessage",
    f"channel post_at thread_ts reply_broadcast unfurl_links unfurl_media {_CONTENT}",
)
def chat_schedule_message(call: Call) -> Json:
    """Write later; this server keeps it and never sends it."""
    channel = call.channel(writing=True)
    content = check_message(call, longest=POST_TEXT)
    at = call.number("post_at", 0)
    now = call.world.clock.now()
    if at <= now:
        raise ApiError("time_in_past")
    if at > now + 120 * 86_400:
        raise ApiError("time_too_far")
    name = call.world.ids.next("Q")
    call.world.scheduled[name] = {"channel": channel.id, "post_at": at, **content}
    return {"channel": channel.id, "scheduled_message_id": name, "post_at": at, "message": author_of(call) | content}


def author_of(call: Call) -> Json:
    """What every message of the app's begins with."""
    world = call.world
    return {
        "type": "message",
        "user": world.bot_user_id,
        "team": world.team_id,
        "bot_id": world.bot_id,
        "app_id": world.app_id,
        "bot_profile": {
            "id": world.bot_id,
            "app_id": world.app_id,
            "user_id": world.bot_user_id,
            "name": world.manifest.name,
            "deleted": False,
            "updated": 0,
            "team_id": world.team_id,
        },
    }


def thread_of(call: Call, channel: Channel) -> Json | None:
    """The root a reply goes under; None for a message in the channel itself.

    A stamp under which there never was a message makes Slack post to the channel, without a word: here with a warning.

    Raises:
        ApiError: ``invalid_thread_ts``, ``thread_not_found`` (it was deleted), ``cannot_reply_to_message`` or ``restricted_action_thread_locked``.
    """
    wanted = call.text("thread_ts")
    if not wanted:
        return None
    seconds = float(wanted) if _STAMP.fullmatch(wanted) else 0.0
    if not _EARLIEST < seconds <= call.world.clock.now() + _AHEAD:
        raise ApiError("invalid_thread_ts", f"{int(seconds * 1_000_000)} is not a valid thread_ts")
    root = channel.messages.get(wanted)
    if root is None and channel.thread(wanted):
        return {"ts": wanted}
    if root is None and wanted in channel.gone:
        raise ApiError("thread_not_found")
    if root is None:
        call.world.warn(f"no_such_thread:{call.method}:{wanted}")
        return None
    if root.get("subtype") in ("channel_join", "channel_archive", "channel_name"):
        raise ApiError("cannot_reply_to_message")
    if root.get("thread_ts", wanted) != wanted:
        call.world.warn(f"thread_ts_is_a_reply:{call.method}")
        root = channel.messages.get(root["thread_ts"], {"ts": root["thread_ts"]})
    if root["ts"] in channel.locked_threads:
        raise ApiError("restricted_action_thread_locked")
    return root


def post(call: Call, channel: Channel, message: Json) -> None:
    """Put a message of the app's into a channel, and tell of it."""
    world = call.world
    message["ts"] = world.stamp()
    keep(channel, message)
    world.ledger.post(channel.id, message["ts"], cast("Json | None", message.get("metadata")))
    world.statuses.pop((channel.id, str(message.get("thread_ts", message["ts"]))), None)
    call.events.message(channel, message)


def keep(channel: Channel, message: Json) -> None:
    """Store a message and count it in its thread."""
    channel.messages[message["ts"]] = message
    thread = str(message.get("thread_ts", message["ts"]))
    if thread != message["ts"]:
        channel.replies.setdefault(thread, {})[message["ts"]] = None
    root = channel.messages.get(thread)
    if root is None or root is message:
        return
    repliers: list[Any] = root.setdefault("reply_users", [])
    if message["user"] not in repliers:
        repliers.append(message["user"])
    root["thread_ts"] = root["ts"]
    root["reply_count"] = int(root.get("reply_count", 0)) + 1
    root["reply_users_count"] = len(repliers)
    root["latest_reply"] = message["ts"]


def remove(channel: Channel, message: Json) -> None:
    """Take a message out of its channel and out of its thread's count.

    A root with replies leaves a placeholder, which goes with the last of them; a living root without any is an ordinary
    message again.
    """
    ts = message["ts"]
    if channel.replies.get(ts):
        kept = {name: message[name] for name in ("type", "ts", "thread_ts", *_COUNTS) if name in message}
        channel.messages[ts] = kept | {
            "subtype": "tombstone",
            "text": "This message was deleted.",
            "user": "USLACKBOT",
            "hidden": True,
        }
        return
    channel.messages.pop(ts, None)
    channel.gone.add(ts)
    thread = str(message.get("thread_ts"))
    siblings = channel.replies.get(thread, {})
    siblings.pop(ts, None)
    root = channel.messages.get(thread)
    if root is None or root["ts"] == ts:
        return
    root["reply_count"] = len(siblings)
    if siblings:
        root["latest_reply"] = next(reversed(siblings))
    elif root.get("subtype") == "tombstone":
        del channel.messages[thread]
        channel.gone.add(thread)
    else:
        for name in ("thread_ts", *_COUNTS):
            root.pop(name, None)


def own_message(call: Call, channel: Channel, ts: str, refusal: str) -> Json:
    """A message of the app's own.

    Raises:
        ApiError: ``message_not_found`` when it is gone, ``refusal`` when somebody else wrote it or only one person saw it.
    """
    message = channel.messages.get(ts)
    if message is None or message.get("subtype") == "tombstone":
        if any(each["ts"] == ts and each["channel"] == channel.id for each in call.world.ephemerals):
            raise ApiError(refusal)
        raise ApiError("message_not_found")
    if message.get("bot_id") != call.world.bot_id:
        raise ApiError(refusal)
    return message


def _check_dress(call: Call) -> None:
    for name in _DRESS.split():
        if call.text(name) and "chat:write.customize" not in call.world.granted:
            raise ApiError("missing_scope", needed="chat:write.customize", provided=",".join(call.world.granted))
    if "as_user" in call.args:
        call.world.warn(f"deprecated_parameter:{call.method}:as_user")
