"""Results and requests that are longer, or stranger, than a message: whole, in order, and never markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.lab import SENTENCES, TOMORROW, crowd, executions, is_hebrew, make_home, over
from tests.scenarios.telegram_lab import Conversation, ask, let_all_in, local_telegram, product, team, text_of
from tests.servers.telegramd.faults import Fault
from tests.servers.telegramd.texts import units

COUNT = 40
TITLE = "Meeting {n}: what <b>the scales</b> of @tevuot_all said, /wipe_all #now and nobody heard of https://tevuot.example "


async def test_a_long_result_is_on_several_messages_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    home = crowd(make_home(tmp_path), COUNT, f"{TITLE}{'word ' * 15}")
    async with local_telegram() as telegram:
        await let_all_in(home, telegram)
        async with product(home, telegram):
            conversation = await ask(telegram, telegram.dana, TOMORROW["en"])
            await conversation.finished(60)
            pages = conversation.ours[1:]
            assert 2 <= len(pages) <= 8
            words = " ".join(map(text_of, pages))
            assert all(f"Meeting {n}:" in words for n in range(COUNT))
            assert "<b>the scales</b>" in words
            assert [f"Part {n} of {len(pages)}" in text_of(page) for n, page in enumerate(pages, 1)] == [True] * len(
                pages
            )
            assert [page["_silent"] for page in pages] == [False, *(True for _ in pages[1:])]
            assert all(units(page["text"]) <= 4_096 for page in pages)


@pytest.mark.parametrize("files", ["taken", "refused"])
async def test_a_very_long_result_is_whole_in_a_file(tmp_path: Path, files: str) -> None:
    home = crowd(make_home(tmp_path), COUNT, f"{TITLE}{'word ' * 400}")
    async with local_telegram() as telegram:
        await let_all_in(home, telegram)
        async with product(home, telegram):
            group = telegram.add_supergroup("Team", [telegram.dana])
            if files == "refused":
                telegram.faults.next(
                    "sendDocument", Fault.error(400, "Bad Request: not enough rights to send documents")
                )
            conversation = await ask(telegram, group, TOMORROW["en"])
            await conversation.finished(60)
            if files == "refused":
                assert "could not be attached" in await conversation.told("could not be attached")
                return
            await telegram.eventually(lambda: files_of(conversation), 30)
            [sent] = files_of(conversation)
            text = telegram.file(sent).decode()
            assert all(f"Meeting {n}:" in text for n in range(COUNT))
            assert sent["document"]["file_name"].endswith((".txt", ".md"))


def files_of(conversation: Conversation) -> list[dict[str, Any]]:
    """Messages with a file."""
    return [message for message in conversation.ours if "document" in message]


@pytest.mark.parametrize(
    "words",
    [
        "x" * 4_097,
        "🙂" * 10_000,
        "מה יש לי מחר? " + "א" * 9_000,
        "<b>What</b> do I have <i>tomorrow</i>? &lt;a@b&gt; " * 200,
    ],
    ids=["4,097 letters", "10,000 emoji", "9,000 Hebrew letters", "markup"],
)
async def test_a_request_of_any_length_is_shown_and_ends(tmp_path: Path, words: str) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        conversation = await ask(telegram, telegram.dana, words)
        await telegram.eventually(lambda: len(conversation.ours) >= 2)
        await conversation.says("/cancel")
        await conversation.at_rest()
        [execution] = await over(serving)
        assert len(execution.execution.request.text) > 1_000
        assert all(units(str(m["text"])) <= 4_096 for m in conversation.ours)
        assert telegram.log.refused(400) == []


@pytest.mark.parametrize(
    "names",
    [
        ("<b>Dana</b>", "<dana@evil.example>"),
        ("@avi_cohen", "/wipe_all"),
        ("דנה\u202e", "\u202eליוא"),
        ("*Dana* _L_ [x](http://evil.example)", "`"),
        ("🙂" * 30, "🙂" * 30),
    ],
    ids=["html", "mention", "direction", "markdown", "emoji"],
)
async def test_a_name_is_only_a_name(tmp_path: Path, names: tuple[str, str]) -> None:
    async with local_telegram() as telegram:
        telegram.dana.first_name, telegram.dana.last_name = names
        async with team(tmp_path, telegram):
            group = telegram.add_supergroup("<b>Team</b> @all", [telegram.dana, telegram.avi])
            conversation = await ask(telegram, group, SENTENCES["en"])
            await conversation.gated()
            await conversation.press("reject", "Reject")
            await conversation.press("form", "Reject without a reason")
            await conversation.finished()
            told = await conversation.told("Rejected by")
            assert "\u202e" not in told
            assert telegram.log.refused(400) == []


async def test_marks_that_overlap_or_do_not_fit_are_read_as_words(tmp_path: Path) -> None:
    async with local_telegram() as telegram, team(tmp_path, telegram) as serving:
        group = telegram.add_supergroup("Team", [telegram.dana])
        name = f"@{telegram.username}"
        text = f"🙂{name} {TOMORROW['en']}"
        root = await telegram.say(telegram.dana, group, "hold")
        update = {
            "message_id": root + 1_000,
            "from": {"id": telegram.dana.id, "is_bot": False, "first_name": "Dana", "language_code": "en"},
            "chat": {"id": group.id, "title": "Team", "type": "supergroup"},
            "date": int(telegram.clock.now()),
            "text": text,
            "entities": [
                {"type": "bold", "offset": 0, "length": 8},
                {"type": "mention", "offset": 2, "length": len(name)},
                {"type": "italic", "offset": 4, "length": 900},
                {"type": "mention", "offset": -5, "length": 3},
                {"type": "mention", "offset": 2, "length": len(name) - 2},
                {"type": "text_mention", "offset": 1, "length": 1, "user": {"id": telegram.world.bot.id}},
                {"type": "unheard_of", "offset": 3, "length": 3},
            ],
        }
        telegram.updates.emit("message", update)
        [execution] = await over(serving)
        assert TOMORROW["en"].rstrip("?") in execution.execution.request.text
        assert name not in execution.execution.request.text
        await telegram.eventually(lambda: telegram.sent(group))
        assert not is_hebrew(text_of(telegram.sent(group)[0]))
        assert len(await executions(serving)) == 1
