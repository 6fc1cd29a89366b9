"""A client of the HTTP API, for the terminal: the same door as everybody's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

from engine.errors import RequestError


class ApiClient:
    """Speaks contract.md's HTTP. Use with ``async with``."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    async def __aenter__(self) -> Self:
        """Open a connection pool."""
        self._session = aiohttp.ClientSession(
            self._url,
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=aiohttp.ClientTimeout(total=None, connect=5, sock_read=60),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self._session.close()

    async def get(self, path: str) -> dict[str, Any]:
        """GET a JSON object.

        Raises:
            RequestError: the problem the server named.
        """
        async with self._session.get(path) as response:
            return await _body(response)

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST a JSON object. Raises as :meth:`get`."""
        async with self._session.post(path, json=body) as response:
            return await _body(response)

    async def stream(self, execution_id: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """The execution's server-sent events as (name, data), until the stream ends."""
        async with self._session.get(f"/api/orchestrate/stream/{execution_id}") as response:
            name, data = "message", ""
            async for raw in response.content:
                line = raw.decode().rstrip("\n\r")
                if line.startswith("event:"):
                    name = line[6:].strip()
                elif line.startswith("data:"):
                    data += line[5:].strip()
                elif not line and data:
                    yield name, json.loads(data)
                    name, data = "message", ""


async def _body(response: aiohttp.ClientResponse) -> dict[str, Any]:
    body: dict[str, Any] = await response.json(content_type=None)
    if response.status >= 400:
        raise RequestError(str(body.get("code", response.status)), str(body.get("detail", response.reason)))
    return body
