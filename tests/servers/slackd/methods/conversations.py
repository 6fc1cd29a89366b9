"""Channels and what is written in them."""

from __future__ import annotations

from tests.servers.slackd.calls import ApiError, Call, method
from tests.servers.slackd.log import Json
from tests.servers.slackd.paging import page
from tests.servers.slackd.scopes import lacking_for
from tests.servers.slackd.state import Channel

KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}


def as_api(call: Call, channel: Channel) -> Json:
    """A channel object, or the shorter one of a direct conversation."""
    world = call.world
    if channel.kind == "im":
        other = next(each for each in channel.members if each != world.bot_user_id)
        return {
            "id": channel.id,
            "created": channel.created,
            "is_archived": channel.archived,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": world.team_id,
            "updated": channel.created * 1000,
            "user": other,
            "is_user_deleted": world.users[other].deleted,
            "priority": 0,
        }
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": False,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "channel",
        "created": channel.created,
        "is_archived": channel.archived,
        "is_general": False,
        "unlinked": 0,
        "is_shared": channel.shared,
        "is_org_shared": False,
        "is_ext_shared": channel.shared,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "context_team_id": world.team_id,
        "updated": channel.created * 1000,
        "parent_conversation": None,
        "creator": next(iter(channel.members), ""),
        "shared_team_ids": sorted({world.users[each].team_id for each in channel.members} | {world.team_id}),
        "is_member": world.bot_user_id in channel.members,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
    }


@method("conversations.info", "channel include_locale include_num_members")
def conversations_info(call: Call) -> Json:
    """One channel."""
    channel = call.channel()
    found = as_api(call, channel)
    if call.flag("include_num_members"):
        found["num_members"] = len(channel.members)
    return {"channel": found}


@method("conversations.members", "channel cursor limit")
def conversations_members(call: Call) -> Json:
    """Who is in a channel."""
    found, more = page(call, list(call.channel().members), 1000)
    return {"members": list(found), **more}


@method("conversations.list", "cursor exclude_archived limit team_id types")
def conversations_list(call: Call) -> Json:
    """Channels the app can see."""
    return _listed(call, members_only=False)


@method("users.conversations", "cursor exclude_archived limit team_id types user")
def users_conversations(call: Call) -> Json:
    """Channels the app, or a person, is in."""
    return _listed(call, members_only=True)


@method("conversations.open", "channel users return_im prevent_creation")
def conversations_open(call: Call) -> Json:
    """The direct conversation with a person."""
    if call.text("channel"):
        channel = call.channel()
    else:
        wanted = [each for each in call.required("users").split(",") if each]
        if len(wanted) != 1:
            raise ApiError("users_list_not_supplied" if not wanted else "too_many_users")
        user = call.world.users.get(wanted[0])
        if user is None:
            raise ApiError("user_not_found")
        if user.deleted:
            raise ApiError("user_disabled")
        missing = lacking_for(call.method, "im", call.world.granted)
        if missing is not None:
            raise ApiError("missing_scope", needed=missing, provided=",".join(call.world.granted))
        channel = call.world.im_of(user.id)
    return {"channel": as_api(call, channel) if call.flag("return_im") else {"id": channel.id}}


@method("conversations.join", "channel")
def conversations_join(call: Call) -> Json:
    """Enter a public channel."""
    channel = call.channel()
    if channel.archived:
        raise ApiError("is_archived")
    channel.members[call.world.bot_user_id] = None
    return {"channel": as_api(call, channel)}


@method("conversations.history", "channel cursor inclusive include_all_metadata latest limit oldest")
def conversations_history(call: Call) -> Json:
    """Messages of a channel without the replies in its threads, every page latest first.

    Pages go back in time; with ``oldest`` alone they go forward from there, so the first holds the oldest ones.
    """
    channel = call.inside()
    roots = [each for each in channel.messages.values() if each.get("thread_ts", each["ts"]) == each["ts"]]
    oldest, latest = _bounds(call)
    forward = oldest > 0 and latest == float("inf")
    within = _within(call, roots)
    found, more = page(call, within if forward else within[::-1], 999 if _marketplace(call) else 15)
    found = found[::-1] if forward else found
    has_more = bool(more["response_metadata"]["next_cursor"])
    answer: Json = {
        "messages": [shown(call, each) for each in found],
        "has_more": has_more,
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    return answer | (more if has_more else {})


@method("conversations.replies", "channel ts cursor inclusive include_all_metadata latest limit oldest")
def conversations_replies(call: Call) -> Json:
    """The thread a message is in: its root, then replies, oldest first."""
    channel = call.inside()
    ts = call.required("ts")
    ts = str(channel.messages.get(ts, {}).get("thread_ts", ts))
    thread = channel.thread(ts)
    if not thread:
        raise ApiError("thread_not_found")
    root, rest = [each for each in thread if each["ts"] == ts], [each for each in thread if each["ts"] != ts]
    found, more = page(call, root + _within(call, rest), 1000 if _marketplace(call) else 15, default=1000)
    has_more = bool(more["response_metadata"]["next_cursor"])
    answer: Json = {"messages": [shown(call, each) for each in found], "has_more": has_more}
    return answer | (more if has_more else {})


def shown(call: Call, message: Json) -> Json:
    """A message as the app may read it: metadata only when it asks for it."""
    if call.flag("include_all_metadata"):
        return message
    return {key: value for key, value in message.items() if key != "metadata"}


def _marketplace(call: Call) -> bool:
    return bool(call.world.marketplace)


def _within(call: Call, messages: list[Json]) -> list[Json]:
    low, high = _bounds(call)
    inclusive = call.text("inclusive").lower() not in ("", "0", "false")
    kept: list[Json] = []
    for message in messages:
        ts = float(message["ts"])
        if low < ts < high or (inclusive and ts in (low, high)):
            kept.append(message)
    return kept


def _bounds(call: Call) -> tuple[float, float]:
    bounds: list[float] = []
    for name in ("latest", "oldest"):
        try:
            bounds.append(float(call.text(name) or 0))
        except ValueError:
            raise ApiError(f"invalid_ts_{name}") from None
    high, low = bounds
    return low, high or float("inf")


def _listed(call: Call, *, members_only: bool) -> Json:
    world = call.world
    kinds = [KINDS.get(each.strip(), "") for each in call.text("types", "public_channel").split(",")]
    if "" in kinds:
        raise ApiError("invalid_types")
    for kind in kinds:
        missing = lacking_for(call.method, kind, world.granted)
        if missing is not None:
            raise ApiError("missing_scope", needed=missing, provided=",".join(world.granted))
    whose = call.text("user", world.bot_user_id)
    visible = [
        channel
        for channel in world.channels.values()
        if channel.kind in kinds
        and (world.bot_user_id in channel.members or channel.kind == "channel")
        and (not members_only or whose in channel.members)
        and not (channel.archived and call.flag("exclude_archived"))
    ]
    found, more = page(call, visible, 1000)
    return {"channels": [as_api(call, channel) for channel in found], **more}
