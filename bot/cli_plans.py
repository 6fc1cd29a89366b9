"""``tizmor plan …``: versions of a plan, and changes of it, from the command line. Each function's docstring is its help."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import App, Parameter

from bot.command_line import Home, print_json, run_until_done, token_of, with_product

plan = App(name="plan", help="Look at the versions of a plan, and change it.")

Json = Annotated[bool, Parameter(name="--json", help="Print JSON.")]
Use = Callable[[Any, Any], Awaitable[int]]
"""Something done with a client of the API and the words of the execution's language."""


@plan.command
def versions(execution: str, *, home: Home = None, json: Json = False) -> int:
    """List every version, and what each made different.

    Args:
        execution: whose plan.
        home: folder of all state.
        json: print JSON.
    """

    async def show(client: Any, texts: Any) -> int:
        from bot.plan_terminal import versions as drawn  # noqa: PLC0415 - imports cost time that --help need not pay

        found = await client.get(f"{_path(execution)}/plans")
        _print(found, lambda: drawn(found, texts), as_json=json)
        return 0

    return run_until_done(_with_words(execution, home, show))


@plan.command
def compare(execution: str, before: int, after: int, *, home: Home = None, json: Json = False) -> int:
    """Say what one version makes different from another.

    Args:
        execution: whose plan.
        before: version to compare with.
        after: version to describe.
        home: folder of all state.
        json: print JSON.
    """

    async def show(client: Any, texts: Any) -> int:
        from bot.plan_terminal import difference as drawn  # noqa: PLC0415

        found = await client.get(f"{_path(execution)}/plans/compare?from={before}&to={after}")
        _print(found, lambda: drawn(found, texts), as_json=json)
        return 0

    return run_until_done(_with_words(execution, home, show))


@plan.command
def back(execution: str, version: int, *, home: Home = None, json: Json = False) -> int:
    """Go back to an older version: what is done stays so, and the rest is done as that one said.

    Args:
        execution: whose plan.
        version: the one to go back to.
        home: folder of all state.
        json: print JSON.
    """
    return _edit(execution, {"go_back": version}, home, as_json=json)


@plan.command
def drop(execution: str, *steps: str, home: Home = None, json: Json = False) -> int:
    """Leave out steps, with whatever needs one of them.

    Args:
        execution: whose plan.
        steps: their ids.
        home: folder of all state.
        json: print JSON.
    """
    return _edit(execution, {"drop": list(steps)}, home, as_json=json)


@plan.command
def retry(execution: str, step: str, *, home: Home = None, json: Json = False) -> int:
    """Do a step again that failed or was skipped, with what waits for it.

    Args:
        execution: whose plan.
        step: its id.
        home: folder of all state.
        json: print JSON.
    """
    return _edit(execution, {"retry": step}, home, as_json=json)


@plan.command
def fork(execution: str, step: str | None = None, *, text: str = "", home: Home = None, json: Json = False) -> int:
    """Do an execution that is done again from a step on, live; what was done before that stays as it was.

    Exit codes as of ask.

    Args:
        execution: which.
        step: id of the first step to do again; without it, whatever failed.
        text: what is to be different, in words.
        home: folder of all state.
        json: print the new execution as JSON instead of text.
    """

    async def follow(client: Any, texts: Any) -> int:
        from bot.terminal import Conversation, Prompt, read_line  # noqa: PLC0415

        body = {name: value for name, value in (("step", step), ("text", text)) if value}
        return await Conversation(client, texts, Prompt(read=read_line), as_json=json).fork(execution, body)

    return run_until_done(_with_words(execution, home, follow))


def _edit(execution: str, body: dict[str, Any], home: Any, *, as_json: bool) -> int:
    async def send(client: Any, texts: Any) -> int:
        from bot.plan_terminal import edited as drawn  # noqa: PLC0415

        found = await client.post(f"{_path(execution)}/plan", body)
        _print(found, lambda: drawn(found, texts), as_json=as_json)
        return 0

    return run_until_done(_with_words(execution, home, send))


async def _with_words(execution: str, home: Any, use: Use) -> int:
    """Use the product with a client of its API and the words of the execution's language."""

    async def with_client(settings: Any, url: str) -> int:
        from bot.client import ApiClient  # noqa: PLC0415
        from bot.render.texts import Texts  # noqa: PLC0415
        from engine.domain.request import dominant_locale  # noqa: PLC0415

        async with ApiClient(url, token_of(settings)) as client:
            found = await client.get(_path(execution))
            return await use(client, Texts(dominant_locale(found["request"]), settings.tizmor_timezone))

    return await with_product(home, with_client)


def _path(execution: str) -> str:
    return f"/api/orchestrate/{quote(execution, safe='')}"


def _print(found: Any, drawn: Callable[[], Any], *, as_json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415

    if as_json:
        print_json(found)
    else:
        Console(highlight=False).print(drawn())
