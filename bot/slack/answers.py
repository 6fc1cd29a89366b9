"""What Slack answers to a call: its fields, or an error of ours that says what to do."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import timedelta
from typing import Any, cast

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError

from bot.messenger import MessageGoneError
from engine.errors import AuthExpiredError, IntegrationError, RefusedError, UnavailableError

DEFAULT_PAUSE = timedelta(seconds=30)
"""After a 429 that does not say for how long."""

_DEAD = frozenset({
    "account_inactive", "invalid_auth", "not_allowed_token_type", "not_authed", "token_expired", "token_revoked",
})  # fmt: skip
"""Another token is needed."""
_LIMITED = frozenset({"ratelimited", "rate_limited"})
_PASSING = frozenset({
    "external_channel_migrating", "fatal_error", "internal_error", "request_timeout", "service_unavailable",
    "team_added_to_org",
})  # fmt: skip
"""Slack's own trouble, told with a good status."""
_GONE = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})


async def ask(method: str, call: Awaitable[Any]) -> Any:
    """The answer (``AsyncSlackResponse``, which the SDK does not type).

    Args:
        method: as Slack calls it.
        call: of the SDK's client, which makes it once.

    Raises:
        UnavailableError: ``slack_unavailable``.
        AuthExpiredError: ``slack_token_refused``.
        MessageGoneError: what was to be edited is not there any more, or may not be edited.
        RefusedError: ``slack_refused``.
    """
    try:
        return await call
    except SlackApiError as error:
        raise _translated(method, error) from error
    except (ClientError, TimeoutError, OSError) as error:
        raise unavailable(method, type(error).__name__) from error
    except (AttributeError, UnicodeDecodeError) as error:  # the SDK takes any JSON, and plain text, for an object
        raise unavailable(method, "senseless_answer") from error


def unavailable(method: str, reason: str, retry_after: timedelta | None = None) -> UnavailableError:
    """Nobody knows whether it was done; with ``retry_after``: it was not, and Slack wants to be left alone for so long."""
    parameters = {"method": method, "reason": reason}
    return UnavailableError("slack_unavailable", f"{method}: {reason}.", parameters, retry_after=retry_after)


def refused(method: str, reason: str, problems: str) -> RefusedError:
    """Slack does not do it, and says so in a word."""
    detail = f"{method}: {reason}{f' ({problems[:400]})' if problems else ''}."
    return RefusedError("slack_refused", detail, {"method": method, "reason": reason})


def object_of(value: object) -> Mapping[str, Any]:
    """An object of an answer; empty where there is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _translated(method: str, error: SlackApiError) -> IntegrationError:
    response: Any = error.response  # the SDK's, or aiohttp's own where the body was not JSON
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    data = object_of(getattr(response, "data", None))
    reason = str(data.get("error") or "")
    if status == 429 or reason in _LIMITED:
        return unavailable(method, reason or "429", _pause(response.headers.get("Retry-After")))
    if status >= 500 or not reason or reason in _PASSING:
        return unavailable(method, reason or str(status))
    if reason in _DEAD:
        detail = f"{method}: {reason}. Install the app again and set SLACK_BOT_TOKEN."
        return AuthExpiredError("slack_token_refused", detail, {"method": method, "reason": reason})
    if method == "chat.update" and reason in _GONE:
        return MessageGoneError("slack_message_gone", f"{method}: {reason}.", {"method": method, "reason": reason})
    problems = object_of(data.get("response_metadata")).get("messages") or data.get("needed") or ""
    return refused(method, reason, str(problems))


def _pause(header: str | None) -> timedelta:
    try:
        return timedelta(seconds=max(float(header or ""), 0))
    except (ValueError, OverflowError):
        return DEFAULT_PAUSE
