"""Reactions of the app's."""

from __future__ import annotations

from tests.servers.slackd.calls import ApiError, Call, method
from tests.servers.slackd.log import Json
from tests.servers.slackd.methods.conversations import shown


@method("reactions.add", "channel name timestamp")
def reactions_add(call: Call) -> Json:
    """React to a message."""
    message = _message(call)
    name = call.required("name").strip(":")
    me = call.world.bot_user_id
    if me in _users(message, name):
        raise ApiError("already_reacted")
    add(message, name, me)
    call.world.ledger.reactions[call.text("channel"), message["ts"]] += 1
    return {}


@method("reactions.remove", "channel name timestamp file file_comment")
def reactions_remove(call: Call) -> Json:
    """Take a reaction back."""
    message = _message(call)
    name = call.required("name").strip(":")
    me = call.world.bot_user_id
    if me not in _users(message, name):
        raise ApiError("no_reaction")
    for reaction in message["reactions"]:
        if reaction["name"] == name:
            reaction["users"].remove(me)
            reaction["count"] -= 1
    message["reactions"] = [reaction for reaction in message["reactions"] if reaction["users"]]
    return {}


@method("reactions.get", "channel timestamp full file file_comment")
def reactions_get(call: Call) -> Json:
    """A message with its reactions."""
    message = _message(call)
    return {"type": "message", "channel": call.text("channel"), "message": shown(call, message)}


def add(message: Json, name: str, user: str) -> None:
    """Put a person under a reaction."""
    for reaction in message.setdefault("reactions", []):
        if reaction["name"] == name:
            reaction["users"].append(user)
            reaction["count"] += 1
            return
    message["reactions"].append({"name": name, "users": [user], "count": 1})


def _users(message: Json, name: str) -> list[str]:
    return [user for each in message.get("reactions", []) if each["name"] == name for user in each["users"]]


def _message(call: Call) -> Json:
    channel = call.inside()
    if channel.archived:
        raise ApiError("is_archived")
    message = channel.messages.get(call.required("timestamp"))
    if message is None:
        raise ApiError("message_not_found")
    return message
