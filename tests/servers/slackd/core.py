"""The parts of one running server, as its verbs see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tests.servers.nursery import Nursery
from tests.servers.slackd.delivery import Deliveries
from tests.servers.slackd.events import Events
from tests.servers.slackd.faults import Faults
from tests.servers.slackd.options import SlackdOptions
from tests.servers.slackd.requests import HttpPosts
from tests.servers.slackd.sockets import SocketHub
from tests.servers.slackd.state import Channel, User, World

UserRef: TypeAlias = User | str
ChannelRef: TypeAlias = Channel | str


@dataclass(slots=True, kw_only=True)
class Parts:
    """Made once, by the server."""

    options: SlackdOptions
    world: World
    nursery: Nursery
    deliveries: Deliveries
    events: Events
    faults: Faults
    sockets: SocketHub
    posts: HttpPosts


class Core:
    """What every group of verbs stands on."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.world = parts.world

    def user(self, user: UserRef) -> User:
        """A person by object, id or name.

        Raises:
            LookupError: there is no such person.
        """
        if isinstance(user, User):
            return user
        found = self.world.users.get(user) or next(
            (each for each in self.world.users.values() if each.name == user), None
        )
        if found is None:
            raise LookupError(f"no user {user!r} in this workspace")
        return found

    def channel(self, channel: ChannelRef) -> Channel:
        """A channel by object, id or name.

        Raises:
            LookupError: there is no such channel.
        """
        if isinstance(channel, Channel):
            return channel
        by_name = (
            each for each in self.world.channels.values() if each.name == channel.removeprefix("#") and each.name
        )
        found = self.world.channels.get(channel) or next(by_name, None)
        if found is None:
            raise LookupError(f"no channel {channel!r} in this workspace")
        return found
