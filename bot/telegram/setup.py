"""``tizmor init --telegram``: a token from @BotFather, asked about before it is kept in ``.env``.

A bot is made by a person in Telegram; there is nothing else to set up from here. Running it again changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.render.texts import Texts
from bot.setting_up import EXIT_DONE, EXIT_FAILED, EXIT_NOT_YET, EXIT_USAGE, TRIES, Bench, Talk
from bot.settings import Settings
from bot.telegram.api import telegram_api
from bot.telegram.examination import PATIENCE, is_token, words_of
from engine.errors import IntegrationError

TOKEN = "TELEGRAM_BOT_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What is to be set up."""

    keep_in: Path | None
    """The ``.env`` file; None where the operator wants none."""
    kept_elsewhere: frozenset[str] = frozenset()
    """Names of settings that have their home in another file, and are not copied."""


async def set_up_telegram(settings: Settings, aim: Aim, talk: Talk) -> int:
    """Do it; the exit code: 0 all there, 1 refused or out of reach, 2 what was given is no token, 75 it is missing, or a
    webhook is in the way and stays.

    Cancel: stops at once.
    """
    texts = Texts(settings.tizmor_locale, settings.tizmor_timezone)
    bench = Bench(talk, texts, (aim.keep_in or Path(".env")).absolute(), aim.kept_elsewhere)
    if aim.keep_in is None:
        bench.complain("init.nowhere")
        return EXIT_USAGE
    if settings.telegram_bot_token is None and bench.asks:
        bench.say("telegram_init.how")
    given, code = settings.telegram_bot_token, EXIT_NOT_YET
    for _ in range(TRIES):
        given = given or await bench.read("telegram_init.ask_token")
        if given is None:
            break
        code = await _take(settings, given, bench)
        if code in {EXIT_DONE, EXIT_NOT_YET}:
            return code
        given = None
    bench.say("telegram_init.missing", name=TOKEN)
    return code


async def _take(settings: Settings, token: SecretStr, bench: Bench) -> int:
    """Keep the token if Telegram knows it; the exit code."""
    text = token.get_secret_value()
    if not is_token(text):
        bench.complain("doctor_telegram.token_shape")
        return EXIT_USAGE
    try:
        async with telegram_api(text, settings.telegram_api_url) as api, asyncio.timeout(PATIENCE.total_seconds()):
            identity, webhook = await api.identity(), str((await api.webhook()).get("url") or "")
    except (IntegrationError, TimeoutError) as error:
        code, values = words_of(error, settings)
        bench.complain(f"doctor_telegram.{code}", **values)
        return EXIT_FAILED
    bench.say("telegram_init.fits", bot=identity.username, name=identity.name)
    bench.keep({TOKEN: text})
    if webhook and settings.telegram_webhook_secret is None and not await _without(webhook, settings, text, bench):
        return EXIT_NOT_YET
    bench.say("telegram_init.next", link=f"https://t.me/{identity.username}")
    return EXIT_DONE


async def _without(webhook: str, settings: Settings, token: str, bench: Bench) -> bool:
    """Take the webhook away if whoever sits there wants that: another program may live by it."""
    if not await bench.confirm("telegram_init.ask_webhook", url=webhook):
        bench.complain("telegram_init.webhook_stays", url=webhook)
        return False
    try:
        async with telegram_api(token, settings.telegram_api_url) as api, asyncio.timeout(PATIENCE.total_seconds()):
            await api.delete_webhook()
    except (IntegrationError, TimeoutError) as error:
        code, values = words_of(error, settings)
        bench.complain(f"doctor_telegram.{code}", **values)
        return False
    bench.say("telegram_init.webhook_gone")
    return True
