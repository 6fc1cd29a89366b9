"""Every setting, in one frozen tree: environment, then ``.env``, then ``$TIZMOR_HOME/tizmor.toml``, then defaults.

Nothing else in the product reads the environment. ``tizmor doctor`` prints what is in effect, secrets redacted.
"""

from __future__ import annotations

import os  # the one place that may look at the environment
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from bot.env_file import refuse_if_unsafe
from engine.domain.spend import Caps, Money, Price
from engine.errors import RequestError

Effort = Literal["low", "medium", "high", "xhigh", "max"]
"""How hard a model thinks: more is slower and dearer, and better at what is hard."""

TELEGRAM_API = "https://api.telegram.org"
"""Where bots speak to Telegram unless ``TELEGRAM_API_URL`` says otherwise."""

_NANO_PER_MILLION = 1_000
"""A dollar per million tokens is so many nano-dollars a token."""

_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""What Telegram takes. Source: Bot API, setWebhook, ``secret_token``."""

_PAST_THE_ROOT = re.compile(r"/bot(\d+:.*)?$")
"""Of an address of the Bot API, what calls put behind the root themselves."""


class OwnPrice(BaseModel):
    """What a model costs here, in US dollars per million tokens.

    A class that is not given is charged as dearly as providers do, so that a cap is never passed unseen: reading from a
    cache like fresh input, writing into one for five minutes 1.25 times, for an hour twice as much.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cache_read: float | None = Field(default=None, ge=0)
    cache_write_5m: float | None = Field(default=None, ge=0)
    cache_write_1h: float | None = Field(default=None, ge=0)
    long_from: int | None = Field(default=None, ge=1)
    """A call whose whole input is more tokens than this costs ``long_factor`` times as much; None: all cost the same."""
    long_factor: int = Field(default=1, ge=1)

    def to_domain(self) -> Price:
        """The same in nano-dollars a token."""
        return Price(
            input=_nano(self.input),
            output=_nano(self.output),
            cache_read=_nano(self.input if self.cache_read is None else self.cache_read),
            cache_write_5m=_nano(1.25 * self.input if self.cache_write_5m is None else self.cache_write_5m),
            cache_write_1h=_nano(2 * self.input if self.cache_write_1h is None else self.cache_write_1h),
            long_from=self.long_from,
            long_factor=self.long_factor,
        )


def default_home() -> Path:
    """The platform's data folder for Tizmor, for example ``~/.local/share/tizmor``."""
    base = os.environ.get("XDG_DATA_HOME")  # noqa: TID251 - see the module's docstring
    return Path(base or Path.home() / ".local" / "share") / "tizmor"


class Settings(BaseSettings):
    """All settings. Field names are the environment's, lower-cased."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    tizmor_home: Path = Field(default_factory=default_home)
    """All state of the product: database, token, lock. Change it to keep several installations apart."""
    tizmor_env_file: Path | None = Path(".env")
    """File of ``NAME=value`` lines with any of these settings, kept by ``tizmor init``; the environment wins over it.
    Relative to the working directory. Only the environment can name another one; an empty name reads none."""
    tizmor_host: str = "127.0.0.1"
    """Address the web door listens on; loopback, because the door is for this machine until you say otherwise."""
    tizmor_port: int = Field(default=8787, ge=0, le=65535)
    """Port of the web door; 0 takes a free one."""
    tizmor_database_url: str | None = None
    """SQLAlchemy URL; None is the SQLite file under home, the only one this version takes."""
    tizmor_workspace: Path | None = None
    """Folder with ``docs/``, ``contacts.vcf``, ``calendar.ics``, ``outbox/``; None is ``workspace`` under home."""
    tizmor_timezone: str = "Asia/Jerusalem"
    """IANA zone people live in unless their request says otherwise."""
    tizmor_locale: str = "en"
    """Language of what belongs to no request: ``en`` or ``he``."""
    tizmor_log_level: str = "INFO"
    """Least level that is logged."""
    tizmor_public_url: str | None = None
    """Where people reach the web door from outside, if they do."""
    tizmor_budget_usd_per_execution: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Hard cap in US dollars on the model calls of one execution; None: no cap. At 80 % a person is asked, at 100 % the
    execution pauses; raise it, start again and resume."""
    tizmor_budget_usd_per_day: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Hard cap in US dollars on the model calls of everybody in one calendar day of ``TIZMOR_TIMEZONE``; None: no cap."""
    tizmor_prices: Mapping[str, OwnPrice] = Field(default_factory=dict[str, OwnPrice])
    """Your prices by model id, over the ones that come with Tizmor: for a local server, or a contract of your own. In
    ``tizmor.toml`` a table each, ``[tizmor_prices."model-id"]`` with ``input = 2.0`` and ``output = 10.0``; in the
    environment one JSON object."""
    tizmor_planner_model: str = Field(default="claude-sonnet-5-5", min_length=1)
    """Model that makes plans; a plan is worth the stronger one. Whatever the service at hand calls it."""
    tizmor_agent_model: str = Field(default="claude-haiku-5-5", min_length=1)
    """Model agents read, summarise and write with; they call it often, so it is the cheaper one."""
    tizmor_planner_effort: Effort = "medium"
    """How hard the planner's model thinks: ``low``, ``medium``, ``high``, ``xhigh`` or ``max``."""
    tizmor_agent_effort: Effort = "low"
    """How hard the agents' model thinks; as above."""
    tizmor_model_connect_seconds: float = Field(default=5, gt=0, allow_inf_nan=False)
    """Longest wait for a connection to the model; more only behind a slow proxy."""
    tizmor_model_first_byte_seconds: float = Field(default=60, gt=0, allow_inf_nan=False)
    """Longest wait for an answer to begin; a local server that loads its model first may need more."""
    tizmor_model_silence_seconds: float = Field(default=30, gt=0, allow_inf_nan=False)
    """Longest silence within an answer; after it the call counts as broken off and is tried again."""
    tizmor_model_call_seconds: float = Field(default=600, gt=0, allow_inf_nan=False)
    """Longest call from its first to its last byte; long plans at high effort take minutes."""
    tizmor_model_connections: int = Field(default=8, ge=1)
    """Calls to the model at once; further ones wait. A local server that answers one at a time wants 1."""
    tizmor_scripted_model: bool = False
    """For the demonstration and tests: answers come from a script on loopback, in the place of any model. Every card says so."""
    tizmor_failpoint: str | None = None
    """For tests: kill the process at a named point, ``name#n``."""
    tizmor_failpoint_log: Path | None = None
    """For tests: write every point passed to this file."""
    anthropic_api_key: SecretStr | None = None
    """Key of the model's service; with neither key nor address everything is planned offline."""
    anthropic_base_url: str | None = None
    """Address of a server that speaks the same protocol, such as ``http://127.0.0.1:8080``; alone it needs no key. None
    is the provider's own."""
    slack_bot_token: SecretStr | None = None
    """``xoxb-…``: the bot's own token, from *OAuth & Permissions* of the app. Without it Slack is not started."""
    slack_app_token: SecretStr | None = None
    """``xapp-…``: with it messages come over Socket Mode, and no public address is needed."""
    slack_signing_secret: SecretStr | None = None
    """Without an app token: what Slack signs its requests to ``/slack/events`` with."""
    slack_api_url: str = "https://slack.com/api/"
    """Base address of Slack's Web API, ending in ``/api/``; another one for a local server."""
    slack_app_id: str | None = None
    """``A…``: the app ``tizmor init`` made and updates; written by it, used for links in what ``doctor`` says."""
    slack_config_token: SecretStr | None = None
    """``xoxe.xoxp-…``: app configuration token, with which ``tizmor init`` makes and updates the app and ``doctor`` sees
    its subscriptions. It ends after twelve hours; never kept."""
    telegram_bot_token: SecretStr | None = None
    """``123456:AA…``: the bot's token, from @BotFather. Without it Telegram is not started."""
    telegram_webhook_secret: SecretStr | None = None
    """With it Telegram delivers to ``/telegram/webhook`` on ``TIZMOR_PUBLIC_URL``, and proves itself by it; without it
    Tizmor asks for updates, and no public address is needed. 1 to 256 of ``A-Z a-z 0-9 _ -``: make one up."""
    telegram_api_url: str = TELEGRAM_API
    """Root of the Bot API, without ``/bot`` and token; another one for a local server."""

    @field_validator("tizmor_timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        if value not in available_timezones():
            message = f"{value!r} is no IANA time zone; for example Asia/Jerusalem"
            raise ValueError(message)
        return value

    @field_validator(
        "anthropic_api_key",
        "anthropic_base_url",
        "slack_bot_token",
        "slack_app_token",
        "slack_signing_secret",
        "slack_app_id",
        "slack_config_token",
        "telegram_bot_token",
        "telegram_webhook_secret",
        "tizmor_env_file",
        mode="before",
    )
    @classmethod
    def _blank_is_absent(cls, value: object) -> object:
        return (value.strip() or None) if isinstance(value, str) else value

    @field_validator("anthropic_base_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname):
            message = f"{value!r} is no address; write one such as http://127.0.0.1:8080"
            raise ValueError(message)
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _can_be_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _WEBHOOK_SECRET.fullmatch(value.get_secret_value()):
            message = (
                "Telegram takes 1 to 256 of A-Z a-z 0-9 _ - only; make one, for example, with openssl rand -hex 32"
            )
            raise ValueError(message)
        return value

    @field_validator("telegram_api_url", mode="before")
    @classmethod
    def _is_the_root(cls, value: object) -> object:
        """Blank is Telegram's own; what is wrong is not repeated, because a token may stand in it."""
        if not isinstance(value, str):
            return value
        root = value.strip().rstrip("/") or TELEGRAM_API
        parts = urlsplit(root)
        spare = parts.query or parts.fragment or "@" in parts.netloc or _PAST_THE_ROOT.search(parts.path)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0 or spare:
            message = "write the root only, such as http://127.0.0.1:8081, without /bot and without a token"
            raise ValueError(message)
        return root

    @property
    def workspace(self) -> Path:
        """The workspace in effect."""
        return self.tizmor_workspace or self.tizmor_home / "workspace"

    @property
    def has_model(self) -> bool:
        """Is a language model configured? Whether it answers is another question."""
        return self.anthropic_api_key is not None or self.anthropic_base_url is not None

    @property
    def caps(self) -> Caps:
        """The budgets, as the engine counts them."""
        return Caps(
            per_execution=_money(self.tizmor_budget_usd_per_execution), per_day=_money(self.tizmor_budget_usd_per_day)
        )

    @property
    def own_prices(self) -> dict[str, Price]:
        """The operator's prices, as the engine counts them."""
        return {model: price.to_domain() for model, price in self.tizmor_prices.items()}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options, then environment, then the working directory's ``.env``, then the home's file."""
        del dotenv_settings, file_secret_settings
        given, environment = init_settings(), env_settings()
        file = env_file({**environment, **given})
        if file is not None:
            refuse_if_unsafe(file)
        dotenv = DotEnvSettingsSource(settings_cls, file, "utf-8", "only_existing")
        homes = (source.get("tizmor_home") for source in (given, environment, dotenv()))
        home = Path(next((home for home in homes if home), default_home()))
        return init_settings, env_settings, dotenv, TomlConfigSettingsSource(settings_cls, home / "tizmor.toml")


def env_file(given: Mapping[str, Any]) -> Path | None:
    """The ``.env`` in effect, there or not, by what options and environment say of it; None: none is read."""
    named = given.get("tizmor_env_file", ".env")
    return Path(named).absolute() if named and str(named).strip() else None


def load_settings(**options: Any) -> Settings:
    """Settings with command-line options on top; options that are None count as not given.

    Raises:
        RequestError: ``settings_invalid``, naming each setting and what is wrong with it.
    """
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        faults = "; ".join(f"{_place(e['loc'])}: {e['msg']}" for e in error.errors())
        raise RequestError("settings_invalid", f"Settings: {faults}.") from error
    except SettingsError as error:
        example = '{"model-id": {"input": 2.0, "output": 10.0}}'
        raise RequestError("settings_invalid", f"Settings: TIZMOR_PRICES: is no JSON; write {example}.") from error
    except tomllib.TOMLDecodeError as error:
        raise RequestError("settings_invalid", f"tizmor.toml is not valid TOML: {error}.") from error
    except UnicodeDecodeError as error:
        raise RequestError("settings_invalid", f"tizmor.toml or .env is not UTF-8: {error}.") from error


def revealed(secret: SecretStr | None) -> str:
    """A secret's value, for whoever hands it to its service; empty where there is none."""
    return secret.get_secret_value() if secret is not None else ""


def settings_in_file(home: Path) -> frozenset[str]:
    """Names, as the environment writes them, that ``tizmor.toml`` gives a value."""
    try:
        return frozenset(name.upper() for name in tomllib.loads((home / "tizmor.toml").read_text("utf-8")))
    except FileNotFoundError:
        return frozenset()


def unknown_settings() -> list[str]:
    """``TIZMOR_*`` names in the environment that mean nothing."""
    known = {name.upper() for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.startswith("TIZMOR_") and name not in known)  # noqa: TID251


def _place(path: tuple[int | str, ...]) -> str:
    """The setting's name, and where inside it."""
    return ".".join([str(path[0]).upper(), *map(str, path[1:])]) if path else ""


def _nano(dollars_per_million: float) -> int:
    return round(dollars_per_million * _NANO_PER_MILLION)


def _money(dollars: float | None) -> Money | None:
    return None if dollars is None else Money.usd(dollars)
