"""Says what is wrong and how to mend it; changes nothing and never opens a database that is in use for writing."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import SecretStr

from bot.doctor_storage import examine_sqlite, examine_storage
from bot.env_file import is_private
from bot.finding import Finding
from bot.models import look_at_model
from bot.render.texts import bare
from bot.settings import Settings, unknown_settings
from bot.slack.examination import examine_slack
from bot.telegram.address import PREFIX, talk_of
from bot.telegram.examination import Surroundings, examine_telegram
from engine.errors import RequestError
from storage.database import DATABASE_FILE, HomeLockedError, own_home
from storage.recent import recent_conversations

_MOST_GROUPS = 5
"""Groups that are looked at; each takes two questions."""
_CONVERSATIONS = 200
"""In a group every thread is one."""


def effective(settings: Settings) -> dict[str, str]:
    """Every setting in effect, secrets redacted."""
    shown = settings.model_dump(mode="json")
    return {
        name.upper(): "[set]" if isinstance(value, SecretStr) else _plain(shown[name])
        for name, value in settings
        if value is not None
    }


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything, in the order in which things depend on each other. Asks the model's server, Slack and Telegram,
    where they are configured.

    Not to be called where an event loop runs.
    """
    yield Finding(name="python", ok=sys.version_info >= (3, 11), detail=sys.version.split()[0])
    yield examine_sqlite()
    for name in unknown_settings():
        yield Finding(name=name, ok=False, detail="unknown setting; check its spelling, it has no effect")
    yield from _env_file(settings.tizmor_env_file)
    yield _database_url(settings)
    yield _home(settings.tizmor_home)
    yield from examine_storage(settings.tizmor_home, running=_is_running(settings.tizmor_home))
    yield from _workspace(settings.workspace)
    yield from _model(settings)
    yield from _surfaces(settings)


def _env_file(path: Path | None) -> Iterator[Finding]:
    if path is None or not path.is_file():
        return
    where = path.absolute()
    private = is_private(path)
    detail = str(where) if private else f"others can read the tokens in {where}; run: chmod 600 {where}"
    yield Finding(name="env file", ok=private, detail=detail)


def _database_url(settings: Settings) -> Finding:
    url = settings.tizmor_database_url
    detail = "the file under home" if url is None else f"{url}: this version takes SQLite under home only; unset it"
    return Finding(name="database url", ok=url is None, detail=detail)


def _home(home: Path) -> Finding:
    try:
        with own_home(home):
            return Finding(name="home", ok=True, detail=str(home))
    except HomeLockedError:
        return Finding(name="home", ok=True, detail=f"{home} (a process is running)")
    except RequestError as error:
        return Finding(name="home", ok=False, detail=error.detail)


def _workspace(root: Path) -> Iterator[Finding]:
    if not root.exists():
        yield Finding(name="workspace", ok=True, detail=f"{root} does not exist yet; `tizmor demo` makes a sample one")
        return
    for part in ("docs", "contacts.vcf", "calendar.ics", "outbox"):
        there = (root / part).exists()
        yield Finding(
            name=f"workspace {part}", ok=there, detail="" if there else f"{root / part} is missing; create it"
        )


def _model(settings: Settings) -> Iterator[Finding]:
    today = date.today()  # noqa: DTZ011 - the operator's own today
    for said in asyncio.run(look_at_model(settings, today)):
        yield Finding(name=f"model {said.code.removeprefix('model_')}", ok=said.ok, detail=bare(said.text))


def _surfaces(settings: Settings) -> Iterator[Finding]:
    yield Finding(name="web", ok=True, detail=f"http://{settings.tizmor_host}:{settings.tizmor_port}")
    for seen in asyncio.run(examine_slack(settings, lambda: datetime.now(UTC))):
        yield Finding(name=f"slack {seen.code.replace('_', ' ')}", ok=seen.ok, detail=bare(seen.text))
    home = settings.tizmor_home
    around = Surroundings(running=_is_running(home), groups=_groups(home / DATABASE_FILE))
    for seen in asyncio.run(examine_telegram(settings, lambda: datetime.now(UTC), around)):
        yield Finding(name=f"telegram {seen.code.replace('_', ' ')}", ok=seen.ok, detail=bare(seen.text))


def _is_running(home: Path) -> bool:
    try:
        with own_home(home):
            return False
    except HomeLockedError:
        return True
    except RequestError:
        return False


def _groups(path: Path) -> tuple[int, ...]:
    """Groups on Telegram in which something was asked lately, the latest first."""
    talks = map(talk_of, recent_conversations(path, f"{PREFIX}-", _CONVERSATIONS))
    return tuple(dict.fromkeys(talk.chat for talk in talks if talk is not None))[:_MOST_GROUPS]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
