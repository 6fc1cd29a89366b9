"""Messages that arrive piece by piece. Slack ends one five minutes after it began, whether or not pieces still come."""

from __future__ import annotations

from typing import Any, cast

from tests.servers.slackd.calls import ApiError, Call, method
from tests.servers.slackd.limits import MARKDOWN_TEXT, check_blocks, check_metadata
from tests.servers.slackd.log import Json
from tests.servers.slackd.methods.agents import set_session
from tests.servers.slackd.methods.chat import author_of, post, thread_of
from tests.servers.slackd.state import Channel, Stream

LIFE = 300.0
_CHUNKS = {"markdown_text": "text", "task_update": "id", "plan_update": "title", "blocks": "blocks"}
_TASK_STATES = ("pending", "in_progress", "complete", "error")


@method(
    "chat.startStream",
    "channel thread_ts markdown_text chunks recipient_team_id recipient_user_id task_display_mode "
    "icon_emoji icon_url username",
)
def chat_start_stream(call: Call) -> Json:
    """Begin a message."""
    channel = call.channel(writing=True)
    call.required("thread_ts")
    thread = thread_of(call, channel)
    if channel.kind != "im":
        for name in ("recipient_team_id", "recipient_user_id"):
            if not call.text(name):
                raise ApiError(f"missing_{name}")
        if call.text("recipient_user_id") not in call.world.users:
            raise ApiError("user_not_found")
    parts = _parts(call)
    message = author_of(call) | {"text": _said(parts), "streaming_state": "in_progress"}
    if thread is not None:
        message |= {"thread_ts": thread["ts"], "parent_user_id": thread.get("user", "")}
    post(call, channel, message)
    stream = Stream(channel=channel.id, ts=message["ts"], started=call.world.clock.now(), parts=parts)
    call.world.streams[channel.id, message["ts"]] = stream
    return {"channel": channel.id, "ts": message["ts"]}


@method("chat.appendStream", "channel ts markdown_text chunks")
def chat_append_stream(call: Call) -> Json:
    """Add to it."""
    channel = call.channel(writing=True)
    stream, message = _streaming(call, channel)
    _add(call, stream, message)
    return {"channel": channel.id, "ts": stream.ts}


@method("chat.stopStream", "channel ts markdown_text chunks blocks metadata session_status")
def chat_stop_stream(call: Call) -> Json:
    """Finish it, with blocks below."""
    channel = call.channel(writing=True)
    stream, message = _streaming(call, channel)
    blocks = call.blocks()
    if blocks is not None:
        check_blocks(blocks)
    metadata = check_metadata(call)
    previous = dict(message)
    _add(call, stream, message)
    if blocks is not None:
        message["blocks"] = call.world.add_missing_ids(blocks)
    if metadata:
        message["metadata"] = metadata
    message["streaming_state"] = "completed"
    stream.state = "stopped"
    if call.text("session_status"):
        set_session(call, channel.id, str(message.get("thread_ts", "")), call.text("session_status"))
    call.events.changed(channel, message, previous)
    return {"channel": channel.id, "ts": stream.ts, "message": message}


def _streaming(call: Call, channel: Channel) -> tuple[Stream, Json]:
    ts = call.required("ts")
    message = channel.messages.get(ts)
    if message is None:
        raise ApiError("message_not_found")
    if message.get("bot_id") != call.world.bot_id:
        raise ApiError("message_not_owned_by_app")
    stream = call.world.streams.get((channel.id, ts))
    if stream is not None and stream.state == "stopped_by_user":
        raise ApiError("stopped_by_user")
    too_old = stream is not None and call.world.clock.now() - stream.started >= LIFE
    if stream is None or stream.state != "streaming" or too_old:
        raise ApiError("message_not_in_streaming_state")
    return stream, message


def _add(call: Call, stream: Stream, message: Json) -> None:
    parts = _parts(call)
    stream.parts.extend(parts)
    message["text"] = str(message["text"]) + _said(parts)
    blocks = [block for part in stream.parts if part["type"] == "blocks" for block in part["blocks"]]
    if len(blocks) > 50:
        raise ApiError("msg_blocks_too_many")


def _parts(call: Call) -> list[Json]:
    text, chunks = call.text("markdown_text"), call.structure("chunks", "invalid_chunks")
    if len(text) > MARKDOWN_TEXT:
        raise ApiError("msg_too_long")
    parts: list[Json] = [{"type": "markdown_text", "text": text}] if text else []
    if chunks is None:
        return parts
    if not isinstance(chunks, list):
        raise ApiError("invalid_chunks")
    for chunk in cast("list[Any]", chunks):
        if not isinstance(chunk, dict) or not _is_chunk(cast("Json", chunk)):
            raise ApiError("invalid_chunks")
        parts.append(cast("Json", chunk))
    if len(_said(parts)) > MARKDOWN_TEXT:
        raise ApiError("msg_blocks_too_long")
    return parts


def _is_chunk(chunk: Json) -> bool:
    needed = _CHUNKS.get(str(chunk.get("type")))
    if needed is None or needed not in chunk:
        return False
    if chunk["type"] == "task_update":
        return bool(chunk.get("title")) and chunk.get("status") in _TASK_STATES
    if chunk["type"] == "blocks":
        check_blocks(cast("list[Json]", chunk["blocks"]))
    return True


def _said(parts: list[Json]) -> str:
    return "".join(str(part["text"]) for part in parts if part["type"] == "markdown_text")
