"""A gate in Telegram: looked at, edited by a guided form, refused with a reason or without, and dead once it is over."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.messenger import Urgency
from bot.parts.pages import Page
from bot.serve import Serving
from bot.telegram.markup import details
from bot.telegram.markup.limits import PLAIN
from bot.telegram.pace import SHARES
from tests.scenarios.lab import NOTHING, SENTENCES, STORY, calls_asked, executions, mail, plain, written
from tests.scenarios.telegram_lab import Conversation, answered, ask, local_telegram, team, text_of
from tests.servers.telegramd import Telegramd
from tests.servers.telegramd.faults import Fault

PLACES = ("private", "group")


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """People here write faster than anybody could, and a group has room for that; tests of forms say what is done without."""
    monkeypatch.setitem(SHARES, Urgency.SETTLE, 10 * SHARES[Urgency.NOTIFY])


@asynccontextmanager
async def asked(
    home: Path, place: str = "group", locale: str = "en"
) -> AsyncGenerator[tuple[Telegramd, Serving, Conversation]]:
    """The story, asked by Dana."""
    async with local_telegram() as telegram, team(home, telegram) as serving:
        group = telegram.add_supergroup("Team", [telegram.dana, telegram.avi])
        chat = telegram.private(telegram.dana) if place == "private" else group
        yield telegram, serving, await ask(telegram, chat, SENTENCES[locale], user=telegram.dana)


async def form_says(conversation: Conversation, words: str) -> dict[str, Any]:
    """The form that is open, once it says this."""
    await conversation.told(words)
    return next(m for m in reversed(conversation.ours) if words in text_of(m))


async def put(conversation: Conversation, field: str, value: str) -> None:
    """Press a field of the form, and answer what it asks: in a group by a reply to the question."""
    await conversation.press("form", field)
    if conversation.chat.type == "private":
        await form_says(conversation, "Write it here")
        await conversation.says(value)
        return
    await conversation.telegram.eventually(lambda: prompts(conversation, field))
    await conversation.says(value, reply_to=prompts(conversation, field)[-1])


def prompts(conversation: Conversation, field: str) -> list[dict[str, Any]]:
    """Messages that ask for an answer about this field, and open the field to write it in."""
    asking = [m for m in conversation.ours if m.get("_markup", {}).get("force_reply")]
    return [m for m in asking if field in text_of(m) and m["_markup"]["selective"]]


@pytest.mark.parametrize("place", PLACES)
async def test_an_edited_call_is_executed_as_edited(tmp_path: Path, place: str) -> None:
    day = datetime.now(UTC).date() + timedelta(days=9)
    async with asked(tmp_path, place) as (telegram, serving, conversation):
        gate, _ = await conversation.gated()
        [before] = await calls_asked(serving)
        assert await conversation.answer("edit") == ""
        assert before.call is not None
        form = await form_says(conversation, "Press what should be different")
        assert str(before.call.arguments["title"]) in text_of(form)
        assert form["reply_to_message"]["message_id"] == gate["message_id"]
        await put(conversation, "Invited", "Yoav <nowhere>")
        await form_says(conversation, "is no mail address")
        assert written(tmp_path) == NOTHING
        await conversation.says("Noa <noa@example.com>", reply_to=(prompts(conversation, "Invited") or [0])[-1])
        await put(conversation, "Title", "Strategy of Tevuot")
        await put(conversation, "Starts", f"{day:%Y-%m-%d} 15:30")
        await telegram.eventually(lambda: any("Strategy" in t and "15:30" in t for t in conversation.texts))
        assert "noa@example.com" in text_of(await form_says(conversation, "Strategy of Tevuot"))
        assert written(tmp_path) == NOTHING
        await conversation.press("form", "Approve with changes")
        await conversation.finished()
        assert "Approved with changes by Dana" in await conversation.told("Approved with changes by")
        assert written(tmp_path) == STORY
        assert "SUMMARY:Strategy of Tevuot" in mail(tmp_path)
        assert f"When: {day:%d.%m.%Y} 15:30" in mail(tmp_path)
        assert "noa@example.com" in mail(tmp_path)
        assert "yoav.cohen" not in mail(tmp_path)
        [after] = await calls_asked(serving)
        assert after.status.value == "modified"


def form_of(conversation: Conversation, message: dict[str, Any]) -> dict[str, Any]:
    """The same message as it stands now."""
    return next(m for m in conversation.ours if m["message_id"] == message["message_id"])


async def test_a_form_that_is_closed_changes_nothing_and_the_gate_stays_open(tmp_path: Path) -> None:
    async with asked(tmp_path, "private") as (_, serving, conversation):
        await conversation.gated()
        await conversation.press("edit")
        await put(conversation, "Title", "Something else")
        await form_says(conversation, "Something else")
        await conversation.press("form", "Close the form")
        await form_says(conversation, "nothing was changed")
        await conversation.press("edit")
        await conversation.press("form", "Duration")
        await conversation.says("cancel")
        await conversation.telegram.eventually(lambda: sum("nothing was changed" in t for t in conversation.texts) == 2)
        [pending] = await calls_asked(serving)
        assert (pending.status.value, written(tmp_path)) == ("pending", NOTHING)
        await conversation.press("approve")
        await conversation.finished()
        assert "SUMMARY:Meeting with Yoav" in mail(tmp_path)


async def test_what_the_tool_refuses_is_said_at_its_field(tmp_path: Path) -> None:
    async with asked(tmp_path) as (_, serving, conversation):
        await conversation.gated()
        await conversation.press("edit")
        await put(conversation, "Time zone", "Mars/Base")
        form = await form_says(conversation, "⚠️")
        assert "Mars/Base" not in text_of(form).partition("⚠️")[0].replace("\n", "")[-40:] or "⚠️" in text_of(form)
        assert conversation.with_button("form", "Approve with changes") is None
        [pending] = await calls_asked(serving)
        assert pending.status.value == "pending"


async def test_a_form_in_hebrew_is_in_hebrew(tmp_path: Path) -> None:
    async with asked(tmp_path, "private", "he") as (_, __, conversation):
        await conversation.gated()
        await conversation.press("edit")
        form, _ = await conversation.sees("form", "כותרת")
        assert "עריכה" in text_of(form)
        await conversation.press("form", "כותרת")
        await conversation.says("אסטרטגיה")
        await conversation.press("form", "אישור עם השינויים")
        await conversation.finished()
        assert "אסטרטגיה" in mail(tmp_path)


@pytest.mark.parametrize("place", PLACES)
async def test_a_reason_goes_with_a_no(tmp_path: Path, place: str) -> None:
    async with asked(tmp_path, place) as (_, serving, conversation):
        await conversation.gated()
        await conversation.press("reject")
        form = await form_says(conversation, "Why not?")
        if place == "group":
            await conversation.telegram.eventually(lambda: prompts(conversation, "Why not?"))
        asking = prompts(conversation, "Why not?")
        await conversation.says("not this week", reply_to=asking[-1] if asking else 0)
        await conversation.finished()
        assert "Rejected by Dana Levi: not this week" in await conversation.told("Rejected by")
        [decided] = await calls_asked(serving)
        assert (decided.status.value, decided.comment) == ("rejected", "not this week")
        assert "Why not?" not in text_of(form_of(conversation, form))
        await conversation.at_rest()
        assert written(tmp_path) == {**NOTHING, "agendas": written(tmp_path)["agendas"]}


async def test_a_no_needs_no_reason(tmp_path: Path) -> None:
    async with asked(tmp_path) as (_, serving, conversation):
        await conversation.gated()
        await conversation.press("reject")
        await conversation.press("form", "Reject without a reason")
        await conversation.finished()
        assert (await calls_asked(serving))[0].comment is None
        await conversation.at_rest()
        assert written(tmp_path)["events"] == written(tmp_path)["mails"] == 0


async def test_details_are_pages_that_turn_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "_PAGE", Page(scale=PLAIN, room=500, blocks=100))
    async with asked(tmp_path) as (telegram, serving, conversation):
        gate, _ = await conversation.gated()
        assert await conversation.answer("details") == ""
        first, _ = await conversation.sees("page")
        assert first["reply_to_message"]["message_id"] == gate["message_id"]
        shown = [text_of(first)]
        while conversation.with_button("page", "Next part"):
            assert await conversation.answer("page", "Next part") == ""
            shown.append(text_of(form_of(conversation, first)))
        [pending] = await calls_asked(serving)
        assert pending.call is not None
        assert len(shown) >= 3
        assert all(f"Part {n} of {len(shown)}" in text for n, text in enumerate(shown, 1)), shown
        words = " ".join(" ".join(shown).split())
        assert all(
            " ".join(plain(line).split()) in words for line in str(pending.call.arguments["description"]).split("\n")
        )
        before = len(conversation.ours)
        await conversation.press("page", "Previous part")
        await telegram.eventually(lambda: text_of(form_of(conversation, first)) == shown[-2])
        assert (len(conversation.ours), written(tmp_path)) == (before, NOTHING)


async def test_a_choice_names_whom_it_means(tmp_path: Path) -> None:
    async with asked(tmp_path) as (telegram, serving, conversation):
        message, _ = await conversation.sees("choose")
        assert {name for name in ("Yoav Cohen", "Yoav Levi") if name in text_of(message)} == {"Yoav Cohen", "Yoav Levi"}
        _, cohen = await conversation.sees("choose", "Cohen")
        stale = dict(message)
        await conversation.press("choose", "Levi")
        gate, _ = await conversation.sees("approve")
        assert "Yoav Levi" in text_of(gate)
        late = await telegram.press_raw(telegram.dana, conversation.chat, message["message_id"], cohen, as_it_was=stale)
        assert "already decided" in await answered(telegram, late) or "You had answered that already" in await answered(
            telegram, late
        )
        await conversation.press("approve")
        await conversation.finished()
        assert "Yoav Levi" in mail(tmp_path)
        assert len(await executions(serving)) == 1


async def test_a_press_after_expiry_is_refused_and_the_gate_is_drawn_dead(tmp_path: Path) -> None:
    async with asked(tmp_path) as (telegram, serving, conversation):
        gate, approve = await conversation.gated()
        _, edit = await conversation.sees("edit")
        await conversation.press("edit")
        _, field = await conversation.sees("form", "Title")
        form, _ = await conversation.sees("form")
        [pending] = await calls_asked(serving)
        assert await serving.tizmor.gates.expire(pending)
        for message, data in ((gate, approve), (gate, edit), (form, field)):
            press = await telegram.press_raw(
                telegram.dana, conversation.chat, message["message_id"], data, as_it_was=dict(message)
            )
            told = await answered(telegram, press)
            assert "expired" in told or (data == field and "expired" in text_of(form_of(conversation, form)))
        await conversation.finished()
        await conversation.at_rest()
        assert written(tmp_path)["events"] == written(tmp_path)["mails"] == 0


async def test_a_press_after_cancel_is_refused(tmp_path: Path) -> None:
    async with asked(tmp_path, "private") as (telegram, _, conversation):
        gate, approve = await conversation.gated()
        await conversation.press("cancel")
        await conversation.at_rest()
        press = await telegram.press_raw(
            telegram.dana, conversation.chat, gate["message_id"], approve, as_it_was=dict(gate)
        )
        assert "not open any more" in await answered(telegram, press)
        assert written(tmp_path)["events"] == written(tmp_path)["mails"] == 0


async def test_an_answer_to_a_press_that_telegram_does_not_take_undoes_nothing(tmp_path: Path) -> None:
    async with asked(tmp_path) as (telegram, _, conversation):
        await conversation.gated()
        old = Fault.error(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        telegram.faults.next("answerCallbackQuery", old)
        await conversation.press("approve")
        await conversation.finished()
        assert written(tmp_path) == STORY
        telegram.world.queries.clear()
