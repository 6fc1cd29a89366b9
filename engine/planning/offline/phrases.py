"""The offline planner's sentences, by locale. Titles are short: a card shows one line of each."""

from __future__ import annotations

from datetime import date

_EN_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_HE_MONTHS = [
    "ינואר",
    "פברואר",
    "מרץ",
    "אפריל",
    "מאי",
    "יוני",
    "יולי",
    "אוגוסט",
    "ספטמבר",
    "אוקטובר",
    "נובמבר",
    "דצמבר",
]

PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "search": "Search documents: {what}",
        "contact": "Find contact: {name}",
        "status": "Understand: {what}",
        "thread": "Read what was written here",
        "thread_about": "Read what was written here: {what}",
        "conversation": "this conversation",
        "calendar": "Set up: {title}",
        "appointments": "What is in the calendar: {what}",
        "editor": "Write an agenda: {title}",
        "meeting": "Meeting",
        "meeting_with": "Meeting with {names}",
        "meeting_about": "{meeting}: {topic}",
        "agenda": "Agenda",
        "agenda_for": "Agenda: {topic}",
        "status_term": "status",
        "at": "at {time}",
        "understood": "{steps}.",
        "left_out": " I did not understand, and left out: {parts}.",
        "one_person": " A meeting takes one person for now: {name} is invited, {others} not.",
        "unclear": " Please check: {parts}.",
        "unclear_time": "the time",
        "unclear_past": "the day has passed",
        "unclear_person": "with whom",
        "unclear_topic": "about what",
    },
    "he": {
        "search": "חיפוש מסמכים: {what}",
        "contact": "חיפוש איש קשר: {name}",
        "status": "הבנת החומר: {what}",
        "thread": "קריאת מה שנכתב כאן",
        "thread_about": "קריאת מה שנכתב כאן: {what}",
        "conversation": "השיחה הזאת",
        "calendar": "קביעה ביומן: {title}",
        "appointments": "מה יש ביומן: {what}",
        "editor": "כתיבת סדר יום: {title}",
        "meeting": "פגישה",
        "meeting_with": "פגישה עם {names}",
        "meeting_about": "{meeting}: {topic}",
        "agenda": "סדר יום",
        "agenda_for": "סדר יום: {topic}",
        "status_term": "סטטוס",
        "at": "בשעה {time}",
        "understood": "{steps}.",
        "left_out": " לא הבנתי, והשארתי בחוץ: {parts}.",
        "one_person": " בפגישה יש לעת עתה מקום למוזמן אחד: {name} ברשימה, {others} לא.",
        "unclear": " כדאי לבדוק: {parts}.",
        "unclear_time": "המועד",
        "unclear_past": "היום כבר עבר",
        "unclear_person": "עם מי",
        "unclear_topic": "על מה",
    },
}
"""Every sentence by locale and key; both locales have the same keys."""


def phrase(locale: str, key: str, **values: str) -> str:
    """One sentence; a locale that is not there is answered in English."""
    return PHRASES.get(locale, PHRASES["en"])[key].format(**values)


def period(locale: str, since: date | None, until: date | None) -> str:
    """A period as a person writes it: a day, a month with its year, or two ends."""
    months = _HE_MONTHS if locale == "he" else _EN_MONTHS
    if since and until and since.day == 1 and since.month == until.month and (until - since).days > 26:
        return f"{months[since.month - 1]} {since.year}"
    ends = [f"{day.day}.{day.month}.{day.year}" if day else "" for day in (since, until)]
    return ends[0] if ends[0] == ends[1] else "–".join(ends)
