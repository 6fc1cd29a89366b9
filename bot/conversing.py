"""What is said in a conversation, on whichever surface: a request, an answer, a word that steers, or a change of plan.

Everything goes through the door, so that one place decides who may; what comes back are words for the one who spoke.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.commands import Command, Order, steering, version_meant
from bot.door import ChatDoor, OrchestrateCommand
from bot.render.card import render_card
from bot.render.plan_changes import version_lines
from bot.render.texts import Phrase, Texts, isolate
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Decision, DecisionVerb
from engine.domain.execution import Signal
from engine.domain.ids import ConversationId, ExecutionId
from engine.domain.request import dominant_locale
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal
from engine.errors import ConflictError, RequestError, TizmorError
from engine.planning.editing import GoBack, edit_id
from engine.planning.follow_up import offer_id

_SIGNALS = {Command.STOP: Signal.CANCEL, Command.PAUSE: Signal.PAUSE, Command.RESUME: Signal.RESUME}
MOST_LISTED = 10
SAME_MOMENT = timedelta(seconds=5)
"""Clocks of platforms and ours differ, and some tell whole seconds only."""
MOST_PLANS, MOST_STEPS = 3, 30
_TO_OTHERS = re.compile(r"(^|\s)@\S")
"""Somebody's name in a message, as surfaces write it."""
_WORDS = re.compile(r"[\w'’״׳@.-]*\w")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a person."""

    principal: Principal
    conversation_id: ConversationId
    text: str
    key: str
    """Names the message: the same however often it is handled."""
    addressed: bool
    """It was said to us: in private, or with our name in it."""
    private: bool = False
    """Nobody else reads the place it was said in."""
    sent_at: datetime | None = None
    anew: bool = False
    """It asks for something new, whatever else runs, and is neither an answer nor a word that steers."""
    dry_run: bool = False
    """It is only to be planned."""
    about: ExecutionId | None = None
    """The execution whose message it replies to, wherever that is held; where it is open, it is meant."""


class Conversing:
    """Handles what is said; repeatable, because a crash may come before a message is noted as handled.

    Args:
        door: where everything goes.
        timezone: of the installation.
        manner: table of sentences that a surface says in its own way; all others are under ``conversation``.
    """

    def __init__(self, door: ChatDoor, timezone: str, manner: str = "conversation") -> None:
        self._door = door
        self._timezone = timezone
        self._manner = manner

    def say(self, texts: Texts, key: str) -> Phrase:
        """A sentence without values, as this surface says it."""
        own = f"{self._manner}.{key}"
        return texts.say(own if texts.knows(own) else f"conversation.{key}")

    async def hear(self, said: Said) -> str:
        """Do what a message asks for.

        Returns:
            Words for the person alone; empty where what happens shows itself, or nobody was spoken to.

        Raises:
            IntegrationError: the outside world is away; hear it again later.
            RequestError: as the door.
        """
        thread = await self._door.thread(said.principal, said.conversation_id)
        about = await self._about(said)
        if heard_before(said, [*thread, *about]):
            return ""
        live = [snapshot for snapshot in about or thread if snapshot.outcome is None]
        mine = [snapshot for snapshot in live if snapshot.execution.request.user_id in said.principal.ids]
        if said.anew:
            await self._start(said)
            return ""
        given = steering(said.text)
        if given is not None and (said.addressed or mine):
            # only words that are said to us reach what others asked for
            if about and not live and given.command in _SIGNALS:
                return self.say(Texts(given.locale, self._timezone), "over")
            return await self._steer_here(said, given, live if said.addressed else mine, begun=bool(thread))
        changeable = [snapshot for snapshot in mine if not snapshot.execution.request.undoes]
        if changeable and (older := version_meant(said.text)) is not None:
            return await self._go_back(said, changeable[0], older)
        if changeable:
            return await self._follow_up(said, changeable[0])
        if said.addressed:
            await self._start(said)
        return ""

    async def _about(self, said: Said) -> tuple[ExecutionSnapshot, ...]:
        """The execution it replies to, where the person may see it."""
        if said.about is None:
            return ()
        with suppress(RequestError):
            return (await self._door.execution(said.principal, said.about),)
        return ()

    async def _steer_here(self, said: Said, given: Order, live: list[ExecutionSnapshot], *, begun: bool) -> str:
        """Carry out a word that steers: about what is open in its conversation or, in private where nothing was begun there,
        about everything of theirs. Never about what came after it, nor about anything else once what was meant is over: it
        may be heard again."""
        texts = Texts(given.locale, self._timezone)
        if not live and said.private and not begun:
            live = await self.all_live(said.principal, until=said.sent_at)
        words = await self.steer(said.principal, given.command, live, texts)
        if live or said.private or given.command not in _SIGNALS:
            return words
        return f"{words} {self.say(texts, 'elsewhere')}"

    async def steer(self, principal: Principal, command: Command, live: list[ExecutionSnapshot], texts: Texts) -> str:
        """Carry out a command about some executions that are not done."""
        match command:
            case Command.STOP | Command.PAUSE | Command.RESUME:
                return await self._signal(principal, _SIGNALS[command], live, texts)
            case Command.STATUS:
                return self._status(live, texts)
            case Command.APPROVALS:
                return await self._approvals(principal, texts)
            case Command.PLAN:
                return await self._plans(principal, live, texts)
            case _:
                return self.say(texts, "help")

    async def all_live(self, principal: Principal, until: datetime | None = None) -> list[ExecutionSnapshot]:
        """The principal's own executions that are not done, wherever they are held.

        Args:
            principal: whose.
            until: only those that were there at this instant, where it is known: what is heard again after a crash is not
                about what was begun since.
        """
        live = await self._door.live(principal)
        return [s for s in live if until is None or s.execution.created_at <= until + SAME_MOMENT]

    async def _start(self, said: Said) -> None:
        command = OrchestrateCommand(
            text=said.text,
            conversation_id=said.conversation_id,
            request_key=said.key,
            sent_at=said.sent_at,
            dry_run=said.dry_run,
        )
        await self._door.orchestrate(said.principal, command)

    async def _follow_up(self, said: Said, execution: ExecutionSnapshot) -> str:
        """An answer where a question is open that the words answer, else an offer to change the plan; what is said to somebody
        else is neither."""
        if not said.addressed and _TO_OTHERS.search(said.text):
            return ""
        asked = [approval for approval in execution.approvals if approval.status is ApprovalStatus.PENDING]
        answers = ((approval, answer(approval, said.text)) for approval in asked)
        found = next(((approval, given) for approval, given in answers if given is not None), None)
        try:
            if found is not None:
                await self._door.decide(said.principal, found[0].id, replace(found[1], said_in=said.key))
            else:
                await self._door.offer_change(said.principal, execution.id, said.text, said.key)
        except ConflictError:
            texts = Texts(dominant_locale(said.text), self._timezone)
            return texts.say("conversation.too_late")
        return ""

    async def _signal(self, principal: Principal, signal: Signal, live: list[ExecutionSnapshot], texts: Texts) -> str:
        done = 0
        for snapshot in live:
            try:
                await self._door.signal(principal, snapshot.id, signal)
            except ConflictError:
                continue
            done += 1
        if not done:
            return texts.say("conversation.nothing_runs")
        return texts.say(f"conversation.{signal.value}", n=done)

    def _status(self, live: list[ExecutionSnapshot], texts: Texts) -> str:
        if not live:
            return texts.say("conversation.nothing_runs")
        lines = [
            texts.say(
                "conversation.status_line",
                request=_short(snapshot.execution.request.text),
                status=texts.say(f"status.{_status_name(snapshot)}"),
            )
            for snapshot in live[:MOST_LISTED]
        ]
        return "\n".join([texts.say("conversation.status", n=len(live)), *lines])

    async def _plans(self, principal: Principal, live: list[ExecutionSnapshot], texts: Texts) -> str:
        """The steps of what is open, and how far each is; where its plan was changed, every version and what it changed."""
        if not live:
            return texts.say("conversation.nothing_runs")
        lines: list[str] = []
        for snapshot in live[:MOST_PLANS]:
            card = render_card(snapshot, now=snapshot.execution.created_at)
            lines += ["", isolate(card.title)] if lines else [isolate(card.title)]
            steps = [f"{step.number}. {isolate(step.title)} · {step.status}" for step in card.steps]
            lines += steps[:MOST_STEPS] or [card.status.label]
            if card.version:
                lines += version_lines((await self._door.plans(principal, snapshot.id)).versions, texts)
        return "\n".join(lines)

    async def _go_back(self, said: Said, execution: ExecutionSnapshot, version: int) -> str:
        """What an older version of the plan said is to be done."""
        try:
            await self._door.edit_plan(said.principal, execution.id, GoBack(version=version), said.key)
        except RequestError as error:
            return Texts(dominant_locale(said.text), self._timezone).error(error.code)
        return ""

    async def _approvals(self, principal: Principal, texts: Texts) -> str:
        pending = await self._door.approvals(principal, ApprovalStatus.PENDING)
        if not pending:
            return texts.say("conversation.no_approvals")
        lines: list[str] = []
        for approval in pending:
            if len(lines) == MOST_LISTED:
                break
            try:
                snapshot = await self._door.execution(principal, approval.execution_id)
            except TizmorError:
                continue
            if snapshot.execution.request.user_id not in principal.ids:
                continue  # an owner may decide about it, in its thread; it is not listed elsewhere
            request = _short(snapshot.execution.request.text)
            kind = texts.say(f"approval.{approval.kind.value}")
            lines.append(texts.say("conversation.approval_line", kind=kind, request=request))
        if not lines:
            return texts.say("conversation.no_approvals")
        return "\n".join([texts.say("conversation.approvals", n=len(lines)), *lines])


def heard_before(said: Said, thread: Sequence[ExecutionSnapshot]) -> bool:
    """Did this very message start, answer or offer something here already? So it is where it is handled again after a
    crash."""
    for snapshot in thread:
        if (snapshot.execution.request.request_key or "").endswith(f":{said.key}"):
            return True
        made = {offer_id(snapshot.id, said.key), edit_id(snapshot.id, said.key)}
        if any(a.said_in == said.key or a.id in made for a in snapshot.approvals):
            return True
    return False


def answer(approval: Approval, text: str) -> Decision | None:
    """What words come to as the answer to an open question; None where they are none.

    The planner's own question takes any words. A choice takes the number of one of its choices, or words that are in the label
    of exactly one of them.
    """
    if approval.kind is ApprovalKind.QUESTION and not approval.topic:
        return Decision(verb=DecisionVerb.ANSWER, answer=text)
    if approval.kind is not ApprovalKind.CHOICE:
        return None
    said = _plain(text)
    if said.isdecimal():
        meant = [c for number, c in enumerate(approval.choices, 1) if number == int(said)]
    else:
        meant = [c for c in approval.choices if said and f" {said} " in f" {_plain(c.label)} "]
    return Decision(verb=DecisionVerb.CHOOSE, choice=meant[0].id) if len(meant) == 1 else None


def _plain(text: str) -> str:
    """Words in small letters, apart by one space each."""
    return " ".join(_WORDS.findall(text.casefold()))


def _status_name(snapshot: ExecutionSnapshot) -> str:
    if any(a.status is ApprovalStatus.PENDING for a in snapshot.approvals):
        return "asking"
    return snapshot.status.value


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else flat[:79] + "…"
