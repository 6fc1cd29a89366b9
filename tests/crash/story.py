"""One process's share of the story: say the sentence (once, whatever is repeated), answer what is asked, see it shown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from bot.app import Tizmor, open_tizmor
from bot.settings import Settings
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Decision, DecisionVerb
from engine.domain.execution import ExecutionStatus
from engine.domain.ids import DEFAULT_TENANT, ApprovalId, PrincipalId
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal, Role
from engine.errors import ConflictError
from integrations.scripted_model import serve_scripted
from integrations.scripted_model.office import office_script

OWNER = Principal(id=PrincipalId("owner"), tenant_id=DEFAULT_TENANT, role=Role.OWNER)
SENTENCE = "תקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב"
SECONDS = 30


async def tell(
    home: Path, failpoint: str | None = None, log: Path | None = None, *, model: bool = False
) -> ExecutionSnapshot:
    """Run the product until the story's final reply is in the chat; the same call after a crash goes on.

    With ``model`` it is planned and written through a scripted Messages API, which dies with the process.
    """
    settings = Settings(tizmor_home=home, tizmor_failpoint=failpoint, tizmor_failpoint_log=log)
    async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
        if model:
            server = await stack.enter_async_context(serve_scripted(office_script()))
            settings = settings.model_copy(update={"anthropic_base_url": server.url})
        tizmor = await stack.enter_async_context(open_tizmor(settings))
        await tizmor.door.say(OWNER, SENTENCE, "story")
        while True:
            snapshot = await _look(tizmor)
            if snapshot is not None:
                await _answer(tizmor, snapshot.approvals)
                if snapshot.execution.status is ExecutionStatus.DONE and await _shown(tizmor):
                    return snapshot
            await asyncio.sleep(
                0.01
            )  # a person's eye, not a wait for a fact: what is asked is looked at again and again


async def _look(tizmor: Tizmor) -> ExecutionSnapshot | None:
    page = await tizmor.door.executions(OWNER, limit=10, before=None)
    assert len(page.items) <= 1, "one message made several executions"
    return page.items[0] if page.items else None


async def _answer(tizmor: Tizmor, approvals: Sequence[Approval]) -> None:
    for approval in approvals:
        if approval.status is ApprovalStatus.PENDING:
            decision = Decision(verb=DecisionVerb.APPROVE)
            if approval.kind is ApprovalKind.CHOICE:
                decision = Decision(verb=DecisionVerb.CHOOSE, choice=approval.choices[0].id)
            try:
                await tizmor.gates.decide(OWNER, ApprovalId(approval.id), decision)
            except ConflictError:
                continue


async def _shown(tizmor: Tizmor) -> bool:
    messages: dict[str, str] = {}
    try:
        async with asyncio.timeout(0.05), aclosing(tizmor.door.chat(OWNER, 0)) as stream:
            async for message in stream:
                messages[message.id] = message.kind
    except TimeoutError:
        pass
    kinds = list(messages.values())
    assert kinds.count("card") <= 1, kinds
    return kinds.count("card") == 1 and kinds.count("text") == 1 and kinds.count("reply") == 3
