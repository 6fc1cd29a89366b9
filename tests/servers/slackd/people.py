"""What people write: messages, edits, reactions, and the native Stop button."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tests.servers.slackd.core import ChannelRef, Core, UserRef
from tests.servers.slackd.log import Json
from tests.servers.slackd.methods.chat import keep, remove
from tests.servers.slackd.methods.files import as_api
from tests.servers.slackd.methods.reactions import add
from tests.servers.slackd.state import Channel, StoredFile, User

_MENTION = re.compile(r"(<@[UW][A-Z0-9]+>)")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


class PeopleVerbs(Core):
    """Every text is as it goes over the wire: mentions are ``<@U…>``, and ``& < >`` are written as entities."""

    async def say(
        self,
        user: UserRef,
        channel: ChannelRef,
        text: str,
        thread_ts: str | None = None,
        *,
        files: Iterable[tuple[str, str]] = (),
        lost: bool = False,
    ) -> str:
        """Write a message and deliver its events; the message's ts.

        ``files`` are names with contents. ``lost``: the app is never told, it can only find it in the history.

        Raises:
            LookupError: no such person or channel.
            PermissionError: this person is not in the channel, or cannot write to the app there.
        """
        author, where = self.user(user), self.channel(channel)
        self._may_write(author, where)
        stamp = self.world.stamp()
        message: Json = {
            "type": "message",
            "user": author.id,
            "text": text,
            "ts": stamp,
            "team": author.team_id,
            "client_msg_id": f"{self.world.ids.count('client_msg'):08x}-0000-4000-8000-000000000000",
            "blocks": self._rich_text(text),
        }
        stored = [self._store(author, where, name, content) for name, content in files]
        if stored:
            message |= {
                "subtype": "file_share",
                "files": [as_api(self.world, each) for each in stored],
                "upload": False,
            }
        if author.bot:
            message |= {"bot_id": f"B{author.id[1:]}", "app_id": f"A{author.id[1:]}"}
        if thread_ts is not None:
            root = where.messages.get(thread_ts)
            message |= {"thread_ts": thread_ts, "parent_user_id": str(root["user"]) if root else "USLACKBOT"}
        keep(where, message)
        self.parts.events.message(where, message, lost=lost)
        self.world.touch()
        return stamp

    async def edit(self, user: UserRef, channel: ChannelRef, ts: str, text: str) -> None:
        """Change one's own message.

        Raises:
            PermissionError: somebody else wrote it.
        """
        where, message = self._message(channel, ts)
        if message["user"] != self.user(user).id:
            raise PermissionError(f"{self.user(user).name} did not write {ts}")
        previous = dict(message)
        message |= {"text": text, "blocks": self._rich_text(text)}
        message["edited"] = {"user": self.user(user).id, "ts": f"{int(self.world.clock.now())}.000000"}
        self.parts.events.changed(where, message, previous)
        self.world.touch()

    async def delete(self, user: UserRef, channel: ChannelRef, ts: str) -> None:
        """Delete a message; anybody may delete anything here, as administrators may."""
        self.user(user)
        where, message = self._message(channel, ts)
        remove(where, message)
        self.parts.events.deleted(where, message)
        self.world.touch()

    async def react(self, user: UserRef, channel: ChannelRef, ts: str, name: str) -> None:
        """React to a message."""
        where, message = self._message(channel, ts)
        add(message, name, self.user(user).id)
        event = {
            "type": "reaction_added",
            "user": self.user(user).id,
            "reaction": name,
            "item": {"type": "message", "channel": where.id, "ts": ts},
            "item_user": message["user"],
            "event_ts": self.world.stamp(),
        }
        self.parts.events.emit(event, "reaction_added", where)
        self.world.touch()

    async def open_messages_tab(self, user: UserRef) -> None:
        """Open the app's messages tab."""
        await self._open_home(user, "messages")

    async def open_home_tab(self, user: UserRef) -> None:
        """Open the app's home tab."""
        await self._open_home(user, "home")

    async def press_native_stop(self, user: UserRef, channel: ChannelRef, thread_ts: str) -> None:
        """Press Slack's own Stop button: streams of the thread end, the session stays as it is.

        Raises:
            AssertionError: nothing is processing there, or the app is not subscribed: there is no such button to press.
        """
        where = self.channel(channel)
        session = self.world.sessions.get((where.id, thread_ts))
        if session is None or session.status != "processing":
            raise AssertionError(f"no Stop button in {where.id} {thread_ts}: the session is {session}")
        if "agent_session_stopped" not in self.world.manifest.bot_events:
            raise AssertionError("no Stop button: the app is not subscribed to agent_session_stopped")
        stopped: list[str] = []
        for stream in self.world.streams.values():
            thread = where.messages.get(stream.ts, {}).get("thread_ts") if stream.channel == where.id else None
            if thread == thread_ts and stream.state == "streaming":
                stream.state = "stopped_by_user"
                stopped.append(stream.ts)
        event: Json = {
            "type": "agent_session_stopped",
            "channel": where.id,
            "thread_ts": thread_ts,
            "user": self.user(user).id,
            "streaming_message_ts": stopped,
            "event_ts": self.world.stamp(),
        }
        self.parts.events.emit(event, "agent_session_stopped", where)
        self.world.touch()

    async def emit(self, event: Json, subscription: str | None = None, channel: ChannelRef | None = None) -> None:
        """Any event that has no verb of its own."""
        where = self.channel(channel) if channel is not None else None
        event = {"event_ts": self.world.stamp()} | event
        self.parts.events.emit(event, subscription or str(event["type"]), where)

    async def _open_home(self, user: UserRef, tab: str) -> None:
        person = self.user(user)
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": self.world.im_of(person.id).id,
            "tab": tab,
            "event_ts": self.world.stamp(),
        }
        view = self.world.views.get(self.world.homes.get(person.id, ""))
        if tab == "home" and view is not None:
            event["view"] = view
        self.parts.events.emit(event, "app_home_opened")

    def _may_write(self, author: User, where: Channel) -> None:
        if author.id not in where.members:
            raise PermissionError(f"{author.name} is not in {where.name or where.id}")
        if where.archived:
            raise PermissionError(f"{where.name} is archived")
        if where.kind == "im" and not self.world.manifest.messages_tab_writable:
            raise PermissionError("the manifest's app_home has no messages tab people can write in")

    def _message(self, channel: ChannelRef, ts: str) -> tuple[Channel, Json]:
        where = self.channel(channel)
        message = where.messages.get(ts)
        if message is None:
            raise LookupError(f"no message {ts} in {where.name or where.id}")
        return where, message

    def _store(self, author: User, where: Channel, name: str, content: str) -> StoredFile:
        body = content.encode()
        file = StoredFile(
            id=self.world.ids.next("F"),
            name=name,
            length=len(body),
            content=body,
            user=author.id,
            channels=[where.id],
            complete=True,
            created=int(self.world.clock.now()),
        )
        self.world.files[file.id] = file
        return file

    def _rich_text(self, text: str) -> list[Json]:
        elements: list[Any] = []
        for part in _MENTION.split(text):
            if _MENTION.fullmatch(part):
                elements.append({"type": "user", "user_id": part[2:-1]})
            elif part:
                for entity, sign in _ENTITIES:
                    part = part.replace(entity, sign)  # noqa: PLW2901 - one entity after the other
                elements.append({"type": "text", "text": part})
        section: Json = {"type": "rich_text_section", "elements": elements}
        return [{"type": "rich_text", "block_id": self.world.ids.short("blk"), "elements": [section]}]
