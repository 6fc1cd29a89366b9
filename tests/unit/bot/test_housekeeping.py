"""What is not needed any more is forgotten, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.housekeeping import KEYS_KEPT, REMARKS_KEPT, Housekeeping
from engine.domain.ids import DEFAULT_TENANT, ConversationId, PrincipalId
from engine.ports.chat_log import Delivery
from engine.ports.remarks import Remark
from storage.chat_store import SqliteChatLog
from storage.codec import instant
from storage.database import open_database
from storage.remarks_store import SqliteRemarks
from tests.lab import FakeClock

ROOM = ConversationId("paper:room:1")


async def test_handled_deliveries_go_after_two_days_and_remarks_after_ninety(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_database(tmp_path, now=instant(clock.now()), durable=False) as database:
        log, remarks = SqliteChatLog(database), SqliteRemarks(database)
        house = Housekeeping({"deliveries": (log, KEYS_KEPT), "remarks": (remarks, REMARKS_KEPT)}, clock)

        async def add(name: str) -> None:
            await log.receive(
                Delivery(
                    key=name,
                    surface="paper",
                    user_id=PrincipalId("u"),
                    tenant_id="local",
                    text=name,
                    received_at=clock.now(),
                )
            )
            await remarks.keep(
                Remark(
                    conversation_id=ROOM,
                    id=name,
                    tenant_id=DEFAULT_TENANT,
                    author_id=PrincipalId("u"),
                    author="Dana",
                    text=name,
                    at=clock.now(),
                )
            )

        await add("first")
        await log.handled("first", clock.now())
        await add("waits")
        clock.advance(timedelta(hours=47))
        await house.sweep()
        assert not await log.receive(
            Delivery(
                key="first",
                surface="paper",
                user_id=PrincipalId("u"),
                tenant_id="local",
                text="again",
                received_at=clock.now(),
            )
        )
        clock.advance(timedelta(hours=2))
        await house.sweep()
        assert [d.key for d in await log.waiting("paper")] == ["waits"]
        assert [r.id for r in await remarks.read(DEFAULT_TENANT, ROOM, limit=10)] == ["first", "waits"]
        await add("later")
        clock.advance(timedelta(days=89))
        await house.sweep()
        assert [r.id for r in await remarks.read(DEFAULT_TENANT, ROOM, limit=10)] == ["later"]
