"""Looks whether the configured models can be used, before anybody asks one. Says it in codes; words are rendered elsewhere.

Codes: ``model_key_missing``, ``model_key_wrong`` {host}, ``model_unreachable`` {host}, ``model_unknown`` {model, role},
``model_retired`` {model, role}: no call of that role will succeed. ``model_retiring`` {model, role, on}: it will end on that
day (ISO date, empty where it is not announced). ``model_not_listed`` {model, role}: a compatible server does not name it.
``model_unchecked`` {host, code}: the server could not tell now.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import BaseModel, Field

from engine.errors import AuthExpiredError, TizmorError, UnavailableError
from engine.ports.language_model import ModelRole
from integrations.anthropic.errors import Target, families, translate

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

    from integrations.anthropic.model import AnthropicModel

SOON = timedelta(days=90)
"""A model that ends within this time is worth a word."""

# Ends the SDK and the documentation announce (read 2026-11-24); the Models API, where it says one, is right.
_ENDS = {"claude-sonnet-4-5": date(2026, 11, 30)}
_DATED = re.compile(r"-\d{8}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be."""

    code: str
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])


class _Info(BaseModel):
    """What the Models API says of one model, as far as it matters."""

    lifecycle: str = "active"
    retires_at: datetime | None = None


class _Listed(BaseModel):
    id: str = ""


class _List(BaseModel):
    data: list[_Listed] = Field(default_factory=list[_Listed])


async def examine(model: AnthropicModel, today: date) -> tuple[Finding, ...]:
    """Ask the server for every configured model, once. Costs nothing; an empty answer means that all is well.

    A compatible server without ``/v1/models`` is fine. Cancel: stops at once.

    Args:
        model: opened; the SDK is loaded if it was not.
        today: what "soon" is counted from.
    """
    options = model.options
    if options.lacks_key:
        return (Finding(code="model_key_missing"),)
    roles = {role: options.of(role).model for role in ModelRole}
    findings: list[Finding] = []
    try:
        client = await model.warm()
        async with model.patience():
            if not options.official:
                return await _compatible(client, roles)
            for role, name in roles.items():
                findings += await _official(client, role, name, today)
    except UnavailableError as error:
        findings.append(_fault(error, options.host))
    except families() as error:
        findings.append(_fault(translate(error, Target(model="", host=options.host)), options.host))
    return tuple(findings)


def _fault(error: TizmorError, host: str) -> Finding:
    if isinstance(error, AuthExpiredError) or error.code == "model_unreachable":
        return Finding(code=error.code, parameters={"host": host})
    return Finding(code="model_unchecked", parameters={"host": host, "code": error.code})


async def _official(client: AsyncAnthropic, role: ModelRole, name: str, today: date) -> list[Finding]:
    import anthropic  # noqa: PLC0415 - loaded with the client, in a thread

    about = {"model": name, "role": str(role)}
    ends = _ENDS.get(name) or _ENDS.get(_DATED.sub("", name))
    try:
        answer: object = await client.get(f"/v1/models/{quote(name, safe='')}", cast_to=object)
        info = _Info.model_validate(answer)
    except ValueError as error:
        raise UnavailableError("model_broken", f"/v1/models answers what nobody can read: {error}") from error
    except anthropic.NotFoundError:
        gone = ends is not None and ends < today
        return [Finding(code="model_retired" if gone else "model_unknown", parameters=about)]
    if info.lifecycle == "retired":
        return [Finding(code="model_retired", parameters=about)]
    ends = info.retires_at.date() if info.retires_at else ends
    if ends is None and info.lifecycle == "active":
        return []
    if ends is not None and ends - today > SOON:
        return []
    return [Finding(code="model_retiring", parameters=about | {"on": ends.isoformat() if ends else ""})]


async def _compatible(client: AsyncAnthropic, roles: Mapping[ModelRole, str]) -> tuple[Finding, ...]:
    import anthropic  # noqa: PLC0415 - loaded with the client, in a thread

    try:
        answer: object = await client.get("/v1/models", cast_to=object)
        listed = _List.model_validate(answer)
    except (anthropic.AuthenticationError, anthropic.PermissionDeniedError):
        raise
    except (anthropic.APIStatusError, anthropic.APIResponseValidationError, ValueError):
        return ()
    names = {model.id for model in listed.data} | {model.id.partition(":")[0] for model in listed.data}
    return tuple(
        Finding(code="model_not_listed", parameters={"model": name, "role": str(role)})
        for role, name in roles.items()
        if names and name not in names
    )
