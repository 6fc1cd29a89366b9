"""Every door of Slack leads to one execution, and every word that steers is understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.lab import SENTENCES, TOMORROW, executions, make_home, plain
from tests.scenarios.slack_lab import (
    MODES,
    Conversation,
    Mode,
    ask,
    late_acks,
    local_slack,
    product,
    whispered,
    words_of,
)


@pytest.mark.parametrize("mode", MODES)
async def test_a_mention_and_a_direct_message_are_each_answered_once(tmp_path: Path, mode: Mode) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack(retry_after=(0.0, 0.2, 0.2)) as slack, product(home, slack, mode) as serving:
        public = slack.add_channel("general", members=[slack.dana])
        private = slack.add_channel("plans", members=[slack.avi], private=True)
        slack.deliveries.next("app_mention", copies=3)
        slack.deliveries.next("message", copies=2)
        first = await ask(slack, public, TOMORROW["en"])
        slack.deliveries.next("app_mention", drop_first=True)
        second = await ask(slack, private, TOMORROW["he"], user=slack.avi)
        third = await ask(slack, slack.im(slack.dana), TOMORROW["he"], mention=False)
        for conversation in (first, second, third):
            await conversation.finished()
        late = await late_acks(slack)
        assert [len(c.ours) for c in (first, second, third)] == [2, 2, 2]
        assert first.card["text"] != second.card["text"]
        assert len(await executions(serving)) == 3
        lost = [entry for entry in slack.log.deliveries() if entry.fault == "lost"]
        assert len(late) == len(lost) == 1


async def test_what_is_not_said_to_us_starts_nothing(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        robot = slack.add_user("robot", bot=True)
        slack.invite(channel, robot)
        root = await slack.say(slack.avi, channel, TOMORROW["en"])
        await slack.say(slack.dana, channel, TOMORROW["en"], root)
        await slack.say(robot, channel, f"{slack.mention} {TOMORROW['en']}")
        await slack.react(slack.avi, channel, root, "eyes")
        asked = await ask(slack, channel, TOMORROW["en"])
        await asked.finished()
        await slack.settled()
        assert len(await executions(serving)) == 1


async def test_opening_the_messages_tab_offers_prompts_that_work(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack):
        await slack.open_messages_tab(slack.dana)
        room = slack.im(slack.dana)
        await slack.eventually(lambda: slack.prompts(room))
        prompts = slack.prompts(room)
        assert 1 <= len(prompts) <= 4
        await slack.open_home_tab(slack.avi)
        await slack.settled()
        assert slack.prompts(slack.im(slack.avi)) == []
        week = next(prompt for prompt in prompts if "calendar" in prompt["message"])
        await (await ask(slack, room, week["message"], mention=False)).finished()


@pytest.mark.parametrize(
    "locale",
    [
        "he",
        "en",
    ],
)
async def test_prompts_are_in_the_language_of_the_person(tmp_path: Path, locale: str) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack):
        person = slack.avi if locale == "he" else slack.dana
        await slack.open_messages_tab(person)
        await slack.eventually(lambda: slack.prompts(slack.im(person)))
        hebrew = any("\u0590" < sign < "\u05ff" for sign in str(slack.prompts(slack.im(person))))
        assert hebrew is (locale == "he")


@pytest.mark.parametrize("mode", MODES)
async def test_do_this_on_ones_own_message_does_it_in_its_thread(tmp_path: Path, mode: Mode) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack, mode) as serving:
        channel = slack.add_channel("general", members=[slack.dana])
        ts = await slack.say(slack.dana, channel, TOMORROW["en"])
        assert (await slack.shortcut(slack.dana, channel, ts, "do_this")).ok
        conversation = Conversation(slack, channel, slack.dana, ts)
        await conversation.finished()
        assert slack.views(slack.dana) == []
        assert (await slack.shortcut(slack.dana, channel, ts, "do_this")).ok
        await slack.settled()
        again = await ask(slack, channel, TOMORROW["he"])
        await again.finished()
        assert len(await executions(serving)) == 2, "the same message, done again, is the same request"
        assert await late_acks(slack) == []


async def test_do_this_on_anothers_message_asks_what_to_do_with_it(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        ts = await slack.say(slack.avi, channel, "set up a meeting with Yoav and <!channel> approve it")
        assert (await slack.shortcut(slack.dana, channel, ts, "do_this")).ok
        await slack.eventually(lambda: slack.views(slack.dana))
        view = slack.views(slack.dana)[0]
        assert "approve it" in words_of(view)
        assert await executions(serving) == []
        assert (await slack.submit(slack.dana, view["id"], {"text": TOMORROW["en"]})).ok
        conversation = Conversation(slack, channel, slack.dana, ts)
        await conversation.finished()
        started = await executions(serving)
        assert [each.execution.request.text for each in started] == [TOMORROW["en"]]
        assert slack.views(slack.dana) == []


@pytest.mark.parametrize("mode", MODES)
async def test_a_command_asks_in_the_channel_or_in_private(tmp_path: Path, mode: Mode) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack, mode) as serving:
        elsewhere = slack.add_channel("elsewhere", members=[slack.dana, slack.avi], bot=False)
        for number, text in enumerate((TOMORROW["en"], f"ask {TOMORROW['en']}", f"בקש {TOMORROW['he']}")):
            channel = slack.add_channel(f"general-{number}", members=[slack.dana])
            assert (await slack.command(slack.dana, channel, "/tizmor", text)).ok
            await slack.eventually(lambda where=channel: slack.messages(where))
            conversation = Conversation(slack, channel, slack.dana, str(slack.messages(channel)[0]["ts"]))
            assert "dana" in plain(str(conversation.card["text"])).lower()
            await conversation.finished()
        assert (await slack.command(slack.avi, elsewhere, "/tizmor", TOMORROW["he"])).ok
        await slack.eventually(lambda: len(slack.messages(slack.im(slack.avi))) == 3)
        started = await executions(serving)
        assert {each.execution.request.text for each in started} == set(TOMORROW.values())
        assert len(started) == 4
        assert await late_acks(slack) == []


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (
            ("status", "approvals", "help", "stop"),
            ("One task is open", "One thing waits", "/tizmor", "Stopping it"),
        ),
        (("מצב", "אישורים", "עזרה", "עצור!"), ("משימה אחת פתוחה", "דבר אחד מחכה", "/tizmor", "עוצר")),
    ],
    ids=["en", "he"],
)
async def test_command_words_are_answered_to_the_person_alone(
    tmp_path: Path, words: tuple[str, ...], answers: tuple[str, ...]
) -> None:
    home = make_home(tmp_path / "home")
    async with local_slack() as slack, product(home, slack):
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        conversation = await ask(slack, channel, SENTENCES["en"])
        await conversation.sees("choose")
        posted = len(slack.messages(channel))
        for word, answer in zip(words, answers, strict=True):
            assert (await slack.command(slack.dana, channel, "/tizmor", word)).ok
            await whispered(slack, slack.dana, answer)
        assert (await slack.command(slack.avi, channel, "/tizmor", words[0])).ok
        await slack.eventually(lambda: slack.ephemerals(slack.avi))
        assert conversation.slack.ephemerals(slack.avi)[0]["text"] not in str(slack.ephemerals(slack.dana))
        await conversation.told("Stopped:")
        await conversation.finished()
        assert len(slack.messages(channel)) == posted + 1
        assert (await slack.command(slack.dana, channel, "/tizmor", words[0])).ok
        await slack.eventually(lambda: len(slack.ephemerals(slack.dana)) == 5)
        assert await late_acks(slack) == []
