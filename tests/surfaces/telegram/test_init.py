"""`tizmor init --telegram`: a token is asked about before it is kept, and what is wrong has its name."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.render.texts import LOCALES
from bot.setting_up import Talk
from bot.telegram.api import telegram_api
from bot.telegram.setup import Aim, set_up_telegram
from tests.servers.telegramd import Fault, Telegramd, serve_telegramd
from tests.surfaces.telegram.test_doctor import settings

ROOT = Path(__file__).parents[3]
ELSEWHERE = "https://other.example.com/hook"


class Person:
    """Somebody at the terminal: types these lines, and sees what is said."""

    def __init__(self, *typed: str, answer: str | None = None) -> None:
        self._typed: Iterator[str] = iter(typed)
        self._answer = answer
        self.said: list[str] = []
        self.complaints: list[str] = []
        self.asked: list[str] = []

    def talk(self, *, script: bool = False) -> Talk:
        if script:
            return Talk(say=self.said.append, complain=self.complaints.append, read_secret=None)
        return Talk(
            say=self.said.append, complain=self.complaints.append, read_secret=self._read, read_line=self._confirm
        )

    def _read(self, question: str) -> str | None:
        self.asked.append(question)
        return next(self._typed, None)

    def _confirm(self, question: str) -> str | None:
        self.asked.append(question)
        return self._answer

    @property
    def everything(self) -> str:
        return "\n".join([*self.said, *self.complaints, *self.asked])


async def init(
    telegram: Telegramd, folder: Path, person: Person, *, script: bool = False, aim: Any = None, **given: Any
) -> int:
    made = settings(**{"telegram_api_url": telegram.api_url, **given})
    code = await set_up_telegram(made, aim or Aim(keep_in=folder / ".env"), person.talk(script=script))
    assert telegram.token not in person.everything
    return code


def kept(folder: Path) -> str:
    return (folder / ".env").read_text("utf-8") if (folder / ".env").exists() else ""


async def test_a_token_that_is_typed_is_asked_about_and_kept(tmp_path: Path) -> None:
    async with serve_telegramd() as telegram:
        person = Person(f"  {telegram.token} ")
        assert await init(telegram, tmp_path, person) == 0
        assert kept(tmp_path) == f"TELEGRAM_BOT_TOKEN={telegram.token}\n"
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert "https://t.me/BotFather" in person.said[0]
    assert "/newbot" in person.said[0]
    assert "@tizmor_bot" in person.said[1]
    assert "https://t.me/tizmor_bot" in person.said[-1]
    assert "tizmor run" in person.said[-1]
    assert person.complaints == []
    assert len(person.asked) == 1


async def test_running_it_again_asks_nothing_and_changes_nothing(tmp_path: Path) -> None:
    async with serve_telegramd() as telegram:
        (tmp_path / ".env").write_text(f"# mine\nTELEGRAM_BOT_TOKEN={telegram.token}\n")
        (tmp_path / ".env").chmod(0o600)
        before = (tmp_path / ".env").stat()
        person = Person()
        assert await init(telegram, tmp_path, person, telegram_bot_token=telegram.token) == 0
    assert person.asked == []
    assert (tmp_path / ".env").stat().st_mtime_ns == before.st_mtime_ns


async def test_what_is_wrong_is_said_and_asked_for_again(tmp_path: Path) -> None:
    async with serve_telegramd() as telegram:
        person = Person("@tizmor_bot", f"1{telegram.token}", telegram.token)
        assert await init(telegram, tmp_path, person) == 0
        assert telegram.token in kept(tmp_path)
    assert len(person.asked) == 3
    assert "is no bot token" in person.complaints[0]
    assert "does not accept" in person.complaints[1]


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (None, 75, "Still missing: TELEGRAM_BOT_TOKEN"),
        ("hello", 2, "is no bot token"),
        ("12:AAE-a_local_token_of_no_worth_0000000001", 1, "does not accept"),
    ],
    ids=["missing", "no token", "unknown"],
)
async def test_a_script_learns_from_the_exit_code(tmp_path: Path, given: str | None, code: int, words: str) -> None:
    async with serve_telegramd() as telegram:
        person = Person()
        assert await init(telegram, tmp_path, person, script=True, telegram_bot_token=given) == code
    assert words in person.everything
    assert person.asked == []
    assert kept(tmp_path) == ""


async def test_nothing_is_kept_while_telegram_cannot_be_asked(tmp_path: Path) -> None:
    async with serve_telegramd() as telegram:
        telegram.faults.next("getWebhookInfo", Fault.bad_gateway())
        person = Person()
        assert await init(telegram, tmp_path, person, script=True, telegram_bot_token=telegram.token) == 1
    assert "gave no usable answer" in person.complaints[0]
    assert kept(tmp_path) == ""


# A webhook in the way.


async def set_webhook(telegram: Telegramd) -> None:
    async with telegram_api(telegram.token, telegram.api_url) as api:
        await api.set_webhook(ELSEWHERE, "secret")


async def webhook(telegram: Telegramd) -> str:
    async with telegram_api(telegram.token, telegram.api_url) as api:
        return str((await api.webhook())["url"])


@pytest.mark.parametrize(
    ("answer", "gone"), [("yes", True), ("כן", True), ("", False), ("no", False), (None, False)], ids=repr
)
async def test_a_webhook_of_another_program_is_taken_away_only_on_a_word(
    tmp_path: Path, answer: str | None, gone: bool
) -> None:
    async with serve_telegramd() as telegram:
        await set_webhook(telegram)
        person = Person(answer=answer)
        code = await init(telegram, tmp_path, person, telegram_bot_token=telegram.token)
        assert await webhook(telegram) == ("" if gone else ELSEWHERE)
        assert telegram.token in kept(tmp_path)
    assert code == (0 if gone else 75)
    assert ELSEWHERE in person.asked[-1]
    assert any(ELSEWHERE in words for words in person.complaints) is not gone


async def test_a_script_never_takes_a_webhook_away(tmp_path: Path) -> None:
    async with serve_telegramd() as telegram:
        await set_webhook(telegram)
        person = Person()
        assert await init(telegram, tmp_path, person, script=True, telegram_bot_token=telegram.token) == 75
        assert await webhook(telegram) == ELSEWHERE


async def test_who_wants_a_webhook_is_not_asked_about_it(tmp_path: Path) -> None:
    async with serve_telegramd() as telegram:
        await set_webhook(telegram)
        person = Person()
        token, secret = telegram.token, "secret"
        code = await init(telegram, tmp_path, person, telegram_bot_token=token, telegram_webhook_secret=secret)
        assert code == 0
        assert await webhook(telegram) == ELSEWHERE
    assert person.asked == []


async def test_a_webhook_that_telegram_would_not_take_away_is_no_success(tmp_path: Path) -> None:
    async with serve_telegramd() as telegram:
        await set_webhook(telegram)
        telegram.faults.next("deleteWebhook", Fault.server_error())
        person = Person(answer="yes")
        assert await init(telegram, tmp_path, person, telegram_bot_token=telegram.token) == 75
    assert "gave no usable answer" in person.complaints[-1]


# Where it is kept, and the command itself.


async def test_without_a_file_there_is_nowhere_to_keep_it(tmp_path: Path) -> None:
    async with serve_telegramd() as telegram:
        person = Person(telegram.token)
        assert await init(telegram, tmp_path, person, aim=Aim(keep_in=None)) == 2
        assert telegram.log.calls() == []
    assert "TIZMOR_ENV_FILE" in person.complaints[0]


async def test_a_token_that_has_its_home_elsewhere_is_not_copied(tmp_path: Path) -> None:
    async with serve_telegramd() as telegram:
        aim = Aim(keep_in=tmp_path / ".env", kept_elsewhere=frozenset({"TELEGRAM_BOT_TOKEN"}))
        assert await init(telegram, tmp_path, Person(), aim=aim, telegram_bot_token=telegram.token) == 0
    assert kept(tmp_path) == ""


@pytest.mark.parametrize("locale", LOCALES)
async def test_it_speaks_both_languages(tmp_path: Path, locale: str) -> None:
    async with serve_telegramd() as telegram:
        person = Person("hello", telegram.token)
        assert await init(telegram, tmp_path, person, tizmor_locale=locale) == 0
    assert ("אסימון" in person.everything) is (locale == "he")


async def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", "init", *arguments]
    given = {"PATH": "/usr/bin:/bin", "TIZMOR_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT), **environment}
    return await asyncio.to_thread(
        lambda: subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=60, check=False)
    )


async def test_the_command_takes_the_token_from_the_environment(tmp_path: Path) -> None:
    async with serve_telegramd() as telegram:
        given = {"TELEGRAM_BOT_TOKEN": telegram.token, "TELEGRAM_API_URL": telegram.api_url}
        done = await run(tmp_path, "--telegram", "--no-input", **given)
        assert (done.returncode, done.stderr) == (0, "")
        assert telegram.token not in done.stdout
        assert telegram.token in kept(tmp_path)


async def test_what_is_about_slack_does_not_go_with_it(tmp_path: Path) -> None:
    for mixed in (["--http"], ["--bot-token", "xoxb-1"], ["--manifest", "m.yml"]):
        done = await run(tmp_path, "--telegram", *mixed)
        assert done.returncode == 2
        assert "--telegram" in done.stderr
