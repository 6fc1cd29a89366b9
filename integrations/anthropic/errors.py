"""Turns everything the SDK, its HTTP client and the sockets raise into our errors; the engine reads their class only.

Called after the SDK has been loaded. What may be raised is :func:`families`; anything else is a bug and passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import TYPE_CHECKING

from engine.errors import AuthExpiredError, IntegrationError, InternalError, RefusedError, TizmorError, UnavailableError

if TYPE_CHECKING:
    from anthropic import APIStatusError

_LONGEST_DETAIL = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What was asked, for the words of an error."""

    model: str
    host: str


def families() -> tuple[type[Exception], ...]:
    """Everything a call may raise before its answer begins. ``TypeError`` is how the SDK says that it has no key."""
    import anthropic  # noqa: PLC0415 - loaded with the client, in a thread
    import httpx2  # noqa: PLC0415

    return anthropic.AnthropicError, httpx2.HTTPError, httpx2.InvalidURL, OSError, TypeError


def broken_stream() -> tuple[type[Exception], ...]:
    """Everything that may be raised while an answer is read: sockets, encodings, and events that are no JSON."""
    import httpx2  # noqa: PLC0415 - loaded with the client, in a thread

    return httpx2.HTTPError, httpx2.StreamError, OSError, ValueError


def translate(error: Exception, target: Target) -> TizmorError:
    """Our error for one of :func:`families`, raised before the answer began.

    The connection's own faults are all ``model_unreachable``; the SDK hides them in its own, and they say little.
    """
    import anthropic  # noqa: PLC0415 - loaded with the client, in a thread
    import httpx2  # noqa: PLC0415

    if isinstance(error, anthropic.APIStatusError):
        return _by_status(error, target)
    if isinstance(error, anthropic.APIResponseValidationError):
        return UnavailableError("model_broken", f"{target.host} answered what nobody can read: {error.message}.")
    causes = _causes(error)
    if any(isinstance(cause, httpx2.LocalProtocolError) for cause in causes):
        # The message would hold the key.
        return no_key(target, "the key holds characters that no key has")
    if isinstance(error, anthropic.CredentialsError) or (isinstance(error, TypeError) and "auth" in str(error)):
        return no_key(target, "there is none")
    if isinstance(error, TypeError):
        return InternalError("model_request", f"The SDK does not take what it was given: {error}.")
    return unreachable(target, f"{type(causes[-1]).__name__} {causes[-1]}".strip()[:_LONGEST_DETAIL])


def no_key(target: Target, why: str) -> AuthExpiredError:
    """There is no usable key, and the server wants one."""
    return AuthExpiredError(
        "model_key_wrong",
        f"No key for {target.host}: {why}. Set ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL for a compatible server.",
        {"model": target.model, "host": target.host},
    )


def unreachable(target: Target, why: str) -> UnavailableError:
    """Nobody answers there, or somebody who does not speak the Messages API."""
    return UnavailableError(
        "model_unreachable",
        f"{target.host} cannot be reached: {why}. Check the network and ANTHROPIC_BASE_URL.",
        {"model": target.model, "host": target.host},
    )


def _by_status(error: APIStatusError, target: Target) -> IntegrationError:
    status, kind = error.status_code, error.type
    said = (error.api_message or error.message)[:_LONGEST_DETAIL]
    called = f", request {error.request_id}" if error.request_id else ""
    detail = f"{target.host} answered {status} for {target.model}: {said}{called}."
    parameters = {"model": target.model, "host": target.host}
    if status in {429, 529} or kind in {"overloaded_error", "rate_limit_error"}:
        after = retry_after(error.response.headers)
        return UnavailableError("model_overloaded", detail, parameters, retry_after=after)
    if status in {401, 402, 403}:
        return AuthExpiredError("model_key_wrong", f"{detail} Check the key and its account.", parameters)
    if status == 404:
        # Whoever does not speak the API says 404 to everything, in words of their own.
        unknown = RefusedError("model_unknown", f"{detail} Choose another model.", parameters)
        return unknown if kind is not None else unreachable(target, f"{detail} It has no /v1/messages")
    if status == 413:
        return RefusedError("model_request_too_large", f"{detail} Ask for less at once.", parameters)
    if status in {408, 409} or status >= 500:
        after = retry_after(error.response.headers)
        return UnavailableError("model_broken", detail, parameters, retry_after=after)
    return RefusedError("model_request_invalid", detail, parameters)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """How long to wait, as the headers say: milliseconds, seconds, or a date, by the server's own clock if it tells it."""
    for name, unit in (("retry-after-ms", timedelta(milliseconds=1)), ("retry-after", timedelta(seconds=1))):
        amount = _number(headers.get(name, ""))
        if amount is not None:
            return min(amount, 86_400_000) * unit
    until = _date(headers.get("retry-after", ""))
    if until is None:
        return None
    return max(until - (_date(headers.get("date", "")) or datetime.now(UTC)), timedelta(0))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) and value >= 0 else None


def _date(text: str) -> datetime | None:
    try:
        value = parsedate_to_datetime(text)
    except ValueError:
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _causes(error: BaseException) -> list[BaseException]:
    """An error and what caused it, outermost first; the last one names the socket's fault."""
    causes = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    return causes
