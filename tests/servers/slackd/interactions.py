"""What people press: buttons, menus, modals, commands and shortcuts. Each is told to the app once."""

from __future__ import annotations

from typing import Any, cast

from tests.servers.slackd import elements
from tests.servers.slackd.calls import ApiError
from tests.servers.slackd.core import ChannelRef, Core, UserRef
from tests.servers.slackd.delivery import Ack
from tests.servers.slackd.events import Delivery
from tests.servers.slackd.limits import check_view
from tests.servers.slackd.log import Json
from tests.servers.slackd.methods import views
from tests.servers.slackd.responses import answer_at_once
from tests.servers.slackd.state import Channel, ResponseUrl, User

LIFE_OF_RESPONSE_URL = 1800.0
Blocks = list[Json]


class InteractionVerbs(Core):
    """Every verb returns the app's ``Ack``; one that was not acknowledged is what a person sees as an error."""

    async def click(
        self,
        user: UserRef,
        channel: ChannelRef,
        ts: str,
        action_id: str,
        *,
        value: str | None = None,
        selected: Any = None,
        stale: Json | None = None,
    ) -> Ack:
        """Use an element of a message: press a button, choose from a menu (``selected``: an option's value, a user …).

        ``stale`` is the message as it was on a screen that has not caught up; ``value`` forges another than the button's.

        Raises:
            LookupError: there is no such message or element.
        """
        person, where = self.user(user), self.channel(channel)
        message = stale or self._shown(person, where, ts)
        block, element = elements.find(cast("Blocks", message.get("blocks") or []), action_id)
        action = elements.action(block, element, value=value, selected=selected, at=self.world.stamp())
        ephemeral = "for_user" in message
        chosen = self.world.chosen.setdefault((where.id, ts), {})
        if element["type"] not in ("button", "icon_button", "feedback_buttons", "overflow"):
            entry = {name: action[name] for name in action if name not in ("action_id", "block_id", "action_ts")}
            chosen.setdefault(str(block["block_id"]), {})[action_id] = entry
        container: Json = {"type": "message", "message_ts": ts, "channel_id": where.id, "is_ephemeral": ephemeral}
        if message.get("thread_ts"):
            container["thread_ts"] = message["thread_ts"]
        payload = self._interaction("block_actions", person) | {
            "container": container,
            "trigger_id": self.world.new_trigger(person.id),
            "channel": {"id": where.id, "name": _name(where)},
            "state": {"values": chosen},
            "actions": [action],
            "response_url": self._response_url(person, where, message),
        }
        if not ephemeral:
            payload["message"] = message
        return await self._ask("block_actions", payload, where)

    async def click_in_view(
        self, user: UserRef, view_id: str, action_id: str, *, value: str | None = None, selected: Any = None
    ) -> Ack:
        """Use an element of an open modal, or of the home tab."""
        person, view = self.user(user), self._view(view_id)
        block, element = elements.find(cast("Blocks", view["blocks"]), action_id)
        action = elements.action(block, element, value=value, selected=selected, at=self.world.stamp())
        payload = self._interaction("block_actions", person) | {
            "container": {"type": "view", "view_id": view_id},
            "trigger_id": self.world.new_trigger(person.id, view_id),
            "view": view,
            "actions": [action],
        }
        return await self._ask("block_actions", payload)

    async def submit(self, user: UserRef, view_id: str, values: Json | None = None) -> Ack:
        """Fill in an open modal and send it off; its fate follows the answer: errors, update, push, clear, or closed.

        ``values`` by block id or action id, see ``elements.values_of``; what is not named keeps its initial value.

        Raises:
            AssertionError: Slack's client would not have sent it.
            LookupError: it is not open, or something was given for which there is no input.
        """
        person, view = self.user(user), self._view(view_id)
        blocks = cast("Blocks", view["blocks"])
        view["state"] = {"values": elements.values_of(blocks, values or {})}
        refused = elements.refused_by_client(blocks, view["state"]["values"])
        if refused:
            raise AssertionError(f"Slack would not send this: {refused}")
        payload = self._interaction("view_submission", person) | {
            "trigger_id": self.world.new_trigger(person.id, view_id),
            "view": view,
            "response_urls": list[Json](),
        }
        ack = await self._ask("view_submission", payload)
        if ack.ok:
            self._follow(person, view, ack)
        return ack

    async def close_view(self, user: UserRef, view_id: str, *, clear: bool = False) -> Ack | None:
        """Close a modal (``clear``: the whole stack). The app is told only if the view asked for it; None when not."""
        person, view = self.user(user), self._view(view_id)
        stack = self.world.open_views[person.id]
        self.world.open_views[person.id] = [] if clear else [each for each in stack if each != view_id]
        self.world.touch()
        if not view.get("notify_on_close"):
            return None
        payload = self._interaction("view_closed", person) | {"view": view, "is_cleared": clear}
        return await self._ask("view_closed", payload)

    async def command(self, user: UserRef, channel: ChannelRef, command: str, text: str = "") -> Ack:
        """Type a slash command into a channel (never into a thread: Slack has no such thing)."""
        person, where = self.user(user), self.channel(channel)
        if command not in self.world.manifest.commands or "commands" not in self.world.granted:
            return Ack(ok=False, reason="unknown_command")
        names = {"im": "directmessage", "group": "privategroup"}
        payload: Json = {
            "token": "verification-token",
            "team_id": self.world.team_id,
            "team_domain": self.world.domain,
            "channel_id": where.id,
            "channel_name": names.get(where.kind, where.name),
            "user_id": person.id,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": self.world.app_id,
            "is_enterprise_install": "false",
            "response_url": self._response_url(person, where, {}),
            "trigger_id": self.world.new_trigger(person.id),
        }
        ack = await self._deliver("slash_commands", command, payload, where)
        if ack.ok and ack.payload:
            answer_at_once(self.parts, person, where, ack.payload)
        return ack

    async def shortcut(self, user: UserRef, channel: ChannelRef, ts: str, callback_id: str) -> Ack:
        """Choose a message shortcut."""
        person, where = self.user(user), self.channel(channel)
        if self.world.manifest.shortcuts.get(callback_id) != "message":
            return Ack(ok=False, reason="unknown_shortcut")
        message = self._shown(person, where, ts)
        payload = self._interaction("message_action", person) | {
            "callback_id": callback_id,
            "action_ts": self.world.stamp(),
            "trigger_id": self.world.new_trigger(person.id),
            "message_ts": ts,
            "message": message,
            "channel": {"id": where.id, "name": _name(where)},
            "response_url": self._response_url(person, where, message),
        }
        return await self._ask("message_action", payload, where)

    async def global_shortcut(self, user: UserRef, callback_id: str) -> Ack:
        """Choose a shortcut that belongs to no message."""
        person = self.user(user)
        if self.world.manifest.shortcuts.get(callback_id) != "global":
            return Ack(ok=False, reason="unknown_shortcut")
        payload = self._interaction("shortcut", person) | {
            "callback_id": callback_id,
            "action_ts": self.world.stamp(),
            "trigger_id": self.world.new_trigger(person.id),
        }
        return await self._ask("shortcut", payload)

    async def send_raw(self, kind: str, payload: Json) -> Ack:
        """Tell the app anything at all, as it is: what a forger would send who had the keys."""
        return await self._deliver(kind, str(payload.get("type", kind)), payload)

    def views(self, user: UserRef) -> Blocks:
        """Open modals of a person, latest last."""
        return [self.world.views[each] for each in self.world.open_views.get(self.user(user).id, [])]

    def home(self, user: UserRef) -> Json | None:
        """What the app published on this person's home tab."""
        return self.world.views.get(self.world.homes.get(self.user(user).id, ""))

    def _interaction(self, kind: str, person: User) -> Json:
        world = self.world
        return {
            "type": kind,
            "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team_id},
            "api_app_id": world.app_id,
            "token": "verification-token",
            "team": {"id": world.team_id, "domain": world.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    async def _ask(self, name: str, payload: Json, where: Channel | None = None) -> Ack:
        if not self.world.manifest.interactive:
            return Ack(ok=False, reason="interactivity_disabled")
        return await self._deliver("interactive", name, payload, where)

    async def _deliver(self, kind: str, name: str, payload: Json, where: Channel | None = None) -> Ack:
        answerable = kind == "slash_commands" or name == "view_submission"
        channel = where.id if where is not None else None
        delivery = Delivery(kind=kind, name=name, payload=payload, channel=channel, answerable=answerable)
        return await self.parts.deliveries.ask(delivery)

    def _shown(self, person: User, where: Channel, ts: str) -> Json:
        if ts in where.messages:
            return where.messages[ts]
        for message in self.world.ephemerals:
            if message["ts"] == ts and message["channel"] == where.id and message["for_user"] == person.id:
                return message
        raise LookupError(f"{person.name} sees no message {ts} in {where.name or where.id}")

    def _view(self, view_id: str) -> Json:
        visible = [each for stack in self.world.open_views.values() for each in stack] + list(self.world.homes.values())
        if view_id not in visible:
            raise LookupError(f"view {view_id} is not open")
        return self.world.views[view_id]

    def _response_url(self, person: User, where: Channel, message: Json) -> str:
        return self.world.new_response_url(
            ResponseUrl(
                channel=where.id,
                user=person.id,
                expires=self.world.clock.now() + LIFE_OF_RESPONSE_URL,
                message_ts=message.get("ts"),
                thread_ts=message.get("thread_ts"),
                ephemeral="for_user" in message,
            )
        )

    def _follow(self, person: User, view: Json, ack: Ack) -> None:
        world, stack = self.world, self.world.open_views[person.id]
        known = {block["block_id"] for block in view["blocks"]}
        match ack.action:
            case "errors":
                for block_id in set(ack.errors) - known:
                    world.warn(f"error_for_unknown_block:{block_id}")
            case "update" | "push":
                self._renew(person, view, ack)
            case "clear":
                stack.clear()
            case _:
                stack.remove(view["id"])
        world.touch()

    def _renew(self, person: User, view: Json, ack: Ack) -> None:
        stack = self.world.open_views[person.id]
        try:
            given = check_view((ack.payload or {}).get("view"))
            if ack.action == "update":
                views.replace(self.world, view, given)
            elif len(stack) >= views.DEEPEST:
                self.world.warn("push_limit_reached:view_submission")
            else:
                stack.append(views.keep(self.world, person.id, given, below=view["id"])["id"])
        except ApiError as error:
            self.world.warn(f"refused_view_in_answer:{error.code}:{error.fields}")


def _name(channel: Channel) -> str:
    return {"im": "directmessage", "group": "privategroup"}.get(channel.kind, channel.name)
