"""The few words agents put around what they found, in the request's language. Cards have their own texts elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.agents.cues import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Phrases of one language; those with braces are ``str.format`` templates."""

    language: str
    """Its English name, for models."""
    kinds: Mapping[Kind, str]
    """Heading of each group."""
    searching: str
    found: str
    reading: str
    looking_for_time: str
    proposing: str
    no_address: str
    documents_read: str
    remarks_read: str
    reading_remarks: str
    conversation: str
    """Where remarks stand."""
    not_read: str
    nothing_found: str
    nothing_said: str
    summarising: str
    writing_agenda: str
    considering: str
    answering: str
    no_answer: str
    in_calendar: str
    nobody: str
    sources: str
    line: str
    open_points: str
    agenda: str
    topic: str
    opening: str
    discussion: str
    closing: str
    item: str
    """One agenda item with its minutes."""
    undo_request: str
    undo_meeting: str
    undo_change: str
    undo_agenda: str
    undo_other: str


HEBREW = Wording(
    language="Hebrew",
    kinds={
        Kind.DECISION: "החלטות",
        Kind.GOAL: "יעדים ואסטרטגיה",
        Kind.RISK: "סיכונים",
        Kind.NEXT_STEP: "הצעדים הבאים",
        Kind.QUESTION: "שאלות פתוחות",
        Kind.OTHER: "עוד בנושא",
    },
    searching="מחפש: {what}",
    found="נמצאו: {count}",
    reading="קורא {number} מתוך {total}: {what}",
    looking_for_time="מחפש זמן פנוי ביומן",
    proposing="מציע: {when}",
    no_address="אין כתובת דוא״ל תקינה עבור {name}: הפגישה תיקבע בלי הזמנה.",
    documents_read="מסמכים שנקראו: {count}",
    remarks_read="הודעות שנקראו בשיחה: {count}",
    reading_remarks="קריאת מה שנכתב בשיחה",
    conversation="בשיחה הזאת",
    not_read="לא נקראו: {what}",
    nothing_found="לא נמצאו מסמכים בנושא.",
    nothing_said="לא נמצא במסמכים דבר שאפשר לצטט.",
    summarising="סיכום הממצאים",
    writing_agenda="ניסוח סדר היום",
    considering="בחינת השאלה: {what}",
    answering="ניסוח התשובה",
    no_answer="לא נמצא דבר שעונה על השאלה.",
    in_calendar="רשומות ביומן, {what}: {count}",
    nobody="אין בספר הכתובות איש קשר בשם {name}",
    sources="מקורות",
    line="{path}, שורה {line}",
    open_points="נקודות פתוחות לסדר היום:",
    agenda="סדר יום",
    topic="נושא: {topic}",
    opening="פתיחה ומטרת הפגישה",
    discussion="דיון: {topic}",
    closing="סיכום, אחראים ולוחות זמנים",
    item="{title} ({minutes} דק׳)",
    undo_request="ביטול מה שנעשה: {what}",
    undo_meeting="הסרת הפגישה „{title}” מהיומן",
    undo_change="החזרת הפגישה „{title}” למה שהייתה",
    undo_agenda="מחיקת המסמך „{title}”",
    undo_other="ביטול מה שנעשה",
)
ENGLISH = Wording(
    language="English",
    kinds={
        Kind.DECISION: "Decisions",
        Kind.GOAL: "Goals and strategy",
        Kind.RISK: "Risks",
        Kind.NEXT_STEP: "Next steps",
        Kind.QUESTION: "Open questions",
        Kind.OTHER: "More on the topic",
    },
    searching="Searching: {what}",
    found="Found: {count}",
    reading="Reading {number} of {total}: {what}",
    looking_for_time="Looking for a free time",
    proposing="Proposing: {when}",
    no_address="No valid e-mail address for {name}: the meeting is made without an invitation.",
    documents_read="Documents read: {count}",
    remarks_read="Messages read in this conversation: {count}",
    reading_remarks="Reading what was written here",
    conversation="In this conversation",
    not_read="Not read: {what}",
    nothing_found="No documents were found on this topic.",
    nothing_said="The documents hold nothing to quote.",
    summarising="Summarising what was read",
    writing_agenda="Writing the agenda",
    considering="Looking into: {what}",
    answering="Writing the answer",
    no_answer="Nothing was found that answers the question.",
    in_calendar="Entries in the calendar, {what}: {count}",
    nobody="Nobody called {name} is in the address book",
    sources="Sources",
    line="{path}, line {line}",
    open_points="Open points for the agenda:",
    agenda="Agenda",
    topic="Topic: {topic}",
    opening="Opening and purpose",
    discussion="Discussion: {topic}",
    closing="Summary, owners and dates",
    item="{title} ({minutes} min)",
    undo_request="Undo: {what}",
    undo_meeting="Take the meeting “{title}” out of the calendar",
    undo_change="Put the meeting “{title}” back as it was",
    undo_agenda="Remove the document “{title}”",
    undo_other="Take back what was done",
)


def wording(locale: str) -> Wording:
    """Hebrew for ``he`` and ``he-…``, English for everything else."""
    return HEBREW if locale.lower().replace("_", "-").partition("-")[0] == "he" else ENGLISH
