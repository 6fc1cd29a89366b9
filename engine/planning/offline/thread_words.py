"""Words that mean what was written in this very conversation, in both languages, and a clause without them."""

from __future__ import annotations

import re

_SAID_EN = r"(?:wrote|said|discussed|decided|agreed(?:\s+on)?|talked\s+about|settled)"
_HERE_EN = r"(?:above|here|in\s+(?:this|the)\s+(?:thread|conversation|discussion|chat|channel))"
_BY_EN = r"(?:(?:based|going|drawing)\s+on|according\s+to|on\s+the\s+basis\s+of|out\s+of|about|regarding|from|of|in|on|with|per)"
_ENGLISH = (
    r"(?:this|the)\s+(?:whole\s+|entire\s+)?thread(?!\s+count)",
    r"this\s+(?:whole\s+|entire\s+)?(?:discussion|conversation|chat)",
    r"the\s+(?:discussion|conversation|chat|messages|comments)\s+(?:above|here)",
    rf"(?:what|everything|all)\s+(?:that\s+)?(?:we|they|people|everybody|everyone|others)(?:\s+(?:all|have|just))*\s+{_SAID_EN}\s+{_HERE_EN}",
    rf"(?:what|everything|all)\s+(?:that\s+)?(?:was|has\s+been|is)\s+(?:written|said|discussed|decided|agreed)\s+{_HERE_EN}",
    r"(?:everything|the\s+above|all)\s+above",
)
_SAID_HE = "(?:כתבנו|כתבתם|כתבו|נכתב|אמרנו|אמרו|נאמר|דיברנו|דובר|החלטנו|הוחלט|סיכמנו|סוכם|סגרנו|דנו)"
_HERE_HE = r"(?:כאן|פה|למעלה|בשרשור(?:\s+הזה)?|בדיון(?:\s+הזה)?|בשיחה(?:\s+הזאת|\s+הזו)?)"
_BY_HE = r"(?:על\s+סמך|על\s+פי|על\s+בסיס|בהתאם\s+ל|לפי|מתוך|בעקבות|על|את|של)"
_HEBREW = (
    r"[בלמ]?ה?שרשור(?:\s+הזה)?",
    r"[בלמ]?ה?דיון\s+(?:הזה|כאן|פה|שלמעלה)",
    r"[בלמ]?ה?שיחה\s+(?:הזאת|הזו|כאן|פה)",
    r"[בלמ]?ה?הודעות\s+(?:האלה|הללו|כאן|פה|למעלה|שלמעלה)",
    rf"(?:כל\s+)?מה\s+ש(?:כולם\s+|כבר\s+)?{_SAID_HE}(?:\s+עליו)?\s+{_HERE_HE}",
)
_THREAD = re.compile(
    rf"(?<!\w)(?:{_BY_EN}\s+)?(?:{'|'.join(_ENGLISH)})(?!\w)|(?<![א-ת])(?:{_BY_HE}\s+)?(?:{'|'.join(_HEBREW)})(?![א-ת])",
    re.IGNORECASE,
)
_ASKED = re.compile(
    rf"^(?:and\s+)?what\s+(?:did|have|has|was|were)\s+(?:(?:we|they|everybody|everyone|people)\s+)?\w+(?:\s+on)?\s+{_HERE_EN}(?!\w)"
    rf"|^ו?מה\s+{_SAID_HE}\s+{_HERE_HE}(?![א-ת])",
    re.IGNORECASE,
)
"""A question whose answer stands here: "what did we decide above?"."""

ONLY_ASKS = re.compile(
    r"(?:(?:what(?:['’]?s|\s+is|\s+was)?|(?:can|could|would)\s+you|sum\s+up|(?:catch|bring)\s+(?:me|us)\s+up(?:\s+to\s+(?:date|speed))?"
    r"|tldr|recap|summary|about|in|on|of|all|please|going\s+on|happened|על|מה|יש|היה|קורה|בבקשה)(?!\w)\s*)*",
    re.IGNORECASE,
)
"""What may be left of a clause that asks for nothing but the conversation."""

ELSEWHERE = re.compile(
    r"\b(?:files?|docs?|documents?|folder|presentation|deck|spreadsheet)\b|קובץ|קבצ|מסמך|מסמכ|תיקי|מצגת", re.IGNORECASE
)
"""Documents named beside the conversation: more than one reading is meant."""


def without_thread(clause: str) -> str | None:
    """The clause without the words for this conversation; None where it does not speak of it."""
    asked = _ASKED.match(clause)
    if asked:
        return f"summarise {clause[asked.end() :].strip()}".strip()
    match = _THREAD.search(clause)
    return _joined(clause[: match.start()], clause[match.end() :]) if match else None


def _joined(before: str, after: str) -> str:
    return f"{before.rstrip()} {after.lstrip()}".strip(" ,;:")
