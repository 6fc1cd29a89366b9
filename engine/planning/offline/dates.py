"""Dates, times and durations in a clause, in both languages, resolved against the person's today."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from engine.planning.offline.calendar_words import (
    COUNT,
    ENGLISH_DAYS,
    ENGLISH_HOURS,
    ENGLISH_MONTHS,
    HEBREW_DAYS,
    HEBREW_HOURS,
    HEBREW_MONTHS,
    MONTHS,
    WEEKDAYS,
    count,
)

BOUNDARY = "\x00"
"""Stands in :attr:`Times.rest` where something was taken out, so that words around it do not run together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What dates are counted from."""

    today: date
    past: bool
    """True where a name without a year means the last one (reading), False where it means the next (meeting)."""
    week_starts: int = 6
    """``date.weekday()`` of a week's first day."""
    earliest: int = 9
    """Hour at which the person's day starts: "at 3" is 15:00."""
    latest: int = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What a clause says about time."""

    since: date | None = None
    until: date | None = None
    """Inclusive; equal to ``since`` for a single day."""
    at: time | None = None
    minutes: int | None = None
    clear: bool = True
    """False when two answers contradict each other or one is impossible."""
    rest: str = ""
    """The clause without what was understood."""

    @property
    def day(self) -> date | None:
        """The single day meant, if it is one."""
        return self.since if self.since == self.until else None

    @property
    def anything(self) -> bool:
        """True when at least one word was about time."""
        return bool(self.since or self.until or self.at or self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    since: date | None
    until: date | None
    weekday: int | None = None


_Reader = Callable[[re.Match[str], Frame], "_Period | None"]


def read_times(text: str, frame: Frame) -> Times:
    """Find what a clause says about time. Never raises: an impossible date or hour makes the answer unclear."""
    rest, minutes, clear = _durations(text)
    rest, periods, dates_clear = _periods(rest, frame)
    rest, hours, hours_clear = _hours(rest, frame)
    merged, fits = _merge(periods)
    return Times(
        since=merged.since,
        until=merged.until,
        at=hours[0] if hours else None,
        minutes=minutes[0] if minutes else None,
        clear=clear and dates_clear and hours_clear and fits and len(set(hours)) < 2 and len(set(minutes)) < 2,
        rest=rest,
    )


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)


# Durations.
_LATER = _rule(
    rf"(?:in|within|בעוד|עוד)\s+(?:{COUNT}|half an?|quarter of an)?\s*(?:hours?|minutes?|mins?|שעה|שעות|שעתיים|דקות)"
)
_MINUTES = _rule(r"(?:for\s+|למשך\s+|של\s+|ל-?)?(\d{1,3})[\s-]*(?:minutes?|mins?|דקות|דק׳|דק')(?:\s+long)?")
_HOURS = _rule(r"(?:for\s+|למשך\s+|של\s+|ל-?)?(\d{1,2}|two|three|four)[\s-]*(?:hours?|שעות)(?:\s+long)?")
_FIXED = (
    (_rule(r"(?:for\s+)?(?:an\s+hour\s+and\s+a\s+half)|(?:למשך\s+|של\s+|ל)?שעה\s+וחצי"), 90),
    (_rule(r"(?:for\s+)?(?:a\s+)?half[\s-](?:an?\s+)?hour|(?:למשך\s+|של\s+|ל)?חצי\s+שעה"), 30),
    (_rule(r"(?:for\s+)?three\s+quarters\s+of\s+an\s+hour|(?:למשך\s+|ל)?שלושת\s+רבעי\s+שעה"), 45),
    (_rule(r"(?:for\s+)?(?:a\s+)?quarter\s+of\s+an\s+hour|(?:למשך\s+|של\s+|ל)?רבע\s+שעה"), 15),
    (_rule(r"(?:למשך\s+|של\s+|ל)?שעתיים"), 120),
    (_rule(r"(?:for\s+)?(?:an|one)[\s-]hour|(?:למשך\s+|של\s+|ל)?שעה(?:\s+אחת)?(?!\s*\d)"), 60),
)


def _durations(text: str) -> tuple[str, list[int], bool]:
    if _LATER.search(text):
        return text, [], False
    found: list[int] = []

    def take(minutes: int) -> str:
        found.append(minutes)
        return f" {BOUNDARY} "

    text = _MINUTES.sub(lambda match: take(int(match[1])), text)
    text = _HOURS.sub(lambda match: take(60 * count(match[1])), text)
    for pattern, minutes in _FIXED:
        text = pattern.sub(lambda _, fixed=minutes: take(fixed), text)
    return text, found, all(5 <= minutes <= 24 * 60 for minutes in found)


# Days and periods. English words that open a date are swallowed with it.
_ON = r"(?:on\s+|for\s+|at\s+|from\s+|during\s+|of\s+|in\s+)?(?:the\s+)?"
_HE = r"(?:של\s+)?[ולמבהש]?[למבה]?-?"
_DAY = r"(0?[1-9]|[12]\d|3[01])"


def _day(match: re.Match[str], frame: Frame) -> _Period | None:
    day, month, year = int(match["d"]), match["m"], match["y"]
    number = int(month) if month.isdecimal() else MONTHS[month.lower()]
    if year:
        chosen = date(int(year) + (2000 if len(year) == 2 else 0), number, day)
    else:
        chosen = _nearest((date(frame.today.year + shift, number, day) for shift in (-1, 0, 1)), frame)
    return _Period(since=chosen, until=chosen)


def _nearest(candidates: Iterable[date], frame: Frame) -> date:
    ordered = sorted(candidates)
    if frame.past:
        return [one for one in ordered if one <= frame.today][-1]
    return next(one for one in ordered if one >= frame.today)


def _iso(match: re.Match[str], _frame: Frame) -> _Period:
    chosen = date.fromisoformat(match[1])
    return _Period(since=chosen, until=chosen)


def _month(match: re.Match[str], frame: Frame) -> _Period:
    number = MONTHS[match["m"].lower()]
    if match["y"]:
        year = int(match["y"])
    elif frame.past:
        year = frame.today.year - (number > frame.today.month)
    else:
        year = frame.today.year + (number < frame.today.month)
    return _Period(since=date(year, number, 1), until=date(year, number, monthrange(year, number)[1]))


def _weekday(match: re.Match[str], frame: Frame) -> _Period:
    wanted = WEEKDAYS[match["w"].lower()]
    groups = match.groupdict()
    which = (groups.get("which") or "").lower()
    past = which in {"last", "past", "previous", "שעבר", "האחרון"} or (
        frame.past and which not in {"next", "הבא", "הקרוב"}
    )
    if past:
        chosen = frame.today - timedelta(days=(frame.today.weekday() - wanted - 1) % 7 + 1)
    else:
        chosen = frame.today + timedelta(days=(wanted - frame.today.weekday() - 1) % 7 + 1)
    return _Period(since=chosen, until=chosen, weekday=wanted)


def _near_day(match: re.Match[str], frame: Frame) -> _Period:
    word = re.sub(r"\s+", " ", match[1].lower())
    shift = {
        "today": 0, "היום": 0, "tomorrow": 1, "מחר": 1, "yesterday": -1, "אתמול": -1,
        "the day after tomorrow": 2, "day after tomorrow": 2, "מחרתיים": 2, "שלשום": -2,
    }[word]  # fmt: skip
    chosen = frame.today + timedelta(days=shift)
    return _Period(since=chosen, until=chosen)


_SHIFTS: dict[str, int] = {
    word: shift
    for shift, words in (
        (-1, "last past previous שעבר הקודם האחרון שעברה הקודמת האחרונה"),
        (0, "this current הנוכחי הזה הנוכחית הזאת"),
        (1, "next coming הבא הקרוב הבאה הקרובה"),
    )
    for word in words.split()
}
_UNITS: dict[str, int] = {
    word: days
    for days, words in (
        (1, "day days ימים הימים יומיים"),
        (7, "week weeks שבוע השבוע שבועות השבועות שבועיים השבועיים"),
        (30, "month months חודש החודש חודשים החודשים חודשיים החודשיים"),
        (365, "year שנה השנה"),
    )
    for word in words.split()
}
"""Days in a unit; weeks, months and years are whole ones unless counted."""


def _whole(match: re.Match[str], frame: Frame) -> _Period:
    which = match["which"]
    return _unit(_UNITS[match["unit"].lower()], _SHIFTS[which.lower()] if which else 0, frame)


def _unit(days: int, shift: int, frame: Frame) -> _Period:
    if days == _UNITS["week"]:
        first = frame.today - timedelta(days=(frame.today.weekday() - frame.week_starts) % 7) + timedelta(weeks=shift)
        return _Period(since=first, until=first + timedelta(days=6))
    if days == _UNITS["month"]:
        year, month = divmod(frame.today.year * 12 + frame.today.month - 1 + shift, 12)
        return _Period(since=date(year, month + 1, 1), until=date(year, month + 1, monthrange(year, month + 1)[1]))
    return _Period(since=date(frame.today.year + shift, 1, 1), until=date(frame.today.year + shift, 12, 31))


def _last_many(match: re.Match[str], frame: Frame) -> _Period:
    many = count(match["n"]) if match["n"] else 2
    back = timedelta(days=many * _UNITS[match["unit"].lower()])
    return _Period(since=frame.today - back, until=frame.today)


def _in_many(match: re.Match[str], frame: Frame) -> _Period:
    many = count(match["n"]) if match["n"] else 2
    chosen = frame.today + timedelta(days=many * _UNITS[match["unit"].lower()])
    return _Period(since=chosen, until=chosen)


_IN = r"(?:in|of|from|for|during|since|until|by|before|after|to|last|this|next)\s+"
_UNMISTAKABLE = "january|february|april|june|july|august|september|october|november|december"
_WHICH = "last|past|previous|this|current|next|coming"
_HE_WHICH = "|".join(word for word in _SHIFTS if not word.isascii())
_DATE_RULES: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_rule(rf"{_ON}(?:last|past)\s+(?P<n>{COUNT})\s+(?P<unit>weeks|days|months)"), _last_many),
    (_rule(rf"[במ]?-?(?P<n>{COUNT})?\s*(?P<unit>ה?שבועיים|ה?חודשיים|השבועות|הימים|החודשים)\s+האחרונים"), _last_many),
    (_rule(rf"in\s+(?P<n>{COUNT})\s+(?P<unit>weeks?|days?)"), _in_many),
    (_rule(rf"(?:ב?עוד)\s+(?P<n>{COUNT})?\s*(?P<unit>ימים|שבועות|שבוע|שבועיים|יומיים)"), _in_many),
    (_rule(rf"{_ON}(?P<which>{_WHICH})\s+(?P<unit>week|month|year)(?:['’]s)?"), _whole),
    (_rule(rf"{_HE}ה?(?P<unit>שבוע|חודש|שנה)\s+(?P<which>{_HE_WHICH})"), _whole),
    (_rule(r"(?:של\s+)?[מל]?(?P<unit>השבוע|החודש|השנה)(?P<which>)"), _whole),
    (_rule(rf"{_ON}{_HE}(\d{{4}}-\d{{2}}-\d{{2}})"), _iso),
    (_rule(rf"{_ON}{_HE}(?P<d>{_DAY})[./](?P<m>0?[1-9]|1[0-2])(?:[./](?P<y>20\d\d|\d\d))?"), _day),
    (_rule(rf"{_ON}(?P<d>{_DAY})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m>{ENGLISH_MONTHS})\.?,?(?:\s+(?P<y>20\d\d))?"), _day),
    (_rule(rf"{_ON}(?P<m>{ENGLISH_MONTHS})\.?\s+(?P<d>{_DAY})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y>20\d\d))?"), _day),
    (_rule(rf"{_HE}(?P<d>{_DAY})\s+[בל]?(?P<m>{HEBREW_MONTHS})(?:\s+(?P<y>20\d\d))?"), _day),
    (_rule(rf"{_IN}(?P<m>{ENGLISH_MONTHS})(?:['’]s)?(?:\s+(?P<y>20\d\d))?"), _month),
    (_rule(rf"(?P<m>{ENGLISH_MONTHS})(?:\s+(?P<y>20\d\d))"), _month),
    (_rule(rf"(?P<m>{_UNMISTAKABLE})(?:['’]s)?(?P<y>)"), _month),
    (_rule(rf"{_HE}(?:חודש\s+)?(?P<m>{HEBREW_MONTHS})(?:\s+(?P<y>20\d\d))?"), _month),
    (_rule(rf"{_ON}(?:(?P<which>last|past|previous|this|next|coming)\s+)?(?P<w>{ENGLISH_DAYS})(?:['’]s)?"), _weekday),
    (_rule(rf"[ולמבה]?יום\s+(?P<w>{HEBREW_DAYS}|[א-ו](?=['׳’]))['׳’]?(?:\s+(?P<which>{_HE_WHICH}))?"), _weekday),
    (_rule(rf"ב(?P<w>{HEBREW_DAYS})(?:\s+(?P<which>{_HE_WHICH}))?"), _weekday),
    (_rule(rf"{_ON}((?:the\s+)?day\s+after\s+tomorrow|today|tomorrow|yesterday)(?:['’]s)?"), _near_day),
    (_rule(r"(?:של\s+)?[למ]?(היום|מחרתיים|מחר|אתמול|שלשום)"), _near_day),
)  # fmt: skip
_OPENS = re.compile(
    r"(?:\b(since|until|till|by|before|after)|(?<!\w)(מאז|החל|עד|לפני|אחרי))\s+"
    r"(?:(?:the\s+)?(?:start|beginning)\s+of\s+|תחילת\s+)?$",
    re.IGNORECASE,
)
_OPENING = re.compile(r"^(since|until|till|by|before|after)\s", re.IGNORECASE)


def _periods(text: str, frame: Frame) -> tuple[str, list[_Period], bool]:
    found: list[tuple[int, _Period]] = []
    clear = True
    for pattern, read in _DATE_RULES:
        for match in pattern.finditer(text):
            try:
                period = read(match, frame)
            except (ValueError, IndexError, StopIteration, OverflowError, KeyError):
                period, clear = None, False
            start, word = _opener(text, match)
            if period:
                found.append((start, _opened(period, word)))
            # Same length: positions of what was found stay comparable.
            text = text[:start] + BOUNDARY * (match.end() - start) + text[match.end() :]
    return text, [period for _, period in sorted(found, key=lambda item: item[0])], clear


def _opener(text: str, match: re.Match[str]) -> tuple[int, str]:
    inside = _OPENING.match(match[0])
    if inside:
        return match.start(), inside[1].lower()
    before = _OPENS.search(text[: match.start()])
    if before:
        return before.start(), (before[1] or before[2]).lower()
    return match.start(), ""


def _opened(period: _Period, word: str) -> _Period:
    day = timedelta(days=1)
    if word in {"since", "מאז", "החל"}:
        return _Period(since=period.since, until=None)
    if word in {"until", "till", "by", "עד"}:
        return _Period(since=None, until=period.until)
    if word in {"before", "לפני"} and period.since:
        return _Period(since=None, until=period.since - day)
    if word in {"after", "אחרי"} and period.until:
        return _Period(since=period.until + day, until=None)
    return period


def _merge(periods: list[_Period]) -> tuple[_Period, bool]:
    """One period of all, and whether they fit together."""
    if not periods:
        return _Period(since=None, until=None), True
    merged, fits = periods[0], True
    for other in periods[1:]:
        wide, narrow = (merged, other) if other.weekday is not None else (other, merged)
        if (
            narrow.weekday is not None
            and wide.weekday is None
            and wide.since
            and wide.until
            and wide.since != wide.until
        ):
            chosen = wide.since + timedelta(days=(narrow.weekday - wide.since.weekday()) % 7)
            merged = _Period(since=chosen, until=chosen)
        elif merged.until is None and other.since is None:
            merged = replace(merged, until=other.until)
        elif other.since is None and merged.since and other.until and merged.since <= other.until:
            merged = _Period(since=merged.since, until=other.until)
        elif (merged.since, merged.until) != (other.since, other.until):
            fits = False
    return merged, fits and not (merged.since and merged.until and merged.since > merged.until)


# Hours.
_PART = (
    r"(?:\s*(?P<part>a\.?m\.?|p\.?m\.?|in\s+the\s+(?:morning|afternoon|evening)|בבוקר|בצהריים"
    r"|אחר\s+הצהריים|אחה[\"״]צ|בערב))?"
)
_HOUR_RULES = (
    _rule(rf"(?:at\s+|ב?שעה\s+|[בל]-?\s*)?(?P<h>\d{{1,2}}):(?P<m>\d{{2}})\b{_PART}"),
    _rule(rf"(?:at\s+|בשעה\s+)(?P<h>\d{{1,2}})(?:\.(?P<m>\d{{2}}))?(?:\s+o['’]clock)?{_PART}"),
    _rule(r"(?P<h>\d{1,2})(?P<m>)\s*(?P<part>[ap]\.?m\.?)"),
    _rule(rf"[בל]-?\s?(?P<h>\d{{1,2}})(?P<m>){_PART}"),
    _rule(rf"at\s+(?P<h>{ENGLISH_HOURS})(?P<m>)(?:\s+o['’]clock)?{_PART}"),
    _rule(rf"(?:ב?שעה\s+|ב)(?P<h>{HEBREW_HOURS})(?P<m>\s+וחצי|\s+ורבע)?{_PART}"),
)
_NOON = _rule(r"(?:at\s+)?noon|at\s+midday|ב-?12\s+בצהריים|בצהריים")
_MORNING = re.compile(rf"[{BOUNDARY}\s]+(?:in\s+the\s+morning|בבוקר|morning)[{BOUNDARY}\s]+", re.IGNORECASE)


def _hours(text: str, frame: Frame) -> tuple[str, list[time], bool]:
    found: list[tuple[int, time]] = []
    clear = True
    for pattern in _HOUR_RULES:
        for match in pattern.finditer(text):
            try:
                found.append((match.start(), _time(match, frame)))
            except (ValueError, KeyError):
                clear = False
            text = text[: match.start()] + BOUNDARY * len(match[0]) + text[match.end() :]
    match = _NOON.search(text)
    if match:
        found.append((match.start(), time(12)))
        text = text[: match.start()] + BOUNDARY * len(match[0]) + text[match.end() :]
    if found and all(one.hour < 12 for _, one in found):
        text = _MORNING.sub(f" {BOUNDARY} ", f"{text} ")
    return text, [one for _, one in sorted(found)], clear


def _time(match: re.Match[str], frame: Frame) -> time:
    groups = match.groupdict()
    hour, written = count(match["h"]), match["h"]
    minute = {"וחצי": 30, "ורבע": 15, "": 0}.get((groups["m"] or "").strip())
    part = re.sub(r"[.\s]", "", (groups.get("part") or "").lower())
    late = part in {"pm", "intheafternoon", "intheevening", "בצהריים", "אחרהצהריים", 'אחה"צ', "אחה״צ", "בערב"}
    guess = not part and not written.startswith("0") and hour < frame.earliest and hour + 12 <= frame.latest
    if 0 < hour < 12 and (late or guess):
        hour += 12
    if hour == 12 and part in {"am", "inthemorning", "בבוקר"}:
        hour = 0
    return time(hour, int(groups["m"]) if minute is None else minute)
