"""What is known and what waits of messages in a chat outside: jobs, and which of them is next. No I/O."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple, TypeAlias

from bot.messenger import Messenger, Picture, Place, Urgency
from engine.domain.execution import ExecutionStatus
from engine.domain.ids import ConversationId, ExecutionId
from engine.domain.json import content_hash
from engine.domain.snapshot import ExecutionSnapshot
from engine.domain.waiting import left
from engine.ports.message_log import LoggedMessage, MessageKey

CARD = "card"
AT_ONCE = 4
"""Posts under way at a time, each to another room."""
ABOUT_TO = timedelta(milliseconds=50)
"""So long a less urgent message waits for a more urgent one that may be sent then."""
_NOW = timedelta(0)
RESTING = frozenset({ExecutionStatus.DONE, ExecutionStatus.WAITING, ExecutionStatus.PAUSED})
"""An execution that is one of these has no news by itself."""


LONGEST_WAIT = timedelta(hours=6)
"""Longer than after any failed try a message waits for the next."""

Name: TypeAlias = tuple[ExecutionId, str]
"""Execution and purpose."""


class Kind(Enum):
    """How a message that waits will be sent."""

    POST = "post"
    EDIT = "edit"
    ASIDE = "aside"
    """It is no message, and shares no budget."""


class Group(NamedTuple):
    """Messages that share a budget."""

    lane: str
    """Or room, of posts."""
    kind: Kind


@dataclass(slots=True, eq=False)
class Job:
    """One message that is not yet shown as it should be."""

    key: MessageKey
    place: Place
    picture: Picture
    ref: str | None
    since: datetime
    uncertain: bool
    """It may have been posted already."""
    in_doubt: bool = False
    """It was so before the latest try: where that surely did nothing, it is so again."""
    posting_since: datetime | None = None
    """When that posting began; None: nobody knows, or there was none."""
    not_before: datetime | None = None
    attempts: int = 0
    """Tries that failed since the last one that did not."""
    repeats: int = 0
    """How often it was posted once more because nobody knew whether it had been, and again nobody knows."""
    broken: bool = False
    """It fails for a reason of our own, so that nothing should wait for it."""
    under_way: bool = False
    group: Group | None = None
    """Among which it waits; the board's own."""

    @property
    def name(self) -> Name:
        """Unique on a board."""
        return self.key.execution_id, self.key.purpose


class _Asleep(NamedTuple):
    """A group's message that may be sent soonest."""

    first: Job
    pause: timedelta
    until: datetime


class _UnderWay(NamedTuple):
    """What is being sent."""

    lanes: frozenset[str]
    """And rooms."""
    posts: int

    def holds_up(self, group: Group) -> bool:
        """One call of a lane or room at a time, so that none takes what another counts on; and not too many posts altogether."""
        if group.kind is Kind.ASIDE:
            return False
        return group.lane in self.lanes or (group.kind is Kind.POST and self.posts >= AT_ONCE)


@dataclass(slots=True)
class Shown:
    """One execution whose messages are looked after."""

    conversation_id: ConversationId
    messages: dict[str, LoggedMessage]
    """As the log has them: read once, then kept up with what is written to it."""
    seq: int = 0
    """Last event that was drawn."""
    gist: object = None
    unseen: ExecutionSnapshot | None = None
    """A later state that differs in progress only, drawn when its turn comes."""
    resting_at: int | None = None
    """Last event, where it rests: noted as shown once nothing of it waits."""
    gone: Counter[str] = field(default_factory=Counter[str])
    """How often each message turned out not to be editable."""

    def wants(self, picture: Picture) -> bool:
        """Must this state be sent? Progress in a message that was gone twice is not worth a third."""
        if self.gone[picture.purpose] > 1 and picture.urgency is Urgency.PROGRESS:
            return False
        shown = self.messages.get(picture.purpose)
        return shown is None or shown.ref is None or shown.content_hash != content_hash(picture.body)


def gist_of(snapshot: ExecutionSnapshot) -> object:
    """What of an execution people must be told at once; two states with the same gist differ in progress only."""
    asked = tuple((a.id, a.status, a.reminded_at) for a in snapshot.approvals)
    execution = snapshot.execution
    return (
        execution.shown_status,
        execution.outcome,
        execution.cancelled,
        execution.plan_version,
        asked,
        snapshot.feedback,
        snapshot.undo,
    )


class Board:
    """The messages that wait, and which of them is next.

    They stand in groups that share a budget, so that a budget which is used up is asked about once and not for each message.

    Args:
        messenger: says when something may be sent.
    """

    def __init__(self, messenger: Messenger) -> None:
        self._messenger = messenger
        self._jobs: dict[Name, Job] = {}
        self._groups: dict[Group, list[Job]] = {}
        """Each in the order of sending: sorting hundreds of them at every send would cost more than the sending."""
        self._busy: dict[Name, Job] = {}
        self._asleep: dict[Group, _Asleep] = {}
        """Groups that nothing of can be sent for a while, until something of them changes: not asked about meanwhile."""

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    def get(self, execution_id: ExecutionId, purpose: str) -> Job | None:
        """The job of a message, if it waits."""
        return self._jobs.get((execution_id, purpose))

    def has(self, execution_id: ExecutionId) -> bool:
        """Does anything of an execution wait?"""
        return any(name[0] == execution_id for name in self._jobs)

    def put(self, job: Job) -> None:
        """Add it; or, where it has become an edit or a post since, let it wait among those."""
        self._leave_group(job)
        self._jobs[job.name] = job
        job.group = self._group(job)
        insort(self._groups.setdefault(job.group, []), job, key=_order)
        self._stir(job)

    def redraw(self, job: Job, picture: Picture) -> None:
        """A newer state of a message that waits."""
        moves = picture.urgency is not job.picture.urgency or picture.aside is not job.picture.aside
        job.picture = picture
        if moves:
            self.put(job)

    def drop(self, job: Job) -> None:
        """It waits no more."""
        self._jobs.pop(job.name, None)
        self._leave_group(job)

    def begin(self, job: Job) -> None:
        """It is being sent."""
        job.under_way = True
        self._stir(job)
        if not job.picture.aside:
            self._busy[job.name] = job

    def end(self, job: Job) -> None:
        """It is not being sent any more."""
        job.under_way = False
        self._stir(job)
        self._busy.pop(job.name, None)

    def rest(self) -> None:
        """Nothing is being sent."""
        for job in self._jobs.values():
            job.under_way = False
        self._busy.clear()

    def next(self, now: datetime) -> tuple[Job | None, timedelta | None]:
        """The most urgent message that may be sent now; else how long until one may, None: nothing waits for time.

        Where a more urgent one is about to be allowed, it is waited for: they may share what a limit leaves.
        """
        best: Job | None = None
        soonest: timedelta | None = None
        about_to: Job | None = None
        under_way = self._under_way()
        for group, jobs in self._groups.items():
            if under_way.holds_up(group):
                continue
            found, pause = self._awake(group, jobs, now)
            if found is None:
                continue
            if pause is None:
                best = found if best is None or _order(found) < _order(best) else best
                continue
            soonest = pause if soonest is None else min(soonest, pause)
            if pause <= ABOUT_TO and (about_to is None or _order(found) < _order(about_to)):
                about_to = found
        if best is not None and about_to is not None and about_to.picture.urgency < best.picture.urgency:
            return None, soonest
        return (best, None) if best is not None else (None, soonest)

    def _awake(self, group: Group, jobs: Sequence[Job], now: datetime) -> tuple[Job | None, timedelta | None]:
        asleep = self._asleep.get(group)
        if asleep is not None and _NOW < asleep.until - now <= asleep.pause:  # more than that: the clock was put back
            return asleep.first, asleep.until - now
        found, pause = self._next_of(group, jobs, now)
        if found is not None and pause is not None:
            self._asleep[group] = _Asleep(found, pause, now + pause)
        return found, pause

    def _next_of(self, group: Group, jobs: Sequence[Job], now: datetime) -> tuple[Job | None, timedelta | None]:
        """The group's most urgent message that may be sent now; else the one that may be soonest, and how long until then."""
        first = next((job for job in jobs if not job.under_way), None)
        if first is None:
            return None, None
        if group.kind is not Kind.ASIDE:
            whole = self._messenger.blocked(first.place, edit=group.kind is Kind.EDIT)
            if whole > _NOW:
                return first, whole
        soonest: tuple[Job, timedelta] | None = None
        paused: Urgency | None = None
        for job in jobs:
            if job.under_way or job.picture.urgency is paused or (group.kind is Kind.POST and self._must_wait(job)):
                continue
            pause = self._messenger.wait(job.place, job.ref, job.picture.urgency)
            if job.not_before is not None:
                pause = max(pause, left(job.not_before, now, LONGEST_WAIT))
            elif group.kind is Kind.POST and pause > _NOW:
                paused = job.picture.urgency  # all of them go to one room: no other of these may be sent sooner
            if pause <= _NOW:
                return job, None
            if soonest is None or pause < soonest[1]:
                soonest = job, pause
        return soonest or (None, None)

    def _under_way(self) -> _UnderWay:
        lanes = frozenset(job.group.lane for job in self._busy.values() if job.group is not None)
        return _UnderWay(lanes, posts=sum(job.ref is None for job in self._busy.values()))

    def _must_wait(self, job: Job) -> bool:
        """The card is posted before what is said below it."""
        card = self.get(job.key.execution_id, CARD)
        return card is not None and card is not job and card.ref is None and not (card.broken or card.repeats)

    def _group(self, job: Job) -> Group:
        kind = Kind.ASIDE if job.picture.aside else Kind.POST if job.ref is None else Kind.EDIT
        posts = kind is Kind.POST
        return Group(lane=self._messenger.room(job.place) if posts else self._messenger.lane(job.place), kind=kind)

    def _stir(self, job: Job) -> None:
        if job.group is not None:
            self._asleep.pop(job.group, None)

    def _leave_group(self, job: Job) -> None:
        if job.group is None:
            return
        self._stir(job)
        jobs = self._groups[job.group]
        jobs.remove(job)
        if not jobs:
            del self._groups[job.group]
        job.group = None


def _order(job: Job) -> tuple[Urgency, datetime]:
    return job.picture.urgency, job.since
