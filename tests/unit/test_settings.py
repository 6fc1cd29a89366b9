"""Settings: from the environment, from `.env`, from the home's file; refused by name where they are wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.doctor import effective
from bot.settings import Settings, load_settings, settings_in_file
from engine.domain.spend import Caps, Money, Price
from engine.errors import RequestError

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Settings of a fresh home and working directory, with these variables set and no others."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)

    def loaded(toml: str = "", env: str | None = None, **environment: str) -> Settings:
        (tmp_path / "tizmor.toml").write_text(toml, encoding="utf-8")
        if env is not None:
            (tmp_path / ".env").write_text(env, encoding="utf-8")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return load_settings(tizmor_home=tmp_path)

    return loaded


def test_without_key_and_address_there_is_no_model(load: Load) -> None:
    assert load().has_model is False
    assert load(ANTHROPIC_API_KEY="", ANTHROPIC_BASE_URL="  ").has_model is False


def test_a_key_or_an_address_alone_makes_a_model(load: Load) -> None:
    assert load(ANTHROPIC_BASE_URL="http://127.0.0.1:8080").has_model is True
    assert load(ANTHROPIC_API_KEY="sk-secret", ANTHROPIC_BASE_URL="").has_model is True
    assert "sk-secret" not in repr(load(ANTHROPIC_API_KEY="sk-secret"))


def test_each_role_has_its_model_and_its_effort(load: Load) -> None:
    plain = load()
    assert (plain.tizmor_planner_model, plain.tizmor_planner_effort) == ("claude-sonnet-5-5", "medium")
    assert (plain.tizmor_agent_model, plain.tizmor_agent_effort) == ("claude-haiku-5-5", "low")
    other = load(TIZMOR_AGENT_MODEL="llama", TIZMOR_AGENT_EFFORT="xhigh")
    assert (other.tizmor_agent_model, other.tizmor_agent_effort) == ("llama", "xhigh")


def test_budgets_become_caps_to_the_nano_dollar(load: Load) -> None:
    assert load().caps == Caps()
    assert load(TIZMOR_BUDGET_USD_PER_EXECUTION="0.41", TIZMOR_BUDGET_USD_PER_DAY="0").caps == Caps(
        per_execution=Money(410_000_000), per_day=Money()
    )


def test_own_prices_are_read_from_the_file_and_what_is_left_out_is_charged_dearly(load: Load) -> None:
    toml = '[tizmor_prices."llama-4"]\ninput = 2.0\noutput = 10\n[tizmor_prices.free]\ninput = 0\noutput = 0\n'
    assert load(toml).own_prices == {
        "llama-4": Price(input=2_000, output=10_000, cache_read=2_000, cache_write_5m=2_500, cache_write_1h=4_000),
        "free": Price(input=0, output=0, cache_read=0, cache_write_5m=0, cache_write_1h=0),
    }


def test_own_prices_from_the_environment_win(load: Load) -> None:
    toml = "[tizmor_prices.m]\ninput = 1.0\noutput = 1.0\n"
    prices = load(toml, TIZMOR_PRICES='{"m": {"input": 3, "output": 4, "cache_read": 0.3}}').own_prices
    assert (prices["m"].input, prices["m"].output, prices["m"].cache_read) == (3_000, 4_000, 300)


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("TIZMOR_PRICES", "{", "TIZMOR_PRICES: is no JSON"),
        ("TIZMOR_PRICES", '{"m": {"input": -1, "output": 1}}', "TIZMOR_PRICES.m.input"),
        ("TIZMOR_PRICES", '{"m": {"input": 1}}', "TIZMOR_PRICES.m.output"),
        ("TIZMOR_PRICES", '{"m": {"input": 1, "output": 1, "Cached": 1}}', "TIZMOR_PRICES.m.Cached"),
        ("TIZMOR_PRICES", '{"m": {"input": NaN, "output": 1}}', "TIZMOR_PRICES"),
        ("TIZMOR_PLANNER_EFFORT", "extreme", "TIZMOR_PLANNER_EFFORT"),
        ("TIZMOR_AGENT_MODEL", "", "TIZMOR_AGENT_MODEL"),
        ("TIZMOR_BUDGET_USD_PER_DAY", "nan", "TIZMOR_BUDGET_USD_PER_DAY"),
        ("TIZMOR_BUDGET_USD_PER_DAY", "-1", "TIZMOR_BUDGET_USD_PER_DAY"),
        ("TIZMOR_MODEL_CONNECT_SECONDS", "0", "TIZMOR_MODEL_CONNECT_SECONDS"),
        ("TIZMOR_MODEL_CONNECTIONS", "0", "TIZMOR_MODEL_CONNECTIONS"),
        ("ANTHROPIC_BASE_URL", "localhost:8080", "'localhost:8080' is no address"),
        ("ANTHROPIC_BASE_URL", "http://[::1", "ANTHROPIC_BASE_URL"),
        ("TELEGRAM_WEBHOOK_SECRET", "no spaces", "TELEGRAM_WEBHOOK_SECRET: Value error, Telegram takes 1 to 256"),
        ("TELEGRAM_WEBHOOK_SECRET", "x" * 257, "TELEGRAM_WEBHOOK_SECRET"),
        ("TELEGRAM_WEBHOOK_SECRET", "סוד", "TELEGRAM_WEBHOOK_SECRET"),
        ("TELEGRAM_API_URL", "localhost:8081", "TELEGRAM_API_URL: Value error, write the root only"),
        ("TELEGRAM_API_URL", "http://127.0.0.1:8081/bot", "TELEGRAM_API_URL"),
        ("TELEGRAM_API_URL", "http://127.0.0.1:99999", "TELEGRAM_API_URL"),
        ("TELEGRAM_API_URL", "http://me:word@127.0.0.1:8081", "TELEGRAM_API_URL"),
        ("TELEGRAM_API_URL", "http://127.0.0.1:8081/?x=1", "TELEGRAM_API_URL"),
    ],
)
def test_a_wrong_setting_is_named(load: Load, name: str, value: str, named: str) -> None:
    with pytest.raises(RequestError) as refused:
        load(**{name: value})
    assert refused.value.code == "settings_invalid"
    assert named in refused.value.detail


def test_telegrams_settings_are_read_and_its_secrets_never_shown(load: Load) -> None:
    secret = "A-z_0" * 51 + "x"
    loaded = load(TELEGRAM_BOT_TOKEN=" 12:AAsecret\n", TELEGRAM_WEBHOOK_SECRET=secret)
    assert loaded.telegram_bot_token is not None
    assert loaded.telegram_bot_token.get_secret_value() == "12:AAsecret"
    assert loaded.telegram_webhook_secret is not None
    assert loaded.telegram_webhook_secret.get_secret_value() == secret
    assert "AAsecret" not in f"{loaded!r} {effective(loaded)}"
    assert secret not in f"{loaded!r} {effective(loaded)}"
    blank = load(TELEGRAM_BOT_TOKEN=" ", TELEGRAM_WEBHOOK_SECRET="")
    assert (blank.telegram_bot_token, blank.telegram_webhook_secret) == (None, None)


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("", "https://api.telegram.org"),
        ("  ", "https://api.telegram.org"),
        ("http://127.0.0.1:8081/", "http://127.0.0.1:8081"),
        ("https://proxy.example.com/telegram//", "https://proxy.example.com/telegram"),
        ("https://botapi.example.com/botapi", "https://botapi.example.com/botapi"),
    ],
)
def test_the_bot_api_has_a_root_that_calls_can_be_put_behind(load: Load, given: str, root: str) -> None:
    assert load().telegram_api_url == "https://api.telegram.org"
    assert load(TELEGRAM_API_URL=given).telegram_api_url == root


def test_a_token_in_the_address_is_refused_without_being_repeated(load: Load) -> None:
    with pytest.raises(RequestError) as refused:
        load(TELEGRAM_API_URL="http://127.0.0.1:8081/bot12:AAsecret/getMe")
    assert "without a token" in refused.value.detail
    assert "AAsecret" not in f"{refused.value.detail} {refused.value}"


def test_the_environment_wins_over_the_env_file_and_that_over_the_homes_file(load: Load) -> None:
    toml = 'tizmor_agent_model = "toml"\ntizmor_planner_model = "toml"\ntizmor_locale = "he"\n'
    env = "TIZMOR_AGENT_MODEL=file\nTIZMOR_PLANNER_MODEL=file # a comment\nSOMEBODY_ELSES=1\n"
    loaded = load(toml, env, TIZMOR_AGENT_MODEL="environment")
    assert (loaded.tizmor_agent_model, loaded.tizmor_planner_model, loaded.tizmor_locale) == (
        "environment",
        "file",
        "he",
    )


def test_a_token_of_the_env_file_is_read_and_never_shown(load: Load) -> None:
    loaded = load(env="export SLACK_BOT_TOKEN='xoxb-secret-1'\nSLACK_APP_TOKEN=\n")
    assert loaded.slack_bot_token is not None
    assert loaded.slack_bot_token.get_secret_value() == "xoxb-secret-1"
    assert loaded.slack_app_token is None
    assert "xoxb-secret-1" not in repr(loaded)
    assert effective(loaded)["SLACK_BOT_TOKEN"] == "[set]"


def test_an_empty_variable_switches_a_token_of_the_env_file_off(load: Load) -> None:
    assert load(env="SLACK_BOT_TOKEN=xoxb-1\n", SLACK_BOT_TOKEN="").slack_bot_token is None


def test_the_env_file_can_say_where_home_is_and_its_file_is_then_read(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load()
    (tmp_path / ".env").write_text(f"TIZMOR_HOME={tmp_path / 'other'}\n", "utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tizmor.toml").write_text('tizmor_locale = "he"\n', "utf-8")
    loaded = load_settings()
    assert (loaded.tizmor_home, loaded.tizmor_locale) == (tmp_path / "other", "he")
    assert settings_in_file(tmp_path / "other") == {"TIZMOR_LOCALE"}
    assert settings_in_file(tmp_path / "nowhere") == frozenset()


def test_another_env_file_can_be_named_or_none(load: Load, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("TIZMOR_LOCALE=he\n", "utf-8")
    assert load(env="TIZMOR_LOCALE=en\n", TIZMOR_ENV_FILE=str(tmp_path / "tokens")).tizmor_locale == "he"
    assert load(env="TIZMOR_LOCALE=he\n", TIZMOR_ENV_FILE="").tizmor_locale == "en"


def test_an_env_file_that_everybody_can_write_is_refused_with_its_mend(load: Load, tmp_path: Path) -> None:
    load(env="TIZMOR_LOCALE=he\n")
    (tmp_path / ".env").chmod(0o666)
    with pytest.raises(RequestError) as refused:
        load()
    assert refused.value.code == "env_file_unsafe"
    assert f"chmod 600 {tmp_path / '.env'}" in refused.value.detail


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_an_env_file_of_another_user_is_refused(load: Load, tmp_path: Path) -> None:
    load(env="SLACK_API_URL=http://127.0.0.1:1/api/\n")
    os.chown(tmp_path / ".env", 12345, 12345)
    with pytest.raises(RequestError) as refused:
        load()
    assert "another user" in refused.value.detail


def test_a_bad_line_of_the_env_file_names_its_setting(load: Load) -> None:
    with pytest.raises(RequestError) as refused:
        load(env="TIZMOR_PORT=many\n")
    assert "TIZMOR_PORT" in refused.value.detail


def test_a_file_that_is_no_text_is_refused(load: Load, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    with pytest.raises(RequestError) as refused:
        load()
    assert "UTF-8" in refused.value.detail
