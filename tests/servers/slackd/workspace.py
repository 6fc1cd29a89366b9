"""The workspace itself: who is in it, which channels there are, and whether the app still is."""

from __future__ import annotations

from collections.abc import Iterable

from tests.servers.slackd.core import ChannelRef, Core, UserRef
from tests.servers.slackd.manifest import AppManifest
from tests.servers.slackd.state import Channel, User

OTHER_TEAM = "T0STRANGE1"


class WorkspaceVerbs(Core):
    """What an administrator does."""

    def add_user(
        self,
        name: str,
        *,
        guest: bool = False,
        stranger: bool = False,
        bot: bool = False,
        admin: bool = False,
        tz: str = "Asia/Jerusalem",
        real_name: str | None = None,
        email: str | None = None,
        locale: str = "en-US",
    ) -> User:
        """A new person; a ``stranger`` is of another workspace and meets the app in shared channels only."""
        user = User(
            id=self.world.ids.next("U"),
            name=name,
            team_id=OTHER_TEAM if stranger else self.world.team_id,
            real_name=real_name or name.replace(".", " ").title(),
            email=email or f"{name}@{'elsewhere' if stranger else 'example'}.com",
            tz=tz,
            locale=locale,
            guest=guest,
            stranger=stranger,
            bot=bot,
            admin=admin,
        )
        self.world.users[user.id] = user
        self.world.touch()
        return user

    def deactivate(self, user: UserRef) -> None:
        """This person left the company."""
        self.user(user).deleted = True
        self.world.touch()

    def add_channel(
        self,
        name: str,
        members: Iterable[UserRef] = (),
        *,
        bot: bool = True,
        private: bool = False,
        archived: bool = False,
        group_dm: bool = False,
    ) -> Channel:
        """A new channel; shared with the other workspace as soon as a stranger is in it."""
        kind = "mpim" if group_dm else "group" if private else "channel"
        people = [self.user(each) for each in members]
        ids = [user.id for user in people] + ([self.world.bot_user_id] if bot else [])
        channel = Channel(
            id=self.world.ids.next("G" if group_dm else "C"),
            name=name,
            kind=kind,
            members=dict.fromkeys(ids),
            archived=archived,
            shared=any(user.stranger for user in people),
            created=int(self.world.clock.now()),
        )
        self.world.channels[channel.id] = channel
        self.world.touch()
        return channel

    def im(self, user: UserRef) -> Channel:
        """The direct conversation of the app and this person."""
        return self.world.im_of(self.user(user).id)

    def archive(self, channel: ChannelRef, *, archived: bool = True) -> None:
        """Close a channel, or open it again."""
        self.channel(channel).archived = archived
        self.world.touch()

    def invite(self, channel: ChannelRef, user: UserRef) -> None:
        """Bring somebody into a channel; the app too, by ``slack.bot_user_id``."""
        found, who = self.channel(channel), self.user(user)
        found.members[who.id] = None
        found.shared = found.shared or who.stranger
        stamp = self.world.stamp()
        event = {"type": "member_joined_channel", "user": who.id, "channel": found.id, "team": who.team_id}
        self.parts.events.emit(event | {"event_ts": stamp}, "member_joined_channel", found)
        self.world.touch()

    def kick(self, channel: ChannelRef, user: UserRef) -> None:
        """Throw somebody out of a channel."""
        self.channel(channel).members.pop(self.user(user).id, None)
        self.world.touch()

    def kick_bot(self, channel: ChannelRef) -> None:
        """Throw the app out of a channel."""
        self.kick(channel, self.world.bot_user_id)

    def lock_thread(self, channel: ChannelRef, ts: str) -> None:
        """Nobody may reply any more."""
        self.channel(channel).locked_threads.add(ts)
        self.world.touch()

    def install(self, app_id: str | None = None) -> str:
        """Install an app (another one than ours: made over the Manifest API), or ours again after its scopes changed.

        The bot's token, as the page after an installation shows it.
        """
        world = self.world
        world.app_id = app_id or world.app_id
        world.manifest = world.apps[world.app_id]
        world.granted = world.manifest.bot_scopes
        world.tokens.dead.pop(world.tokens.bot, None)
        world.touch()
        return world.tokens.bot

    def use_manifest(self, manifest: AppManifest) -> None:
        """Change the app in its settings page; scopes follow with ``install``."""
        self.world.manifest = manifest
        self.world.apps[self.world.app_id] = manifest

    async def uninstall(self) -> None:
        """Remove the app from the workspace: both events, and every call is ``account_inactive`` from then on."""
        self.world.tokens.dead[self.world.tokens.bot] = "account_inactive"
        self._revoked()
        self.parts.events.emit({"type": "app_uninstalled", "event_ts": self.world.stamp()}, "app_uninstalled")

    async def revoke_tokens(self) -> None:
        """Take the bot's token away: the event, and ``token_revoked`` from then on."""
        self.world.tokens.dead[self.world.tokens.bot] = "token_revoked"
        self._revoked()

    def _revoked(self) -> None:
        event = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.world.bot_user_id]}}
        self.parts.events.emit(event | {"event_ts": self.world.stamp()}, "tokens_revoked")
        self.world.touch()
