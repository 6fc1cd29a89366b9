"""What is said of the model before anybody asks it, against a real server on loopback."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.doctor import effective
from bot.models import Said, look_at_model, model_options, price_gaps, prices
from bot.settings import Settings, load_settings

TODAY = date(2026, 11, 24)
_MARKS = re.compile("[\u2068\u2069]")
UNPRICED_EN = (
    "Spending is limited by TIZMOR_BUDGET_USD_PER_EXECUTION and TIZMOR_BUDGET_USD_PER_DAY, but llama"
    " (TIZMOR_AGENT_MODEL) has no price, so nothing can be counted against the limit. Give it a price in"
    " TIZMOR_PRICES, or lift the limit."
)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def settings(home: Path, **more: Any) -> Settings:
    return load_settings(tizmor_home=home, **more)


def told(said: tuple[Said, ...]) -> list[tuple[str, bool, str]]:
    return [(one.code, one.ok, _MARKS.sub("", one.text)) for one in said]


@asynccontextmanager
async def server(status: int, body: object) -> AsyncGenerator[str]:
    async def models(_request: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_without_a_model_it_is_said_what_that_means_and_how_to_get_one(tmp_path: Path) -> None:
    (english,) = await look_at_model(settings(tmp_path), TODAY)
    assert english.ok
    assert english.text.startswith("No language model is set up: requests are planned offline")
    (hebrew,) = await look_at_model(settings(tmp_path, tizmor_locale="he"), TODAY)
    assert hebrew.text.startswith("לא הוגדר מודל שפה")


async def test_a_server_of_ones_own_that_answers_is_ready(tmp_path: Path) -> None:
    listed = {"data": [{"id": "claude-sonnet-5-5"}, {"id": "claude-haiku-5-5"}]}
    async with server(200, listed) as url:
        said = told(await look_at_model(settings(tmp_path, anthropic_base_url=url), TODAY))
    host = url.removeprefix("http://")
    assert said == [
        ("ready", True, f"claude-sonnet-5-5 makes plans, claude-haiku-5-5 works for the agents, at {host}."),
        (
            "compatible",
            True,
            f"{host} is not the provider's own server: what it does with caching and effort is up to it.",
        ),
    ]


async def test_a_model_the_server_does_not_name_is_a_warning(tmp_path: Path) -> None:
    async with server(200, {"data": [{"id": "claude-sonnet-5-5"}]}) as url:
        said = told(await look_at_model(settings(tmp_path, anthropic_base_url=url), TODAY))
    assert said[0][0] == "ready"
    assert said[2] == (
        "model_not_listed",
        True,
        "The server does not name a model claude-haiku-5-5. If calls fail, check TIZMOR_AGENT_MODEL.",
    )


async def test_a_key_that_is_not_accepted_is_wrong_and_nothing_is_called_ready(tmp_path: Path) -> None:
    error = {"type": "error", "error": {"type": "authentication_error", "message": "no"}}
    async with server(401, error) as url:
        said = told(await look_at_model(settings(tmp_path, anthropic_base_url=url, tizmor_locale="he"), TODAY))
    host = url.removeprefix("http://")
    assert [one[:2] for one in said] == [("compatible", True), ("model_key_wrong", False)]
    assert said[1][2] == f"השרת {host} לא קיבל את המפתח. כדאי לבדוק את ANTHROPIC_API_KEY."


async def test_a_server_that_is_not_there_cannot_be_reached(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        said = told(await look_at_model(settings(tmp_path, anthropic_base_url=url), TODAY))
    assert said[-1][:2] == ("model_unreachable", False)
    assert "cannot be reached. Check the network" in said[-1][2]


def test_a_cap_and_a_model_without_a_price_contradict_each_other_and_both_are_named(tmp_path: Path) -> None:
    about = {"anthropic_base_url": "http://127.0.0.1:9", "tizmor_agent_model": "llama"}
    caps = {"tizmor_budget_usd_per_execution": 1.0, "tizmor_budget_usd_per_day": 5.0}
    assert told(price_gaps(settings(tmp_path, **about, **caps))) == [("unpriced_capped", False, UNPRICED_EN)]
    assert told(price_gaps(settings(tmp_path, **about, **caps, tizmor_locale="he"))) == [
        (
            "unpriced_capped",
            False,
            "ההוצאה מוגבלת לפי TIZMOR_BUDGET_USD_PER_EXECUTION ו־TIZMOR_BUDGET_USD_PER_DAY, אבל אין מחיר למודל llama"
            " (TIZMOR_AGENT_MODEL), ולכן אין מה לספור מול התקרה. יש לתת לו מחיר ב־TIZMOR_PRICES, או לבטל את התקרה.",
        )
    ]
    assert [one[:2] for one in told(price_gaps(settings(tmp_path, **about)))] == [("unpriced", True)]


def test_a_price_of_ones_own_or_no_model_ends_the_contradiction(tmp_path: Path) -> None:
    about = {"tizmor_agent_model": "llama", "tizmor_budget_usd_per_day": 5.0}
    assert price_gaps(settings(tmp_path, **about)) == ()
    own = {"llama": {"input": 0, "output": 0}}
    priced = settings(tmp_path, **about, anthropic_base_url="http://127.0.0.1:9", tizmor_prices=own)
    assert price_gaps(priced) == ()
    assert prices(priced).version.endswith("+own")


def test_the_adapter_is_told_what_the_settings_say(tmp_path: Path) -> None:
    given = settings(
        tmp_path,
        anthropic_api_key="sk-x",
        tizmor_planner_effort="max",
        tizmor_model_silence_seconds=3,
        tizmor_model_connections=2,
    )
    options = model_options(given)
    assert (options.planner.model, options.planner.effort, options.agent.effort) == ("claude-sonnet-5-5", "max", "low")
    assert (options.timeouts.connect, options.timeouts.between_events) == (timedelta(seconds=5), timedelta(seconds=3))
    assert (options.connections, options.api_key, options.official) == (2, "sk-x", True)


def test_what_is_in_effect_is_told_without_secrets(tmp_path: Path) -> None:
    own = {"llama": {"input": 1.5, "output": 2}}
    shown = effective(settings(tmp_path, anthropic_api_key="sk-secret", tizmor_prices=own))
    assert shown["ANTHROPIC_API_KEY"] == "[set]"
    assert shown["TIZMOR_PRICES"].startswith('{"llama": {"input": 1.5, "output": 2.0')
    assert "sk-secret" not in str(shown)
