"""Words that change a meeting made earlier: later, earlier, another day, more people, fewer, another name, none at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from engine.domain.json import JsonValue
from engine.planning.offline.dates import Frame, read_times
from integrations.scripted_model.office.briefed import Briefed, Earlier
from integrations.scripted_model.office.told import words

_FLAGS = re.IGNORECASE
_NUMBER = r"\d{1,3}"
_AMOUNTS: tuple[tuple[str, int], ...] = (
    (r"an?\s+hour\s+and\s+a\s+half|שעה\s+וחצי", 90),
    (r"half\s+an?\s+hour|חצי\s+שעה", 30),
    (r"(?:a\s+)?quarter\s+of\s+an\s+hour|רבע\s+שעה", 15),
    (r"two\s+hours|שעתיים", 120),
    (r"an?\s+hour|one\s+hour|שעה(?!\s*\d)", 60),
    (r"a\s+day|one\s+day|יום(?!\s+\S)", 1440),
    (r"a\s+week|one\s+week|שבוע", 10_080),
)
_UNITS = ((rf"({_NUMBER})\s*(?:minutes?|mins?|דקות)", 1), (rf"({_NUMBER})\s*(?:hours?|שעות)", 60))
_AMOUNT = "|".join([*(pattern for pattern, _ in _AMOUNTS), *(pattern.replace("(", "(?:", 1) for pattern, _ in _UNITS)])
_LATER = re.compile(
    rf"(?P<amount>{_AMOUNT})\s+(?:later|back|מאוחר\s+יותר|אחר\s+כך)"
    rf"|(?:push|postpone|delay|תדחה|תדחי|דחה|לדחות|תזיז|תזיזי)\b(?!.*\b(?:earlier|אחורה)\b).*?(?:\bby\s+|\sב)(?P<other>{_AMOUNT})",
    _FLAGS,
)
_EARLIER = re.compile(
    rf"(?P<amount>{_AMOUNT})\s+(?:earlier|forward|מוקדם\s+יותר)"
    rf"|(?:bring\b.*?\bforward|תקדים|תקדימי|הקדם|להקדים)\b.*?(?:\bby\s+|\sב)(?P<other>{_AMOUNT})",
    _FLAGS,
)
_LENGTH = re.compile(
    rf"(?:make\s+it|shorten\b.*?\bto|lengthen\b.*?\bto|extend\b.*?\bto|(?:תקצר|תקצרי|תאריך|תאריכי)\b.*?ל-?)\s*(?P<amount>{_AMOUNT})",
    _FLAGS,
)
_LONGER = re.compile(rf"(?P<amount>{_AMOUNT})\s+(?P<way>longer|shorter|יותר\s+ארוכה|יותר\s+קצרה)", _FLAGS)
_OF_MONTH = re.compile(r"(?:\bthe\s+|(?<![א-ת])ה-?)(?P<day>[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?![\d:./])", _FLAGS)
_MOVE = re.compile(
    r"\b(?:move|push|postpone|reschedule|shift|make\s+it|change\s+it\s+to)\b|(?:תזיז|תזיזי|תדחה|תדחי|תעביר|תעבירי|תקדים|תקדימי)\b|לדחות|להעביר",
    _FLAGS,
)
_CANCEL = re.compile(r"\b(?:cancel|call\s+off)\b|(?:תבטל|תבטלי|תבטלו|לבטל|בטל|בטלי)\b", _FLAGS)
_RENAME = re.compile(
    r"\brename\s+(?:it|the\s+meeting)\s+to\s+['\"«“]?(?P<en>[^'\"»”]+?)['\"»”]?(?=\s+and\b|[.!]?$)"
    r"|(?:תשנה|תשני|שנה|לשנות)\s+את\s+(?:השם|הכותרת)\s+(?:שלה\s+)?ל-?['\"«“]?(?P<he>[^'\"»”]+?)['\"»”]?(?=\s+ו|[.!]?$)",
    _FLAGS,
)
_EN_NAME = r"(?P<{name}>[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+)?)"
_NO_NAME = "לפגישה|לישיבה|מהפגישה|בבקשה|ביום|גם|מחר|היום|ו[א-ת]+"
_HE_NAME = rf"(?P<{{name}}>(?!סדר(?![א-ת]))[א-ת]+(?:\s+(?!(?:{_NO_NAME})(?![א-ת]))[א-ת]+)?)"
_ADD = re.compile(
    r"\b(?:[Ii]nvite|[Aa]dd|[Bb]ring)\s+(?:also\s+|along\s+)?"
    + _EN_NAME.format(name="en")
    + r"|(?:תזמין|תזמיני|תוסיף|תוסיפי|תצרף|תצרפי|הזמן|צרף|לצרף|להזמין)\s+(?:גם\s+)?(?:את\s+)?"
    + _HE_NAME.format(name="he")
)
_REMOVE = re.compile(
    r"\b(?:[Ww]ithout|[Uu]ninvite|[Rr]emove|[Tt]ake)\s+"
    + _EN_NAME.format(name="en")
    + r"|(?:בלי|(?:תוריד|תורידי|תסיר|תסירי|להוריד)\s+את)\s+"
    + _HE_NAME.format(name="he")
)
_NEW = re.compile(
    r"\b(?:an?|another|new)\s+(?:new\s+)?(?:meeting|call|appointment)\b|\b(?:schedule|set\s+up|book|arrange)\b"
    r"|פגישה\s+(?:חדשה|נוספת)|ישיבה\s+חדשה|(?:תקבע|תקבעי|תתאם|תתאמי|לקבוע|לתאם)\b",
    _FLAGS,
)
_ANY = re.compile(r"\bone\s+of\s+the\s+meetings\b|אחת\s+מה?פגישות|אחת\s+הפגישות", _FLAGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What shall be different about a meeting."""

    inputs: dict[str, JsonValue]
    """For MeetingChangeAgent."""
    add: str = ""
    remove: str = ""

    @property
    def told(self) -> dict[str, str]:
        """Keys of phrases and what they say."""
        told = {name: str(value) for name, value in self.inputs.items() if name != "shift_minutes"}
        shift = self.inputs.get("shift_minutes")
        if isinstance(shift, int):
            told = {"later" if shift > 0 else "earlier": str(abs(shift)), **told}
        return told | ({"add": self.add} if self.add else {}) | ({"remove": self.remove} if self.remove else {})


def read_wish(briefed: Briefed) -> Wish | None:
    """What the request wants changed; None where it speaks of something else."""
    text = briefed.text
    if _NEW.search(text):
        return None
    if _CANCEL.search(text):
        return Wish(inputs={"cancel": True})
    add, remove = _name(_ADD, text), _name(_REMOVE, text)
    inputs = {**_title(text), **_times(briefed, meant(briefed))}
    return Wish(inputs=inputs, add=add, remove=remove) if inputs or add or remove else None


def meant(briefed: Briefed) -> Earlier | None:
    """The meeting a change is about: the one whose people or title the words name, else the latest; None: nobody knows."""
    meetings = [one for one in briefed.earlier if one.kind == "meeting"]
    said = words(briefed.text)
    named = [one for one in meetings if said & words(f"{one.people} {one.title}")]
    if not meetings or (_ANY.search(briefed.text) and len(meetings) > 1 and not briefed.answers):
        return None
    return (named or meetings)[-1]


def _title(text: str) -> dict[str, JsonValue]:
    name = _name(_RENAME, text)
    return {"title": name} if name else {}


def _times(briefed: Briefed, meeting: Earlier | None) -> dict[str, JsonValue]:
    text = briefed.text
    length = meeting.approved.get("duration_minutes") if meeting else None
    if (found := _LONGER.search(text)) and isinstance(length, int):
        more = _minutes(found["amount"])
        return {"duration_minutes": length + (more if found["way"] in {"longer", "יותר ארוכה"} else -more)}
    for pattern, sign in ((_LATER, 1), (_EARLIER, -1)):
        if found := pattern.search(text):
            return {"shift_minutes": sign * _minutes(found["amount"] or found["other"])}
    if found := _LENGTH.search(text):
        return {"duration_minutes": _minutes(found["amount"])}
    return _moved(briefed) if _MOVE.search(text) else {}


def _moved(briefed: Briefed) -> dict[str, JsonValue]:
    personal = briefed.personal
    frame = Frame(
        today=briefed.now.date(),
        past=False,
        week_starts=6 if 6 in personal.workdays else 0,
        earliest=personal.starts.hour,
        latest=personal.ends.hour,
    )
    times = read_times(briefed.text, frame)
    wanted: dict[str, JsonValue] = {}
    day = _of_month(briefed) or times.day
    if day is not None:
        wanted["on"] = day.isoformat()
    if times.at is not None:
        wanted["at"] = f"{times.at:%H:%M}"
    return wanted


def _of_month(briefed: Briefed) -> date | None:
    """A day named by its number alone: the next one there is."""
    found = _OF_MONTH.search(briefed.text)
    coming = (briefed.now.date() + timedelta(days=days) for days in range(62))
    return next((day for day in coming if day.day == int(found["day"])), None) if found else None


def _minutes(amount: str) -> int:
    for pattern, unit in _UNITS:
        if found := re.fullmatch(pattern, amount, _FLAGS):
            return int(found[1]) * unit
    return next(minutes for pattern, minutes in _AMOUNTS if re.fullmatch(pattern.split("(?!")[0], amount, _FLAGS))


def _name(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return (found["en"] or found["he"] or "").strip() if found else ""
