"""The command line. Each function's docstring is its help."""

from __future__ import annotations

import asyncio
import gc
import sys
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from bot import __version__
from bot.cli_plans import plan
from bot.cli_storage import backup, restore
from bot.command_line import Home, print_json, run_until_done, settings_from, token_of, with_product
from engine.errors import RequestError, TizmorError

app = App(
    name="tizmor",
    version=__version__,
    help="Write what you want done; Tizmor plans it, asks before it acts, and does it.",
)
app.command(plan)
app.command(backup)
app.command(restore)

Port = Annotated[int | None, Parameter(help="Port of the web door; 0 takes a free one.")]
Host = Annotated[str | None, Parameter(help="Address of the web door.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Of the Slack app. Asked for, or taken from the environment, when not given; a command line is seen by others."""

    config_token: str | None = None
    """xoxe.xoxp-…: makes or updates the app."""
    bot_token: str | None = None
    """xoxb-…: the bot's own."""
    app_token: str | None = None
    """xapp-…: opens Socket Mode."""
    signing_secret: str | None = None
    """With --http: what Slack signs with."""
    app_id: str | None = None
    """A…: the app to update, when it is not one that init made from here."""


@app.command
def demo(
    *, home: Home = None, port: Port = None, host: Host = None, model: Literal["", "scripted"] | None = None
) -> int:
    """Serve the local chat over a sample workspace; no key needed.

    Args:
        home: folder of all state.
        port: of the web door; 0 takes a free one.
        host: address of the web door.
        model: "scripted" plans and writes with scripted answers in the place of a language model, and says so.
    """
    from integrations.local_workspace.sample import create_sample  # noqa: PLC0415 - only the demo needs it

    settings = settings_from(home, port, host, quiet=True, tizmor_scripted_model=model == "scripted" or None)
    create_sample(settings.workspace, date.today())  # noqa: DTZ011 - the person's own today
    return run_until_done(_serve(settings))


@app.command
def run(*, home: Home = None, port: Port = None, host: Host = None) -> int:
    """Serve every configured surface until stopped."""
    return run_until_done(_serve(settings_from(home, port, host), outside=True))


@app.command
def init(
    credentials: Annotated[Credentials | None, Parameter(name="*")] = None,
    *,
    telegram: Annotated[bool, Parameter(negative="")] = False,
    http: Annotated[bool, Parameter(negative="")] = False,
    no_input: Annotated[bool, Parameter(name="--no-input", negative="")] = False,
    manifest: Path | None = None,
    home: Home = None,
) -> int:
    """Set up Slack: make or update the app, check its tokens, keep them in .env. With --telegram, set up Telegram.

    Running it again is harmless. Exit codes: 0 all there, 1 refused, 2 something given is wrong, 75 something is missing.

    Args:
        credentials: of the app.
        telegram: take in the token of a Telegram bot, typed or from TELEGRAM_BOT_TOKEN, in the place of all that.
        http: delivery to TIZMOR_PUBLIC_URL in the place of Socket Mode.
        no_input: ask nothing; use what is given.
        manifest: of the app, when not the one that comes with Tizmor.
        home: folder of all state.
    """
    given = asdict(credentials or Credentials())
    asks = not no_input and sys.stdin.isatty()
    if telegram:
        if http or manifest or any(given.values()):
            raise RequestError(
                "init_mixed", "Only --no-input and --home go with --telegram; the others are about Slack."
            )
        return run_until_done(_init_telegram(settings_from(home, None, None, quiet=True), asks=asks))
    settings = settings_from(home, None, None, quiet=True, **{f"slack_{name}": value for name, value in given.items()})
    return run_until_done(_init(settings, manifest, over_http=http, asks=asks))


@app.command
def ask(request: str, *, home: Home = None, json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Do one request in the terminal: live plan, questions at the prompt.

    Talks to the running process if the home is in use. Exit codes: 0 done, 1 failed, 2 usage, 75 waiting for an answer.

    Args:
        request: what you would like done, in Hebrew or English.
        home: folder of all state.
        json: print the execution as JSON instead of text.
    """
    return run_until_done(_ask(request, home, as_json=json))


@app.command
def undo(execution_id: str, /, *, home: Home = None, json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Take back what an execution did, within ten minutes of its end: a meeting it made or moved, a document it saved.

    What somebody has changed since stays. Exit codes: 0 all taken back, 1 not all of it, 2 it cannot be.

    Args:
        execution_id: as `tizmor ask --json` and the API name it.
        home: folder of all state.
        json: print the undo as JSON instead of text.
    """
    return run_until_done(_undo(execution_id, home, as_json=json))


@app.command
def costs(*, home: Home = None, days: int = 30, json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Show what model calls cost, by day, person and model.

    Args:
        home: folder of all state.
        days: how far back to look, today included.
        json: print JSON instead of a table.
    """
    return run_until_done(_costs(home, days, as_json=json))


@app.command
def doctor(*, home: Home = None, json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Show the effective settings, what is wrong, and how to mend it."""
    from bot.doctor import effective, examine  # noqa: PLC0415

    settings = settings_from(home, None, None)
    findings = list(examine(settings))
    if json:
        print_json({"settings": effective(settings), "findings": [_finding(f) for f in findings]})
    else:
        for name, value in effective(settings).items():
            print(f"  {name} = {value}")
        for finding in findings:
            print(f"{'ok ' if finding.ok else 'BAD'} {finding.name}: {finding.detail}")
    return 0 if all(f.ok for f in findings) else 1


@app.command
def migrate(*, home: Home = None) -> int:
    """Bring the database to this version's schema."""
    from storage.database import DATABASE_FILE, HEAD, own_home  # noqa: PLC0415
    from storage.database import migrate as bring  # noqa: PLC0415

    settings = settings_from(home, None, None)
    with own_home(settings.tizmor_home):
        bring(settings.tizmor_home / DATABASE_FILE)
    print(f"schema {HEAD}")
    return 0


def main(arguments: list[str] | None = None) -> None:
    """Run a command and leave with its exit code; an error on purpose is one line on standard error."""
    try:
        code = app(arguments, exit_on_error=True)
    except TizmorError as error:
        print(error.detail, file=sys.stderr)
        code = 2 if isinstance(error, RequestError) else 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


async def _serve(settings: Any, *, outside: bool = False) -> int:
    from bot.serve import leave_at_once, serve, until_stopped  # noqa: PLC0415

    why = ""
    async with serve(settings, outside=outside) as serving:
        gc.freeze()  # what start-up made lives as long as the process: walking it again and again would hold everybody up
        print(f"Tizmor is ready: {serving.url}")
        if settings.tizmor_scripted_model:
            print("Scripted answers in the place of a language model; every card says so.")
        print(f"Open once to sign in: {serving.login_link()}", flush=True)
        async with asyncio.TaskGroup() as group:
            looking = [group.create_task(_say_what_is_wrong_with_the_model(settings))]
            if outside:
                looking.append(group.create_task(_say_what_chats_need(serving.tizmor, settings)))
            why = await until_stopped(serving.tizmor)
            for look in looking:
                look.cancel()
        print("Stopping; everything unfinished goes on at the next start.", flush=True)
    if why:
        print(why, file=sys.stderr)
        leave_at_once(1)
    return 0


async def _say_what_chats_need(tizmor: Any, settings: Any) -> None:
    for said in await about_chats(tizmor, settings):
        print(said, flush=True)


async def about_chats(tizmor: Any, settings: Any) -> list[str]:
    """What the operator should know of the chats outside at the start: that there is none, what one lacks, how to become
    its owner; nothing of one that is not configured beside one that is."""
    from bot.render.texts import Texts, bare  # noqa: PLC0415

    if tizmor.slack is None and tizmor.telegram is None:
        return [bare(Texts(settings.tizmor_locale).say("chat_start.absent"))]
    said = [await about_slack(tizmor, settings)] if tizmor.slack else []
    said += [await about_telegram(tizmor, settings)] if tizmor.telegram else []
    return [words for words in said if words]


async def about_slack(tizmor: Any, settings: Any) -> str:
    """What the operator should know of Slack at the start: what it lacks, or how to become its owner; empty for nothing."""
    from bot.render.texts import Texts, bare  # noqa: PLC0415

    texts = Texts(settings.tizmor_locale)
    if tizmor.slack.trouble:
        return bare(texts.say(tizmor.slack.trouble))
    code = await tizmor.slack.claim_code()
    return bare(texts.say("slack_start.claim", command=f"/tizmor claim {code}")) if code else ""


async def about_telegram(tizmor: Any, settings: Any) -> str:
    """The same of Telegram."""
    from bot.render.texts import Texts, bare  # noqa: PLC0415

    texts = Texts(settings.tizmor_locale)
    if tizmor.telegram.trouble:
        return bare(texts.say(tizmor.telegram.trouble))
    way = await tizmor.telegram.claim_link()
    named = "command" if way.startswith("/") else "link"
    return bare(texts.say(f"chat_start.claim_{named}", **{named: way})) if way else ""


async def _init(settings: Any, manifest: Path | None, *, over_http: bool, asks: bool) -> int:
    from bot.settings import settings_in_file  # noqa: PLC0415
    from bot.slack.manifest import MANIFEST  # noqa: PLC0415
    from bot.slack.setup import Aim, set_up_slack  # noqa: PLC0415

    aim = Aim(
        manifest=manifest or MANIFEST,
        keep_in=settings.tizmor_env_file,
        over_http=over_http,
        kept_elsewhere=settings_in_file(settings.tizmor_home),
    )
    return await set_up_slack(settings, aim, _talk(asks=asks))


async def _init_telegram(settings: Any, *, asks: bool) -> int:
    from bot.settings import settings_in_file  # noqa: PLC0415
    from bot.telegram.setup import Aim, set_up_telegram  # noqa: PLC0415

    aim = Aim(keep_in=settings.tizmor_env_file, kept_elsewhere=settings_in_file(settings.tizmor_home))
    return await set_up_telegram(settings, aim, _talk(asks=asks))


def _talk(*, asks: bool) -> Any:
    from bot.setting_up import Talk  # noqa: PLC0415
    from bot.terminal import read_line, read_secret  # noqa: PLC0415

    return Talk(
        say=lambda text: print(text, flush=True),
        complain=lambda text: print(text, file=sys.stderr, flush=True),
        read_secret=read_secret if asks else None,
        read_line=read_line if asks else None,
    )


async def _say_what_is_wrong_with_the_model(settings: Any) -> None:
    """Look once, beside everything else: what is missing or wrong is said before anybody's request meets it."""
    from bot.models import look_at_model  # noqa: PLC0415
    from bot.render.texts import bare  # noqa: PLC0415

    if settings.tizmor_scripted_model:
        return
    for said in await look_at_model(settings, date.today()):  # noqa: DTZ011 - the operator's own today
        if not said.ok or said.code not in {"ready", "compatible"}:
            print(bare(said.text), file=sys.stderr, flush=True)


async def _ask(request: str, home: Path | None, *, as_json: bool) -> int:
    async def converse(settings: Any, url: str) -> int:
        return await _converse(settings, url, request, as_json=as_json)

    return await with_product(home, converse)


async def _undo(execution_id: str, home: Path | None, *, as_json: bool) -> int:
    async def take_back(settings: Any, url: str) -> int:
        from bot.client import ApiClient  # noqa: PLC0415
        from bot.render.texts import Texts  # noqa: PLC0415
        from bot.terminal import Conversation, Prompt, read_line  # noqa: PLC0415

        async with ApiClient(url, token_of(settings)) as client:
            texts = Texts(settings.tizmor_locale, settings.tizmor_timezone)
            conversation = Conversation(client, texts, Prompt(read=read_line), as_json=as_json)
            return await conversation.undo(execution_id)

    return await with_product(home, take_back)


async def _costs(home: Path | None, days: int, *, as_json: bool) -> int:
    async def show(settings: Any, url: str) -> int:
        from rich.console import Console  # noqa: PLC0415

        from bot.client import ApiClient  # noqa: PLC0415
        from bot.render.texts import Texts  # noqa: PLC0415
        from bot.terminal_view import costs as table  # noqa: PLC0415

        since = date.today() - timedelta(days=max(days, 1) - 1)  # noqa: DTZ011 - the operator's own today
        async with ApiClient(url, token_of(settings)) as client:
            found = await client.get(f"/api/costs?since={since.isoformat()}")
        if as_json:
            print_json(found)
        else:
            Console().print(table(found, Texts(settings.tizmor_locale)))
        return 0

    return await with_product(home, show)


async def _converse(settings: Any, url: str, request: str, *, as_json: bool) -> int:
    from bot.client import ApiClient  # noqa: PLC0415
    from bot.render.texts import Texts  # noqa: PLC0415
    from bot.terminal import Conversation, Prompt, read_line  # noqa: PLC0415
    from engine.domain.request import dominant_locale  # noqa: PLC0415

    async with ApiClient(url, token_of(settings)) as client:
        conversation = Conversation(
            client, Texts(dominant_locale(request), settings.tizmor_timezone), Prompt(read=read_line), as_json=as_json
        )
        return await conversation.ask(request)


def _finding(finding: Any) -> dict[str, Any]:
    return {"name": finding.name, "ok": finding.ok, "detail": finding.detail}
