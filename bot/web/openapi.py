"""The OpenAPI 3.1 document, made from the route table and the models; nothing is written twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

from pydantic import TypeAdapter

from bot.web.problems import PROBLEM_TYPE
from bot.web.shapes import ProblemView
from bot.web.site import Parameter, PublicRoute, Route
from engine.domain.json import JsonObject, JsonValue

_REF = "#/components/schemas/{model}"
_PART = re.compile(r"\{(\w+)\}")
_ALWAYS = (400, 401, 403)
_POST_ALWAYS = (413, 415, 422)

AnyRoute = Route | PublicRoute
Schemas = dict[object, JsonValue]


def openapi(routes: Sequence[Route], public: Sequence[PublicRoute], *, version: str) -> JsonObject:
    """Describe every route.

    Args:
        routes: those that demand proof of who asks.
        public: those that do not.
        version: of the product.
    """
    schemas, definitions = _schemas([*routes, *public])
    paths: dict[str, dict[str, JsonValue]] = {}
    for route in [*routes, *public]:
        method = route.method.lower() if isinstance(route, Route) else "get"
        paths.setdefault(route.path, {})[method] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tizmor", "version": version},
        "paths": cast("JsonObject", paths),
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "tizmor_…",
                    "description": "From a one-time link.",
                },
                "ticket": {"type": "apiKey", "in": "query", "name": "ticket", "description": "From POST /api/tickets."},
            },
        },
    }


def _schemas(routes: Sequence[AnyRoute]) -> tuple[Schemas, JsonObject]:
    types: list[Any] = [ProblemView]
    for route in routes:
        types += [kind for kind in (route.gives, _taken(route)) if kind is not None and kind not in types]
    inputs = [(index, "validation", TypeAdapter(kind)) for index, kind in enumerate(types)]
    found, rest = TypeAdapter.json_schemas(cast("Any", inputs), ref_template=_REF)
    schemas = {kind: found[(index, "validation")] for index, kind in enumerate(types)}
    return cast("Schemas", schemas), cast("JsonObject", rest.get("$defs", {}))


def _operation(route: AnyRoute, schemas: Schemas) -> JsonObject:
    operation: dict[str, JsonValue] = {
        "summary": route.summary,
        "operationId": _name(route),
        "parameters": [*_path_parameters(route.path), *map(_parameter, route.parameters)],
        "responses": _responses(route, schemas),
        "security": _security(route),
    }
    taken = _taken(route)
    if taken is not None:
        operation["parameters"] = [*cast("list[JsonValue]", operation["parameters"]), _idempotency()]
        operation["requestBody"] = {
            "required": any(field.is_required() for field in taken.model_fields.values()),
            "content": {"application/json": {"schema": schemas[taken]}},
        }
    return operation


def _responses(route: AnyRoute, schemas: Schemas) -> JsonObject:
    success: dict[str, JsonValue] = {"description": HTTPStatus(route.status).phrase}
    if route.status != HTTPStatus.SEE_OTHER:
        schema = schemas[route.gives] if route.gives is not None else {"type": "string"}
        success["content"] = {route.media: {"schema": schema}}
    responses: dict[str, JsonValue] = {str(route.status): success}
    problems = {*route.other, *(_ALWAYS if isinstance(route, Route) else ()), *(_POST_ALWAYS if _taken(route) else ())}
    for status in sorted(problems):
        entry: dict[str, JsonValue] = {"description": HTTPStatus(status).phrase}
        if status >= HTTPStatus.BAD_REQUEST and isinstance(route, Route):
            entry["content"] = {PROBLEM_TYPE: {"schema": schemas[ProblemView]}}
        responses[str(status)] = entry
    return responses


def _security(route: AnyRoute) -> JsonValue:
    if isinstance(route, PublicRoute):
        return []
    ways: list[JsonValue] = [{"bearer": []}, {"session": []}]
    return [*ways, {"ticket": []}] if route.ticket else ways


def _taken(route: AnyRoute) -> Any:
    return route.takes if isinstance(route, Route) else None


def _name(route: AnyRoute) -> str:
    method = route.method.lower() if isinstance(route, Route) else "get"
    words = re.findall(r"\w+", route.path)
    return "_".join([method, *words])


def _path_parameters(path: str) -> list[JsonValue]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _PART.findall(path)
    ]


def _parameter(parameter: Parameter) -> JsonValue:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _idempotency() -> JsonValue:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Same key and body: the same answer, given once. Same key, other body: 422.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    }
