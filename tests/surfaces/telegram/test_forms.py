"""A guided form over the wire: every message is one a strict Telegram takes, and answers reach us where only replies do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

from bot.presses import Press
from bot.telegram.address import Talk
from bot.telegram.api import TelegramApi, telegram_api
from bot.telegram.presses import read_data
from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.domain.approval import DecisionVerb
from tests.servers.telegramd import Telegramd, TelegramdOptions, serve_telegramd
from tests.unit.forms.made import MEETING, gate
from tests.unit.telegram.forming import World, person, visible


class Wire:
    """Hands what people do to the forms, as the inbox would."""

    def __init__(self, telegram: Telegramd, api: TelegramApi, world: World) -> None:
        self.telegram = telegram
        self.world = world
        self._api = api
        self._offset: int | None = None

    async def deliver(self) -> list[object]:
        """Everything that waits; what each came to."""
        found: list[object] = []
        for update in await self._api.updates(self._offset, timedelta()):
            event = cast("dict[str, Any]", update)
            self._offset = event["update_id"] + 1
            key, forms = f"telegram:1:{event['update_id']}", self.world.forms
            if "callback_query" in event:
                query = event["callback_query"]
                press = read_data(query["data"])
                assert press is not None
                where, number = self._where(query["message"]), query["message"]["message_id"]
                found.append(await forms.pressed(person(query["from"]["id"]), press, where, number, key, known=True))
                await self._api.answer(query["id"])
            elif "message" in event:
                message = event["message"]
                replied = message.get("reply_to_message", {}).get("message_id", 0)
                who = person(message["from"]["id"])
                found.append(await forms.said(who, self._where(message), message.get("text", ""), replied, key))
        return found

    def shown(self, chat: int) -> list[dict[str, Any]]:
        ours = self.telegram.bot.id
        return [made for made in self.telegram.messages(chat) if made["from"]["id"] == ours]

    def _where(self, message: dict[str, Any]) -> Talk:
        return Talk(
            chat=message["chat"]["id"], topic=message["message_thread_id"] if message.get("is_topic_message") else 0
        )


@asynccontextmanager
async def wired(world: World) -> AsyncGenerator[tuple[Wire, Telegramd]]:
    async with (
        serve_telegramd(TelegramdOptions(flood=None)) as telegram,
        telegram_api(telegram.token, telegram.api_url) as api,
    ):
        world.user = telegram.dana.id
        world.chat = cast("Any", api)
        yield Wire(telegram, api, world), telegram
        assert telegram.warnings == []


async def open_form(world: World, where: Talk, about: int) -> None:
    world.where = where
    world.about(gate(MEETING), ScheduleMeetingArguments)
    press = Press(action="edit", approval=world.door.approval.id)
    question = await world.door.question(world.person, world.door.approval.id)
    await world.forms.open(world.person, press, question, where, about, "telegram:1:opened")


async def test_a_form_is_filled_in_in_private() -> None:
    world = World()
    async with wired(world) as (wire, telegram):
        dana = telegram.dana
        asked = await telegram.start(dana)
        await open_form(world, Talk(chat=dana.id), asked)
        assert await wire.deliver() == [None]
        form = wire.shown(dana.id)[-1]["message_id"]
        await telegram.press(dana, dana.id, form, "Starts")
        await wire.deliver()
        await telegram.say(dana, dana.id, "tomorrow 15:00")
        await wire.deliver()
        below = wire.shown(dana.id)[-1]
        assert below["message_id"] > form, "what was typed does not hide what came of it"
        assert "✏️ Starts: Tuesday, November 24, 2026, 15:00" in visible(below["text"])
        await telegram.press(dana, dana.id, below["message_id"], "Approve with changes")
        await wire.deliver()
        assert world.decision.verb is DecisionVerb.MODIFY
        assert world.arguments() == {**MEETING, "starts": "2026-11-24T15:00:00+02:00"}
        assert visible(wire.shown(dana.id)[-1]["text"]) == "✓ Approved with changes"


async def test_a_form_is_filled_in_in_a_group_whose_messages_we_do_not_read() -> None:
    world = World()
    async with wired(world) as (wire, telegram):
        dana = telegram.dana
        chat = telegram.add_supergroup("Team", [dana, telegram.avi])
        asked = await telegram.say(dana, chat.id, f"@{telegram.username} set it up")
        await open_form(world, Talk(chat=chat.id), asked)
        assert await wire.deliver() == [None]
        form = wire.shown(chat.id)[-1]["message_id"]
        await telegram.press(dana, chat.id, form, "Title")
        await wire.deliver()
        await telegram.say(dana, chat.id, "said to the others")
        prompt = wire.shown(chat.id)[-1]["message_id"]
        await telegram.say(dana, chat.id, "Kick-off", reply_to=prompt)
        await wire.deliver()
        assert "✏️ Title: Kick-off" in visible(wire.shown(chat.id)[0]["text"])
        await telegram.press(dana, chat.id, form, "Approve with changes")
        await wire.deliver()
        assert world.arguments() == {**MEETING, "title": "Kick-off"}
