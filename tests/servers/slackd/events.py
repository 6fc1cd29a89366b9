"""What the app is told: events with their envelope, as far as the manifest subscribes to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.slackd.log import Json
from tests.servers.slackd.scopes import BY_EVENT, SUBSCRIPTIONS
from tests.servers.slackd.state import Channel, World


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One thing the app is told: an event, an interaction or a command."""

    kind: str
    """``events_api``, ``interactive`` or ``slash_commands``, as envelopes of Socket Mode say."""
    name: str
    """What it is called in the log and in scripts: an event's type, ``block_actions``, ``/tizmor`` …"""
    payload: Json
    channel: str | None = None
    answerable: bool = False
    notes: Json = field(default_factory=dict[str, Any])


class Events:
    """Builds events and hands them to whoever delivers."""

    def __init__(self, world: World, deliver: Callable[[Delivery], None]) -> None:
        self._world = world
        self._deliver = deliver

    def message(self, channel: Channel, message: Json, *, lost: bool = False) -> None:
        """A message appeared: ``message``, and ``app_mention`` besides when it mentions the app. Two event ids."""
        world = self._world
        if world.bot_user_id not in channel.members:
            return
        event = self._of_message(channel, message)
        if lost:
            return
        self.emit(event, SUBSCRIPTIONS[channel.kind], channel)
        mentions = f"<@{world.bot_user_id}>" in message.get("text", "") and message.get("bot_id") != world.bot_id
        if mentions and channel.kind != "im":
            fields = ("user", "ts", "client_msg_id", "text", "team", "thread_ts", "parent_user_id", "blocks", "files")
            mention = {name: event[name] for name in (*fields, "user_team", "source_team") if name in event}
            mention |= {"type": "app_mention", "channel": channel.id, "event_ts": event["event_ts"]}
            self.emit(mention, "app_mention", channel)

    def changed(self, channel: Channel, message: Json, previous: Json) -> None:
        """A message was edited."""
        self._about(channel, "message_changed", {"message": _public(message), "previous_message": _public(previous)})

    def deleted(self, channel: Channel, previous: Json) -> None:
        """A message was deleted."""
        self._about(channel, "message_deleted", {"previous_message": _public(previous), "deleted_ts": previous["ts"]})

    def emit(self, event: Json, subscription: str, channel: Channel | None = None) -> None:
        """Deliver an event if the manifest has both its subscription and its scope; count it otherwise."""
        world = self._world
        scope = BY_EVENT.get(subscription)
        subscribed = subscription in world.manifest.bot_events
        if not subscribed or (scope is not None and scope not in world.granted):
            world.unsubscribed[subscription] += 1
            if world.warn_unsubscribed:
                world.warn(f"event_not_subscribed:{subscription}")
            world.touch()
            return
        shared = channel is not None and channel.shared
        number = world.ids.count("event")
        payload: Json = {
            "token": "verification-token",
            "team_id": world.team_id,
            "context_team_id": world.team_id,
            "context_enterprise_id": None,
            "api_app_id": world.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{number:09X}",
            "event_time": int(world.clock.now()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": world.team_id,
                    "user_id": world.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": shared,
            "event_context": f"4-{number:012x}",
        }
        self._deliver(
            Delivery(
                kind="events_api",
                name=str(event["type"]),
                payload=payload,
                channel=channel.id if channel else None,
                notes={"subtype": event.get("subtype")},
            )
        )

    def _about(self, channel: Channel, subtype: str, fields: Json) -> None:
        if self._world.bot_user_id not in channel.members:
            return
        stamp = self._world.stamp()
        event: Json = {
            "type": "message",
            "subtype": subtype,
            **fields,
            "channel": channel.id,
            "hidden": True,
            "ts": stamp,
            "event_ts": stamp,
            "channel_type": channel.kind,
        }
        self.emit(event, SUBSCRIPTIONS[channel.kind], channel)

    def _of_message(self, channel: Channel, message: Json) -> Json:
        event = _public(message) | {
            "channel": channel.id,
            "event_ts": message["ts"],
            "channel_type": channel.kind,
        }
        author = self._world.users.get(str(message.get("user")))
        if author is not None and channel.shared:
            event |= {"user_team": author.team_id, "source_team": author.team_id}
        return event


def _public(message: Json) -> Json:
    hidden = ("metadata", "reply_count", "reply_users", "reply_users_count", "latest_reply")
    return {key: value for key, value in message.items() if key not in hidden}
