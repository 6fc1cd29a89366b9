"""Words by which a sentence says what it is: a decision, a goal, a risk, a next step, an open question."""

from __future__ import annotations

import re
from enum import StrEnum

_LABEL_CHARACTERS = 40
"""A cue this close to the start, followed by a colon, labels its sentence."""


class Kind(StrEnum):
    """What a sentence is; in the order people want to read them."""

    DECISION = "decision"
    """Something was settled."""
    GOAL = "goal"
    """What is aimed at, and by which strategy."""
    RISK = "risk"
    """What may go wrong or already blocks."""
    NEXT_STEP = "next_step"
    """What somebody is to do."""
    QUESTION = "question"
    """What is still open."""
    OTHER = "other"
    """On the topic, and none of the above."""


_HEBREW_STEMS: dict[Kind, str] = {
    Kind.DECISION: "החלטה|החלטות|החלטנו|החליט(?:ה|ו)?|הוחלט|מחליטים|סוכם|סיכמנו|אושר(?:ה|ו)?|אישרנו",
    Kind.GOAL: "יעד|יעדים|יעדי|מטרה|מטרות|מטרת|מטרתנו|אסטרטגי(?:ה|ות|ת|ים|יה|ית)?|חזון",
    Kind.RISK: "סיכון|סיכונים|סיכוני|חשש|חששות|חסם|חסמים|עיכוב|עיכובים|איום|איומים",
    Kind.NEXT_STEP: (
        "צעד הבא|צעדים הבאים|שלב הבא|שלבים הבאים|משימה|משימות|לביצוע|להמשך טיפול|המשך טיפול|באחריות|נדרש|צריך ל\\w+"
    ),
    Kind.QUESTION: "שאלה פתוחה|שאלות פתוחות|שאלה|שאלות|טרם הוחלט|לא הוחלט|עדיין לא ברור",
}
_ENGLISH: dict[Kind, str] = {
    Kind.DECISION: r"decisions?|decided|decides|agreed|approved|resolved",
    Kind.GOAL: r"goals?|objectives?|strateg(?:y|ies|ic)|targets?|vision|okrs?|kpis?",
    Kind.RISK: r"risks?|risky|blockers?|blocked|concerns?|threats?|delays?|delayed",
    Kind.NEXT_STEP: (
        r"next (?:steps?|weeks?|months?|quarter|actions?)|next(?=\s*[:–—-])|action items?|actions?(?=\s*:)"
        r"|to-?dos?|follow[- ]ups?|needs? to"
    ),
    Kind.QUESTION: r"open (?:questions?|issues?|points?)|questions?(?=\s*:)|undecided|not yet decided|unclear",
}
_CUES: dict[Kind, re.Pattern[str]] = {
    kind: re.compile(
        rf"(?<![א-ת])[והבלכמש]{{0,3}}(?:{_HEBREW_STEMS[kind]})(?![א-ת])|(?<!\w)(?:{_ENGLISH[kind]})(?!\w)",
        re.IGNORECASE,
    )
    for kind in _HEBREW_STEMS
}


def classify(text: str) -> Kind:
    """What a sentence or heading is.

    A label ("Risk:", "החלטה:") wins; else a question mark at the end; else "not yet decided" and its like, which hold a
    decision's word inside them; else the earliest cue.
    """
    found = [(match.start(), match.end(), kind) for kind, cue in _CUES.items() if (match := cue.search(text))]
    labels = [at for at in found if at[1] <= text.find(":", 0, _LABEL_CHARACTERS)]
    if labels:
        return min(labels)[2]
    if text.rstrip('"״)').endswith("?") or any(kind is Kind.QUESTION for *_, kind in found):
        return Kind.QUESTION
    return min(found)[2] if found else Kind.OTHER
