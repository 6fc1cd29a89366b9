"""One person on two chats: what waits for them is asked on both, the first answer counts, and both messages say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.linking import Linking, Redeemed
from bot.mirror import Mirror, MirrorParts
from bot.outbox import Outbox
from bot.remote_chat import RemoteChat, RemoteChatParts
from bot.render.view import CardLook
from engine.domain.approval import Approval, ApprovalStatus, Decision, DecisionVerb
from engine.domain.ids import ConversationId, ExecutionId, PrincipalId
from engine.domain.json import JsonObject
from engine.domain.request import Request
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.tenant import Principal, Role
from engine.errors import ConflictError, UnavailableError
from engine.ports.message_log import LoggedMessage
from storage.codes_store import SqliteCodes
from storage.message_log_store import SqliteMessageLog
from storage.people_store import SqlitePeople
from tests.lab import FakeClock, Lab, Publish, World, open_lab, plan, step
from tests.unit.bot.notebook import Notebook
from tests.waiting import until

ROOM = ConversationId("paper:room:1")
DANA = Principal(
    id=PrincipalId("paper:dana"), tenant_id=Request(text="", user_id=PrincipalId("")).tenant_id, role=Role.MEMBER
)
PHONE = replace(DANA, id=PrincipalId("slate:dana"), role=Role.NONE)
TABLET = replace(PHONE, id=PrincipalId("slate:tablet"))
AVI = replace(DANA, id=PrincipalId("paper:avi"))


@dataclass(slots=True)
class Nowhere:
    """The local chat, which shows nothing here."""

    def owns(self, conversation_id: ConversationId) -> bool:
        return not conversation_id.startswith(("paper:", "slate:"))

    async def behind(self) -> Sequence[ExecutionId]:
        return []

    async def show(self, snapshot: ExecutionSnapshot) -> None:
        del snapshot


class Flaky(SqliteMessageLog):
    """Cannot be read where the mirror reads, as long as it is told so."""

    failing = 0

    async def messages(self, execution_id: ExecutionId, conversation_id: ConversationId) -> dict[str, LoggedMessage]:
        if conversation_id.startswith("slate:") and self.failing:
            self.failing -= 1
            raise UnavailableError("storage_unavailable", "away")
        return dict(await SqliteMessageLog.messages(self, execution_id, conversation_id))


def place_of(account: PrincipalId) -> ConversationId | None:
    return ConversationId(f"slate:home:{account.partition(':')[2]}")


def mirrored(body: JsonObject, title: str, locale: str) -> JsonObject:
    return {**body, "about": title, "locale": locale}


@dataclass(slots=True)
class Duo:
    """Two chats over one engine."""

    lab: Lab
    linking: Linking
    outbox: Outbox
    home: RemoteChat
    mirror: Mirror
    log: Flaky
    paper: Notebook
    slate: Notebook
    shut_out: set[PrincipalId] = field(default_factory=set[PrincipalId])
    asked: list[ExecutionId] = field(default_factory=list[ExecutionId])
    """At home."""

    async def ask(self, by: Principal = DANA, where: ConversationId = ROOM) -> ExecutionId:
        request = Request(text="publish it", user_id=by.id, conversation_id=where)
        execution = (await self.lab.orchestrator.start(request, by.id)).id
        if where == ROOM:
            self.asked.append(execution)
        return execution

    async def link(self, issuer: Principal = DANA, other: Principal = PHONE) -> None:
        assert await self.linking.redeem(other, await self.linking.issue(issuer)) is Redeemed.LINKED

    async def answer(self, by: Principal, approval: Approval, verb: DecisionVerb = DecisionVerb.APPROVE) -> Approval:
        return await self.lab.gates.decide(await self.linking.joined(by), approval.id, Decision(verb=verb))

    async def until(self, condition: object) -> None:
        assert callable(condition)
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.to_thread(lambda: None)

    async def quiet(self) -> None:
        """Until everything that happened was looked at, and nothing waits to be sent."""
        for execution in self.asked:
            await until(lambda e=execution: self.lab.orchestrator.get_execution(e), self._is_shown)
        await self.until(lambda: not self.home.waiting and not self.mirror.waiting)

    def _is_shown(self, snapshot: ExecutionSnapshot) -> bool:
        """Is its last state on its card? What mirrors are given is given to them first."""
        cards = [str(line.body) for line in self.paper.lines.values() if line.key.execution_id == snapshot.id]
        return any(card.endswith(f"'seq': {snapshot.seq}}}") for card in cards)

    @property
    def queued(self) -> int:
        """Messages that wait to be sent to the slate."""
        return sum(chat.waiting for chat in self.mirror._chats.values())  # pyright: ignore[reportPrivateUsage]

    def told(self) -> list[tuple[str, str]]:
        """Where something was said on the slate, and what."""
        return [(line.key.conversation_id, line.key.purpose) for line in self.slate.lines.values()]

    def words(self, approval: Approval) -> str:
        (body,) = self.slate.shown(f"approval:{approval.id}")
        assert isinstance(body, dict)
        return str(body["text"])  # pyright: ignore[reportUnknownArgumentType] - whatever was drawn


def gated() -> World:
    """A plan that stops at a gate."""
    return World(plan=lambda _: plan(step("a"), step("p", "Publisher", left="a")), tools=(Publish(),))


@asynccontextmanager
async def duo(
    home: Path, world: World, paper: Notebook | None = None, slate: Notebook | None = None, *, known: bool = True
) -> AsyncGenerator[Duo]:
    async with open_lab(home, world) as lab:
        database = lab.store._database  # pyright: ignore[reportPrivateUsage]
        people, log = SqlitePeople(database), Flaky(database)
        linking = Linking(people, SqliteCodes(database), lab.clock)
        for somebody in (DANA, PHONE, TABLET, AVI) if known else ():
            await people.keep(replace(somebody, name=somebody.id.partition(":")[2].title()), lab.clock.now())
        await linking.load()
        outbox = Outbox(lab.state, lab.clock, Nowhere())
        lab.state.watch(outbox.heard)
        look = CardLook(gated_agents=frozenset())

        def parts(notebook: Notebook, prefix: str) -> RemoteChatParts:
            return RemoteChatParts(
                messenger=notebook, log=log, people=people, clock=lab.clock, look=look, prefix=prefix
            )

        paper, slate = paper or Notebook(), slate or Notebook()
        chat = RemoteChat(parts(paper, "paper:"), outbox.mark)
        mirror = Mirror(
            MirrorParts(chat=parts(slate, "slate:"), linking=linking, place=place_of, mirrored=mirrored), outbox.mark
        )
        made = Duo(lab, linking, outbox, chat, mirror, log, paper, slate)

        async def standing(account: PrincipalId) -> bool:
            return account not in made.shut_out

        linking.vouch("", standing)
        await outbox.add("paper", chat)
        await outbox.add_mirror("slate", mirror)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(run()) for run in (outbox.run, chat.run, mirror.run)]
            try:
                yield made
            finally:
                for task in running:
                    task.cancel()


async def test_a_question_is_shown_on_the_other_account_alone_and_edited_to_its_outcome(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        execution = await at.ask()
        question = await at.lab.asked(execution)
        await at.until(at.told)
        asked = at.words(question)
        assert at.told() == [("slate:home:dana", f"approval:{question.id}")]
        decided = await at.answer(PHONE, question)
        assert decided.decided_by == PHONE.id, "a decision names the account that made it"
        await at.lab.done(execution)
        await at.until(lambda: at.words(question) != asked)
        await at.quiet()
        (home,) = at.paper.shown(f"approval:{question.id}")
        assert isinstance(home, dict)
        assert home["text"] == at.words(question)
        assert "Approved" in at.words(question)
        assert len(at.told()) == 1, "neither the card nor the end is told there"
        (body,) = at.slate.shown(f"approval:{question.id}")
        assert isinstance(body, dict)
        assert body["about"] == "publish it"
        assert at.paper.shown("final")


async def test_what_is_decided_at_home_is_shown_there_too(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        execution = await at.ask()
        question = await at.lab.asked(execution)
        await at.until(at.told)
        await at.answer(DANA, question, DecisionVerb.REJECT)
        await at.until(lambda: "Not approved" in at.words(question) or "ejected" in at.words(question))
        assert (await at.lab.done(execution)).approvals[0].decided_by == DANA.id


async def test_of_two_answers_at_once_one_counts_and_the_person_learns_it_was_themselves(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        question = await at.lab.asked(await at.ask())
        results: list[Approval | ConflictError] = []

        async def press(by: Principal, verb: DecisionVerb) -> None:
            try:
                results.append(await at.answer(by, question, verb))
            except ConflictError as error:
                results.append(error)

        async with asyncio.TaskGroup() as group:
            group.create_task(press(DANA, DecisionVerb.APPROVE))
            group.create_task(press(PHONE, DecisionVerb.REJECT))
        (won,) = [r for r in results if isinstance(r, Approval)]
        (lost,) = [r for r in results if isinstance(r, ConflictError)]
        assert (lost.code, lost.parameters["who"], lost.parameters["own"]) == ("already_decided", won.decided_by, "yes")
        again = DANA if won.decided_by == PHONE.id else PHONE
        same = {ApprovalStatus.APPROVED: DecisionVerb.APPROVE, ApprovalStatus.REJECTED: DecisionVerb.REJECT}[won.status]
        assert await at.answer(again, question, same) == won, "the same answer from the other account is no conflict"


async def test_nobody_is_shown_what_another_person_asked_for_nor_may_decide_it(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        execution = await at.ask(by=AVI)
        question = await at.lab.asked(execution)
        await at.quiet()
        assert at.told() == []
        with pytest.raises(Exception, match=r"not_found|not_allowed"):
            await at.answer(PHONE, question)


async def test_what_is_asked_on_the_same_chat_is_not_shown_there_a_second_time(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        await at.link(other=TABLET)
        await at.lab.asked(await at.ask(by=PHONE, where=ConversationId("slate:group:7")))
        await at.lab.asked(await at.ask(by=AVI))
        await at.quiet()
        assert at.told() == []


async def test_every_account_of_the_person_on_that_chat_is_asked(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        await at.link(other=TABLET)
        question = await at.lab.asked(await at.ask())
        await at.until(lambda: len(at.told()) == 2)
        assert sorted(where for where, _ in at.told()) == ["slate:home:dana", "slate:home:tablet"]
        await at.answer(TABLET, question)
        await at.until(lambda: all("Approved" in str(b) for b in at.slate.shown(f"approval:{question.id}")))


async def test_a_place_that_only_mirrors_holds_no_execution(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        execution = await at.ask()
        question = await at.lab.asked(execution)
        await at.until(at.told)
        await at.quiet()
        place = place_of(PHONE.id)
        assert place is not None
        assert await at.lab.store.thread(DANA.tenant_id, place, limit=10) == []
        assert await at.log.behind("slate:") == []
        (ref,) = at.slate.lines
        assert await at.log.at("slate:", ref) == (execution, place), "a reply to it can be told"
        await at.answer(DANA, question)
        await at.lab.done(execution)
        await at.quiet()
        await until(at.mirror.behind, lambda behind: not behind)


# Links that come and go.


async def test_what_is_open_when_an_account_is_linked_is_shown_at_once(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        question = await at.lab.asked(await at.ask())
        await at.quiet()
        assert at.told() == []
        await at.link()
        await at.until(at.told)
        assert at.told() == [("slate:home:dana", f"approval:{question.id}")]


async def test_of_what_was_answered_before_nothing_is_said(tmp_path: Path) -> None:
    world = World(
        plan=lambda _: plan(step("a"), step("p", "Publisher", left="a"), step("q", "Publisher", left="p")),
        tools=(Publish(),),
    )
    async with duo(tmp_path, world) as at:
        execution = await at.ask()
        first = await at.lab.asked(execution)
        await at.answer(DANA, first)
        second = await at.lab.asked(execution, 2)
        await at.link()
        await at.until(at.told)
        await at.answer(DANA, second)
        await at.lab.done(execution)
        await at.until(lambda: "Approved" in at.words(second))
        await at.quiet()
        assert at.told() == [("slate:home:dana", f"approval:{second.id}")]


async def test_nothing_more_is_sent_to_an_account_that_was_unlinked(tmp_path: Path) -> None:
    slate = Notebook(pause=timedelta(hours=1))
    async with duo(tmp_path, gated(), slate=slate) as at:
        await at.link()
        question = await at.lab.asked(await at.ask())
        await at.until(lambda: at.queued == 1)
        (sender,) = at.mirror._senders.values()  # pyright: ignore[reportPrivateUsage]
        await at.linking.unlink(PHONE)
        await at.until(sender.done)
        slate.pause = timedelta(0)
        await at.answer(DANA, question)
        await at.quiet()
        assert at.told() == []
        with pytest.raises(Exception, match=r"not_found|not_allowed"):
            await at.answer(PHONE, question)


async def test_nothing_is_told_to_an_account_that_is_unlinked_while_its_platform_is_asked(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        asked, go_on = asyncio.Event(), asyncio.Event()

        async def slowly(account: PrincipalId) -> bool:
            if account == DANA.id:
                asked.set()
                await go_on.wait()
            return True

        at.linking.vouch("", slowly)
        await at.ask()
        await asked.wait()
        await at.linking.unlink(PHONE)
        go_on.set()
        await at.quiet()
        assert at.told() == []


async def test_nothing_is_told_to_an_account_that_is_unlinked_while_its_question_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        await at.link(other=TABLET)
        drawing, go_on, read, phone = asyncio.Event(), asyncio.Event(), at.log.messages, list[ConversationId]()

        async def slowly(execution_id: ExecutionId, conversation_id: ConversationId) -> dict[str, LoggedMessage]:
            if conversation_id == place_of(PHONE.id):
                phone.append(conversation_id)
                if len(phone) == 2:  # the first look is the mirror's own, the second its sender's
                    drawing.set()
                    await go_on.wait()
            return await read(execution_id, conversation_id)

        monkeypatch.setattr(at.log, "messages", slowly)
        await at.ask()
        await drawing.wait()
        await at.linking.unlink(PHONE)
        go_on.set()
        await at.until(at.told)
        await at.quiet()
        assert [where for where, _ in at.told()] == [place_of(TABLET.id)]


async def test_a_message_stays_as_it_was_where_its_account_was_unlinked(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        execution = await at.ask()
        question = await at.lab.asked(execution)
        await at.until(at.told)
        await at.quiet()
        asked = at.words(question)
        await at.linking.unlink(PHONE)
        await at.answer(DANA, question)
        await at.lab.done(execution)
        await at.quiet()
        assert at.words(question) == asked
        await at.link()  # the same person once more
        await at.until(lambda: at.words(question) != asked)
        assert len(at.told()) == 1


async def test_an_account_its_platform_shuts_out_is_shown_nothing(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        at.shut_out = {PHONE.id}
        await at.lab.asked(await at.ask())
        await at.quiet()
        assert at.told() == []


async def test_what_an_asker_left_behind_who_was_shut_out_is_shown_on_no_account(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        await at.linking._people.keep(replace(PHONE, role=Role.MEMBER), at.lab.clock.now())  # pyright: ignore[reportPrivateUsage]
        at.shut_out = {DANA.id}
        await at.lab.asked(await at.ask())
        await at.quiet()
        assert at.told() == []


# Failures and restarts.


async def test_a_mirror_that_fails_holds_nothing_up_at_home_and_comes_back(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        at.log.failing = 3
        question = await at.lab.asked(await at.ask())
        await at.until(lambda: at.paper.shown(f"approval:{question.id}"))
        await at.until(at.told)
        assert at.log.failing == 0


async def test_one_account_that_cannot_be_reached_keeps_no_other_waiting(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        await at.link()
        await at.link(other=TABLET)
        at.slate.before = [UnavailableError("slate_unavailable", "blocked", retry_after=timedelta(days=1))]
        await at.lab.asked(await at.ask())
        await at.until(at.told)
        assert len(at.told()) == 1


async def test_after_a_restart_what_was_decided_meanwhile_is_edited(tmp_path: Path) -> None:
    world, paper, slate = gated(), Notebook(), Notebook()
    async with duo(tmp_path, world, paper, slate) as at:
        await at.link()
        execution = await at.ask()
        question = await at.lab.asked(execution)
        await at.until(at.told)
        await at.quiet()
    async with open_lab(tmp_path, world) as lab:  # no chat is served
        await lab.answer(question, DecisionVerb.APPROVE)
        await lab.done(execution)
    async with duo(tmp_path, world, paper, slate, known=False) as at:
        await at.until(lambda: "Approved" in at.words(question))
        await at.quiet()
        assert len(at.told()) == 1
        assert await at.mirror.behind() == []
    calls = len(slate.calls)
    async with duo(tmp_path, world, paper, slate, known=False) as at:
        await at.quiet()
    assert len(slate.calls) == calls, "with nothing new, nothing is sent"


async def test_after_a_restart_what_is_open_and_was_never_shown_is(tmp_path: Path) -> None:
    world = gated()
    async with duo(tmp_path, world, slate=Notebook(pause=timedelta(hours=1))) as at:
        await at.link()
        question = await at.lab.asked(await at.ask())
        await at.until(lambda: at.queued == 1)
    async with duo(tmp_path, world, known=False) as at:
        await at.until(at.told)
        assert at.told() == [("slate:home:dana", f"approval:{question.id}")]


async def test_a_message_whose_posting_was_cut_off_is_looked_up_and_not_posted_twice(tmp_path: Path) -> None:
    world, slate = gated(), Notebook(after=[asyncio.CancelledError()])
    async with duo(tmp_path, world, slate=slate) as at:
        await at.link()
        await at.lab.asked(await at.ask())
        await at.until(lambda: slate.calls)
    async with duo(tmp_path, world, slate=slate, known=False) as at:
        await at.until(lambda: any(call.startswith("edit") for call in slate.calls))
        assert len(at.told()) == 1


# Reminders.


async def test_a_reminder_is_shown_too_but_not_one_from_before_the_link(tmp_path: Path) -> None:
    async with duo(tmp_path, gated()) as at:
        early = await at.lab.asked(await at.ask())
        await remind(at, early)
        await at.link()
        await at.until(at.told)
        late = await at.lab.asked(await at.ask())
        await at.until(lambda: len(at.told()) == 2)
        await remind(at, late)
        await at.until(lambda: len(at.told()) == 3)
        await at.quiet()
        assert [purpose for _, purpose in at.told()] == [
            f"approval:{early.id}",
            f"approval:{late.id}",
            f"remind:{late.id}",
        ]
        await at.answer(PHONE, late)
        await at.answer(PHONE, early)
        await at.until(lambda: "Approved" in at.words(early) and "Approved" in at.words(late))
        await at.quiet()
        assert len(at.told()) == 3


async def remind(at: Duo, approval: Approval) -> None:
    clock = at.lab.clock
    assert isinstance(clock, FakeClock)
    assert approval.remind_at is not None
    clock.instant = max(clock.instant, approval.remind_at)
    await at.lab.alarms.ring(at.lab.timer)
    await at.lab.until(approval.execution_id, lambda s: any(a.id == approval.id and a.reminded_at for a in s.approvals))
