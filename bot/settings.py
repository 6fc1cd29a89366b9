"""Every setting, in one frozen tree: environment first, then ``$TIZMOR_HOME/tizmor.toml``, then defaults.

Nothing else in the product reads the environment. ``tizmor doctor`` prints what is in effect, secrets redacted.
"""

from __future__ import annotations

import os  # the one place that may look at the environment
import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from engine.errors import RequestError


def default_home() -> Path:
    """The platform's data folder for Tizmor, for example ``~/.local/share/tizmor``."""
    base = os.environ.get("XDG_DATA_HOME")  # noqa: TID251 - see the module's docstring
    return Path(base or Path.home() / ".local" / "share") / "tizmor"


class Settings(BaseSettings):
    """All settings. Field names are the environment's, lower-cased."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    tizmor_home: Path = Field(default_factory=default_home)
    """All state of the product: database, token, lock. Change it to keep several installations apart."""
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
    tizmor_budget_usd_per_execution: float | None = Field(default=None, ge=0)
    """Hard cap in US dollars; None: no cap. Nothing costs money without a model."""
    tizmor_budget_usd_per_day: float | None = Field(default=None, ge=0)
    """Hard cap in US dollars per day; None: no cap."""
    tizmor_failpoint: str | None = None
    """For tests: kill the process at a named point, ``name#n``."""
    tizmor_failpoint_log: Path | None = None
    """For tests: write every point passed to this file."""
    anthropic_api_key: SecretStr | None = None
    """Reserved for the model planner; this version plans offline."""
    anthropic_base_url: str | None = None
    """Reserved for the model planner."""
    slack_bot_token: SecretStr | None = None
    """Reserved for the Slack surface."""
    slack_app_token: SecretStr | None = None
    """Reserved for the Slack surface."""
    slack_signing_secret: SecretStr | None = None
    """Reserved for the Slack surface."""
    telegram_bot_token: SecretStr | None = None
    """Reserved for the Telegram surface."""
    telegram_webhook_secret: SecretStr | None = None
    """Reserved for the Telegram surface."""

    @field_validator("tizmor_timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        if value not in available_timezones():
            message = f"{value!r} is no IANA time zone; for example Asia/Jerusalem"
            raise ValueError(message)
        return value

    @property
    def workspace(self) -> Path:
        """The workspace in effect."""
        return self.tizmor_workspace or self.tizmor_home / "workspace"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options, then environment, then the home's file."""
        del dotenv_settings, file_secret_settings
        given = init_settings()
        home = given.get("tizmor_home") or env_settings().get("tizmor_home") or default_home()
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(home) / "tizmor.toml")


def load_settings(**options: Any) -> Settings:
    """Settings with command-line options on top; options that are None count as not given.

    Raises:
        RequestError: ``settings_invalid``, naming each setting and what is wrong with it.
    """
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(str(p) for p in e['loc']).upper()}: {e['msg']}" for e in error.errors())
        raise RequestError("settings_invalid", f"Settings: {faults}.") from error
    except tomllib.TOMLDecodeError as error:
        raise RequestError("settings_invalid", f"tizmor.toml is not valid TOML: {error}.") from error


def unknown_settings() -> list[str]:
    """``TIZMOR_*`` names in the environment that mean nothing."""
    known = {name.upper() for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.startswith("TIZMOR_") and name not in known)  # noqa: TID251
