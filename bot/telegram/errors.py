"""What Telegram says where it does not do what was asked, as errors of ours that say what to do about it.

Telegram tells refusals apart by English sentences and by words of its protocol. Those that matter were read in its own server
(tdlib/telegram-bot-api and td, Bot API 10.0, November 2026); every other one is ``other``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from telegram.error import TelegramError

from bot.messenger import MessageGoneError
from bot.telegram.wire import ToldError
from engine.errors import AuthExpiredError, IntegrationError, RefusedError, UnavailableError

DEFAULT_PAUSE = timedelta(seconds=30)
"""After a 429 that does not say for how long."""
SHORTEST_PAUSE = timedelta(seconds=1)
"""After a 429 at least, whatever it says: one that names no time at all would be asked again at once, for ever."""
FLOOD = "flood"
"""Reason of an UnavailableError: it was too much for this chat, or for this method."""

CLOSED = frozenset({"blocked", "chat_not_found", "kicked", "never_started", "no_rights", "topic_closed", "topic_gone"})
"""Reasons of refusals of where it is written."""
_GONE = frozenset({"cannot_edit", "message_gone"})

# The first that is found in the description decides; all are compared in lower case.
_REASONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("not_modified", ("message is not modified", "message_not_modified")),
    ("too_old", ("query is too old", "query_id_invalid")),
    ("migrated", ("upgraded to a supergroup",)),
    ("reply_gone", ("message to be replied not found", "replied message not found", "reply message not found",
                    "reply_message_id_invalid", "reply_to_invalid")),
    ("message_gone", ("message to edit not found", "message not found", "message_id_invalid")),
    ("cannot_edit", ("message can't be edited", "no text in the message to edit", "message_edit_time_expired",
                     "message_author_required")),
    ("topic_closed", ("topic_closed",)),
    ("topic_gone", ("topic_deleted", "topic_id_invalid", "message thread not found")),
    ("entities", ("entities", "entity ", "entity_", "messageentity")),
    ("keyboard", ("keyboard", "button", "reply markup", "reply_markup")),
    ("too_long", ("too long", "too_long")),
    ("empty", ("must be non-empty", "text is empty", "message_empty")),
    ("blocked", ("blocked by the user", "user_is_blocked", "user is deactivated", "input_user_deactivated")),
    ("never_started", ("can't initiate conversation",)),
    ("kicked", ("bot was kicked", "is not a member of", "channel_private")),
    ("no_rights", ("not enough rights", "no rights", "no write access", "write_forbidden", "guest_send_forbidden",
                   "chat_send_", "chat_restricted", "chat_admin_required", "administrator rights", "user_restricted",
                   "user_banned_in_channel")),
    ("chat_not_found", ("chat not found", "chat was deleted", "chat is deactivated", "can't access the chat",
                        "peer_id_invalid", "chat_id_invalid", "channel_invalid")),
)  # fmt: skip
_UNSENT = frozenset({"ConnectError", "ConnectTimeout", "InvalidURL", "ProxyError", "UnsupportedProtocol"})
"""httpx's errors after which nothing can have reached Telegram. Its names, because it is here only by PTB's choice."""
_ANYBODYS = frozenset({413, 429})
"""Statuses that mean the same without words."""
_CROWDED = "PoolTimeout"
"""The same, but for want of a connection of our own."""


def is_unreachable(error: Exception) -> bool:
    """Did the call surely not reach Telegram, because nothing does?"""
    if isinstance(error, ToldError):  # by another server than Telegram's, which gives reasons for what it does not take
        return 300 <= error.status < 500 and not error.message and error.status not in _ANYBODYS
    return type(error.__cause__).__name__ in _UNSENT


def translated(method: str, error: Exception, pause: timedelta, *, known: bool) -> IntegrationError:
    """The error of ours.

    Args:
        method: that was called.
        error: what the client raised.
        pause: how long to wait where the call surely did not happen.
        known: Telegram took our token before, so that nothing but the method can be what it does not find.
    """
    if isinstance(error, ToldError):
        return _told(method, error, pause, known=known)
    if is_unreachable(error) or type(error.__cause__).__name__ == _CROWDED:
        return _unavailable(method, type(error.__cause__).__name__, pause, code="unreachable")
    if isinstance(error, TelegramError) and error.__cause__ is not None:
        return _unavailable(method, type(error.__cause__).__name__)
    return _unavailable(method, type(error).__name__)


def moved_to(error: RefusedError) -> int | None:
    """The id a group has now, where the refusal is that it has another one."""
    to = error.parameters.get("to", "")
    return int(to) if to else None


def reason_of(error: IntegrationError) -> str:
    """The stable word for it."""
    return error.parameters.get("reason", "")


def _told(method: str, error: ToldError, pause: timedelta, *, known: bool) -> IntegrationError:
    status, words = error.status, error.message
    if status == 429:
        return _unavailable(method, FLOOD, _pause(error.parameters.get("retry_after")), code="rate_limited")
    if is_unreachable(error):
        return _unavailable(method, str(status), pause, code="unreachable")
    if not 400 <= status < 500:
        return _unavailable(method, str(status) if status else "senseless_answer")
    parameters = {"method": method, "reason": _reason(status, words), **_destination(error.parameters)}
    if status == 401 or (status == 404 and not known):
        detail = f"{method}: {words or status}. Ask @BotFather for the bot's token and set TELEGRAM_BOT_TOKEN."
        return AuthExpiredError("telegram_token_refused", detail, parameters)
    detail = f"{method}: {words or status}."
    if method == "editMessageText" and parameters["reason"] in _GONE:
        return MessageGoneError("telegram_message_gone", detail, parameters)
    return RefusedError("telegram_refused", detail, parameters)


def _reason(status: int, words: str) -> str:
    """A stable word of ours."""
    if status == 409:
        return "webhook_active" if "webhook is active" in words.lower() else "other_poller"
    if status in {401, 404, 413}:
        return {401: "token", 404: "method", 413: "too_large"}[status]
    lower = words.lower()
    return next((reason for reason, marks in _REASONS if any(mark in lower for mark in marks)), "other")


def _destination(parameters: Mapping[str, object]) -> dict[str, str]:
    to = parameters.get("migrate_to_chat_id")
    return {"to": str(to)} if isinstance(to, int) and to else {}


def _pause(retry_after: object) -> timedelta:
    if isinstance(retry_after, bool) or not isinstance(retry_after, int | float) or not 0 <= retry_after < 10**7:
        return DEFAULT_PAUSE
    return max(timedelta(seconds=retry_after), SHORTEST_PAUSE)


def _unavailable(
    method: str, reason: str, retry_after: timedelta | None = None, *, code: str = "telegram_unavailable"
) -> UnavailableError:
    return UnavailableError(code, f"{method}: {reason}.", {"method": method, "reason": reason}, retry_after=retry_after)
