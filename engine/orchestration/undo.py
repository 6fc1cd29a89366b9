"""Begins the execution that takes an earlier one back: one, however often it is wanted."""

from __future__ import annotations

from collections.abc import Mapping

from engine.agents.wording import wording
from engine.domain.execution import Execution
from engine.domain.request import Derivation, Origin, Request, undo_key
from engine.domain.snapshot import ExecutionSnapshot
from engine.orchestration.master_orchestrator import MasterOrchestrator
from engine.planning.undoing import must_be_undoable
from engine.ports.clock import Clock

_WORDS = 200
"""Characters of the earlier request that the new one repeats."""


class Undoer:
    """It authorises nothing: doors do, through ``bot.gateway``.

    Args:
        orchestrator: starts it.
        clock: says whether there is still time.
        undone_by: the tool that takes back what another did, by that one's name.
    """

    def __init__(self, orchestrator: MasterOrchestrator, clock: Clock, undone_by: Mapping[str, str]) -> None:
        self._orchestrator = orchestrator
        self._clock = clock
        self.undone_by = undone_by

    def check(self, snapshot: ExecutionSnapshot) -> None:
        """Let an execution pass that can be taken back now. Raises as :meth:`begin`."""
        must_be_undoable(snapshot, self.undone_by, self._clock.now())

    async def begin(self, snapshot: ExecutionSnapshot) -> Execution:
        """Start it, in the conversation and in the name of whoever asked for the earlier one; committed on return.

        Wanted twice, there is one: at the same moment both are given it, else the later one is refused with its id.

        Raises:
            ConflictError: see :func:`engine.planning.undoing.must_be_undoable`.
        """
        self.check(snapshot)
        asked = snapshot.execution.request
        what = " ".join(asked.text.split())
        what = what if len(what) <= _WORDS else f"{what[: _WORDS - 1]}…"
        request = Request(
            text=wording(asked.locale).undo_request.format(what=what),
            user_id=asked.user_id,
            tenant_id=asked.tenant_id,
            conversation_id=asked.conversation_id,
            locale=asked.locale,
            timezone=asked.timezone,
            request_key=undo_key(snapshot.id),
            origin=Origin(derivation=Derivation.UNDO, execution_id=snapshot.id),
        )
        return await self._orchestrator.start(request, asked.user_id)
