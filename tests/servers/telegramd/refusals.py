"""What Telegram says when it refuses: code, words, parameters. The words are those of its own Bot API server."""

from __future__ import annotations

from typing import Any

from tests.servers.telegramd.log import Json


class ApiError(Exception):
    """``ok: false``."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters: Json = dict(parameters)

    def answer(self) -> Json:
        """The body of the answer."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return body | {"parameters": self.parameters} if self.parameters else body


def bad_request(words: str, **parameters: Any) -> ApiError:
    """400."""
    return ApiError(400, f"Bad Request: {words}", **parameters)


def forbidden(words: str) -> ApiError:
    """403."""
    return ApiError(403, f"Forbidden: {words}")


def conflict(words: str) -> ApiError:
    """409."""
    return ApiError(409, f"Conflict: {words}")


def too_many(seconds: int) -> ApiError:
    """429; also in the header ``Retry-After``."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


UNAUTHORIZED = "Unauthorized"
NOT_FOUND = "Not Found"
NO_METHOD = "Not Found: method not found"
OTHER_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running"
HOOKED = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
BY_WEBHOOK = "terminated by setWebhook request"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content"
    " and reply markup of the message"
)
OLD_QUERY = "query is too old and response timeout expired or query ID is invalid"
