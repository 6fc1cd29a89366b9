"""`tizmor init`: the app is made or updated once, tokens are checked before they are kept, and what is wrong has its name."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from pydantic import SecretStr

from bot.render.texts import LOCALES
from bot.slack.manifest import MANIFEST, SCOPES, read_manifest
from bot.slack.setup import Aim, Talk, set_up_slack
from tests.servers.slackd import SlackdOptions, serve_slackd
from tests.surfaces.slack.answers import (
    APP_ID,
    APP_TOKEN,
    BOT_TOKEN,
    CONFIG_TOKEN,
    SIGNING_SECRET,
    Answers,
    answering,
    refused,
)
from tests.surfaces.slack.test_doctor import settings

ROOT = Path(__file__).parents[3]
TOKENS: dict[str, Any] = {"slack_bot_token": BOT_TOKEN, "slack_app_token": APP_TOKEN}


class Person:
    """Somebody at the terminal: types these lines, and sees what is said."""

    def __init__(self, *typed: str) -> None:
        self._typed: Iterator[str] = iter(typed)
        self.said: list[str] = []
        self.complaints: list[str] = []
        self.asked: list[str] = []

    def talk(self, *, script: bool = False) -> Talk:
        return Talk(say=self.said.append, complain=self.complaints.append, read_secret=None if script else self._read)

    def _read(self, question: str) -> str | None:
        self.asked.append(question)
        return next(self._typed, None)

    @property
    def everything(self) -> str:
        return "\n".join([*self.said, *self.complaints, *self.asked])


class Desk:
    """Runs init against a workspace, with a file to keep things in."""

    def __init__(self, folder: Path, served: Answers) -> None:
        self.env = folder / ".env"
        self._served = served

    async def init(
        self, person: Person, *, script: bool = False, aim: dict[str, Any] | None = None, **given: str | None
    ) -> int:
        made = settings(**{"slack_api_url": self._served.api_url, **given})
        wanted: dict[str, Any] = {"manifest": MANIFEST, "keep_in": self.env, "over_http": False, **(aim or {})}
        return await set_up_slack(made, Aim(**wanted), person.talk(script=script))

    async def script(self, **given: Any) -> tuple[int, Person]:
        person = Person()
        return await self.init(person, script=True, **given), person

    @property
    def kept(self) -> dict[str, str]:
        lines = self.env.read_text("utf-8").splitlines() if self.env.exists() else []
        return dict(line.split("=", 1) for line in lines if "=" in line)


async def test_with_a_configuration_token_the_app_is_made_from_the_manifest_and_its_tokens_are_asked_for(
    tmp_path: Path,
) -> None:
    async with answering() as served:
        desk, person = Desk(tmp_path, served), Person(CONFIG_TOKEN, BOT_TOKEN, APP_TOKEN)
        assert await desk.init(person) == 0
    assert [call.method for call in served.calls] == [
        "apps.manifest.validate",
        "apps.manifest.create",
        "auth.test",
        "apps.connections.open",
    ]
    assert [call.token for call in served.calls] == [CONFIG_TOKEN, CONFIG_TOKEN, BOT_TOKEN, APP_TOKEN]
    assert json.loads(served.asked("apps.manifest.create")[0].values["manifest"]) == read_manifest(MANIFEST, None)
    assert desk.kept == {"SLACK_APP_ID": APP_ID, "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
    assert stat.S_IMODE(desk.env.stat().st_mode) == 0o600
    assert f"https://api.slack.com/apps/{APP_ID}/install-on-team" in person.everything
    assert "tizmor run" in person.said[-1]
    assert "/tizmor claim CODE" in person.said[-1]
    assert person.complaints == []
    for secret in (CONFIG_TOKEN, BOT_TOKEN, APP_TOKEN):
        assert secret not in person.everything


async def test_running_it_again_updates_the_same_app_and_asks_nothing(tmp_path: Path) -> None:
    async with answering() as served:
        desk, person = Desk(tmp_path, served), Person()
        desk.env.write_text(
            f"# mine\nSLACK_APP_ID={APP_ID}\nSLACK_BOT_TOKEN={BOT_TOKEN}\nSLACK_APP_TOKEN={APP_TOKEN}\n"
        )
        desk.env.chmod(0o600)
        before = desk.env.stat()
        assert await desk.init(person, slack_config_token=CONFIG_TOKEN, slack_app_id=APP_ID, **TOKENS) == 0
        assert await desk.init(person, slack_app_id=APP_ID, **TOKENS) == 0
    assert served.asked("apps.manifest.create") == []
    assert [call.values["app_id"] for call in served.asked("apps.manifest.update")] == [APP_ID]
    assert person.asked == []
    assert desk.env.stat().st_ino == before.st_ino  # not even written


async def test_an_app_whose_permissions_changed_is_to_be_installed_again(tmp_path: Path) -> None:
    async with answering(apps__manifest__update={"permissions_updated": True}) as served:
        code, person = await Desk(tmp_path, served).script(
            slack_config_token=CONFIG_TOKEN, slack_app_id=APP_ID, **TOKENS
        )
    assert code == 0
    assert f"Install it again: https://api.slack.com/apps/{APP_ID}/install-on-team" in person.everything


async def test_without_a_configuration_token_a_link_makes_the_app_with_the_whole_manifest(tmp_path: Path) -> None:
    async with answering() as served:
        desk, person = Desk(tmp_path, served), Person("", BOT_TOKEN, APP_TOKEN)
        assert await desk.init(person) == 0
    link = next(line for line in person.said[0].splitlines() if line.startswith("https://"))
    asked = parse_qs(urlsplit(link).query)
    assert asked["new_app"] == ["1"]
    assert yaml.safe_load(asked["manifest_yaml"][0]) == read_manifest(MANIFEST, None)
    assert len(link) < 8_000
    assert desk.kept == {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_APP_ID": APP_ID}


async def test_nobody_to_ask_and_nothing_given_is_not_ready_yet_and_writes_nothing(tmp_path: Path) -> None:
    async with answering() as served:
        desk = Desk(tmp_path, served)
        code, person = await desk.script()
    assert code == 75
    assert "manifest_yaml=" in person.said[0]
    assert person.said[-1].startswith("Still missing: SLACK_BOT_TOKEN and SLACK_APP_TOKEN")
    assert served.calls == []
    assert not desk.env.exists()


async def test_a_script_that_gives_everything_is_done(tmp_path: Path) -> None:
    async with answering() as served:
        desk = Desk(tmp_path, served)
        code, person = await desk.script(**TOKENS)
    assert code == 0
    assert person.complaints == []
    assert desk.kept["SLACK_BOT_TOKEN"] == BOT_TOKEN


async def test_what_others_wrote_into_the_file_stays(tmp_path: Path) -> None:
    async with answering() as served:
        desk = Desk(tmp_path, served)
        desk.env.write_text("# ours\nSLACK_BOT_TOKEN=xoxb-old # of May\nEDITOR=vi\n")
        code, _ = await desk.script(**TOKENS)
    assert code == 0
    assert desk.env.read_text() == (
        f"# ours\nSLACK_BOT_TOKEN={BOT_TOKEN} # of May\nEDITOR=vi\nSLACK_APP_TOKEN={APP_TOKEN}\nSLACK_APP_ID={APP_ID}\n"
    )


async def test_what_has_its_home_in_another_file_is_not_copied(tmp_path: Path) -> None:
    async with answering() as served:
        desk = Desk(tmp_path, served)
        code, _ = await desk.script(aim={"kept_elsewhere": frozenset({"SLACK_BOT_TOKEN"})}, **TOKENS)
    assert code == 0
    assert set(desk.kept) == {"SLACK_APP_TOKEN", "SLACK_APP_ID"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"slack_bot_token": "xoxp-1-2"}, "SLACK_BOT_TOKEN is a person's token"),
        ({"slack_bot_token": "xapp-1-A0-9"}, "SLACK_BOT_TOKEN is an app-level token"),
        ({"slack_app_token": "xoxe.xoxp-1"}, "SLACK_APP_TOKEN is an app configuration token"),
        ({"slack_config_token": "xoxe-1-2"}, "SLACK_CONFIG_TOKEN is a refresh token"),
        ({"slack_bot_token": APP_TOKEN, "slack_app_token": BOT_TOKEN}, "in each other's place"),
    ],
)
async def test_a_token_of_a_wrong_kind_is_called_what_it_is_and_neither_sent_nor_kept(
    tmp_path: Path, given: dict[str, str], says: str
) -> None:
    async with answering() as served:
        desk = Desk(tmp_path, served)
        code, person = await desk.script(**{**TOKENS, **given})
    assert code == 2
    assert says in "\n".join(person.complaints)
    assert not set(given.values()) & ({call.token for call in served.calls} | set(desk.kept.values()))


async def test_a_wrong_token_at_the_prompt_is_asked_for_again(tmp_path: Path) -> None:
    async with answering() as served:
        desk, person = Desk(tmp_path, served), Person("", "xoxp-1-2", f" {BOT_TOKEN} ", APP_TOKEN)
        assert await desk.init(person) == 0
    assert len(person.complaints) == 1
    assert desk.kept["SLACK_BOT_TOKEN"] == BOT_TOKEN


async def test_three_wrong_tokens_at_the_prompt_are_enough(tmp_path: Path) -> None:
    async with answering() as served:
        desk, person = Desk(tmp_path, served), Person("", "a", "b", "c", APP_TOKEN)
        assert await desk.init(person) == 2
    assert "SLACK_BOT_TOKEN" in person.said[-1]
    assert "SLACK_BOT_TOKEN" not in desk.kept
    assert desk.kept["SLACK_APP_TOKEN"] == APP_TOKEN


@pytest.mark.parametrize(
    ("answers", "says", "kept"),
    [
        ({"auth__test": refused("invalid_auth")}, "does not accept SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"),
        ({"apps__connections__open": refused("missing_scope")}, "lacks the scope connections:write", "SLACK_BOT_TOKEN"),
        ({"auth__test": ConnectionResetError()}, "cannot be reached", "SLACK_APP_TOKEN"),
    ],
)
async def test_a_token_slack_does_not_accept_is_not_kept(
    tmp_path: Path, answers: dict[str, Any], says: str, kept: str
) -> None:
    async with answering(**answers) as served:
        desk = Desk(tmp_path, served)
        code, person = await desk.script(**TOKENS)
    assert code == 1
    assert says in "\n".join(person.complaints)
    assert set(desk.kept) & {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"} == {kept}


async def test_a_bot_without_a_permission_is_kept_and_the_permission_named(tmp_path: Path) -> None:
    async with answering() as served:
        served.scopes = SCOPES - {"im:history"}
        desk = Desk(tmp_path, served)
        code, person = await desk.script(**TOKENS)
    assert code == 1
    assert "im:history" in person.complaints[0]
    assert desk.kept["SLACK_BOT_TOKEN"] == BOT_TOKEN


async def test_a_manifest_slack_does_not_take_is_told_with_the_place_of_each_fault(tmp_path: Path) -> None:
    faults = [{"pointer": "/settings", "message": "no such property"}, {"message": "too old"}]
    async with answering(apps__manifest__validate=refused("invalid_manifest", errors=faults)) as served:
        code, person = await Desk(tmp_path, served).script(slack_config_token=CONFIG_TOKEN)
    assert code == 1
    assert person.complaints == ["Slack does not take the manifest: /settings no such property; / too old"]
    assert served.asked("apps.manifest.create") == []


@pytest.mark.parametrize(
    ("text", "says"), [(None, "No such file"), ("a: [", "cannot be read"), ("- 1\n", "is no app manifest")]
)
async def test_a_manifest_that_is_none_is_named(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "app.yml"
    if text is not None:
        path.write_text(text)
    async with answering() as served:
        code, person = await Desk(tmp_path, served).script(aim={"manifest": path})
    assert code == 2
    assert str(path) in person.complaints[0]
    assert says in person.complaints[0]


async def test_an_app_that_is_not_there_is_not_silently_made_anew(tmp_path: Path) -> None:
    async with answering(apps__manifest__update=refused("app_not_found")) as served:
        code, person = await Desk(tmp_path, served).script(slack_config_token=CONFIG_TOKEN, slack_app_id="A0GONE0000")
    assert code == 1
    assert "knows no app A0GONE0000" in person.complaints[0]
    assert served.asked("apps.manifest.create") == []


async def test_an_expired_configuration_token_says_that_they_expire(tmp_path: Path) -> None:
    async with answering(apps__manifest__validate=refused("token_expired")) as served:
        code, person = await Desk(tmp_path, served).script(slack_config_token=CONFIG_TOKEN)
    assert code == 1
    assert "twelve hours" in person.complaints[0]


async def test_an_app_that_may_have_been_made_is_not_made_again_and_the_person_is_told_to_look(tmp_path: Path) -> None:
    async with answering(apps__manifest__create=ConnectionResetError()) as served:
        code, person = await Desk(tmp_path, served).script(slack_config_token=CONFIG_TOKEN)
    assert code == 1
    assert len(served.asked("apps.manifest.create")) == 1
    assert "may have been made or not" in person.complaints[0]


async def test_an_app_that_was_made_is_remembered_though_its_tokens_never_come(tmp_path: Path) -> None:
    async with answering() as served:
        desk = Desk(tmp_path, served)
        code, _ = await desk.script(slack_config_token=CONFIG_TOKEN)
    assert code == 75
    assert desk.kept == {"SLACK_APP_ID": APP_ID}


async def test_an_app_that_was_made_is_remembered_though_the_person_leaves_at_the_next_question(tmp_path: Path) -> None:
    async with answering() as served:
        desk, person = Desk(tmp_path, served), Person()

        def leaves(question: str) -> str | None:
            if "xoxb" in question:
                raise ConnectionAbortedError("the terminal was closed")
            return CONFIG_TOKEN

        talk = Talk(say=person.said.append, complain=person.complaints.append, read_secret=leaves)
        aim = Aim(manifest=MANIFEST, keep_in=desk.env, over_http=False)
        with pytest.raises(ConnectionAbortedError):
            await set_up_slack(settings(slack_api_url=served.api_url), aim, talk)
    assert desk.kept == {"SLACK_APP_ID": APP_ID}


async def test_over_http_the_app_gets_the_public_address_and_its_secret_is_kept(tmp_path: Path) -> None:
    async with answering() as served:
        desk = Desk(tmp_path, served)
        code, _ = await desk.script(
            aim={"over_http": True},
            slack_config_token=CONFIG_TOKEN,
            slack_bot_token=BOT_TOKEN,
            tizmor_public_url="https://bot.example.com/",
        )
    assert code == 0
    made = json.loads(served.asked("apps.manifest.create")[0].values["manifest"])
    url = "https://bot.example.com/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == url
    assert made["settings"]["interactivity"]["request_url"] == url
    assert [command["url"] for command in made["features"]["slash_commands"]] == [url]
    assert desk.kept == {"SLACK_APP_ID": APP_ID, "SLACK_SIGNING_SECRET": SIGNING_SECRET, "SLACK_BOT_TOKEN": BOT_TOKEN}


@pytest.mark.parametrize("url", [None, "http://bot.example.com"])
async def test_over_http_without_an_address_slack_can_reach_nothing_is_made(tmp_path: Path, url: str | None) -> None:
    async with answering() as served:
        code, person = await Desk(tmp_path, served).script(
            aim={"over_http": True}, slack_config_token=CONFIG_TOKEN, tizmor_public_url=url
        )
    assert code == 2
    assert "TIZMOR_PUBLIC_URL" in person.complaints[0]
    assert served.calls == []


async def test_a_file_that_git_would_take_is_warned_of_once(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    async with answering() as served:
        code, person = await Desk(tmp_path, served).script(**TOKENS)
    assert code == 0
    assert len(person.complaints) == 1
    assert ".gitignore" in person.complaints[0]


@pytest.mark.parametrize("locale", LOCALES)
async def test_it_speaks_the_language_of_the_settings(tmp_path: Path, locale: str) -> None:
    async with answering(apps__connections__open=refused("invalid_auth")) as served:
        code, person = await Desk(tmp_path, served).script(
            tizmor_locale=locale, slack_bot_token="hello", slack_app_token=APP_TOKEN
        )
    assert code == 2
    assert ("אסימון" in person.everything) is (locale == "he")
    assert "\u2068" not in person.everything


async def test_a_strict_slack_makes_the_app_once_and_takes_its_tokens(tmp_path: Path) -> None:
    async with serve_slackd(SlackdOptions(manifest=MANIFEST)) as slack:
        given = {
            "slack_api_url": slack.api_url,
            "slack_config_token": slack.config_token,
            "slack_bot_token": slack.bot_token,
            "slack_app_token": slack.app_token,
        }
        aim = Aim(manifest=MANIFEST, keep_in=tmp_path / ".env", over_http=False)
        first, again = Person(), Person()
        assert await set_up_slack(settings(**given), aim, first.talk(script=True)) == 0
        kept = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines())
        made = settings(**given, slack_app_id=kept["SLACK_APP_ID"])
        assert await set_up_slack(made, aim, again.talk(script=True)) == 0
        assert first.complaints + again.complaints == []
        assert first.said[0] == f"✓ The app {kept['SLACK_APP_ID']} was made."
        assert again.said[0] == f"✓ The app {kept['SLACK_APP_ID']} now matches {MANIFEST}."
        assert slack.warnings == []


async def test_a_strict_slack_says_what_is_wrong_with_a_manifest(tmp_path: Path) -> None:
    wrong = read_manifest(MANIFEST, None)
    wrong["settings"]["unheard_of"] = True
    path = tmp_path / "app.yml"
    path.write_text(yaml.safe_dump(wrong))
    async with serve_slackd(SlackdOptions(manifest=MANIFEST)) as slack:
        person = Person()
        made = settings(slack_api_url=slack.api_url, slack_config_token=slack.config_token)
        aim = Aim(manifest=path, keep_in=tmp_path / ".env", over_http=False)
        assert await set_up_slack(made, aim, person.talk(script=True)) == 1
    assert "unheard_of" in person.complaints[0]
    assert not (tmp_path / ".env").exists()


def test_secrets_are_secret_in_the_settings_too() -> None:
    assert isinstance(settings(slack_config_token=CONFIG_TOKEN).slack_config_token, SecretStr)


def tizmor(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TIZMOR_", "SLACK_"))}  # noqa: TID251 - a child's
    command = [sys.executable, "-m", "bot", *arguments, "--home", str(folder / "home")]
    return subprocess.run(
        command,
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_from_the_command_line_it_keeps_tokens_of_the_environment_and_doctor_reads_them_back(tmp_path: Path) -> None:
    nowhere = {"SLACK_API_URL": "http://127.0.0.1:9/api/"}
    first = tizmor(tmp_path, "init", "--no-input", SLACK_BOT_TOKEN="xoxp-wrong", **nowhere)
    assert first.returncode == 2, first.stderr
    assert "a person's token" in first.stderr
    assert "manifest" not in first.stderr
    assert "Traceback" not in first.stderr
    (tmp_path / ".env").write_text(f"SLACK_BOT_TOKEN={BOT_TOKEN}\n")
    (tmp_path / ".env").chmod(0o600)
    doctor = tizmor(tmp_path, "doctor", "--json", **nowhere)
    assert doctor.returncode == 1
    names = {f["name"]: f["ok"] for f in json.loads(doctor.stdout)["findings"]}
    assert names["env file"] is True
    assert names["slack unreachable"] is False
    assert BOT_TOKEN not in doctor.stdout + doctor.stderr
