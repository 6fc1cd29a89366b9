"""Shows executions in a chat outside: keeps what differs from what is shown there, and sends it as the platform lets it.

What waits is never a text but the latest picture of each message, so a platform that was away for hours gets one state of
each, not the way there. Killed between a post and its note, the next process looks the message up by its key first.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from loguru import logger

from bot.messenger import MessageGoneError, Messenger, Picture, Place, Urgency
from bot.render.view import CardLook, render_view
from bot.sending import CARD, LONGEST_WAIT, RESTING, Board, Job, Shown, gist_of
from engine.concurrency import Wakeup
from engine.domain.ids import ConversationId, ExecutionId, PrincipalId
from engine.domain.json import content_hash
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.waiting import left
from engine.errors import AuthExpiredError, RefusedError, UnavailableError
from engine.failpoints import failpoint
from engine.ports.clock import Clock
from engine.ports.message_log import LoggedMessage, MessageKey, MessageLog
from engine.ports.people import People

SHORTEST_PAUSE, FIRST_PAUSE = timedelta(milliseconds=100), timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=60)
REFUSED_PAUSE = timedelta(minutes=10)
"""After it a question or an end that was refused is tried again: a missing permission can be mended meanwhile. So is a
message that may be there twice."""
LAST_WORDS = timedelta(seconds=3)
"""So long a message under way may take to end when the process does: a platform that cannot be asked about it would show it
twice."""
MOST_ATTEMPTS = 10
"""Of a message that breaks our own code; what a platform merely does not take yet is tried for ever."""
MOST_WAITING = 2_000
"""Messages that wait to be sent; beyond it, progress is left out and looked at again once there is room."""


class Sent(Protocol):
    """Told how sending goes."""

    def __call__(self, *, ok: bool) -> None:
        """``ok``: the platform took something; else it does not know us any more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteChatParts:
    """What a chat outside is shown with."""

    messenger: Messenger
    log: MessageLog
    people: People
    clock: Clock
    look: CardLook
    prefix: str
    """How the ids of its conversations begin."""


class RemoteChat:
    """``bot.outbox.Surface`` of a platform, and its one sender."""

    def __init__(self, parts: RemoteChatParts, again: Callable[[ExecutionId], None], sent: Sent | None = None) -> None:
        self._parts = parts
        self._again = again
        self._sent = sent
        self._shown: dict[ExecutionId, Shown] = {}
        self._jobs = Board(parts.messenger)
        self._drawing: Counter[ExecutionId] = Counter()
        """How many states of an execution are being drawn at the moment."""
        self._left_out: set[ExecutionId] = set()
        self._closed_until: datetime | None = None
        self._bell = Wakeup()

    def owns(self, conversation_id: ConversationId) -> bool:
        """See the protocol."""
        return conversation_id.startswith(self._parts.prefix)

    async def behind(self) -> Sequence[ExecutionId]:
        """See the protocol."""
        return await self._parts.log.behind(self._parts.prefix)

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent."""
        return len(self._jobs)

    async def show(self, snapshot: ExecutionSnapshot) -> None:
        """See the protocol: what differs waits for :meth:`run`. Mere progress is not even drawn while the card waits for
        its turn: when that comes, the latest state is."""
        known = self._shown.get(snapshot.id)
        card = self._jobs.get(snapshot.id, CARD)
        if known is not None and card is not None and known.gist == gist_of(snapshot):
            known.unseen = snapshot
        else:
            await self._draw(snapshot)
        self._bell.ring()

    async def run(self) -> None:
        """Send until cancelled. What is under way then has :data:`LAST_WORDS` to end and be noted; of what takes longer the
        next process finds out whether it was sent, where the platform tells, and else sends it once more."""
        self._jobs.rest()
        sends = set[asyncio.Task[None]]()
        async with asyncio.TaskGroup() as group:
            try:
                await self._send_each(group, sends)
            except asyncio.CancelledError:
                if sends:
                    await asyncio.wait(sends, timeout=LAST_WORDS.total_seconds())
                raise

    async def _send_each(self, group: asyncio.TaskGroup, sends: set[asyncio.Task[None]]) -> None:
        """Begin whatever may be sent, as soon as it may; ``sends`` are those under way."""
        while True:
            now = self._parts.clock.now()
            if self._closed_until is not None and (pause := left(self._closed_until, now, LONGEST_PAUSE)):
                await self._wait(pause)
                continue
            job, pause = self._jobs.next(now)
            if job is None:
                await self._wait(pause)
                continue
            self._jobs.begin(job)
            send = group.create_task(self._send(job))
            sends.add(send)
            send.add_done_callback(sends.discard)

    # What to send.

    async def _draw(self, snapshot: ExecutionSnapshot) -> None:
        """Compare a state with what is shown. What is known of its execution stays known as long as any state of it is being
        drawn: else an older one, that took longer, would count for the first."""
        self._drawing[snapshot.id] += 1
        try:
            await self._draw_latest(snapshot)
        finally:
            self._drawing[snapshot.id] -= 1
            self._drawing += Counter()  # forgets those that are at none
        await self._note_if_shown(snapshot.id)

    async def _draw_latest(self, snapshot: ExecutionSnapshot) -> None:
        parts, request = self._parts, snapshot.execution.request
        people = {a.decided_by for a in snapshot.approvals if a.decided_by} | {request.user_id}
        names = await parts.people.names(PrincipalId(p) for p in people)
        known = self._shown.get(snapshot.id)
        if known is None:
            logged = dict(await parts.log.messages(snapshot.id, request.conversation_id))
            known = Shown(conversation_id=request.conversation_id, messages=logged)
            known = self._shown.setdefault(snapshot.id, known)
        if snapshot.seq < known.seq:
            return  # a later state was drawn while this one was looked up
        known.seq, known.gist = snapshot.seq, gist_of(snapshot)
        if known.unseen is not None and known.unseen.seq <= snapshot.seq:
            known.unseen = None
        view = render_view(snapshot, parts.look, now=parts.clock.now(), names=names)
        place = Place(conversation_id=request.conversation_id, user_id=request.user_id)
        for picture in parts.messenger.draw(view):
            self._compare(snapshot.id, known, place, picture)
        known.resting_at = snapshot.seq if snapshot.status in RESTING else None

    def _compare(self, execution_id: ExecutionId, known: Shown, place: Place, picture: Picture) -> None:
        job, shown = self._jobs.get(execution_id, picture.purpose), known.messages.get(picture.purpose)
        if job is not None:
            self._jobs.redraw(job, picture)
            return
        if not known.wants(picture):
            return
        if len(self._jobs) >= MOST_WAITING and picture.urgency is Urgency.PROGRESS:
            self._left_out.add(execution_id)
            return
        job = Job(
            key=MessageKey(execution_id=execution_id, conversation_id=place.conversation_id, purpose=picture.purpose),
            place=place,
            picture=picture,
            ref=(shown.ref or None) if shown else None,
            since=self._parts.clock.now(),
            uncertain=shown is not None and shown.uncertain,
            posting_since=shown.sending_at if shown is not None else None,
        )
        self._jobs.put(job)

    async def _wait(self, pause: timedelta | None) -> None:
        if pause is None:
            await self._bell.wait()
            return
        try:
            async with asyncio.timeout(max(pause.total_seconds(), 0.01)):
                await self._bell.wait()
        except TimeoutError:
            return

    # Sending.

    async def _send(self, job: Job) -> None:
        job.in_doubt = job.uncertain
        try:
            await self._look_again(job)
            await self._try(job, job.picture)
        except UnavailableError as error:
            self._later(job, error.retry_after)
            logger.bind(purpose=job.picture.purpose, code=error.code).info("message_waits")
            await self._note_undone(job)
        except AuthExpiredError as error:
            job.uncertain = job.in_doubt
            self._close(error)
            await self._note_undone(job)
        except Exception:  # noqa: BLE001 - the crash barrier of an outgoing message
            logger.bind(purpose=job.picture.purpose).exception("message_broke")
            self._later(job, None)
            job.broken = True
            if job.attempts >= MOST_ATTEMPTS:
                self._drop(job)
        else:
            self._closed_until = None
            if self._sent is not None:
                self._sent(ok=True)
        finally:
            self._jobs.end(job)
            self._bell.ring()

    async def _look_again(self, job: Job) -> None:
        """Draw what came while the message waited."""
        known = self._shown.get(job.key.execution_id)
        if known is not None and known.unseen is not None:
            unseen, known.unseen = known.unseen, None
            await self._draw(unseen)

    async def _try(self, job: Job, picture: Picture) -> None:
        try:
            if job.ref is None:
                await self._post(job, picture)
            else:
                await self._edit(job, job.ref, picture)
        except RefusedError as error:
            waited_for = picture.urgency is Urgency.NOTIFY
            told = logger.bind(purpose=picture.purpose, code=error.code, detail=error.detail)
            told.log("ERROR" if waited_for else "WARNING", "message_refused")
            if waited_for:
                self._later(job, REFUSED_PAUSE * 2 ** min(job.attempts, 5))
                await self._note_undone(job)
            else:  # the same state would be refused again; the next one is tried
                await self._settle(job, picture)

    async def _post(self, job: Job, picture: Picture) -> None:
        parts = self._parts
        again = job.uncertain and not parts.messenger.finds
        if job.uncertain and parts.messenger.finds:
            found = await parts.messenger.find(job.place, job.key, job.posting_since)
            job.uncertain = job.in_doubt = False
            if found is not None:
                job.ref = found
                self._jobs.put(job)
                await self._log(job, "")  # which state it shows nobody knows: it is edited next
                return
        job.posting_since = parts.clock.now()
        await parts.log.posting(job.key, job.posting_since)
        job.uncertain = True
        failpoint(f"chat.post.{_kind(picture)}.before")
        ref = await parts.messenger.post(job.place, picture, job.key, again=again)
        failpoint(f"chat.post.{_kind(picture)}.after")
        job.ref, job.uncertain = ref, False
        self._jobs.put(job)
        await self._settle(job, picture)

    async def _edit(self, job: Job, ref: str, picture: Picture) -> None:
        failpoint(f"chat.edit.{_kind(picture)}.before")
        try:
            await self._parts.messenger.edit(job.place, ref, picture)
        except MessageGoneError:
            await self._moved(job, picture)
            return
        failpoint(f"chat.edit.{_kind(picture)}.after")
        await self._settle(job, picture)

    async def _moved(self, job: Job, picture: Picture) -> None:
        """Post anew what cannot be edited where it is; progress only the first time, or every state would be a message."""
        known = self._shown[job.key.execution_id]
        known.gone[picture.purpose] += 1
        if not known.wants(picture):
            self._drop(job)
            await self._note_if_shown(job.key.execution_id)
            return
        await self._parts.log.lost(job.key)
        known.messages.pop(job.key.purpose, None)
        job.ref, job.uncertain = None, False
        self._jobs.put(job)

    async def _settle(self, job: Job, picture: Picture) -> None:
        """Note what is shown; the message stays on the board where a newer state came meanwhile."""
        shown = content_hash(picture.body)
        await self._log(job, shown)
        job.attempts, job.not_before, job.broken = 0, None, False
        if content_hash(job.picture.body) == shown:
            self._drop(job)
            await self._look_again(job)
            await self._note_if_shown(job.key.execution_id)

    async def _log(self, job: Job, shown: str) -> None:
        """An empty reference stands for a message that the platform did not take."""
        ref = job.ref or ""
        self._shown[job.key.execution_id].messages[job.key.purpose] = LoggedMessage(ref=ref, content_hash=shown)
        await self._parts.log.shown(job.key, ref, shown)

    def _drop(self, job: Job) -> None:
        self._jobs.drop(job)
        if self._left_out and len(self._jobs) < MOST_WAITING // 2:
            left_out, self._left_out = self._left_out, set()
            for execution_id in left_out:
                self._again(execution_id)

    def _later(self, job: Job, retry_after: timedelta | None) -> None:
        pause = min(FIRST_PAUSE * 2 ** min(job.attempts, 10), LONGEST_PAUSE)
        if retry_after is not None:  # told to come later: this try did nothing, whatever an earlier one did
            pause, job.uncertain = min(max(retry_after, SHORTEST_PAUSE), LONGEST_WAIT), job.in_doubt
        elif job.uncertain and job.in_doubt and not self._parts.messenger.finds:
            # it may be there twice already: a third time only if need be
            pause = REFUSED_PAUSE * 2 ** min(job.repeats, 5)
            job.repeats += 1
        job.attempts += 1
        job.not_before = self._parts.clock.now() + pause

    async def _note_undone(self, job: Job) -> None:
        """It was surely not posted: the next process need not wonder. Where that cannot be noted, it will."""
        if job.ref is None and not job.uncertain:
            with suppress(UnavailableError):
                await self._parts.log.lost(job.key)

    def _close(self, error: AuthExpiredError) -> None:
        """Nothing will be taken until somebody mends our credentials; it is tried again now and then."""
        self._closed_until = self._parts.clock.now() + LONGEST_PAUSE
        logger.bind(code=error.code, detail=error.detail).error("chat_closed")
        if self._sent is not None:
            self._sent(ok=False)

    async def _note_if_shown(self, execution_id: ExecutionId) -> None:
        known = self._shown.get(execution_id)
        if known is None or known.resting_at is None or known.unseen is not None:
            return
        if self._jobs.has(execution_id) or execution_id in self._drawing:
            return
        del self._shown[execution_id]
        await self._parts.log.up_to_date(execution_id, known.conversation_id, known.resting_at)


def _kind(picture: Picture) -> str:
    """What a message is, for failpoints."""
    return picture.purpose.partition(":")[0]
