"""What an agent shows besides messages: sessions, status lines, suggested prompts."""

from __future__ import annotations

from typing import Any, cast

from tests.servers.slackd.calls import ApiError, Call, method
from tests.servers.slackd.log import Json
from tests.servers.slackd.state import Session

STATUSES = ("processing", "active", "suspended", "closed")
UNSUBSCRIBED = "missing_agent_session_stopped_event_subscription"


@method("agents.sessions.setStatus", "channel_id thread_ts status title initiator_user_id icon_emoji icon_url username")
def agents_sessions_set_status(call: Call) -> Json:
    """Make a session, or move it."""
    if not call.world.manifest.is_agent:
        raise ApiError("not_an_agent_app")
    channel = call.channel("channel_id", writing=True)
    thread = call.required("thread_ts")
    if not channel.thread(thread):
        raise ApiError("thread_not_found")
    if len(call.text("title")) > 200:
        raise ApiError("title_too_long")
    if call.text("initiator_user_id") and call.text("initiator_user_id") not in channel.members:
        raise ApiError("user_not_in_channel")
    session = set_session(call, channel.id, thread, call.required("status"))
    return {"status": session.status, "agent_status": session.status, "title": session.title or ""}


@method("agents.sessions.rename", "channel_id thread_ts title")
def agents_sessions_rename(call: Call) -> Json:
    """Give a session another title."""
    channel = call.channel("channel_id", writing=True)
    session = call.world.sessions.get((channel.id, call.required("thread_ts")))
    if session is None:
        raise ApiError("session_not_found")
    title = call.required("title")
    if len(title) > 200:
        raise ApiError("title_too_long")
    session.title = title
    return {"title": title}


@method("assistant.threads.setStatus", "channel_id thread_ts status loading_messages icon_emoji icon_url username")
def assistant_threads_set_status(call: Call) -> Json:
    """Show that something is being done. An empty status clears it, so does a message, and so do two minutes."""
    channel = call.channel("channel_id", writing=True)
    thread = call.required("thread_ts")
    if "status" not in call.args:
        raise ApiError("invalid_arguments", "missing required field: status")
    if not channel.thread(thread):
        raise ApiError("thread_not_found")
    loading: Any = call.structure("loading_messages", "invalid_arguments") or []
    if len(cast("list[Any]", loading)) > 10:
        raise ApiError("invalid_arguments", "no more than 10 items allowed [json-pointer:/loading_messages]")
    if call.text("status"):
        call.world.statuses[channel.id, thread] = (call.text("status"), call.world.clock.now())
    else:
        call.world.statuses.pop((channel.id, thread), None)
    return {}


@method("assistant.threads.setTitle", "channel_id thread_ts title")
def assistant_threads_set_title(call: Call) -> Json:
    """Name a thread of the messages tab."""
    channel = call.channel("channel_id", writing=True)
    if channel.kind != "im":
        raise ApiError("channel_not_supported")
    call.required("thread_ts")
    call.required("title")
    return {}


@method("assistant.threads.setSuggestedPrompts", "channel_id thread_ts title prompts")
def assistant_threads_set_suggested_prompts(call: Call) -> Json:
    """Offer up to four prompts; without ``thread_ts`` for the messages tab itself."""
    channel = call.channel("channel_id", writing=True)
    prompts: Any = call.structure("prompts", "invalid_arguments")
    if not isinstance(prompts, list) or not prompts:
        raise ApiError("invalid_arguments", "missing required field: prompts")
    given = cast("list[Any]", prompts)
    if len(given) > 4:
        raise ApiError("too_many_prompts")
    for number, prompt in enumerate(given):
        if not isinstance(prompt, dict) or not all(cast("Json", prompt).get(name) for name in ("title", "message")):
            raise ApiError("invalid_arguments", f"title and message are required [json-pointer:/prompts/{number}]")
    call.world.prompts[channel.id, call.text("thread_ts") or None] = {"title": call.text("title"), "prompts": given}
    return {}


def set_session(call: Call, channel: str, thread: str, status: str) -> Session:
    """Move the session of a thread; with a warning when nobody would hear that its Stop button was pressed."""
    if status not in STATUSES:
        raise ApiError("invalid_status")
    session = call.world.sessions.get((channel, thread))
    if session is None:
        session = Session(
            status=status, title=call.text("title") or None, initiator=call.text("initiator_user_id") or None
        )
        call.world.sessions[channel, thread] = session
    session.status = status
    if "agent_session_stopped" not in call.world.manifest.bot_events:
        call.warnings.append(UNSUBSCRIBED)
        call.world.warn(f"{UNSUBSCRIBED}:{call.method}")
    return session
