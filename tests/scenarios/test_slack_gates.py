"""A gate in Slack: looked at, edited, refused with a reason, and dead once it is over."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.serve import Serving
from tests.scenarios.lab import NOTHING, SENTENCES, STORY, executions, mail, make_home, plain, written
from tests.scenarios.slack_lab import Conversation, ask, elements, local_slack, product, words_of
from tests.servers.slackd import Slackd
from tests.servers.slackd.faults import Fault


@asynccontextmanager
async def asked(home: Path, locale: str = "en") -> AsyncGenerator[tuple[Slackd, Serving, Conversation]]:
    """The story, asked by Dana."""
    make_home(home)
    async with local_slack() as slack, product(home, slack) as serving:
        channel = slack.add_channel("general", members=[slack.dana, slack.avi])
        yield slack, serving, await ask(slack, channel, SENTENCES[locale])


async def opened(conversation: Conversation, action: str) -> dict[str, Any]:
    """The form that a button opens."""
    slack, user = conversation.slack, conversation.user
    await conversation.press(action)
    await slack.eventually(lambda: slack.views(user))
    return slack.views(user)[-1]


def inputs(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Elements by their label."""
    found = [block for block in view["blocks"] if block["type"] == "input"]
    return {plain(block["label"]["text"]): {**block["element"], "block": block["block_id"]} for block in found}


async def test_an_edited_call_is_executed_as_edited(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, serving, conversation):
        gate, _ = await conversation.gated()
        view = await opened(conversation, "edit")
        fields = inputs(view)
        [pending] = [a for a in (await executions(serving))[0].approvals if a.call and a.status.value == "pending"]
        assert pending.call is not None
        assert fields["Title"]["initial_value"] == pending.call.arguments["title"]
        assert fields["Title"]["initial_value"] in words_of(gate)
        assert "@" in fields["Invited"]["initial_value"]
        assert fields["Starts"]["initial_date_time"]
        bad = {fields["Invited"]["block"]: "Yoav <nowhere>", fields["Duration (minutes)"]["block"]: "2"}
        wrong = await slack.submit(slack.dana, view["id"], bad)
        assert sorted(wrong.errors) == sorted(bad)
        assert [v["id"] for v in slack.views(slack.dana)] == [view["id"]], "it stays open"
        assert written(tmp_path) == NOTHING
        good = {fields["Title"]["block"]: "Strategy of Tevuot", fields["Invited"]["block"]: "Noa <noa@example.com>"}
        assert (await slack.submit(slack.dana, view["id"], good)).ok
        assert slack.views(slack.dana) == []
        await conversation.finished()
        assert "Approved with changes by dana" in await conversation.told("Approved")
        assert written(tmp_path) == STORY
        assert "SUMMARY:Strategy of Tevuot" in mail(tmp_path)
        assert "noa@example.com" in mail(tmp_path)
        assert "yoav.cohen" not in mail(tmp_path)


async def test_what_the_tool_refuses_is_said_under_its_field(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, _, conversation):
        await conversation.gated()
        view = await opened(conversation, "edit")
        zone = inputs(view)["Time zone"]["block"]
        wrong = await slack.submit(slack.dana, view["id"], {zone: "Mars/Base"})
        assert list(wrong.errors) == [zone]


async def test_a_form_in_hebrew_is_in_hebrew_and_unchanged_is_approved_as_it_was(tmp_path: Path) -> None:
    async with asked(tmp_path, "he") as (slack, serving, conversation):
        await conversation.gated()
        view = await opened(conversation, "edit")
        assert "כותרת" in str(inputs(view))
        [before] = [a for a in (await executions(serving))[0].approvals if a.call]
        assert (await slack.submit(slack.dana, view["id"])).ok
        await conversation.finished()
        [after] = [a for a in (await executions(serving))[0].approvals if a.call]
        assert before.call is not None
        assert after.call is not None
        assert dict(after.call.arguments) == dict(before.call.arguments)
        assert written(tmp_path) == STORY


async def test_details_are_only_read_and_a_reason_goes_with_a_no(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, serving, conversation):
        await conversation.gated()
        details = await opened(conversation, "details")
        assert "schedule_meeting" in words_of(details)
        assert "attendees" in words_of(details)
        await slack.close_view(slack.dana, details["id"])
        reason = await opened(conversation, "reject")
        assert (await slack.submit(slack.dana, reason["id"], {"text": "not this week"})).ok
        await conversation.finished()
        [gate] = [a for a in (await executions(serving))[0].approvals if a.call]
        assert (gate.status.value, gate.comment) == ("rejected", "not this week")
        assert "Rejected by dana: not this week" in await conversation.told("Rejected by")
        assert written(tmp_path)["events"] == written(tmp_path)["mails"] == 0
        await slack.settled()
        assert not [e for m in conversation.ours for e in elements(m) if "approve" in str(e.get("action_id"))]


async def test_a_choice_is_buttons_that_name_whom_they_mean(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, serving, conversation):
        message = dict((await conversation.sees("choose"))[0])
        buttons = [e for e in elements(message) if str(e["action_id"]).startswith("choose")]
        assert [e["type"] for e in buttons] == ["button", "button"]
        assert {"Yoav Cohen", "Yoav Levi"} == {
            name for name in ("Yoav Cohen", "Yoav Levi") if name in plain(words_of(message))
        }
        levi = next(e for e in buttons if "Levi" in words_of({"blocks": [e]}) or "Levi" in str(e["text"]))
        await slack.click(slack.dana, conversation.channel, message["ts"], levi["action_id"])
        gate, _ = await conversation.sees("approve")
        assert "Yoav Levi" in words_of(gate)
        await slack.click(slack.dana, conversation.channel, message["ts"], buttons[0]["action_id"], stale=message)
        await conversation.press("approve")
        await conversation.finished()
        assert "Yoav Levi" in mail(tmp_path)
        assert len(await executions(serving)) == 1


async def test_a_click_after_expiry_is_refused_and_the_gate_is_drawn_dead(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, serving, conversation):
        gate, approve = await conversation.gated()
        _, edit = await conversation.sees("edit")
        stale = dict(gate)
        [pending] = [a for a in (await executions(serving))[0].approvals if a.call and a.status.value == "pending"]
        form = await opened(conversation, "edit")
        assert await serving.tizmor.gates.expire(pending)
        late = await slack.submit(slack.dana, form["id"])
        assert "expired" in str(late.errors), "a form of an expired gate says so where it is open"
        for action_id in (approve, edit):
            await slack.click(slack.dana, conversation.channel, gate["ts"], action_id, stale=stale)
        await slack.eventually(lambda: len(slack.ephemerals(slack.dana)) == 2)
        assert all("expired" in str(m["text"]) for m in slack.ephemerals(slack.dana))
        await conversation.finished()
        assert conversation.with_button("approve") is None
        assert written(tmp_path)["events"] == written(tmp_path)["mails"] == 0


async def test_a_click_after_cancel_is_refused(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, _, conversation):
        gate, approve = await conversation.gated()
        stale = dict(gate)
        await conversation.press("cancel")
        await conversation.finished()
        await slack.click(slack.dana, conversation.channel, gate["ts"], approve, stale=stale)
        await conversation.whispered("not open any more")
        await slack.eventually(lambda: conversation.with_button("cancel") is None)
        assert conversation.with_button("approve") is None
        assert written(tmp_path)["events"] == written(tmp_path)["mails"] == 0


async def another_plan(conversation: Conversation, words: str) -> tuple[dict[str, Any], str]:
    """Ask for something else while the gate is open, agree to change the plan; the question about it and its Run."""
    offered = len([text for text in conversation.texts if text == "Picked: Change the plan"])
    await conversation.says(words)
    offer, _ = await conversation.sees("choose")
    change = next(e for e in elements(offer) if "Change the plan" in str(e["text"]))
    slack, channel = conversation.slack, conversation.channel
    await slack.click(conversation.user, channel, offer["ts"], change["action_id"])
    await slack.eventually(lambda: conversation.texts.count("Picked: Change the plan") > offered, 20)
    await slack.eventually(lambda: (found := conversation.with_button("run")) and found[0]["ts"] > offer["ts"], 20)
    question, run = await conversation.sees("run")
    return dict(question), run


async def test_clicks_on_superseded_questions_are_refused(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, serving, conversation):
        gate, approve = await conversation.gated()
        gate = dict(gate)
        first, run = await another_plan(conversation, "find the budget file instead")
        await another_plan(conversation, "find the hiring file too")
        await slack.click(slack.dana, conversation.channel, first["ts"], run, stale=first)
        await conversation.whispered("not open any more")
        form = await opened(conversation, "change")
        keep = inputs(form)["Steps to keep"]
        kept = [o["value"] for o in keep["options"] if "Meeting" not in o["text"]["text"]]
        assert (await slack.submit(slack.dana, form["id"], {keep["block"]: kept})).ok
        await conversation.told("The plan is being changed")
        await slack.click(slack.dana, conversation.channel, gate["ts"], approve, stale=gate)
        await slack.eventually(lambda: len(slack.ephemerals(slack.dana)) == 2)
        assert "not open any more" in slack.ephemerals(slack.dana)[1]["text"]
        await conversation.press("run")
        await conversation.finished()
        assert len(await executions(serving)) == 1
        assert written(tmp_path) == NOTHING


async def test_a_gate_that_a_change_of_plan_keeps_is_asked_once_and_done_once(tmp_path: Path) -> None:
    async with asked(tmp_path) as (_slack, serving, conversation):
        gate, approve = await conversation.gated()
        await another_plan(conversation, "find the budget file instead")
        await conversation.press("run")
        await conversation.told("The plan runs")
        assert conversation.with_button("approve") == (gate, approve)
        await conversation.press("approve")
        await conversation.finished()
        [execution] = await executions(serving)
        assert execution.plan is not None
        assert execution.plan.version == 2
        assert len([a for a in execution.approvals if a.call]) == 1
        assert written(tmp_path) == STORY


async def test_a_button_pressed_too_late_for_a_form_says_so(tmp_path: Path) -> None:
    async with asked(tmp_path) as (slack, _, conversation):
        await conversation.gated()
        slack.faults.next("views.open", Fault.error("expired_trigger_id"))
        await conversation.press("edit")
        await conversation.whispered("too long")
        await opened(conversation, "edit")


async def test_a_press_of_a_button_of_nobody_knows_what_is_answered(tmp_path: Path) -> None:
    async with asked(tmp_path, "he") as (slack, _, conversation):
        gate, approve = await conversation.gated()
        await slack.click(slack.dana, conversation.channel, gate["ts"], approve, value="from_another_version||||0")
        await conversation.whispered("no longer works")
