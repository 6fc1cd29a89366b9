"""The picture of a chat, the page to try things by hand, and the server as a process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from telegram import Bot, MessageEntity

from tests.contract.telegramd.talking import keyboard
from tests.servers.telegramd import Fault, Telegramd
from tests.servers.telegramd.client import connect_telegramd, run_telegramd
from tests.servers.telegramd.preview import render_chat
from tests.servers.telegramd.preview.__main__ import main
from tests.servers.telegramd.preview.spans import direction, render_text

Json = dict[str, Any]


def entity(kind: str, offset: int, length: int) -> Json:
    return {"type": kind, "offset": offset, "length": length}


def test_entities_nest_and_code_is_not_tappable() -> None:
    drawn = render_text("😀 <b> @dana_levi `x`", [entity("italic", 0, 2), entity("bold", 3, 3), entity("code", 18, 3)])
    assert drawn == '<i>😀</i> <b>&lt;b&gt;</b> <a class="mention">@dana_levi</a> <code>`x`</code>'


def test_quotations_and_code_blocks_stand_on_their_own() -> None:
    text = "a\nשלום\nעולם\nb"
    drawn = render_text(text, [entity("expandable_blockquote", 2, 9), entity("bold", 2, 4)])
    quoted = '<blockquote dir="rtl" class="folds"><div class="quoted"><b>שלום</b>\nעולם</div></blockquote>'
    assert drawn == f"a{quoted}b"
    assert render_text("x = 1", [entity("pre", 0, 5)]) == '<div class="pre" dir="ltr"><pre>x = 1</pre></div>'


@pytest.mark.parametrize(("text", "expected"), [("✅ שלום hello", "rtl"), ("12 hello שלום", "ltr"), ("▓▓ 50%", "ltr")])
def test_the_first_strong_letter_gives_the_direction(text: str, expected: str) -> None:
    assert direction(text) == expected


async def test_a_whole_chat_is_drawn_in_both_themes(telegram: Telegramd, bot: Bot) -> None:
    forum = telegram.add_forum("Work & <play>", [telegram.dana])
    topic = await telegram.create_topic(forum, "Concerts")
    asked = await telegram.say(telegram.dana, forum, "/ask <b>what</b>", topic=topic, forwarded="Somebody Hidden")
    card = await bot.send_message(
        forum.id,
        "Working",
        message_thread_id=topic,
        entities=[MessageEntity("bold", 0, 7)],
        reply_markup=keyboard([("Stop <now>", "s")]),
        reply_to_message_id=asked,
    )
    await bot.edit_message_text("Done", chat_id=forum.id, message_id=card.message_id)
    await bot.send_document(forum.id, b"x" * 2048, filename="all.txt", message_thread_id=topic)
    for theme in ("light", "dark"):
        page = render_chat(telegram.messages(forum), theme, viewer=telegram.dana.id, title=forum.title)
        assert f'data-theme="{theme}"' in page
        for shown in (
            "Dana created the topic “Concerts”",
            "Forwarded from <b>Somebody Hidden</b>",
            '<article class="out">',
            "&lt;b&gt;what&lt;/b&gt;",
            "edited ",
            "all.txt",
            "2.0 KB",
            "Work &amp; &lt;play&gt;",
        ):
            assert shown in page
    assert "<play>" not in page


def test_a_bare_body_is_drawn_as_well(tmp_path: Path) -> None:
    body = {"text": "hello", "entities": [entity("bold", 0, 5)], "keyboard": [[{"text": "Yes", "data": "y"}]]}
    page = render_chat([body, {"file": {"name": "a.txt", "text": "…"}, "text": "caption"}])
    assert "<b>hello</b>" in page
    assert '<button class="plain"><span dir="auto">Yes</span></button>' in page
    assert "a.txt" in page
    source, target = tmp_path / "body.json", tmp_path / "body.html"
    source.write_text(json.dumps(body), "utf-8")
    assert main([str(source), str(target), "--dark"]) == 0
    assert 'data-theme="dark"' in target.read_text("utf-8")
    assert main([]) == 2


async def test_the_page_says_and_presses_what_a_person_does(telegram: Telegramd, bot: Bot) -> None:
    dana = telegram.dana
    base: Json = {"user": dana.id, "chat": dana.id}
    async with aiohttp.ClientSession() as session:

        async def do(**form: Any) -> str:
            async with session.post(f"{telegram.api_url}/ui/do", data=base | form) as response:
                assert response.status == 200
                return await response.text()

        shown = await do(verb="say", text="hello @bot", reply="", topic="")
        assert "srcdoc" in shown
        assert [each["text"] for each in telegram.messages(dana)] == [f"hello @{telegram.username}"]
        card = await bot.send_message(dana.id, "May I?", reply_markup=keyboard([("Yes", "y")]))
        shown = await do(verb="press", message=card.message_id, data="y")
        assert "nobody answered" in shown
        assert "0 buttons" in await do(verb="press", message=card.message_id, data="z")
    assert [query.data for query in telegram.unanswered()] == ["y"]


@pytest.mark.parametrize("path", ["/bot12345:x", "/other", "/bot/getMe"])
async def test_addresses_that_are_none(telegram: Telegramd, path: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{telegram.api_url}{path}") as response:
        assert (response.status, await response.json()) == (
            404,
            {"ok": False, "error_code": 404, "description": "Not Found"},
        )


async def test_every_verb_works_from_another_process() -> None:
    async with run_telegramd("--still", "--no-flood", "--no-privacy", "--topics") as telegram:
        group = await telegram.add_group("Team", [telegram.dana, telegram.avi])
        forum = await telegram.add_supergroup("Work", [telegram.dana], forum=True)
        topic = await telegram.call("create_topic", forum, "Concerts")
        number = await telegram.say(telegram.dana, group, "hello", document=("a.txt", b"bytes"))
        await telegram.edit(telegram.dana, group, number, "hello again")
        await telegram.say(telegram.dana, forum, "in it", topic=topic)
        await telegram.start(telegram.dana, "claim")
        url = f"{telegram.api_url}/bot{telegram.token}"
        async with aiohttp.ClientSession() as session:
            rows = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
            sent: Json = {"chat_id": group.id, "text": "May I?", "reply_markup": rows}
            await telegram.fault("sendMessage", Fault.reset_after_commit(), match={"text": "~May"})
            with pytest.raises(OSError):
                await session.post(f"{url}/sendMessage", json=sent)
            (card,) = await telegram.sent(group)
            query = await telegram.press(telegram.dana, group, card["message_id"], "Yes")
            await session.post(f"{url}/answerCallbackQuery", json={"callback_query_id": query, "text": "yes"})
            async with session.get(f"{url}/getMe") as response:
                assert (await response.json())["result"]["has_topics_enabled"] is True
        answer = await telegram.answer(query)
        assert answer is not None
        assert answer["text"] == "yes"
        await telegram.eventually(lambda: telegram.answer(query))
        assert len(await telegram.call("pending")) == 6
        assert [entry["name"] for entry in await telegram.log() if entry["kind"] == "api"] == [
            "sendMessage",
            "answerCallbackQuery",
            "getMe",
        ]
        assert list((await telegram.ledger())["shown"]) == [f"{group.id} {card['message_id']}"]
        before = await telegram.call("now")
        await telegram.advance(60)
        assert await telegram.call("now") == before + 60
        assert await telegram.warnings() == []
        assert len(await telegram.messages(forum, topic=topic)) == 2
        with pytest.raises(LookupError, match="no chat"):
            await telegram.say(telegram.dana, "nowhere", "x")
        with pytest.raises(LookupError, match="no verb"):
            await telegram.call("vanish")
        async with connect_telegramd(telegram.info) as second:
            assert len(await second.messages(group)) == 2
            with pytest.raises(TimeoutError, match="getMe"):
                await second.eventually(lambda: second.call("polling"), 0)
