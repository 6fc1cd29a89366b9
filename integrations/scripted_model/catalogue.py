"""The Models API: which models there are and how long they live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.domain.json import JsonObject
from integrations.scripted_model.errors import ApiError
from integrations.scripted_model.options import ServedModel, ServerOptions

_USUAL, _MOST = 20, 1_000


def list_models(query: Mapping[str, str], options: ServerOptions) -> JsonObject:
    """One page, as ``GET /v1/models`` gives it; ``limit``, ``after_id`` and ``before_id`` are honoured.

    Raises:
        ApiError: 400 for a limit that is none, or an id nobody has.
    """
    models = list(options.models)
    limit = _limit(query.get("limit", str(_USUAL)))
    ids = [model.id for model in models]
    if "after_id" in query:
        models = models[_place(ids, query["after_id"]) + 1 :]
    if "before_id" in query:
        models = models[: _place(ids, query["before_id"])][-limit:]
    page = models[:limit]
    return {
        "data": [describe(model) for model in page],
        "has_more": len(models) > len(page),
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
    }


def describe(model: ServedModel) -> JsonObject:
    """One model, as the API shows it."""
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.display_name,
        "created_at": _moment(model.created_at),
        "lifecycle": model.lifecycle,
        "deprecated_at": None if model.lifecycle == "active" else _moment(model.created_at),
        "retires_at": _moment(model.retires_at) if model.retires_at else None,
        "max_input_tokens": model.max_input_tokens,
        "max_tokens": model.max_tokens,
        "line": None,
        "capabilities": None,
    }


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        raise ApiError(400, f"limit: Input should be between 1 and {_MOST}")
    return int(text)


def _place(ids: list[str], name: str) -> int:
    if name not in ids:
        raise ApiError(400, f"model: {name}")
    return ids.index(name)


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
