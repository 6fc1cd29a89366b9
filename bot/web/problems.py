"""Errors as clients see them: ``application/problem+json`` with a stable code, and never a stack."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler
from loguru import logger

from engine.domain.json import JsonObject, JsonValue
from engine.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
    RequestError,
    TizmorError,
    UnavailableError,
)

RETRY_SECONDS = 2
PROBLEM_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[TizmorError], int], ...] = (
    (NotFoundError, 404),
    (NotAllowedError, 403),
    (ConflictError, 409),
    (RequestError, 400),
    (UnavailableError, 503),
)
_CODES = {404: "route_unknown", 405: "method_not_allowed", 413: "body_too_large"}


class HttpProblemError(RequestError):
    """A refusal whose status is HTTP's own business."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code, detail)
        self.status = status
        self.headers: Mapping[str, str] = headers or {}


class FieldProblemError(RequestError):
    """A field is wrong; ``pointer`` is its JSON pointer, empty for the whole body."""

    def __init__(
        self,
        pointer: str,
        advice: str,
        *,
        code: str = "field_invalid",
        others: tuple[tuple[str, str], ...] = (),
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        what = f"Field {pointer}" if pointer else "The body"
        super().__init__(code, f"{what}: {advice}" if code != "field_invalid" else f"{what} {advice}.", parameters)
        self.pointer = pointer
        self.others = others


def json_bytes(value: JsonValue) -> bytes:
    """A value as UTF-8 JSON, Unicode kept; half a character, which no encoding has, stays an escape."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")


def problem(error: TizmorError) -> web.Response:
    """The response for an error raised on purpose."""
    status = _status(error)
    extra: dict[str, JsonValue] = {}
    headers: dict[str, str] = {}
    match error:
        case HttpProblemError():
            headers.update(error.headers)
        case FieldProblemError():
            extra["pointer"] = error.pointer
            if error.others:
                extra["errors"] = [{"pointer": at, "detail": advice} for at, advice in error.others]
        case ConflictError():
            extra.update(_decided(error.parameters))
        case _ if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = str(RETRY_SECONDS)
        case _:
            pass
    return _response(status, error.code, error.detail, extra, headers)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into a problem; the crash barrier of the HTTP door."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return _of_http(error, request)
    except TizmorError as error:
        return problem(error) if _status(error) != HTTPStatus.INTERNAL_SERVER_ERROR else _incident(error, request)
    except Exception as error:  # noqa: BLE001 - the barrier: one request's failure is one answer, never a stack
        return _incident(error, request)


def _status(error: TizmorError) -> int:
    if isinstance(error, HttpProblemError):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def _incident(error: Exception, request: web.Request) -> web.Response:
    incident = secrets.token_hex(8)
    resource = request.match_info.route.resource
    route = resource.canonical if resource else ""
    logger.bind(incident=incident, method=request.method, route=route).opt(exception=error).error("http_request_failed")
    detail = f"Something went wrong on our side; it is logged as incident {incident}. Try again later."
    return _response(500, "internal", detail, {"incident": incident}, {})


def _of_http(error: web.HTTPException, request: web.Request) -> web.Response:
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    details = {
        404: f"There is no {request.path[:200]} here; the routes are listed in /openapi.json.",
        405: f"{request.method} is not possible here; use {headers.get('Allow', 'another method')}.",
    }
    detail = details.get(error.status, error.reason)
    return _response(error.status, _CODES.get(error.status, f"http_{error.status}"), detail, {}, headers)


def _decided(parameters: Mapping[str, str]) -> dict[str, JsonValue]:
    by = parameters.get("decided_by") or parameters.get("who")
    at = parameters.get("decided_at") or parameters.get("when")
    found = {"decided_by": by, "decided_at": at.replace("+00:00", "Z") if at else None}
    return {name: value for name, value in found.items() if value}


def _response(status: int, code: str, detail: str, extra: JsonObject, headers: Mapping[str, str]) -> web.Response:
    body: dict[str, JsonValue] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **extra,
    }
    return web.Response(status=status, body=json_bytes(body), content_type=PROBLEM_TYPE, headers=headers)
