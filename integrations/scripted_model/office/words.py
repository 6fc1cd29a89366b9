"""What the scripted brain says, in both languages. Nobody in particular is addressed, so no verb has to know who."""

from __future__ import annotations

_TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "which": "Which meeting do you mean?",
        "with": "with",
        "with_whom": "With whom should the meeting be?",
        "what_else": "What should be different in the plan?",
        "unknown": (
            "I did not understand what to do here. Possible: looking for documents, a summary, a contact, what is in the "
            "calendar, a meeting, an agenda."
        ),
        "change": "Change the meeting: {what}",
        "contact": "Find contact: {name}",
        "changed": "The meeting «{title}»: {what}.",
        "answer": "Look it up: {question}",
        "looked_up": "I look up what was asked and answer from what is found.",
        "later": "move it {value} minutes later",
        "earlier": "move it {value} minutes earlier",
        "on": "move it to {value}",
        "at": "move it to {value}",
        "duration_minutes": "make it {value} minutes long",
        "add": "invite {value} as well",
        "remove": "take {value} off the invitation",
        "title": "call it «{value}»",
        "cancel": "cancel it",
        "decision": "What was decided",
        "goal": "Goals and the way there",
        "risk": "Risks",
        "next_step": "Next steps",
        "question": "Open questions",
        "other": "Background",
        "this": "The topic of the meeting",
    },
    "he": {
        "which": "על איזו פגישה מדובר?",
        "with": "עם",
        "with_whom": "עם מי הפגישה?",
        "what_else": "מה צריך להיות אחרת בתוכנית?",
        "unknown": "לא הבנתי מה לעשות כאן. אפשר: חיפוש מסמכים, סיכום, איש קשר, מה יש ביומן, קביעת פגישה, סדר יום.",
        "change": "שינוי הפגישה: {what}",
        "contact": "חיפוש איש קשר: {name}",
        "changed": "הפגישה «{title}»: {what}.",
        "answer": "בירור: {question}",
        "looked_up": "אברר את מה שנשאל ואענה לפי מה שיימצא.",
        "later": "לדחות ב־{value} דקות",
        "earlier": "להקדים ב־{value} דקות",
        "on": "להעביר ליום {value}",
        "at": "להעביר לשעה {value}",
        "duration_minutes": "לקבוע למשך {value} דקות",
        "add": "לצרף גם את {value}",
        "remove": "להוציא מההזמנה את {value}",
        "title": "לשנות את השם ל«{value}»",
        "cancel": "לבטל",
        "decision": "מה הוחלט",
        "goal": "היעדים והדרך אליהם",
        "risk": "סיכונים",
        "next_step": "הצעדים הבאים",
        "question": "שאלות פתוחות",
        "other": "רקע",
        "this": "נושא הפגישה",
    },
}


def say(language: str, key: str, **values: str) -> str:
    """One text; a language that is not there is answered in English."""
    return _TEXTS.get(language, _TEXTS["en"])[key].format(**values)
