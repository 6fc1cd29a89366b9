"""What one attempt of one step may know and do (``engine.ports.agents.StepContext``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.artifact import Artifact
from engine.domain.effect import Effect
from engine.domain.event import EventType
from engine.domain.json import JsonObject
from engine.domain.message import MAX_MESSAGE_CHARACTERS, AgentMessage
from engine.domain.plan import Step
from engine.domain.request import Request
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import PersonalTime
from engine.errors import NotAllowedError, RequestError
from engine.orchestration.state_manager import StateManager
from engine.ports.changes import SaveCheckpoint, SendMessage
from engine.ports.clock import Clock
from engine.ports.language_model import ModelAnswer, ModelRequest
from engine.ports.store import ExecutionStore
from engine.ports.tools import Tool, ToolCall
from engine.safety.budgets import Spender, Spending


@dataclass(slots=True, kw_only=True)
class AttemptContext:
    """One attempt's view; made by it, dropped with it."""

    snapshot: ExecutionSnapshot
    step: Step
    agent: str
    """Who performs it."""
    declared: frozenset[str]
    """Tools that agent may call, by name."""
    fence: int
    tools: Mapping[str, Tool]
    """Equipped tools by name."""
    store: ExecutionStore
    state: StateManager
    clock: Clock
    spending: Spending
    personal: PersonalTime
    had_effect: bool = False
    """It is making an effect or has made one: such an attempt is let finish when the execution is paused or stopped."""
    _calls: int = 0
    _state: JsonObject | None = field(default=None)

    @property
    def request(self) -> Request:
        """See the port."""
        return self.snapshot.execution.request

    @property
    def now(self) -> datetime:
        """See the port."""
        return self.snapshot.execution.created_at

    @property
    def saved(self) -> JsonObject | None:
        """See the port."""
        run = self.snapshot.step_runs.get(self.step.id)
        return self._state if self._state is not None else (run.checkpoint if run else None)

    async def checkpoint(self, state: JsonObject) -> None:
        """See the port. Commits before it returns, which is well inside the promise."""
        self._state = state
        await self.state.commit(
            SaveCheckpoint(execution_id=self.snapshot.execution.id, step_id=self.step.id, fence=self.fence, state=state)
        )

    async def progress(self, message: str) -> None:
        """See the port."""
        await self.state.commit(
            self.state.event(
                self.snapshot.execution.id, EventType.STEP_PROGRESSED, step=self.step.id, message=message[:500]
            )
        )

    async def call(self, tool: str, arguments: JsonObject) -> Artifact:
        """See the port."""
        if tool not in self.declared:
            raise NotAllowedError("tool_closed", f"{self.agent} did not declare the tool {tool}.")
        self._calls += 1
        equipped = self.tools[tool]
        try:
            valid: JsonObject = equipped.spec.inputs.model_validate(arguments).model_dump(mode="json")
        except ValidationError as error:
            raise RequestError("arguments_invalid", f"{tool}: {error.errors()[0]['msg']}.") from error
        call = ToolCall(
            tenant_id=self.request.tenant_id,
            execution_id=self.snapshot.execution.id,
            step_id=self.step.id,
            number=self._calls,
            fence=self.fence,
            plan_version=self.snapshot.execution.plan_version,
            title=self.step.title,
            gate=self._answered(self._calls),
            doubtful=self.snapshot.execution.doubtful,
            reached=self._reached if equipped.spec.effect is not Effect.READ else _nothing,
        )
        return await equipped.run(call, valid)

    def _answered(self, number: int) -> Approval | None:
        gate = self.snapshot.latest(ApprovalKind.GATE, self.step.id, number)
        return None if gate is None or gate.status is ApprovalStatus.PENDING else gate

    def _reached(self) -> None:
        self.had_effect = True

    @property
    def has_model(self) -> bool:
        """See the port."""
        return self.spending.has_model

    async def ask(self, request: ModelRequest) -> ModelAnswer:
        """See the port."""
        asker = self.request
        spender = Spender(
            tenant_id=asker.tenant_id,
            user_id=asker.user_id,
            execution_id=self.snapshot.execution.id,
            step_id=self.step.id,
            plan_version=self.snapshot.execution.plan_version,
        )
        return await self.spending.ask(spender, request)

    async def send(self, recipient: str, text: str) -> None:
        """See the port."""
        execution, at = self.snapshot.execution.id, self.clock.now()
        message = AgentMessage(
            execution_id=execution, sender=self.step.id, recipient=recipient, text=text[:MAX_MESSAGE_CHARACTERS], at=at
        )
        if any(m.text == message.text for m in await self.store.messages(execution, recipient)):
            return
        event = self.state.event(
            execution, EventType.MESSAGE_SENT, to=recipient, text=message.text, **{"from": self.step.id}
        )
        await self.state.commit(SendMessage(message=message), event)

    async def messages(self) -> tuple[AgentMessage, ...]:
        """See the port."""
        return tuple(await self.store.messages(self.snapshot.execution.id, self.step.agent))


def _nothing() -> None:
    """A read may be stopped at any moment."""
