"""Errors in the API's own shape (platform.claude.com/docs/en/api/errors, read 2026-11-24)."""

from __future__ import annotations

from typing import Any

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_SAID = {
    401: "invalid x-api-key",
    402: "Your credit balance is too low to access the API.",
    403: "Your API key does not have permission to use the specified resource.",
    404: "Not found",
    413: "Request exceeds the maximum size",
    429: "This request would exceed your rate limit.",
    500: "Internal server error",
    504: "The request timed out.",
    529: "Overloaded",
}


class ApiError(Exception):
    """A request that is answered with an error.

    Args:
        status: the HTTP status; it says the error's type.
        message: in the API's words; empty: the usual ones.
        kind: another type than the status has.
        retry_after: seconds for the ``retry-after`` header.
    """

    def __init__(self, status: int, message: str = "", kind: str = "", retry_after: float | None = None) -> None:
        self.status = status
        self.message = message or _SAID.get(status, "Error")
        self.kind = kind or _KINDS.get(status, "invalid_request_error" if status < 500 else "api_error")
        self.headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
        super().__init__(f"{status} {self.kind}: {self.message}")

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON body, of a response or of an ``error`` event."""
        return {"type": "error", "error": {"type": self.kind, "message": self.message}, "request_id": request_id}


STATUS_OF = {"overloaded_error": 529, "api_error": 500, "rate_limit_error": 429}
"""What an error in a stream would have been as a status."""
