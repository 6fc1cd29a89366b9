"""The app's tokens: which kind each is, and what Slack itself says of it.

Used where they are taken in (``tizmor init``) and where they are looked at (``tizmor doctor``), so that both say the same.
Errors raised here have a sentence ``doctor_slack.<code>`` in the locales, with their parameters as its values.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, cast

from aiohttp import ClientError
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError

from bot.slack.web import slack_client
from engine.errors import AuthExpiredError, IntegrationError, RefusedError, UnavailableError

PATIENCE = timedelta(seconds=10)
"""Longest wait for an answer of Slack's while somebody sits at the terminal."""

_DEAD = frozenset({
    "account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked", "not_allowed_token_type",
})  # fmt: skip
"""Errors after which another token is needed."""


class TokenKind(StrEnum):
    """What somebody may have copied."""

    BOT = "bot"  # xoxb-: what SLACK_BOT_TOKEN wants
    APP = "app"  # xapp-: what SLACK_APP_TOKEN wants
    CONFIGURATION = "configuration"  # xoxe.xoxp-: makes and changes apps, for twelve hours
    REFRESH = "refresh"  # xoxe-: only good for getting the next configuration or rotating token
    ROTATING = "rotating"  # xoxe.xoxb-: a bot token that ends after twelve hours
    USER = "user"  # xoxp-: acts as a person
    SESSION = "session"  # xoxs-, xoxc-, xoxd-: taken from a browser
    LEGACY = "legacy"  # xoxa-, xoxr-: workspace apps, gone
    SECRET = "secret"  # 32 digits and letters: a signing or client secret
    WEBHOOK = "webhook"  # an address that takes messages
    UNKNOWN = "unknown"  # nothing of the above


_BEGINNINGS = (
    ("xoxe.xoxb-", TokenKind.ROTATING),
    ("xoxe.xoxp-", TokenKind.CONFIGURATION),
    ("xoxe-", TokenKind.REFRESH),
    ("xoxb-", TokenKind.BOT),
    ("xapp-", TokenKind.APP),
    ("xoxp-", TokenKind.USER),
    ("xoxs-", TokenKind.SESSION),
    ("xoxc-", TokenKind.SESSION),
    ("xoxd-", TokenKind.SESSION),
    ("xoxa-", TokenKind.LEGACY),
    ("xoxr-", TokenKind.LEGACY),
    ("https://hooks.slack.com/", TokenKind.WEBHOOK),
)
_SECRET = re.compile(r"[0-9a-z]{32}")
_APP_IN_TOKEN = re.compile(r"xapp-\d+-(A[A-Z0-9]{8,})-")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """Who a bot token is."""

    team: str
    """The workspace's name."""
    bot: str
    """The bot's name in it."""
    bot_id: str
    scopes: frozenset[str]
    """What it may do; empty where Slack did not say."""
    says: datetime | None
    """What Slack's clock said when it answered."""


def kind_of(token: str) -> TokenKind:
    """By its beginning, as Slack writes them."""
    if _SECRET.fullmatch(token):
        return TokenKind.SECRET
    if not re.fullmatch(r"[!-~]+", token):
        return TokenKind.UNKNOWN
    return next((kind for beginning, kind in _BEGINNINGS if token.startswith(beginning)), TokenKind.UNKNOWN)


def app_of(app_token: str) -> str | None:
    """The id of the app an app-level token belongs to, which stands in it."""
    found = _APP_IN_TOKEN.match(app_token)
    return found[1] if found else None


@asynccontextmanager
async def connected(api_url: str, token: SecretStr) -> AsyncGenerator[Any]:
    """A client as the product uses it, for a few questions; typed ``Any`` because the SDK's methods take untyped keywords."""
    async with slack_client(token.get_secret_value(), api_url, PATIENCE) as client:
        yield client


async def identify(client: Any) -> BotIdentity:
    """Ask who the token is, what it may do, and what time it is.

    Raises:
        IntegrationError: ``rejected``, ``unreachable``, ``rate_limited`` or ``refused``.
    """
    async with translated("auth.test", client):
        answer = await client.auth_test()
    return BotIdentity(
        team=str(answer.get("team") or ""),
        bot=str(answer.get("user") or ""),
        bot_id=str(answer.get("bot_id") or ""),
        scopes=_scopes(answer.headers.get("x-oauth-scopes")),
        says=_moment(answer.headers.get("Date")),
    )


async def app_of_bot(client: Any, bot_id: str) -> str | None:
    """The id of the app a bot belongs to; None where Slack does not say. Raises as :func:`identify`."""
    async with translated("bots.info", client):
        answer = await client.bots_info(bot=bot_id)
    return _json(answer.get("bot")).get("app_id")


async def try_socket(client: Any) -> None:
    """Ask with an app-level token for the address of a socket, and let it lapse: a listener would take messages away.

    Raises:
        IntegrationError: ``socket_rejected``, ``socket_scope`` (no ``connections:write``), or as :func:`identify`.
    """
    async with translated("apps.connections.open", client):
        await client.apps_connections_open(app_token=client.token)


@asynccontextmanager
async def translated(method: str, client: Any) -> AsyncGenerator[None]:
    """Turn what goes wrong in a call into an error of ours that has words; ``client`` says where it went."""
    try:
        yield
    except SlackApiError as error:
        raise _refusal(method, error) from error
    except (AttributeError, UnicodeDecodeError) as error:  # the SDK takes any JSON, and plain text, for an object
        raise UnavailableError("broken", f"{method}: senseless answer.", {"method": method, "status": "200"}) from error
    except (ClientError, TimeoutError, OSError) as error:
        detail = f"{method}: {client.base_url} cannot be reached ({type(error).__name__})."
        raise UnavailableError("unreachable", detail, {"host": client.base_url}) from error


def _refusal(method: str, error: SlackApiError) -> IntegrationError:
    response: Any = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    data = _json(getattr(response, "data", None))
    code = str(data.get("error") or "")
    detail = f"{method}: {code or status}."
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        given = str(response.headers.get("Retry-After") or "")
        seconds = given if given.isdecimal() else "30"
        return UnavailableError("rate_limited", detail, {"method": method, "seconds": seconds})
    if status >= 500 or not code:
        return UnavailableError("broken", detail, {"method": method, "status": str(status)})
    socket = "socket_" if method == "apps.connections.open" else ""
    if code in _DEAD:
        return AuthExpiredError(f"{socket}rejected", detail, {"error": code})
    if code == "missing_scope":
        needed = str(data.get("needed") or "")
        return RefusedError("socket_scope" if socket else "scope_refused", detail, {"method": method, "needed": needed})
    if code == "invalid_manifest":
        return RefusedError("manifest_refused", detail, {"problems": _problems(data.get("errors"))})
    return RefusedError("refused", detail, {"method": method, "error": code})


def _problems(errors: object) -> str:
    """Where in the manifest something is wrong, and what."""
    found = [_json(error) for error in cast("list[object]", errors or [])]
    return "; ".join(f"{error.get('pointer') or '/'} {error.get('message') or ''}".strip() for error in found)


def _json(value: object) -> Mapping[str, Any]:
    """An object of an answer; empty where there is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _scopes(header: str | None) -> frozenset[str]:
    return frozenset(scope.strip() for scope in (header or "").split(",") if scope.strip())


def _moment(header: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return found if found.tzinfo else None
