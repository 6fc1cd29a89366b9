"""Slots never overlap, keep to the hours and survive clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from engine.agents.slots import SlotSearch, days_between, find_slot, is_free
from engine.domain.tenant import PersonalTime

JERUSALEM = ZoneInfo("Asia/Jerusalem")
SPRING = date(2026, 3, 27)
"""A Friday: at 02:00 clocks go to 03:00."""
AUTUMN = date(2026, 10, 25)
"""A Sunday: at 02:00 clocks go back to 01:00."""
ZONES = st.sampled_from(
    [JERUSALEM, *map(ZoneInfo, ("UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo"))]
)
WEEK = PersonalTime().workdays


def search(*days: date, **other: object) -> SlotSearch:
    wish: dict[str, object] = {
        "zone": JERUSALEM,
        "days": days,
        "duration": timedelta(hours=1),
        "earliest": datetime(2000, 1, 1, tzinfo=UTC),
        "opens": time(9),
        "closes": time(18),
        **other,
    }
    return SlotSearch(**wish)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - keywords of one dataclass


@st.composite
def searches(draw: st.DrawFn) -> SlotSearch:
    zone = draw(ZONES)
    first = draw(st.one_of(st.sampled_from([SPRING, AUTUMN]), st.dates(date(2020, 1, 1), date(2035, 1, 1))))
    since = first - timedelta(days=draw(st.integers(0, 3)))
    opens = time(draw(st.integers(0, 23)), draw(st.sampled_from([0, 7, 30, 45])))
    closes = time(draw(st.integers(0, 23)), draw(st.sampled_from([0, 10, 30])))
    return SlotSearch(
        zone=zone,
        days=days_between(since, since + timedelta(days=draw(st.integers(0, 6))), WEEK),
        duration=timedelta(minutes=draw(st.integers(5, 24 * 60))),
        earliest=datetime.combine(since, time(draw(st.integers(0, 23))), UTC),
        opens=opens,
        closes=closes,
    )


@st.composite
def searches_and_busy(draw: st.DrawFn) -> tuple[SlotSearch, list[tuple[datetime, datetime]]]:
    wish = draw(searches())
    origin = datetime.combine(wish.days[0], time(), UTC)
    pairs = draw(st.lists(st.tuples(st.integers(-600, 9_000), st.integers(0, 900)), max_size=25))
    busy = [(origin + timedelta(minutes=a), origin + timedelta(minutes=a + length)) for a, length in pairs]
    return wish, busy


@given(searches_and_busy())
@example((search(SPRING, opens=time(0), closes=time(5)), []))
@example((search(AUTUMN, opens=time(0), closes=time(3), duration=timedelta(hours=4)), []))
def test_a_slot_is_free_inside_hours_on_the_grid_and_exists(
    case: tuple[SlotSearch, list[tuple[datetime, datetime]]],
) -> None:
    wish, busy = case
    start = find_slot(wish, busy)
    if start is None:
        return
    begin = start.astimezone(UTC)
    end = begin + wish.duration
    assert all(ends <= begin or end <= starts or starts == ends for starts, ends in busy)
    assert begin >= wish.earliest
    assert start.date() in wish.days
    assert start.minute % 15 == 0
    assert start.time() >= wish.opens
    assert begin.astimezone(wish.zone).replace(tzinfo=None) == start.replace(tzinfo=None)
    last = start.date() + timedelta(days=int(wish.closes <= wish.opens))
    assert end.astimezone(wish.zone).replace(tzinfo=None) <= datetime.combine(last, wish.closes)


@given(searches_and_busy())
def test_when_there_is_no_slot_every_quarter_hour_was_taken_or_too_early(
    case: tuple[SlotSearch, list[tuple[datetime, datetime]]],
) -> None:
    wish, busy = case
    if find_slot(wish, busy) is not None:
        return
    for day in wish.days:
        closing = datetime.combine(day + timedelta(days=int(wish.closes <= wish.opens)), wish.closes, wish.zone)
        for minute in range(0, 24 * 60, 15):
            local = datetime.combine(day, time(minute // 60, minute % 60), wish.zone)
            begin = local.astimezone(UTC)
            if begin.astimezone(wish.zone).replace(tzinfo=None) != local.replace(tzinfo=None):
                continue
            fits = local.time() >= wish.opens and begin + wish.duration <= closing.astimezone(UTC)
            assert not (fits and begin >= wish.earliest and is_free(local, wish.duration, busy))


def test_ten_is_preferred_then_the_rest_of_the_morning_then_the_afternoon() -> None:
    sunday = date(2026, 1, 18)
    busy: list[tuple[datetime, datetime]] = []
    given_out: list[str] = []
    for _ in range(4):
        start = find_slot(search(sunday), busy)
        assert start is not None
        given_out.append(f"{start:%H:%M}")
        busy.append((start, start + timedelta(hours=1)))
    assert given_out == ["10:00", "11:00", "09:00", "12:00"]


def test_friday_and_saturday_are_skipped_unless_the_period_has_nothing_else() -> None:
    thursday, friday, saturday, sunday = (date(2026, 1, day) for day in (15, 16, 17, 18))
    assert days_between(thursday, sunday, WEEK) == (thursday, sunday)
    assert days_between(friday, saturday, WEEK) == (friday, saturday)


def test_a_time_skipped_in_spring_is_no_slot() -> None:
    assert find_slot(search(SPRING, at=time(2, 30)), []) is None
    assert find_slot(search(SPRING, at=time(3, 0)), []) == datetime(2026, 3, 27, 0, 0, tzinfo=UTC)


def test_a_repeated_hour_in_autumn_still_blocks_its_length_in_real_time() -> None:
    wish = search(AUTUMN, opens=time(1), closes=time(3), duration=timedelta(hours=3))
    start = find_slot(wish, [])
    assert start is not None
    assert start.astimezone(UTC) == datetime(2026, 10, 24, 22, 0, tzinfo=UTC), "01:00 to 03:00 lasts three hours"
    second_half_past_one = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    assert find_slot(wish, [(second_half_past_one, second_half_past_one + timedelta(minutes=15))]) is None
    half_past_midnight = datetime(2026, 10, 25, 0, 30, tzinfo=JERUSALEM)
    quarter_to_two_again = datetime(2026, 10, 24, 23, 45, tzinfo=UTC)
    later = [(quarter_to_two_again, quarter_to_two_again + timedelta(minutes=30))]
    assert is_free(half_past_midnight, timedelta(hours=2), later), "it ends at the second 01:30"


def test_hours_until_midnight_and_past_it_work() -> None:
    sunday = date(2026, 1, 18)
    late = search(sunday, opens=time(22), closes=time(0))
    assert find_slot(late, []) == datetime(2026, 1, 18, 20, 0, tzinfo=UTC)
    night = search(sunday, opens=time(22), closes=time(6), duration=timedelta(hours=8))
    assert find_slot(night, []) == datetime(2026, 1, 18, 20, 0, tzinfo=UTC)
