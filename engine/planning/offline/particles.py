"""Words that shape what an act takes: what introduces a topic, what says nothing, what means documents."""

from __future__ import annotations

import re

from engine.planning.offline.calendar_words import NUMBERS

WITH = frozenset({"with", "עם"})
ABOUT = frozenset(
    [
        "about",
        "regarding",
        "concerning",
        "on",
        "re",
        "discuss",
        "discussing",
        "over",
        "על",
        "בנושא",
        "לגבי",
        "בעניין",
        "לדון",
        "לדבר",
    ]
)
HOW = frozenset(
    [
        "new",
        "quick",
        "short",
        "another",
        "brief",
        "slot",
        "time",
        "free",
        "up",
        "in",
        "sometime",
        "חדשה",
        "קצרה",
        "נוספת",
        "זמן",
        "דחופה",
        "urgent",
        "for",
    ]
)
CALENDAR_WORDS = frozenset(
    [
        "calendar",
        "schedule",
        "diary",
        "appointments",
        "appointment",
        "show",
        "list",
        "free",
        "busy",
        "available",
        "next",
        "look",
        "looks",
        "anything",
        "planned",
        "am",
        "if",
        "check",
        "tell",
        "יומן",
        "ביומן",
        'לו"ז',
        'הלו"ז',
        'בלו"ז',
        "פנוי",
        "פנויה",
        "עסוק",
        "עסוקה",
        "היומן",
        "תראה",
        "תראי",
        "הראה",
        "הצג",
        "תציג",
        "היה",
        "יהיה",
        "היו",
        "האם",
        "מתי",
        "כמה",
        "משהו",
        "קבוע",
        "קבועות",
        "day",
        "week",
    ]
)
BETWEEN = frozenset(["for", "from", "of", "to", "in", "at", "into"])
TELLING = frozenset(["is", "are", "was", "were", "be", "been", "has", "had", "היה", "היו", "הוא", "היא"])
ARTICLES = frozenset({"and", ",", "&", "the", "a", "an", "my", "our"})
MANY = frozenset(NUMBERS) - {"one", "a", "an", "אחת", "אחד"}
SOMETHING_ELSE = re.compile(r"\band\s+an?\s", re.IGNORECASE)
"""A second object behind the first: "an agenda for the board and a letter"."""
WEAK = frozenset(
    [
        "bring",
        "get",
        "open",
        "show",
        "give",
        "pull",
        "look",
        "check",
        "go",
        "learn",
        "study",
        "explain",
        "where",
        "where's",
        "הבא",
        "תביא",
        "תביאי",
        "להביא",
        "איפה",
        "היכן",
        "הסבר",
        "תסביר",
        "תסבירי",
        "תראה",
        "תראי",
        "הראה",
        "למד",
        "תלמד",
    ]
)
DOCUMENTS = re.compile(
    r"file|doc|report|presentation|deck|contract|plan|note|minute|spreadsheet|sheet|summary|agenda"
    r"|slides|paper|memo|budget|strategy|status"
    r"|project|folder|קובץ|קבצ|מסמכ|מסמך|דוח|מצגת|חוזה|תכנית|תוכנית|סיכו|פרוטוקול|תקציב|אסטרטגי"
    r"|סטטוס|פרויקט|הסכם|הצע",
    re.IGNORECASE,
)
