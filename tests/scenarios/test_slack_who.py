"""Who may decide in Slack: the requester and the owner, once; everybody else learns why not, and a forger nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

from bot.serve import Serving
from tests.scenarios.lab import NOTHING, SENTENCES, STORY, TOMORROW, executions, make_home, plain, written
from tests.scenarios.slack_lab import Conversation, ask, local_slack, product, whispered
from tests.servers.slackd import Slackd, User
from tests.servers.slackd.faults import Fault


@asynccontextmanager
async def at_the_gate(home: Path, **how: Any) -> AsyncGenerator[tuple[Slackd, Serving, Conversation]]:
    """Dana's story, at its open gate, in a channel with everybody in it."""
    make_home(home)
    async with local_slack() as slack, product(home, slack, **how) as serving:
        robot = slack.add_user("robot", bot=True)
        people = [slack.dana, slack.avi, slack.guest, slack.stranger, robot]
        channel = slack.add_channel("general", members=people)
        conversation = await ask(slack, channel, SENTENCES["en"])
        await conversation.gated()
        yield slack, serving, conversation


async def claim(slack: Slackd, serving: Serving, user: User) -> str:
    """Make somebody the owner; the code that was used."""
    assert serving.tizmor.slack is not None
    code = await serving.tizmor.slack.claim_code()
    assert code is not None
    await slack.command(user, slack.im(user), "/tizmor", f"claim {code}")
    await whispered(slack, user, "You are the owner now")
    return code


async def test_nobody_but_the_requester_decides_a_gate(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (slack, _, conversation):
        robot = next(user for user in slack.world.users.values() if user.name == "robot")
        gate, approve = await conversation.sees("approve")
        calls = len(slack.log.calls("views.open"))
        for user in (slack.avi, slack.guest, slack.stranger):
            for action in ("approve", "edit", "reject", "details"):
                _, action_id = await conversation.sees(action)
                ack = await slack.click(user, conversation.channel, gate["ts"], action_id)
                assert ack.ok
            card = await conversation.sees("cancel")
            await slack.click(user, conversation.channel, card[0]["ts"], card[1])
            await conversation.whispered("רק למי שביקש" if user is slack.avi else "Only whoever asked", user)
            await slack.eventually(lambda who=user: len(slack.ephemerals(who)) == 5)
        await slack.click(robot, conversation.channel, gate["ts"], approve)
        await slack.settled()
        assert written(tmp_path) == NOTHING
        assert len(slack.log.calls("views.open")) == calls
        await conversation.press("approve")
        await conversation.finished()
        assert written(tmp_path) == STORY


async def test_guests_and_strangers_cannot_ask(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_slack() as slack, product(tmp_path, slack) as serving:
        channel = slack.add_channel("shared", members=[slack.dana, slack.guest, slack.stranger])
        for user in (slack.guest, slack.stranger):
            await ask(slack, channel, TOMORROW["he"], user=user)
            await whispered(slack, user, "השירות פתוח רק לחברים")
        await slack.say(slack.guest, slack.im(slack.guest), TOMORROW["en"])
        await whispered(slack, slack.guest, "full members")
        message = await slack.say(slack.guest, channel, TOMORROW["en"])
        await slack.command(slack.guest, channel, "/tizmor", TOMORROW["en"])
        await slack.shortcut(slack.guest, channel, message, "do_this")
        await slack.eventually(lambda: len(slack.ephemerals(slack.guest)) == 4)
        await slack.open_messages_tab(slack.guest)
        await (await ask(slack, channel, TOMORROW["en"])).finished()
        await slack.settled()
        assert len(await executions(serving)) == 1
        assert slack.prompts(slack.im(slack.guest)) == []


async def test_the_owner_claims_it_once_and_decides_for_others(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (slack, serving, conversation):
        for words, answer in (("claim", "Write the code"), ("claim 12345678", "not valid"), ("בעלות 1", "לא תקף")):
            await slack.command(slack.avi, conversation.channel, "/tizmor", words)
            await whispered(slack, slack.avi, answer)
        surface = serving.tizmor.slack
        assert surface is not None
        code = await surface.claim_code()
        await slack.command(slack.guest, conversation.channel, "/tizmor", f"claim {code}")
        await whispered(slack, slack.guest, "full members")
        used = await claim(slack, serving, slack.avi)
        assert await surface.claim_code() is None
        await slack.command(slack.dana, conversation.channel, "/tizmor", f"claim {used}")
        await whispered(slack, slack.dana, "not valid")
        await conversation.press("approve", user=slack.avi)
        await conversation.finished()
        assert "Approved by avi" in await conversation.told("Approved by")
        assert written(tmp_path) == STORY


async def test_no_code_is_good_once_there_is_an_owner(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_slack() as slack, product(tmp_path, slack) as serving:
        assert serving.tizmor.slack is not None
        earlier = await serving.tizmor.slack.claim_code()
        await claim(slack, serving, slack.avi)
        await slack.command(slack.dana, slack.im(slack.dana), "/tizmor", f"claim {earlier}")
        await slack.eventually(lambda: slack.ephemerals(slack.dana))
        assert "not valid" in slack.ephemerals(slack.dana)[0]["text"]


async def test_the_owner_is_still_the_owner_after_a_restart(tmp_path: Path) -> None:
    make_home(tmp_path)
    async with local_slack() as slack:
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        async with product(tmp_path, slack) as serving:
            await claim(slack, serving, slack.avi)
            conversation = await ask(slack, channel, SENTENCES["he"])
            await conversation.gated()
        async with product(tmp_path, slack) as serving:
            assert serving.tizmor.slack is not None
            assert await serving.tizmor.slack.claim_code() is None
            await conversation.press("approve", user=slack.avi)
            await conversation.finished()
        assert written(tmp_path) == STORY


async def test_fifty_clicks_of_two_people_are_one_decision(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (slack, serving, conversation):
        await claim(slack, serving, slack.avi)
        gate, approve = await conversation.sees("approve")
        people = [slack.dana, slack.avi] * 25
        clicks = [slack.click(user, conversation.channel, gate["ts"], approve) for user in people]
        acks = await asyncio.gather(*clicks)  # noqa: TID251 - all at once, and none of them is awaited alone
        assert all(ack.ok for ack in acks)
        await conversation.finished()
        outcome = await conversation.told("Approved by")
        second = slack.avi if "dana" in outcome else slack.dana
        first = slack.dana if second is slack.avi else slack.avi
        await slack.eventually(lambda: any("was first" in plain(str(m["text"])) for m in slack.ephemerals(second)), 20)
        words = [plain(str(m["text"])) for m in slack.ephemerals(second) if "was first" in plain(str(m["text"]))]
        assert all(first.name in each and "approved" in each for each in words)
        [execution] = await executions(serving)
        decided = [a for a in execution.approvals if a.call is not None]
        assert len(decided) == 1
        assert written(tmp_path) == STORY


async def test_a_form_that_was_sent_a_moment_too_late_says_who_was_first(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (slack, serving, conversation):
        await claim(slack, serving, slack.avi)
        gate, approve = await conversation.sees("approve")
        await conversation.press("reject", user=slack.avi)
        await slack.eventually(lambda: slack.views(slack.avi))
        view = slack.views(slack.avi)[0]["id"]
        # what a person does outside of threads is handled in order: a slow command keeps the form waiting
        slack.faults.next("chat.postMessage", Fault.latency(2), match={"text": "~asks"})
        await slack.command(slack.avi, slack.im(slack.avi), "/tizmor", TOMORROW["en"])
        sent = await slack.submit(slack.avi, view, {"text": "not now"})
        assert (sent.ok, sent.errors) == (True, {})
        await slack.click(slack.dana, conversation.channel, gate["ts"], approve)
        await conversation.told("Approved by dana")
        await conversation.finished()
        assert written(tmp_path) == STORY
        await conversation.whispered("was first", slack.avi, seconds=4)


async def test_approve_and_reject_at_once_are_one_decision(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (slack, serving, conversation):
        await claim(slack, serving, slack.avi)
        gate, approve = await conversation.sees("approve")
        await conversation.press("reject", user=slack.avi)
        await slack.eventually(lambda: slack.views(slack.avi))
        view = slack.views(slack.avi)[0]["id"]
        async with asyncio.TaskGroup() as group:
            group.create_task(slack.click(slack.dana, conversation.channel, gate["ts"], approve))
            sent = group.create_task(slack.submit(slack.avi, view, {"text": "not now"}))
        await conversation.finished()
        [execution] = await executions(serving)
        decided = next(a for a in execution.approvals if a.call is not None)
        rejected = decided.status.value == "rejected"
        assert written(tmp_path)["events"] == (0 if rejected else 1)
        assert sent.result().ok
        if rejected:
            await conversation.whispered("was first")


async def test_a_button_that_says_something_else_is_refused(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path) as (slack, serving, conversation):
        gate, approve = await conversation.sees("approve")
        element = next(e for b in gate["blocks"] for e in b.get("elements", []) if e.get("action_id") == approve)
        action, execution, approval, choice, _ = str(element["value"]).split("|")
        forged = (
            "", "approve", f"approve|{execution}|{approval}|{choice}", f"approve|{execution}|nothing||0",
            f"run_it|{execution}|{approval}||0", f"{action}|other|{approval[::-1]}||0", "a|" * 4 + "7", "x" * 2_000,
            f"choose|{execution}|{approval}|c9||0", f"feedback|{execution}|||1",
        )  # fmt: skip
        for value in forged:
            ack = await slack.click(slack.dana, conversation.channel, gate["ts"], approve, value=value)
            assert ack.ok
        await slack.settled()
        [before] = await executions(serving)
        assert [a.status.value for a in before.approvals if a.call] == ["pending"]
        assert written(tmp_path) == NOTHING
        await slack.eventually(lambda: len(slack.ephemerals(slack.dana)) >= 6)
        await conversation.press("approve")
        await conversation.finished()


async def test_requests_that_slack_did_not_sign_do_nothing(tmp_path: Path) -> None:
    async with at_the_gate(tmp_path, mode="http") as (slack, serving, conversation):
        entry = slack.log.deliveries("block_actions")[-1]
        gate, approve = await conversation.sees("approve")
        value = next(e["value"] for b in gate["blocks"] for e in b.get("elements", []) if e.get("action_id") == approve)
        action = {**entry.params["actions"][0], "action_id": approve, "value": value, "action_ts": "1.1"}
        body = json.dumps({**entry.params, "actions": [action]})
        url, now = f"{serving.url}/slack/events", int(time.time())

        def signed(secret: str, at: int, text: str) -> dict[str, str]:
            signature = SignatureVerifier(secret).generate_signature(timestamp=str(at), body=text) or ""
            return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": signature}

        attempts = {
            "wrong secret": signed("0" * 32, now, body),
            "stale": signed(slack.signing_secret, now - 360, body),
            "from the future": signed(slack.signing_secret, now + 360, body),
            "another body": signed(slack.signing_secret, now, body + " "),
            "nothing": {},
        }
        async with aiohttp.ClientSession() as session:
            for name, headers in attempts.items():
                kind = {"Content-Type": "application/json"}
                async with session.post(url, data=body, headers={**headers, **kind}) as answer:
                    assert answer.status == 401, name
        [execution] = await executions(serving)
        assert [a.status.value for a in execution.approvals if a.call] == ["pending"]
        assert written(tmp_path) == NOTHING


@pytest.mark.parametrize("act", ["pause", "cancel"])
async def test_nobody_else_steers_by_the_cards_buttons(tmp_path: Path, act: str) -> None:
    async with at_the_gate(tmp_path) as (slack, serving, conversation):
        await conversation.press(act, user=slack.avi)
        await conversation.whispered("רק למי שביקש", slack.avi)
        await conversation.says("stop", user=slack.avi)
        await conversation.says("עצור", user=slack.guest)
        await slack.settled()
        [execution] = await executions(serving)
        assert execution.outcome is None
        assert [a.status.value for a in execution.approvals if a.call] == ["pending"]
