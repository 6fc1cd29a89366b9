"""Money under control: reserved before each model call, accounted for after it, never past a cap by more than that call.

Killed between reservation and account: the reservation stands, so that what was spent is never understated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.concurrency import Turnstile, finish
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Choice
from engine.domain.event import EventType
from engine.domain.ids import ApprovalId, ChoiceId, ExecutionId, PrincipalId, StepId, TenantId
from engine.domain.json import canonical
from engine.domain.spend import NO_CAPS, NOTHING, Caps, ModelCall, Money, PriceTable, Spend, Usage
from engine.errors import ConflictError, RefusedError
from engine.execution.suspension import Declined, Suspended
from engine.failpoints import failpoint
from engine.orchestration.state_manager import StateManager
from engine.ports.changes import Change, PutPrompt, RaiseFlag, ReserveSpend, SettleSpend
from engine.ports.clock import Clock, IdSource
from engine.ports.language_model import (
    AnswerLostError,
    Growing,
    LanguageModel,
    ModelAnswer,
    ModelRequest,
    Opaque,
    Part,
    Text,
    ToolResult,
    ToolUse,
)
from engine.ports.store import ExecutionStore
from engine.ports.telemetry import Span, Telemetry
from engine.safety.questions import opening, timed

ASK_AT_PERCENT = 80
"""Of a cap: a person is asked once whether to go on."""

GO_ON, STOP = ChoiceId("go_on"), ChoiceId("stop")

BUDGET = "budget"
"""Topic of that question."""

RECORD_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spender:
    """On whose account a call is made."""

    tenant_id: TenantId
    user_id: PrincipalId
    execution_id: ExecutionId | None = None
    step_id: StepId | None = None
    plan_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """What limits spending, and by which prices and calendar it is counted."""

    prices: PriceTable
    zone: ZoneInfo
    """Whose midnight ends a day."""
    caps: Caps = NO_CAPS


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingParts:
    """Where the books are kept."""

    store: ExecutionStore
    state: StateManager
    clock: Clock
    ids: IdSource
    telemetry: Telemetry


class Spending:
    """Every model call of the product passes here."""

    def __init__(self, model: LanguageModel | None, purse: Purse, parts: SpendingParts) -> None:
        self._model = model
        self._purse = purse
        self._parts = parts
        self._known_prompts: set[str] = set()
        self._settled = Turnstile()
        """Lets everybody through who waits for room, whenever a call has been accounted for."""

    @property
    def has_model(self) -> bool:
        """Is there anything to ask?"""
        return self._model is not None

    async def ask(self, spender: Spender, request: ModelRequest, growing: Growing | None = None) -> ModelAnswer:
        """Ask the model within the caps.

        Cancel: the call is dropped and accounted for with what was reserved.

        Raises:
            Suspended: the person is asked whether to go on, or the execution pauses because a cap is reached.
            Declined: the person said no.
            RefusedError: ``model_absent``.
            IntegrationError: as ``LanguageModel.ask``.
        """
        if self._model is None:
            raise RefusedError("model_absent", "There is no language model here; set ANTHROPIC_API_KEY.")
        await self._may_go_on(spender)
        call = self._call(spender, request, self._model.model(request.role))
        await self._reserve(spender, call, request)
        failpoint("model.before")
        try:
            answer = await self._model.ask(request, growing)
        except AnswerLostError as lost:
            await self._settle(call, lost.usage, status="error")
            raise
        except Exception:
            await self._settle(call, Usage(), status="error")
            raise
        except BaseException:
            # Cancelled: the provider may charge for all of it, so the reservation stays what it cost.
            await finish(self._account(call, "cancelled"), within=RECORD_SECONDS)
            raise
        failpoint("model.after")
        await self._settle(call, answer.usage, status="ok", answer=answer)
        return answer

    def _call(self, spender: Spender, request: ModelRequest, model: str) -> ModelCall:
        now = self._parts.clock.now()
        worst = Usage(input_tokens=estimated_tokens(request), output_tokens=request.max_tokens)
        return ModelCall(
            id=self._parts.ids.new(),
            tenant_id=spender.tenant_id,
            user_id=spender.user_id,
            execution_id=spender.execution_id,
            step_id=spender.step_id,
            prompt=request.prompt.ref,
            model=model,
            day=now.astimezone(self._purse.zone).date(),
            at=now,
            cost=self._purse.prices.cost(model, worst),
            price_version=self._purse.prices.version,
            usage=replace(worst, estimated=True),
        )

    async def _reserve(self, spender: Spender, call: ModelCall, request: ModelRequest) -> None:
        changes: list[Change] = [ReserveSpend(call=call, caps=self._purse.caps)]
        if request.prompt.ref not in self._known_prompts:
            changes.append(PutPrompt(prompt=request.prompt, at=call.at))
        while True:
            settled = self._settled.wait()
            try:
                won = await self._parts.state.commit(*changes)
            except BaseException:
                # Whether the row stands is unknown; nothing was asked, so it must not stay reserved.
                await finish(self._forget(call), within=RECORD_SECONDS, unhurried=True)
                raise
            if won:
                self._known_prompts.add(request.prompt.ref)
                return
            if not await self._room_later(spender, call):
                raise await self._reached(spender, call)
            await asyncio.shield(settled)

    async def _room_later(self, spender: Spender, call: ModelCall) -> bool:
        """Is there room beside what has been spent? Then only what is held stands in the way, and a call under way gives it
        back when it ends (or has just done so)."""
        cost, caps = call.cost or NOTHING, self._purse.caps
        if caps.per_day is not None:
            day = await self._parts.store.day_spend(spender.tenant_id, call.day)
            if _settled(day) + cost > caps.per_day:
                return False
        if spender.execution_id is None or caps.per_execution is None:
            return True
        snapshot = await self._parts.state.snapshot(spender.execution_id)
        return _settled(snapshot.spend) + cost <= caps.per_execution

    async def _forget(self, call: ModelCall) -> None:
        await self._parts.state.commit(SettleSpend(call=replace(call, usage=Usage(), cost=NOTHING)))

    async def _settle(self, call: ModelCall, usage: Usage, status: str, answer: ModelAnswer | None = None) -> None:
        told = call
        if answer is not None:
            told = replace(call, model=answer.model or call.model, request_id=answer.request_id)
        # A provider may answer under a name that has no price: what was priced when it was reserved stays priced.
        prices = self._purse.prices
        cost = prices.cost(told.model, usage)
        cost = prices.cost(call.model, usage) if cost is None else cost
        settled = self._account(replace(told, usage=usage, cost=cost), status)
        await finish(settled, within=RECORD_SECONDS, unhurried=True)

    async def _account(self, call: ModelCall, status: str) -> None:
        changes: list[Change] = [SettleSpend(call=call)]
        if call.execution_id is not None:
            usd = None if call.cost is None else call.cost.dollars
            changes.append(
                self._parts.state.event(
                    call.execution_id,
                    EventType.MODEL_ANSWERED,
                    step=call.step_id,
                    purpose=call.prompt,
                    model=call.model,
                    usd=usd,
                )
            )
        await self._parts.state.commit(*changes)
        self._settled.ring()
        self._trace(call, status)

    async def _may_go_on(self, spender: Spender) -> None:
        caps = self._purse.caps
        if spender.execution_id is None or caps == NO_CAPS:
            return
        snapshot = await self._parts.state.snapshot(spender.execution_id)
        spent = {"execution": (_settled(snapshot.spend), caps.per_execution)}
        if caps.per_day is not None:
            day = self._parts.clock.now().astimezone(self._purse.zone).date()
            spent["day"] = _settled(await self._parts.store.day_spend(spender.tenant_id, day)), caps.per_day
        for scope, (cost, cap) in spent.items():
            if cap is None or cost < cap.share(ASK_AT_PERCENT):
                continue
            asked = [a for a in snapshot.approvals if a.topic == BUDGET and a.parameters.get("scope") == scope]
            self._answered(asked[-1] if asked else None, spender, _sums(scope, cost, cap))

    def _answered(self, asked: Approval | None, spender: Spender, sums: Mapping[str, str]) -> None:
        """Pass where the person said yes.

        Raises:
            Suspended: they have not been asked, or have not answered.
            Declined: they said no, or nothing in time.
        """
        if asked is None or asked.status is ApprovalStatus.SUPERSEDED:
            raise Suspended(*opening(self._parts.state, self._question(spender, sums)), waiting=False)
        if asked.status is ApprovalStatus.PENDING:
            raise Suspended(waiting=False)
        if asked.chosen != GO_ON:
            raise Declined

    def _question(self, spender: Spender, sums: Mapping[str, str]) -> Approval:
        now: datetime = self._parts.clock.now()
        if spender.execution_id is None:
            raise ConflictError("budget_reached", "A preview asks nobody; the budget is nearly used up.")
        return timed(
            Approval(
                id=ApprovalId(self._parts.ids.new()),
                execution_id=spender.execution_id,
                kind=ApprovalKind.QUESTION,
                plan_version=spender.plan_version,
                created_at=now,
                topic=BUDGET,
                parameters=sums,
                choices=(Choice(id=GO_ON, label=GO_ON), Choice(id=STOP, label=STOP)),
            )
        )

    async def _reached(self, spender: Spender, call: ModelCall) -> BaseException:
        """What stops a call for which there is no room: the execution pauses, and is resumed by a person."""
        if spender.execution_id is None:
            return ConflictError("budget_reached", "There is no room for this call under the budget.")
        snapshot = await self._parts.state.snapshot(spender.execution_id)
        cap, cost = self._purse.caps.per_execution, call.cost or NOTHING
        own = self._purse.caps.per_day is None or (cap is not None and snapshot.spend.cost + cost > cap)
        reason = "budget_execution" if own else "budget_day"
        paused = RaiseFlag(
            execution_id=spender.execution_id, at=self._parts.clock.now(), paused=True, cancelled=None, reason=reason
        )
        event = self._parts.state.event(spender.execution_id, EventType.EXECUTION_PAUSED, by="", reason=reason)
        return Suspended(paused, event, waiting=False)

    def _trace(self, call: ModelCall, status: str) -> None:
        if call.execution_id is None:
            return
        usage = call.usage
        self._parts.telemetry.span(
            Span(
                execution_id=call.execution_id,
                step_id=call.step_id,
                name=f"chat {call.model}",
                started_at=call.at,
                ended_at=self._parts.clock.now(),
                status=status,
                attributes={
                    # OpenTelemetry's semantic conventions for generative AI.
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "anthropic",
                    "gen_ai.request.model": call.model,
                    "gen_ai.response.id": call.request_id,
                    "gen_ai.usage.input_tokens": usage.all_input_tokens,
                    "gen_ai.usage.output_tokens": usage.output_tokens,
                    "gen_ai.usage.cache_read.input_tokens": usage.cache_read_tokens,
                    "tizmor.prompt": call.prompt,
                    "tizmor.cost_usd": None if call.cost is None else call.cost.dollars,
                },
            )
        )


def estimated_tokens(request: ModelRequest) -> int:
    """At most how many tokens a request has, near enough to set money aside: two bytes of UTF-8 a token is on the safe
    side for English and for Hebrew."""
    words = [request.prompt.text, request.catalogue]
    words += [canonical(tool.schema) + tool.description for tool in request.tools]
    if request.answer is not None:
        words.append(canonical(request.answer.schema))
    words += [_written(part) for message in request.messages for part in message.parts]
    return sum(len(text.encode()) for text in words) // 2 + 500


def _written(part: Part) -> str:
    match part:
        case Text(text=text) | ToolResult(text=text):
            return text
        case ToolUse(input=value) | Opaque(value=value):
            return canonical(value)


def _settled(spend: Spend) -> Money:
    """What has been spent: calls under way hold more than they will cost, and nobody is asked because of that."""
    return spend.cost - spend.held


def _sums(scope: str, cost: Money, cap: Money) -> Mapping[str, str]:
    share = 100 * cost.nano // cap.nano if cap.nano else 100
    return {"scope": scope, "share": str(share), "spent": str(cost.dollars), "cap": str(cap.dollars)}
