"""A small Telegram, a door with the engine's own judgement, and kept forms: what tests of guided forms stand on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from pydantic import BaseModel

from bot.door import Question
from bot.messenger import MessageGoneError
from bot.presses import Press
from bot.pressing import Pressing
from bot.refusals import Refusals
from bot.telegram.address import Talk, principal_id
from bot.telegram.api import Target
from bot.telegram.form import FORMS, Forms, Taken
from bot.telegram.presses import read_data
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Decision
from engine.domain.ids import DEFAULT_TENANT, ApprovalId, ConversationId, ExecutionId, PrincipalId
from engine.domain.json import JsonObject
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal, Role
from engine.errors import IntegrationError, NotFoundError
from engine.ports.people import People
from engine.safety.authoriser import Action, authorise
from engine.safety.hitl_gates import _already, judge
from tests.lab import FakeClock
from tests.unit.render.story import ask, snapshot

DANA, AVI = 7001, 7002
PRIVATE = Talk(chat=DANA)
GROUP = Talk(chat=-100500, topic=9)
ROOT = 40
"""The request's own message."""


def person(user: int = DANA, role: Role = Role.MEMBER) -> Principal:
    return Principal(id=principal_id(user), tenant_id=DEFAULT_TENANT, role=role)


class CrashError(Exception):
    """The process ends here."""


class Breaking:
    """Ends the process at one effect, before or after it happened; counts them."""

    def __init__(self) -> None:
        self.count = 0
        self.at = 0
        self.after = False

    def before(self) -> None:
        self.count += 1
        if self.count == self.at and not self.after:
            raise CrashError("Before it happened.")

    def done(self) -> None:
        if self.count == self.at and self.after:
            raise CrashError("After it happened.")


class MemoryDrafts:
    """Forms as the database keeps them: as JSON, durable at once."""

    def __init__(self, breaking: Breaking) -> None:
        self.kept: dict[str, tuple[str, datetime]] = {}
        self._breaking = breaking

    async def read(self, name: str) -> JsonObject | None:
        kept = self.kept.get(name)
        return json.loads(kept[0]) if kept else None

    async def keep(self, name: str, form: JsonObject, at: datetime) -> None:
        self._breaking.before()
        self.kept[name] = (json.dumps(form, sort_keys=True), at)
        self._breaking.done()

    async def drop(self, name: str) -> None:
        self.kept.pop(name, None)

    async def forget(self, before: datetime) -> int:
        old = [name for name, (_, at) in self.kept.items() if at < before]
        for name in old:
            del self.kept[name]
        return len(old)


@dataclass
class Message:
    number: int
    target: Target
    body: Mapping[str, Any]
    gone: bool = False

    @property
    def text(self) -> str:
        return visible(str(self.body["text"]))

    @property
    def labels(self) -> list[list[str]]:
        return [[visible(str(button["text"])) for button in row] for row in self.body.get("keyboard", [])]


class Chat:
    """Messages of ours, edited in place."""

    def __init__(self, breaking: Breaking) -> None:
        self.messages: list[Message] = []
        self.edits = 0
        self.away: list[IntegrationError] = []
        """What the next calls raise instead."""
        self._breaking = breaking

    async def send(self, target: Target, body: JsonObject) -> int:
        self._breaking.before()
        if self.away:
            raise self.away.pop(0)
        check_body(body)
        self.messages.append(Message(1000 + len(self.messages), target, body))
        self._breaking.done()
        return self.messages[-1].number

    async def edit(self, chat: int, message: int, body: JsonObject) -> None:
        self._breaking.before()
        if self.away:
            raise self.away.pop(0)
        check_body(body)
        found = next((one for one in self.messages if one.number == message and one.target.chat == chat), None)
        if found is None or found.gone or "force_reply" in found.body:
            raise MessageGoneError("telegram_message_gone", "It is gone.")
        assert "force_reply" not in body
        found.body = body
        self.edits += 1
        self._breaking.done()


class NamedPeople:
    """Only what words about others need."""

    async def names(self, user_ids: Iterable[PrincipalId]) -> Mapping[PrincipalId, str]:
        return {user: "Avi Cohen" for user in user_ids if user == principal_id(AVI)}


class Door:
    """One open approval of an execution, judged as the engine judges."""

    def __init__(self, clock: FakeClock, approval: Approval, shot: ExecutionSnapshot, breaking: Breaking) -> None:
        self.clock = clock
        self.approval = approval
        self.decisions: list[tuple[PrincipalId, Decision]] = []
        self.model: type[BaseModel] | None = None
        self.schema: JsonObject | None = None
        self.shot = shot
        self._breaking = breaking

    async def question(self, principal: Principal, approval_id: ApprovalId) -> Question:
        if approval_id != self.approval.id:
            raise NotFoundError("approval_unknown", "There is none.")
        authorise(principal, Action.DECIDE, tenant=DEFAULT_TENANT, owner=self.shot.execution.request.user_id)
        shot = replace(self.shot, approvals=(self.approval,))
        return Question(approval=self.approval, snapshot=shot, schema=self._schema())

    async def execution(self, principal: Principal, execution_id: ExecutionId) -> ExecutionSnapshot:
        authorise(principal, Action.SEE, tenant=DEFAULT_TENANT, owner=self.shot.execution.request.user_id)
        return self.shot

    async def check(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> None:
        await self.question(principal, approval_id)
        if self.approval.status is not ApprovalStatus.PENDING:
            _already(self.approval, principal, decision, self._model)
            return
        judge(self.approval, decision, principal, self.clock.now(), self._model)

    async def decide(self, principal: Principal, approval_id: ApprovalId, decision: Decision) -> Approval:
        self._breaking.before()
        await self.question(principal, approval_id)
        if self.approval.status is not ApprovalStatus.PENDING:
            return _already(self.approval, principal, decision, self._model)
        decided = judge(self.approval, decision, principal, self.clock.now(), self._model)
        self.approval = decided
        self.decisions.append((principal.id, decision))
        self._breaking.done()
        return decided

    def _schema(self) -> JsonObject | None:
        return self.model.model_json_schema() if self.model else self.schema

    def _model(self, tool: str) -> type[BaseModel]:
        return self.model or Anything


class Anything(BaseModel):
    """Arguments nobody restricts."""

    model_config = {"extra": "allow"}


@dataclass
class World:
    """A bot, a chat and an approval."""

    locale: str = "en"
    where: Talk = PRIVATE
    user: int = DANA
    clock: FakeClock = field(default_factory=FakeClock)
    breaking: Breaking = field(default_factory=Breaking)
    deliveries: int = 0

    def __post_init__(self) -> None:
        self.chat = Chat(self.breaking)
        self.drafts = MemoryDrafts(self.breaking)
        self.door = cast("Door", None)

    def about(
        self, approval: Approval, model: type[BaseModel] | None = None, schema: JsonObject | None = None
    ) -> World:
        """Ask this."""
        shot = snapshot(self.locale, "+++ww", approvals=(approval,))
        root = 0 if self.where.private else ROOT
        conversation = ConversationId(f"telegram:{self.where.chat}:{self.where.topic}:{root}")
        request = replace(shot.execution.request, user_id=principal_id(self.user), conversation_id=conversation)
        shot = replace(shot, execution=replace(shot.execution, request=request))
        self.door = Door(self.clock, approval, shot, self.breaking)
        self.door.model, self.door.schema = model, schema
        return self

    @property
    def forms(self) -> Forms:
        """Made anew every time: nothing is remembered but what is kept."""
        people = cast("People", NamedPeople())
        return Forms(
            door=self.door,
            drafts=self.drafts,
            messages=self.chat,
            refusals=Refusals(people),
            clock=self.clock,
            timezone="UTC",
        )

    def key(self) -> str:
        self.deliveries += 1
        return f"telegram:1:{self.deliveries}"

    async def open(self, action: str, *, user: int = 0, key: str = "", message: int = 50) -> str:
        principal = person(user or self.user)
        press = Press(action=action, approval=self.door.approval.id)
        if action not in FORMS:
            return await self.forms.open(
                principal,
                press,
                await self.door.question(principal, self.door.approval.id),
                self.where,
                message,
                self.key(),
            )
        question = await Pressing(cast("Any", self.door)).press(principal, press, key)
        assert question is not None
        return await self.forms.open(principal, press, question, self.where, message, key or self.key())

    async def press(self, label: str, *, user: int = 0, key: str = "", message: Message | None = None) -> str:
        message = message or self.form
        return await self.press_data(message.number, self.data(label, message), user=user, key=key)

    async def press_data(self, message: int, data: str, *, user: int = 0, key: str = "", known: bool = True) -> str:
        press = read_data(data)
        assert press is not None
        who = person(user or self.user)
        return await self.forms.pressed(who, press, self.where, message, key or self.key(), known=known)

    async def say(self, text: str, *, reply_to: int = -1, user: int = 0, key: str = "") -> Taken | None:
        """In a group, a reply to our last message, as the field that opens makes it."""
        if reply_to < 0:
            reply_to = 0 if self.where.private else self.chat.messages[-1].number
        return await self.forms.said(person(user or self.user), self.where, text, reply_to, key or self.key())

    def data(self, label: str, message: Message | None = None) -> str:
        buttons = [button for row in (message or self.form).body.get("keyboard", []) for button in row]
        found = [str(button["data"]) for button in buttons if visible(str(button["text"])).endswith(label)]
        assert found, f"No button {label!r} among {[visible(str(b['text'])) for b in buttons]}"
        return found[0]

    @property
    def form(self) -> Message:
        """The newest message that has buttons, or has had."""
        return [message for message in self.chat.messages if "force_reply" not in message.body][-1]

    @property
    def draft(self) -> dict[str, Any]:
        kept = self.drafts.kept[f"telegram:{self.where.chat}:{self.where.topic}:{self.user}"]
        return json.loads(kept[0])

    @property
    def person(self) -> Principal:
        return person(self.user)

    @property
    def decision(self) -> Decision:
        """The one decision that was made."""
        assert len(self.door.decisions) == 1
        return self.door.decisions[0][1]

    def arguments(self) -> dict[str, Any]:
        return dict(self.decision.arguments or {})


def asking(kind: ApprovalKind, locale: str = "en", **more: Any) -> Approval:
    return replace(ask(locale, kind), id=ApprovalId("b" * 32), expires_at=None, **more)


def visible(text: str) -> str:
    """Without what nobody sees."""
    return text.translate({ord(mark): None for mark in "\u200e\u200f\u2060\u2068\u2069"})


def check_body(body: JsonObject) -> None:
    """What Telegram would refuse."""
    text = str(body["text"])
    size = len(text.encode("utf-16-le")) // 2
    assert text.strip()
    assert size <= 4096
    for entity in cast("list[dict[str, Any]]", body.get("entities") or []):
        assert entity["length"] > 0
        assert entity["offset"] + entity["length"] <= size
    rows = cast("list[list[dict[str, str]]]", body.get("keyboard") or [])
    assert sum(map(len, rows)) <= 100
    for button in (button for row in rows for button in row):
        assert len(button["data"].encode()) <= 64
        assert button["text"].strip()
