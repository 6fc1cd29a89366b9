"""Same key, same body: the same answer, given once. Same key, other body: refused."""

from __future__ import annotations

import asyncio
import re
from weakref import WeakValueDictionary

from aiohttp import web

from bot.door import Remembered
from bot.web.problems import HttpProblemError
from bot.web.site import Answer, Reply, Visit, VisitHandler
from engine.domain.ids import PrincipalId
from engine.domain.json import JsonValue, content_hash
from engine.errors import RequestError

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

_KEY = re.compile(r"[!-~]{1,255}")


def idempotency_key(request: web.Request) -> str | None:
    """The key sent, or None.

    Raises:
        RequestError: ``idempotency_key_invalid``.
    """
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise RequestError(
            "idempotency_key_invalid",
            f"The header {HEADER} takes 1 to 255 printable ASCII characters without spaces; send such a key.",
        )
    return key


class Once:
    """Answers POSTs at most once per key; two at the same moment wait for each other."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[tuple[PrincipalId, str], asyncio.Lock] = WeakValueDictionary()

    async def answer(self, visit: Visit, raw: JsonValue, handler: VisitHandler) -> Answer:
        """The remembered answer, or the handler's, which is then remembered if it is a success.

        Raises:
            HttpProblemError: 422 ``idempotency_mismatch``: the key was used for something else.
        """
        if visit.key is None:
            return await handler(visit)
        turn = self._turns.setdefault((visit.principal.id, visit.key), asyncio.Lock())
        async with turn:
            return await _answer_in_turn(visit, visit.key, raw, handler)


async def _answer_in_turn(visit: Visit, key: str, raw: JsonValue, handler: VisitHandler) -> Answer:
    memory, who = visit.site.idempotency, visit.principal.id
    route, body_hash = f"{visit.http.method} {visit.http.path}", content_hash(raw)
    known = await memory.recall(who, key)
    if known is not None:
        if (known.route, known.body_hash) != (route, body_hash):
            raise HttpProblemError(
                422, "idempotency_mismatch", f"This {HEADER} was used for another request; send a new key."
            )
        return Reply(body=known.body, status=known.status, headers={REPLAYED: "true"})
    answer = await handler(visit)
    if isinstance(answer, Reply) and isinstance(answer.body, dict):
        kept = Remembered(route=route, body_hash=body_hash, status=answer.status, body=answer.body)
        await memory.remember(who, key, kept)
    return answer
