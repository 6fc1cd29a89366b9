"""A hundred executions in one group: everything arrives, Telegram is never asked too often, and nobody else notices."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from bot.messenger import Place
from tests.servers.telegramd import Chat
from tests.surfaces.telegram.line import Line, line
from tests.surfaces.telegram.scene import asked

MANY = 100
QUICK = 3.0
"""Seconds that a chat with little to say may wait for any of it, whatever happens in others."""


async def test_a_hundred_executions_in_one_group(tmp_path: Path) -> None:
    async with asked() as scene, line(scene, tmp_path) as at:
        telegram, log = scene.telegram, scene.telegram.log
        await telegram.start(telegram.avi)
        quiet = telegram.add_supergroup("Quiet", members=[telegram.dana])
        places = {f"x-{n}": scene.place_of(scene.group, 1_000 + n) for n in range(MANY)}

        # They begin all at once, and so do a few elsewhere.
        for name, place in places.items():
            await at.show("running", name, place)
        dana, avi = telegram.private(telegram.dana), telegram.private(telegram.avi)
        others = {dana: scene.private, avi: scene.place_of(avi, user=telegram.avi), quiet: scene.place_of(quiet, 1)}
        for chat, place in others.items():
            await takes_its_turn(at, chat, place, f"o-{chat.id}", "gate", 3)

        # All of them make progress while cards are still being posted.
        for second in range(0, 120, 10):
            for name, place in places.items():
                await at.show("running", name, place, f"{second} of 120")
            await at.pass_time(10)
        posted = len(telegram.sent(scene.group))
        assert posted < MANY, "there is still much to post"

        # Some ask: nobody waits for a question behind the cards and the progress of others.
        begun = scene.clock.now().timestamp()
        for name in list(places)[:5]:
            await at.show("gate", name, places[name])
        await at.until(lambda: questions(at, scene.group, begun) >= 5, seconds=30)

        # And everything ends at once.
        for name, place in places.items():
            await at.show("done", name, place)
        await takes_its_turn(at, avi, others[avi], "o-late", "done", 4)
        begun = scene.clock.now().timestamp()
        await at.sent()

        assert len(ends(at, scene.group)) == MANY, "every end is there"
        assert len(telegram.sent(scene.group)) == 4 * MANY, "and every card, and what came of every question"
        assert log.refused(429) == log.refused(400) == []
        assert log.per_minute(scene.group.id) <= 20
        assert telegram.gate.ignored == 0
        rate = len(log.calls(None, scene.group.id)) / ((scene.clock.now().timestamp() - begun) / 60)
        assert rate > 15, "and the minute is used"


async def takes_its_turn(at: Line, chat: Chat, place: Place, execution: str, state: str, messages: int) -> None:
    """An execution elsewhere is shown while the group is flooded."""
    before = len(at.scene.telegram.sent(chat))
    await at.show(state, execution, place)
    await at.until(lambda: len(at.scene.telegram.sent(chat)) == before + messages, seconds=QUICK + messages)


def questions(at: Line, chat: Chat, since: float) -> int:
    """How many questions with buttons of their own were asked in a chat since then."""
    calls = at.scene.telegram.log.calls("sendMessage", chat.id)
    return sum("Approve" in str(call.params.get("reply_markup")) for call in calls if call.ok and call.at >= since)


def ends(at: Line, chat: Chat) -> set[int]:
    """Roots of the threads of a chat in which an end was told, once each."""
    found = [
        cast("dict[str, int]", call.params["reply_parameters"])["message_id"]
        for call in at.scene.telegram.log.calls("sendMessage", chat.id)
        if "👍" in str(call.params.get("reply_markup"))
    ]
    assert len(found) == len(set(found))
    return set(found)
