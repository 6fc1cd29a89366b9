"""What every command of the command line is run with: its settings, an event loop, and the product it talks to."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, cast

from cyclopts import Parameter

from engine.errors import RequestError

Home = Annotated[Path | None, Parameter(help="Folder of all state.")]


def settings_from(home: Path | None, port: int | None, host: str | None, *, quiet: bool = False, **options: Any) -> Any:
    """The effective settings, with logs set up; ``quiet``: only errors are logged where no level was asked for.

    Raises:
        RequestError: a setting is wrong.
    """
    from bot.logs import set_up_logs  # noqa: PLC0415 - imports cost time that --help need not pay
    from bot.settings import load_settings  # noqa: PLC0415

    settings = load_settings(tizmor_home=home, tizmor_port=port, tizmor_host=host, **options)
    asked = "tizmor_log_level" in settings.model_fields_set
    set_up_logs(settings.tizmor_log_level if asked or not quiet else "ERROR")
    return settings


def run_until_done(work: Coroutine[Any, Any, int]) -> int:
    """Run a command's work in a loop of its own; of several errors at once, the first is raised."""
    try:
        return asyncio.run(work)
    except BaseExceptionGroup as errors:
        raise _first(errors) from None


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error


async def with_product(home: Path | None, use: Callable[[Any, str], Awaitable[int]]) -> int:
    """Use the running process of the home through its door, or one of our own where none runs."""
    from bot.serve import ENDPOINT_FILE, serve  # noqa: PLC0415
    from storage.database import HomeLockedError  # noqa: PLC0415

    settings = settings_from(home, 0, None, quiet=True)
    try:
        async with serve(settings) as serving:
            return await use(settings, serving.url)
    except* HomeLockedError:
        url = _endpoint(settings.tizmor_home / ENDPOINT_FILE)
    return await use(settings, url)


def _endpoint(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RequestError(
            "home_locked", f"{path.parent} is in use by a process that is starting or does not serve; try again."
        ) from error


def token_of(settings: Any) -> str:
    """The owner's token, as the product wrote it at its first start."""
    token: str = (settings.tizmor_home / "api_token").read_text(encoding="utf-8").strip()
    return token


def print_json(value: Any) -> None:
    """Print a value for programs."""
    sys.stdout.write(f"{json.dumps(value, ensure_ascii=False)}\n")
