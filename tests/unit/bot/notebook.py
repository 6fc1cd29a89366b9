"""A chat platform in memory: takes posts and edits, and fails the way platforms do when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.messenger import MessageGoneError, Picture, Place, Urgency
from bot.render.view import ExecutionView
from engine.errors import RefusedError
from engine.ports.message_log import MessageKey

NOW = timedelta(0)


@dataclass(slots=True)
class Line:
    key: MessageKey
    body: object
    deleted: bool = False


@dataclass(slots=True)
class Notebook:
    """Honest where it matters: what was posted stays, edits need an existing line, keys can be looked up."""

    lines: dict[str, Line] = field(default_factory=dict[str, Line])
    calls: list[str] = field(default_factory=list[str])
    before: list[BaseException] = field(default_factory=list[BaseException])
    """Raised by the next calls, before anything happens."""
    after: list[BaseException] = field(default_factory=list[BaseException])
    """Raised by the next posts, after the line is there: an answer that was lost."""
    refused: set[str] = field(default_factory=set[str])
    """Purposes that are refused."""
    fixed: bool = False
    """Nothing can be edited."""
    drawn: int = 0
    pause: timedelta = NOW
    held: asyncio.Event | None = None
    """Until it is set, posts are there and not answered."""
    finds: bool = True
    """Keys can be looked up; where not, what is posted once more says so."""

    def draw(self, view: ExecutionView) -> Sequence[Picture]:
        self.drawn += 1
        card = view.card
        urgency = Urgency.SETTLE if card.result or card.approvals else Urgency.PROGRESS
        drawn = [Picture(purpose="card", urgency=urgency, body={"status": card.status.name, "seq": card.seq})]
        replies = (Picture(purpose=r.purpose, urgency=Urgency.NOTIFY, body={"text": r.text}) for r in view.replies)
        return [*drawn, *replies]

    def lane(self, place: Place) -> str:
        return place.conversation_id

    def room(self, place: Place) -> str:
        return place.conversation_id

    def blocked(self, place: Place, *, edit: bool) -> timedelta:
        return NOW

    def wait(self, place: Place, ref: str | None, urgency: Urgency) -> timedelta:
        return self.pause

    async def post(self, place: Place, picture: Picture, key: MessageKey, *, again: bool = False) -> str:
        self._call(f"post {picture.purpose}{' again' if again else ''}")
        if picture.purpose in self.refused:
            raise RefusedError("chat_refused", "not like this")
        ref = f"m{len(self.lines) + 1}"
        self.lines[ref] = Line(key=key, body=picture.body)
        if self.held is not None:
            await self.held.wait()
        if self.after:
            raise self.after.pop(0)
        return ref

    async def find(self, place: Place, key: MessageKey, since: datetime | None) -> str | None:
        self._call(f"find {key.purpose}")
        return next((ref for ref, line in self.lines.items() if line.key == key and not line.deleted), None)

    async def edit(self, place: Place, ref: str, picture: Picture) -> None:
        self._call(f"edit {picture.purpose}")
        if self.fixed or self.lines[ref].deleted:
            raise MessageGoneError("message_gone", f"{ref} was deleted.")
        self.lines[ref].body = picture.body

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.before:
            raise self.before.pop(0)

    def shown(self, purpose: str) -> list[object]:
        return [line.body for line in self.lines.values() if line.key.purpose == purpose and not line.deleted]
