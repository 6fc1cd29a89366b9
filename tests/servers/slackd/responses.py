"""Answers outside the Web API: at once to a command, and to a response_url."""

from __future__ import annotations

from typing import Any

from tests.servers.slackd.calls import ApiError, Call
from tests.servers.slackd.core import Parts
from tests.servers.slackd.limits import POST_TEXT, check_message
from tests.servers.slackd.log import Json
from tests.servers.slackd.methods.chat import author_of, post, remove
from tests.servers.slackd.state import Channel, ResponseUrl, User

USES = 5


def answer_at_once(parts: Parts, person: User, where: Channel, payload: Json) -> None:
    """The body of an acknowledgement of a command: an ephemeral message unless it says ``in_channel``."""
    if payload.get("text") or payload.get("blocks"):
        _show(parts, ResponseUrl(channel=where.id, user=person.id, expires=0), payload)


def respond(parts: Parts, name: str, payload: Json) -> tuple[int, Any]:
    """Status and body for a post to a response_url."""
    url = parts.world.response_urls.get(name)
    if url is None:
        return 404, {"ok": False, "error": "invalid_url"}
    if parts.world.clock.now() > url.expires:
        return 404, {"ok": False, "error": "expired_url"}
    if url.uses >= USES:
        return 404, {"ok": False, "error": "used_url"}
    url.uses += 1
    try:
        if payload.get("delete_original"):
            _delete(parts, url)
        elif payload.get("replace_original") and url.message_ts:
            _replace(parts, url, payload)
        else:
            _show(parts, url, payload)
    except ApiError as error:
        return 200, error.answer()
    parts.world.touch()
    return 200, "ok"


def _call(parts: Parts, payload: Json) -> Call:
    return Call(method="response_url", args=dict(payload), world=parts.world, events=parts.events)


def _show(parts: Parts, url: ResponseUrl, payload: Json) -> None:
    call = _call(parts, payload)
    channel = parts.world.channels[url.channel]
    message = author_of(call) | check_message(call, longest=POST_TEXT)
    thread = payload.get("thread_ts")
    if thread:
        message["thread_ts"] = thread
    if payload.get("response_type") == "in_channel":
        post(call, channel, message)
    else:
        message |= {"ts": parts.world.stamp(), "channel": channel.id, "for_user": url.user}
        parts.world.ephemerals.append(message)
        parts.world.ledger.ephemerals[channel.id, url.user] += 1
    parts.world.touch()


def _replace(parts: Parts, url: ResponseUrl, payload: Json) -> None:
    call = _call(parts, payload)
    content = check_message(call, longest=POST_TEXT)
    channel, message = _original(parts, url)
    previous = dict(message)
    message |= content
    if "blocks" not in content:
        message.pop("blocks", None)
    if not url.ephemeral:
        parts.world.ledger.updates[url.channel, message["ts"]] += 1
        parts.events.changed(channel, message, previous)


def _delete(parts: Parts, url: ResponseUrl) -> None:
    channel, message = _original(parts, url)
    if url.ephemeral:
        parts.world.ephemerals.remove(message)
    else:
        remove(channel, message)
        parts.world.ledger.deletes[url.channel, message["ts"]] += 1
        parts.events.deleted(channel, message)


def _original(parts: Parts, url: ResponseUrl) -> tuple[Channel, Json]:
    channel = parts.world.channels[url.channel]
    if url.ephemeral:
        found = next((each for each in parts.world.ephemerals if each["ts"] == url.message_ts), None)
    else:
        found = channel.messages.get(str(url.message_ts))
    if found is None:
        raise ApiError("message_not_found")
    return channel, found
