"""Commands: ``/start``, ``/ask``, ``/status`` … and what each of them answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.commands import Command
from bot.linking import Linking
from bot.render.texts import Phrase, Texts
from bot.telegram.address import Talk, talk_of
from bot.telegram.api import Target
from bot.telegram.desk import Desk
from bot.telegram.menus import COMMANDS
from bot.telegram.people import Joined
from bot.telegram.plan_sheets import PlanSheets
from engine.domain.request import dominant_locale
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal, Role
from engine.errors import NotAllowedError
from engine.ports.chat_log import Delivery

_FOR_STRANGERS = frozenset({Command.START, Command.CLAIM, Command.LINK})
"""Commands with which somebody can become known to us."""
ABOUT_ONESELF = frozenset({Command.STATUS, Command.APPROVALS, Command.PLAN})
"""Commands whose answers a group need not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that stood behind a command."""

    delivery: Delivery
    """With the request as its text."""
    dry_run: bool


class Orders:
    """Of one bot."""

    def __init__(self, desk: Desk, linking: Linking) -> None:
        self._desk = desk
        self._linking = linking
        self._sheets = PlanSheets(desk)

    def is_for_strangers(self, delivery: Delivery) -> bool:
        """May somebody nobody knows send this command?"""
        return _command(delivery) in _FOR_STRANGERS

    def request(self, delivery: Delivery) -> Asked | None:
        """The request a command carries; None where it carries none."""
        command = _command(delivery)
        if command not in {Command.ASK, Command.PLAN} or not delivery.text.strip():
            return None
        return Asked(delivery=replace(delivery, text=delivery.text.strip()), dry_run=command is Command.PLAN)

    async def obey(self, delivery: Delivery, principal: Principal, talk: Talk) -> None:
        """Carry out a command that carries no request, and answer where it was given: in a group, what is about a person
        alone goes to them in private. Below the plan, where it is the only one that can be changed, comes its sheet."""
        texts, command = self._texts(delivery), _command(delivery)
        words = await self._words(command, delivery, principal, talk, texts)
        if talk.private or command not in ABOUT_ONESELF:
            await self._desk.tell(delivery, words)
        else:
            await self._desk.tell_alone(delivery, words, texts)
        if talk.private and command is Command.PLAN:
            await self._sheets.offer(principal, delivery, Target(chat=talk.chat, topic=talk.topic, silent=True))

    async def _words(self, command: Command, delivery: Delivery, principal: Principal, talk: Talk, texts: Texts) -> str:
        conversing, named = self._desk.conversing, str(delivery.payload.get("command", ""))
        match command:
            case Command.START | Command.CLAIM | Command.LINK | Command.UNLINK | Command.INVITE:
                return await self._about_people(command, delivery, principal, talk, texts)
            case Command.ASK:
                return conversing.say(texts, "ask_usage")
            case Command.HELP if named not in COMMANDS:
                return conversing.say(texts, "unknown_command")
            case Command.HELP:
                return conversing.say(texts, "help" if talk.private else "group_help")
            case _:
                return await self._steer(command, delivery, principal, talk, texts)

    async def _about_people(
        self, command: Command, delivery: Delivery, principal: Principal, talk: Talk, texts: Texts
    ) -> str:
        """Who somebody is here, and who else."""
        match command:
            case Command.START | Command.CLAIM | Command.LINK if delivery.text.strip():
                return await self._come_in(delivery, principal, talk, texts, meant=command is not Command.START)
            case Command.START | Command.LINK if principal.role is Role.NONE:
                return await self._desk.to_stranger(delivery) if self._desk.may_refuse(delivery) else ""
            case Command.START:
                return self._welcome(texts)
            case Command.CLAIM:
                return self._desk.conversing.say(texts, "claim_usage")
            case Command.UNLINK:
                await self._linking.unlink(principal)
                return texts.say("linking.unlinked")
            case _ if not talk.private:
                return self._in_private(texts)
            case Command.LINK:
                return texts.say("linking.issued", code=await self._linking.issue(principal))
            case _:
                return await self._invitation(principal, texts)

    async def _steer(self, command: Command, delivery: Delivery, principal: Principal, talk: Talk, texts: Texts) -> str:
        """About what is open: where it replies to a message of ours, about that and nothing else."""
        conversing = self._desk.conversing
        live = await conversing.all_live(principal, until=delivery.sent_at)
        about = None if command in ABOUT_ONESELF else await self._desk.about(delivery)
        if about is None:
            return await conversing.steer(principal, command, self._near(live, delivery, talk, command), texts)
        meant = [snapshot for snapshot in live if snapshot.id == about]
        return await conversing.steer(principal, command, meant, texts) if meant else conversing.say(texts, "over")

    def _near(
        self, live: Sequence[ExecutionSnapshot], delivery: Delivery, talk: Talk, command: Command
    ) -> list[ExecutionSnapshot]:
        """In a group, stopping and pausing is about what is held there: in the thread that is replied to, or anywhere in the
        group."""
        if talk.private or command in ABOUT_ONESELF:
            return list(live)
        held = [(snapshot, talk_of(snapshot.execution.request.conversation_id)) for snapshot in live]
        here = [(snapshot, at) for snapshot, at in held if at is not None and self._desk.present(at.chat) == talk.chat]
        if delivery.payload.get("reply"):
            return [snapshot for snapshot, at in here if at == talk]
        return [snapshot for snapshot, _ in here]

    async def _come_in(self, delivery: Delivery, principal: Principal, talk: Talk, texts: Texts, *, meant: bool) -> str:
        """Somebody followed a link, or sent a code with a command: of the owner's, of an invitation, or of an account
        elsewhere."""
        code = delivery.text.strip()
        if not talk.private:
            words = self._shown_to_others(code, texts)
            return words if principal.role is not Role.NONE or self._desk.may_refuse(delivery) else ""
        joined = await self._desk.people.start(principal, code, meant=meant)
        match joined:
            case Joined.OWNER:
                told = f"{texts.say('conversation.claimed')} {self._desk.conversing.say(texts, 'owner_next')}"
                return f"{told}\n\n{self._desk.conversing.say(texts, 'help')}"
            case Joined.MEMBER:
                return f"{texts.say('linking.joined')}\n\n{self._desk.conversing.say(texts, 'help')}"
            case Joined.CONFIRM:
                return texts.say("linking.confirm", who=await self._desk.people.made_by(principal, code) or "?")
            case _:
                return texts.say(f"linking.{joined.value}")

    def _shown_to_others(self, code: str, texts: Texts) -> str:
        spoilt = self._desk.people.spoil(code)
        return self._desk.spoilt(spoilt, texts) if spoilt else self._in_private(texts)

    def _in_private(self, texts: Texts) -> str:
        return self._desk.write_me(texts)

    async def _invitation(self, principal: Principal, texts: Texts) -> str:
        try:
            code = await self._desk.people.invite(principal)
        except NotAllowedError:
            return texts.say("linking.only_owners")
        return texts.say("linking.invitation", link=Phrase(f"https://t.me/{self._desk.bot.username}?start={code}"))

    def _welcome(self, texts: Texts) -> str:
        return f"{self._desk.conversing.say(texts, 'welcome')}\n\n{self._desk.conversing.say(texts, 'help')}"

    def _texts(self, delivery: Delivery) -> Texts:
        if _command(delivery) in {Command.ASK, Command.PLAN} and delivery.text.strip():
            return self._desk.texts(dominant_locale(delivery.text))
        return self._desk.texts_for(delivery)


def _command(delivery: Delivery) -> Command:
    return COMMANDS.get(str(delivery.payload.get("command", "")), Command.HELP)
