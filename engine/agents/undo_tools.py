"""Tools that take back what the office's writing tools did. All are keyed, and only an undo calls them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from engine.agents.meeting_arguments import read_arguments
from engine.domain.agent import ToolSpec
from engine.domain.artifact import Undone
from engine.domain.effect import Effect
from engine.domain.json import JsonObject
from engine.ports.calendar import Calendar
from engine.ports.documents import DocumentStore
from engine.ports.tools import ToolCall

TAKE_BACK_MEETING = "take_back_meeting"
REMOVE_AGENDA = "remove_agenda"


class UndoArguments(BaseModel):
    """Which effects on one thing are taken back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    effects: tuple[str, ...] = Field(min_length=1, max_length=200)
    """Their keys, the oldest first."""
    title: str = ""
    path: str = ""
    digest: str = ""
    """SHA-256 of a saved text in UTF-8."""


_MEETING_SPEC = ToolSpec(
    name=TAKE_BACK_MEETING,
    version="1",
    inputs=UndoArguments,
    effect=Effect.KEYED,
    gated=False,
    locks=frozenset({"calendar"}),
)
_AGENDA_SPEC = ToolSpec(name=REMOVE_AGENDA, version="1", inputs=UndoArguments, effect=Effect.KEYED, gated=False)


class TakeBackMeeting:
    """Takes a meeting out again, or gives it back what it was; its people are told."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    @property
    def spec(self) -> ToolSpec:
        """Keyed, not gated, holds the calendar."""
        return _MEETING_SPEC

    async def check(self, arguments: JsonObject) -> str | None:  # noqa: ARG002 - the calendar itself looks, as it writes
        """None: see the port."""
        return None

    async def run(self, call: ToolCall, arguments: JsonObject) -> Undone:
        """Take it back; see :meth:`engine.ports.calendar.Calendar.take_back` for errors."""
        return await self._calendar.take_back(read_arguments(UndoArguments, arguments).effects, key=call.key)

    async def find(self, call: ToolCall) -> Undone | None:  # noqa: ARG002 - keyed tools are repeated, not looked up
        """None: see the port."""
        return None

    def assumed(self, call: ToolCall, arguments: JsonObject) -> Undone | None:  # noqa: ARG002 - as above
        """None: see the port."""
        return None


class RemoveAgenda:
    """Takes a saved agenda away again."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    @property
    def spec(self) -> ToolSpec:
        """Keyed, not gated."""
        return _AGENDA_SPEC

    async def check(self, arguments: JsonObject) -> str | None:  # noqa: ARG002 - the store itself looks, as it removes
        """None: see the port."""
        return None

    async def run(self, call: ToolCall, arguments: JsonObject) -> Undone:  # noqa: ARG002 - the saving's key says which
        """Take it away; see :meth:`engine.ports.documents.DocumentStore.remove_agenda` for errors."""
        wanted = read_arguments(UndoArguments, arguments)
        gone = [await self._documents.remove_agenda(key=key, digest=wanted.digest) for key in wanted.effects]
        what = "agenda_removed" if any(gone) else "agenda_gone"
        return Undone(what=what, title=wanted.title, path=wanted.path)

    async def find(self, call: ToolCall) -> Undone | None:  # noqa: ARG002 - keyed tools are repeated, not looked up
        """None: see the port."""
        return None

    def assumed(self, call: ToolCall, arguments: JsonObject) -> Undone | None:  # noqa: ARG002 - as above
        """None: see the port."""
        return None
