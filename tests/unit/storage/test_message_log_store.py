"""Where messages are: found by their name, told apart by the place they are in, and how far each place is up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.event import Event, EventType
from engine.domain.execution import Execution, ExecutionStatus
from engine.domain.ids import DEFAULT_TENANT, ApprovalId, ConversationId, ExecutionId, PrincipalId
from engine.domain.request import Request
from engine.ports import changes as s
from engine.ports.chat_log import Delivery, Outgoing
from engine.ports.message_log import MessageKey
from storage import chat_store
from storage.chat_store import SqliteChatLog
from storage.codec import instant
from storage.database import DATABASE_FILE, open_database
from storage.execution_store import SqliteExecutionStore
from storage.message_log_store import SqliteMessageLog
from tests.lab import FakeClock

NOW = FakeClock().now()
E = ExecutionId("e")
DANA, AVI = PrincipalId("paper:dana"), PrincipalId("paper:avi")
ROOM, BOARD = ConversationId("paper:room:1"), ConversationId("slate:dana")


@dataclass(slots=True)
class Shelf:
    log: SqliteMessageLog
    store: SqliteExecutionStore
    chat: SqliteChatLog

    async def execution(self, name: str = "e", where: ConversationId = ROOM, user: PrincipalId = DANA) -> None:
        """Asked, with one event."""
        request = Request(text="x", user_id=user, conversation_id=where)
        at = NOW + timedelta(seconds=len(name))
        execution = Execution(
            id=ExecutionId(name), request=request, status=ExecutionStatus.PLANNING, created_at=at, updated_at=at
        )
        assert await self.store.commit(s.CreateExecution(execution=execution))
        await self.event(name)

    async def event(self, name: str = "e") -> None:
        event = Event(execution_id=ExecutionId(name), type=EventType.STEP_STARTED, at=NOW)
        assert await self.store.commit(s.AppendEvent(event=event))

    async def question(self, name: str = "e", status: ApprovalStatus = ApprovalStatus.PENDING) -> None:
        asked = Approval(
            id=ApprovalId(f"q-{name}"),
            execution_id=ExecutionId(name),
            kind=ApprovalKind.QUESTION,
            plan_version=1,
            created_at=NOW,
        )
        assert await self.store.commit(s.OpenApproval(approval=asked))
        await self.event(name)

    async def elsewhere(self, *askers: PrincipalId) -> list[str]:
        return list(await self.log.behind_elsewhere("slate:", askers))


def key(purpose: str = "card", where: ConversationId = ROOM, name: str = "e") -> MessageKey:
    return MessageKey(execution_id=ExecutionId(name), conversation_id=where, purpose=purpose)


def damage(home: Path, statement: str) -> None:
    """As a bad block, or a stray write, does."""
    with closing(sqlite3.connect(home / DATABASE_FILE, isolation_level=None)) as connection:
        assert connection.execute(statement).rowcount > 0


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncGenerator[Shelf]:
    async with open_database(tmp_path, now=instant(NOW), durable=False) as database:
        yield Shelf(SqliteMessageLog(database), SqliteExecutionStore(database), SqliteChatLog(database))


async def test_a_message_is_found_by_its_name_in_the_conversations_that_are_looked_through(shelf: Shelf) -> None:
    await shelf.log.shown(key("card"), "7/12", "h")
    await shelf.log.shown(key("final"), "7/13", "h")
    await shelf.log.posting(key("approval:a"), NOW)
    await shelf.log.up_to_date(E, ROOM, 3)
    await shelf.log.shown(key("card", ConversationId("paperback:1"), "other"), "7/14", "h")
    assert await shelf.log.at("paper:", "7/12") == (E, ROOM)
    assert await shelf.log.at("paper:", "7/13") == (E, ROOM)
    for prefix, ref in (("slate:", "7/12"), ("paper:", "7/1"), ("paper:", "7/14"), ("paper:", ""), ("p%", "7/12")):
        assert await shelf.log.at(prefix, ref) is None
    await shelf.log.lost(key("card"))
    assert await shelf.log.at("paper:", "7/12") is None


async def test_a_cursor_is_kept_with_when_it_was_moved_and_being_heard_leaves_it(shelf: Shelf) -> None:
    assert await shelf.log.cursor("paper") is None
    await shelf.log.heard("paper", NOW)
    await shelf.log.move_cursor("slate", "7", NOW)
    assert (await shelf.log.cursor("paper"), await shelf.log.last_heard("paper")) == (None, NOW)
    await shelf.log.move_cursor("paper", "41", NOW + timedelta(seconds=1))
    await shelf.log.heard("paper", NOW + timedelta(seconds=5))
    await shelf.log.move_cursor("slate", "8", NOW)
    assert await shelf.log.cursor("paper") == "41"
    assert await shelf.log.last_heard("paper") == NOW + timedelta(seconds=5)


async def test_a_damaged_instant_of_being_heard_is_none_and_the_next_one_stands(shelf: Shelf, tmp_path: Path) -> None:
    for damaged in ("", "2026-11-23T08", "CAST(x'ff' AS TEXT)"):
        await shelf.log.move_cursor("paper", "41", NOW)
        value = damaged if damaged.startswith("CAST") else f"'{damaged}'"
        damage(tmp_path, f"UPDATE surfaces SET heard_at = {value}")
        assert await shelf.log.last_heard("paper") is None
        assert await shelf.log.cursor("paper") == "41"
    await shelf.log.move_cursor("paper", "42", NOW)
    assert await shelf.log.last_heard("paper") == NOW


@pytest.mark.parametrize("damaged", ["", "2026-11-23T08", "7"])
async def test_a_damaged_instant_of_a_posting_leaves_it_uncertain(shelf: Shelf, tmp_path: Path, damaged: str) -> None:
    for purpose in ("card", "final"):
        await shelf.log.posting(key(purpose), NOW)
    damage(tmp_path, f"UPDATE chat_messages SET sending_at = '{damaged}' WHERE purpose = 'card'")
    logged = await shelf.log.messages(ExecutionId("e"), ROOM)
    assert {name: (one.uncertain, one.sending_at) for name, one in logged.items()} == {
        "card": (True, None),
        "final": (True, NOW),
    }
    await shelf.log.lost(key("card"))
    assert not (await shelf.log.messages(ExecutionId("e"), ROOM))["card"].uncertain


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE local_chat SET at = 'no time at all' WHERE seq = 2",
        "UPDATE local_chat SET body = substr(body, 2) WHERE seq = 2",
        "UPDATE local_chat SET body = CAST(x'2281ff22' AS TEXT) WHERE seq = 2",
    ],
)
async def test_a_damaged_line_of_the_local_chat_is_left_out_and_those_behind_it_are_shown(
    shelf: Shelf, tmp_path: Path, statement: str
) -> None:
    for number in range(3):
        said = Delivery(
            key=f"k{number}", surface="chat", user_id=DANA, tenant_id=DEFAULT_TENANT, text=str(number), received_at=NOW
        )
        assert await shelf.chat.receive(said)
    damage(tmp_path, statement)
    assert [line.seq for line in await shelf.chat.since(DANA, 0)] == [1, 3]


async def test_however_many_lines_are_damaged_the_ones_behind_them_are_found(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_store, "_PAGE", 2)
    for number in range(5):
        said = Delivery(
            key=f"k{number}", surface="chat", user_id=DANA, tenant_id=DEFAULT_TENANT, text=str(number), received_at=NOW
        )
        assert await shelf.chat.receive(said)
    damage(tmp_path, "UPDATE local_chat SET at = '' WHERE seq < 5")
    assert [line.seq for line in await shelf.chat.since(DANA, 0)] == [5]
    assert await shelf.chat.since(DANA, 5) == []


async def test_what_is_shown_elsewhere_says_nothing_of_what_is_shown_at_home(shelf: Shelf) -> None:
    await shelf.execution()
    await shelf.log.up_to_date(E, BOARD, 1)
    assert await shelf.log.behind("paper:") == [E]
    await shelf.log.up_to_date(E, ROOM, 1)
    await shelf.log.up_to_date(E, BOARD, 0)
    assert await shelf.log.behind("paper:") == []


async def test_the_local_chat_does_not_take_anothers_messages_for_its_own(shelf: Shelf) -> None:
    local = ConversationId("local")
    await shelf.execution(where=local)
    await shelf.log.shown(key("card", BOARD), "m1", "h")
    assert await shelf.chat.shown(E) == {}
    assert await shelf.chat.behind() == [E]
    card = Outgoing(purpose="card", kind="card", body={"seq": 1})
    await shelf.chat.show(E, (local, DANA), 1, [card], NOW)
    assert list(await shelf.chat.shown(E)) == ["card"]
    assert await shelf.chat.behind() == []


async def test_an_open_question_that_is_not_shown_elsewhere_is_behind_for_its_asker(shelf: Shelf) -> None:
    await shelf.execution("e")
    await shelf.execution("silent")
    await shelf.execution("at-home", ConversationId("slate:x"))
    await shelf.execution("of-avi", user=AVI)
    for name in ("at-home", "of-avi", "e"):
        await shelf.question(name)
    assert await shelf.elsewhere(DANA) == ["e"]
    assert await shelf.elsewhere(DANA, AVI) == ["e", "of-avi"]
    assert await shelf.elsewhere() == []


async def test_what_is_shown_elsewhere_is_behind_until_its_last_event(shelf: Shelf) -> None:
    await shelf.execution()
    await shelf.question()
    await shelf.log.posting(key("approval:q-e", BOARD), NOW)
    assert await shelf.elsewhere(DANA) == ["e"]
    await shelf.log.shown(key("approval:q-e", BOARD), "m1", "h")
    await shelf.log.up_to_date(E, BOARD, 2)
    assert await shelf.elsewhere(DANA) == []
    await shelf.event()
    assert await shelf.elsewhere(DANA) == ["e"]
    assert await shelf.elsewhere(AVI) == [], "whoever is not linked any more is not told"
    await shelf.log.up_to_date(E, BOARD, 3)
    assert await shelf.elsewhere(DANA) == []
