"""What is known and what waits of messages in a chat outside: jobs, and which of them is next. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.messenger import Messenger, Picture, Place, Urgency
from engine.domain.execution import ExecutionStatus
from engine.domain.ids import ConversationId, ExecutionId
from engine.domain.json import content_hash
from engine.domain.snapshot import ExecutionSnapshot
from engine.ports.message_log import LoggedMessage, MessageKey

CARD = "card"
AT_ONCE = 4
"""Posts under way at a time, each to another place; edits go one after another."""
RESTING = frozenset({ExecutionStatus.DONE, ExecutionStatus.WAITING, ExecutionStatus.PAUSED})
"""An execution that is one of these has no news by itself."""


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
    posting_since: datetime | None = None
    """When that posting began; None: nobody knows, or there was none."""
    not_before: datetime | None = None
    attempts: int = 0
    """Tries that failed since the last one that did not."""
    repeats: int = 0
    """How often it was posted once more because nobody knew whether it had been, or could find out."""
    broken: bool = False
    """It fails for a reason of our own, so that nothing should wait for it."""
    under_way: bool = False


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
    )


def next_job(
    jobs: Mapping[tuple[ExecutionId, str], Job], messenger: Messenger, now: datetime
) -> tuple[Job | None, timedelta | None]:
    """The most urgent message that may be sent now; else how long until one may, None: nothing waits for time."""
    everything = sorted(jobs.values(), key=lambda job: (job.picture.urgency, job.since))
    busy = [job for job in everything if job.under_way and not job.picture.aside]
    soonest: timedelta | None = None
    for job in everything:
        if job.under_way or _must_wait_for(job, busy, jobs.get((job.key.execution_id, CARD)), messenger):
            continue
        pause = messenger.wait(job.place, job.ref, job.picture.urgency)
        if job.not_before is not None:
            pause = max(pause, job.not_before - now)
        if pause <= timedelta(0):
            return job, None
        soonest = pause if soonest is None else min(soonest, pause)
    return None, soonest


def _must_wait_for(job: Job, busy: Sequence[Job], card: Job | None, messenger: Messenger) -> bool:
    """One edit of a lane at a time, one post in a place at a time; the card is posted before what is said below it."""
    if job.picture.aside:
        return False
    if job.ref is not None:
        lane = messenger.lane(job.place)
        return any(other.ref is not None and messenger.lane(other.place) == lane for other in busy)
    posts = [other for other in busy if other.ref is None]
    if len(posts) >= AT_ONCE or any(o.place.conversation_id == job.place.conversation_id for o in posts):
        return True
    return card is not None and card is not job and card.ref is None and not card.broken
