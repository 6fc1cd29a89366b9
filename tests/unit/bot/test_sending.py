"""Which of the messages that wait is sent next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.messenger import Picture, Place, Urgency
from bot.sending import Board, Job
from engine.domain.ids import ConversationId, ExecutionId, PrincipalId
from engine.ports.message_log import MessageKey
from tests.unit.bot.notebook import Notebook

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class Budgets(Notebook):
    """A platform with a budget of edits for each conversation."""

    used_up: set[str] = field(default_factory=set[str])
    """Conversations without edits left."""
    asked: int = 0

    def blocked(self, place: Place, *, edit: bool) -> timedelta:
        self.asked += 1
        return SECOND if edit and place.conversation_id in self.used_up else timedelta(0)

    def wait(self, place: Place, ref: str | None, urgency: Urgency) -> timedelta:
        self.asked += 1
        return self.blocked(place, edit=ref is not None)


def job(
    purpose: str, urgency: Urgency, *, ref: str | None = None, room: str = "1", execution: str = "x", age: int = 0
) -> Job:
    place = Place(conversation_id=ConversationId(f"paper:room:{room}"), user_id=PrincipalId("u"))
    key = MessageKey(execution_id=ExecutionId(execution), conversation_id=place.conversation_id, purpose=purpose)
    picture = Picture(purpose=purpose, urgency=urgency, body={}, aside=purpose == "session")
    return Job(key=key, place=place, picture=picture, ref=ref, since=NOW - age * SECOND, uncertain=False)


def board(messenger: Budgets, *jobs: Job) -> Board:
    made = Board(messenger)
    for each in jobs:
        made.put(each)
    return made


def sent(made: Board) -> list[str]:
    """Purposes in the order in which they are begun, none of them ended."""
    told: list[str] = []
    while (each := made.next(NOW)[0]) is not None:
        made.begin(each)
        told.append(each.picture.purpose)
    return told


def test_a_question_goes_out_before_the_progress_of_others_and_nothing_takes_what_it_counts_on() -> None:
    progress = [job("card", Urgency.PROGRESS, ref=f"m{n}", execution=f"y{n}", age=n) for n in range(3)]
    made = board(Budgets(), *progress, job("approval:1", Urgency.NOTIFY))
    assert sent(made) == ["approval:1"]


def test_of_the_same_urgency_the_one_that_waits_longest_goes_first() -> None:
    made = board(
        Budgets(),
        job("card", Urgency.PROGRESS, ref="m1"),
        job("card", Urgency.PROGRESS, ref="m2", execution="y", age=5),
    )
    first = made.next(NOW)[0]
    assert first is not None
    assert first.ref == "m2"


def test_a_budget_that_is_used_up_is_asked_about_once() -> None:
    budgets = Budgets(used_up={"paper:room:1"})
    made = board(budgets, *(job("card", Urgency.PROGRESS, ref=f"m{n}", execution=f"y{n}") for n in range(500)))
    assert made.next(NOW) == (None, SECOND)
    assert budgets.asked == 1


def test_a_conversation_without_budget_holds_up_no_other() -> None:
    budgets = Budgets(used_up={"paper:room:1"})
    made = board(
        budgets,
        job("card", Urgency.SETTLE, ref="m1"),
        job("card", Urgency.PROGRESS, ref="m2", room="2", execution="y"),
        job("card", Urgency.PROGRESS, ref="m3", room="3", execution="z"),
    )
    assert [each.ref for each in made if each.name in _begun(made)] == ["m2", "m3"]


def _begun(made: Board) -> set[tuple[ExecutionId, str]]:
    sent(made)
    return {each.name for each in made if each.under_way}


def test_edits_of_one_lane_go_one_after_another_and_what_is_no_message_waits_for_nothing() -> None:
    made = board(
        Budgets(),
        job("card", Urgency.PROGRESS, ref="m1"),
        job("final", Urgency.SETTLE, ref="m2"),
        job("session", Urgency.PROGRESS, ref="m3"),
    )
    assert sent(made) == ["final", "session"]


def test_the_card_is_posted_before_what_is_said_below_it_and_then_waits_among_the_edits() -> None:
    card, question = job("card", Urgency.OPEN), job("approval:1", Urgency.NOTIFY)
    made = board(Budgets(), card, question)
    assert sent(made) == ["card"]
    made.end(card)
    card.ref = "m1"
    made.put(card)
    assert sent(made) == ["approval:1"]
    made.end(question)
    made.drop(question)
    assert sent(made) == ["card"]
    made.end(card)
    made.drop(card)
    assert not made.has(card.key.execution_id)


def test_what_is_told_to_come_later_does_so() -> None:
    later = job("final", Urgency.NOTIFY)
    later.not_before = NOW + 5 * SECOND
    assert board(Budgets(), later).next(NOW) == (None, 5 * SECOND)
    assert board(Budgets()).next(NOW) == (None, None)


@dataclass(slots=True)
class Waits(Notebook):
    """A platform that says of each urgency how long it waits."""

    waits: dict[Urgency, timedelta] = field(default_factory=dict[Urgency, timedelta])

    def wait(self, place: Place, ref: str | None, urgency: Urgency) -> timedelta:
        return self.waits.get(urgency, timedelta(0))


def test_what_is_more_urgent_and_about_to_be_allowed_is_waited_for() -> None:
    made = Board(Waits(waits={Urgency.NOTIFY: timedelta(milliseconds=1)}))
    made.put(job("card", Urgency.SETTLE, ref="m1"))
    made.put(job("final", Urgency.NOTIFY))
    assert made.next(NOW) == (None, timedelta(milliseconds=1))


def test_what_is_more_urgent_but_has_to_wait_for_long_holds_nothing_up() -> None:
    made = Board(Waits(waits={Urgency.NOTIFY: SECOND}))
    made.put(job("card", Urgency.SETTLE, ref="m1"))
    made.put(job("final", Urgency.NOTIFY))
    first = made.next(NOW)[0]
    assert first is not None
    assert first.picture.purpose == "card"


def test_a_budget_is_asked_about_again_when_something_that_waits_for_it_changes_or_its_time_has_come() -> None:
    budgets = Budgets(used_up={"paper:room:1"})
    made = board(budgets, job("card", Urgency.PROGRESS, ref="m1"))
    assert made.next(NOW) == (None, SECOND)
    assert made.next(NOW + SECOND / 4) == (None, SECOND * 3 / 4)
    assert budgets.asked == 1
    final = job("final", Urgency.SETTLE, ref="m2")
    made.put(final)
    assert made.next(NOW) == (None, SECOND)
    assert budgets.asked == 2
    budgets.used_up.clear()
    assert made.next(NOW + SECOND)[0] is final


def test_a_clock_that_is_put_back_keeps_nothing_waiting() -> None:
    budgets = Budgets(used_up={"paper:room:1"})
    made = board(budgets, job("card", Urgency.PROGRESS, ref="m1"))
    assert made.next(NOW) == (None, SECOND)
    budgets.used_up.clear()
    assert made.next(NOW - timedelta(days=1))[0] is not None


def test_a_message_that_became_urgent_while_it_waited_goes_first() -> None:
    card = job("card", Urgency.PROGRESS, ref="m1")
    made = board(Budgets(), job("card", Urgency.PROGRESS, ref="m2", execution="y", age=5), card)
    made.redraw(card, Picture(purpose="card", urgency=Urgency.SETTLE, body={}))
    assert made.next(NOW)[0] is card
    made.drop(card)
    assert len(made) == 1
