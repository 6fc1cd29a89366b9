"""Messages of Slack's, one to five copies of each, shuffled, over three processes that die and one that ends.

``python -m tests.laboratory.slack_flood WORKDIR MESSAGES`` prints one line of JSON. Real are: Bolt with its signature check, our
intake, inbox and handler, the door, the engine, and SQLite (not flushed: a process dies here, no machine). What is asked has a
plan of one step, and nothing is shown; Slack is a list of payloads, of which each is sent again until it was acknowledged.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from mmap import mmap
from pathlib import Path
from typing import Any

from loguru import logger
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.access import OneTimeCodes
from bot.conversing import Conversing
from bot.gateway import ChatBell, Gateway, Services
from bot.inbox import Inbox
from bot.linking import Linking
from bot.refusals import Refusals
from bot.slack.desk import Desk
from bot.slack.handling import SlackHandler
from bot.slack.inbound.bolt import build_app
from bot.slack.pace import Pace
from bot.slack.people import SlackPeople
from bot.slack.responses import Responses
from bot.slack.web import Identity, SlackWeb, slack_client
from engine.domain.event import Event, EventType
from engine.orchestration.undo import Undoer
from storage.chat_store import SqliteChatLog
from storage.codes_store import SqliteCodes
from storage.database import DATABASE_FILE, Database, migrate
from storage.people_store import SqlitePeople
from storage.remarks_store import SqliteRemarks
from tests.lab import Lab, World, open_lab, plan, step
from tests.laboratory.children import in_child
from tests.laboratory.flood import DEATHS

MOST_COPIES = 5
AT_ONCE = 48
"""Deliveries Slack has under way at a time."""
MOST_BEHIND = 60
"""Messages begun whose executions are not done: so that each process executes its share before it dies."""
NOT_YET = b"-"[0]
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TEAM, BOT, ZONE = "T0FLOOD", "UTIZMOR", "Asia/Jerusalem"
PEOPLE = [f"U{n:03d}" for n in range(50)]
NOWHERE = "http://127.0.0.1:9/api/"
FIRST = 1_795_420_000
US = Identity(
    team_id=TEAM, team_name="flood", bot_user_id=BOT, bot_id="BTIZMOR", app_id=None, url="", scopes=frozenset()
)


@dataclass(frozen=True, slots=True)
class Copy:
    """One delivery of one message."""

    message: int
    kind: str
    """``im``, ``message`` or ``app_mention``; the last two are two events about one message."""
    attempt: int
    """0, or which repetition of the event it is; the first may never have arrived."""

    @property
    def over_http(self) -> bool:
        """Half of them come signed, half over Socket Mode."""
        return (self.message + self.attempt) % 2 == 0

    def payload(self) -> dict[str, Any]:
        """As Slack sends it."""
        number, stamp = self.message, f"{FIRST + self.message}.000100"
        user, private = PEOPLE[number % len(PEOPLE)], self.kind == "im"
        event = {
            "type": "app_mention" if self.kind == "app_mention" else "message",
            "user": user,
            "text": f"note {number}" if private else f"<@{BOT}> note {number}",
            "ts": stamp,
            "event_ts": stamp,
            "team": TEAM,
            "channel": f"D{user}" if private else f"C{number % 7}",
        }
        if self.kind != "app_mention":
            event["channel_type"] = "im" if private else "channel"
        return {
            "type": "event_callback",
            "team_id": TEAM,
            "event_id": f"Ev{self.kind}{number}",
            "event_time": FIRST + number,
            "event": event,
        }

    @property
    def key(self) -> str:
        """How its request's key ends."""
        event = self.payload()["event"]
        return f"{event['channel']}:{event['ts']}"


def copies(messages: int, chance: random.Random) -> list[Copy]:
    """Every delivery there will be, shuffled."""
    found: list[Copy] = []
    for number in range(messages):
        many = chance.randint(1, MOST_COPIES)
        kinds = ("im",) if number % 5 < 2 else ("app_mention", "message")
        late = int(chance.random() < 0.2)  # the first try of the event was lost: only repetitions arrive
        found += [Copy(number, kinds[n % len(kinds)], n // len(kinds) + late) for n in range(many)]
    chance.shuffle(found)
    return found


class Directory(SlackWeb):
    """Slack's own list of people, where everybody is a member; of the other calls none is made."""

    async def user(self, user_id: str) -> dict[str, Any]:
        return {"id": user_id, "team_id": TEAM, "name": user_id.lower()}


@asynccontextmanager
async def taking_in(home: Path) -> AsyncGenerator[tuple[AsyncApp, Lab, SqliteChatLog]]:
    """The product from its intake to its engine."""
    async with AsyncExitStack() as stack:
        lab = await stack.enter_async_context(open_lab(home, World(plan=lambda _: plan(step("a")))))
        database: Database = lab.store._database
        client = await stack.enter_async_context(slack_client("xoxb-1", NOWHERE, timedelta(seconds=1)))
        chat, people = SqliteChatLog(database), SqlitePeople(database)
        inbox, web = Inbox(chat, lab.clock, {}, lambda: None), Directory(client)
        services = Services(
            orchestrator=lab.orchestrator,
            gates=lab.gates,
            store=lab.store,
            inbox=inbox,
            chat=chat,
            bell=ChatBell(),
            clock=lab.clock,
            timezone=ZONE,
            editor=lab.editor,
            forker=lab.forker,
            undoer=Undoer(lab.orchestrator, lab.clock, {}),
            rated=lambda _: None,
            metrics=str,
            surfaces=dict[str, bool],
        )
        door = Gateway(services)
        desk = Desk(
            team=TEAM,
            door=door,
            conversing=Conversing(door, ZONE),
            people=SlackPeople(web, people, lab.clock, TEAM, OneTimeCodes(lab.clock, timedelta(hours=1))),
            refusals=Refusals(people),
            linking=Linking(people, SqliteCodes(database), lab.clock),
            remarks=SqliteRemarks(database),
            web=web,
            responses=Responses(client.session, NOWHERE, 1),
            pace=Pace(time.monotonic),
            clock=lab.clock,
            timezone=ZONE,
            locale="en",
            started_at=lab.clock.now(),
        )
        handler = SlackHandler(desk, lambda: None)
        inbox.add("slack", handler)
        app = build_app(
            client=client,
            signing_secret=SECRET,
            identity=US,
            receive=inbox.receive,
            check=handler.check,
            clock=lab.clock,
        )
        group = await stack.enter_async_context(asyncio.TaskGroup())
        running = group.create_task(inbox.run())
        stack.callback(running.cancel)
        yield app, lab, chat


async def send(app: AsyncApp, copy: Copy) -> bool:
    """Deliver once; whether it was acknowledged."""
    if not copy.over_http:
        return (await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=copy.payload()))).status == 200
    body, stamp = json.dumps(copy.payload()), str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers: dict[str, str | Sequence[str]] = {
        "content-type": "application/json",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": f"v0={digest}",
    }
    if copy.attempt:
        headers |= {"x-slack-retry-num": str(copy.attempt), "x-slack-retry-reason": "http_timeout"}
    return (await app.async_dispatch(AsyncBoltRequest(body=body, headers=headers))).status == 200


async def flood(home: Path, all_of_them: Sequence[Copy], die_after: int | None) -> None:
    """Deliver what was not acknowledged yet; die after so many acknowledgements in all, or end when everything is done."""
    async with taking_in(home) as (app, lab, chat):
        room = asyncio.Semaphore(MOST_BEHIND)
        lab.state.watch(partial(_at_an_end, room))
        with (home / "delivered").open("r+b") as file, mmap(file.fileno(), len(all_of_them)) as acknowledged:
            before = acknowledged[:]
            begun = {copy.message for copy, known in zip(all_of_them, before, strict=True) if known != NOT_YET}
            left = iter([number for number, known in enumerate(before) if known == NOT_YET])
            taken = len(all_of_them) - before.count(NOT_YET)

            async def deliver() -> None:
                nonlocal taken
                for number in left:
                    if all_of_them[number].message not in begun:
                        begun.add(all_of_them[number].message)
                        await room.acquire()
                    if not await send(app, all_of_them[number]):
                        raise AssertionError(f"not taken: {all_of_them[number]}")
                    acknowledged[number : number + 1] = b"+"
                    taken += 1
                    if taken == die_after:
                        os.kill(os.getpid(), signal.SIGKILL)

            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(deliver())
        # the last delivery may be noted after the last execution ended: looked at again, not waited for by that event
        while await chat.waiting("slack") or await lab.store.moving():
            await asyncio.to_thread(lambda: None)


def _at_an_end(room: asyncio.Semaphore, event: Event) -> None:
    if event.type is EventType.EXECUTION_FINISHED:
        room.release()


def verdict(home: Path, all_of_them: Sequence[Copy], codes: Sequence[int]) -> Mapping[str, Any]:
    """What there is afterwards."""
    wanted = {copy.key for copy in all_of_them}
    with closing(sqlite3.connect(f"file:{home / DATABASE_FILE}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT request_key, outcome FROM executions").fetchall()
        (unhandled,) = database.execute("SELECT count(*) FROM inbox WHERE handled_at IS NULL").fetchone()
        (delivered,) = database.execute("SELECT count(*) FROM inbox").fetchone()
        per_process = dict(database.execute("SELECT fence, count(*) FROM executions GROUP BY fence").fetchall())
    made = Counter(key.rpartition(f"{TEAM}:")[2] for key, _ in rows)
    only_again = len(wanted) - len({copy.key for copy in all_of_them if not copy.attempt})
    return {
        "copies": len(all_of_them),
        "only_repetitions": only_again,
        "codes": list(codes),
        "executions": len(rows),
        "outcomes": dict(Counter(outcome for _, outcome in rows)),
        "lost": sorted(wanted - made.keys())[:5],
        "unasked": sorted(made.keys() - wanted)[:5],
        "twice": [key for key, times in made.items() if times > 1][:5],
        "inbox": delivered,
        "unhandled": unhandled,
        "by_process": per_process,
    }


def main() -> None:
    """See the module."""
    logger.remove()
    home, messages = Path(sys.argv[1]), int(sys.argv[2])
    home.mkdir(parents=True)
    migrate(home / DATABASE_FILE)
    everything = copies(messages, random.Random(10_000))
    (home / "delivered").write_bytes(b"-" * len(everything))  # in memory that outlives a process
    deaths: list[int | None] = [len(everything) * (n + 1) // (DEATHS + 1) for n in range(DEATHS)]
    codes = [in_child(lambda after=after: asyncio.run(flood(home, everything, after))) for after in [*deaths, None]]
    print(json.dumps(verdict(home, everything, codes)))


if __name__ == "__main__":
    main()
