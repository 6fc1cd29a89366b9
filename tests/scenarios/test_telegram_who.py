"""Who is let in: nobody, until the owner came with the printed link, and whom they invited; everybody is checked by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.lab import SENTENCES, STORY, TOMORROW, executions, make_home, over, written
from tests.scenarios.telegram_lab import (
    Mode,
    ask,
    claim,
    heard,
    let_in,
    local_telegram,
    product,
    surface_of,
    team,
    text_of,
)
from tests.servers.telegramd.faults import Fault

REFUSED = {"en": "who were invited", "he": "רק למי שהוזמנו"}


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_the_printed_link_makes_one_owner_once(tmp_path: Path, mode: Mode) -> None:
    make_home(tmp_path)
    async with local_telegram() as telegram:
        async with product(tmp_path, telegram, mode) as serving:
            earlier = (await surface_of(serving).claim_link()).partition("=")[2]
            for code in ("12345678", "0" * 43, "x"):
                await telegram.start(telegram.avi, code)
            await heard(telegram, telegram.avi, "הקוד הזה לא תקף")
            used = await claim(telegram, serving, telegram.dana)
            assert await surface_of(serving).claim_link() == ""
            for code in (used, earlier):
                await telegram.start(telegram.guest, code)
            await telegram.eventually(lambda: len(telegram.sent(telegram.guest)) == 2)
            assert all("not good" in text_of(m) for m in telegram.sent(telegram.guest))
            await telegram.start(telegram.dana, used)
            await ask(telegram, telegram.guest, TOMORROW["en"])
            await (await ask(telegram, telegram.dana, TOMORROW["en"])).finished()
            assert len(await executions(serving)) == 1
        async with product(tmp_path, telegram, mode) as serving:
            assert await surface_of(serving).claim_link() == ""
            await (await ask(telegram, telegram.dana, TOMORROW["he"])).finished()


async def test_the_link_survives_nothing_but_its_use(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_telegram() as telegram:
        async with product(tmp_path, telegram) as serving:
            old = (await surface_of(serving).claim_link()).partition("=")[2]
        async with product(tmp_path, telegram) as serving:
            await telegram.start(telegram.stranger, old)
            await heard(telegram, telegram.stranger, "not good")
            code = (await surface_of(serving).claim_link()).partition("=")[2]
            await telegram.say(telegram.dana, telegram.dana, f"/claim {code}")
            await heard(telegram, telegram.dana, "You are the owner now")


async def test_an_invitation_lets_one_person_in(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_telegram() as telegram, product(tmp_path, telegram) as serving:
        await claim(telegram, serving, telegram.dana)
        link = await let_in(telegram, telegram.avi)
        await heard(telegram, telegram.avi, "ברוכים הבאים")
        await telegram.start(telegram.guest, link.partition("?start=")[2])
        await heard(telegram, telegram.guest, "not good")
        await telegram.say(telegram.avi, telegram.avi, "/invite")
        await heard(telegram, telegram.avi, "רק בעלים")
        await telegram.say(telegram.guest, telegram.guest, "/invite")
        await heard(telegram, telegram.guest, REFUSED["en"])
        conversation = await ask(telegram, telegram.avi, SENTENCES["he"])
        await conversation.story()
        assert written(tmp_path) == STORY
        assert len(await executions(serving)) == 1


async def test_strangers_are_refused_once_and_start_nothing(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.guest, telegram.stranger])
        for words in (TOMORROW["he"], "/status", "/ask " + TOMORROW["en"], "stop", "/nonsense"):
            await telegram.say(telegram.stranger, telegram.stranger, words)
            await telegram.say(telegram.guest, group, f"@{telegram.username} {words}")
        await telegram.say(telegram.stranger, group, f"/ask {TOMORROW['en']}")
        await telegram.start(telegram.guest)
        await heard(telegram, telegram.guest, REFUSED["en"])
        conversation = await ask(telegram, group, TOMORROW["en"])
        await conversation.finished()
        await telegram.say(telegram.stranger, telegram.stranger, "/help")
        await telegram.settled()
        assert len(telegram.sent(telegram.stranger)) == 1
        assert sum(REFUSED["en"] in text_of(m) or REFUSED["he"] in text_of(m) for m in telegram.sent(group)) == 2
        assert len(await executions(serving)) == 1


async def test_a_code_that_others_could_read_is_void(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_telegram() as telegram, product(tmp_path, telegram) as serving:
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi, telegram.guest])
        code = (await surface_of(serving).claim_link()).partition("=")[2]
        await telegram.say(telegram.guest, group, f"/start@{telegram.username} {code}")
        await telegram.eventually(lambda: telegram.sent(group))
        assert "void now" in text_of(telegram.sent(group)[0])
        await telegram.start(telegram.guest, code)
        await heard(telegram, telegram.guest, "not good")
        await claim(telegram, serving, telegram.dana)
        await telegram.say(telegram.dana, telegram.dana, "/invite")
        link = next(w for w in (await heard(telegram, telegram.dana, "?start=")).split() if "?start=" in w)
        await telegram.say(telegram.dana, group, f"@{telegram.username} here you are: {link}")
        await telegram.eventually(lambda: len(telegram.sent(group)) == 2)
        assert "void now" in text_of(telegram.sent(group)[1])
        await telegram.start(telegram.avi, link.partition("?start=")[2])
        await heard(telegram, telegram.avi, "לא תקף")
        assert await executions(serving) == []


async def test_whoever_does_not_say_who_they_are_is_nobody(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
        channel = telegram.add_channel("News", [telegram.dana])
        robot = telegram.add_user("Robot", is_bot=True)
        await telegram.join(group, robot, telegram.dana)
        words = f"@{telegram.username} {TOMORROW['en']}"
        await telegram.say(telegram.dana, group, words, anonymous=True)
        await telegram.say(telegram.dana, group, words, as_channel=channel)
        await telegram.say(robot, group, words)
        await telegram.eventually(lambda: len(telegram.sent(group)) == 2)
        assert all("writes anonymously" in text_of(m) for m in telegram.sent(group))
        await (await ask(telegram, group, TOMORROW["en"])).finished()
        assert len(await over(serving)) == 1


async def test_whoever_brings_it_into_a_group_is_greeted_or_refused(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram):
        ours = telegram.add_supergroup("Team", [telegram.dana, telegram.avi], bot=False)
        theirs = telegram.add_group("Strangers", [telegram.stranger], bot=False)
        await telegram.add_bot(ours, telegram.dana)
        await telegram.add_bot(theirs, telegram.stranger)
        await telegram.eventually(lambda: telegram.sent(ours) and telegram.sent(theirs))
        assert "Mention me here" in text_of(telegram.sent(ours)[0])
        assert REFUSED["en"] in text_of(telegram.sent(theirs)[0])
        await telegram.promote_bot(ours)
        await telegram.kick_bot(theirs)
        await (await ask(telegram, ours, TOMORROW["en"])).finished()
        assert (len(telegram.sent(ours)), len(telegram.sent(theirs))) == (3, 1)


async def test_whoever_tells_the_owners_something_learns_whether_anybody_was_told(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_telegram() as telegram, product(tmp_path, telegram, tizmor_locale="en") as serving:
        surface = surface_of(serving)
        assert not await surface.tell_owners("storage_notice.answers"), "nobody owns it yet"
        await claim(telegram, serving, telegram.dana)
        assert await surface.tell_owners("storage_notice.answers")
        await heard(telegram, telegram.dana, "can save again")
        telegram.faults.next("sendMessage", Fault.error(403, "Forbidden: bot was blocked by the user"))
        assert not await surface.tell_owners("storage_notice.answers")
